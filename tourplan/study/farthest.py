"""Who is far from a counter with a plan, what is near them, and what would be nearer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tourplan.measures import fixed_access, served_sites, tour_access
from tourplan.study import explanation as words
from tourplan.study.explanation import Far, Near
from tourplan.study.inquiry import Inquiry


def far_residents(
    inquiry: Inquiry, minutes: Sequence[int], codes: set[str] | None = None
) -> list[Far]:
    """Inhabited places farther than ``minutes`` with the plan, under the most they exceed."""
    problem = inquiry.problem
    sites = served_sites(problem, inquiry.days)
    access = fixed_access(problem).join(tour_access(problem, sites))
    ways = Ways(problem.fixed_times(), problem.site_times())
    found = []
    left = problem.resident_weight > 0
    for limit in sorted(minutes, reverse=True):
        beyond = left & access.beyond(limit)
        left = left & ~beyond
        for point in np.flatnonzero(beyond):
            code = problem.places[problem.resident_place[point]].partition(" ")[0]
            if codes is None or code in codes:
                found.append(_far(inquiry, int(point), limit, ways))
    return sorted(found, key=lambda far: (-far.minutes, -far.residents, far.code))


def _far(inquiry: Inquiry, point: int, limit: int, ways: Ways) -> Far:
    """A resident point, with what is nearest to it; times are its own, not its commune's."""
    problem, served = inquiry.problem, inquiry.served()
    place = int(problem.resident_place[point])
    possible = [
        replace(near, code=demand.code, name=demand.name)
        for number, demand in enumerate(problem.demands)
        if number not in served
        for near in [_nearest([ways.to_site(inquiry, point, s) for s in problem.sites_of(number)])]
        if near is not None
    ]
    within = [near for near in possible if near.time_s is not None and near.time_s <= limit * 60]
    held = [ways.to_site(inquiry, point, site) for site in served_sites(problem, inquiry.days)]
    return Far(
        code=problem.places[place],
        name=inquiry.place_name(place),
        residents=int(problem.resident_weight[point]),
        minutes=limit,
        fixed=ways.nearest_fixed(inquiry, point),
        served=_nearest(held),
        within=tuple(sorted(within, key=_how_far)),
        nearest=_nearest(possible),
        hamlet=inquiry.hamlets[point] if inquiry.hamlets else "",
    )


@dataclass(frozen=True, eq=False)
class Ways:
    """Seconds from resident points, and whether there is a way: shapes (points, counters)."""

    fixed: tuple[NDArray[np.int64], NDArray[np.bool_]]
    sites: tuple[NDArray[np.int64], NDArray[np.bool_]]

    def nearest_fixed(self, inquiry: Inquiry, point: int) -> Near | None:
        """The fixed counter nearest to a resident point."""
        places, (time_s, reachable) = inquiry.problem.fixed_place, self.fixed
        ways = np.flatnonzero(reachable[point])
        least = ways[time_s[point, ways] == time_s[point, ways].min(initial=np.iinfo(np.int64).max)]
        return _nearest(
            [
                _near(inquiry, int(places[column]), self.fixed, point, int(column))
                for column in least
            ]
        )

    def to_site(self, inquiry: Inquiry, point: int, site: int) -> Near:
        """A site, as far as it is from a resident point."""
        return _near(inquiry, inquiry.problem.sites[site].place, self.sites, point, site)


def _near(
    inquiry: Inquiry,
    place: int,
    times: tuple[NDArray[np.int64], NDArray[np.bool_]],
    point: int,
    column: int,
) -> Near:
    time_s, reachable = times
    seconds = int(time_s[point, column]) if reachable[point, column] else None
    return Near(inquiry.problem.places[place], inquiry.place_name(place), seconds)


def _how_far(near: Near) -> tuple[bool, int, str]:
    return near.time_s is None, near.time_s or 0, near.code


def _nearest(places: Sequence[Near]) -> Near | None:
    """The nearest of some places that a way leads to."""
    return min((near for near in places if near.time_s is not None), key=_how_far, default=None)


def helping_demands(inquiry: Inquiry, far: Sequence[Far], asked: Sequence[int]) -> list[int]:
    """The demands, not asked about, nearest to each far place that they would bring within."""
    index = inquiry.problem.demand_index
    nearest = [index[near.code] for one in far for near in one.within[:1]]
    return [demand for demand in dict.fromkeys(nearest) if demand not in asked]


def with_reasons(far: Far, why: dict[str, str]) -> Far:
    """The place with, for each commune that would help, why it has no session."""
    within = tuple(replace(n, why=why.get(n.code, words.UNTESTED)) for n in far.within)
    return replace(far, within=within)
