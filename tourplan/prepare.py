"""Scenario, territory and travel times become a ``Problem``."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tourplan.check import candidate_codes, checked, residents_of
from tourplan.errors import Fault, InputError, quoted
from tourplan.hours import WEEKDAYS, duration
from tourplan.problem import (
    AccessGoal,
    DayRules,
    Problem,
    SessionSlot,
    Site,
    WeekRules,
)
from tourplan.routing import COUNTERS_KM, area_of, travel_for
from tourplan.scenario import Scenario
from tourplan.territory import Territory
from tourplan.travel.matrix import TravelMatrix

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from networkx import MultiDiGraph


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario with all it needs: territory, travel times, and the problem made of them.

    ``notes`` says in French what was assumed for want of a value.
    """

    scenario: Scenario
    territory: Territory
    travel: TravelMatrix
    problem: Problem
    notes: tuple[str, ...]

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
    def depot_code(self) -> str:
        """The INSEE code of the depot."""
        return self.problem.places[self.problem.depot]

    @property
    def resident_codes(self) -> tuple[str, ...]:
        """The communes whose residents count, in the order of the problem."""
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
            reached), ``surface_km2``, ``habitants`` and ``communes`` (of the scenario, whose
            chef-lieu is within the limit).

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
        if not minutes or min(minutes) <= 0:
            faults.append(Fault("isochrones", "minutes manquantes ou négatives", "par exemple 15"))
        if faults:
            raise InputError(faults)
        land = isochrone(network, codes, minutes)
        residents, weight = self.problem.resident_place, self.problem.resident_weight
        sites = np.array([self.travel.index(code) for code in codes], dtype=np.int64)
        cells = np.ix_(residents, sites)
        far = np.iinfo(np.int64).max
        nearest = np.where(self.problem.reachable[cells], self.problem.time_s[cells], far)
        least = nearest.min(axis=1, initial=far)
        inside = [least <= limit * 60 for limit in land["minutes"]]
        land["habitants"] = [int(weight[within].sum()) for within in inside]
        land["communes"] = [int(within.sum()) for within in inside]
        return land

    def fingerprint(self) -> str:
        """SHA-256 (16 hexadecimal digits) of the scenario and of every figure it draws on."""
        digest = hashlib.sha256()
        text = json.dumps(self.scenario.to_keys(), sort_keys=True, ensure_ascii=False)
        digest.update(text.encode())
        problem = self.problem
        rules = (problem.day, problem.week, problem.sessions, problem.goals, problem.objectives)
        digest.update(repr(rules).encode())
        for values in (problem.time_s, problem.distance_m, problem.resident_weight):
            digest.update(np.ascontiguousarray(values).tobytes())
        places = [problem.places, [(s.code, s.required, s.allowed, s.hours) for s in problem.sites]]
        digest.update(repr((places, problem.fixed_place.tolist())).encode())
        return digest.hexdigest()[:16]


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
    territory = checked(scenario, list(faults))
    candidates = candidate_codes(scenario, territory)
    residents = residents_of(scenario, territory)
    depot = scenario.vehicle.depot or next((a.agency for a in scenario.agents if a.agency), None)
    notes = []
    wanted = (*([depot] if depot else []), *candidates, *(point.code for point in residents))
    counters = _counters_near(scenario, territory, wanted)
    departments = {territory[code].departement for code in candidates}
    nearby = [code for code in counters if territory[code].departement in departments]
    possible = [depot] if depot else nearby
    if not possible:
        raise InputError.of(
            "vehicule.depot", "aucun point fixe d’où partir", 'donnez par exemple depot = "34079"'
        )
    places = (*possible, *candidates, *(point.code for point in residents), *counters)
    points = {code: (territory[code].lon, territory[code].lat) for code in places}
    travel = travel_for(scenario, points, progress)
    if not depot:
        depot = _closest_depot(travel, possible, candidates)
        notes.append(
            f"lieu de départ : {territory.name(depot)}, le point fixe le plus proche des communes "
            "(hypothèse : aucune agence n’est donnée)"
        )
    _refuse_unreachable(scenario, territory, travel, depot)
    problem = _problem(scenario, territory, travel, depot, candidates, counters)
    notes += [*travel.notes, *_snap_notes(territory, travel)]
    notes += [*_unreachable_note(problem), *_opening_note(problem)]
    notes += _unknown_times_note(problem)
    return Case(scenario, territory, travel, problem, tuple(notes))


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


def _snap_notes(territory: Territory, travel: TravelMatrix) -> list[str]:
    """Places on no road, and places far from their road."""
    lost = [f"{territory.name(s.code)} ({s.code}) : {s.fault}" for s in travel.snaps if s.fault]
    far = [
        f"{territory.name(s.code)} ({s.code}) : son point est à {s.distance_m} m de la route "
        f"({s.road}), à vérifier"
        for s in travel.snaps
        if s.far
    ]
    apart = [
        f"{territory.name(s.code)} ({s.code}) : une route plus proche n’est reliée aux autres que "
        "hors de la zone lue"
        for s in travel.snaps
        if s.cut_off
    ]
    return lost + far + apart


def _opening_note(problem: Problem) -> list[str]:
    """Told before any search: too few sessions for the weekly opening that is asked."""
    sessions = sum(site.allowed for site in problem.sites)
    windows = sorted(slot.closing_s - slot.opening_s for slot in problem.sessions)[::-1]
    every = np.repeat(windows, problem.weeks * len(problem.weekdays))
    most_s = int(every[:sessions].sum())
    asked_s = problem.weeks * problem.week.min_opening_s
    if most_s >= asked_s:
        return []
    return [
        f"au plus {duration(most_s)} d’ouverture par cycle avec une permanence par commune "
        f"(communes : {len(problem.sites)}), pour {duration(asked_s)} demandées : ajoutez des "
        "communes candidates, ou réduisez ouverture_min_h dans [semaine]"
    ]


def _unreachable_note(problem: Problem) -> list[str]:
    """Candidates that no road links to the depot, told before any search."""
    links = problem.reachable[problem.depot, problem.site_place]
    links = links & problem.reachable[problem.site_place, problem.depot]
    names = [site.name for site, linked in zip(problem.sites, links, strict=True) if not linked]
    if not names:
        return []
    told = ", ".join(names[:5]) + ("…" if len(names) > 5 else "")
    return [f"communes sans route connue depuis le lieu de départ : {len(names)} ({told})"]


def _unknown_times_note(problem: Problem) -> list[str]:
    """Residents whose road to every counter and site is unknown, counted as far."""
    counters = np.concatenate([problem.fixed_place, problem.site_place])
    known = problem.reachable[np.ix_(problem.resident_place, counters)].any(axis=1)
    people = int(problem.resident_weight[~known].sum())
    if not people:
        return []
    return [
        f"communes sans route connue vers un accueil : {int((~known).sum())} ; leurs habitants "
        f"({people}) sont comptés comme éloignés"
    ]


def _closest_depot(travel: TravelMatrix, possible: list[str], sites: Sequence[str]) -> str:
    """The place from which the sites are reached in the least total time."""
    rows = [travel.index(code) for code in possible]
    columns = [travel.index(code) for code in sites]
    cells = np.ix_(rows, columns)
    unreachable = (~travel.reachable[cells]).sum(axis=1)
    total = travel.time_s[cells].sum(axis=1)
    return possible[int(np.lexsort((total, unreachable))[0])]


def _refuse_unreachable(
    scenario: Scenario, territory: Territory, travel: TravelMatrix, depot: str
) -> None:
    """Refuse required communes that no road leads to, or a depot from which none is reached."""
    start = travel.index(depot)
    sites = [travel.index(code) for code in candidate_codes(scenario, territory)]
    if not (travel.reachable[start, sites] & travel.reachable[sites, start]).any():
        raise InputError.of(
            "vehicule.depot",
            f"aucune commune n’est accessible depuis {territory.name(depot)} ({depot}) : "
            f"{_why_unreachable(scenario, travel, depot)}",
            "changez de dépôt, ou de source de temps ([reseau])",
        )
    faults = []
    for code in scenario.communes.required:
        end = travel.index(code)
        if not (travel.reachable[start, end] and travel.reachable[end, start]):
            faults.append(
                Fault(
                    "communes.a_desservir",
                    f"{territory.name(code)} ({code}) est hors d’atteinte depuis "
                    f"{territory.name(depot)} : {_why_unreachable(scenario, travel, code)}",
                    "changez de dépôt ou retirez la commune",
                )
            )
    if faults:
        raise InputError(faults)


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
    depot: str,
    candidates: Sequence[str],
    counters: Sequence[str],
) -> Problem:
    place = {code: number for number, code in enumerate(travel.places)}
    residents = residents_of(scenario, territory)
    required = set(scenario.communes.required)
    day, week = scenario.day, scenario.week
    range_km = scenario.vehicle.range_km
    return Problem(
        places=travel.places,
        time_s=travel.time_s,
        distance_m=travel.distance_m,
        reachable=travel.reachable,
        depot=place[depot],
        sites=tuple(
            Site(
                code=code,
                name=territory.name(code),
                place=place[code],
                required=int(code in required),
                allowed=1,
                hours=territory[code].hours,
            )
            for code in candidates
        ),
        sessions=tuple(
            SessionSlot(s.name, s.opening_s, s.closing_s, s.minimum_min * 60)
            for s in scenario.sessions
        ),
        weekdays=tuple(sorted(WEEKDAYS.index(name) for name in scenario.cycle.days)),
        weeks=scenario.cycle.weeks,
        day=DayRules(
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
            range_m=None if range_km is None else int(range_km * 1000),
        ),
        week=WeekRules(round(week.max_work_h * 3600), round(week.min_opening_h * 3600)),
        agents=scenario.crew.size,
        resident_place=np.array([place[p.code] for p in residents], dtype=np.int64),
        resident_weight=np.array([p.weight for p in residents], dtype=np.int64),
        fixed_place=np.array([place[c] for c in counters], dtype=np.int64),
        goals=tuple(AccessGoal(g.minutes, g.share_pct, g.imposed) for g in scenario.goals),
        hours_rule=scenario.town_hall.hours,
        hours_overlap_s=scenario.town_hall.overlap_min * 60,
        far_s=scenario.objectives.far_min * 60,
        objectives=scenario.order(),
    )
