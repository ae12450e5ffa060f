"""What the map shows follows from the plan and its facts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely

from tourplan.export import scene as scenes
from tourplan.export.scene import LIMITS_MIN, UNREACHED, Reach, build_scene
from tourplan.places import Venue
from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.study.existing import existing_tour
from tourplan.territory import Commune


@pytest.fixture(scope="module")
def scene(herault_plan: Plan, herault_case: Case) -> scenes.Scene:
    return build_scene(herault_plan, herault_case)


@pytest.mark.parametrize(
    ("seconds", "rank"), [(0, 0), (300, 0), (301, 1), (900, 2), (1800, 4), (1801, 5)]
)
def test_class_limits_belong_to_the_nearer_class(seconds: int, rank: int) -> None:
    reach = Reach(seconds, "Lodève", itinerant=False)
    assert reach.rank == rank
    assert not any(reach.beyond(m) for m in LIMITS_MIN[rank:])
    assert all(reach.beyond(m) for m in LIMITS_MIN[:rank])


def test_unreached_is_beyond_everything() -> None:
    reach = Reach(None, "", itinerant=False)
    assert reach.rank == UNREACHED
    assert reach.beyond(600)


def test_communes_are_those_of_residents_and_sites(scene: scenes.Scene, herault_case: Case) -> None:
    sites = {site.code for site in herault_case.problem.sites}
    assert {v.commune.code for v in scene.communes} == {*herault_case.resident_codes, *sites}
    total = sum(view.residents for view in scene.communes)
    assert total == int(herault_case.problem.resident_weight.sum())


def test_access_agrees_with_the_plan(scene: scenes.Scene, herault_plan: Plan) -> None:
    whole = herault_plan.access[-1]
    lived_in = scene.farthest_first()
    for goal, group in whole.groups_after.items():
        far = [v.residents for v in lived_in if v.after.beyond(goal)]
        near = [v.residents for v in lived_in if goal in v.after.near]
        assert (sum(far), len(far)) == (group.beyond, group.communes_beyond)
        assert (sum(near), len(near)) == (group.near, group.communes_near)
    for goal, group in whole.groups_before.items():
        assert sum(v.residents for v in scene.communes if v.before.beyond(goal)) == group.beyond
        assert sum(v.residents for v in scene.communes if goal in v.before.near) == group.near


def test_a_commune_at_30_1_minutes_is_near_30_not_beyond(scene: scenes.Scene) -> None:
    (village,) = [v for v in scene.communes if v.commune.code == "34277"]
    assert village.before.seconds == 1806
    assert village.before.near == (30,)
    assert not village.before.beyond(30)
    assert village.before.beyond(20)
    assert village.after.near == ()


def test_near_every_limit_of_a_class(scene: scenes.Scene) -> None:
    for view in scene.communes:
        for reach in (view.before, view.after):
            seconds = reach.seconds or 0
            near = [m for m in LIMITS_MIN if seconds * 90 <= m * 6000 < seconds * 110]
            assert reach.near == tuple(near)


def test_without_uncertainty_nothing_is_near(herault_plan: Plan, herault_case: Case) -> None:
    origin = herault_plan.origin.model_copy(update={"uncertainty_pct": 0})
    sure = build_scene(herault_plan.model_copy(update={"origin": origin}), herault_case)
    assert not any(v.before.near or v.after.near for v in sure.communes)


def test_communes_served_are_reached_on_the_spot(scene: scenes.Scene, herault_plan: Plan) -> None:
    served = [v for v in scene.communes if v.commune.code in herault_plan.codes()]
    assert len(served) == 10
    assert all(v.after == Reach(0, v.commune.name, itinerant=True) for v in served)


def test_the_tour_never_lengthens_access(scene: scenes.Scene) -> None:
    assert all(view.after.sort_s <= view.before.sort_s for view in scene.communes)


def test_without_any_counter_nobody_is_reached(herault_plan: Plan, herault_case: Case) -> None:
    problem = replace(herault_case.problem, fixed_place=np.array([], dtype=np.int64))
    plan = herault_plan.model_copy(update={"days": ()})
    views = scenes.commune_views(plan, problem, herault_case.territory)
    assert {view.after.rank for view in views} == {UNREACHED}


def test_days_take_each_link_once_and_visit_their_stops(
    scene: scenes.Scene, herault_plan: Plan
) -> None:
    for route in scene.routes:
        links = [frozenset(link) for way in route.ways for link in pairwise(way)]
        assert len(links) == len(set(links))
        passed = {code for way in route.ways for code in way}
        assert {route.day.depot, *(stop.code for stop in route.day.stops)} <= passed
    assert [m.label for m in scene.routes[1].stops] == ["2a", "2b"]


def test_a_stop_stands_at_its_own_room(herault_plan: Plan, herault_case: Case) -> None:
    stop = herault_plan.days[0].stops[0]
    venue = Venue(code=stop.code, name="Halle", lon=3.5, lat=43.9)
    scenario = herault_case.scenario.model_copy(update={"venues": (venue,)})
    case = replace(herault_case, scenario=scenario)
    held = stop.model_copy(update={"place": "Halle"})
    day = herault_plan.days[0].model_copy(update={"stops": (held, *herault_plan.days[0].stops[1:])})
    shown = build_scene(herault_plan.model_copy(update={"days": (day,)}), case)
    one, two = shown.routes[0].stops
    commune = herault_case.territory[two.stop.code]
    assert (one.point, two.point) == ((3.5, 43.9), (commune.lon, commune.lat))


def test_half_days_in_hours_are_those_counted(scene: scenes.Scene, herault_plan: Plan) -> None:
    marks = [mark for route in scene.routes for mark in route.stops]
    assert sum(mark.in_hours is True for mark in marks) == herault_plan.figures.in_hours


def test_heavy_contours_are_simplified_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "MAX_POINTS", 300)
    rough = [_cell(column, row) for column in range(3) for row in range(3)]
    light = scenes.light_contours(rough)
    before = sum(len(c.geometry["coordinates"][0]) for c in rough if c.geometry)
    assert sum(len(ring) for rings in light.values() for ring in rings) <= 300 < before
    assert shapely.coverage_is_valid([shapely.Polygon(rings[0]) for rings in light.values()])


@pytest.mark.parametrize(
    "geometry", [None, {}, {"type": "Point", "coordinates": [3, 43]}, {"type": "Polygon"}]
)
def test_a_commune_without_area_has_no_contour(geometry: dict[str, object] | None) -> None:
    commune = replace(_cell(0, 0), geometry=geometry)
    assert scenes.light_contours([commune]) == {}


def _cell(column: int, row: int) -> Commune:
    """A square commune of a tenth of a degree whose borders zigzag."""
    x0, y0, step = 3 + column / 10, 43 + row / 10, 0.002
    side = np.arange(0, 0.1 - step / 2, step)
    zigzag = np.where(np.arange(len(side)) % 2, 0.0003, 0)
    ring = [
        *zip(x0 + side, y0 + zigzag, strict=True),
        *zip(x0 + 0.1 + zigzag, y0 + side, strict=True),
        *zip((x0 + side + step)[::-1], (y0 + 0.1 + np.roll(zigzag, -1))[::-1], strict=True),
        *zip((x0 + np.roll(zigzag, -1))[::-1], (y0 + side + step)[::-1], strict=True),
    ]
    points = [[round(float(x), 6), round(float(y), 6)] for x, y in ring]
    return Commune(
        code=f"9{column}00{row}",
        name=f"Case {column}-{row}",
        departement="90",
        epci_code="",
        epci_name="",
        population=1,
        postcodes="",
        lon=x0 + 0.05,
        lat=y0 + 0.05,
        address="",
        hours=None,
        geometry={"type": "Polygon", "coordinates": [[*points, points[0]]]},
    )


def test_the_tour_of_today_beside(herault_plan: Plan, herault_case: Case) -> None:
    today = existing_tour(herault_case, "herault_2024")
    both = build_scene(herault_plan, herault_case, today)
    alone, own = build_scene(herault_plan, herault_case), build_scene(today.plan, today.case)
    assert both.today is not None
    assert both.today.routes == own.routes
    assert both.today.nodes == own.nodes
    assert both.routes == alone.routes
    assert [v.after for v in both.communes] == [v.after for v in alone.communes]
    assert [v.today for v in both.communes] == [v.after for v in own.communes]
    assert {v.today for v in alone.communes} == {None}


def test_the_map_reaches_the_tour_of_today(herault_plan: Plan, herault_case: Case) -> None:
    """A room of today's tour, set far away, is on the map with what surrounds it."""
    today = existing_tour(herault_case, "herault_2024")
    venue = Venue(code="34064", name="Mairie", lon=2.7, lat=43.3)
    scenario = today.case.scenario.model_copy(update={"venues": (venue,)})
    far = replace(today, case=replace(today.case, scenario=scenario))
    codes = {c.code for c in build_scene(herault_plan, herault_case, far).surroundings}
    near = {c.code for c in build_scene(herault_plan, herault_case, today).surroundings}
    assert near < codes
    assert "34158" in codes
