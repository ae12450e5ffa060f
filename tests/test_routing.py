from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from roadfile import grid, lat, lon

from tourplan import routing
from tourplan.errors import InputError
from tourplan.network.store import Store
from tourplan.routing import area_of, measured_of, travel_for, with_measured
from tourplan.scenario import Scenario

POINTS = {
    "34001": (lon(1), lat(1) + 0.001),
    "34002": (lon(4), lat(1)),
    "34003": (lon(4), lat(3)),
}


def scenario(folder, **network) -> Scenario:
    keys = {
        "titre": "essai",
        "communes": {"a_desservir": list(POINTS)},
        "reseau": {"source": "fichier", "fichier": "g.osm", **network},
    }
    return Scenario.from_keys(keys, folder)


@pytest.fixture
def folder(tmp_path):
    grid(tmp_path / "g.osm")
    return tmp_path


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def kinds(store: Store) -> list[str]:
    return [entry.kind for entry in store.entries()]


def same(one, two) -> bool:
    arrays = ("time_s", "distance_m", "reachable", "measured")
    return all(np.array_equal(getattr(one, a), getattr(two, a)) for a in arrays)


def test_times_over_a_file(folder, store):
    found = travel_for(scenario(folder), POINTS, store=store)
    assert found.places == tuple(POINTS)
    assert found.reachable.all()
    # Three steps of 0.02 degrees of longitude at 43.52 degrees north, and 111 m along the column.
    across_m = 3 * 0.02 * 111_195 * np.cos(np.radians(lat(1)))
    assert found.distance_m[0, 1] == pytest.approx(across_m + 111, rel=0.002)
    assert found.time_s[0, 1] == pytest.approx((across_m + 111) / 70 * 3.6, rel=0.25)
    assert found.source.uncertainty_pct == 15
    assert not found.source.schematic
    assert [snap.distance_m for snap in found.snaps] == [0, 0, 0]


def test_the_same_question_does_no_work(folder, store, monkeypatch):
    first = travel_for(scenario(folder), POINTS, store=store)
    assert kinds(store) == ["rues", "temps"]

    def never(*_, **__):
        raise AssertionError("done again")

    for name in ("piece_times", "simplify", "from_arrays", "hierarchy_of"):
        monkeypatch.setattr(routing, name, never)
    again = travel_for(scenario(folder), POINTS, store=store)
    assert same(first, again)
    assert (again.source, again.snaps, again.notes) == (first.source, first.snaps, first.notes)


def test_other_speeds_weigh_again_and_read_nothing(folder, store, monkeypatch):
    first = travel_for(scenario(folder), POINTS, store=store)
    monkeypatch.setattr(routing.RoadTimes, "_roads", None)
    slower = travel_for(scenario(folder, vitesses={"departementale": 35}), POINTS, store=store)
    assert (slower.time_s > first.time_s)[~np.eye(3, dtype=bool)].all()
    assert np.array_equal(slower.distance_m, first.distance_m)
    twice = travel_for(scenario(folder, facteur=2.0), POINTS, store=store)
    ratio = twice.time_s[0, 2] / first.time_s[0, 2]
    assert 1.8 < ratio <= 2.001  # the access from the point to the road is not multiplied
    assert kinds(store) == ["rues", "temps", "temps", "temps"]


def test_another_file_of_the_same_name_is_read(folder, store):
    first = travel_for(scenario(folder), POINTS, store=store)
    text = (folder / "g.osm").read_text(encoding="utf-8")
    (folder / "g.osm").write_text(text.replace("secondary", "residential"), encoding="utf-8")
    second = travel_for(scenario(folder), POINTS, store=store)
    assert second.time_s[0, 1] > first.time_s[0, 1]


def test_ways_are_found_again_from_the_cache(folder, store):
    first = travel_for(scenario(folder), POINTS, store=store)
    again = travel_for(scenario(folder), POINTS, store=store)
    for found in (first, again):
        way = found.path("34001", "34003")
        assert (way[0], way[-1]) == ("34001", "34003")
        places = [found.ways.position(point) for point in way]
        assert None not in places
        assert len(places) > 4
    assert first.path("34001", "34003") == again.path("34001", "34003")


@pytest.mark.parametrize("kind", ["rues", "temps"])
def test_a_damaged_cache_is_made_again(folder, store, kind):
    first = travel_for(scenario(folder), POINTS, store=store)
    for entry in store.entries():
        if entry.kind == kind:
            entry.path.write_bytes(b"PK damaged")
        elif kind == "rues":
            entry.path.unlink()
    assert same(first, travel_for(scenario(folder), POINTS, store=store))


def test_arrays_of_another_shape_in_the_cache_are_made_again(folder, store):
    first = travel_for(scenario(folder), POINTS, store=store)
    for entry in store.entries():
        key = entry.path.stem.split("-")[1]
        store.save(entry.kind, key, {"a": np.arange(3)})
    assert same(first, travel_for(scenario(folder), POINTS, store=store))


def test_a_fault_leaves_the_cache_as_it_was(folder, store):
    travel_for(scenario(folder), POINTS, store=store)
    before = {entry.path: entry.path.read_bytes() for entry in store.entries()}
    (folder / "g.osm").write_text("<osm", encoding="utf-8")
    with pytest.raises(InputError):
        travel_for(scenario(folder), POINTS, store=store)
    assert {entry.path: entry.path.read_bytes() for entry in store.entries()} == before


def test_a_missing_file_is_told(folder, store):
    (folder / "g.osm").unlink()
    with pytest.raises(InputError):
        travel_for(scenario(folder), POINTS, store=store)


def test_a_place_on_no_road_is_unreachable_and_says_why(folder, store):
    points = {**POINTS, "34009": (lon(1) - 0.3, lat(1))}
    found = travel_for(scenario(folder), points, store=store)
    assert not found.reachable[3, :3].any()
    assert "aucune route" in found.snaps[3].fault


def test_measured_times_take_the_place_of_computed_ones(folder, store):
    plain = travel_for(scenario(folder), POINTS, store=store)
    keys = {
        "titre": "essai",
        "communes": {"a_desservir": list(POINTS)},
        "reseau": {"source": "fichier", "fichier": "g.osm", "mesures": "m.csv"},
        "mesures": [{"de": "34001", "vers": "34002", "minutes": 27.5}],
    }
    (folder / "m.csv").write_text("de;vers;minutes\n34003;34002;9\n34002;34003;10\n")
    found = travel_for(Scenario.from_keys(keys, folder), POINTS, store=store)
    assert found.time_s[0, 1] == found.time_s[1, 0] == 1650
    assert (found.time_s[2, 1], found.time_s[1, 2]) == (540, 600)
    assert found.time_s[0, 2] == plain.time_s[0, 2]
    assert found.measured.sum() == 4
    assert np.array_equal(found.distance_m, plain.distance_m)
    assert any("mesuré" in note for note in found.notes)


def test_a_drive_measured_twice_in_two_places_is_told(folder):
    keys = {
        "titre": "essai",
        "communes": {"a_desservir": list(POINTS)},
        "reseau": {"mesures": "m.csv"},
        "mesures": [{"de": "34001", "vers": "34002", "minutes": 27}],
    }
    (folder / "m.csv").write_text("de;vers;minutes\n34001;34002;9\n")
    with pytest.raises(InputError) as caught:
        measured_of(Scenario.from_keys(keys, folder))
    assert "gardez l’un des deux" in str(caught.value)


def test_measured_drives_elsewhere_are_counted_not_used(folder, store):
    found = travel_for(scenario(folder), POINTS, store=store)
    same_times = with_measured(found, {("05001", "05002"): 60})
    assert not same_times.measured.any()
    assert "autres lieux : 1" in same_times.notes[-1]
    assert with_measured(found, {}) is found


def test_the_uncertainty_can_be_chosen(folder, store):
    found = travel_for(scenario(folder, incertitude_pct=5), POINTS, store=store)
    assert found.source.uncertainty_pct == 5


def test_the_area_is_a_round_box_around_all_points():
    area = area_of(POINTS.values(), 15)
    assert area.holds(*np.array(list(POINTS.values())).T).all()
    assert area.south == pytest.approx(lat(1) - 15 / 111.2, abs=0.011)
    assert round(area.west, 2) == area.west


def test_a_copy_of_a_file_is_told_by_its_own_name(folder, store):
    travel_for(scenario(folder), POINTS, store=store)
    (folder / "copie.osm").write_bytes((folder / "g.osm").read_bytes())
    found = travel_for(scenario(folder, fichier="copie.osm"), POINTS, store=store)
    assert "copie.osm" in found.source.label
    assert kinds(store) == ["rues", "temps"]


def test_a_wider_area_that_cannot_be_had_is_done_without(folder, store, monkeypatch):
    found = travel_for(scenario(folder), POINTS, store=store)
    asked = []

    def within(self, margin):
        asked.append(margin)
        if len(asked) > 1:
            raise InputError.of("téléchargement", "la zone est trop grande", "prenez un fichier")
        return found, area_of(POINTS.values(), margin), 2

    monkeypatch.setattr(routing.RoadTimes, "_within", within)
    told = []
    again = travel_for(scenario(folder, marge_km=20.0), POINTS, told.append, store)
    assert same(found, again)
    assert len(asked) == 2
    assert any("n’est pas agrandie" in line for line in told)
    assert "n’est pas exclu" in again.notes[0]


def test_a_place_in_a_valley_joined_outside_makes_the_area_wider(tmp_path, store):
    """Two valleys, 3 km apart, that meet 30 km to the east."""
    node = '<node id="{}" lon="{:.3f}" lat="{:.3f}"/>'.format
    first = [(100 + k, 3 + 0.01 * k, 43.0) for k in range(60)]
    second = [(200 + k, 3 + 0.01 * k, 43.03) for k in range(60)]
    side = [(300 + k, 3 + 0.02 * k, 42.99) for k in range(20)]
    way = '<way id="{}">{}<tag k="highway" v="tertiary"/></way>'.format
    chains = [[n for n, *_ in first], [n for n, *_ in second], [159, 259]]
    chains += [[100 + 2 * k, 300 + k] for k in range(20)]
    ways = [way(k, "".join(f'<nd ref="{n}"/>' for n in refs)) for k, refs in enumerate(chains, 1)]
    text = "".join([*(node(*at) for at in (*first, *second, *side)), *ways])
    (tmp_path / "g.osm").write_text(f'<osm version="0.6">{text}</osm>', encoding="utf-8")
    points = {"05001": (3.05, 43.0), "05002": (3.05, 43.0301), "05003": (3.15, 43.0)}
    found = travel_for(scenario(tmp_path, marge_km=10.0), points, store=store)
    assert found.snaps[1].distance_m < 20
    assert not found.snaps[1].cut_off
    assert found.time_s[0, 1] > 5_000


def test_winter_is_slower(folder, store):
    summer = travel_for(scenario(folder), POINTS, store=store)
    winter = travel_for(scenario(folder, hiver=True), POINTS, store=store)
    assert (winter.time_s > summer.time_s)[~np.eye(3, dtype=bool)].all()
    assert "hiver" in winter.source.speeds
    assert replace(winter.source, speeds="") == replace(summer.source, speeds="")


@pytest.mark.parametrize(
    ("network", "where"),
    [
        ({"source": "fichier"}, "reseau.fichier"),
        ({"source": "integre", "fichier": "g.osm"}, "reseau.fichier"),
        ({"source": "integre", "facteur": 1.2}, "reseau"),
        ({"source": "tableau", "fichier": "t.csv", "hiver": True}, "reseau"),
        ({"source": "fichier", "fichier": "g.osm", "serveur": "https://a.b"}, "reseau.serveur"),
        ({"source": "en_ligne", "vitesses": {"communal": 40}}, "reseau.vitesses.communal"),
        ({"source": "en_ligne", "vitesses": {"communale": 400}}, "reseau.vitesses.communale"),
        ({"source": "osm"}, "reseau.source"),
        ({"source": "en_ligne", "marge_km": 0}, "reseau.marge_km"),
        ({"source": "en_ligne", "facteur": 9}, "reseau.facteur"),
    ],
)
def test_a_network_that_contradicts_itself_is_told(network, where):
    keys = {"titre": "essai", "communes": {"a_desservir": ["34036"]}, "reseau": network}
    with pytest.raises(InputError) as caught:
        Scenario.from_keys(keys)
    assert where in [fault.where for fault in caught.value.faults]
