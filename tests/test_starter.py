from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_scenario import KEYS

from tourplan.check import checked
from tourplan.errors import InputError, NoPlanError, Repair
from tourplan.names import recognise, split_names
from tourplan.planner import solve
from tourplan.prepare import prepare
from tourplan.reading import _LISTS as REPEATED
from tourplan.reading import from_keys
from tourplan.scenario import Scenario
from tourplan.starter import (
    BEZIERS,
    CLERMONT,
    EXAMPLES,
    TEN,
    example,
    example_keys,
    scenario_text,
)
from tourplan.territory import Territory, read_territory

SHORTEST = {"titre": "Essai", "communes": {"a_desservir": ["34036"]}}
SET_ASIDE = re.compile(r"^# (?=[a-z0-9_]+ = |\[\[)")


def itself(code: str) -> str:
    return code


def uncommented(text: str, *, examples: bool) -> str:
    """The text with its commented keys restored, those that only show an example too or not."""
    return "\n".join(
        line if "# exemple ; " in line and not examples else SET_ASIDE.sub("", line)
        for line in text.splitlines()
    )


@pytest.fixture(scope="module")
def territory() -> Territory:
    return read_territory()


class TestExamples:
    def test_the_main_case_is_the_ten_communes_from_clermont(self, territory):
        scenario = checked_example("herault", territory)
        assert scenario.communes.required == TEN
        assert len(set(TEN)) == 10
        assert [vehicle.depots for vehicle in scenario.vehicles] == [(CLERMONT,)]
        assert [agent.agencies for agent in scenario.agents] == [(CLERMONT,)] * 2
        assert (scenario.cycle.weeks, scenario.cycle.month_weeks) == (1, (2, 4))

    def test_the_study_imposes_nothing(self, territory):
        scenario = checked_example("herault-libre", territory)
        assert scenario.communes.required == scenario.communes.candidates == ()
        assert len(scenario.communes.candidate_epcis) == 2

    def test_the_month_is_two_tours_of_one_car(self, territory):
        scenario = checked_example("herault-mois", territory)
        assert scenario.communes.required == TEN
        assert (scenario.cycle.weeks, scenario.cycle.month_weeks) == (4, (1, 2, 3, 4))
        assert [agent.agencies for agent in scenario.agents] == [(BEZIERS, CLERMONT)] * 2
        west, north = scenario.vehicles
        assert (west.depots, west.weeks) == ((BEZIERS,), (1, 3))
        assert (north.depots, north.weeks) == ((CLERMONT,), (2, 4))
        assert west.weeks is not None
        assert not {*west.weeks} & {*north.weeks}, "one car cannot be out twice"

    def test_changing_an_example_changes_no_other(self):
        example_keys("herault")["communes"]["a_desservir"].clear()
        example_keys("herault")["vehicules"][0]["depot"] = "?"
        assert example("herault").communes.required == TEN
        assert example("herault").vehicles[0].depots == (CLERMONT,)

    def test_an_unknown_example_is_the_users_fault(self):
        with pytest.raises(InputError, match="« hérault » inconnu → attendu : herault, herault-l"):
            example("hérault")


@pytest.fixture(scope="module")
def repairs() -> dict[str, Repair]:
    """24 h of opening in 39 h of work: five minutes, or three, are lacking."""
    with pytest.raises(NoPlanError) as caught:
        solve(example("herault-mois"))
    told = {repair.rule: repair for repair in (*caught.value.repairs, *caught.value.others)}
    assert all(repair.proved and repair.enough for repair in told.values())
    return told


class TestMonth:
    """Ten communes twice a month from Clermont-l’Hérault, the best of 59 others from Béziers."""

    def test_what_it_asks(self):
        case = prepare(example("herault-mois"))
        problem = case.problem
        asked = {demand.code: demand for demand in problem.demands}
        assert len(asked) == 10 + 59
        assert [asked[code].required for code in TEN] == [2] * 10
        assert sum(demand.required for demand in problem.demands) == 20
        for number, demand in enumerate(problem.demands):
            weeks = problem.open_slots[:, problem.sites_of(number)].any(axis=(0, 1, 3, 4))
            assert weeks.tolist() == [demand.code not in TEN, demand.code in TEN] * 2
        crews = {
            (crew.week, problem.places[problem.bases[crew.base].depot])
            for crew in problem.crew_weeks
        }
        assert crews == {(0, BEZIERS), (1, CLERMONT), (2, BEZIERS), (3, CLERMONT)}

    @pytest.mark.slow
    def test_less_opening_or_more_work_gives_a_plan(self, repairs):
        assert {rule: repairs[rule].change for rule in ("weekly_opening", "weekly_work")} == {
            "weekly_opening": "ouvrir 23 h 55 par semaine (ouverture_min_h dans [semaine])",
            "weekly_work": "permettre 39 h 03 de travail par semaine",
        }
        assert self.planned(semaine={"ouverture_min_h": 23 + 55 / 60})
        assert self.planned(semaine={"travail_max_h": 39.05})

    @pytest.mark.slow
    def test_a_commune_visited_twice_gives_a_plan(self, repairs, territory):
        twice = named(territory, repairs["sessions_of_a_site"].change, "exemple ", " (passages")
        settings = example_keys("herault-mois")["reglages"]
        assert self.planned(reglages=[*settings, {"communes": [twice], "passages_max": 2}])

    @pytest.mark.slow
    def test_another_agency_gives_a_plan(self, repairs, territory):
        assert repairs["agency"].text == "partir de Béziers"
        agency = named(territory, repairs["agency"].change, "partir de ", ", par exemple")
        assert self.planned_from(agency)

    def planned_from(self, agency: str) -> bool:
        keys = example_keys("herault-mois")
        for goer in keys["agents"]:
            goer["agence"] = sorted({agency, CLERMONT})
        keys["vehicules"][0]["depot"] = agency
        return self.planned(agents=keys["agents"], vehicules=keys["vehicules"])

    def planned(self, **sections: object) -> bool:
        """Whether there is a plan; one level is asked, the others taking minutes."""
        one = {"objectifs": {"ordre": ["passages"]}}
        plan = solve(Scenario.from_keys({**example_keys("herault-mois"), **one, **sections}))
        return all(len([s for d in plan.days for s in d.stops if s.code == c]) == 2 for c in TEN)


def named(territory: Territory, told: str, before: str, after: str) -> str:
    """The code of the commune named between two texts."""
    name = told.partition(before)[2].partition(after)[0]
    return next(code for code, one in territory.communes.items() if one.name == name)


def checked_example(name: str, territory: Territory) -> Scenario:
    scenario = example(name)
    assert checked(scenario, []).communes.keys() == territory.communes.keys()
    return scenario


class TestScenarioText:
    @given(KEYS, st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
    def test_it_reads_back_as_the_same_scenario(self, keys, names):
        """Whatever the titles, codes, and names of communes written as comments."""
        text = scenario_text(keys, lambda code: names.get(code, f"nom de {code}"))
        assert from_keys(tomllib.loads(text))[0] == from_keys(keys)[0]

    @given(KEYS)
    def test_every_commented_line_is_valid_toml(self, keys):
        text = uncommented(scenario_text(keys, itself), examples=True)
        scenario, faults = from_keys(tomllib.loads(text))
        assert scenario.title == keys["titre"]
        assert not any("clé inconnue" in fault.what for fault in faults)

    @pytest.mark.parametrize("keys", [SHORTEST, *EXAMPLES.values()], ids=["shortest", *EXAMPLES])
    def test_defaults_shown_are_the_defaults(self, keys):
        text = scenario_text(keys, itself)
        restored = Scenario.from_keys(tomllib.loads(uncommented(text, examples=False)))
        plain = Scenario.from_keys(keys)
        assert restored.order() == plain.order()
        # The order shown is the one that holds; nothing else may differ.
        same = {"objectives": plain.objectives}
        assert restored.model_copy(update=same) == plain

    def test_every_key_is_shown(self):
        shown = tomllib.loads(uncommented(scenario_text(SHORTEST, itself), examples=True))
        for name, field in Scenario.model_fields.items():
            if name == "base":
                continue
            value = shown[field.alias or name]
            section = value[0] if isinstance(value, list) else value
            kind: Any = field.annotation
            if isinstance(value, list):
                kind = REPEATED[field.alias or name]
            fields = kind.model_fields if isinstance(value, (dict, list)) else {}
            for inner_name, inner in fields.items():
                assert (inner.alias or inner_name) in section

    @pytest.mark.parametrize("alias", REPEATED)
    def test_the_example_of_a_section_reads_well_but_for_what_excludes_the_rest(self, alias):
        """Its codes and names are real: only its keys that exclude one another are at odds."""
        shown = tomllib.loads(uncommented(scenario_text(SHORTEST, itself), examples=True))
        keys = {"titre": "x", "communes": {"a_desservir": ["34036", "34064"]}, alias: shown[alias]}
        if alias == "reglages":
            for key in ("passages_min", "passages_max", "epci"):
                del keys[alias][0][key]
            keys["cycle"] = {"semaines": 2}
            keys[alias][0]["passages"] = 1
        if alias in ("agents", "vehicules"):
            for item in keys[alias]:
                item.pop("jours", None)
        assert checked(*from_keys(keys)) if alias != "acces" else from_keys(keys)[1] == []

    def test_an_example_is_said_to_be_one(self):
        lines = scenario_text(SHORTEST, itself).splitlines()
        (depot,) = [line for line in lines if line.startswith("# depot = ")]
        assert "# exemple ; commune de départ" in depot

    def test_every_default_says_its_source_or_that_it_is_assumed(self):
        lines = scenario_text(SHORTEST, itself).splitlines()
        for key in ("travail_max_h", "installation_min", "ouverture_min_h", "cout_eur_km"):
            assert any(re.match(rf"# {key} = .*\((hypothèse|Code|règle)", line) for line in lines)

    def test_the_order_shown_follows_the_goals_given(self):
        text = scenario_text({**SHORTEST, "acces": [{"minutes": 45}]}, itself)
        assert '# ordre = ["passages", "habitants_au_dela_45", "heures_mairie",' in text

    def test_no_goal_at_all_stays_no_goal(self):
        text = scenario_text({**SHORTEST, "acces": []}, itself)
        assert Scenario.from_keys(tomllib.loads(text)).goals == ()

    def test_large_numbers_keep_every_digit(self):
        keys = {**SHORTEST, "calcul": {"graine": 2_147_483_647, "limite_s": 12_345.678_9}}
        assert tomllib.loads(scenario_text(keys, itself))["calcul"] == keys["calcul"]

    def test_the_communes_of_the_paper_get_their_names_as_comments(self, territory):
        typed = "Le Bosc, St Maurice de Navacelle, Pégairolles de l'Escalette"
        found = [recognise(name, territory.communes).found for name in split_names(typed)]
        codes = [commune.code for commune in found if commune]
        keys = {"titre": "x", "communes": {"a_desservir": codes}}
        text = scenario_text(keys, territory.name)
        assert re.search(r'"34036", +# Le Bosc\n', text)
        assert re.search(r'"34277", +# Saint-Maurice-Navacelles\n', text)
        assert re.search(r"\"34196\", +# Pégairolles-de-l’Escalette\n", text)

    @pytest.mark.parametrize("name", ["a\n[x]", "a\r\nb = 1", "\x00\x1b[2J", "\x7f", "a\u2028b"])
    def test_a_hostile_commune_name_stays_in_its_comment(self, name):
        text = scenario_text(SHORTEST, lambda _: name)
        assert Scenario.from_keys(tomllib.loads(text)) == Scenario.from_keys(SHORTEST)

    def test_lines_fit_a_text_editor(self):
        text = scenario_text(example_keys("herault"), itself)
        assert max(map(len, text.splitlines())) < 200
        assert "\t" not in text
        assert text.endswith("\n")
