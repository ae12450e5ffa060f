"""Times from resident points to counters and sites: by road, or by the commune's chef-lieu."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tourplan.measures import number
from tourplan.network.speedmodel import EARTH_RADIUS_M
from tourplan.problem import PointTimes, Site
from tourplan.residents import ResidentPoint, Residents
from tourplan.scenario import Scenario
from tourplan.territory import Territory
from tourplan.travel.matrix import TravelMatrix

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def point_times(
    scenario: Scenario,
    territory: Territory,
    travel: TravelMatrix,
    points: Sequence[ResidentPoint],
    counters: Sequence[str],
    sites: Sequence[Site],
) -> PointTimes | None:
    """The times of resident points; ``None`` when all are at their commune's chef-lieu.

    Over real roads, each from its own place on them. Elsewhere, those of the chef-lieu of its
    commune, plus the straight line to it at the speed that the scenario gives.
    """
    if not any(point.number for point in points):
        return None
    to_fixed = [travel.index(code) for code in counters]
    to_sites = [site.place for site in sites]
    time_s, reachable = _times(scenario, territory, travel, points, to_fixed + to_sites)
    count = len(to_fixed)
    return PointTimes(
        fixed_s=time_s[:, :count],
        fixed_reachable=reachable[:, :count],
        site_s=time_s[:, count:],
        site_reachable=reachable[:, count:],
    )


def _times(
    scenario: Scenario,
    territory: Territory,
    travel: TravelMatrix,
    points: Sequence[ResidentPoint],
    places: Sequence[int],
) -> tuple[Ints, Bools]:
    """Seconds from each point to each of ``places``, and whether there is a way."""
    row = {code: number for number, code in enumerate(travel.places)}
    cells = np.ix_([row[point.code] for point in points], places)
    time_s, reachable = travel.time_s[cells], travel.reachable[cells]
    if travel.points is None:
        away_s = straight_s(territory, points, scenario.residents.hamlet_kmh)
        return np.where(reachable, time_s + away_s[:, None], 0), reachable
    column = {code: number for number, code in enumerate(travel.points.destinations)}
    columns = [column[travel.places[place]] for place in places]
    mine = np.array([bool(point.number) for point in points])
    own = {key: number for number, key in enumerate(travel.points.origins)}
    at = np.ix_([own[point.key] for point in points if point.number], columns)
    time_s[mine], reachable[mine] = travel.points.time_s[at], travel.points.reachable[at]
    return time_s, reachable


def straight_s(territory: Territory, points: Sequence[ResidentPoint], kmh: int) -> Ints:
    """Seconds from each point to the chef-lieu of its commune in a straight line, halves up."""
    ends = [(territory[point.code].lon, territory[point.code].lat) for point in points]
    there = np.radians(np.array(ends, dtype=np.float64).reshape(-1, 2))
    own = [(p.lon, p.lat) if p.number else end for p, end in zip(points, ends, strict=True)]
    here = np.radians(np.array(own, dtype=np.float64).reshape(-1, 2))
    half = np.sin((here - there) / 2) ** 2
    share = half[:, 1] + np.cos(here[:, 1]) * np.cos(there[:, 1]) * half[:, 0]
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(share, 1)))
    seconds: Ints = np.floor(metres * 3.6 / kmh + 0.5).astype(np.int64)
    return seconds


def point_notes(scenario: Scenario, residents: Residents, travel: TravelMatrix) -> list[str]:
    """What is to be told of resident points: how many, and how their times are known."""
    points = residents.points
    placed = sum(bool(point.number) for point in points)
    if not placed:
        return [*residents.notes]
    people = sum(point.weight for point in points)
    communes = len({point.code for point in points})
    where = f"{communes} commune{'s' * (communes > 1)}"
    notes = [
        f"points d’habitation : {number(len(points))} dans {where}, pour "
        f"{number(people)} habitants (fichier « {scenario.residents.file} ») ; sur les cartes, le "
        "temps d’une commune est la moyenne de ses points selon leurs habitants"
    ]
    if travel.points is None:
        notes.append(
            "ces temps de trajet ne connaissent que les chefs-lieux : un point d’habitation met le "
            "temps du chef-lieu de sa commune, plus la ligne droite jusqu’à lui à "
            f"{scenario.residents.hamlet_kmh} km/h (hypothèse : vitesse_hameaux_km_h dans "
            "[habitants])"
        )
    return [*residents.notes, *notes]
