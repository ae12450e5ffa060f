"""The plan as data: JSON both ways, fingerprint, refusals of what is no plan or was changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from tiny import examples

from tourplan.errors import InputError
from tourplan.plan import Day, Level, Plan, Stop


def content(plan: Plan) -> dict[str, Any]:
    return json.loads(plan.to_json())


def signed(changed: dict[str, Any]) -> str:
    """A plan changed by somebody who also mended its fingerprint."""
    changed = copy.deepcopy(changed)
    changed.pop("empreinte", None)
    changed["empreinte"] = Plan.model_validate(changed).fingerprint
    return json.dumps(changed)


def at_path(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value at ``path``."""
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = at_path(value[path[0]], path[1:], new)
    return value


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a JSON document stands."""
    inner = (
        value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    )
    return [here, *(path for key in inner for path in paths(value[key], (*here, key)))]


def test_json_both_ways(herault_plan):
    text = herault_plan.to_json()
    again = Plan.from_json(text)
    assert again == herault_plan
    assert again.to_json() == text


def test_a_file_both_ways(herault_plan, tmp_path):
    file = tmp_path / "plan.json"
    file.write_text(herault_plan.to_json(), encoding="utf-8-sig")
    assert Plan.read(file) == herault_plan


def test_a_plan_of_the_schema_before_both_ways(herault_plan):
    """It has neither postcodes nor points, and keeps its fingerprint."""
    older = content(herault_plan) | {"schema": "tourplan/plan/3"}
    for stop in (stop for day in older["journees"] for stop in day["permanences"]):
        for key in ("code_postal", "lon", "lat"):
            del stop[key]
    plan = Plan.from_json(signed(older))
    assert plan.days[0].stops[0].postcode == ""
    assert plan.days[0].stops[0].lon is None
    again = json.loads(plan.to_json())
    assert {**again, "empreinte": ""} == {**older, "empreinte": ""}
    assert again["empreinte"] == plan.fingerprint
    assert Plan.from_json(plan.to_json()) == plan


def test_json_has_french_keys_and_clock_times(herault_plan):
    found = content(herault_plan)
    assert found["schema"] == "tourplan/plan/5"
    assert list(found)[-2:] == ["empreinte", "mesures"]
    day = found["journees"][0]
    assert day["jour"] == "lundi"
    assert day["permanences"][0]["ouverture"] == "09:45"
    assert set(found["niveaux"][0]) == {
        "niveau",
        "libelle",
        "unite",
        "sens",
        "valeur",
        "borne",
        "texte",
    }


def test_a_plan_that_is_voted_is_the_same(herault_plan):
    """Its status does not count in its fingerprint; it did in plans of before."""
    voted = herault_plan.model_copy(update={"status": "validé"})
    assert voted.fingerprint == herault_plan.fingerprint
    assert Plan.from_json(voted.to_json()).status == "validé"
    older = herault_plan.model_copy(update={"schema_name": "tourplan/plan/4"})
    assert older.fingerprint != older.model_copy(update={"status": "validé"}).fingerprint
    assert Plan.from_json(older.to_json()) == older


def test_measures_do_not_count_in_the_fingerprint(herault_plan):
    other = herault_plan.model_copy(update={"measures": {"duree_s": 3.0}})
    assert other.fingerprint == herault_plan.fingerprint
    assert Plan.from_json(other.to_json()).measures == {"duree_s": 3.0}
    assert len(other.fingerprint) == 16
    assert int(other.fingerprint, 16) >= 0


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("titre",), "Autre"),
        (("auteur",), "Autre"),
        (("empreinte_entrees",), "0" * 16),
        (("empreinte",), "0" * 16),
        (("empreinte",), None),
        (("journees", 0, "jour"), "samedi"),
        (("journees", 0, "permanences", 0, "ouverture"), "09:50"),
        (("niveaux", -1, "borne"), 0),
        (("scenario", "titre"), "Autre"),
        (("remarques",), ["rien"]),
    ],
)
def test_a_plan_changed_by_hand_is_refused(herault_plan, path, value):
    changed = at_path(content(herault_plan), path, value)
    with pytest.raises(InputError, match="modifié à la main") as caught:
        Plan.from_json(json.dumps(changed), "mon-plan.json")
    assert caught.value.faults[0].where == "mon-plan.json"
    assert caught.value.exit_code == 2


def test_a_plan_without_its_fingerprint_is_refused(herault_plan):
    changed = content(herault_plan)
    del changed["empreinte"]
    with pytest.raises(InputError, match="empreinte"):
        Plan.from_json(json.dumps(changed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "3",
        '"plan"',
        "[]",
        "[1, 2]",
        "{}",
        "{",
        "NaN",
        '{"empreinte": {}}',
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "9" * 5_000,
        "\x00",
    ],
    ids=lambda text: text[:8],
)
def test_what_is_no_plan_is_refused(text):
    with pytest.raises(InputError) as caught:
        Plan.from_json(text)
    assert all(fault.where.startswith("plan.json") for fault in caught.value.faults)


HOSTILE = [
    (("schema",), "tourplan/plan/6"),
    (("titre",), "\ud800"),
    (("titre",), 5),
    (("inconnu",), 1),
    (("statut",), "secret"),
    (("semaines_du_cycle",), 0),
    (("journees",), {}),
    (("journees", 0, "semaine"), 0),
    (("journees", 0, "jour"), "Montag"),
    (("journees", 0, "jour"), 7),
    (("journees", 0, "jour"), -1),
    (("journees", 0, "permanences"), []),
    (("journees", 0, "permanences", 0, "arrivee"), "25:00"),
    (("journees", 0, "permanences", 0, "arrivee"), "9h"),
    (("journees", 0, "permanences", 0, "arrivee"), 35_130),
    (("journees", 0, "permanences", 0, "arrivee"), -60),
    (("journees", 0, "permanences", 0, "arrivee"), 1e400),
    (("journees", 0, "permanences", 0, "trajet_s"), -1),
    (("journees", 0, "permanences", 0, "trajet_s"), 0.5),
    (("niveaux", 0, "valeur"), 0.5),
    (("niveaux", 0, "sens"), "mieux"),
    (("jours_libres",), [[1]]),
    (("jours_libres",), [[1, "lundi"]]),
    (("agences",), ["34079"]),
    (("journees", 0, "equipes"), {"deux": ["Agent 1"]}),
    (("journees", 0, "equipes"), []),
    (("journees", 0, "vehicule"), None),
    (("journees", 0, "permanences", 0, "pause_de"), "midi"),
    (("scenario",), []),
]


@pytest.mark.parametrize(("path", "value"), HOSTILE, ids=str)
def test_hostile_values_are_refused(herault_plan, path, value):
    whole = content(herault_plan)
    if len(path) == 1:
        whole.setdefault(path[0], None)
    changed = at_path(whole, path, value)
    with pytest.raises(InputError):
        Plan.from_json(json.dumps(changed))


@settings(examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_any_value_passes_or_crashes(herault_plan, data):
    """Whatever stands anywhere, a plan is refused in words or is the plan it was."""
    whole = content(herault_plan)
    path = data.draw(st.sampled_from(paths(whole)))
    simple = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
    value = data.draw(st.one_of(simple, st.lists(simple, max_size=2), st.just({})))
    changed = at_path(whole, path, value)
    try:
        plan = Plan.from_json(json.dumps(changed))
    except InputError:
        return
    assert plan.fingerprint == herault_plan.fingerprint


def test_the_fault_says_where_in_the_plan(herault_plan):
    changed = at_path(content(herault_plan), ("journees", 1, "semaine"), 0)
    with pytest.raises(InputError, match=r"plan\.json, journees\.1\.semaine"):
        Plan.from_json(json.dumps(changed))


def test_whoever_mends_the_fingerprint_still_meets_the_checker(herault_plan, herault_case):
    """The fingerprint shows accidents; the rules are the checker's to keep."""
    from tourplan.verify import verify

    changed = at_path(
        content(herault_plan), ("journees", 0, "permanences", 0, "ouverture"), "09:50"
    )
    plan = Plan.from_json(signed(changed))
    found = verify(herault_case.problem, plan.days, plan.levels)
    assert {"work_total"} <= {violation.rule for violation in found}


def test_plans_are_frozen(herault_plan):
    with pytest.raises(ValidationError):
        herault_plan.title = "Autre"
    with pytest.raises(ValidationError):
        herault_plan.days[0].stops[0].opening_s = 0


def test_what_a_plan_says_of_itself(herault_plan):
    assert repr(herault_plan) == str(herault_plan)
    assert repr(herault_plan) == (
        "Plan('Hérault nord-est : dix communes', 5 journées, 10 permanences, 352.8 min de route, "
        "démontré)"
    )
    assert herault_plan.proved
    assert herault_plan.sessions_per_cycle == 10
    assert len(herault_plan.codes()) == 10
    assert herault_plan.level("route").value == 21_168


def test_a_plan_is_proved_when_all_its_levels_are(herault_plan):
    first, *rest = herault_plan.levels
    unproved = first.model_copy(update={"bound": None})
    assert not herault_plan.model_copy(update={"levels": (unproved, *rest)}).proved
    assert not herault_plan.model_copy(update={"levels": ()}).proved
    assert "non démontré" in repr(herault_plan.model_copy(update={"levels": ()}))


@pytest.mark.parametrize(
    ("value", "bound", "proved", "gap"),
    [(5, 5, True, 0), (5, 3, False, 2), (5, 8, False, 3), (5, None, False, None)],
)
def test_gap_of_a_level(value, bound, proved, gap):
    level = Level(
        name="route", label="route", unit="s", sense="min", value=value, bound=bound, text=""
    )
    assert (level.proved, level.gap) == (proved, gap)


def test_the_case_of_a_plan_is_the_one_it_was_made_from(herault_plan):
    assert herault_plan.case().fingerprint() == herault_plan.inputs_fingerprint


def test_sums_of_a_day():
    stop = Stop(
        session="matin",
        code="A",
        name="A",
        arrival_s=0,
        opening_s=3600,
        closing_s=7200,
        departure_s=7200,
        drive_s=100,
        drive_m=2000,
    )
    day = Day(
        week=1,
        weekday="mardi",
        vehicle="Kangoo",
        depot="34079",
        teams={2: ["Ana"]},
        departure_s="00:00",
        stops=[stop, stop],
        break_from_s=None,
        break_until_s=None,
        return_s=9000,
        return_drive_s=50,
        return_drive_m=1000,
        work_s=0,
    )
    assert (day.drive_s, day.drive_m, day.open_s) == (250, 5000, 7200)
    assert (day.weekday, day.weekday_name) == (1, "mardi")


def test_a_session_that_closes_over_the_meal_is_open_before_and_after(herault_plan):
    stop = herault_plan.days[0].stops[0]
    closed = {"closed_from_s": stop.opening_s + 3600, "closed_until_s": stop.opening_s + 5400}
    whole = stop.model_copy(update=closed)
    assert (whole.closed_s, whole.open_s) == (1800, stop.open_s - 1800)
    day = herault_plan.days[0].model_copy(update={"stops": (whole,), "teams": {1: ("A",), 3: ()}})
    plan = herault_plan.model_copy(update={"days": (day,)})
    assert Plan.from_json(plan.to_json()) == plan
    assert content(plan)["journees"][0]["equipes"] == {"1": ["A"], "3": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"schema": "tourplan/plan/99"}', "plus récent"),
        ('{"schema": "tourplan/plan/x"}', "inattendue"),
        ("{}", "ce n’est pas un plan"),
        ("[1]", "ce n’est pas un plan"),
    ],
)
def test_what_is_no_plan_of_ours_says_so(text, said):
    with pytest.raises(InputError, match=said):
        Plan.from_json(text)


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        (("debut",), "2027-13-01", "debut"),
        (("semaines_du_mois",), [9], "semaines_du_mois"),
        (("semaines_du_mois",), [], "semaines_du_mois"),
        (("agences",), {"../../x": "y"}, "agences"),
        (("journees", 0, "semaine"), 7, "journees"),
        (("acces",), [], "acces"),
    ],
)
def test_what_does_not_go_with_the_rest_is_told(herault_plan, path, value, key):
    """Another program may write a plan, with its fingerprint, that types alone do not refuse."""
    with pytest.raises(InputError, match=f"plan.json, {key} : ne va pas avec le reste"):
        Plan.from_json(signed(at_path(content(herault_plan), path, value)))


@pytest.mark.parametrize("schema", [1, 2])
def test_a_plan_of_an_older_tourplan_says_what_to_do(tmp_path, schema):
    path = tmp_path / "plan.json"
    path.write_text(f'{{"schema": "tourplan/plan/{schema}", "titre": "x"}}', encoding="utf-8")
    with pytest.raises(InputError, match="plus ancien") as caught:
        Plan.read(path)
    assert "tourplan solve" in str(caught.value)
