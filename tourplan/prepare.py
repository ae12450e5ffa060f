"""Scenario, territory and travel times become a ``Problem``."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tourplan.casenotes import problem_notes, silent_counters_note, snap_notes
from tourplan.check import candidate_codes, checked, residents_of
from tourplan.crews import crews_of, depot_codes, month_weeks_of
from tourplan.deadends import dead_end_faults
from tourplan.demands import Demands, demands_of, has_room, venue_points
from tourplan.errors import Fault, InputError, quoted
from tourplan.hours import WEEKDAYS
from tourplan.pointtimes import point_notes, point_times
from tourplan.problem import (
    AccessGoal,
    Agent,
    DayRules,
    PointTimes,
    Problem,
    SessionSlot,
    Vehicle,
    WeekRules,
)
from tourplan.residents import ResidentPoint, Residents
from tourplan.routing import COUNTERS_KM, area_of, travel_for
from tourplan.scenario import Goal, Scenario
from tourplan.settings import required_codes
from tourplan.survey import Found, surveyed
from tourplan.tables import plain
from tourplan.territory import Counter, Territory
from tourplan.times import DayLimits
from tourplan.travel.matrix import TravelMatrix

EARLY_S, LATE_S = 7 * 3600 + 1800, 18 * 3600
"""An early start and a late return, shared fairly between agents (hypothesis)."""

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from networkx import MultiDiGraph


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario with all it needs: territory, travel times, and the problem made of them.

    ``notes`` says in French what was assumed for want of a value; ``residents`` are the resident
    points, in the order of the problem; ``rooms_found`` what a reconnaissance told, keys and
    contacts with it: for road sheets, never for the plan.
    """

    scenario: Scenario
    territory: Territory
    travel: TravelMatrix
    problem: Problem
    notes: tuple[str, ...]
    residents: tuple[ResidentPoint, ...] = ()
    rooms_found: tuple[Found, ...] = ()

    def __repr__(self) -> str:
        return (
            f"Case({self.scenario.title!r}, {len(self.problem.sites)} communes, "
            f"{self.travel.source.label})"
        )

    @classmethod
    def of(cls, scenario: Scenario | Case | str | Path) -> Case:
        """The case of a scenario, of a ``scenario.toml``, or itself.

        Raises:
            InputError: every fault of the scenario and of the files it names.
        """
        if isinstance(scenario, Case):
            return scenario
        if isinstance(scenario, Scenario):
            return prepare(scenario)
        return prepare(Scenario.read(scenario))

    @property
    def depot_codes(self) -> tuple[str, ...]:
        """The INSEE codes of the depots that crews may leave from."""
        depots = dict.fromkeys(base.depot for base in self.problem.bases)
        return tuple(self.problem.places[depot] for depot in depots)

    @property
    def resident_codes(self) -> tuple[str, ...]:
        """The commune of each resident point, in the order of the problem; it may come again."""
        return tuple(self.problem.places[place] for place in self.problem.resident_place)

    def graph(self) -> MultiDiGraph:
        """The road graph as osmnx makes them, whatever the source of the times.

        Streets as in OpenStreetMap, or straight links between the places of the embedded network
        or of a table, named by INSEE code. Edges have ``length`` (m), ``travel_time`` (s) and
        ``speed_kph``; weighed by ``time_ms``, networkx finds the ways that tourplan finds.
        """
        from tourplan.network.graphout import plain_graph

        ways = self.travel.ways
        if ways.graph is not None:
            return ways.graph()
        arcs = self.travel.links() if ways.network is None else ways.network.links()
        points = {
            code: (self.territory[code].lon, self.territory[code].lat)
            for code in dict.fromkeys(code for arc in arcs for code in arc[:2])
        }
        return plain_graph(points, arcs, self.travel.source)

    def isochrones(
        self, minutes: Sequence[int] = (15, 20, 30), codes: Sequence[str] | None = None
    ) -> GeoDataFrame:
        """Where one is within so many minutes by road of some communes, and how many live there.

        Args:
            minutes: the limits.
            codes: INSEE codes of the communes; those of the fixed counters by default.

        Returns:
            One row a limit: ``minutes``, ``geometry`` (EPSG:4326, what lies within 200 m of a road
            reached), ``surface_km2``, ``habitants`` and ``communes`` (of the scenario, with
            residents within the limit).

        Raises:
            InputError: the times are not over real roads.
        """
        from tourplan.travel.reach import isochrone

        network = self.travel.ways.network
        if network is None:
            raise InputError.of(
                "isochrones",
                "un tableau de temps n’a pas de tracé de routes",
                "prenez les routes d’OpenStreetMap",
            )
        if codes is None:
            codes = [self.problem.places[place] for place in self.problem.fixed_place]
        faults = [
            Fault("isochrones", f"commune {quoted(code)} inconnue du scénario", "")
            for code in codes
            if code not in self.travel.places
        ]
        if not faults:
            faults += self._untimed(codes)
        if not minutes or min(minutes) <= 0:
            faults.append(Fault("isochrones", "minutes manquantes ou négatives", "par exemple 15"))
        if faults:
            raise InputError(faults)
        land = isochrone(network, codes, minutes)
        residents, weight = self.problem.resident_place, self.problem.resident_weight
        far = np.iinfo(np.int64).max
        time_s, reachable = self._times_to(codes)
        least = np.where(reachable, time_s, far).min(axis=1, initial=far)
        inside = [least <= limit * 60 for limit in land["minutes"]]
        land["habitants"] = [int(weight[within].sum()) for within in inside]
        land["communes"] = [len(np.unique(residents[within])) for within in inside]
        return land

    def _untimed(self, codes: Sequence[str]) -> list[Fault]:
        """The faults of communes that resident points away from chefs-lieux have no time to."""
        if self.problem.point_times is None:
            return []
        known = {self.problem.places[place] for place in self._timed_places()}
        mend = "prenez des communes de points fixes, ou candidates"
        what = "n’est ni un point fixe ni candidate : vos points d’habitation n’y ont pas de temps"
        return [
            Fault("isochrones", f"commune {code} : {what}", mend)
            for code in codes
            if code not in known
        ]

    def _timed_places(self) -> list[int]:
        """The places that columns of the times of resident points lead to: fixed, then sites."""
        return [*self.problem.fixed_place.tolist(), *self.problem.site_place.tolist()]

    def _times_to(self, codes: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Seconds from each resident point to each of some communes, and whether there is a way."""
        places = _whole(self.travel.index(code) for code in codes)
        if self.problem.point_times is None:
            cells = np.ix_(self.problem.resident_place, places)
            return self.problem.time_s[cells], self.problem.reachable[cells]
        timed = self._timed_places()
        columns = [timed.index(place) for place in places.tolist()]
        both = zip(self.problem.fixed_times(), self.problem.site_times(), strict=True)
        time_s, reachable = (np.concatenate(pair, axis=1)[:, columns] for pair in both)
        return time_s, reachable

    def fingerprint(self) -> str:
        """SHA-256 (16 hexadecimal digits) of the scenario and of every figure it draws on."""
        digest = hashlib.sha256()
        text = json.dumps(self.scenario.to_keys(), sort_keys=True, ensure_ascii=False)
        digest.update(text.encode())
        for part in fields(self.problem):
            digest.update(_bytes(getattr(self.problem, part.name)))
        if self.problem.point_times is not None:
            digest.update(repr(self.residents).encode())
        return digest.hexdigest()[:16]


def _bytes(value: object) -> bytes:
    """A figure of a problem, or a collection of them, as bytes: equal ones give the same."""
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).tobytes()
    if isinstance(value, (AccessGoal, PointTimes)):
        return b"".join(_bytes(getattr(value, part.name)) for part in fields(value))
    if isinstance(value, tuple) and any(isinstance(item, AccessGoal) for item in value):
        return b"".join(map(_bytes, value))
    if isinstance(value, tuple) and value and isinstance(value[0], (Agent, Vehicle)):
        days = [sorted(item.days) for item in value]
        return repr([replace(item, days=frozenset()) for item in value] + days).encode()
    return repr(value).encode()


def prepare(
    scenario: Scenario,
    faults: Sequence[Fault] = (),
    progress: Callable[[str], None] | None = None,
) -> Case:
    """The case of a scenario.

    Args:
        scenario: what the user asks for.
        faults: faults of its form, to be told with the others.
        progress: told in French what is being read or computed.

    Raises:
        InputError: every fault of the scenario and of the files it names.
    """
    told, rooms_found = list(faults), tuple[Found, ...]()
    try:
        scenario, rooms_found = surveyed(scenario)
    except InputError as error:
        told += error.faults
    territory = checked(scenario, told)
    candidates = candidate_codes(scenario, territory)
    residents = residents_of(scenario, territory)
    notes = []
    depots = depot_codes(scenario)
    homes = tuple(dict.fromkeys(point.code for point in residents.points))
    wanted = (*depots, *candidates, *homes)
    counters = _counters_near(scenario, territory, wanted)
    possible = depots or _possible_depots(territory, candidates, counters)
    places = (*possible, *candidates, *homes, *counters)
    points = {code: (territory[code].lon, territory[code].lat) for code in places}
    rooms = venue_points(scenario, candidates)
    travel = travel_for(
        scenario,
        points | rooms,
        progress,
        residents={
            point.key: (point.lon, point.lat)
            for point in residents.points
            if point.lon is not None and point.lat is not None
        },
        counters=(*counters, *candidates, *rooms),
    )
    default = None
    if not depots:
        default = _closest_depot(travel, possible, candidates)
        notes.append(
            f"lieu de départ : {territory.name(default)}, le point fixe le plus proche des "
            "communes (hypothèse : aucune agence n’est donnée)"
        )
    _refuse_unreachable(scenario, territory, travel, depots or (str(default),))
    demands = demands_of(scenario, territory, candidates, month_weeks_of(scenario), travel.index)
    _refuse_roomless(scenario, territory)
    problem = _problem(scenario, territory, travel, residents, default, demands, counters)
    raise_all(dead_end_faults(scenario, territory, problem))
    notes += [*point_notes(scenario, residents, travel)]
    notes += [*demands.notes, *travel.notes, *snap_notes(territory, travel)]
    notes += [*problem_notes(problem), *silent_counters_note(scenario, territory)]
    return Case(scenario, territory, travel, problem, tuple(notes), residents.points, rooms_found)


def _possible_depots(
    territory: Territory, candidates: Sequence[str], counters: Sequence[str]
) -> tuple[str, ...]:
    """The counters from which a tour may start when the scenario names no agency.

    Raises:
        InputError: there is none.
    """
    departments = {territory[code].departement for code in candidates}
    nearby = tuple(code for code in counters if territory[code].departement in departments)
    if not nearby:
        raise InputError.of(
            "vehicules.1.depot",
            "aucun point fixe d’où partir",
            'donnez par exemple depot = "34079"',
        )
    return nearby


def _refuse_roomless(scenario: Scenario, territory: Territory) -> None:
    """Refuse required communes that have no room of the kind the scenario requires.

    Raises:
        InputError: says which.
    """
    required = required_codes(scenario, territory, candidate_codes(scenario, territory))
    raise_all(
        Fault(
            "lieux",
            f"{territory.name(code)} ({code}) : aucune salle connue ne convient",
            "donnez-lui un autre lieu dans [[lieux]], ou changez [salles]",
        )
        for code in sorted(required)
        if not has_room(scenario, code)
    )


def raise_all(faults: Iterable[Fault]) -> None:
    """Refuse, if there are faults.

    Raises:
        InputError: all of them.
    """
    found = list(faults)
    if found:
        raise InputError(found)


def _counters_near(
    scenario: Scenario, territory: Territory, wanted: Sequence[str]
) -> tuple[str, ...]:
    """The communes with a fixed counter; over real roads, those near the places ``wanted``."""
    codes = territory.counter_codes()
    if scenario.network.source == "integre":
        return codes
    area = area_of([(territory[c].lon, territory[c].lat) for c in wanted], COUNTERS_KM)
    lonlat = np.array([(territory[c].lon, territory[c].lat) for c in codes]).reshape(-1, 2)
    return tuple(itertools.compress(codes, area.holds(lonlat[:, 0], lonlat[:, 1])))


def _closest_depot(travel: TravelMatrix, possible: Sequence[str], sites: Sequence[str]) -> str:
    """The place from which the sites are reached in the least total time."""
    rows = [travel.index(code) for code in possible]
    columns = [travel.index(code) for code in sites]
    cells = np.ix_(rows, columns)
    unreachable = (~travel.reachable[cells]).sum(axis=1)
    total = travel.time_s[cells].sum(axis=1)
    return possible[int(np.lexsort((total, unreachable))[0])]


def _refuse_unreachable(
    scenario: Scenario, territory: Territory, travel: TravelMatrix, depots: Sequence[str]
) -> None:
    """Refuse required communes that no road leads to, or depots from which none is reached.

    Raises:
        InputError: says which, and why.
    """
    codes = candidate_codes(scenario, territory)
    linked = np.zeros(len(codes), dtype=bool)
    for depot in depots:
        start, sites = travel.index(depot), [travel.index(code) for code in codes]
        linked |= travel.reachable[start, sites] & travel.reachable[sites, start]
    told = " et ".join(f"{territory.name(depot)} ({depot})" for depot in depots)
    if not linked.any():
        raise InputError.of(
            "vehicules.1.depot",
            f"aucune commune n’est accessible depuis {told} : "
            f"{_why_unreachable(scenario, travel, depots[0])}",
            "changez de dépôt, ou de source de temps ([reseau])",
        )
    reached = set(itertools.compress(codes, linked))
    raise_all(
        Fault(
            "communes.a_desservir",
            f"{territory.name(code)} ({code}) est hors d’atteinte depuis {told} : "
            f"{_why_unreachable(scenario, travel, code)}",
            "changez de dépôt ou retirez la commune",
        )
        for code in sorted(required_codes(scenario, territory, codes))
        if code not in reached
    )


def _why_unreachable(scenario: Scenario, travel: TravelMatrix, code: str) -> str:
    """Why no road leads to a place."""
    alone = travel.reachable[travel.index(code)].sum() <= 1
    if scenario.network.source == "integre":
        if alone:
            return "elle n’a aucune liaison dans le réseau intégré"
        return "les départements du réseau intégré ne sont pas reliés entre eux"
    if scenario.network.source == "tableau":
        return "le tableau ne donne pas ce trajet"
    lost = next((snap.fault for snap in travel.snaps if snap.code == code and snap.fault), "")
    return lost or "aucune route ne les relie dans la zone lue"


def _problem(
    scenario: Scenario,
    territory: Territory,
    travel: TravelMatrix,
    residents: Residents,
    default_depot: str | None,
    demands: Demands,
    counters: Sequence[str],
) -> Problem:
    points = residents.points
    crews = crews_of(scenario, travel.index, default_depot, demands.open_slots)
    areas = sorted({territory[point.code].epci_code for point in points})
    row = {code: number for number, code in enumerate(travel.places)}
    return Problem(
        places=travel.places,
        time_s=travel.time_s,
        distance_m=travel.distance_m,
        reachable=travel.reachable,
        demands=demands.demands,
        sites=demands.sites,
        open_slots=demands.open_slots,
        sessions=tuple(
            SessionSlot(
                s.name,
                s.opening_s,
                s.closing_s,
                s.minimum_min * 60,
                None if s.maximum_min is None else s.maximum_min * 60,
                s.whole_day,
            )
            for s in scenario.sessions
        ),
        weekdays=tuple(sorted(WEEKDAYS.index(name) for name in scenario.cycle.days)),
        month_weeks=month_weeks_of(scenario),
        day=_day_rules(scenario.day),
        week=WeekRules(
            round(scenario.week.min_opening_h * 3600), round(scenario.week.min_rest_h * 3600)
        ),
        agents=crews.agents,
        vehicles=crews.vehicles,
        crew_size=scenario.crew.size,
        trained=scenario.crew.trained,
        bases=crews.bases,
        crew_weeks=crews.crew_weeks,
        resident_place=_whole(row[point.code] for point in points),
        resident_weight=_whole(point.weight for point in points),
        resident_area=_whole(areas.index(territory[point.code].epci_code) for point in points),
        areas=tuple(areas),
        fixed_place=_whole(travel.index(code) for code in counters),
        goals=tuple(_goal(goal, territory, counters, points) for goal in scenario.goals),
        hours_rule=scenario.town_hall.hours,
        hours_overlap_s=scenario.town_hall.overlap_min * 60,
        far_s=scenario.objectives.far_min * 60,
        early_s=EARLY_S,
        late_s=LATE_S,
        objectives=scenario.order(),
        point_times=point_times(scenario, territory, travel, points, counters, demands.sites),
    )


def _whole(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


def _day_rules(day: DayLimits) -> DayRules:
    """What every day keeps, in seconds; vehicles have their own range."""
    return DayRules(
        earliest_departure_s=day.earliest_s,
        latest_return_s=day.latest_s,
        setup_s=day.setup_min * 60,
        packing_s=day.packing_min * 60,
        break_s=day.break_min * 60,
        break_from_s=day.break_from_s,
        break_until_s=day.break_until_s,
        max_work_s=round(day.max_work_h * 3600),
        max_amplitude_s=round(day.max_amplitude_h * 3600),
        max_unbroken_s=round(day.max_unbroken_h * 3600),
        grid_s=day.grid_min * 60,
    )


def _goal(
    goal: Goal, territory: Territory, counters: Sequence[str], points: Sequence[ResidentPoint]
) -> AccessGoal:
    """A goal, with the counters where its operator is present, and what points count for."""
    who, fixed, weight = "habitants", None, None
    if goal.kind[1] != "habitants":
        who = quoted(goal.weights)
        weight = _whole(point.others[goal.kind[1]] for point in points)
    words = f"{who} à plus de {goal.minutes} min d’un accueil"
    if goal.operator:
        with_it = {c.code for c in territory.counters if _offers(c, goal.operator)}
        fixed = np.array([code in with_it for code in counters], dtype=bool)
        words += f" {goal.operator}"
    if goal.sessions > 1:
        words += f" ou de {goal.sessions} permanences par cycle"
    return AccessGoal(
        minutes=goal.minutes,
        share_pct=goal.share_pct,
        imposed=goal.imposed,
        name=goal.level,
        fixed=fixed,
        weight=weight,
        who=who,
        sessions=goal.sessions,
        label=words,
    )


def _offers(counter: Counter, operator: str) -> bool:
    """Whether an operator is present at a counter; one that says nothing offers them all."""
    return not counter.operators or plain(operator) in map(plain, counter.operators)
