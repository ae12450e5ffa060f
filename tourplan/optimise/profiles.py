"""Day tours alike in all that weekdays mean to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.daytours import Bools, DayTours, Ints
from tourplan.problem import Problem


@dataclass(frozen=True, eq=False)
class Profiles:
    """The profiles of a week's tours: those of one profile can swap days without any change.

    Attributes:
        week: week of the cycle.
        profile: the profile of each tour, shape (tours,).
        in_hours: sessions within mairie hours, shape (profiles, weekdays).
        market: sessions on a market day, same shape.
        allowed: whether the tours may run, same shape.
        watched: watched commune served in each session, -1 for none, shape (profiles, sessions).
    """

    week: int
    profile: Ints
    in_hours: Ints
    market: Ints
    allowed: Bools
    watched: Ints

    def __len__(self) -> int:
        return len(self.allowed)

    @classmethod
    def of(cls, problem: Problem, tours: DayTours, week: int) -> Profiles:
        """The profiles of ``tours`` in a week of the cycle."""
        distinct, profile = np.unique(_keys(problem, tours, week), axis=0, return_inverse=True)
        return cls._from(problem, week, profile.reshape(-1), distinct)

    def joined(self, problem: Problem, more: DayTours) -> Profiles:
        """These profiles, then those that only ``more`` tours have; their tours come last."""
        known = self._keys()
        found, which = np.unique(_keys(problem, more, self.week), axis=0, return_inverse=True)
        numbers = {key.tobytes(): number for number, key in enumerate(known)}
        new = [key for key in found if key.tobytes() not in numbers]
        numbers |= {key.tobytes(): len(known) + number for number, key in enumerate(new)}
        of_found = np.array([numbers[key.tobytes()] for key in found], dtype=np.int64)
        profile = np.concatenate([self.profile, of_found[which.reshape(-1)]])
        return self._from(problem, self.week, profile, np.vstack([known, *new]))

    def _keys(self) -> Ints:
        return np.hstack([self.in_hours, self.market, self.allowed, self.watched]).astype(np.int64)

    @classmethod
    def _from(cls, problem: Problem, week: int, profile: Ints, distinct: Ints) -> Profiles:
        days = len(problem.weekdays)
        return cls(
            week=week,
            profile=profile,
            in_hours=distinct[:, :days],
            market=distinct[:, days : 2 * days],
            allowed=distinct[:, 2 * days : 3 * days].astype(bool),
            watched=distinct[:, 3 * days :],
        )


def _keys(problem: Problem, tours: DayTours, week: int) -> Ints:
    """All that weekdays mean to each tour: counts, days allowed, watched communes.

    What no rule or level of the problem looks at does not tell tours apart.
    """
    allowed = tours.allowed[:, week]
    seen = {"heures_mairie": tours.in_hours, "marches": tours.market}
    counts = [
        np.where(allowed, values, 0) if name in problem.looked_at else np.zeros_like(values)
        for name, values in seen.items()
    ]
    return np.hstack([*counts, allowed, watched_of(problem, tours)]).astype(np.int64)


def watched_demands(problem: Problem) -> frozenset[int]:
    """The communes whose very slots some rule looks at.

    Those with rules on when their sessions are; with several vehicles, those that two of them could
    serve on one day, and all of them where a goal asks for sessions at different half-days.
    """
    several = len({crew.vehicle for crew in problem.crew_weeks}) > 1
    everyone = several and any(goal.sessions > 1 for goal in problem.goals)
    return frozenset(
        number
        for number, demand in enumerate(problem.demands)
        if everyone or demand.watched or (several and demand.allowed > 1)
    )


def watched_of(problem: Problem, tours: DayTours) -> NDArray[np.int64]:
    """The watched commune that each session serves, -1 for none, shape (tours, sessions)."""
    watched = watched_demands(problem)
    of_site = [site.demand if site.demand in watched else -1 for site in problem.sites]
    found: Ints = np.array([*of_site, -1], dtype=np.int64)[tours.site]
    return found
