"""Whatever a scenario asks, the answer is a plan that keeps it all, or why there is none.

End to end, on embedded data: no crash, no warning, no requirement silently given up.
"""

from __future__ import annotations

import re
import time
import tracemalloc
from collections import Counter
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, given, settings
from kept import broken
from scenarios import absurd, sound
from tiny import examples

from tourplan.errors import InputError, NoPlanError
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.prepare import Case
from tourplan.reading import from_keys
from tourplan.scenario import Scenario
from tourplan.starter import CLERMONT, TEN
from tourplan.territory import Territory, read_territory
from tourplan.verify import verify

ENGLISH = re.compile(
    r"\b(the|is|are|should|must|not|required|invalid|value|error|expected|field|input|valid|"
    r"list|string|int|float|bool|dict|None|null|nan|inf|traceback)\b"
)
QUOTED = re.compile("« [^»]* »")


@pytest.fixture(scope="module")
def territory() -> Territory:
    return read_territory()


def in_french(text: str) -> bool:
    """Whether a message has no English word of its own; what the user wrote is quoted."""
    return bool(text.strip()) and not ENGLISH.search(QUOTED.sub("", text))


def outcome(keys: dict[str, Any], territory: Territory) -> str:
    """What becomes of a scenario, having checked that it is one of the three that may be."""
    try:
        scenario = Scenario.from_keys(keys)
        case = Case.of(scenario)
        plan = solve(case)
    except InputError as error:
        return refused(error)
    except NoPlanError as error:
        return impossible(error)
    assert verify(case.problem, plan.days, plan.levels) == ()
    hours = {code: one.hours for code, one in territory.communes.items() if one.hours}
    epcis = {epci: set(territory.of_epci(epci)) for epci in territory.epcis()}
    assert broken(scenario, plan, epcis, hours) == []
    assert Plan.from_json(plan.to_json()) == plan
    return "plan"


def refused(error: InputError) -> str:
    """Faults, or too little time, told in French."""
    assert error.faults
    for fault in error.faults:
        assert in_french(f"{fault.where} {fault.what} {fault.mend}"), fault
    return "temps" if "temps de calcul" in {f.where for f in error.faults} else "fautes"


def impossible(error: NoPlanError) -> str:
    """What clashes, told in French with the changes."""
    assert error.repairs
    told = [f"{one.text} → {one.change}" for one in (*error.repairs, *error.others)]
    assert all(map(in_french, (error.message, *told))), told
    return "aucun plan"


def drawn(count: int) -> settings:
    """So many examples, not made smaller when one fails: each may take seconds."""
    return settings(examples(count), phases=[Phase.generate])


def test_well_written_scenarios_are_planned_or_refused_with_a_reason(territory):
    seen: Counter[str] = Counter()

    @drawn(80)
    @given(sound())
    def each(keys: dict[str, Any]) -> None:
        seen[outcome(keys, territory)] += 1

    each()
    assert seen["plan"] >= 10
    assert seen["aucun plan"] >= 4
    assert seen["fautes"] >= 10


def test_nonsense_is_told_in_french(territory):
    seen: Counter[str] = Counter()

    @drawn(100)
    @given(absurd())
    def each(keys: dict[str, Any]) -> None:
        seen[outcome(keys, territory)] += 1

    each()
    assert seen["fautes"] >= 60


def herault(**sections: Any) -> dict[str, Any]:
    """The ten communes from Clermont-l’Hérault, but for some sections."""
    return {
        "titre": "Essai",
        "communes": {"a_desservir": list(TEN)},
        "agents": [{"agence": CLERMONT}, {"agence": CLERMONT}],
        "vehicules": [{"depot": CLERMONT}],
        **sections,
    }


@pytest.mark.parametrize(
    "asked",
    [
        {"semaine": {"travail_max_h": 30}},
        {"semaine": {"ouverture_min_h": 26}},
        {"interdits": [{"commune": TEN[0]}]},
        {"imposes": [{"commune": TEN[0], "jour": "samedi"}]},
        {"reglages": [{"communes": [TEN[0]], "passages": 2}]},
        {"acces": [{"minutes": 15, "impose": True}]},
        {"mairie": {"horaires": "imposes", "recouvrement_min": 150}},
        {"journee": {"depart_au_plus_tot": "10:00"}},
        {"equipe": {"agents": 1}},
    ],
    ids=lambda asked: next(iter(asked)),
)
def test_a_plan_that_does_not_keep_what_is_asked_is_seen(asked, herault_plan, territory):
    """The judge of these tests is no rubber stamp."""
    other, _ = from_keys(herault(**asked))
    hours = {code: one.hours for code, one in territory.communes.items() if one.hours}
    assert broken(Scenario.from_keys(herault()), herault_plan, {}, hours) == []
    assert broken(other, herault_plan, {}, hours)


FREE = {"semaine": {"ouverture_min_h": 0}}
ONE = {"communes": {"a_desservir": [TEN[0]]}}


class TestRefused:
    """What contradicts itself is told before any search, and where to mend it."""

    @pytest.mark.parametrize(
        ("sections", "told"),
        [
            ({"agents": []}, "agents : semaines 2 et 4 : 0 agent disponible, il en faut 2"),
            ({"agents": [{"jours": []}] * 2}, "agents.1.jours : cet agent n’a aucun jour"),
            ({"equipe": {"agents": 20}}, "2 agents disponibles, il en faut 20"),
            ({"cycle": {"jours": []}}, "cycle.jours : aucun jour"),
            ({"cycle": {"semaines_du_mois": []}}, "cycle.semaines_du_mois : aucune semaine"),
            ({"vehicules": []}, "vehicules : "),
            ({"permanences": []}, "permanences : "),
            ({"communes": {}}, "communes : "),
            ({"communes": {"candidates": list(TEN), "exclues": list(TEN)}}, "exclues"),
            (
                {"reglages": [{"communes": list(TEN), "jours_refuses": ["lundi"]}]}
                | {"cycle": {"jours": ["lundi"]}},
                "tous les jours de tournée sont refusés",
            ),
        ],
        ids=[
            "no agent",
            "agents who never work",
            "a crew of twenty",
            "no day",
            "no week",
            "no vehicle",
            "no session",
            "no commune",
            "every commune excluded",
            "every day refused",
        ],
    )
    def test_it_is_told(self, sections, told, territory):
        keys = herault(**sections)
        assert outcome(keys, territory) == "fautes"
        with pytest.raises(InputError, match=re.escape(told)):
            solve(Scenario.from_keys(keys))


class TestOneCommune:
    def test_it_is_visited_once(self, territory):
        assert outcome(herault(**ONE, **FREE), territory) == "plan"
        plan = solve(Scenario.from_keys(herault(**ONE, **FREE)))
        assert plan.codes() == (TEN[0],)
        assert plan.sessions_per_cycle == 1
        assert plan.proved

    def test_it_cannot_open_24_hours_a_week(self, territory):
        assert outcome(herault(**ONE), territory) == "aucun plan"
        with pytest.raises(NoPlanError, match="ouvrir au moins 24 h par semaine") as caught:
            solve(Scenario.from_keys(herault(**ONE)))
        assert caught.value.repairs[0].change.startswith("ouvrir 2 h 30")


class TestEverythingForbidden:
    BANS: tuple[dict[str, Any], ...] = ({"interdits": [{"commune": code} for code in TEN]},)
    BANS += ({"interdits": [{"creneau": name} for name in ("matin", "après-midi")]},)

    EACH = pytest.mark.parametrize("bans", BANS, ids=["each commune", "each half-day"])
    CANDIDATES: ClassVar = {"communes": {"candidates": list(TEN)}}

    @EACH
    def test_communes_to_serve_cannot_be(self, bans, territory):
        assert outcome(herault(**bans), territory) == "fautes"
        with pytest.raises(InputError, match="aucun créneau n’y est permis → revoyez interdits"):
            solve(Scenario.from_keys(herault(**bans)))

    @EACH
    def test_candidates_open_nothing(self, bans, territory):
        keys = herault(**self.CANDIDATES, **bans)
        assert outcome(keys, territory) == "aucun plan"
        with pytest.raises(NoPlanError, match="ouvrir au moins 24 h par semaine"):
            solve(Scenario.from_keys(keys))

    @EACH
    def test_where_nothing_is_asked_nobody_goes_out(self, bans, territory):
        keys = herault(**self.CANDIDATES, **bans, **FREE)
        assert outcome(keys, territory) == "plan"
        plan = solve(Scenario.from_keys(keys))
        assert plan.days == ()
        assert plan.proved


def test_ten_thousand_points_on_one_spot(tmp_path, territory):
    """They weigh, take the time and the memory of one."""
    rows = [f"{TEN[0]};1;3.4091;43.6696"] * 10_000
    text = "\n".join(["code_insee;habitants;lon;lat", *rows, *(f"{code};50;;" for code in TEN[1:])])
    (tmp_path / "habitants.csv").write_text(f"{text}\n", encoding="utf-8")
    keys = herault(habitants={"fichier": "habitants.csv"})
    tracemalloc.start()
    start = time.perf_counter()
    try:
        case = Case.of(Scenario.from_keys(keys, tmp_path))
        plan = solve(case)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - start < 60
    assert peak < 100 * 2**20
    assert case.problem.resident_weight.tolist()[0] == 10_000
    assert len(case.problem.resident_weight) == len(TEN)
    assert plan.access[-1].residents == 10_000 + 50 * (len(TEN) - 1)
    assert plan.proved
    assert verify(case.problem, plan.days, plan.levels) == ()
