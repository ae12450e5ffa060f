"""From days to a plan: figures, access by area, free days, crews, dates, and what is not told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tourplan.assemble import WHOLE_AREA, area_access, assemble
from tourplan.crews import agent_labels
from tourplan.export.words import team_words
from tourplan.measures import level_of
from tourplan.plan import Plan
from tourplan.prepare import Case, prepare
from tourplan.scenario import Scenario
from tourplan.timeline import Opening, build_day

SESSIONS_H = ((9.75, 12.25), (13.5, 16.0))


def case_of(**changes: Any) -> Case:
    keys = {
        "titre": "Deux communes",
        "communes": {"a_desservir": ["34064", "34230"]},
        "vehicules": [{"depot": "34079", "cout_eur_km": 0.5, "co2_g_km": 100}],
        **changes,
    }
    return prepare(Scenario.from_keys(keys))


def plan_of(case: Case, *layout: tuple[int, int, int]) -> Plan:
    """The plan that holds the morning of each (week, weekday, site)."""
    opening, closing = (round(hour * 3600) for hour in SESSIONS_H[0])
    weeks = [crew.week + 1 for crew in case.problem.crew_weeks]
    days = [
        build_day(case.problem, weeks.index(week), weekday, [Opening(0, site, opening, closing)])
        for week, weekday, site in layout
    ]
    levels = [level_of(case.problem, days, name) for name in case.problem.objectives]
    return assemble(case, days, levels, "évalué")


@pytest.fixture(scope="module")
def case() -> Case:
    return case_of()


@pytest.fixture(scope="module")
def plan(case) -> Plan:
    """Le Caylar on Monday, Les Rives on Wednesday."""
    return plan_of(case, (1, 0, 0), (1, 2, 1))


class TestFigures:
    def test_totals_are_those_of_the_days(self, plan):
        figures = plan.figures
        assert figures.sessions == figures.communes == 2
        assert figures.open_s == sum(day.open_s for day in plan.days) == 2 * 9_000
        assert figures.drive_s == sum(day.drive_s for day in plan.days)
        assert figures.drive_m == sum(day.drive_m for day in plan.days)
        assert figures.work_s == figures.most_work_s == sum(day.work_s for day in plan.days)
        assert figures.cost_eur == pytest.approx(figures.drive_m / 2_000, abs=0.005)
        assert figures.emissions_gco2 == round(figures.drive_m / 10)

    def test_of_two_weeks(self):
        two = plan_of(case_of(cycle={"semaines": 2}), (1, 0, 0), (1, 1, 1), (2, 0, 0))
        assert two.figures.weeks == 2
        assert two.figures.least_open_s == 9_000
        assert two.figures.most_work_s == sum(d.work_s for d in two.days if d.week == 1)

    def test_of_no_day(self, case):
        empty = plan_of(case)
        assert empty.figures.sessions == empty.figures.work_s == empty.figures.drive_m == 0
        assert len(empty.free_days) == 5


class TestPlaces:
    def test_sessions_are_held_at_the_mairie(self, case, plan):
        for day in plan.days:
            for stop in day.stops:
                assert stop.place == "Mairie"
                assert stop.address == case.territory[stop.code].address != ""

    def test_depot(self, plan):
        assert plan.depots == {"34079": "Clermont-l’Hérault"}
        assert {day.depot for day in plan.days} == {"34079"}

    def test_free_days(self, plan):
        assert plan.free_days == tuple((1, day, "Véhicule 1") for day in (1, 3, 4))

    def test_free_days_of_two_weeks_and_chosen_weekdays(self):
        two = case_of(cycle={"semaines": 2, "jours": ["mardi", "lundi"]})
        assert plan_of(two, (1, 0, 0), (2, 1, 1)).free_days == (
            (1, 1, "Véhicule 1"),
            (2, 0, "Véhicule 1"),
        )

    def test_origin_is_told_schematic(self, plan):
        assert plan.origin.schematic
        assert "OpenStreetMap" in plan.origin.credit

    def test_origin_tells_uncertainty_and_speeds(self, case):
        assert plan_of(case, (1, 0, 0)).origin.uncertainty_pct == 10
        source = replace(case.travel.source, uncertainty_pct=7, speeds="vitesses des panneaux")
        told = plan_of(replace(case, travel=replace(case.travel, source=source)), (1, 0, 0))
        assert (told.origin.uncertainty_pct, told.origin.speeds) == (7, "vitesses des panneaux")
        keys = json.loads(told.to_json())["temps_de_trajet"]
        assert (keys["incertitude_pct"], keys["vitesses"]) == (7, "vitesses des panneaux")

    def test_drives_are_computed_unless_measured(self, case, plan):
        assert not any(s.drive_measured for day in plan.days for s in day.stops)
        assert not any(day.return_drive_measured for day in plan.days)
        measured = case.travel.measured.copy()
        depot, caylar, rives = map(case.travel.index, ("34079", "34064", "34230"))
        measured[depot, caylar] = measured[rives, depot] = True
        marked = replace(case, travel=replace(case.travel, measured=measured))
        first, second = plan_of(marked, (1, 0, 0), (1, 2, 1)).days
        assert (first.stops[0].drive_measured, first.return_drive_measured) == (True, False)
        assert (second.stops[0].drive_measured, second.return_drive_measured) == (False, True)
        keys = json.loads(plan_of(marked, (1, 0, 0)).to_json())["journees"][0]
        assert keys["permanences"][0]["trajet_mesure"] is True
        assert keys["trajet_retour_mesure"] is False


class TestAccess:
    def test_areas_add_up_to_the_whole(self, herault_plan):
        *areas, whole = herault_plan.access
        assert (whole.code, whole.name) == ("", WHOLE_AREA)
        assert len(areas) == 2
        assert whole.residents == sum(area.residents for area in areas)
        for minutes in (15, 20, 30):
            for key in ("before", "after", "communes_before", "communes_after"):
                parts = [getattr(area, key)[minutes] for area in areas]
                assert getattr(whole, key)[minutes] == sum(parts)

    def test_the_tour_never_makes_access_worse(self, herault_plan):
        for area in herault_plan.access:
            for minutes, count in area.after.items():
                assert count <= area.before[minutes]
            assert area.mean_after_s <= area.mean_before_s

    def test_three_groups_hold_everybody(self, herault_plan):
        for area in herault_plan.access:
            for beyond, groups in (
                (area.before, area.groups_before),
                (area.after, area.groups_after),
            ):
                assert set(groups) == set(beyond)
                for minutes, group in groups.items():
                    assert group.inside + group.near + group.beyond == area.residents
                    assert group.beyond <= beyond[minutes] <= group.beyond + group.near

    def test_the_village_at_30_1_minutes_is_at_the_limit(self, herault_plan):
        lodevois = next(a for a in herault_plan.access if "Lodévois" in a.name)
        assert lodevois.before[30] == 185
        group = lodevois.groups_before[30]
        assert (group.near, group.communes_near, group.beyond) == (185, 1, 0)
        keys = json.loads(herault_plan.to_json())["acces"][0]["groupes_avant"]["30"]
        assert keys == {
            "dans": lodevois.residents - 185,
            "a_la_limite": 185,
            "au_dela": 0,
            "communes_a_la_limite": 1,
            "communes_au_dela": 0,
        }

    def test_minutes_of_a_level_are_told_too(self):
        case = case_of(objectifs={"ordre": ["passages", "habitants_au_dela_25"]})
        assert sorted(plan_of(case).access[0].groups_after) == [15, 20, 25, 30]

    def test_figures_of_the_field(self, herault_plan):
        lodevois = next(a for a in herault_plan.access if "Lodévois" in a.name)
        assert (lodevois.before[15], lodevois.communes_before[15]) == (1_523, 10)
        assert lodevois.after[15] == 0
        assert round(lodevois.mean_before_s / 60, 1) == 6.2
        assert round(lodevois.mean_after_s / 60, 1) == 1.7

    def test_minutes_of_the_goals_and_the_usual_ones(self):
        case = case_of(acces=[{"minutes": 12}])
        assert set(area_access(case, ())[0].before) == {12, 15, 20, 30}


class TestCrews:
    @staticmethod
    def teams(*weeks: tuple[int, ...] | None, size: int = 2, **changes: Any) -> list[str]:
        """Who goes in the first crew of each week of the cycle, as outputs say it."""
        agents = [{"semaines": list(w)} if w else {} for w in weeks]
        case = case_of(agents=agents, equipe={"agents": size}, **changes)
        days = plan_of(case, *((week + 1, 0, 0) for week in range(case.problem.weeks))).days
        return [team_words(day.teams) for day in days]

    def test_all_are_there(self):
        assert self.teams(None, None) == ["Agent 1, Agent 2"]

    def test_no_more_than_the_crew(self):
        assert self.teams(None, None, None) == ["Agent 1, Agent 2"]

    def test_each_week_of_the_month_its_own(self):
        assert self.teams(None, (2,), (4,)) == [
            "Agent 1, Agent 2 (semaine 2 sur 4) ; Agent 1, Agent 3 (semaine 4 sur 4)"
        ]

    def test_each_week_of_the_cycle_its_own(self):
        assert self.teams(None, (2,), (4,), cycle={"semaines": 2}) == [
            "Agent 1, Agent 2",
            "Agent 1, Agent 3",
        ]

    def test_alone(self):
        assert self.teams(None, size=1) == ["Agent 1"]

    def test_weeks_of_one_team_are_told_together(self):
        teams = {1: ("Ana", "Bob"), 2: ("Cid",), 3: ("Ana", "Bob")}
        assert team_words(teams) == "Ana, Bob (semaines 1 et 3 sur 4) ; Cid (semaine 2 sur 4)"


class TestSeveral:
    """Two vehicles from two agencies: figures of the busiest agent, of the least open vehicle."""

    @pytest.fixture
    def two(self) -> Case:
        return case_of(
            agents=[{"agence": "34079"}, {"agence": "34142"}],
            vehicules=[{"nom": "Kangoo", "depot": "34079"}, {"nom": "Zoé", "depot": "34142"}],
            equipe={"agents": 1},
        )

    def test_depots_vehicles_and_free_days(self, two):
        plan = plan_of(two, (1, 0, 0))
        assert plan.depots == {"34079": "Clermont-l’Hérault", "34142": "Lodève"}
        assert plan.vehicles == ("Kangoo", "Zoé")
        free = {(1, day, name) for day in range(5) for name in plan.vehicles}
        assert set(plan.free_days) == free - {(1, 0, "Kangoo")}
        assert plan.figures.least_open_s == 0

    def test_work_is_that_of_the_busiest_agent(self, two):
        problem = two.problem
        held = [Opening(0, 0, 35_100, 44_100)], [Opening(0, 1, 35_100, 44_100)]
        days = [build_day(problem, crew, 0, openings) for crew, openings in enumerate(held)]
        plan = assemble(two, days, (), "évalué")
        assert plan.figures.most_work_s == max(day.work_s for day in days)
        assert plan.figures.work_s == sum(day.work_s for day in days)
        assert plan.figures.least_open_s == 9_000
        assert Plan.from_json(plan.to_json()) == plan

    def test_goals_say_what_they_count(self):
        case = case_of(acces=[{"minutes": 20, "part_pct": 50, "permanences": 2}])
        (note,) = [n for n in plan_of(case).notes if n.startswith("objectif")]
        assert "à 20 min au plus d’un accueil ou de 2 permanences par cycle : " in note


class TestRooms:
    def test_the_address_is_that_of_the_room(self):
        rooms = [
            {"code_insee": "34064", "nom": "Halle", "adresse": "place du Marché"},
            {"code_insee": "34064", "nom": "École"},
        ]
        plan = plan_of(case_of(lieux=rooms), (1, 0, 0), (1, 1, 1))
        assert [(s.place, s.address) for day in plan.days for s in day.stops] == [
            ("Halle", "place du Marché"),
            ("École", ""),
        ]


class TestNames:
    KEYS: Any = {"agents": [{"nom": "Zoé Dupont"}, {"semaines": [2, 4]}]}  # noqa: RUF012

    def test_are_kept_back(self):
        case = case_of(**self.KEYS)
        plan = plan_of(case, (1, 0, 0))
        assert plan.agents == ("Agent 1", "Agent 2")
        assert {team_words(day.teams) for day in plan.days} == {"Agent 1, Agent 2"}
        assert "Zoé" not in plan.to_json()
        assert plan.scenario["agents"] == [{"nom": ""}, {"semaines": [2, 4]}]

    def test_are_told_when_asked(self):
        case = case_of(**self.KEYS, sorties={"noms_des_agents": True})
        plan = plan_of(case, (1, 0, 0))
        assert plan.agents == ("Zoé Dupont", "Agent 2")
        assert plan.scenario["agents"][0] == {"nom": "Zoé Dupont"}

    def test_the_facts_of_a_plan_have_its_fingerprint(self):
        for changes in ({}, self.KEYS, {**self.KEYS, "sorties": {"noms_des_agents": True}}):
            plan = plan_of(case_of(**changes), (1, 0, 0))
            assert plan.case().fingerprint() == plan.inputs_fingerprint

    def test_labels(self):
        case = case_of(**self.KEYS, sorties={"noms_des_agents": True})
        assert agent_labels(case.scenario) == ("Zoé Dupont", "Agent 2")


class TestDates:
    def test_no_start_no_date(self, plan):
        assert plan.start == ""
        assert not any("semaine n" in note for note in plan.notes)

    def test_holidays_among_the_first_dates(self):
        case = case_of(cycle={"debut": "2027-05-11", "semaines_du_mois": [3]})
        plan = plan_of(case, (1, 0, 0), (1, 2, 1))
        assert plan.start == "2027-05-11"
        assert plan.notes[-2:] == (
            "la semaine n d’un mois commence à son n-ième lundi (hypothèse)",
            "le 17/05/2027 est férié (Lundi de Pentecôte) : prévoyez une autre date",
        )

    def test_a_holiday_on_a_free_day_does_not_matter(self):
        case = case_of(cycle={"debut": "2027-05-11", "semaines_du_mois": [3]})
        assert not any("férié" in note for note in plan_of(case, (1, 1, 0)).notes)

    @pytest.mark.parametrize(
        ("cycle", "weeks"),
        [({"semaines": 2}, 2), ({"semaines": 4, "semaines_du_mois": [1, 2, 3, 4]}, 4)],
    )
    def test_longer_cycles(self, cycle, weeks):
        case = case_of(cycle={"debut": "2027-12-20", **cycle})
        plan = plan_of(case, *((week, 0, week % 2) for week in range(1, weeks + 1)))
        assert plan.cycle_weeks == weeks
        assert len({row[3] for row in plan.to_frame().itertuples(index=False)}) == weeks


def test_what_was_assumed_is_noted():
    case = case_of(vehicules=[{}])
    assert any("hypothèse : aucune agence" in note for note in plan_of(case, (1, 0, 0)).notes)
