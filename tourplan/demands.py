"""What the scenario asks of each candidate commune: how many sessions, where and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import counted, few
from tourplan.hours import WEEKDAYS
from tourplan.places import TOWN_HALL, CommuneSettings, Venue
from tourplan.problem import Demand, Pin, Site
from tourplan.scenario import Pin as Wish
from tourplan.scenario import Scenario
from tourplan.settings import settings_of
from tourplan.spacing import even_gap
from tourplan.territory import Commune, Territory

Months = tuple[tuple[int, ...], ...]
"""For each week of the cycle, the weeks of the month that run it."""


@dataclass(frozen=True, eq=False)
class Demands:
    """The parts of a ``Problem`` that say what communes ask, and the notes to tell."""

    demands: tuple[Demand, ...]
    sites: tuple[Site, ...]
    open_slots: NDArray[np.bool_]
    notes: tuple[str, ...]


def venues_of(scenario: Scenario, code: str) -> list[Venue]:
    """The rooms given for a commune, less those not for the public or without what is required."""
    rooms = scenario.rooms
    return [
        venue
        for venue in scenario.venues
        if venue.code == code
        and venue.public is not False
        and not (rooms.require_accessible and venue.accessible is False)
        and not (rooms.require_private and venue.private is False)
    ]


def has_room(scenario: Scenario, code: str) -> bool:
    """Whether a commune has some room: its mairie, unless rooms are given and none is fit."""
    given = any(venue.code == code for venue in scenario.venues)
    return bool(venues_of(scenario, code)) or not given


def venue_key(venue: Venue) -> str:
    """The code of a room's own place: its commune's, unless it has coordinates."""
    return venue.code if venue.lon is None else f"{venue.code} {venue.name}"


def venue_points(scenario: Scenario, codes: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of the rooms that have their own, by key.

    The embedded network and tables know communes only: rooms then stand at their commune's point.
    """
    if scenario.network.source in ("integre", "tableau"):
        return {}
    return {
        venue_key(venue): (venue.lon, venue.lat)
        for code in codes
        for venue in venues_of(scenario, code)
        if venue.lon is not None and venue.lat is not None
    }


def demands_of(
    scenario: Scenario,
    territory: Territory,
    candidates: Sequence[str],
    months: Months,
    place_of: Callable[[str], int],
) -> Demands:
    """What each candidate asks, and the sites that can answer it.

    Args:
        scenario: what the user asks for.
        territory: the communes.
        candidates: their codes; those without a fit room have no site.
        months: for each week of the cycle, the weeks of the month that run it.
        place_of: position of a place by key.
    """
    settled = settings_of(scenario, territory, candidates)
    asked = [Asked(scenario, territory[code], settled.get(code), months) for code in candidates]
    own = venue_points(scenario, candidates)
    sites: list[Site] = []
    for number, one in enumerate(asked):
        sites += _sites(scenario, one.commune, number, own, place_of)
    open_slots = open_slots_of(scenario, sites, [one.setting for one in asked])
    notes = (
        *_room_notes(scenario, territory, candidates),
        *_unsaid_notes(scenario, sites),
        *_need_notes(asked),
    )
    return Demands(tuple(map(demand_of, asked)), tuple(sites), open_slots, notes)


def _room_notes(
    scenario: Scenario, territory: Territory, candidates: Sequence[str]
) -> Iterator[str]:
    """Candidates left out for want of a fit room, told before any search."""
    names = [territory.name(code) for code in candidates if not has_room(scenario, code)]
    if names:
        yield f"communes sans salle qui convienne, laissées de côté : {few(names)}"


def _unsaid_notes(scenario: Scenario, sites: Sequence[Site]) -> Iterator[str]:
    """Rooms of which nothing says whether they offer what is required."""
    said = {(venue.code, venue.name): venue for venue in scenario.venues}
    rooms = scenario.rooms
    for required, key, words in (
        (rooms.require_accessible, "accessible", "accès de plain-pied"),
        (rooms.require_private, "private", "confidentialité"),
    ):
        unsaid = [s.name for s in sites if getattr(said.get((s.code, s.venue)), key, None) is None]
        if required and unsaid:
            yield f"{words} à vérifier sur place : {few(unsaid)}"


def _need_notes(asked: Sequence[Asked]) -> Iterator[str]:
    """Communes whose people need more sessions than the cycle has weeks."""
    short = [
        f"{one.commune.name} {sessions_wanted(one)}"
        for one in asked
        if counted_by_need(one) and sessions_wanted(one) > len(one.months)
    ]
    if short:
        weeks = len(asked[0].months)
        yield (
            f"communes dont le besoin dépasse {counted(weeks, 'permanence')} par cycle, une par "
            f"semaine de tournée au plus : {few(short)} ; donnez-leur passages dans [[reglages]], "
            "ou allongez les ouvertures"
        )


@dataclass(frozen=True)
class Asked:
    """A candidate commune and what is settled for it."""

    scenario: Scenario
    commune: Commune
    given: CommuneSettings | None
    months: Months

    @property
    def setting(self) -> CommuneSettings:
        """What is settled, nothing by default."""
        return self.given or CommuneSettings()

    @property
    def passes(self) -> float:
        """How often a month runs a week of the cycle."""
        return sum(map(len, self.months)) / len(self.months)


def session_counts(asked: Asked) -> tuple[int, int]:
    """Least and most sessions of a commune in a cycle.

    Its settings say so; else its need, where the scenario asks for that; else one, to be held
    where the commune is required.
    """
    setting = asked.setting
    if setting.sessions is not None:
        return setting.sessions, setting.sessions
    required = asked.commune.code in asked.scenario.communes.required
    usual = sessions_needed(asked) if asked.scenario.need.sessions_by_need else 1
    least = usual if required else 0
    if setting.min_sessions is not None:
        least = setting.min_sessions
    most = max(usual, least) if setting.max_sessions is None else setting.max_sessions
    return min(least, most), most


def monthly_visits(asked: Asked) -> tuple[float, float]:
    """Visits expected from a commune in a month, and those of them by appointment."""
    need, setting = asked.scenario.need, asked.setting
    visits = setting.visits_per_month
    if visits is None:
        visits = asked.commune.population / 1000 * need.visits_per_month_1000
    appointments = setting.appointments_per_month
    if appointments is None:
        appointments = visits * need.appointments_pct / 100
    return max(visits, appointments), appointments


def monthly_minutes(asked: Asked) -> float:
    """Minutes of an agent's time that the people of a commune are expected to take in a month."""
    visits, appointments = monthly_visits(asked)
    need = asked.scenario.need
    without = (visits - appointments) * need.minutes_per_visit
    return without + appointments * need.minutes_per_appointment


def counted_by_need(asked: Asked) -> bool:
    """Whether the sessions of a commune follow from the visits expected there."""
    setting = asked.setting
    return asked.scenario.need.sessions_by_need and setting.sessions is None


def sessions_needed(asked: Asked) -> int:
    """The sessions wanted, one a week of the cycle at most."""
    return min(sessions_wanted(asked), len(asked.months))


def sessions_wanted(asked: Asked) -> int:
    """Sessions a cycle that leave a commune's expected visits the time they take, at least one.

    A session gives each agent its longest opening, of which ``occupation_max_pct`` is used.
    """
    scenario = asked.scenario
    longest_min = max((s.closing_s - s.opening_s) // 60 for s in scenario.sessions)
    useful = longest_min * scenario.crew.size * scenario.need.max_occupancy_pct / 100
    needed = ceil(monthly_minutes(asked) / useful / asked.passes - 1e-9)
    return max(needed, 1)


def demand_of(asked: Asked) -> Demand:
    """What a commune asks."""
    least, most = session_counts(asked)
    scenario, commune = asked.scenario, asked.commune
    pins = tuple(_pin(scenario, wish) for wish in scenario.pins if wish.commune == commune.code)
    least = max(least, 1 if pins else 0)
    most = max(most, least)
    gap = scenario.cycle.min_gap_days
    days = sorted(WEEKDAYS.index(name) for name in scenario.cycle.days)
    return Demand(
        code=commune.code,
        name=commune.name,
        required=least,
        allowed=most,
        gap_days=even_gap(asked.months, days, most) if gap is None else gap,
        gap_most_days=scenario.cycle.max_gap_days,
        same_slot=scenario.cycle.same_slot,
        market=frozenset(WEEKDAYS.index(day) for day in asked.setting.market_days),
        pins=pins,
    )


def _pin(scenario: Scenario, wish: Wish) -> Pin:
    """A session to be held, by positions."""
    names = [session.name for session in scenario.sessions]
    vehicles = [vehicle.name for vehicle in scenario.vehicles]
    return Pin(
        week=None if wish.week is None else wish.week - 1,
        weekday=None if wish.day is None else WEEKDAYS.index(wish.day),
        session=None if wish.slot is None else names.index(wish.slot),
        vehicle=None if wish.vehicle is None else vehicles.index(wish.vehicle),
    )


def _sites(
    scenario: Scenario,
    commune: Commune,
    demand: int,
    own: dict[str, tuple[float, float]],
    place_of: Callable[[str], int],
) -> list[Site]:
    """Where the sessions of a commune can be held: the rooms given, else its mairie."""
    code, name = commune.code, commune.name
    if not any(venue.code == code for venue in scenario.venues):
        return [Site(code, name, place_of(code), demand, commune.hours, TOWN_HALL)]
    return [
        Site(
            code=code,
            name=name,
            place=place_of(venue_key(venue) if venue_key(venue) in own else code),
            demand=demand,
            hours=venue.hours or commune.hours,
            venue=venue.name,
            charger=venue.charger,
        )
        for venue in venues_of(scenario, code)
    ]


def open_slots_of(
    scenario: Scenario, sites: Sequence[Site], settings: Sequence[CommuneSettings]
) -> NDArray[np.bool_]:
    """When each vehicle may serve each site, shape (vehicles, sites, weeks, weekdays, sessions).

    ``settings``: of each demand.
    """
    days = sorted(WEEKDAYS.index(name) for name in scenario.cycle.days)
    shape = (len(scenario.vehicles), len(sites), scenario.cycle.weeks, len(days))
    found = np.ones((*shape, len(scenario.sessions)), dtype=bool)
    for number, site in enumerate(sites):
        setting = settings[site.demand]
        refused = [WEEKDAYS[day] in setting.refused_days for day in days]
        found[:, number, :, refused] = False
        weeks = range(1, scenario.cycle.weeks + 1)
        shut = [setting.weeks is not None and week not in setting.weeks for week in weeks]
        found[:, number, shut] = False
        for ban in scenario.bans:
            if ban.commune in (None, site.code):
                vehicles, *slots = selected(scenario, ban, days)
                found[np.ix_(vehicles, [number], *slots)] = False
    return found


def selected(scenario: Scenario, ban: Wish, days: Sequence[int]) -> list[list[int]]:
    """Positions of the vehicles, weeks, weekdays and sessions that a ban names."""
    pin = _pin(scenario, ban)
    chosen = (pin.vehicle, pin.week, pin.weekday, pin.session)
    sizes = (range(len(scenario.vehicles)), range(scenario.cycle.weeks), days, scenario.sessions)
    return [
        [n for n, value in enumerate(values) if asked in (None, value if values is days else n)]
        for asked, values in zip(chosen, sizes, strict=True)
    ]
