"""Map layers: names, columns, coordinates, and the same facts as the plan."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas
import pyogrio
import pytest

from tourplan.export.layers import COLUMNS, geojson_files, geopackage_files
from tourplan.measures import fixed_access, whole_access


@pytest.fixture(scope="module")
def geojson(herault_plan, herault_case):
    files = geojson_files(herault_plan, herault_case, internal=False)
    return {name.split("/")[1].removesuffix(".geojson"): json.loads(v) for name, v in files.items()}


@pytest.fixture(scope="module")
def package(herault_plan, herault_case, tmp_path_factory):
    path = tmp_path_factory.mktemp("couches") / "tournee.gpkg"
    (content,) = geopackage_files(herault_plan, herault_case, internal=False).values()
    path.write_bytes(content)
    return path


def test_layers_and_columns(geojson, package):
    assert list(geojson) == list(COLUMNS)
    assert [name for name, _ in pyogrio.list_layers(package)] == list(COLUMNS)
    for name, columns in COLUMNS.items():
        frame = geopandas.read_file(package, layer=name)
        assert tuple(frame.columns) == (*columns, "geometry")
        assert frame.crs.to_epsg() == 2154
        for feature in geojson[name]["features"]:
            assert tuple(feature["properties"]) == columns


def test_older_software_reads_the_package_without_a_warning(package):
    """The version of the format is bytes 60 to 63 of the file (OGC 12-128, user_version)."""
    assert int.from_bytes(package.read_bytes()[60:64], "big") == 10_200


def test_both_say_the_same(geojson, package):
    for name in COLUMNS:
        metres = geopandas.read_file(package, layer=name)
        degrees = geopandas.GeoDataFrame.from_features(geojson[name], crs="EPSG:4326")
        assert len(metres) == len(degrees)
        apart_m = degrees.to_crs(2154).geometry.distance(metres.geometry)
        assert apart_m.max() < 0.01


def test_sessions_stand_where_they_are_held(geojson, herault_plan):
    stops = {stop.code: stop for day in herault_plan.days for stop in day.stops}
    assert len(geojson["sessions"]["features"]) == herault_plan.sessions_per_cycle
    for feature in geojson["sessions"]["features"]:
        stop = stops[feature["properties"]["code_insee"]]
        assert feature["geometry"]["coordinates"] == [stop.lon, stop.lat]
        assert feature["properties"]["semaines_du_mois"] == "2,4"


def test_drives_tell_their_source(geojson, herault_plan):
    features = geojson["trajets"]["features"]
    assert len(features) == len(herault_plan.days)
    assert all("OpenStreetMap" in feature["properties"]["source"] for feature in features)
    assert all(feature["geometry"]["coordinates"] for feature in features)


def test_access_is_that_of_the_measures(geojson, herault_plan, herault_case):
    problem = herault_case.problem
    before, after = fixed_access(problem), whole_access(problem, herault_plan.days)
    found = [feature["properties"] for feature in geojson["acces"]["features"]]
    assert [row["acces_avant_min"] for row in found] == [round(s / 60, 1) for s in before.time_s]
    assert [row["acces_apres_min"] for row in found] == [round(s / 60, 1) for s in after.time_s]
    assert sum(row["habitants"] for row in found) == int(problem.resident_weight.sum())
    total = sum(f["properties"]["habitants"] for f in geojson["communes"]["features"])
    assert total == int(problem.resident_weight.sum())


def test_hamlets_are_for_internal_use(herault_plan, herault_case):
    first, *others = herault_case.residents
    case = replace(herault_case, residents=(replace(first, lon=3.4, lat=43.7), *others))
    public = geojson_files(herault_plan, case, internal=False)
    assert "geojson/acces.geojson" not in public
    assert "geojson/acces.geojson" in geojson_files(herault_plan, case, internal=True)


def test_an_empty_plan_has_empty_layers(herault_plan, herault_case, tmp_path):
    empty = herault_plan.model_copy(update={"days": ()})
    (content,) = geopackage_files(empty, herault_case, internal=False).values()
    path = tmp_path / "vide.gpkg"
    path.write_bytes(content)
    assert len(geopandas.read_file(path, layer="sessions")) == 0
