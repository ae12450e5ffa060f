"""The plan as map layers: GeoJSON (degrees) and GeoPackage (Lambert-93), columns in French."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tourplan.export.scene import Reach, commune_views, day_routes, way_points
from tourplan.export.words import origin_words
from tourplan.hours import clock
from tourplan.measures import fixed_access, whole_access
from tourplan.plan import Day, Plan, Stop

if TYPE_CHECKING:
    from tourplan.access import Access
    from tourplan.prepare import Case

WGS84 = "EPSG:4326"
LAMBERT_93 = "EPSG:2154"
GPKG_VERSION = "1.2"
"""Of the format: older geographic software warns of the ones after."""
Row = dict[str, Any]
COLUMNS = {
    "sessions": (
        "journee",
        "semaine",
        "jour",
        "semaines_du_mois",
        "creneau",
        "code_insee",
        "commune",
        "lieu",
        "adresse",
        "code_postal",
        "ouverture",
        "fermeture",
        "pause_de",
        "pause_a",
    ),
    "trajets": ("journee", "semaine", "jour", "semaines_du_mois", "agence", "source"),
    "communes": (
        "code_insee",
        "commune",
        "habitants",
        "acces_avant_min",
        "acces_apres_min",
        "accueil_avant",
        "accueil_apres",
    ),
    "acces": ("code_insee", "nom", "habitants", "acces_avant_min", "acces_apres_min"),
}
"""The layers, and the columns of each before its geometry."""


def geojson_files(plan: Plan, case: Case, *, internal: bool) -> dict[str, bytes]:
    """One GeoJSON file a layer, longitudes and latitudes in degrees."""
    return {
        f"geojson/{name}.geojson": frame.to_json(drop_id=True, ensure_ascii=False).encode()
        for name, frame in layers(plan, case, internal=internal).items()
    }


def geopackage_files(plan: Plan, case: Case, *, internal: bool) -> dict[str, bytes]:
    """One GeoPackage with every layer, in metres (Lambert-93)."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tournee.gpkg"
        for name, frame in layers(plan, case, internal=internal).items():
            lambert = frame.to_crs(LAMBERT_93)
            lambert.to_file(path, layer=name, driver="GPKG", VERSION=GPKG_VERSION)
        return {"tournee.gpkg": path.read_bytes()}


def layers(plan: Plan, case: Case, *, internal: bool) -> dict[str, Any]:
    """The layers as GeoDataFrames in degrees.

    Points where people live are for internal use where the user's file tells more of them than
    the chef-lieu of their commune.
    """
    rows = {
        "sessions": list(_sessions(plan, case)),
        "trajets": list(_drives(plan, case)),
        "communes": list(_communes(plan, case)),
    }
    if internal or all(point.lon is None for point in case.residents):
        rows["acces"] = list(_residents(plan, case))
    return {name: _frame(COLUMNS[name], found) for name, found in rows.items()}


def _frame(columns: tuple[str, ...], rows: list[Row]) -> Any:
    """Rows as a GeoDataFrame, with its columns even where there is no row."""
    import geopandas

    values = {name: [row[name] for row in rows] for name in columns}
    geometry = [row["geometry"] for row in rows]
    return geopandas.GeoDataFrame(values, geometry=geometry, crs=WGS84)


def _sessions(plan: Plan, case: Case) -> Iterator[Row]:
    """The sessions of the cycle, where they are held."""
    from shapely.geometry import Point

    for route in day_routes(plan, case):
        for mark in route.stops:
            point = None if mark.point is None else Point(mark.point)
            head = {"journee": route.number, **_weeks(plan, route.day)}
            yield {**head, **_session(mark.stop), "geometry": point}


def _weeks(plan: Plan, day: Day) -> Row:
    return {
        "semaine": day.week,
        "jour": day.weekday_name,
        "semaines_du_mois": ",".join(map(str, plan.rhythm.runs(day.week))),
    }


def _session(stop: Stop) -> Row:
    pause = {"pause_de": stop.closed_from_s, "pause_a": stop.closed_until_s}
    return {
        "creneau": stop.session,
        "code_insee": stop.code,
        "commune": stop.name,
        "lieu": stop.place,
        "adresse": stop.address,
        "code_postal": stop.postcode,
        "ouverture": clock(stop.opening_s),
        "fermeture": clock(stop.closing_s),
        **{key: None if time_s is None else clock(time_s) for key, time_s in pause.items()},
    }


def _drives(plan: Plan, case: Case) -> Iterator[Row]:
    """The ways of each day, each road once."""
    from shapely.geometry import MultiLineString

    routes = day_routes(plan, case)
    points = way_points(routes, case.travel, case.territory)
    for route in routes:
        ways = [[points[name] for name in way if name in points] for way in route.ways]
        yield {
            "journee": route.number,
            **_weeks(plan, route.day),
            "agence": plan.depots[route.day.depot],
            "source": origin_words(plan.origin),
            "geometry": MultiLineString([way for way in ways if len(way) > 1]),
        }


def _communes(plan: Plan, case: Case) -> Iterator[Row]:
    """The communes of the residents, with their access without and with the tour."""
    from shapely.geometry import Point, shape

    for view in commune_views(plan, case.problem, case.territory):
        commune = view.commune
        outline = commune.geometry
        yield {
            "code_insee": commune.code,
            "commune": commune.name,
            "habitants": view.residents,
            "acces_avant_min": _reach_min(view.before),
            "acces_apres_min": _reach_min(view.after),
            "accueil_avant": view.before.counter,
            "accueil_apres": view.after.counter,
            "geometry": shape(outline) if outline else Point(commune.lon, commune.lat),
        }


def _reach_min(reach: Reach) -> float | None:
    return None if reach.seconds is None else round(reach.seconds / 60, 1)


def _residents(plan: Plan, case: Case) -> Iterator[Row]:
    """Where people live, with the access of each point without and with the tour."""
    from shapely.geometry import Point

    before, after = fixed_access(case.problem), whole_access(case.problem, plan.days)
    for number, point in enumerate(case.residents):
        commune = case.territory[point.code]
        where = (commune.lon, commune.lat) if point.lon is None else (point.lon, point.lat)
        yield {
            "code_insee": point.code,
            "nom": point.name or commune.name,
            "habitants": point.weight,
            "acces_avant_min": _access_min(before, number),
            "acces_apres_min": _access_min(after, number),
            "geometry": Point(where),
        }


def _access_min(access: Access, number: int) -> float | None:
    return round(int(access.time_s[number]) / 60, 1) if access.reached[number] else None
