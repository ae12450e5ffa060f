"""What a scenario asks of a commune and can never have, whatever the roads: told before any search.

Communes to serve that no slot is left to; imposed visits that meet no open slot, are more than
allowed, or leave no room to one another; gaps between visits that the tour weeks cannot give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tourplan.demands import selected
from tourplan.errors import Fault, counted, listed
from tourplan.hours import WEEKDAYS
from tourplan.places import CommuneSettings
from tourplan.problem import Demand, Problem
from tourplan.scenario import Pin, Scenario
from tourplan.settings import settings_of, told
from tourplan.spacing import MONTH_DAYS, farthest_apart
from tourplan.territory import Territory

Cells = NDArray[np.bool_]
"""Whether something holds for each vehicle, week of the cycle, weekday and session."""
Pins = Sequence[tuple[int, Pin]]
"""Imposed visits, with their number in the scenario, from 1."""


def dead_end_faults(scenario: Scenario, territory: Territory, problem: Problem) -> list[Fault]:
    """The faults of what the scenario asks and its own sections leave no room for."""
    asked = _Asked(scenario, territory, problem)
    faults = [*_closed_faults(asked), *_pin_faults(asked)]
    return [*faults, *([] if faults else _crowd_faults(asked)), *_gap_faults(asked)]


@dataclass(frozen=True, eq=False)
class _Asked:
    """A scenario with what it became."""

    scenario: Scenario
    territory: Territory
    problem: Problem

    def going(self) -> Cells:
        """When each vehicle has a crew."""
        slots = self.problem.open_slots
        shape = (slots.shape[0], *slots.shape[2:])
        return np.broadcast_to(self.problem.crewed[..., None], shape)

    def left(self, number: int) -> Cells:
        """The slots left to a demand: some site of its commune is open, and a crew may go."""
        sites = self.problem.open_slots[:, self.problem.sites_of(number)]
        left: Cells = sites.any(axis=1) & self.going()
        return left

    def cells(self, pin: Pin) -> Cells:
        """The slots that answer what is imposed or forbidden."""
        found = np.zeros_like(self.going())
        found[np.ix_(*selected(self.scenario, pin, self.problem.weekdays))] = True
        return found

    def settings(self, code: str) -> list[tuple[int, CommuneSettings]]:
        """The sections that settle something for a commune, with their number from 1."""
        epci = self.territory[code].epci_code
        numbered = enumerate(self.scenario.settings, start=1)
        return [(n, one) for n, one in numbered if code in one.communes or epci in one.epcis]

    def asker(self, code: str) -> str:
        """The key that asks for a commune to be served; ``""``: only an imposed visit, if any."""
        if code in self.scenario.communes.required:
            return "communes.a_desservir"
        for number, one in self.settings(code):
            if one.sessions or one.min_sessions:
                return f"reglages.{number}.passages{'' if one.sessions else '_min'}"
        return ""

    def closers(self, code: str, pin: Pin) -> str:
        """The sections that close to a commune some of the slots that a pin names."""
        asked = self.cells(pin)
        found = [
            f"interdits.{number}"
            for number, ban in enumerate(self.scenario.bans, start=1)
            if ban.commune in (None, code) and (self.cells(ban) & asked).any()
        ]
        for number, one in self.settings(code):
            refused = [WEEKDAYS[day] in one.refused_days for day in self.problem.weekdays]
            weeks = range(1, self.problem.weeks + 1)
            shut = [one.weeks is not None and week not in one.weeks for week in weeks]
            found += [f"reglages.{number}.jours_refuses"] * bool(asked[:, :, refused].any())
            found += [f"reglages.{number}.semaines"] * bool(asked[:, shut].any())
        away = (asked & ~self.going()).any()
        return listed([*found, *["les jours et semaines des agents et véhicules"] * bool(away)])

    def named(self, code: str) -> str:
        """``Le Caylar (34064)``."""
        return told([code], self.territory)


def _closed_faults(asked: _Asked) -> Iterator[Fault]:
    """Communes to serve to which no slot is left; those closed alike are told together."""
    closed: dict[tuple[str, str], list[str]] = {}
    for number, demand in enumerate(asked.problem.demands):
        where = asked.asker(demand.code)
        if where and demand.required and not asked.left(number).any():
            closers = asked.closers(demand.code, Pin())
            closed.setdefault((where, closers), []).append(demand.code)
    for (where, closers), codes in closed.items():
        what = f"{told(codes, asked.territory)} : à desservir, mais aucun créneau n’y est permis"
        yield Fault(where, what, f"revoyez {closers}, ou ne demandez pas d’y passer")


def _pin_faults(asked: _Asked) -> Iterator[Fault]:
    """Imposed visits, each alone, then those of a commune together."""
    pins = list(enumerate(asked.scenario.pins, start=1))
    codes = [demand.code for demand in asked.problem.demands]
    settled = settings_of(asked.scenario, asked.territory, codes)
    for position, demand in enumerate(asked.problem.demands):
        mine = [(number, pin) for number, pin in pins if pin.commune == demand.code]
        left = asked.left(position)
        for number, pin in mine if left.any() or not asked.asker(demand.code) else ():
            if not (left & asked.cells(pin)).any():
                what = f"{asked.named(demand.code)} : aucun créneau n’y est permis à ce moment"
                mend = f"changez ce passage, ou revoyez {asked.closers(demand.code, pin)}"
                yield Fault(f"imposes.{number}", what, mend)
        yield from _together(asked, demand, settled.get(demand.code), _exclusive(mine))


def _exclusive(pins: Pins) -> Pins:
    """Imposed visits of a commune that no one session can be two of."""
    found: list[tuple[int, Pin]] = []
    for number, pin in pins:
        if all(_differ(pin, other, "week", "day", "slot", "vehicle") for _, other in found):
            found.append((number, pin))
    return found


def _differ(one: Pin, two: Pin, *names: str) -> bool:
    """Whether two pins ask for other things under one of these names."""
    pairs = ((getattr(one, name), getattr(two, name)) for name in names)
    return any(None not in pair and pair[0] != pair[1] for pair in pairs)


def _together(
    asked: _Asked, demand: Demand, setting: CommuneSettings | None, pins: Pins
) -> Iterator[Fault]:
    """Visits imposed on a commune beyond those allowed, or not at the same slot as they must."""
    given = None
    if setting is not None:
        given = setting.max_sessions if setting.sessions is None else setting.sessions
    most = demand.allowed if given is None else given
    if len(pins) > most:
        what = f"{asked.named(demand.code)} : {counted(len(pins), 'passage imposé')}, mais "
        what += f"{most} au plus par cycle"
        mend = f"retirez-le, ou permettez {counted(len(pins), 'passage')} dans [[reglages]]"
        yield Fault(f"imposes.{pins[most][0]}", what, mend)
        return
    for number, pin in pins if demand.same_slot else ():
        for first, other in pins:
            if first < number and _differ(pin, other, "day", "slot"):
                what = (
                    f"{asked.named(demand.code)} : autre jour ou autre créneau qu’imposes.{first}"
                )
                mend = "imposez le même, ou écrivez meme_creneau = false dans [cycle]"
                yield Fault(f"imposes.{number}", what, mend)
                return


def _crowd_faults(asked: _Asked) -> Iterator[Fault]:
    """Imposed visits of several communes that the slots they name are too few for."""
    position = {demand.code: number for number, demand in enumerate(asked.problem.demands)}
    pins = list(enumerate(asked.scenario.pins, start=1))
    rooms: dict[int, list[int]] = {}
    for code, demand in position.items():
        for number, pin in _exclusive([(n, pin) for n, pin in pins if pin.commune == code]):
            rooms[number] = np.flatnonzero(asked.left(demand) & asked.cells(pin)).tolist()
    holders: dict[int, int] = {}
    for number in sorted(rooms):
        tried: set[int] = set()
        if not _seated(number, rooms, holders, tried):
            others = listed(f"imposes.{other}" for other in sorted({holders[c] for c in tried}))
            what = f"plus de créneau : tous ceux qui conviennent sont pris par {others}"
            yield Fault(f"imposes.{number}", what, "changez de jour ou de créneau, ou retirez-le")


def _seated(
    number: int, rooms: Mapping[int, list[int]], holders: dict[int, int], tried: set[int]
) -> bool:
    """Whether a pin finds a cell, those who hold cells moving to others where they can."""
    for cell in rooms[number]:
        if cell in tried:
            continue
        tried.add(cell)
        if cell not in holders or _seated(holders[cell], rooms, holders, tried):
            holders[cell] = number
            return True
    return False


def _gap_faults(asked: _Asked) -> Iterator[Fault]:
    """Communes whose visits cannot be as far apart, or as near, as ``[cycle]`` says."""
    cycle, problem = asked.scenario.cycle, asked.problem
    days = problem.weekdays[:1] if cycle.same_slot else problem.weekdays
    for demand in problem.demands if cycle.min_gap_days is not None else ():
        if demand.required < 2:
            continue
        most = farthest_apart(problem.month_weeks, days, demand.required)
        if most < demand.gap_days:
            what = f"{asked.named(demand.code)} : {demand.required} passages par cycle sont à "
            what += f"{counted(most, 'jour')} d’écart au mieux, moins que {demand.gap_days}"
            mend = "réduisez ecart_min_jours ou le nombre de passages"
            yield Fault("cycle.ecart_min_jours", what, mend)
    yield from _most_gap_faults(asked)


def _most_gap_faults(asked: _Asked) -> Iterator[Fault]:
    """Communes that a month visits too seldom for the most days between two visits."""
    problem, most = asked.problem, asked.scenario.cycle.max_gap_days
    runs = sum(map(len, problem.month_weeks)) / problem.weeks
    for demand in problem.demands if most is not None else ():
        a_month = demand.allowed * runs
        if demand.required and demand.allowed > 1 and a_month * (most or 0) < MONTH_DAYS:
            what = f"{asked.named(demand.code)} : avec {a_month:g} passages par mois au plus, deux "
            what += f"sont à plus de {most} jours d’écart"
            mend = "augmentez ecart_max_jours ou le nombre de passages"
            yield Fault("cycle.ecart_max_jours", what, mend)
