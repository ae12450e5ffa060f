from __future__ import annotations

import bz2
import gzip
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from overpass import packaged, shared

from tourplan.errors import InputError
from tourplan.network import osmfile
from tourplan.network.drivable import allowed, closed, drivable, obstacle
from tourplan.network.osmfile import read_osm
from tourplan.network.roads import WAY_TAGS, Area

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="tests">\n'
HERE = Area(3.0, 43.0, 4.0, 44.0)


def node(number: int, lon: float, lat: float, **tags: str) -> str:
    return f'<node id="{number}" version="1" lon="{lon}" lat="{lat}">{_tags(tags)}</node>\n'


def way(number: int, refs: list[int], when: str = "2024-05-06T07:08:09Z", **tags: str) -> str:
    points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{number}" version="1" timestamp="{when}">{points}{_tags(tags)}</way>\n'


def turn(number: int, members: list[tuple[str, str, int]], **tags: str) -> str:
    inside = "".join(f'<member type="{k}" role="{r}" ref="{n}"/>' for r, k, n in members)
    inside += _tags({"type": "restriction", **tags})
    return f'<relation id="{number}" version="1">{inside}</relation>\n'


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key.replace("__", ":")}" v="{text}"/>' for key, text in tags.items())


def row_of_nodes(count: int, **of: dict[str, str]) -> str:
    """Points 1 to ``count``, from west to east near Clermont-l’Hérault."""
    return "".join(
        node(n, 3.4 + n / 1000, 43.6, **of.get(f"n{n}", {})) for n in range(1, count + 1)
    )


@pytest.fixture
def write(tmp_path):
    """Write a file of that content, the head and end of OpenStreetMap text added."""

    def written(content: str, name: str = "routes.osm") -> Path:
        path = tmp_path / name
        path.write_text(f"{HEAD}{content}</osm>\n", encoding="utf-8")
        return path

    return written


def pieces(roads) -> set[tuple[int, int, int]]:
    """Way, first point and last point of each piece."""
    ends = (roads.way_id[roads.way], roads.node_id[roads.start], roads.node_id[roads.end])
    return set(zip(*(numbers.tolist() for numbers in ends), strict=True))


def refusal(path: Path, area: Area | None = None):
    with pytest.raises(InputError) as caught:
        read_osm(path, area)
    (fault,) = caught.value.faults
    assert fault.where == str(path)
    assert fault.what
    assert fault.mend
    return fault


DRIVEN = """motorway motorway_link trunk trunk_link primary primary_link secondary secondary_link
tertiary tertiary_link unclassified residential living_street road service track"""
NOT_DRIVEN = """via_ferrata busway bus_guideway corridor escape emergency_bay construction proposed
planned abandoned razed footway path pedestrian cycleway bridleway steps elevator platform raceway
rest_area services no crossing rest residential;footway"""


@pytest.mark.parametrize("value", DRIVEN.split())
def test_roads_are_drivable(value):
    assert drivable({"highway": value})


@pytest.mark.parametrize("value", NOT_DRIVEN.split())
def test_other_ways_are_not(value):
    assert not drivable({"highway": value})


def test_what_is_no_highway_is_not():
    assert not drivable({})
    assert not drivable({"railway": "rail"})


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({"area": "yes"}, False),
        ({"area": "no"}, True),
        ({"route": "ferry"}, False),
        ({"abandoned": "yes"}, False),
        ({"disused": "yes"}, False),
        *[({"service": value}, False) for value in ("driveway", "parking_aisle", "parking")],
        *[({"service": value}, False) for value in ("drive-through", "private")],
        ({"service": "emergency_access"}, False),
        ({"service": "alley"}, True),
        *[({"access": v}, False) for v in ("no", "private", "customers", "delivery", "military")],
        *[({"access": v}, False) for v in ("agricultural", "forestry", "agricultural;forestry")],
        *[({"access": v}, True) for v in ("yes", "designated", "permissive", "destination")],
        ({"access": "agricultural;destination"}, True),
        ({"access": "unknown"}, True),
        ({"motorcar": "no"}, False),
        ({"motor_vehicle": "private"}, False),
        ({"vehicle": "no"}, False),
        ({"access": "no", "motorcar": "yes"}, True),
        ({"access": "private", "motor_vehicle": "destination"}, True),
        ({"vehicle": "no", "motor_vehicle": "yes"}, True),
        ({"access": "yes", "motor_vehicle": "no"}, False),
        ({"motor_vehicle": "yes", "motorcar": "no"}, False),
        ({"motorcar": "unknown", "access": "private"}, False),
        ({"bicycle": "no", "foot": "no"}, True),
    ],
)
def test_the_most_specific_access_decides(tags, kept):
    assert drivable({"highway": "unclassified", **tags}) is kept


def test_nothing_said_is_not_a_refusal():
    assert allowed({}) is None


@pytest.mark.parametrize(
    ("tags", "stops"),
    [
        ({}, False),
        ({"access": "private"}, False),
        *[({"barrier": b}, True) for b in ("bollard", "block", "jersey_barrier", "chain", "stile")],
        *[({"barrier": b}, False) for b in ("gate", "lift_gate", "cattle_grid", "toll_booth")],
        *[({"barrier": b}, False) for b in ("border_control", "height_restrictor", "yes", "kerb")],
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "gate", "access": "no"}, True),
        ({"barrier": "gate", "locked": "yes"}, True),
        ({"barrier": "gate", "access": "no", "motor_vehicle": "yes"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "bollard", "bicycle": "yes"}, True),
    ],
)
def test_barriers_that_stop_cars(tags, stops):
    assert closed(tags) is stops


@pytest.mark.parametrize(
    ("tags", "stands"),
    [
        ({"waterway": "river"}, True),
        ({"waterway": "canal"}, True),
        ({"railway": "rail"}, True),
        ({"waterway": "stream"}, False),
        ({"railway": "abandoned"}, False),
        ({"railway": "tram"}, False),
        ({"railway": "rail", "tunnel": "yes"}, False),
        ({"railway": "rail", "bridge": "viaduct"}, False),
        ({"railway": "rail", "bridge": "no"}, True),
    ],
)
def test_obstacles(tags, stands):
    assert obstacle(tags) is stands


def test_a_small_file(write):
    content = row_of_nodes(4, n2={"highway": "stop"}, n3={"name": "rien"})
    content += way(10, [1, 2, 3], highway="primary", name="Rue de l’Église", oneway="-1")
    content += way(11, [3, 4], highway="footway")
    roads = read_osm(write(content), None)
    assert pieces(roads) == {(10, 1, 2), (10, 2, 3)}
    assert roads.way_tags.column("name") == ("Rue de l’Église",)
    assert roads.way_tags.column("oneway") == ("-1",)
    assert roads.way_tags.column("toll") == ("",)
    assert set(roads.way_tags.columns) <= set(WAY_TAGS)
    assert roads.node_id[roads.special].tolist() == [2]
    assert roads.node_tags.column("highway") == ("stop",)
    assert roads.lon[roads.start[0]] == pytest.approx(3.401, abs=1e-9)
    assert roads.date == "2024-05-06"
    assert roads.bans.via.size == 0
    assert roads.obstacles.shape == (0, 4)


def test_ways_may_come_before_their_points(write):
    content = way(10, [1, 2], highway="primary") + row_of_nodes(2)
    assert pieces(read_osm(write(content), None)) == {(10, 1, 2)}


@pytest.mark.parametrize("name", ["a.osm.gz", "a.osm.bz2", "A.OSM.GZ"])
def test_packed_texts(tmp_path, name):
    text = f"{HEAD}{row_of_nodes(2)}{way(1, [1, 2], highway='track')}</osm>".encode()
    path = tmp_path / name
    path.write_bytes((bz2 if "bz2" in name else gzip).compress(text))
    assert read_osm(path, None).way.size == 1


def test_only_pieces_that_reach_the_area_are_kept(write):
    content = row_of_nodes(6) + way(1, [1, 2, 3, 4, 5, 6], highway="tertiary")
    content += way(2, [1, 2], highway="tertiary")
    path = write(content)
    area = Area(3.4035, 43.5, 3.4045, 43.7)
    assert pieces(read_osm(path, area)) == {(1, 3, 4), (1, 4, 5)}
    assert len(pieces(read_osm(path, HERE))) == 6


@pytest.mark.parametrize(("barrier", "left"), [("bollard", 1), ("gate", 3)])
def test_a_closed_barrier_cuts_the_road(write, barrier, left):
    content = row_of_nodes(4, n2={"barrier": barrier}) + way(1, [1, 2, 3, 4], highway="service")
    assert len(pieces(read_osm(write(content), None))) == left


def test_a_missing_point_drops_its_pieces_and_is_told(write):
    content = row_of_nodes(3) + way(1, [1, 2, 99, 3, 1], highway="service")
    told: list[str] = []
    assert pieces(read_osm(write(content), HERE, told.append)) == {(1, 1, 2), (1, 3, 1)}
    assert told[-1].startswith("2 tronçons laissés de côté")


def test_a_repeated_point_makes_no_piece(write):
    content = row_of_nodes(3) + way(1, [1, 1, 2, 2, 3, 1], highway="service")
    assert pieces(read_osm(write(content), None)) == {(1, 1, 2), (1, 2, 3), (1, 3, 1)}


def test_a_point_written_twice_and_a_way_written_twice_count_once(write):
    content = row_of_nodes(2) + row_of_nodes(2) + way(1, [1, 2], highway="service") * 2
    roads = read_osm(write(content), None)
    assert len(roads.start) == 1
    assert len(roads.node_id) == 2


def test_rivers_and_railways_are_obstacles(write):
    content = row_of_nodes(4) + way(1, [1, 2], highway="service")
    content += way(2, [1, 2, 3], waterway="river") + way(3, [3, 4], railway="rail", tunnel="yes")
    content += way(4, [3, 99, 4], railway="rail")
    roads = read_osm(write(content), None)
    assert np.round(roads.obstacles, 3).tolist() == [
        [3.401, 43.6, 3.402, 43.6],
        [3.402, 43.6, 3.403, 43.6],
    ]


CROSS = row_of_nodes(5) + "".join(
    way(number, [number, 3], highway="residential") for number in (1, 2, 4)
)
MEMBERS = [("from", "way", 1), ("via", "node", 3), ("to", "way", 4)]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"restriction": "no_left_turn"}, [False]),
        ({"restriction": "only_straight_on"}, [True]),
        ({"restriction__motorcar": "no_right_turn"}, [False]),
        ({"restriction": "no_entry", "except": "bus;psv"}, [False]),
        ({"restriction": "no_entry", "except": "bus; motorcar"}, []),
        ({"restriction": "no_entry", "except": "motor_vehicle"}, []),
        ({"restriction__hgv": "no_left_turn"}, []),
        ({"restriction__conditional": "no_left_turn @ (07:00-09:00)"}, []),
        ({"restriction": "give_way"}, []),
        ({"restriction": "no_left_turn", "hour_on": "07:00", "hour_off": "09:00"}, []),
    ],
)
def test_turn_restrictions(write, tags, found):
    roads = read_osm(write(CROSS + turn(1, MEMBERS, **tags)), None)
    assert roads.bans.only.tolist() == found
    for origin, via, target in zip(
        roads.bans.from_way, roads.bans.via, roads.bans.to_way, strict=True
    ):
        assert roads.way_id[origin] == 1
        assert roads.node_id[via] == 3
        assert roads.way_id[target] == 4


@pytest.mark.parametrize(
    ("members", "count"),
    [
        ([MEMBERS[0], ("via", "way", 2), MEMBERS[2]], 0),
        ([MEMBERS[0], MEMBERS[2]], 0),
        ([MEMBERS[0], MEMBERS[1], ("via", "node", 2), MEMBERS[2]], 0),
        ([MEMBERS[0], ("via", "node", 2), MEMBERS[2]], 0),
        ([MEMBERS[0], ("via", "node", 99), MEMBERS[2]], 0),
        ([MEMBERS[0], MEMBERS[1], ("to", "way", 99)], 0),
        ([MEMBERS[0], MEMBERS[1], ("to", "node", 4)], 0),
        ([*MEMBERS, ("from", "way", 2)], 2),
        ([*MEMBERS, *MEMBERS[:1]], 1),
        ([], 0),
    ],
)
def test_turn_restrictions_need_ways_that_meet_at_the_point(write, members, count):
    roads = read_osm(write(CROSS + turn(1, members, restriction="no_left_turn")), None)
    assert roads.bans.via.size == count


def test_a_real_town():
    roads = read_osm(packaged(), None)
    assert roads.way.size > 1500
    assert roads.bans.via.size > 20
    assert roads.obstacles.size
    assert "bollard" in roads.node_tags.column("barrier") or roads.special.size
    _sound(roads)


def test_a_real_mountain():
    told: list[str] = []
    roads = read_osm(shared("andorra.osm.pbf"), None, told.append)
    assert roads.way.size == 21_009
    assert roads.date == "2013-05-28"
    assert len(told) == 2
    _sound(roads)


def test_a_real_countryside():
    roads = read_osm(shared("north-bayreuth.osm.gz"), None)
    assert roads.way.size == 12_634
    assert roads.bans.via.size == 38
    assert roads.date == "2014-11-03"
    _sound(roads)


def _sound(roads) -> None:
    """What ``Roads`` promises."""
    nodes, ways = len(roads.node_id), len(roads.way_id)
    assert len(np.unique(roads.node_id)) == nodes
    assert len(np.unique(roads.way_id)) == ways == roads.way_tags.size
    assert set(np.unique(roads.way).tolist()) == set(range(ways))
    assert set(np.unique([roads.start, roads.end]).tolist()) == set(range(nodes))
    assert (np.diff(roads.way) >= 0).all()
    assert np.isfinite([roads.lon, roads.lat]).all()
    assert {a.dtype.name for a in (roads.start, roads.end, roads.way, roads.special)} == {"int32"}
    assert roads.special.size == roads.node_tags.size
    assert np.isfinite(roads.obstacles).all()


def test_a_missing_file_names_the_nearest(write, tmp_path):
    write("", "languedoc.osm.pbf")
    fault = refusal(tmp_path / "langedoc.osm.pbf")
    assert fault.what == "fichier introuvable"
    assert fault.mend == "vouliez-vous « languedoc.osm.pbf » ?"
    assert refusal(tmp_path / "ailleurs" / "a.osm.pbf").mend == "vérifiez le nom et le dossier"


def test_a_folder_is_told(tmp_path):
    assert "dossier" in refusal(tmp_path).what
    (tmp_path / "a.osm.pbf").mkdir()
    assert "dossier" in refusal(tmp_path / "a.osm.pbf").what


@pytest.mark.parametrize("name", ["routes.zip", "routes.o5m", "routes.geojson", "routes", "a.xml"])
def test_another_format_is_told(write, name):
    fault = refusal(write("", name))
    assert "n’est pas un format" in fault.what
    assert "« .osm.pbf »" in fault.mend


@pytest.mark.parametrize("ending", osmfile.FORMATS)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "vide"),
        (b"\0" * 1000, "pas des données OpenStreetMap"),
        (b"Bonjour,\nvoici le fichier.", "pas des données OpenStreetMap"),
        (b"PK\x03\x04" + b"\0" * 100, "pas des données OpenStreetMap"),
        (os.urandom(5000), "pas des données OpenStreetMap"),
    ],
    ids=["empty", "zeros", "text", "zip", "noise"],
)
def test_what_is_not_openstreetmap_is_told(tmp_path, ending, content, told):
    path = tmp_path / f"a{ending}"
    path.write_bytes(content)
    assert told in refusal(path).what


@pytest.mark.parametrize("text", ["<html><body>404</body></html>", "<gpx></gpx>", "<osmose/>"])
@pytest.mark.parametrize("ending", [".osm", ".osm.gz"])
def test_another_kind_of_page_is_told(tmp_path, text, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(gzip.compress(text.encode()) if "gz" in ending else text.encode())
    assert refusal(path).what == "ce ne sont pas des données OpenStreetMap"


def test_changes_are_told(tmp_path):
    path = tmp_path / "a.osm"
    path.write_text('<osmChange version="0.6"></osmChange>')
    assert "modifications" in refusal(path).what


def test_a_name_that_hides_the_format_is_told(tmp_path):
    path = tmp_path / "a.osm"
    shutil.copy(packaged("test.osm.pbf"), path)
    assert refusal(path).mend == "renommez-le pour qu’il finisse par « .osm.pbf »"
    path.write_bytes(gzip.compress(f"{HEAD}</osm>".encode()))
    assert refusal(path).mend == "renommez-le pour qu’il finisse par « .osm.gz »"


@pytest.mark.parametrize("share", [0.0002, 0.01, 0.3, 0.7, 0.999])
def test_a_cut_pbf_is_told(tmp_path, share):
    whole = packaged("test.osm.pbf").read_bytes()
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "abîmé" in refusal(path).what


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_damaged_pbf_is_told_or_read(tmp_path, place):
    raw = bytearray(packaged("test.osm.pbf").read_bytes())
    middle = int(len(raw) * place)
    raw[middle : middle + 50] = bytes(50)
    path = tmp_path / "a.osm.pbf"
    path.write_bytes(raw)
    assert "abîmé" in refusal(path).what


@pytest.mark.parametrize("name", ["a.osm.gz", "a.osm.bz2"])
def test_a_cut_archive_is_told(tmp_path, name):
    text = f"{HEAD}{row_of_nodes(2000)}{way(1, [1, 2], highway='track')}</osm>".encode()
    packed = (bz2 if "bz2" in name else gzip).compress(text)
    path = tmp_path / name
    for share in (0.5, 0.98):
        path.write_bytes(packed[: int(len(packed) * share)])
        assert "abîmé" in refusal(path).what
    path.write_bytes(packed[:20] + bytes(40) + packed[60:])
    refusal(path)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + row_of_nodes(2) + way(1, [1, 2], highway="track"),
        HEAD + "<way id='1'><nd ref='1'></way></osm>",
        HEAD + '<node id="un" lat="43" lon="3"/></osm>',
        HEAD + '<node id="1" lat="nord" lon="3"/></osm>',
        HEAD.replace("0.6", "0.5") + "</osm>",
    ],
    ids=["cut", "unclosed", "letters", "words", "old"],
)
def test_a_broken_text_is_told(tmp_path, text):
    path = tmp_path / "a.osm"
    path.write_text(text)
    assert "abîmé" in refusal(path).what


def test_bytes_that_are_no_text_are_told_or_read(tmp_path):
    path = tmp_path / "a.osm"
    text = f"{HEAD}{row_of_nodes(2)}{way(1, [1, 2], highway='track', name='É')}</osm>"
    path.write_bytes(text.encode("latin-1"))
    assert "abîmé" in refusal(path).what


def test_entities_are_refused(tmp_path):
    path = tmp_path / "a.osm"
    bomb = '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    path.write_text(f"{bomb}<osm version='0.6'></osm>")
    assert "entités" in refusal(path).what
    late = (
        f"{HEAD}<!--{'x' * 9000}--><node id='1' lat='43' lon='3'><tag k='a' v='&b;'/></node></osm>"
    )
    path.write_text(late)
    assert "abîmé" in refusal(path).what


@pytest.mark.parametrize("ending", ["gz", "bz2"])
def test_a_bomb_is_refused_before_it_is_unfolded(tmp_path, ending):
    path = tmp_path / f"a.osm.{ending}"
    opener = gzip.open if ending == "gz" else bz2.open
    with opener(path, "wb") as file:
        file.write(HEAD.encode())
        for _ in range(40):
            file.write(b" " * 2**20)
    assert "démesurée" in refusal(path).what


@pytest.mark.parametrize("limit", ["MAX_GIB", "PLAIN_GIB"])
def test_a_country_is_refused(write, monkeypatch, limit):
    path = write("") if limit == "PLAIN_GIB" else packaged("test.osm.pbf")
    monkeypatch.setattr(osmfile, limit, 0)
    fault = refusal(path)
    assert "au-delà de 0 Gio" in fault.what
    assert "région" in fault.mend


def test_too_many_objects_are_refused(write, monkeypatch):
    monkeypatch.setattr(osmfile, "MAX_OBJECTS", 5)
    content = row_of_nodes(2) + "".join(way(n, [1, 2], highway="road") for n in range(1, 7))
    assert "millions d’objets" in refusal(write(content)).what


def test_no_way_at_all_is_told(write):
    assert "aucune route" in refusal(write(row_of_nodes(3))).what
    assert "aucune route" in refusal(write("")).what
    assert "aucune route" in refusal(write(row_of_nodes(1) + way(1, [1], highway="road"))).what


@pytest.mark.parametrize("refs", [[-1, -2], [8, 9]])
def test_roads_without_their_points_are_told(write, refs):
    content = node(-1, 3.1, 43.1) + node(-2, 3.2, 43.2) + way(5, refs, highway="road")
    fault = refusal(write(content))
    assert "n’a pas les points" in fault.what


def test_coordinates_off_the_globe_are_missing_points(write):
    content = row_of_nodes(2) + node(3, 200.5, 43.6) + node(4, 3.4, 95.0)
    content += way(1, [1, 2, 3, 4, 1], highway="road")
    assert pieces(read_osm(write(content), None)) == {(1, 1, 2)}


def test_elsewhere_is_told_with_what_the_file_covers(write):
    content = node(1, 1.5, 42.5) + node(2, 1.75, 42.625) + way(1, [1, 2], highway="road")
    fault = refusal(write(content), HERE)
    assert "longitudes 1,50 à 1,75 et latitudes 42,50 à 42,62" in fault.what
    assert "longitudes 3,00 à 4,00" in fault.what
    assert fault.mend == "prenez l’extrait de votre région"


def test_swapped_coordinates_are_told(write):
    content = node(1, 43.5, 3.5) + node(2, 43.6, 3.6) + way(1, [1, 2], highway="road")
    assert "échangées" in refusal(write(content), HERE).mend


@pytest.mark.skipif(sys.platform == "win32", reason="os.mkfifo")
def test_a_pipe_is_no_file(tmp_path):
    path = tmp_path / "a.osm"
    os.mkfifo(path)
    thread = threading.Thread(target=lambda: refusal(path), daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_heavy_libraries_wait_until_they_are_needed():
    code = (
        "import sys, tourplan.network.osmfile, tourplan.network.online;"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {*done.stdout.split()} & {"osmium", "osmnx", "requests", "geopandas", "networkx"}


def test_a_name_with_accents_and_spaces(write):
    content = row_of_nodes(2) + way(1, [1, 2], highway="road")
    assert read_osm(write(content, "Hérault été (1).osm"), None).way.size == 1


def test_a_nul_in_the_name_is_told():
    assert refusal(Path("a\0b.osm"))


def test_the_margin_of_an_area():
    wide = HERE.widened(10)
    assert wide.width_km == pytest.approx(HERE.width_km + 20, rel=0.02)
    assert wide.height_km == pytest.approx(HERE.height_km + 20)
    assert HERE.widened(0) == HERE
    assert Area(-180, -90, 180, 90).widened(100) == Area(-180, -90, 180, 90)


@pytest.mark.parametrize("box", [(4, 43, 3, 44), (3, 44, 4, 43), (3, 43, 4, 99), (np.nan, 1, 2, 3)])
def test_an_area_is_on_the_globe(box):
    with pytest.raises(ValueError, match="not a box"):
        Area(*box)
