"""What ties a plan to its days: each total of the plan is a sum over the days it is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tourplan.optimise.labels import Bools, Floats, Ints, Prices, along, visits
from tourplan.optimise.mip import Mip


@dataclass(frozen=True, eq=False)
class Links:
    """The variables of a model that are sums over days.

    Attributes:
        held: variable of the sessions held at each site, shape (sites,).
        days: variable of the number of days; its upper bound must be finite.
        spent: variables of sums over legs, less of which is always better (metres, seconds).
        legs: what each of them sums, whole and at least 0, shape (spent, places, places).
        reached: variable of the days that stop in each group of sites, or fewer: the model may
            only ask for more of it. Shape (groups,).
        groups: the sites of each group, shape (groups, sites). A rule ``reached >= 1`` is tighter
            than the sum of ``held`` over the group, as a day counts once however often it stops.
    """

    held: Ints
    days: int
    spent: Ints
    legs: Ints
    reached: Ints
    groups: Bools

    def contributions(self, tours: Ints) -> Floats:
        """What tours add to each total, in the order of ``variables``, shape (tours, totals)."""
        at = visits(tours, len(self.held))
        spent = [along(matrix[None], tours) for matrix in self.legs]
        reached = np.minimum(at @ self.groups.T.astype(np.int64), 1)
        return np.column_stack([at, np.ones(len(tours)), *spent, reached]).astype(float)

    def variables(self) -> Ints:
        """The variables of all totals."""
        return np.concatenate([self.held, [self.days], self.spent, self.reached]).astype(np.int64)

    def prices(self, duals: Floats, stops: int, cuts: Bools, fines: Floats) -> Prices:
        """What a day costs, given the dual of each total's link and the fines of cuts."""
        sites, spent = len(self.held), len(self.spent)
        held, days, legs, reached = np.split(duals, [sites, sites + 1, sites + 1 + spent])
        cost = np.einsum("l,lij->ij", np.maximum(-legs, 0.0), self.legs)
        cost[0] -= days[0]
        return Prices.same(
            cost,
            held,
            stops,
            np.concatenate([self.groups, cuts]),
            np.maximum(np.concatenate([reached, fines]), 0.0),
            np.arange(len(self.groups) + len(cuts)) >= len(self.groups),
        )


def linked(mip: Mip, links: Links) -> Mip:
    """The model with one row for each total, to be filled with days."""
    model = replace(
        mip,
        lower=[*mip.lower],
        upper=[*mip.upper],
        integer=[*mip.integer],
        row_lower=[*mip.row_lower],
        row_upper=[*mip.row_upper],
        row_entries=[*mip.row_entries],
    )
    loose = set(links.reached.tolist())
    for total in links.variables():
        model.row(np.array([total]), -1.0, at_least=0.0, at_most=np.inf if total in loose else 0.0)
    return model


def with_days(mip: Mip, links: Links, tours: Ints) -> tuple[Mip, int]:
    """The model with a variable for each day; the number of the first."""
    model = linked(mip, links)
    first_row, size = len(mip.row_entries), mip.size
    at = visits(tours, len(links.held))
    most = np.concatenate(mip.upper)[links.held]
    times = np.where(at > 0, most, np.inf).min(
        axis=1, initial=np.concatenate(mip.upper)[links.days]
    )
    days = model.variables(len(tours), times)
    for row, amounts in enumerate(links.contributions(tours).T, first_row):
        held = np.flatnonzero(amounts)
        variables, weights = model.row_entries[row]
        model.row_entries[row] = (
            np.concatenate([variables, days[held]]),
            np.concatenate([weights, amounts[held]]),
        )
    return model, size


def with_phantoms(mip: Mip, links: Links) -> tuple[Mip, Ints]:
    """The linked model with sessions that no day holds, and days without any; its new variables."""
    model, sites = linked(mip, links), len(links.held)
    phantoms = model.variables(sites + 1, np.inf, integer=False)
    first_row = len(mip.row_entries)
    first_group = first_row + sites + 1 + len(links.spent)
    groups = np.pad(links.groups, ((0, 0), (0, 1)))
    for site, phantom in enumerate(phantoms):
        for row in (first_row + site, *(first_group + np.flatnonzero(groups[:, site]))):
            variables, weights = model.row_entries[row]
            model.row_entries[row] = (np.append(variables, phantom), np.append(weights, 1.0))
    return model, phantoms
