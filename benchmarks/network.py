"""Matrices of travel times: tourplan against what else computes them, on the same graph.

Prints a CSV on standard output, one row a method; all that is said besides goes to standard error.
Every method runs in its own process; its memory is the peak of that process less the peak of one
that only loads the graph. This file imports nothing heavy: Linux counts the parent's memory in a
child's peak.

Usage: python benchmarks/network.py [FICHIER_OSM] [--places 350] [--nodes 128500]
           [--sample 10] [--methodes networkx,scipy,…] [--etapes] [--proches 2800]
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from stages import Stopwatch, peak_mib  # noqa: E402

COLUMNS = ("method", "prepare_s", "matrix_s", "ratio_to_networkx", "memory_mb", "max_diff_ms")
METHODS = ("networkx", "scipy", "igraph", "pandana", "pyroutingkit", "tourplan")
ENOUGH_S = 5.0
"""A matrix that takes less is computed five times; the median counts."""
MISSING = 3
"""Exit code of a child whose library is not installed."""


# --- Graphs: written once, read by every child -------------------------------------------------


def save_graph(file: str, nodes: int, target: str) -> None:
    """The graph of an OSM file, or a made-up one, as arrays."""
    import numpy as np

    network = read_streets(Path(file), Stopwatch())[2] if file else made_up(nodes)
    np.savez(
        target,
        lon=network.lon,
        lat=network.lat,
        position=network.position(),
        start=network.start,
        end=network.end,
        time_ms=network.time_ms,
        distance_dm=network.distance_dm,
    )


def made_up(nodes: int) -> Any:
    """A made-up country."""
    from country import country

    return country(nodes)


def read_streets(file: Path, watch: Stopwatch) -> tuple[Any, Any, Any]:
    """Streets, their times and the road graph of an OSM file, step by step."""
    from tourplan.network.osmfile import read_osm
    from tourplan.network.source import NetworkSource
    from tourplan.network.speeds import SpeedModel, piece_times
    from tourplan.network.streets import simplify

    source = NetworkSource(file.name, "", "", "", 0, schematic=False)
    roads = watch.time("read", lambda: read_osm(file, None))
    times = watch.time("times", lambda: piece_times(roads, SpeedModel.default()))
    streets = watch.time("simplify", lambda: simplify(roads, times))
    network = watch.time("network", lambda: streets.network(times, source))
    return streets, times, network


def load(path: str) -> dict[str, Any]:
    """The arrays of a graph."""
    import numpy as np

    with np.load(path) as arrays:
        return dict(arrays)


def some_nodes(graph: dict[str, Any], count: int) -> Any:
    """Nodes drawn at random, always the same."""
    import numpy as np

    size = len(graph["lon"])
    return np.sort(np.random.default_rng(0).choice(size, min(count, size), replace=False))


# --- Methods: prepare, then ask -----------------------------------------------------------------
# Each returns a function that prepares and gives back a function from (origins, destinations) to
# milliseconds. What is imported here is not timed.

Ask = Callable[[Any, Any], Any]
Prepare = Callable[[], Ask]


def with_networkx(graph: dict[str, Any]) -> Prepare:
    """As one does with osmnx: a multigraph with ``travel_time``, one search a place."""
    import networkx as nx
    import numpy as np

    def prepare() -> Ask:
        roads = nx.MultiDiGraph()
        xs, ys = graph["lon"].tolist(), graph["lat"].tolist()
        roads.add_nodes_from(
            (n, {"x": x, "y": y}) for n, (x, y) in enumerate(zip(xs, ys, strict=True))
        )
        columns = (graph[key].tolist() for key in ("start", "end", "time_ms", "distance_dm"))
        for u, v, ms, dm in zip(*columns, strict=True):
            roads.add_edge(u, v, travel_time=ms, length=dm / 10)

        def ask(origins: Any, destinations: Any) -> Any:
            rows = []
            for origin in origins.tolist():
                found = nx.single_source_dijkstra_path_length(roads, origin, weight="travel_time")
                rows.append([found.get(node, np.inf) for node in destinations.tolist()])
            return np.array(rows, dtype=np.float64)

        return ask

    return prepare


def with_scipy(graph: dict[str, Any]) -> Prepare:
    """One call for all places; of parallel arcs scipy must be given the quickest."""
    import numpy as np
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    def prepare() -> Ask:
        size = len(graph["lon"])
        by = np.lexsort((graph["time_ms"], graph["end"], graph["start"]))
        start, end = graph["start"][by], graph["end"][by]
        first = np.r_[True, (start[1:] != start[:-1]) | (end[1:] != end[:-1])]
        weights = graph["time_ms"][by][first].astype(np.float64)
        roads = csr_array((weights, (start[first], end[first])), shape=(size, size))
        roads.indices, roads.indptr = roads.indices.astype("i4"), roads.indptr.astype("i4")

        def ask(origins: Any, destinations: Any) -> Any:
            rows = [dijkstra(roads, indices=origin)[destinations] for origin in origins]
            return np.array(rows)

        return ask

    return prepare


def with_igraph(graph: dict[str, Any]) -> Prepare:
    """One call, in C."""
    import igraph
    import numpy as np

    def prepare() -> Ask:
        ends = np.column_stack([graph["start"], graph["end"]])
        roads = igraph.Graph(n=len(graph["lon"]), edges=ends, directed=True)
        weights = graph["time_ms"].tolist()

        def ask(origins: Any, destinations: Any) -> Any:
            found = roads.distances(origins.tolist(), destinations.tolist(), weights=weights)
            return np.array(found, dtype=np.float64)

        return ask

    return prepare


def with_pandana(graph: dict[str, Any]) -> Prepare:
    """Seconds are given: pandana keeps whole thousandths of its unit, and cuts what is beyond."""
    import numpy as np
    import pandana
    import pandas as pd

    def prepare() -> Ask:
        with quiet():
            roads = pandana.Network(
                pd.Series(graph["lon"]),
                pd.Series(graph["lat"]),
                pd.Series(graph["start"]),
                pd.Series(graph["end"]),
                pd.DataFrame({"s": (graph["time_ms"] + 0.5) / 1000}),
                twoway=False,
            )

        def ask(origins: Any, destinations: Any) -> Any:
            left = np.repeat(origins, len(destinations))
            right = np.tile(destinations, len(origins))
            found = roads.shortest_path_lengths(left, right, imp_name="s")
            ms = np.rint(np.array(found) * 1000).reshape(len(origins), len(destinations))
            return np.where(ms > 4e9, np.inf, ms)

        return ask

    return prepare


def with_pyroutingkit(graph: dict[str, Any]) -> Prepare:
    """Customisable contraction hierarchies of RoutingKit, in C++."""
    import numpy as np
    import pyroutingkit

    def prepare() -> Ask:
        topology = pyroutingkit.CCHTopology()
        topology.build(
            graph["start"].astype(np.uint32),
            graph["end"].astype(np.uint32),
            graph["lat"].astype(np.float32),
            graph["lon"].astype(np.float32),
            len(graph["lon"]),
        )
        metric = pyroutingkit.CCHMetric(topology)
        metric.customize(graph["time_ms"].astype(np.uint32))

        def ask(origins: Any, destinations: Any) -> Any:
            found = metric.distances_many_to_many(
                origins.astype(np.uint32), destinations.astype(np.uint32)
            ).astype(np.float64)
            return np.where(found >= pyroutingkit.INF_WEIGHT, np.inf, found)

        return ask

    return prepare


def with_tourplan(graph: dict[str, Any]) -> Prepare:
    """Times and distances together, as in ``travel_matrix``."""
    import numpy as np

    from tourplan.network.graph import PACK
    from tourplan.travel.hierarchy import Hierarchy

    def prepare() -> Ask:
        packed = (graph["time_ms"] * PACK + graph["distance_dm"]).astype(np.float64)
        roads = Hierarchy.of(graph["position"], graph["start"], graph["end"], packed)
        return lambda origins, destinations: np.floor(roads.distances(origins, destinations) / PACK)

    return prepare


class quiet:  # noqa: N801
    """What C++ writes on standard output goes to standard error."""

    def __enter__(self) -> None:
        import os

        sys.stdout.flush()
        self._kept = os.dup(1)
        os.dup2(2, 1)

    def __exit__(self, *_: object) -> None:
        import os

        os.dup2(self._kept, 1)
        os.close(self._kept)


# --- Children -----------------------------------------------------------------------------------


def measure(method: str, path: str, places: int, sample: int, answer: str) -> dict[str, Any]:
    """Seconds and peak of one method; its matrix is written for comparison."""
    import numpy as np

    graph = load(path)
    nodes = some_nodes(graph, places)
    if method == "nothing":
        return {"peak": peak_mib()}
    prepare = globals()[f"with_{method}"](graph)
    started = perf_counter()
    ask = prepare()
    prepare_s = perf_counter() - started
    origins = nodes if method != "networkx" else nodes[:: max(1, len(nodes) // sample)][:sample]
    seconds: list[float] = []
    while not seconds or (len(seconds) < 5 and sum(seconds) < ENOUGH_S):
        started = perf_counter()
        found = ask(origins, nodes)
        seconds.append(perf_counter() - started)
    np.savez(answer, origins=origins, found=found)
    scale = len(nodes) / len(origins)
    return {
        "prepare_s": prepare_s,
        "matrix_s": median(seconds) * scale,
        "scale": scale,
        "peak": peak_mib(),
    }


def largest_difference(one: str, other: str) -> int | None:
    """Milliseconds between two answers, on the rows of the first; ``None`` where one has no way."""
    import numpy as np

    with np.load(one) as first, np.load(other) as second:
        rows = np.searchsorted(second["origins"], first["origins"])
        here, there = first["found"], second["found"][rows]
    if (np.isfinite(here) != np.isfinite(there)).any():
        return None
    both = np.isfinite(here)
    return int(np.abs(here[both] - there[both]).max(initial=0))


def steps(file: str, places: int) -> dict[str, Any]:
    """Seconds and peak so far of each step from a file to a matrix."""
    import numpy as np

    import tourplan.network.osmfile
    import tourplan.network.snap
    import tourplan.network.streets  # noqa: F401
    from tourplan.travel.hierarchy import Hierarchy

    watch = Stopwatch()
    watch.time("imports", import_all)
    streets, times, network = read_streets(Path(file), watch)
    random = np.random.default_rng(0)
    near = random.choice(len(network.lon), min(places, len(network.lon)), replace=False)
    shift = random.normal(size=(len(near), 2)) * 0.001
    points = {
        f"{k:05d}": (float(network.lon[n] + dx), float(network.lat[n] + dy))
        for k, (n, (dx, dy)) in enumerate(zip(near.tolist(), shift.tolist(), strict=True))
    }
    from tourplan.network.snap import with_places

    placed, _ = watch.time("snap", lambda: with_places(streets, times, network, points))
    hierarchy = watch.time(
        "prepare",
        lambda: Hierarchy.of(placed.position(), placed.start, placed.end, placed.packed()),
    )
    nodes = np.array(list(placed.places.values()))
    watch.time("matrix", lambda: hierarchy.distances(nodes, nodes))
    return {"steps": watch.stages, "nodes": len(network.lon)}


def import_all() -> None:
    """What the steps would load on first use."""
    for name in ("osmium", "scipy.sparse.csgraph", "shapely"):
        import_module(name)


def plain_loop(file: str) -> dict[str, Any]:
    """Seconds of pyosmium alone over a file: every object, nothing done with it."""
    import osmium

    started = perf_counter()
    count = sum(1 for _ in osmium.FileProcessor(file))
    return {"seconds": perf_counter() - started, "objects": count}


def nearest_counters(path: str, count: int) -> dict[str, Any]:
    """Seconds and peak of the nearest of many counters, for every node."""
    from tourplan.network.graph import RoadNetwork
    from tourplan.network.source import NetworkSource
    from tourplan.travel.reach import nearest

    import_module("scipy.sparse.csgraph")
    graph = load(path)
    keys = ("lon", "lat", "start", "end", "time_ms", "distance_dm")
    source = NetworkSource("", "", "", "", 0, schematic=False)
    network = RoadNetwork(*(graph[key] for key in keys), source=source)
    counters = some_nodes(graph, count).tolist()
    seconds: list[float] = []
    for _ in range(3):
        started = perf_counter()
        nearest(network, counters)
        seconds.append(perf_counter() - started)
    return {"seconds": median(seconds), "peak": peak_mib(), "nodes": len(network.lon)}


CHILDREN: dict[str, Callable[..., dict[str, Any] | None]] = {
    "graph": lambda file, nodes, target: save_graph(file, nodes, target),
    "measure": measure,
    "difference": lambda one, other: {"ms": largest_difference(one, other)},
    "steps": steps,
    "plain": plain_loop,
    "nearest": nearest_counters,
}


def asked(name: str, *arguments: Any) -> dict[str, Any]:
    """As ``child``, for what nothing optional is needed for."""
    answer = child(name, *arguments)
    if answer is None:
        raise SystemExit(f"{name} : une bibliothèque manque")
    return answer


def child(name: str, *arguments: Any) -> dict[str, Any] | None:
    """What one of ``CHILDREN`` answers from its own process; ``None``: a library is missing."""
    command = [sys.executable, __file__, "--child", json.dumps([name, *arguments])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == MISSING:
        return None
    if done.returncode:
        raise SystemExit(f"{name} : échec")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def answer_as_child(order: str) -> int:
    """Run one of ``CHILDREN`` here and print what it answers."""
    name, *arguments = json.loads(order)
    try:
        print(json.dumps(CHILDREN[name](*arguments) or {}))
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("tourplan"):
            raise
        return MISSING
    return 0


# --- The table ----------------------------------------------------------------------------------


def table(graph: str, options: argparse.Namespace, folder: Path) -> None:
    """One row a method, as CSV."""
    methods = [m for m in options.methodes.split(",") if m]
    nothing = asked("measure", "nothing", graph, options.places, options.sample, "")
    reference = str(folder / "networkx.npz")
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(COLUMNS)
    slow: float | None = None
    for method in methods:
        answer = str(folder / f"{method}.npz")
        found = child("measure", method, graph, options.places, options.sample, answer)
        if found is None:
            say(f"{method} n’est pas installé : passé")
            continue
        if method == "networkx":
            slow = found["matrix_s"]
            if found["scale"] > 1:
                say(f"networkx : mesuré sur {options.sample} départs, × {found['scale']:.1f}")
        ratio = slow / found["matrix_s"] if slow else None
        ms = child("difference", reference, answer) if slow else None
        memory = found["peak"] - nothing["peak"] if found["peak"] else None
        rows.writerow(
            [
                method,
                f"{found['prepare_s']:.3f}",
                f"{found['matrix_s']:.4g}",
                f"{ratio:.4g}" if ratio else "",
                f"{memory:.0f}" if memory is not None else "",
                "" if ms is None or ms["ms"] is None else ms["ms"],
            ]
        )
        sys.stdout.flush()
        if slow:
            whole = slow / (found["prepare_s"] + found["matrix_s"])
            say(f"{method} : {whole:.4g} × la boucle networkx, préparation comprise")


def tell_steps(file: str, places: int) -> None:
    """The steps from a file to a matrix, and their sum against a loop over the file."""
    plain = median(asked("plain", file)["seconds"] for _ in range(3))
    found = asked("steps", file, places)
    rows = csv.writer(sys.stderr, lineterminator="\n")
    rows.writerow(("step", "seconds", "peak_mib"))
    for name, (seconds, peak) in found["steps"].items():
        rows.writerow((name, f"{seconds:.3f}", f"{peak:.0f}" if peak else ""))
    total = sum(seconds for name, (seconds, _) in found["steps"].items() if name != "imports")
    say(
        f"{found['nodes']} nœuds ; du fichier à la matrice : {total:.2f} s, soit "
        f"{total / plain:.2f} × une boucle pyosmium nue sur le fichier ({plain:.2f} s)"
    )


def tell_nearest(graph: str, count: int) -> None:
    """What the nearest of many counters costs."""
    found = asked("nearest", graph, count)
    say(
        f"plus proche de {count} guichets pour {found['nodes']} nœuds : {found['seconds']:.2f} s, "
        f"pic {found['peak'] or 0:.0f} Mio graphe compris"
    )


def say(text: str) -> None:
    """Tell on standard error."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fichier", nargs="?", default="", help="extrait OpenStreetMap")
    parser.add_argument("--places", type=int, default=350)
    parser.add_argument("--nodes", type=int, default=128_500, help="taille du pays inventé")
    parser.add_argument("--sample", type=int, default=10, help="départs mesurés avec networkx")
    parser.add_argument("--methodes", default=",".join(METHODS), help="vide : aucune")
    parser.add_argument("--etapes", action="store_true", help="les étapes d’un fichier")
    parser.add_argument("--proches", type=int, default=0, help="nombre de guichets")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return answer_as_child(options.child)
    if options.etapes and not options.fichier:
        parser.error("--etapes demande un fichier")
    say(f"{platform.system()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        graph = str(Path(folder) / "graph.npz")
        asked("graph", options.fichier, options.nodes, graph)
        if options.methodes:
            table(graph, options, Path(folder))
        if options.etapes:
            tell_steps(options.fichier, options.places)
        if options.proches:
            tell_nearest(graph, options.proches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
