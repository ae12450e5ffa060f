"""``carte.html``: self-contained, safe, true to the plan, usable by hand, by keyboard, on paper."""

from __future__ import annotations

import base64
import hashlib
import html as htmllib
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import Shown

from tourplan.export import accesstables, daytable, sections, sources
from tourplan.export.french import spaced
from tourplan.export.mapdata import map_data
from tourplan.export.page import Telling, map_page, notebook_page
from tourplan.export.scene import build_scene
from tourplan.export.words import area_sentence
from tourplan.hours import clock
from tourplan.network.links import embedded_network
from tourplan.plan import Day, Level, Plan
from tourplan.prepare import Case
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


def test_a_departement_stays_under_a_megabyte(herault_plan: Plan, herault_case: Case) -> None:
    page = map_page(herault_plan, departement(herault_case))
    assert len(Reader(page).named("option")) == 342
    assert len(page.encode()) < 1_000_000


def departement(case: Case) -> Case:
    """The same case where the residents of the whole département count."""
    communes = [c for c in case.territory.communes.values() if c.departement == "34"]
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
def hostile(herault_plan: Plan, herault_case: Case) -> str:
    """The page of a plan where every name is a script."""
    spoilt = {
        code: replace(c, name=f"{EVIL}{code}", epci_name=EVIL, address=f'"><b>{EVIL}')
        for code, c in herault_case.territory.communes.items()
    }
    counters = tuple(replace(c, name=EVIL, address=EVIL) for c in herault_case.territory.counters)
    case = replace(herault_case, territory=Territory(spoilt, counters))
    days = [
        day.model_copy(
            update={
                "vehicle": f"{EVIL}{2 * (day.weekday > 2) or ''}",
                "stops": tuple(
                    s.model_copy(
                        update={"name": EVIL, "session": EVIL, "place": EVIL, "address": EVIL}
                    )
                    for s in day.stops
                ),
            }
        )
        for day in herault_plan.days
    ]
    words = dict.fromkeys(("title", "author", "software"), EVIL)
    origin = herault_plan.origin.model_copy(
        update=dict.fromkeys(("label", "credit", "uncertainty", "date"), EVIL)
    )
    return map_page(
        herault_plan.model_copy(
            update={
                **words,
                "vehicles": (EVIL, f"{EVIL}2"),
                "depots": {herault_plan.days[0].depot: EVIL},
                "days": tuple(days),
                "notes": (EVIL,),
                "origin": origin,
                "levels": tuple(
                    level.model_copy(update={"label": EVIL, "text": EVIL, "unit": EVIL})
                    for level in herault_plan.levels
                ),
                "access": tuple(
                    area.model_copy(update={"name": EVIL}) for area in herault_plan.access
                ),
            }
        ),
        case,
    )


def test_hostile_names_are_shown_as_text(hostile: str, page: str) -> None:
    read, calm = Reader(hostile), Reader(page)
    assert {tag for tag, _ in read.elements} == {tag for tag, _ in calm.elements}
    assert len(read.named("script")) == 2
    assert read.within("title") == [EVIL]
    assert read.within("h1") == [EVIL]
    assert read.visible.count(EVIL) > 200


def test_agents_are_counted_never_named(herault_plan: Plan, herault_case: Case) -> None:
    plan = herault_plan.model_copy(
        update={
            "agents": ("Camille Dupont", "Sacha Martin"),
            "days": tuple(
                day.model_copy(update={"teams": {2: ("Camille Dupont", "Sacha Martin")}})
                for day in herault_plan.days
            ),
        }
    )
    page = map_page(plan, herault_case)
    assert "Camille" not in page
    assert "Sacha" not in page
    assert "2 agents" in page.replace("\u00a0", " ")


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


def test_itinerary_table_tells_meals_and_free_days(fortnight: Plan) -> None:
    rows = Reader(daytable.itinerary_table(fortnight)).rows
    heads = [row[0] for row in rows if len(row) == 1]
    assert [head.split()[0].strip(",") for head in heads] == [
        *("Lundi", "Mardi", "Mercredi", "Jeudi", "Vendredi")
    ] * 2
    assert heads[2] == "Mercredi\u00a0: jour libre"
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
    (commune,) = [
        c for c in map_data(herault_plan, herault_case, scene)["communes"] if c["code"] == "34277"
    ]
    assert commune["avant"] == [
        5,
        "≈\u00a030,1",
        "30,1\u00a0min, à la limite de 30 min",
        True,
    ]
    assert commune["apres"][3] is False
    assert any("à la limite de 30\u00a0min" in line for line in commune["lignes"])


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
        ("évalué", "évaluée telle qu’elle est donnée"),
        ("terminé", "existe peut-être"),
    ],
)
def test_an_unproved_plan_says_so_plainly(fortnight: Plan, stopped: str, words: str) -> None:
    told = sections.proof(fortnight.model_copy(update={"stopped": stopped}))
    assert "n’est pas entièrement démontré" in told
    assert words in told
    assert "1 des 7 objectifs n’est pas démontré" in told
    assert "Démontré" not in told


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
def test_gaps_are_told_in_their_unit(unit: str, bound: int | None, words: str) -> None:
    level = Level(
        name="x", label="x", unit=unit, sense="min", value=1500, bound=bound, text="1 500"
    )
    assert words in spaced(sections.level_proof(level)).replace("\u00a0", " ")


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
    assert read.within("caption")[1] == (
        "La tournée jour par jour, semaine 2 (deuxième semaine du mois)"
    )
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


def test_notebook_frame_holds_the_page(herault_plan: Plan, herault_case: Case, page: str) -> None:
    shown = notebook_page(herault_plan, herault_case)._repr_html_()
    frame = Reader(shown).named("iframe")[0]
    assert frame["srcdoc"] == page.replace('"sans-script "', '"sans-script cahier"')
    assert "allow-same-origin" not in frame["sandbox"]
    assert htmllib.escape(EVIL) not in page


# --- in a browser, without a network -----------------------------------------------------------


@pytest.fixture(scope="module")
def files(
    page: str,
    hostile: str,
    fortnight: Plan,
    convoy: Plan,
    empty: Plan,
    herault_case: Case,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    """The pages on disk."""
    folder = tmp_path_factory.mktemp("pages")
    everyone, team = Telling(), Telling(internal=True)
    plans = {"fortnight": (fortnight, everyone), "convoy": (convoy, team), "empty": (empty, team)}
    made = {name: map_page(one[0], herault_case, one[1]) for name, one in plans.items()}
    pages = {"page": page, "hostile": hostile, **made}
    for name, content in pages.items():
        (folder / f"{name}.html").write_bytes(content.encode())
    return {name: folder / f"{name}.html" for name in pages}


@pytest.mark.parametrize("name", ["page", "hostile", "fortnight", "convoy", "empty"])
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
    assert tab.locator("#jours input").first.is_disabled()
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


def test_prints_on_a_few_landscape_pages(browser: Any, files: dict[str, Path]) -> None:
    shown = Shown(browser, files["page"])
    printed = shown.tab.pdf(prefer_css_page_size=True, print_background=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert 2 <= len(boxes) <= 5
    assert all(float(width) > float(height) for width, height in boxes)
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
