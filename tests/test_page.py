"""``carte.html``: self-contained, safe, true to the plan, usable by hand, by keyboard, on paper."""

from __future__ import annotations

import base64
import hashlib
import html as htmllib
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from browsing import Shown

from tourplan.export import accesstables, daytable, sections, sources
from tourplan.export.french import spaced
from tourplan.export.keptrules import kept_rules
from tourplan.export.mapdata import map_data
from tourplan.export.page import Telling, map_page, notebook_page
from tourplan.export.scene import build_scene
from tourplan.export.words import area_sentence
from tourplan.hours import clock
from tourplan.network.links import embedded_network
from tourplan.plan import Day, Level, Plan
from tourplan.prepare import Case
from tourplan.study.existing import ExistingTour, existing_tour
from tourplan.tables import plain
from tourplan.teams import Vehicle
from tourplan.territory import Territory
from tourplan.travel.matrix import travel_matrix

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "input", "link", "br", "img", "hr"}


class Reader(HTMLParser):
    """A page as a browser sees it: elements with attributes, texts with where they stand."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))
        if {"td", "th"} & set(self._open) and "svg" not in self._open:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {data}".strip()

    def named(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]

    def within(self, tag: str) -> list[str]:
        """The texts inside elements of that name."""
        return [text for where, text in self.texts if tag in where]

    @property
    def visible(self) -> str:
        """What is read."""
        return " ".join(text for where, text in self.texts if not {"script", "style"} & set(where))


@pytest.fixture(scope="module")
def page(herault_plan: Plan, herault_case: Case) -> str:
    return map_page(herault_plan, herault_case)


@pytest.fixture(scope="module")
def read(page: str) -> Reader:
    return Reader(page)


@pytest.fixture(scope="module")
def today(herault_case: Case) -> ExistingTour:
    """The tour run in 2024."""
    return existing_tour(herault_case, "herault_2024")


@pytest.fixture(scope="module")
def fortnight(herault_plan: Plan) -> Plan:
    """A cycle of two weeks; Wednesdays are free, nothing of the last levels is proved."""
    days = [day for day in herault_plan.days if day.weekday != 2]
    second = [Day.model_validate({**day.model_dump(), "week": 2}) for day in days]
    levels = [
        *herault_plan.levels[:-1],
        herault_plan.levels[-1].model_copy(update={"bound": herault_plan.levels[-1].value - 720}),
    ]
    return herault_plan.model_copy(
        update={
            "cycle_weeks": 2,
            "days": (*days, *second),
            "free_days": ((1, 2, "Véhicule 1"), (2, 2, "Véhicule 1")),
            "levels": tuple(levels),
            "stopped": "limite de temps",
            "start": "2027-01-04",
        }
    )


@pytest.fixture(scope="module")
def convoy(herault_plan: Plan) -> Plan:
    """Four weeks of two vehicles from two agencies, forty days; rooms, and a whole day."""
    first = herault_plan.days[0]
    whole = first.stops[0].model_copy(
        update={"place": "Halle", "closed_from_s": 43_200, "closed_until_s": 45_000}
    )
    base = (first.model_copy(update={"stops": (whole,)}), *herault_plan.days[1:])
    days = [
        day.model_copy(update={"week": week, "vehicle": vehicle, "depot": depot})
        for week in range(1, 5)
        for day in base
        for vehicle, depot in (("Kangoo", "34079"), ("Zoé", "34142"))
    ]
    return herault_plan.model_copy(
        update={
            "cycle_weeks": 4,
            "month_weeks": (1, 2, 3, 4),
            "days": tuple(days),
            "vehicles": ("Kangoo", "Zoé"),
            "depots": {"34079": "Clermont-l’Hérault", "34142": "Lodève"},
        }
    )


@pytest.fixture(scope="module")
def empty(herault_plan: Plan) -> Plan:
    """No day at all."""
    free = tuple((1, day, "Véhicule 1") for day in range(5))
    figures = herault_plan.figures.model_copy(update={"sessions": 0, "communes": 0})
    return herault_plan.model_copy(update={"days": (), "free_days": free, "figures": figures})


# --- one file, no network, nothing that runs but its own script -----------------------------


def test_nothing_is_loaded_from_elsewhere(page: str, read: Reader) -> None:
    for tag, attributes in read.elements:
        for name in ("src", "srcset", "href", "data", "action", "poster", "background"):
            assert attributes.get(name, "#").startswith("#"), (tag, attributes)
    style = "".join(_contents(page, "style"))
    assert re.findall(r"url\(([^)]*)\)", style) == ["#hachures", "#limite"]
    assert "@import" not in style
    assert "sourceMappingURL" not in page


def test_policy_allows_only_the_page_s_own_script_and_style(page: str, read: Reader) -> None:
    policy = next(m for m in read.named("meta") if "http-equiv" in m)["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    _, script = _contents(page, "script")
    (style,) = _contents(page, "style")
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == _digest(script)
    assert rules["style-src"] == _digest(style)
    assert rules["img-src"] == "data: https://data.geopf.fr/wmts"
    assert "unsafe" not in policy


def _contents(page: str, tag: str) -> list[str]:
    """The raw contents of elements that HTML does not parse."""
    return re.findall(rf"<{tag}(?: [^>]*)?>(.*?)</{tag}>", page, re.DOTALL)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_no_inline_style_nor_handler(read: Reader) -> None:
    for tag, attributes in read.elements:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag


def test_data_block_holds_no_markup(page: str, read: Reader) -> None:
    block = _contents(page, "script")[0]
    assert read.named("script")[0]["type"] == "application/json"
    assert not re.search("[<>&\u2028\u2029]", block)
    assert len(json.loads(block)["communes"]) == 64


def test_same_inputs_same_bytes(
    page: str, herault_plan: Plan, herault_case: Case, tmp_path: Path
) -> None:
    assert map_page(herault_plan, herault_case) == page
    path = tmp_path / "plan.json"
    path.write_text(herault_plan.to_json(), encoding="utf-8")
    code = (
        "import hashlib, sys; from tourplan.plan import Plan; "
        "from tourplan.export.page import map_page; plan = Plan.read(sys.argv[1]); "
        "page = map_page(plan, plan.case()).encode(); print(hashlib.sha256(page).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12", "PYTHONUTF8": "1"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert elsewhere.stdout.strip() == hashlib.sha256(page.encode()).hexdigest()


def test_page_imports_no_heavy_library() -> None:
    code = (
        "import sys, tourplan.export.page; "
        "print([m for m in ('geopandas', 'pandas', 'ortools', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("internal", [False, True])
def test_a_departement_stays_under_a_megabyte(
    herault_plan: Plan, herault_case: Case, today: ExistingTour, internal: bool
) -> None:
    """Both tours, every commune of the Hérault."""
    telling = Telling(internal=internal, today=today)
    page = map_page(herault_plan, counting(herault_case, "34"), telling)
    assert page.count('"contours":') == 341
    assert len(page.encode()) < 700_000


def test_three_departements_stay_light(herault_plan: Plan, herault_case: Case) -> None:
    """862 communes, nearly as many as the largest département has: still under a megabyte."""
    page = map_page(herault_plan, counting(herault_case, "05", "16", "34"))
    assert page.count('"contours":') == 862
    assert len(page.encode()) < 1_000_000


def counting(case: Case, *departements: str) -> Case:
    """The same case where the residents of whole départements count."""
    communes = [c for c in case.territory.communes.values() if c.departement in departements]
    codes = [c.code for c in communes]
    travel = travel_matrix(embedded_network(), [*case.problem.places, *codes])
    problem = replace(
        case.problem,
        places=travel.places,
        time_s=travel.time_s,
        distance_m=travel.distance_m,
        reachable=travel.reachable,
        resident_place=np.array([travel.index(code) for code in codes], dtype=np.int64),
        resident_weight=np.array([c.population for c in communes], dtype=np.int64),
    )
    return replace(case, travel=travel, problem=problem)


# --- what users write is text ----------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile_pages(herault_plan: Plan, herault_case: Case, today: ExistingTour) -> dict[bool, str]:
    """The pages of a plan where every name is a script: for everyone, and internal."""
    case = _spoilt(herault_case)
    plan, tour = _spoilt_plan(herault_plan), replace(today, plan=_spoilt_plan(today.plan))
    reasons = dict.fromkeys(case.territory.communes, EVIL)
    return {
        internal: map_page(plan, case, Telling(internal, tour, (EVIL, f"  {EVIL}"), reasons))
        for internal in (False, True)
    }


def _spoilt(case: Case) -> Case:
    """The facts, with names that are scripts."""
    spoilt = {
        code: replace(c, name=f"{EVIL}{code}", epci_name=EVIL, address=f'"><b>{EVIL}')
        for code, c in case.territory.communes.items()
    }
    counters = tuple(replace(c, name=EVIL, address=EVIL) for c in case.territory.counters)
    return replace(case, territory=Territory(spoilt, counters))


def _spoilt_plan(plan: Plan) -> Plan:
    """The plan, with names that are scripts."""
    days = [
        day.model_copy(
            update={
                "vehicle": f"{EVIL}{2 * (day.weekday > 2) or ''}",
                "teams": {2: (f"{EVIL}Amélie",)},
                "stops": tuple(
                    s.model_copy(
                        update={"name": EVIL, "session": EVIL, "place": EVIL, "address": EVIL}
                    )
                    for s in day.stops
                ),
            }
        )
        for day in plan.days
    ]
    words = dict.fromkeys(("title", "author", "software"), EVIL)
    origin = plan.origin.model_copy(
        update=dict.fromkeys(("label", "credit", "uncertainty", "date"), EVIL)
    )
    return plan.model_copy(
        update={
            **words,
            "vehicles": (EVIL, f"{EVIL}2"),
            "agents": (f"{EVIL}Amélie",),
            "depots": {plan.days[0].depot: EVIL},
            "days": tuple(days),
            "notes": (EVIL,),
            "origin": origin,
            "levels": tuple(
                level.model_copy(update={"label": EVIL, "text": EVIL, "unit": EVIL})
                for level in plan.levels
            ),
            "access": tuple(area.model_copy(update={"name": EVIL}) for area in plan.access),
        }
    )


@pytest.mark.parametrize("internal", [False, True])
def test_hostile_names_are_shown_as_text(
    hostile_pages: dict[bool, str], compared: dict[bool, str], internal: bool
) -> None:
    read, calm = Reader(hostile_pages[internal]), Reader(compared[internal])
    assert f"{EVIL}Amélie" in hostile_pages[True].replace("&lt;", "<").replace("&gt;", ">")
    assert {tag for tag, _ in read.elements} == {tag for tag, _ in calm.elements}
    assert len(read.named("script")) == 2
    assert read.within("title") == [EVIL]
    assert read.within("h1") == [EVIL]
    assert read.visible.count(EVIL) > 200


# --- for everyone, or for those who run the tour ----------------------------------------------

INTERNAL = ("Camille", "Dupont", "Sacha", "Kangoo", "Renée")
"""Names of agents, of the vehicle and of the author."""


@pytest.fixture(scope="module")
def named(herault_plan: Plan) -> Plan:
    """A plan that names all it can, in its notes too."""
    team = ("Camille Dupont", "Sacha")
    days = [
        day.model_copy(update={"teams": {2: team}, "vehicle": "Kangoo"})
        for day in herault_plan.days
    ]
    notes = ("Camille Dupont conduit la Kangoo", "plan de Renée")
    return herault_plan.model_copy(
        update={
            "agents": team,
            "vehicles": ("Kangoo",),
            "author": "Renée",
            "days": tuple(days),
            "notes": notes,
        }
    )


def test_everyone_sees_no_name_and_no_hour_of_the_team(
    named: Plan, herault_case: Case, today: ExistingTour
) -> None:
    theirs = replace(today, plan=named)
    reasons = {"34266": "Sacha ne peut pas"}
    telling = Telling(False, theirs, ("Si Camille Dupont était là",), reasons)
    page = map_page(named, herault_case, telling)
    assert [name for name in INTERNAL if name in page] == []
    text = page.replace("\u00a0", " ")
    assert "2 agents" in text
    data = json.loads(_contents(page, "script")[0])
    shown = Reader(page).visible + json.dumps(data["journees"])
    hours = {clock(day.departure_s) for day in named.days} | {clock(d.return_s) for d in named.days}
    hours |= {clock(stop.arrival_s) for day in named.days for stop in day.stops}
    hours -= {clock(s.opening_s) for d in named.days for s in d.stops}
    hours -= {clock(s.closing_s) for d in named.days for s in d.stops}
    assert len(hours) > 10
    assert [hour for hour in sorted(hours) if hour in shown] == []
    for words in ("de travail par agent", "repas de", "Arrivée", "à ne pas publier"):
        assert words not in shown


def test_the_team_sees_all(named: Plan, herault_case: Case) -> None:
    page = map_page(named, herault_case, Telling(internal=True))
    assert [name for name in INTERNAL if name not in page] == []
    read = Reader(page)
    assert "Diffusion interne\u00a0: ne pas publier" in read.visible
    for day in named.days:
        assert clock(day.departure_s) in read.visible
    for words in ("de travail par agent", "repas de", "Arrivée"):
        assert words in read.visible


def test_both_tell_the_fingerprint_of_the_plan(named: Plan, herault_case: Case) -> None:
    for internal in (False, True):
        made = date(2026, 12, 1)
        page = map_page(named, herault_case, Telling(internal, made=made))
        foot = f"Brouillon du 01/12/2026, empreinte {named.fingerprint}"
        assert foot in "".join(_contents(page, "style"))
        words = Reader(page).visible.replace("\u00a0", " ")
        assert f"1er décembre 2026 · {named.software} · empreinte {named.fingerprint}" in words


# --- beside the tour run today ------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared(herault_plan: Plan, herault_case: Case, today: ExistingTour) -> dict[bool, str]:
    """The pages that show the tour of today too: for everyone, and internal."""
    lines, reasons = ("Si…", "  Route."), {"34266": "parce que"}
    return {
        internal: map_page(herault_plan, herault_case, Telling(internal, today, lines, reasons))
        for internal in (False, True)
    }


def test_figures_of_today_stand_beside(
    compared: dict[bool, str], herault_plan: Plan, today: ExistingTour
) -> None:
    words = Reader(compared[False]).visible.replace("\u00a0", " ").replace("\u202f", "")
    new, old = herault_plan.figures, today.plan.figures
    assert f"{new.in_hours} sur 10 demi-journées aujourd’hui {old.in_hours} sur 10" in words
    assert f"{new.drive_m / 1000:.0f} km par semaine de tournée aujourd’hui" in words
    assert f"aujourd’hui {old.cost_eur:.0f} €" in words
    assert f"aujourd’hui {old.emissions_gco2 / 1000:.0f} kg" in words
    before, now, after = (
        herault_plan.access[-1].groups_before[20],
        today.plan.access[-1].groups_after[20],
        herault_plan.access[-1].groups_after[20],
    )
    assert (
        f"À moins de 20 min d’un accueil {after.inside} habitants sur 66607, et {after.near} à la "
        f"limite aujourd’hui {now.inside}; sans tournée {before.inside}"
    ) in words


def test_what_changes_is_told_by_name(herault_plan: Plan, today: ExistingTour) -> None:
    stops = [stop for day in today.plan.days for stop in day.stops]
    lost = stops[0]
    days = [
        day.model_copy(update={"stops": tuple(s for s in day.stops if s.code != lost.code)})
        for day in herault_plan.days
    ]
    plan = herault_plan.model_copy(update={"days": tuple(days)})
    told = Reader(sections.changes(plan, today.plan)).visible.replace("\u00a0", " ")
    assert "9 communes en commun, aucune nouvelle, 1 qui ne serait plus desservie" in told
    assert f"Communes qui ne seraient plus desservies : {lost.name}." in told
    assert "Communes nouvelles" not in told
    assert "6 demi-journées aujourd’hui, 10 demi-journées avec ce plan" in told
    back = Reader(sections.changes(today.plan, plan)).visible.replace("\u00a0", " ")
    assert f"Communes nouvelles : {lost.name}." in back
    assert sections.changes(plan, None) == ""


def test_three_columns_where_there_were_two(compared: dict[bool, str], page: str) -> None:
    def heads(html: str) -> list[str]:
        return next(row for row in Reader(html).rows if row[:1] == ["Minutes de route"])[1:]

    assert heads(page) == ["Sans la tournée", "Avec la tournée"]
    assert heads(compared[False]) == ["Sans tournée", "Aujourd’hui", "Nouvelle tournée"]


def test_the_access_of_today_stands_between(herault_plan: Plan, today: ExistingTour) -> None:
    rows = Reader(accesstables.access_table(herault_plan, today.plan)).rows[1:]
    for row, area, now in zip(rows, herault_plan.access, today.plan.access, strict=True):
        cell = row[4].replace("\u202f", "").replace("\u00a0", " ")
        groups = (area.groups_before[15], now.groups_after[15], area.groups_after[15])
        assert cell.startswith(" → ".join(str(group.beyond) for group in groups))


# --- what a kilometre costs ---------------------------------------------------------------------


def test_costs_tell_what_they_suppose(herault_case: Case) -> None:
    told = sources.rates_words(herault_case).replace("\u00a0", " ")
    assert told.startswith("0,636 € et 190 g de CO₂ par kilomètre (hypothèses")
    own = Vehicle(cost_eur_km=0.5, emissions_gco2_km=0)
    scenario = herault_case.scenario.model_copy(update={"vehicles": (own,)})
    told = sources.rates_words(replace(herault_case, scenario=scenario)).replace("\u00a0", " ")
    assert told == "0,500 € et 0 g de CO₂ par kilomètre (valeurs du scénario)."


# --- what it says is what the plan holds -----------------------------------------------------


def test_itinerary_table_is_the_plan(herault_plan: Plan) -> None:
    rows = Reader(daytable.itinerary_table(herault_plan)).rows
    stops = [stop for day in herault_plan.days for stop in day.stops]
    shown = [row for row in rows if re.match(r"\d+[a-z]$", row[0])]
    assert len(shown) == len(stops)
    for row, stop in zip(shown, stops, strict=True):
        assert row[1].startswith(f"{stop.name} {stop.session}")
        assert stop.address in row[1]
        assert row[2:] == [
            f"{stop.drive_s / 60:.1f}".replace(".", ","),
            f"{stop.drive_m / 1000:.1f}".replace(".", ","),
            *map(clock, (stop.arrival_s, stop.opening_s, stop.closing_s, stop.departure_s)),
        ]
    starts = [row for row in rows if row[1:2] == ["Départ de Clermont-l’Hérault"]]
    assert [row[-1] for row in starts] == [clock(day.departure_s) for day in herault_plan.days]
    ends = [row for row in rows if row[1:2] == ["Retour à Clermont-l’Hérault"]]
    assert [row[4] for row in ends] == [clock(day.return_s) for day in herault_plan.days]


def test_the_first_session_is_dated_not_the_first_day_that_might_be(
    herault_plan: Plan, herault_case: Case
) -> None:
    """From Monday 4 January 2027 on, the second week of the month starts on the 11th."""
    dated = herault_plan.model_copy(update={"start": "2027-01-04"})
    told = sections.summary(dated, herault_case)
    assert told.endswith("Première permanence : 11\u00a0janvier 2027.")
    assert "Première" not in sections.summary(herault_plan, herault_case)


def test_itinerary_table_tells_meals_and_free_days(fortnight: Plan) -> None:
    rows = Reader(daytable.itinerary_table(fortnight)).rows
    heads = [row[0] for row in rows if len(row) == 1]
    assert [head.split()[0].strip(",") for head in heads] == [
        *("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi")
    ] * 2
    assert heads[2].split() == ["Mercredi", ":", "jour", "libre"]
    assert "dès le 4 janvier 2027" not in heads[0]
    assert heads[0].startswith("Lundi, journée 1, dès le 11\u00a0janvier 2027")
    first = fortnight.days[0]
    assert first.break_from_s is not None
    assert first.break_until_s is not None
    meal = f"repas de {clock(first.break_from_s)} à {clock(first.break_until_s)}"
    assert sum(meal in " ".join(row) for row in rows) >= 1
    assert sections.free_days(fortnight) == (
        "Jours libres : mercredi de la semaine 1 et mercredi de la semaine 2."
    )


def test_plan_shows_its_table_in_notebooks(herault_plan: Plan) -> None:
    shown = herault_plan._repr_html_()
    assert shown == daytable.itinerary_table(herault_plan)
    assert "svg" not in shown


def test_key_figures(read: Reader, herault_plan: Plan) -> None:
    words = read.visible.replace("\u00a0", " ").replace("\u202f", " ")
    figures = herault_plan.figures
    assert "10 permanences dans 10 communes, avec 2 agents" in words
    assert f"{figures.drive_m / 1000:.0f} km" in words
    assert f"{figures.in_hours} sur 10" in words
    assert "les deuxième et quatrième semaines de chaque mois" in words


def test_access_table_is_the_plan(herault_plan: Plan) -> None:
    rows = Reader(accesstables.access_table(herault_plan)).rows[1:]
    assert [row[0] for row in rows] == [area.name for area in herault_plan.access]
    for row, area in zip(rows, herault_plan.access, strict=True):
        cells = [cell.replace("\u202f", "").replace("\u00a0", " ") for cell in row]
        assert int(cells[1]) == area.residents
        for cell, goal in zip(cells[2:5], (30, 20, 15), strict=True):
            before, after = area.groups_before[goal], area.groups_after[goal]
            assert cell.startswith(f"{before.beyond} → {after.beyond} ")
            near = f"à la limite : {before.near} → {after.near} "
            assert (near in cell) is bool(before.near or after.near)


def test_sentences_say_what_the_command_line_says(herault_plan: Plan) -> None:
    areas = [
        *herault_plan.access,
        herault_plan.access[0].model_copy(
            update={"groups_after": herault_plan.access[0].groups_before}
        ),
        herault_plan.access[0].model_copy(
            update={"groups_before": {15: herault_plan.access[0].groups_after[30]}}
        ),
    ]
    for area in areas:
        shown = " ".join("".join(t for _, t in Reader(sections.sentence(area)).texts).split())
        said = " ".join(spaced(area_sentence(area)).split())
        assert shown == said


def test_far_communes_are_named(herault_plan: Plan, herault_case: Case) -> None:
    scene = build_scene(herault_plan, herault_case)
    why = {"34266": "parce que"}
    read = Reader(accesstables.far_communes(herault_plan, scene, why))
    rows = [row for row in read.rows if row[0] != "Commune"]
    told = [v for v in scene.farthest_first() if v.after.beyond(15) or 15 in v.after.near]
    assert sorted(row[0] for row in rows) == sorted(
        f"{view.commune.name} {view.commune.epci_name}" for view in told
    )
    assert [row[-1] for row in rows if row[0].startswith("Saint-Jean-de-Cuculles")] == ["Parce que"]
    assert "Aucune commune." in read.visible
    titles = [title.replace("\u00a0", " ") for title in read.within("h3")]
    assert titles == [
        "À plus de 30 min d’un accueil",
        "De 20 à 30 min d’un accueil",
        "À la limite de 20 min d’un accueil",
        "De 15 à 20 min d’un accueil",
        "À la limite de 15 min d’un accueil",
    ]


def test_the_village_at_30_1_minutes_is_told_at_the_limit(
    herault_plan: Plan, herault_case: Case
) -> None:
    scene = build_scene(herault_plan, herault_case)
    (row,) = [r for r in Reader(accesstables.every_commune(scene)).rows if "Navacelles" in r[0]]
    assert row[2].replace("\u00a0", " ") == "30,1 min à la limite de 30 min"
    data = map_data(herault_plan, herault_case, scene)
    (commune,) = [c for c in data["communes"] if c["code"] == "34277"]
    *reach, place = commune["avant"]
    assert reach == [5, "≈\u00a030,1", "30,1\u00a0min, à la limite de 30\u00a0min", 1]
    assert data["accueils"][place] == "Ganges (point fixe)"
    assert commune["apres"][3] == 0


def test_the_table_of_every_commune_is_whole_once_the_script_ran(
    browser: Any, files: dict[str, Path]
) -> None:
    """It is written short; as cards on a narrow screen its cells bear their headings."""
    shown = Shown(browser, files["page"], width=390, height=844)
    shown.tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    row = shown.tab.locator("table.longue tr", has_text="Les Matelles").first
    assert row.get_attribute("role") == "row"
    titles = [cell.get_attribute("data-titre") for cell in row.locator("th, td").all()]
    heads = [head.text_content() for head in shown.tab.locator("table.longue thead th").all()]
    assert titles == heads
    assert row.evaluate("(one) => getComputedStyle(one).display") == "grid"
    shown.tab.close()


def test_a_measured_drive_says_so(herault_plan: Plan) -> None:
    day = herault_plan.days[0]
    first = day.stops[0].model_copy(update={"drive_measured": True})
    stops = (first, *day.stops[1:])
    days = (day.model_copy(update={"stops": stops, "return_drive_measured": True}),)
    shown = daytable.itinerary_table(herault_plan.model_copy(update={"days": days}))
    assert [row[2].endswith("mesuré") for row in Reader(shown).rows if len(row) > 2][1:] == [
        False,
        True,
        False,
        True,
    ]
    assert "mesuré" not in daytable.itinerary_table(herault_plan)


def test_other_times_are_told_when_asked(herault_plan: Plan, herault_case: Case, page: str) -> None:
    lines = ["Si les trajets étaient plus longs : <rien>.", "  Route : 1 h.", "  Accès."]
    told = map_page(herault_plan, herault_case, Telling(sensitivity=lines))
    assert "Et si les trajets étaient" in told
    assert "Et si les trajets étaient" not in page
    assert "&lt;rien&gt;" in told
    assert "<li>Accès.</li></ul>" in told


def test_without_uncertainty_the_page_has_no_such_mark(
    herault_plan: Plan, herault_case: Case
) -> None:
    origin = herault_plan.origin.model_copy(update={"uncertainty_pct": 0})
    plan = herault_plan.model_copy(update={"origin": origin})
    assert "dont à la limite" not in accesstables.legend(build_scene(plan, herault_case))
    assert accesstables.near_mark(origin) == accesstables.near_note(origin) == ""


def test_legend_counts_every_resident_once(herault_plan: Plan, herault_case: Case) -> None:
    rows = Reader(accesstables.legend(build_scene(herault_plan, herault_case))).rows[1:]
    *rows, near = rows
    assert near[0] == "dont à la limite"
    people = int(herault_case.problem.resident_weight.sum())
    for column in (1, 2):
        assert sum(int(row[column].replace("\u202f", "")) for row in rows) == people


def test_a_proved_plan_says_so(read: Reader, herault_plan: Plan) -> None:
    assert herault_plan.proved
    assert "aucun autre planning ne fait mieux" in read.visible
    assert "non démontré" not in read.visible


@pytest.mark.parametrize(
    ("stopped", "words"),
    [
        ("limite de temps", "arrêté à la limite de temps"),
        ("journées trop nombreuses", "Trop de journées possibles pour que le calcul"),
        ("interrompu", "interrompu avant la fin"),
        ("terminé", "existe peut-être"),
    ],
)
def test_an_unproved_plan_says_so_plainly(fortnight: Plan, stopped: str, words: str) -> None:
    told = sections.proof(fortnight.model_copy(update={"stopped": stopped}))
    assert "n’est pas entièrement démontré" in told
    assert words in told
    assert "1 des 7 objectifs n’est pas démontré" in told
    assert "Démontré" not in told


def test_a_tour_that_was_judged_is_not_said_to_be_unproved(
    fortnight: Plan, herault_plan: Plan, herault_case: Case
) -> None:
    """Everyone reads how many rules it breaks; the team, which."""
    late = herault_plan.days[0].model_copy(update={"departure_s": 3600})
    days = (late, *herault_plan.days[1:])
    judged = herault_plan.model_copy(update={"stopped": "évalué", "days": days})
    pages = {who: map_page(judged, herault_case, Telling(internal=who)) for who in (True, False)}
    for page in pages.values():
        assert "évaluée telle qu’elle est donnée" in page
        assert re.search(r"Elle enfreint \d+.règles du scénario\.", page)
        assert 'class="preuve demontre' not in page
    assert "départ à 01:00, avant 07:00" in pages[True]
    assert "avant 07:00" not in pages[False]
    levels = sections.levels_table(fortnight.model_copy(update={"stopped": "évalué"}))
    assert "Preuve" not in levels
    assert "Résultat" in levels


def test_a_plan_without_levels_is_not_proved(herault_plan: Plan) -> None:
    assert "Aucun objectif" in sections.proof(herault_plan.model_copy(update={"levels": ()}))


@pytest.mark.parametrize(
    ("unit", "bound", "words"),
    [
        ("habitants", 1200, "écart d’au plus 300 habitants"),
        ("secondes", 1200, "écart d’au plus 5 min"),
        ("secondes", 1460, "écart d’au plus 40 s"),
        ("mètres", 1200, "écart d’au plus 0,3 km"),
        ("habitants × secondes", 1485, "écart d’au plus 1,0 %"),
        ("habitants × secondes", 1499, "écart d’au plus 0,1 %"),
        ("habitants", None, "aucune limite connue"),
        ("millionièmes d’euro", 1400, "écart d’au plus 0,00 €"),
        ("habitants pour 10 000", 1400, "écart d’au plus 1,0 %"),
        ("départs et retours", 1498, "écart d’au plus 2 départs ou retours"),
        ("demi-journées", 1499, "écart d’au plus 1 demi-journée"),
    ],
)
def test_gaps_are_told_in_their_unit(
    fortnight: Plan, unit: str, bound: int | None, words: str
) -> None:
    level = Level(
        name="x", label="x", unit=unit, sense="min", value=1500, bound=bound, text="1 500"
    )
    assert words in spaced(sections.level_proof(fortnight, level)).replace("\u00a0", " ")


def test_sources_are_told(read: Reader, herault_plan: Plan) -> None:
    words = read.visible.replace("\u00a0", " ").casefold()
    for expected in (
        herault_plan.origin.label,
        herault_plan.origin.credit,
        herault_plan.origin.uncertainty,
        "± 10 %",
        "novembre 2026",
        "population municipale 2023",
        "d’août 2024",
        "hors du département sont inconnus",
        "tracé schématique",
        herault_plan.fingerprint,
        herault_plan.inputs_fingerprint,
        herault_plan.software,
        "brouillon",
    ):
        assert expected.casefold() in words


def test_own_residents_and_counters_are_told_as_such(herault_case: Case) -> None:
    scenario = herault_case.scenario
    case = replace(
        herault_case,
        scenario=scenario.model_copy(
            update={
                "residents": scenario.residents.model_copy(update={"file": "habitants.csv"}),
                "counters": scenario.counters.model_copy(
                    update={"embedded": False, "files": ("agences.csv",)}
                ),
            }
        ),
    )
    assert "fournis avec le scénario" in sources.residents_source(case)
    assert "INSEE" not in sources.residents_source(case)
    assert "nationale" not in sources.counters_source(case)


# --- French, headings, labels ------------------------------------------------------------------


def test_french_spaces(read: Reader) -> None:
    wrong = [
        text
        for where, text in read.texts
        if not {"script", "style"} & set(where) and re.search(r" [;:!?»]|« |\d \d{3}\b(?! )", text)
    ]
    assert wrong == []


def test_headings_and_landmarks(read: Reader) -> None:
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert read.named("html")[0]["lang"] == "fr"
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in read.elements:
        for name in ("href", "aria-labelledby", "for"):
            if name in attributes and tag != "use":
                assert attributes[name].removeprefix("#") in ids


def test_week_choice_only_for_several_weeks(
    read: Reader, fortnight: Plan, herault_case: Case
) -> None:
    assert not any(a.get("id") == "semaine" for a in read.named("select"))
    several = Reader(map_page(fortnight, herault_case))
    assert any(a.get("id") == "semaine" for a in several.named("select"))


def test_vehicle_choice_only_for_several_vehicles(
    read: Reader, convoy: Plan, herault_case: Case
) -> None:
    assert not any(a.get("id") == "vehicule" for a in read.named("select"))
    several = Reader(map_page(convoy, herault_case, Telling(internal=True)))
    assert any(a.get("id") == "vehicule" for a in several.named("select"))
    words = several.visible.replace("\u00a0", " ")
    assert (
        "2 véhicules (2 agents dans chacun), au départ de Clermont-l’Hérault et de Lodève" in words
    )
    assert "Équipes 2 agents par véhicule : Kangoo et Zoé" in " ".join(words.split())


def test_a_table_for_each_week(convoy: Plan) -> None:
    read = Reader(daytable.itinerary_table(convoy))
    assert read.within("caption")[1] == ("La tournée jour par jour, semaine 2 (2e semaine du mois)")
    heads = [row[0] for row in read.rows if len(row) == 1]
    assert len(heads) == 40
    assert heads[0].startswith("Lundi (Kangoo), journée 1")
    assert heads[-1].startswith("Vendredi (Zoé), journée 40")
    starts = [row[1] for row in read.rows if row[1:2] and row[1].startswith("Départ de")]
    assert starts[:2] == ["Départ de Clermont-l’Hérault", "Départ de Lodève"]
    assert "fermé pour le repas de 12:00 à 12:30" in read.visible.replace("\u00a0", " ")


def test_a_stop_tells_its_week_vehicle_room_and_pause(convoy: Plan, herault_case: Case) -> None:
    data = map_data(convoy, herault_case, build_scene(convoy, herault_case))
    stop = data["journees"][1]["arrets"][0]
    assert stop["nom"].endswith("(Halle)")
    assert "Lundi de la semaine 1 (Zoé), matin" in stop["lignes"][0].replace("\u00a0", " ")
    assert "de 09:45 à 12:00 et de 12:30 à 12:15" in stop["lignes"][0]
    assert [depot["court"] for depot in data["depots"]] == ["Clermont-l’Hérault", "Lodève"]
    assert data["depots"][1]["lignes"] == ["Zoé\u00a0: 2\u00a0agents, 20\u00a0journées par cycle"]


def test_an_empty_tour_says_so(empty: Plan, herault_case: Case) -> None:
    read = Reader(map_page(empty, herault_case))
    words = read.visible.replace("\u00a0", " ")
    assert "Aucune permanence : la tournée est vide." in words
    assert "Aucune journée de tournée." in words
    assert "jour libre" in Reader(daytable.itinerary_table(empty)).visible
    bare = empty.model_copy(update={"free_days": ()})
    assert daytable.itinerary_table(bare).startswith("<table")


def test_notebook_frame_holds_the_page(
    herault_plan: Plan, herault_case: Case, today: ExistingTour
) -> None:
    shown = notebook_page(herault_plan, herault_case)._repr_html_()
    page = map_page(herault_plan, herault_case, Telling(today=today))
    frame = Reader(shown).named("iframe")[0]
    assert frame["srcdoc"] == page.replace('"sans-script "', '"sans-script cahier"')
    assert "allow-same-origin" not in frame["sandbox"]
    team = notebook_page(herault_plan, herault_case, internal=True)
    assert "ne pas publier" in team.page
    assert htmllib.escape(EVIL) not in page


# --- in a browser, without a network -----------------------------------------------------------


@pytest.fixture(scope="module")
def files(
    page: str,
    hostile_pages: dict[bool, str],
    compared: dict[bool, str],
    fortnight: Plan,
    convoy: Plan,
    empty: Plan,
    herault_case: Case,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """The pages on disk."""
    folder = tmp_path_factory.mktemp("pages")
    everyone, team = Telling(), Telling(internal=True)
    plans = {
        "fortnight": (fortnight, everyone),
        "convoy": (convoy, team),
        "convoy for everyone": (convoy, everyone),
        "empty": (empty, team),
    }
    made = {name: map_page(one[0], herault_case, one[1]) for name, one in plans.items()}
    pages = {"page": page, "hostile": hostile_pages[True], "compared": compared[False], **made}
    for name, content in pages.items():
        (folder / f"{name}.html").write_bytes(content.encode())
    return {name: folder / f"{name}.html" for name in pages}


@pytest.mark.parametrize("name", ["page", "hostile", "compared", "fortnight", "convoy", "empty"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_opens_quietly_at_any_width(
    browser: Any, files: dict[str, Path], name: str, width: int
) -> None:
    shown = Shown(browser, files[name], width)
    assert shown.tab.locator("path.commune").count() == 64
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert shown.tab.evaluate(overflow) <= 0
    assert shown.complaints == []
    assert shown.requests == [shown.url]
    shown.tab.close()


def test_a_day_switched_off_leaves_the_map(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    tab = shown.tab
    assert tab.locator("path.trace.journee-apres-2").count() == 1
    assert len(shown.labels(".arret")) == 10
    tab.uncheck('input[data-journee="apres-2"]')
    assert tab.locator("path.trace.journee-apres-2").count() == 0
    assert tab.locator("path.trace.journee-apres-1").count() == 1
    assert not [label for label in shown.labels(".arret") if label.startswith("2")]
    tab.check('input[data-journee="apres-2"]')
    assert tab.locator("path.trace.journee-apres-2").count() == 1
    assert shown.complaints == []
    tab.close()


def test_weeks_take_turns(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["fortnight"])
    tab = shown.tab
    assert {label[0] for label in shown.labels(".arret")} == set("1234")
    assert tab.locator("#mode").inner_text() == "Avec la tournée, semaine 1"
    tab.select_option("#semaine", "2")
    assert {label[0] for label in shown.labels(".arret")} == set("5678")
    tab.select_option("#semaine", "")
    assert len(shown.labels(".arret")) == 16
    tab.close()


def test_vehicles_take_turns(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["convoy"])
    tab = shown.tab
    assert len(shown.labels(".arret")) == 18
    tab.select_option("#vehicule", "Zoé")
    labels = shown.labels(".arret")
    assert len(labels) == 9
    assert all("(Zoé)" in label for label in labels)
    assert tab.locator("#mode").inner_text() == "Avec la tournée, semaine 1, Zoé"
    assert tab.locator("#jours label:visible").count() == 5
    left = [label for label in shown.labels(".repere-carte") if label.startswith("Départ")]
    assert len(left) == 1
    assert "Lodève" in left[0]
    assert shown.complaints == []
    tab.close()


def test_marks_at_the_same_place_stand_side_by_side(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["convoy"])
    tab = shown.tab
    tab.select_option("#semaine", "")
    boxes = [mark.bounding_box() for mark in tab.locator(".arret").all()]
    assert len(boxes) == 72
    assert len({(round(box["x"]), round(box["y"])) for box in boxes}) == 72
    tab.close()


def test_without_the_tour(
    browser: Any, files: dict[str, Path], herault_plan: Plan, herault_case: Case
) -> None:
    shown = Shown(browser, files["page"])
    tab = shown.tab
    scene = build_scene(herault_plan, herault_case)
    tab.check("input[value=avant]")
    for rank in range(6):
        expected = sum(view.before.rank == rank for view in scene.communes)
        assert tab.locator(f"path.commune.classe-{rank}").count() == expected
    near = sum(bool(view.before.near) for view in scene.communes)
    assert tab.locator("path.limite").count() == near > 0
    assert shown.labels(".arret") == []
    assert tab.locator("path.trace").count() == 0
    assert not tab.locator("#jours").is_visible()
    tab.check("input[value=apres]")
    for rank in range(6):
        expected = sum(view.after.rank == rank for view in scene.communes)
        assert tab.locator(f"path.commune.classe-{rank}").count() == expected
    tab.close()


def test_keyboard_reaches_stops_and_communes(
    browser: Any, files: dict[str, Path], herault_plan: Plan
) -> None:
    shown = Shown(browser, files["page"])
    tab = shown.tab
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "evitement"
    tab.focus("#ign")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    assert "commune" in tab.evaluate("document.activeElement.getAttribute('class')")
    here = tab.locator("#detail .titre").inner_text()
    tab.keyboard.press("ArrowRight")
    there = tab.locator("#detail .titre").inner_text()
    assert here != there
    assert "Avec la tournée" in tab.locator("#detail").inner_text()
    tab.keyboard.press("Tab")
    stop = herault_plan.days[0].stops[0]
    assert tab.locator("#detail .titre").inner_text() == f"1a · {stop.name}"
    assert f"ouvert de {clock(stop.opening_s)} à {clock(stop.closing_s)}" in (
        tab.locator("#detail").inner_text()
    )
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert tab.evaluate(outline) == "solid"
    tab.close()


def test_a_commune_is_found_by_name(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"], width=390, height=844)
    names = shown.tab.locator("#commune option").all_inner_texts()
    assert names[0] == "Choisir…"
    assert [plain(name) for name in names[1:]] == sorted(map(plain, names[1:]))
    shown.tab.select_option("#commune", label="Les Matelles")
    detail = shown.tab.locator("#detail").inner_text()
    assert detail.startswith("Les Matelles")
    assert "Sans la tournée" in detail
    shown.tab.close()


def test_hostile_names_stay_text_in_the_map(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["hostile"])
    shown.tab.focus(".arret")
    assert EVIL in shown.tab.locator("#detail .titre").inner_text()
    shown.tab.hover("path.commune >> nth=20", force=True)
    assert shown.tab.locator("script").count() == 2
    assert shown.complaints == []
    shown.tab.close()


def test_leaflet_speaks_french(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    titles = [link.get_attribute("title") for link in shown.tab.locator("#plan a").all()]
    assert titles == ["Agrandir la carte", "Réduire la carte"]
    shown.tab.close()


@pytest.mark.parametrize(
    ("name", "pages"),
    [("compared", 2), ("fortnight", 2), ("convoy for everyone", 2), ("convoy", 3)],
)
def test_prints_on_few_landscape_pages(
    browser: Any, files: dict[str, Path], name: str, pages: int
) -> None:
    """Two pages, four weeks of two vehicles too (76 sessions); with the team's hours, three."""
    shown = Shown(browser, files[name])
    sizes = _printed(shown)
    assert len(sizes) == pages
    assert all(width > height for width, height in sizes)
    shown.tab.close()


PANES_ALONG = """(x) => {
  const plan = document.getElementById("plan");
  plan.scrollIntoView({ block: "center", behavior: "instant" });
  const { top, height } = plan.getBoundingClientRect();
  const found = new Set();
  for (let y = top + 5; y < top + height - 5; y += 3) {
    const pane = document.elementFromPoint(x, y).closest(".leaflet-pane");
    if (pane) found.add(pane.className.match(/leaflet-([a-z-]+)-pane/)[1]);
  }
  return [...found];
}"""
COLOURS = {"overlay", "communes-gauche"}


def _communes_beside_the_divider(tab: Any) -> tuple[set[str], set[str]]:
    """The panes of the communes under the pointer on either side of the slider's line."""
    line = tab.locator("#coupe").bounding_box()
    places = line["x"] - 3, line["x"] + line["width"] + 3
    left, right = (set(tab.evaluate(PANES_ALONG, x)) & COLOURS for x in places)
    return left, right


def _stops_on_their_side(tab: Any) -> bool:
    """Whether both tours have stops, each on its side of the slider's line, and no other."""
    line = tab.locator("#coupe").bounding_box()["x"]
    panes = (".leaflet-reperes-gauche-pane", ".leaflet-marker-pane")
    sides = [tab.locator(f"{pane} .arret:visible").all() for pane in panes]
    old, new = ([one.bounding_box() for one in side] for side in sides)
    middles = [[box["x"] + box["width"] / 2 - line for box in side] for side in (old, new)]
    return bool(old and new) and max(middles[0]) < 3 and min(middles[1]) > -3


def test_a_slider_sets_today_beside_the_new_tour(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["compared"])
    tab = shown.tab
    new = shown.labels(".arret")
    assert tab.locator("#coupe").is_hidden()
    tab.focus("#comparer")
    for _ in range(30):
        tab.keyboard.press("ArrowRight")
    assert tab.locator("#comparer").get_attribute("aria-valuetext") == (
        "30 % : Tournée d’aujourd’hui"
    )
    assert tab.locator("#mode-gauche").inner_text() == "Tournée d’aujourd’hui"
    assert tab.locator("#mode").inner_text() == "Nouvelle tournée"
    assert _stops_on_their_side(tab)
    assert _communes_beside_the_divider(tab) == ({"communes-gauche"}, {"overlay"})
    box = tab.locator("#plan").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.85
    tab.mouse.move(*middle)
    tab.mouse.down()
    tab.mouse.move(middle[0] + 40, middle[1] - 30, steps=5)
    tab.mouse.up()
    assert _communes_beside_the_divider(tab) == ({"communes-gauche"}, {"overlay"})
    assert _stops_on_their_side(tab)
    tab.locator("#comparer").fill("100")
    assert tab.locator(".leaflet-marker-pane .arret:visible").count() == 0
    tab.check("input[value=avant]")
    assert tab.locator("#comparer").input_value() == "0"
    assert tab.locator("#coupe").is_hidden()
    assert tab.locator("#mode").inner_text() == "Sans tournée"
    tab.locator("#comparer").fill("60")
    assert tab.locator("#mode").inner_text() == "Nouvelle tournée"
    assert tab.locator("input[value=apres]").is_checked()
    assert len(_printed(shown)) == 2
    assert tab.locator("#comparer").input_value() == "0"
    assert shown.labels(".arret") == new
    assert shown.complaints == []
    tab.close()


def test_without_a_tour_of_today_the_slider_shows_no_tour(
    browser: Any, files: dict[str, Path]
) -> None:
    shown = Shown(browser, files["page"], width=390, height=844)
    assert "Sans la tournée" in shown.tab.locator("label[for=comparer]").inner_text()
    assert shown.labels(".arret")
    shown.tab.locator("#comparer").fill("100")
    assert shown.labels(".arret") == []
    assert shown.tab.locator("#mode-gauche").inner_text() == "Sans la tournée"
    shown.tab.close()


def test_the_first_printed_page_is_the_synthesis(
    browser: Any, files: dict[str, Path], herault_plan: Plan, herault_case: Case
) -> None:
    """Before and after, who stays far, the rules and their sources, which plan it is."""
    shown = Shown(browser, files["compared"])
    first, _ = pypdf.PdfReader(io.BytesIO(shown.tab.pdf(prefer_css_page_size=True))).pages
    told = " ".join(first.extract_text().split()).replace("\u202f", " ").replace("\xa0", " ")
    assert "Sans tournée" in told
    assert "Nouvelle tournée" in told
    for rule in kept_rules(herault_plan, herault_case.scenario):
        assert rule.name in told
        assert rule.source in told
    for name in ("Le Triadou", "Les Matelles", "Sorbs", "Brouillon", herault_plan.fingerprint):
        assert name in told
    before = shown.tab.locator("#plan-avant")
    far = [view for view in build_scene(herault_plan, herault_case).communes if view.before.rank]
    assert before.locator(".commune:not(.classe-0)").count() == len(far)
    assert before.locator("rect").count() == shown.tab.locator("#plan .fixe").count()
    shown.tab.close()


def test_the_tour_of_today_is_not_set_beside_itself(
    herault_case: Case, today: ExistingTour
) -> None:
    page = map_page(today.plan, herault_case, Telling(today=today))
    assert "Par rapport à la tournée d’aujourd’hui" not in page
    assert "Avec la tournée" in page


def _printed(shown: Shown) -> list[tuple[float, float]]:
    """Widths and heights of the printed pages."""
    printed = shown.tab.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    return [(float(width), float(height)) for width, height in boxes]


def test_a_long_title_and_much_to_prove_stay_on_two_pages(
    browser: Any, herault_plan: Plan, herault_case: Case, today: ExistingTour, tmp_path: Path
) -> None:
    levels = tuple(lv.model_copy(update={"bound": None}) for lv in herault_plan.levels)
    depots = {"34079": "Saint-Maurice-Navacelles-en-Larzac-et-Lodévois"}
    plan = herault_plan.model_copy(
        update={
            "title": "Tournée des communes du Lodévois et du Larzac " * 4,
            "levels": levels,
            "stopped": "limite de temps",
            "depots": depots,
        }
    )
    path = tmp_path / "p.html"
    path.write_text(map_page(plan, herault_case, Telling(internal=True, today=today)), "utf-8")
    shown = Shown(browser, path)
    assert len(_printed(shown)) == 2
    shown.tab.close()


def test_all_tables_are_printed_when_asked(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["compared"])
    tab = shown.tab
    tab.check("#imprimer-tout")
    assert len(_printed(shown)) >= 5
    assert tab.locator("details[open]").count() == 0
    tab.uncheck("#imprimer-tout")
    assert len(_printed(shown)) == 2
    tab.close()


def test_the_three_views(
    browser: Any, files: dict[str, Path], herault_plan: Plan, today: ExistingTour
) -> None:
    shown = Shown(browser, files["compared"])
    tab = shown.tab
    mode = tab.locator("#mode")
    assert mode.inner_text() == "Nouvelle tournée"
    new = shown.labels(".arret")
    assert not tab.locator("#jours-aujourdhui").is_visible()
    tab.check("input[value=aujourdhui]")
    assert mode.inner_text() == "Tournée d’aujourd’hui"
    old = shown.labels(".arret")
    order = [stop.name for day in today.plan.days for stop in day.stops]
    assert [label.split(" · ")[1].split(".")[0] for label in old] == order
    assert old != new
    assert tab.locator("path.trace").count() == 5
    assert not tab.locator("#jours").is_visible()
    tab.uncheck("#jours-aujourdhui input >> nth=0")
    assert len(shown.labels(".arret")) == 8
    tab.check("input[value=apres]")
    assert shown.labels(".arret") == new
    tab.check("input[value=avant]")
    assert shown.labels(".arret") == []
    assert shown.complaints == []
    tab.close()


TILE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_the_ign_s_background_comes_when_asked_only(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["compared"])
    tab = shown.tab
    tab.route(
        "https://data.geopf.fr/**",
        lambda route: route.fulfill(body=TILE, content_type="image/png"),
    )
    tab.check("input[value=avant]")
    assert shown.requests == [shown.url]
    tab.check("#ign")
    tab.wait_for_selector(".avec-ign")
    assert tab.locator("#ign-etat").inner_text() == "Fond de plan\u00a0: © IGN"
    asked = shown.requests[1:]
    assert asked
    for url in asked:
        assert url.startswith("https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&")
        assert "LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2" in url
        assert re.search(r"TILEMATRIXSET=PM&TILEMATRIX=\d+&TILEROW=\d+&TILECOL=\d+$", url)
    tab.uncheck("#ign")
    assert tab.locator("#ign-etat").inner_text() == ""
    assert tab.locator(".avec-ign").count() == tab.locator(".leaflet-tile").count() == 0
    assert shown.complaints == []
    tab.close()


def test_without_a_network_the_map_stays_as_it_is(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    tab = shown.tab
    tab.route("https://data.geopf.fr/**", lambda route: route.abort())
    tab.click("#ign")
    tab.wait_for_function("document.getElementById('ign-etat').textContent.includes('pas pu')")
    assert not tab.is_checked("#ign")
    assert tab.locator(".leaflet-tile").count() == 0
    assert len(shown.labels(".arret")) == 10
    assert all("ERR_FAILED" in words for words in shown.complaints)
    tab.close()


def test_a_server_that_says_nothing_is_left_alone(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    tab = shown.tab
    tab.clock.install()
    tab.reload()
    tab.route("https://data.geopf.fr/**", lambda route: None)
    tab.check("#ign")
    assert "Chargement" in tab.locator("#ign-etat").inner_text()
    tab.clock.fast_forward(11_000)
    assert "pas pu" in tab.locator("#ign-etat").inner_text()
    assert not tab.is_checked("#ign")
    tab.close()


def test_no_other_host_is_let_in(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    asked = """() => new Promise((done) => {
      document.addEventListener("securitypolicyviolation", (e) => done(e.blockedURI));
      new Image().src = "https://tuiles.invalid/1.png";
    })"""
    assert shown.tab.evaluate(asked).startswith("https://tuiles.invalid")
    shown.tab.close()


def test_readable_without_script(files: dict[str, Path], browser: Any) -> None:
    tab = browser.new_page()
    tab.route(
        "**/*", lambda route: route.fulfill(body=_mute(files["page"]), content_type="text/html")
    )
    tab.goto("http://sans-script.invalid/")
    assert tab.locator("text=La carte a besoin de JavaScript").is_visible()
    assert tab.locator(".itineraire").is_visible()
    assert not tab.locator("#plan").is_visible()
    tab.close()


def _mute(path: Path) -> str:
    """The page with its script refused."""
    return re.sub("script-src '[^']*'", "script-src 'none'", path.read_text(encoding="utf-8"))
