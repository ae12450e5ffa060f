"""Where the times come from: a scenario's network becomes the travel times between its places."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError
from tourplan.network.graph import RoadNetwork
from tourplan.network.links import embedded_network
from tourplan.network.measured import Measured, both_ways, read_measured, seconds_of
from tourplan.network.roads import Area, Roads
from tourplan.network.saved import from_arrays, to_arrays
from tourplan.network.snap import Snap, with_places
from tourplan.network.source import NetworkSource
from tourplan.network.speedmodel import UNCERTAINTY_PCT, SpeedModel
from tourplan.network.speeds import PieceTimes, piece_times
from tourplan.network.store import Store, as_text, content_of, from_text, key_of
from tourplan.network.streets import Streets, simplify
from tourplan.scenario import Network, Scenario
from tourplan.travel.hierarchy import Hierarchy
from tourplan.travel.margin import exits, proved_inside
from tourplan.travel.matrix import (
    Rectangle,
    TravelMatrix,
    hierarchy_of,
    rectangle,
    rounded,
    travel_matrix,
)
from tourplan.travel.ways import Ways

Points = Mapping[str, tuple[float, float]]
Progress = Callable[[str], None]

COUNTERS_KM = 30.0
"""Fixed counters farther than this from every place of the scenario are not looked for."""
MAX_WIDENINGS = 4
MARGIN_SHARE = 0.35
"""The first margin is at least this share of the territory: a smaller one proves little."""
WIDENING = 1.6
NO_ROADS_DEG = 0.03
MAX_TOLD = 5
"""Measured drives of no use here that are named; the others are counted."""
CREDIT = "© OpenStreetMap contributors, ODbL"


def area_of(points: Iterable[tuple[float, float]], margin_km: float) -> Area:
    """The box around points, with a margin, on a grid of hundredths of a degree."""
    lon, lat = np.array(list(points), dtype=np.float64).T
    box = Area(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    wide = box.widened(margin_km)
    west, south = np.floor(np.array([wide.west, wide.south]) * 100) / 100
    east, north = np.ceil(np.array([wide.east, wide.north]) * 100) / 100
    return Area(float(west), float(south), float(east), float(north))


def travel_for(
    scenario: Scenario,
    points: Points,
    progress: Progress | None = None,
    store: Store | None = None,
    residents: Points | None = None,
    counters: Sequence[str] = (),
) -> TravelMatrix:
    """The travel times between places, from the source that the scenario names.

    Over real roads, also those from ``residents`` to ``counters`` (``TravelMatrix.points``); other
    sources only know communes.

    Args:
        scenario: what the user asks for.
        points: longitude and latitude of the places, by INSEE code.
        progress: told in French what is being done.
        store: the cache; the user's own by default.
        residents: longitude and latitude of resident points that are no places, by key.
        counters: places, as in ``points``, whose times from the residents are wanted.

    Raises:
        InputError: the source cannot be read, or a measured drive is between unknown places.
    """
    say = progress or (lambda _: None)
    network = scenario.network
    if network.source == "integre":
        found = travel_matrix(embedded_network(), tuple(points))
    elif network.source == "tableau":
        found = _from_table(scenario, tuple(points))
    else:
        store = store or Store.default()
        homes, to = residents or {}, tuple(dict.fromkeys(counters))
        found = RoadTimes(network, scenario.base, points, store, say, homes, to).travel()
    if network.uncertainty_pct is not None:
        found = replace(found, source=_as_sure_as(found.source, network.uncertainty_pct))
    return with_measured(found, measured_of(scenario))


def _as_sure_as(source: NetworkSource, percent: int) -> NetworkSource:
    """The source, with the uncertainty that the scenario gives."""
    return replace(source, uncertainty_pct=percent, uncertainty="choisie dans le scénario")


def _from_table(scenario: Scenario, places: Sequence[str]) -> TravelMatrix:
    """The times of a table, as they are."""
    from tourplan.network.table import read_times

    table = read_times(scenario.base / scenario.network.file, scenario.network.file)
    time_s, distance_m, reachable = table.matrix(places)
    source = NetworkSource(
        label=f"temps du tableau « {Path(scenario.network.file).name} »",
        date="sans date",
        credit="",
        uncertainty="hypothèse : tourplan ne sait pas comment ces temps ont été obtenus",
        uncertainty_pct=UNCERTAINTY_PCT,
        schematic=True,
    )
    return TravelMatrix(
        places=tuple(places),
        time_s=time_s,
        distance_m=distance_m,
        reachable=reachable,
        measured=np.zeros_like(reachable),
        source=source,
        ways=Ways(None),
        notes=table.notes,
    )


@dataclass(frozen=True)
class RoadTimes:
    """Times over the roads of OpenStreetMap, for some places: read, cut, weighed, proved."""

    network: Network
    base: Path
    points: Points
    store: Store
    say: Progress
    residents: Points = field(default_factory=dict)
    counters: tuple[str, ...] = ()

    def travel(self) -> TravelMatrix:
        """The times, from the cache when everything is the same."""
        places: list[Any] = list(self.points.items())
        if self.residents:
            places += [list(self.residents.items()), self.counters]
        speeds = self.model.fingerprint()
        key = key_of("temps", self._content, self.network.margin_km, speeds, places)
        kept = self.store.load("temps", key)
        if kept is not None:
            with suppress(KeyError, TypeError, ValueError):
                return self._kept(kept)
        found, area = self._proved()
        told = {
            "area": asdict(area),
            "date": found.source.date,
            "snaps": [asdict(snap) for snap in found.snaps],
            "notes": found.notes,
        }
        arrays = {name: getattr(found, name) for name in ("time_s", "distance_m", "reachable")}
        if found.points is not None:
            arrays |= {"point_s": found.points.time_s, "point_reachable": found.points.reachable}
        if not self.store.save("temps", key, {**arrays, "told": as_text(told)}):
            self.say("le cache ne peut pas être écrit : ces calculs seront refaits")
        return found

    @cached_property
    def model(self) -> SpeedModel:
        """The speeds that the scenario asks for."""
        chosen = self.network
        return SpeedModel.default().with_changes(chosen.speeds, chosen.factor, winter=chosen.winter)

    @cached_property
    def path(self) -> Path:
        """The file that is read."""
        return self.base / self.network.file

    @cached_property
    def _content(self) -> list[str]:
        """What the roads are made of: the file's content, or where they are asked."""
        if self.network.source == "en_ligne":
            return ["en_ligne", self.network.server]
        ending = "".join(self.path.suffixes[-2:]).lower()
        try:
            content = content_of(self.path) if self.path.is_file() else ""
        except (OSError, ValueError):
            content = ""  # reading it will tell why
        return [self.network.source, ending, content]

    def streets(self, area: Area) -> tuple[Streets, PieceTimes]:
        """The streets of an area, from the cache if they were read before, and their times."""
        if self.network.source == "graphe":
            return self._of_graph[:2]
        key = key_of("rues", self._content, asdict(area))
        kept = self.store.load("rues", key)
        if kept is not None:
            with suppress(KeyError, IndexError, ValueError):
                streets = from_arrays(kept)
                return streets, piece_times(streets.roads, self.model)
        roads = self._roads(area)
        self.say("vitesses et carrefours")
        times = piece_times(roads, self.model)
        streets = simplify(roads, times, area)
        self.store.save("rues", key, to_arrays(streets))
        return streets, times

    @cached_property
    def _of_graph(self) -> tuple[Streets, PieceTimes, bool]:
        """The streets of a graph made with OSMnx, their times, and whether those are its own."""
        from tourplan.network.graphin import from_graph
        from tourplan.network.graphml import read_graphml

        roads, own = from_graph(read_graphml(self.path))
        if own is not None and self.model != SpeedModel.default():
            raise InputError.of(
                "reseau",
                f"« {self.path.name} » donne ses propres temps : facteur, hiver et vitesses "
                "seraient ignorés",
                "retirez-les, ou enregistrez le graphe sans « travel_time »",
            )
        times = own or piece_times(roads, self.model)
        return simplify(roads, times), times, own is not None

    def _roads(self, area: Area) -> Roads:
        """The roads of an area, read or downloaded."""
        if self.network.source == "en_ligne":
            from tourplan.network.online import download

            server = self.network.server or None
            return download(area, self.store.answers, overpass_url=server, progress=self.say)
        from tourplan.network.osmfile import read_osm

        return read_osm(self.path, area, self.say)

    def _proved(self) -> tuple[TravelMatrix, Area]:
        """The times, in an area widened until no road outside could shorten a way.

        A wider area that cannot be had (too large for the server, connection lost) is done without.
        """
        margin = max(self.network.margin_km, MARGIN_SHARE * self._across_km)
        found, area, unsure = self._within(margin)
        for _ in range(MAX_WIDENINGS):
            if not unsure:
                break
            wider = margin * WIDENING
            self.say(f"routes lues jusqu’à {wider:.0f} km : un détour pourrait être plus court")
            try:
                found, area, unsure = self._within(wider)
            except InputError as error:
                self.say(f"{error.faults[0].what} : la zone n’est pas agrandie")
                break
            margin = wider
        network = found.ways.network
        notes = () if network is None else self._margin_notes(network, area, margin, unsure)
        return replace(found, notes=notes), area

    @property
    def _across_km(self) -> float:
        """From one corner to the other of the box around the places."""
        box = area_of(self._everywhere.values(), 0)
        return math.hypot(box.width_km, box.height_km)

    def _within(self, margin: float) -> tuple[TravelMatrix, Area, int]:
        """The times with a margin, its area, and how many ways and places it may not do for."""
        area = area_of(self._everywhere.values(), margin)
        network, snaps = self._placed(area)
        hierarchy = hierarchy_of(network)
        unsure = self._unsure(network, hierarchy, area) + sum(snap.cut_off for snap in snaps)
        found = rounded(network, hierarchy, tuple(self.points), snaps)
        ways = Ways(lambda: network, lambda: self.graph(area), lambda: self.streets(area)[0])
        points = None
        if self.residents:
            points = rectangle(network, hierarchy, tuple(self.residents), self.counters)
        return replace(found, ways=ways, points=points), area, unsure

    @property
    def _everywhere(self) -> Points:
        """The places and the resident points."""
        return {**self.points, **self.residents}

    def _unsure(self, network: RoadNetwork, hierarchy: Hierarchy, area: Area) -> int:
        """The number of pairs of places that a road outside the area could bring closer."""
        places, homes, to = (
            np.array([network.places[c] for c in codes if c in network.places], dtype=np.int64)
            for codes in (self.points, self.residents, self.counters)
        )
        if self.network.source == "graphe" or not len(places):
            return 0
        factor, out = self.model.factor, exits(network, area)
        unsure = int((~proved_inside(network, hierarchy, places, out, factor)).sum())
        if len(homes) and len(to):
            unsure += int((~proved_inside(network, hierarchy, homes, out, factor, to)).sum())
        return unsure

    def _placed(self, area: Area) -> tuple[RoadNetwork, tuple[Snap, ...]]:
        """The road graph of an area with the places on it."""
        streets, times = self.streets(area)
        network = streets.network(times, self._source(streets.roads.date))
        return with_places(streets, times, network, self._everywhere)

    def graph(self, area: Area) -> Any:
        """The streets of an area as osmnx makes them (``network.graphout``)."""
        from tourplan.network.graphout import to_graph

        streets, times = self.streets(area)
        return to_graph(streets, times, self._source(streets.roads.date))

    def _source(self, date: str) -> NetworkSource:
        """What is told of these times."""
        where = {
            "en_ligne": "routes OpenStreetMap téléchargées",
            "fichier": f"routes OpenStreetMap du fichier « {self.path.name} »",
            "graphe": f"routes du graphe « {self.path.name} »",
        }[self.network.source]
        own = self.network.source == "graphe" and self._of_graph[2]
        return NetworkSource(
            label=where,
            date=date or "date inconnue",
            credit=CREDIT,
            uncertainty="hypothèse : tourplan ne sait pas comment ces temps ont été obtenus"
            if own
            else "temps calculés d’après la carte",
            uncertainty_pct=UNCERTAINTY_PCT,
            schematic=False,
            speeds="" if own else self.model.sentence(),
        )

    def _margin_notes(
        self, network: RoadNetwork, area: Area, margin: float, unsure: int
    ) -> tuple[str, ...]:
        """How the area was chosen, and what is not known of the roads beyond."""
        if self.network.source == "graphe":
            return ("les routes hors du graphe ne sont pas connues",)
        told = f"routes lues jusqu’à {margin:.0f} km autour des communes"
        ends = _sides_without_roads(network, area)
        if ends:
            told += f", mais elles s’arrêtent plus tôt {ends} : bord du fichier, mer ou frontière"
        elif not unsure:
            file = " de ce fichier" if self.network.source == "fichier" else ""
            told += f" : aucun détour par d’autres routes{file} ne serait plus rapide (démontré)"
        if unsure:
            told += f" ; pour {unsure} trajets, un détour plus lointain n’est pas exclu"
        return (told,)

    def _kept(self, arrays: dict[str, NDArray[Any]]) -> TravelMatrix:
        """The times as they were saved."""
        told = from_text(arrays["told"])
        area = Area(**told["area"])
        points = None
        if self.residents:
            times = arrays["point_s"], arrays["point_reachable"]
            points = Rectangle(tuple(self.residents), self.counters, *times)
        return TravelMatrix(
            places=tuple(self.points),
            time_s=arrays["time_s"],
            distance_m=arrays["distance_m"],
            reachable=arrays["reachable"],
            measured=np.zeros_like(arrays["reachable"]),
            source=self._source(told["date"]),
            ways=Ways(
                lambda: self._placed(area)[0],
                lambda: self.graph(area),
                lambda: self.streets(area)[0],
            ),
            snaps=tuple(Snap(**snap) for snap in told["snaps"]),
            notes=tuple(told["notes"]),
            points=points,
        )


def _sides_without_roads(network: RoadNetwork, area: Area) -> str:
    """« à l’ouest et au nord »: the sides where roads end well before the area does."""
    spare = {
        "à l’ouest": network.lon.min() - area.west,
        "au sud": network.lat.min() - area.south,
        "à l’est": area.east - network.lon.max(),
        "au nord": area.north - network.lat.max(),
    }
    sides = [side for side, degrees in spare.items() if degrees > NO_ROADS_DEG]
    if len(sides) == len(spare):
        return "de tous les côtés"
    return " et ".join([", ".join(sides[:-1]), sides[-1]] if len(sides) > 1 else sides)


def measured_of(scenario: Scenario) -> dict[tuple[str, str], int]:
    """Seconds measured on the road, both ways unless both were measured.

    Raises:
        InputError: every fault of the file of measured drives.
    """
    listed = {(d.origin, d.destination): seconds_of(d.minutes) for d in scenario.measured}
    name = scenario.network.measured_file
    drives = read_measured(scenario.base / name, name) if name else {}
    faults = [
        Fault("mesures", f"trajet {a} → {b} donné ici et dans « {name} »", "gardez l’un des deux")
        for a, b in listed.keys() & drives.keys()
    ]
    if faults:
        raise InputError(faults)
    return both_ways({**drives, **listed})


def with_measured(travel: TravelMatrix, drives: Measured) -> TravelMatrix:
    """The times with those measured in their place, pair by pair; distances stay."""
    if not drives:
        return travel
    row = {code: number for number, code in enumerate(travel.places)}
    time_s, measured = travel.time_s.copy(), travel.measured.copy()
    used = {pair for pair in drives if pair[0] in row and pair[1] in row}
    for origin, destination in used:
        cell = row[origin], row[destination]
        if travel.reachable[cell]:
            time_s[cell], measured[cell] = drives[origin, destination], True
    notes = []
    if measured.any():
        count = int(measured.sum())
        notes.append(f"trajets mesurés sur la route : {count} (aller et retour font deux)")
    if unlinked := len(used) - int(measured.sum()):
        notes.append(f"trajets mesurés entre des lieux sans route connue, laissés : {unlinked}")
    others = sorted({tuple(sorted(pair)) for pair in drives if pair not in used})
    if others:
        told = ", ".join(f"{a} et {b}" for a, b in others[:MAX_TOLD])
        more = "…" if len(others) > MAX_TOLD else ""
        notes.append(
            f"trajets mesurés entre d’autres lieux : {len(others)} ({told}{more}), peut-être un "
            "code mal tapé"
        )
    return replace(travel, time_s=time_s, measured=measured, notes=(*travel.notes, *notes))


@dataclass(frozen=True)
class NetworkReport:
    """What a network is made of.

    Attributes:
        nodes, arcs: of the road graph, places included; 0 for a table.
        road_km: length of the roads, both directions counted once; 0 for a table and for the
            embedded links, which share roads.
        places: number of places put on it, and ``far`` and ``lost`` those to be checked.
    """

    source: NetworkSource
    nodes: int
    arcs: int
    road_km: float
    places: int
    far: int
    lost: int
    notes: tuple[str, ...]


def report(travel: TravelMatrix) -> NetworkReport:
    """What the network behind some times is made of."""
    network = travel.ways.network
    return NetworkReport(
        source=travel.source,
        nodes=0 if network is None else len(network.lon),
        arcs=0 if network is None else len(network.start),
        road_km=0.0 if network is None or travel.source.schematic else network.road_km(),
        places=len(travel.places),
        far=sum(snap.far for snap in travel.snaps),
        lost=sum(bool(snap.fault) for snap in travel.snaps),
        notes=travel.notes,
    )
