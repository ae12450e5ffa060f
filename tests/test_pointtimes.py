"""Resident points away from their chef-lieu: rectangles, plans, weights, maps."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from roadfile import grid_case, lat, lon
from tiny import MINUTE, make, on_a_line

from tourplan.access import Access, by_place
from tourplan.errors import InputError
from tourplan.export.page import map_page
from tourplan.export.scene import build_scene
from tourplan.measures import MEASURES, fixed_access, measure, whole_access
from tourplan.network.store import Store
from tourplan.optimise.solve import optimise
from tourplan.plan import Plan
from tourplan.planner import solve
from tourplan.pointtimes import straight_s
from tourplan.prepare import Case, prepare
from tourplan.problem import AccessGoal, PointTimes, Problem
from tourplan.residents import ResidentPoint
from tourplan.routing import travel_for
from tourplan.scenario import Scenario
from tourplan.starter import TEN, example_keys
from tourplan.study.coverage import coverage
from tourplan.study.sensitivity import stretched
from tourplan.verify import verify

CELLS = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "cases"
CELLS /= "population_200m_dix_communes.csv"
FIXED = settings(max_examples=40)
TWICE = "habitants_au_dela_10_x2"
LE_BOSC, LE_CAYLAR, LES_RIVES = "34036", "34064", "34230"


def case_of(folder: Path, head: str, *rows: str, **keys: Any) -> Case:
    (folder / "h.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    found = {
        "titre": "Essai",
        "communes": {"a_desservir": [LE_CAYLAR, LES_RIVES]},
        "vehicules": [{"depot": "34079"}],
        "semaine": {"ouverture_min_h": 0},
        "habitants": {"fichier": "h.csv", **keys.pop("habitants", {})},
        **keys,
    }
    return prepare(Scenario.from_keys(found, folder))


def as_points(problem: Problem) -> Problem:
    """The same problem, the times of its resident points in rectangles."""
    return replace(problem, point_times=PointTimes(*problem.fixed_times(), *problem.site_times()))


@pytest.fixture(scope="module")
def pair(herault_case: Case) -> tuple[Problem, Problem]:
    """The main case, times in the square and in rectangles."""
    return herault_case.problem, as_points(herault_case.problem)


class TestRectangles:
    def test_communes_need_none(self, herault_case):
        assert herault_case.problem.point_times is None

    def test_they_give_what_the_square_gives(self, pair, herault_plan):
        square, rectangles = pair
        days = herault_plan.days
        for counted in (None, np.arange(len(square.fixed_place)) % 2 == 0):
            for one, two in zip(
                square.fixed_times(counted), rectangles.fixed_times(counted), strict=True
            ):
                assert np.array_equal(one, two)
        names = {m.name for m in MEASURES} | {f"habitants_au_dela_{m}" for m in (10, 15, 20, 30)}
        for name in names:
            value = measure(square, name).value
            assert value(square, days) == value(rectangles, days), name

    def test_the_same_plan_is_proved_and_verified(self, pair):
        one, two = (optimise(problem) for problem in pair)
        assert [level.value for level in one.levels] == [level.value for level in two.levels]
        assert verify(pair[1], one.days, one.levels) == ()

    def test_the_checker_reads_them_on_its_own(self, pair, herault_plan):
        """One second more for everyone is seen in the level, not in the roads."""
        own = pair[1].point_times
        assert own is not None
        slower = replace(own, fixed_s=own.fixed_s + 1, site_s=own.site_s + 1)
        found = verify(replace(pair[1], point_times=slower), herault_plan.days, herault_plan.levels)
        assert {violation.rule for violation in found} == {"level"}

    def test_drives_of_residents_are_stretched_too(self, pair):
        one, two = (stretched(problem, 20) for problem in pair)
        for a, b in zip(one.site_times(), two.site_times(), strict=True):
            assert np.array_equal(a, b)
        assert np.array_equal(one.fixed_times()[0], two.fixed_times()[0])

    def test_floats_are_refused(self, pair):
        own = pair[1].point_times
        assert own is not None
        with pytest.raises(TypeError, match="site_s"):
            replace(own, site_s=own.site_s / 1)

    @FIXED
    @given(st.data())
    def test_plans_over_random_rectangles_are_verified(self, data):
        """Three sites, one counter, points anywhere: values recomputed without the solver agree."""
        count = data.draw(st.integers(1, 6))
        seconds = st.integers(0, 40 * MINUTE)

        def drawn(columns: int) -> tuple[Any, Any]:
            cells = [[data.draw(seconds) for _ in range(columns)] for _ in range(count)]
            there = [[data.draw(st.integers(0, 4)) > 0 for _ in range(columns)] for _ in cells]
            return np.array(cells, dtype=np.int64), np.array(there, dtype=bool)

        weights = [data.draw(st.integers(0, 50)) for _ in range(count)]
        problem = make(
            on_a_line([0, 20, 30, 45]),
            fixed=(0,),
            goals=(AccessGoal(20, None, False), AccessGoal(10, None, False, TWICE, sessions=2)),
            allowed=2,
            objectives=(
                "habitants_au_dela_20",
                TWICE,
                "acces_pire",
                "equite_communes",
                "acces_moyen",
            ),
        )
        problem = replace(
            problem,
            resident_place=np.array([1 + n % 3 for n in range(count)]),
            resident_weight=np.array(weights),
            resident_area=np.zeros(count, dtype=np.int64),
            point_times=PointTimes(*drawn(1), *drawn(3)),
        )
        found = optimise(problem)
        assert verify(problem, found.days, found.levels) == ()
        for level in found.levels:
            assert level.value == measure(problem, level.name).value(problem, found.days)


class TestStraightLine:
    def test_seconds_to_the_chef_lieu(self, herault_case):
        territory = herault_case.territory
        commune = territory[LE_BOSC]
        north = ResidentPoint(LE_BOSC, 1, lon=commune.lon, lat=commune.lat + 0.01, number=1)
        seconds = straight_s(territory, [north, ResidentPoint(LE_BOSC, 1)], 30)
        assert seconds.tolist() == [133, 0]  # 1,112 m at 30 km/h

    def test_it_is_added_to_the_time_of_the_chef_lieu(self, tmp_path, herault_case):
        commune = herault_case.territory[LE_CAYLAR]
        case = case_of(
            tmp_path,
            "code_insee;habitants;lon;lat",
            f"{LE_CAYLAR};10;{commune.lon};{commune.lat + 0.01}",
            f"{LE_CAYLAR};5;;",
            habitants={"vitesse_hameaux_km_h": 60},
        )
        time_s, reachable = case.problem.site_times()
        assert reachable.all()
        assert (time_s[1] - time_s[0]).tolist() == [67, 67]
        assert time_s[0, 0] == 0
        assert [p.key for p in case.residents] == [LE_CAYLAR, f"{LE_CAYLAR}#1"]
        assert case.resident_codes == (LE_CAYLAR, LE_CAYLAR)
        assert any("60 km/h (hypothèse : vitesse_hameaux_km_h" in note for note in case.notes)

    def test_where_and_how_fast_is_in_the_fingerprint(self, tmp_path):
        head, row = "code_insee;habitants;lon;lat;nom", f"{LE_CAYLAR};10;3.32;43.87"
        prints = {
            case_of(tmp_path, head, *rows, habitants=habitants).fingerprint()
            for rows, habitants in (
                ([f"{row};A"], {}),
                ([f"{row};B"], {}),
                ([f"{row}1;A"], {}),
                ([f"{row};A", f"{LE_CAYLAR};0;3.31;43.87;"], {}),
                ([f"{row};A"], {"vitesse_hameaux_km_h": 31}),
            )
        }
        assert len(prints) == 5


class TestFaults:
    HEAD = "code_insee;habitants;lon;lat;nom"

    def told(self, folder: Path, *rows: str) -> list[str]:
        with pytest.raises(InputError) as caught:
            case_of(folder, self.HEAD, *rows)
        return [str(fault) for fault in caught.value.faults]

    def test_a_point_far_from_its_commune_is_told(self, tmp_path):
        rows = (f"{LE_CAYLAR};1;3.32;43.87;", f"{LE_CAYLAR};1;-0.4;45.9;Loin")
        assert self.told(tmp_path, *rows) == [
            "habitants.fichier : point -0.4, 45.9 (Loin) placé à 369 km hors de sa commune, "
            "Le Caylar (34064) → vérifiez lon, lat et code_insee"
        ]

    def test_swapped_degrees_are_recognised(self, tmp_path):
        (told,) = self.told(tmp_path, f"{LE_CAYLAR};1;43.87;3.32;")
        assert told.endswith("→ lon et lat sont inversées")

    def test_a_file_of_another_place_is_told_briefly(self, tmp_path):
        rows = [f"{LE_CAYLAR};1;{n / 100};45;" for n in range(100)]
        assert len(self.told(tmp_path, *rows, "99999;1;3;43;", "99999;1;3.1;43;")) == 22


class TestWeights:
    HEAD = "code_insee;habitants;75 ans et plus"
    ROWS = (f"{LE_BOSC};100;0", f"{LE_CAYLAR};10;90,5", f"{LES_RIVES};20;9")

    @pytest.fixture
    def case(self, tmp_path) -> Case:
        goals = [{"minutes": 1, "poids": "75 ans et plus", "part_pct": 95.0}, {"minutes": 1}]
        return case_of(
            tmp_path,
            self.HEAD,
            *self.ROWS,
            communes={"a_desservir": [LE_CAYLAR], "candidates": [LES_RIVES]},
            acces=goals,
            points_fixes={"integres": False},
            objectifs={"ordre": ["habitants_au_dela_1_75_ans_et_plus", "habitants_au_dela_1"]},
            cycle={"jours": ["lundi"]},
            permanences=[{"nom": "matin", "ouverture": "09:45", "fermeture": "12:15"}],
        )

    def test_a_goal_counts_its_own_column(self, case):
        goal = next(goal for goal in case.problem.goals if goal.weight is not None)
        assert goal.weight is not None
        assert goal.weight.tolist() == [0, 91, 9]
        assert goal.label == "« 75 ans et plus » à plus de 1 min d’un accueil"

    def test_a_plan_leaves_what_the_hand_counts(self, case):
        """One session, at Le Caylar: 9 of 100 elderly are left, and 120 of 130 residents."""
        plan = solve(case)
        assert [(level.value, level.bound) for level in plan.levels] == [(9, 9), (120, 120)]
        assert plan.levels[0].text == "9 (« 75 ans et plus »)"
        note = "objectif de 95 % des « 75 ans et plus » à 1 min au plus : non atteint (91,0 %)"
        assert note in plan.notes
        page = map_page(plan, case)
        assert "«\u00a075 ans et plus\u00a0» à plus de 1\u00a0min" in page

    def test_a_column_named_as_a_script_is_shown_as_text(self, tmp_path):
        case = case_of(
            tmp_path,
            "code_insee;habitants;<script>x</script>",
            f"{LE_CAYLAR};10;3",
            acces=[{"minutes": 20, "poids": "<script>x</script>"}],
        )
        page = map_page(solve(case), case)
        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page


def test_ten_thousand_points_on_one_spot_are_planned_as_one(tmp_path):
    rows = [f"{LE_CAYLAR};1;3.32;43.87"] * 10_000
    start = time.perf_counter()
    case = case_of(tmp_path, "code_insee;habitants;lon;lat", *rows)
    plan = solve(case)
    assert case.problem.resident_weight.tolist() == [10_000]
    assert plan.access[-1].residents == 10_000
    assert time.perf_counter() - start < 20


def test_ten_thousand_points_make_rectangles(tmp_path, herault_case):
    """No square of points: far under the 800 MB that 10,000 by 10,000 times would take."""
    commune = herault_case.territory[LE_CAYLAR]
    rows = [
        f"{LE_CAYLAR};1;{commune.lon + (n % 100) * 1e-4:.6f};{commune.lat + n // 100 * 1e-4:.6f}"
        for n in range(10_000)
    ]
    case = case_of(tmp_path, "code_insee;habitants;lon;lat", *rows)
    problem = case.problem
    assert problem.site_times()[0].shape == (10_000, 2)
    assert problem.fixed_times()[0].shape == (10_000, len(problem.fixed_place))
    assert len(problem.places) < 200
    assert [level.proved for level in solve(case).levels] == [True] * len(problem.objectives)


class TestMeans:
    def test_residents_weigh_and_the_unreached_do_not(self):
        access = Access(np.array([60, 120, 0, 7, 9]), np.array([True, True, False, True, True]))
        place = np.array([5, 5, 5, 2, 2])
        places, mean = by_place(access, place, np.array([1, 2, 9, 0, 0]))
        assert places.tolist() == [5, 2]
        assert mean.time_s.tolist() == [100, 8]
        assert mean.reached.all()

    def test_nobody_reached(self):
        access = Access(np.array([0]), np.array([False]))
        assert not by_place(access, np.array([3]), np.array([4]))[1].reached.any()


@pytest.fixture(scope="module")
def cells() -> Case:
    """The main case, residents by cell."""
    keys = {**example_keys("herault"), "habitants": {"fichier": CELLS.name}}
    return prepare(Scenario.from_keys(keys, CELLS.parent))


@pytest.fixture(scope="module")
def cells_plan(cells: Case) -> Plan:
    return solve(cells)


@pytest.mark.skipif(not CELLS.is_file(), reason="the 200 m cells are not beside the project")
class TestCells:
    def test_344_cells_of_ten_communes_count(self, cells):
        assert len(cells.residents) == 344
        assert set(cells.resident_codes) == set(TEN)
        assert int(cells.problem.resident_weight.sum()) == 4331
        assert any("4328,5 dans le fichier, 4331 comptés" in note for note in cells.notes)

    def test_the_plan_is_proved_and_verified(self, cells, cells_plan):
        assert all(level.proved for level in cells_plan.levels)
        assert verify(cells.problem, cells_plan.days, cells_plan.levels) == ()
        assert cells_plan.case().fingerprint() == cells.fingerprint()

    def test_access_by_area_counts_people_by_cell_and_communes_once(self, cells, cells_plan):
        area = cells_plan.access[-1]
        before = fixed_access(cells.problem)
        weights = cells.problem.resident_weight
        assert area.residents == 4331
        assert area.before[15] == int(weights[before.beyond(15)].sum())
        assert area.communes_before[15] <= 10
        after = whole_access(cells.problem, cells_plan.days)
        assert area.after[15] == int(weights[after.beyond(15)].sum())

    def test_the_legend_of_the_map_counts_people_by_cell(self, cells, cells_plan):
        scene = build_scene(cells_plan, cells)
        access = fixed_access(cells.problem)
        near = access.reached & (access.time_s <= 15 * 60)
        counted = sum(
            view.residents_at(view.before, rank)
            for view in scene.communes
            for rank in range(6)
            if rank <= view_rank(15)
        )
        assert counted == int(cells.problem.resident_weight[near].sum())
        assert sum(view.residents for view in scene.communes) == 4331

    def test_coverage_is_told_by_commune_and_by_point(self, cells, cells_plan):
        found = coverage(cells, cells_plan)
        communes, points = found.communes(), found.points()
        assert (len(communes), len(points)) == (10, 344)
        assert communes["habitants"].sum() == points["habitants"].sum() == 4331
        assert points.loc["34036#1", "nom"] == "Bosc"
        mine = points[points["code_insee"] == LE_BOSC]
        column = "minutes sans la tournée"
        mean = np.average(mine[column], weights=mine["habitants"])
        assert communes.loc[LE_BOSC, column] == pytest.approx(mean, abs=0.01)
        found.plot()


def view_rank(minutes: int) -> int:
    from tourplan.export.scene import LIMITS_MIN

    return list(LIMITS_MIN).index(minutes)


PLACES = {"90001": (lon(0), lat(0)), "90002": (lon(5), lat(0))}
HOMES = {"90001#1": (lon(1), lat(2)), "90002#1": (lon(3), lat(1)), "90002#2": (lon(30), 44.5)}


class TestRoads:
    def test_points_are_put_on_the_roads_and_timed_as_places_are(self, tmp_path):
        scenario, store = grid_case(tmp_path), Store(tmp_path / "cache")
        near = {key: HOMES[key] for key in ("90001#1", "90002#1")}
        whole = travel_for(scenario, PLACES | near, store=store)
        for _ in range(2):  # the second time from the cache
            found = travel_for(
                scenario, PLACES, store=store, residents=near, counters=["90002", "90001"]
            )
            assert found.places == tuple(PLACES)
            assert found.points is not None
            assert found.points.reachable.all()
            assert found.points.time_s.tolist() == whole.time_s[2:, [1, 0]].tolist()
            assert {snap.code for snap in found.snaps} == {*PLACES, *near}

    def test_a_point_on_no_road_reaches_nothing(self, tmp_path):
        scenario, store = grid_case(tmp_path), Store(tmp_path / "cache")
        found = travel_for(scenario, PLACES, store=store, residents=HOMES, counters=["90001"])
        assert found.points is not None
        assert found.points.reachable[:, 0].tolist() == [True, True, False]

    def test_a_case_over_roads_times_each_point_from_its_own_place(self, tmp_path):
        keys = grid_case(tmp_path).to_keys()
        (tmp_path / "h.csv").write_text(
            "code_insee;habitants;lon;lat;nom\n"
            f"90001;5;;;\n90002;10;{lon(4)};{lat(0)};Mas\n90003;7;{lon(2.5)};{lat(3) + 0.009};\n",
            encoding="utf-8",
        )
        case = prepare(Scenario.from_keys({**keys, "habitants": {"fichier": "h.csv"}}, tmp_path))
        problem, travel = case.problem, case.travel
        assert "90002#1" not in problem.places
        fixed_s, reachable = problem.fixed_times()
        assert reachable.all()
        assert fixed_s[0, 0] == 0
        whole = travel.time_s[travel.index("90002"), travel.index("90001")]
        assert fixed_s[1, 0] == pytest.approx(0.8 * whole, rel=0.1)
        assert "points d’habitation à plus de 500 m de leur route" in " ".join(case.notes)
        assert not any("chefs-lieux" in note for note in case.notes)
        plan = solve(case)
        assert verify(problem, plan.days, plan.levels) == ()
        land = case.isochrones([5, 600])
        assert land["habitants"].tolist()[1] == 22
        with pytest.raises(InputError, match="ni un point fixe ni candidate"):
            case.isochrones([5], ["90003"])
