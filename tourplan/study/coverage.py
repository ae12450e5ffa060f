"""Who is near a counter: fixed counters alone, then with a tour. Tables, curve and map."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.access import Access, Standing, by_place
from tourplan.assemble import area_access, origin_of
from tourplan.errors import InputError
from tourplan.export.words import origin_words
from tourplan.measures import fixed_access, number, whole_access
from tourplan.plan import AreaAccess, Groups, Plan
from tourplan.prepare import Case
from tourplan.scenario import Scenario

WITHOUT, WITH = "sans la tournée", "avec la tournée"
_INK, _BORDER = "#26323a", "#8d8264"


@dataclass(frozen=True, eq=False)
class Coverage:
    """Access of the residents of a case to fixed counters, and with a tour when there is one.

    Attributes:
        case: the facts.
        areas: figures of each intercommunalité by name, then of all.
        before: access of the case's resident points to fixed counters alone.
        after: the same with the tour; ``None`` without a plan.
        served: the communes of the tour.
    """

    case: Case
    areas: tuple[AreaAccess, ...]
    before: Access
    after: Access | None
    served: tuple[str, ...]

    def to_frame(self, *, share: bool = False) -> Any:
        """A pandas DataFrame, one row an intercommunalité, then all together.

        Residents surely within each number of minutes of a counter, « à la limite » of it and
        beyond (``share``: percentages of them), and the mean time of those who reach one.
        """
        import pandas as pd

        rows = [self._row(area, share=share) for area in self.areas]
        names = pd.Index([area.name for area in self.areas], name="intercommunalité")
        return pd.DataFrame(rows, index=names)

    def _row(self, area: AreaAccess, *, share: bool) -> dict[str, float | None]:
        row: dict[str, float | None] = {"habitants": area.residents}
        unit = " (%)" if share else ""
        for minutes in area.before:
            for words, groups, _ in self._sides(area):
                group = groups[minutes]
                people = {
                    "à": group.inside,
                    "à la limite de": group.near,
                    "à plus de": group.beyond,
                }
                for where, count in people.items():
                    cell = share_of(area, count) if share else count
                    row[f"{where} {minutes} min {words}{unit}"] = cell
        for words, _, mean_s in self._sides(area):
            row[f"moyenne {words} (min)"] = None if mean_s is None else mean_s / 60
        return row

    def _sides(self, area: AreaAccess) -> Iterator[tuple[str, dict[int, Groups], float | None]]:
        """Words, groups of residents by minutes and mean: without, then with the tour."""
        yield WITHOUT, area.groups_before, area.mean_before_s
        if self.after is not None:
            yield WITH, area.groups_after, area.mean_after_s

    def communes(self) -> Any:
        """A pandas DataFrame by INSEE code, one row a commune whose residents count.

        Times are the means of the commune's points, weighted by their residents; infinite where no
        counter can be reached, so that ``> 15`` holds. The last columns list the thresholds, in
        minutes, that a commune is « à la limite » of.
        """
        import pandas as pd

        problem = self.case.problem
        places, _ = self._by_commune(self.before)
        codes = [problem.places[place] for place in places]
        communes = [self.case.territory[code] for code in codes]
        people = np.bincount(problem.resident_place, problem.resident_weight, len(problem.places))
        sides = [(words, self._by_commune(access)[1]) for words, access in self._accesses()]
        columns = {
            "commune": [c.name for c in communes],
            "intercommunalité": [c.epci_name for c in communes],
            "habitants": people[places].astype(np.int64),
            **{f"minutes {words}": _minutes(access) for words, access in sides},
            **{f"à la limite {words}": self._near_texts(access) for words, access in sides},
        }
        return pd.DataFrame(columns, index=pd.Index(codes, name="code_insee"))

    def points(self) -> Any:
        """A pandas DataFrame, one row a resident point: a commune, a hamlet or a cell.

        Longitude and latitude are those of the chef-lieu where the point has none. Minutes are
        infinite where no counter can be reached.
        """
        import pandas as pd

        points, territory = self.case.residents, self.case.territory
        communes = [territory[point.code] for point in points]
        at = zip(points, communes, strict=True)
        where = [(p.lon, p.lat) if p.number else (c.lon, c.lat) for p, c in at]
        columns = {
            "code_insee": [point.code for point in points],
            "commune": [commune.name for commune in communes],
            "nom": [point.name for point in points],
            "lon": [lon for lon, _ in where],
            "lat": [lat for _, lat in where],
            "habitants": self.case.problem.resident_weight,
            **{f"minutes {words}": _minutes(access) for words, access in self._accesses()},
        }
        return pd.DataFrame(columns, index=pd.Index([p.key for p in points], name="point"))

    def _by_commune(self, access: Access) -> tuple[NDArray[np.int64], Access]:
        """The communes' places, and the mean access of their residents."""
        problem = self.case.problem
        return by_place(access, problem.resident_place, problem.resident_weight)

    def _near_texts(self, access: Access) -> list[str]:
        """For each resident point, the thresholds it is « à la limite » of: ``15, 20``."""
        near = {minutes: self.near(access, minutes) for minutes in self.areas[-1].before}
        return [
            ", ".join(str(minutes) for minutes, there in near.items() if there[row])
            for row in range(len(access.time_s))
        ]

    def near(self, access: Access, minutes: int) -> NDArray[np.bool_]:
        """Which resident points are « à la limite » of ``minutes``."""
        uncertainty_pct = self.case.travel.source.uncertainty_pct
        return np.asarray(access.standing(minutes, uncertainty_pct) == Standing.NEAR)

    def _accesses(self) -> Iterator[tuple[str, Access]]:
        yield WITHOUT, self.before
        if self.after is not None:
            yield WITH, self.after

    def curve(self, ax: Any = None, *, whole: bool = False) -> Any:
        """Draw the share of residents within each number of minutes of a counter.

        Args:
            ax: matplotlib axes to draw on; new ones without it.
            whole: one curve for all instead of one an intercommunalité.

        Returns:
            The axes.

        Raises:
            InputError: matplotlib is not installed.
        """
        axes = _axes(ax, (9, 5.5))
        _draw_curves(axes, self, self.areas[-1:] if whole else self.areas[:-1])
        _finish_curves(axes, self)
        return axes

    def plot(self, ax: Any = None, *, tour: bool = True) -> Any:
        """Draw a map of communes by minutes to the nearest counter.

        Args:
            ax: matplotlib axes to draw on; new ones without it.
            tour: whether the tour counts, when there is one.

        Returns:
            The axes.

        Raises:
            InputError: matplotlib is not installed.
        """
        axes = _axes(ax, (10, 6.5))
        words, access = list(self._accesses())[-1 if tour else 0]
        _draw_communes(axes, self, access)
        _draw_counters(axes, self, with_tour=words == WITH)
        _finish_map(axes, self, f"Temps de route jusqu’à l’accueil le plus proche, {words}")
        return axes

    def inside(self, area: AreaAccess) -> NDArray[np.bool_]:
        """Which resident points belong to an area; all of them for the last."""
        codes = self.case.resident_codes
        epcis = np.array([self.case.territory[code].epci_code for code in codes])
        return np.ones(len(codes), dtype=bool) if area is self.areas[-1] else epcis == area.code

    def __repr__(self) -> str:
        area = self.areas[-1]
        minutes = min(area.before)
        shares = [f"{_within(area, g[minutes])} {words}" for words, g, _ in self._sides(area)]
        people = number(area.residents)
        return f"Coverage({people} habitants ; à {minutes} min d’un accueil : {', '.join(shares)})"

    def _repr_html_(self) -> str:
        from tourplan.export.markup import Column, body_row, element, table, text

        columns = [
            Column("Intercommunalité"),
            Column("Habitants", figures=True),
            *(Column(f"À {m} min ou moins", figures=True) for m in self.areas[-1].before),
            Column("Temps moyen", figures=True),
        ]
        rows = (body_row(columns, [text(c) for c in self._cells(area)]) for area in self.areas)
        change = "" if self.after is None else f" : {WITHOUT} → {WITH}"
        caption = f"Habitants proches d’un accueil{change}"
        return table(caption, columns, ["".join(rows)]) + element("p", text(_source(self)))

    def _cells(self, area: AreaAccess) -> list[str]:
        """The texts of a row, both sides of an arrow when there is a tour."""
        sides = list(self._sides(area))
        return [
            area.name,
            number(area.residents),
            *(" → ".join(_within(area, groups[m]) for _, groups, _ in sides) for m in area.before),
            " → ".join(_mean_text(mean_s) for _, _, mean_s in sides),
        ]


def coverage(scenario: Scenario | Case | str | Path, plan: Plan | None = None) -> Coverage:
    """Who is near a counter under a scenario: fixed counters alone, and with the tour of ``plan``.

    Args:
        scenario: whose residents, counters and times are used.
        plan: the tour to count; its communes must be among the scenario's.

    Raises:
        InputError: the scenario has faults, or the plan serves communes unknown to it.
    """
    case = Case.of(scenario)
    days = () if plan is None else plan.days
    served = tuple(sorted({stop.code for day in days for stop in day.stops}))
    unknown = [code for code in served if code not in case.problem.demand_index]
    if unknown:
        raise InputError.of(
            "plan",
            f"il dessert {', '.join(map(case.territory.name, unknown))}, hors du scénario",
            "mesurez-le sur son propre scénario : coverage(plan.case(), plan)",
        )
    places = dict.fromkeys(
        f"{stop.name} ({stop.place})"
        for day in days
        for stop in day.stops
        if (stop.code, stop.place) not in case.problem.site_index
    )
    if places:
        raise InputError.of(
            "plan",
            f"lieux d’accueil inconnus du scénario : {', '.join(places)}",
            "mesurez-le sur son propre scénario : coverage(plan.case(), plan)",
        )
    return Coverage(
        case=case,
        areas=area_access(case, days),
        before=fixed_access(case.problem),
        after=None if plan is None else whole_access(case.problem, days),
        served=served,
    )


def share_of(area: AreaAccess, residents: int) -> float:
    """Percentage that ``residents`` are of an area's; without any, nobody is missing: 100."""
    return 100 * residents / area.residents if area.residents else 100.0


def _within(area: AreaAccess, group: Groups) -> str:
    """``75,4 % et 5,5 % à la limite``; ``100 %`` only when nobody is left."""
    everyone = not (group.near or group.beyond)
    text = "100" if everyone else number(min(share_of(area, group.inside), 99.9), 1)
    near = f" et {number(share_of(area, group.near), 1)}\u00a0% à la limite" if group.near else ""
    return f"{text}\u00a0%{near}"


def _mean_text(seconds: float | None) -> str:
    return "inconnu" if seconds is None else f"{number(seconds / 60, 1)}\u00a0min"


def _minutes(access: Access) -> NDArray[np.float64]:
    """Minutes of each resident point; infinite where no counter can be reached."""
    return np.where(access.reached, access.time_s / 60, np.inf)


def _axes(ax: Any, size: tuple[float, float]) -> Any:
    """The axes given, or new ones of ``size`` inches."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise InputError.of(
            "figure", "matplotlib n’est pas installé", "pip install tourplan[notebooks]"
        ) from None
    return plt.subplots(figsize=size, layout="constrained")[1]


def _draw_curves(axes: Any, found: Coverage, areas: tuple[AreaAccess, ...]) -> None:
    """A curve an area: dashed without the tour, full with it."""
    from tourplan.export.scene import DAY_COLOURS

    end = _longest(found)
    for rank, area in enumerate(areas):
        inside = found.inside(area)
        weights = found.case.problem.resident_weight[inside]
        for words, access in found._accesses():
            minutes, share = _cumulated(_minutes(access)[inside], weights)
            axes.plot(
                [*minutes, end],
                [*share, share[-1]],
                drawstyle="steps-post",
                color=DAY_COLOURS[rank % len(DAY_COLOURS)],
                linestyle="-" if words == WITH else "--",
                linewidth=2,
                label=f"{area.name}, {words}",
            )


def _longest(found: Coverage) -> float:
    """Where the axis of minutes ends: past the goals and the longest time."""
    minutes = _minutes(found.before)
    return float(3 + max(*found.areas[-1].before, *minutes[np.isfinite(minutes)]))


def _cumulated(
    minutes: NDArray[np.float64], weights: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minutes in order, from 0, and the percentage of residents within each."""
    order = np.argsort(minutes, kind="stable")
    reached = order[np.isfinite(minutes[order])]
    total = max(1, int(weights.sum()))
    share = 100 * np.cumsum(weights[reached]) / total
    return np.append(0.0, minutes[reached]), np.append(0.0, share)


def _finish_curves(axes: Any, found: Coverage) -> None:
    """Scales, marks at the access goals, legend and source."""
    goals = found.areas[-1].before
    axes.set_xlim(0, _longest(found))
    axes.set_ylim(0, 103)
    for minutes in goals:
        axes.axvline(minutes, color="#8a8f93", linewidth=0.8, zorder=0)
    axes.set_xticks(sorted({0, 5, 10, *goals}))
    axes.set_xlabel("Temps de route jusqu’à l’accueil le plus proche (minutes)")
    axes.set_ylabel("Part des habitants (%)")
    axes.set_title("Part des habitants à portée d’un accueil", loc="left", fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", framealpha=1)
    _write_source(axes, found, below=36)


def _draw_communes(axes: Any, found: Coverage, access: Access) -> None:
    """The surroundings in grey, then the communes class by class, as on the maps of plans."""
    from tourplan.export.scene import CLASS_FILLS, LIMITS_MIN, NEAR_HATCH, NEAR_INKS, UNREACHED

    land = found.case.territory.to_frame()
    places, access = found._by_commune(access)
    codes = np.array([found.case.problem.places[place] for place in places])
    known = [code in land.index for code in codes]
    ranks = np.searchsorted(np.array(LIMITS_MIN) * 60, access.time_s)
    ranks = np.where(access.reached, ranks, UNREACHED)[known]
    communes = land.loc[codes[known]]
    west, south, east, north = communes.total_bounds
    pad = 0.04 * max(east - west, north - south)
    around = land.cx[west - pad : east + pad, south - pad : north + pad]
    around.plot(ax=axes, facecolor="#e6e9e9", edgecolor="white", linewidth=0.6, aspect=None)
    for rank in np.unique(ranks):
        communes[ranks == rank].plot(
            ax=axes,
            facecolor=CLASS_FILLS[rank],
            edgecolor=_BORDER,
            linewidth=0.5,
            hatch="///" if rank == UNREACHED else None,
            aspect=None,
        )
    near = np.any([found.near(access, minutes)[known] for minutes in LIMITS_MIN], axis=0)
    for rank in np.unique(ranks[near]):
        communes[near & (ranks == rank)].plot(
            ax=axes,
            facecolor="none",
            edgecolor=NEAR_INKS[rank],
            linewidth=0,
            hatch=NEAR_HATCH,
            aspect=None,
        )
    _draw_outlines(axes, communes.dissolve("epci_nom"))
    axes.set_xlim(west - pad, east + pad)
    axes.set_ylim(south - pad, north + pad)
    axes.set_aspect(1 / np.cos(np.radians((south + north) / 2)))


def _draw_outlines(axes: Any, areas: Any) -> None:
    """The outline of each intercommunalité, its name above."""
    from matplotlib.patheffects import withStroke

    areas.boundary.plot(ax=axes, color=_INK, linewidth=1.4, aspect=None)
    for name, (west, _, east, north) in zip(areas.index, areas.bounds.to_numpy(), strict=True):
        axes.annotate(
            name,
            ((west + east) / 2, north),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            color=_INK,
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )


def _draw_counters(axes: Any, found: Coverage, *, with_tour: bool) -> None:
    """The communes with a fixed counter, and those of the tour."""
    territory, problem = found.case.territory, found.case.problem
    fixed = [problem.places[place] for place in problem.fixed_place]
    kinds = [("s", 40, _INK, "point fixe", fixed)]
    if with_tour:
        kinds.append(("o", 70, "#0072b2", "permanence de la tournée", list(found.served)))
    for marker, size, colour, label, codes in kinds:
        axes.scatter(
            [territory[code].lon for code in codes],
            [territory[code].lat for code in codes],
            s=size,
            marker=marker,
            color=colour,
            edgecolor="white",
            label=label,
            zorder=4,
        )


def _finish_map(axes: Any, found: Coverage, title: str) -> None:
    """Title, legend and source."""
    from matplotlib.patches import Patch
    from matplotlib.transforms import offset_copy

    from tourplan.export.scene import CLASS_FILLS, CLASS_LABELS, NEAR_HATCH, UNREACHED

    classes = [
        Patch(facecolor=fill, edgecolor=_BORDER, label=label)
        for fill, label in list(zip(CLASS_FILLS, CLASS_LABELS, strict=True))[:UNREACHED]
    ]
    if not all(access.reached.all() for _, access in found._accesses()):
        classes.append(Patch(facecolor="white", hatch="///", label=CLASS_LABELS[UNREACHED]))
    if found.case.travel.source.uncertainty_pct:
        label = "à la limite (couleur voisine possible)"
        classes.append(Patch(facecolor="none", edgecolor=_INK, hatch=NEAR_HATCH, label=label))
    foot = _write_source(axes, found, below=6)
    axes.set_axis_off()
    axes.set_title(title, loc="left", fontweight="bold")
    axes.legend(
        handles=[*classes, *axes.get_legend_handles_labels()[0]],
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=offset_copy(axes.transAxes, fig=axes.figure, y=-foot, units="points"),
        ncols=3,
        fontsize=8,
        frameon=False,
    )


def _write_source(axes: Any, found: Coverage, below: int) -> int:
    """Where the figures come from, that many points under the axes; where it ends, in points."""
    words = textwrap.fill(_source(found), 110)
    axes.annotate(
        words,
        (0, 0),
        xycoords="axes fraction",
        xytext=(0, -below),
        textcoords="offset points",
        fontsize=7,
        color="#4c5a61",
        va="top",
    )
    return below + 10 * (words.count("\n") + 1)


def _source(found: Coverage) -> str:
    """Where the times come from, how sure they are, and which counters are unknown."""
    origin = origin_words(origin_of(found.case.travel.source))
    return f"Temps de route : {origin}. Les points fixes hors du département sont inconnus."
