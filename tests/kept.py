"""Whether a plan keeps what its scenario asks, told from the two alone.

Neither the frozen problem, nor the optimiser, nor the checker has a say: what was asked is read in
the scenario, what is done in the days of the plan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise

from tourplan.hours import WEEKDAYS, WeekHours
from tourplan.places import CommuneSettings
from tourplan.plan import Day, Plan, Stop
from tourplan.scenario import Pin, Scenario
from tourplan.teams import Agent, Vehicle

MONTH_DAYS = 28
EPSILON = 1e-6


def broken(
    scenario: Scenario, plan: Plan, of_epci: Mapping[str, set[str]], hours: Mapping[str, WeekHours]
) -> list[str]:
    """What the plan does not keep.

    Args:
        scenario: what was asked.
        plan: what was found.
        of_epci: the communes of each intercommunalité.
        hours: published hours of the mairies whose hours are known.
    """
    return [
        *_calendar(scenario, plan),
        *_crews(scenario, plan),
        *(told for day in plan.days for told in _day(scenario, day)),
        *(told for day in plan.days for told in _agents_own(scenario, day)),
        *_weeks(scenario, plan),
        *_communes(scenario, plan, of_epci),
        *_choices(scenario, plan),
        *_rhythm(scenario, plan),
        *_town_halls(scenario, plan, hours),
        *_goals(scenario, plan),
        *_levels(plan),
    ]


def _named(s: Scenario) -> dict[str, Agent]:
    """The agents, as plans name them."""
    shown = s.outputs.agent_names
    return {
        (agent.name if shown and agent.name else f"Agent {number}"): agent
        for number, agent in enumerate(s.agents, start=1)
    }


def _visits(plan: Plan) -> Iterator[tuple[Day, Stop]]:
    return ((day, stop) for day in plan.days for stop in day.stops)


def _calendar(s: Scenario, plan: Plan) -> Iterator[str]:
    """Days are those asked, each vehicle has one tour a day, each agent too."""
    if set(plan.month_weeks) != set(s.cycle.month_weeks) or plan.cycle_weeks != s.cycle.weeks:
        yield "autres semaines"
    for day in plan.days:
        if day.weekday_name not in s.cycle.days or not 1 <= day.week <= s.cycle.weeks:
            yield "jour hors de la tournée"
    if len({(d.vehicle, d.week, d.weekday) for d in plan.days}) < len(plan.days):
        yield "un véhicule deux fois le même jour"
    going = Counter(
        (month, day.weekday, name)
        for day in plan.days
        for month, team in day.teams.items()
        for name in team
    )
    if any(count > 1 for count in going.values()):
        yield "un agent deux fois le même jour"


def _crews(s: Scenario, plan: Plan) -> Iterator[str]:
    """Enough agents, trained, there, of the agency that their vehicle leaves from."""
    vehicles, agents = {vehicle.name: vehicle for vehicle in s.vehicles}, _named(s)
    charger = any(venue.charger for venue in s.venues)
    for day in plan.days:
        car = vehicles[day.vehicle]
        teams = {month: [agents[name] for name in names] for month, names in day.teams.items()}
        yield from _wrong(
            {
                "autre agence que celles du véhicule": car.depots and day.depot not in car.depots,
                "trop peu de places": s.crew.size > car.seats,
                "autonomie dépassée": car.range_km is not None
                and day.drive_m > 1000 * (car.range_km + charger * car.noon_charge_km) + EPSILON,
            }
        )
        for month, team in teams.items():
            yield from _team(s, day, month, team)
            yield from (told for who in (car, *team) for told in _absent(day, month, who))


def _team(s: Scenario, day: Day, month: int, team: list[Agent]) -> Iterator[str]:
    elsewhere = (agent.agencies and day.depot not in agent.agencies for agent in team)
    yield from _wrong(
        {
            "semaine du mois qui n’est pas en tournée": month not in s.cycle.month_weeks,
            "équipe incomplète": len({id(agent) for agent in team}) != s.crew.size,
            "trop peu d’agents formés": sum(a.trained for a in team) < s.crew.trained,
            "agent d’une autre agence": any(elsewhere),
        }
    )


def _absent(day: Day, month: int, who: Agent | Vehicle) -> Iterator[str]:
    if who.weeks is not None and month not in who.weeks:
        yield f"{who.name} absent la semaine {month} du mois"
    if who.days is not None and day.weekday_name not in who.days:
        yield f"{who.name} absent le {day.weekday_name}"


def _wrong(facts: Mapping[str, object]) -> Iterator[str]:
    """The names of the facts that hold."""
    return (told for told, holds in facts.items() if holds)


def _day(s: Scenario, day: Day) -> Iterator[str]:
    """Hours of the day, of its sessions and of its meal; work counted again."""
    asked, meal = s.day, (day.break_from_s, day.break_until_s)
    handling_s = (asked.setup_min + asked.packing_min) * 60
    arrivals = [*((stop.arrival_s, stop.drive_s) for stop in day.stops)]
    arrivals.append((day.return_s, day.return_drive_s))
    left = [day.departure_s, *(stop.departure_s for stop in day.stops)]
    early = (there < go + drive for go, (there, drive) in zip(left, arrivals, strict=True))
    yield from _wrong(
        {
            "parti trop tôt": day.departure_s < asked.earliest_s,
            "rentré trop tard": day.return_s > asked.latest_s,
            "trop de travail dans la journée": day.work_s > asked.max_work_h * 3600 + EPSILON,
            "trop d’amplitude": day.return_s - day.departure_s
            > asked.max_amplitude_h * 3600 + EPSILON,
            "travail mal compté": day.work_s
            != day.drive_s + day.open_s + handling_s * len(day.stops),
            "deux fois la même commune": len({stop.code for stop in day.stops}) < len(day.stops),
            "arrivé avant la fin du trajet": any(early),
        }
    )
    for stop in day.stops:
        yield from _stop(s, stop)
    if meal[0] is not None and meal[1] is not None:
        yield from _wrong(
            {
                "repas trop court": meal[1] - meal[0] < asked.break_min * 60,
                "repas trop tôt": meal[0] < asked.break_from_s,
                "repas trop tard": meal[1] > asked.break_until_s,
            }
        )


def _stop(s: Scenario, stop: Stop) -> Iterator[str]:
    """A session: set up, open, packed, within its hours and neither too short nor too long."""
    asked = s.day
    session = next(one for one in s.sessions if one.name == stop.session)
    most_min = session.maximum_min
    yield from _wrong(
        {
            "ouvert avant d’être installé": stop.opening_s < stop.arrival_s + asked.setup_min * 60,
            "parti sans ranger": stop.departure_s < stop.closing_s + asked.packing_min * 60,
            "ouvert trop tôt": stop.opening_s < session.opening_s,
            "fermé trop tard": stop.closing_s > session.closing_s,
            "trop peu ouvert": stop.open_s < session.minimum_min * 60,
            "trop ouvert": most_min is not None and stop.open_s > most_min * 60,
            "ouverture hors grille": stop.opening_s % (asked.grid_min * 60),
            "fermeture hors grille": stop.closing_s % (asked.grid_min * 60),
            "pause de midi": session.whole_day != (stop.closed_from_s is not None),
        }
    )


def _agents_own(s: Scenario, day: Day) -> Iterator[str]:
    """The limits that agents have of their own."""
    names = {name for team in day.teams.values() for name in team}
    away_s = day.return_s - day.departure_s
    for agent in (agent for name, agent in _named(s).items() if name in names):
        earliest_s, latest_s = agent.earliest_s, agent.latest_s
        work_h, amplitude_h = agent.max_day_work_h, agent.max_amplitude_h
        yield from _wrong(
            {
                "agent parti trop tôt": earliest_s is not None and day.departure_s < earliest_s,
                "agent rentré trop tard": latest_s is not None and day.return_s > latest_s,
                "agent qui travaille trop": work_h is not None and day.work_s > work_h * 3600,
                "agent trop absent": amplitude_h is not None and away_s > amplitude_h * 3600,
            }
        )


def _weeks(s: Scenario, plan: Plan) -> Iterator[str]:
    """Opening of each vehicle that goes out, work and rest of each agent, week by week."""
    for vehicle, week in sorted({(day.vehicle, day.week) for day in plan.days}):
        mine = [day for day in plan.days if (day.vehicle, day.week) == (vehicle, week)]
        if sum(day.open_s for day in mine) < s.week.min_opening_h * 3600 - EPSILON:
            yield f"trop peu d’ouverture, semaine {week}"
    if not plan.days and s.week.min_opening_h > 0:
        yield "aucune ouverture"
    for name, agent in _named(s).items():
        most_h = s.week.max_work_h if agent.max_work_h is None else agent.max_work_h
        for month in s.cycle.month_weeks:
            yield from _week_of(s, plan, name, most_h, month)


def _week_of(s: Scenario, plan: Plan, name: str, most_h: float, month: int) -> Iterator[str]:
    mine = [day for day in plan.days if name in day.teams.get(month, ())]
    mine.sort(key=lambda day: day.weekday)
    if sum(day.work_s for day in mine) > most_h * 3600 + EPSILON:
        yield f"{name} travaille trop, semaine {month} du mois"
    for one, two in pairwise(mine):
        rest_s = (two.weekday - one.weekday) * 86_400 + two.departure_s - one.return_s
        if rest_s < s.week.min_rest_h * 3600 - EPSILON:
            yield f"{name} ne se repose pas assez"


def _communes(s: Scenario, plan: Plan, of_epci: Mapping[str, set[str]]) -> Iterator[str]:
    """Communes to serve are, others may be; numbers, weeks and days are those settled."""
    asked = s.communes
    candidates = {*asked.required, *asked.candidates}
    candidates |= {code for epci in asked.candidate_epcis for code in of_epci[epci]}
    count = Counter(stop.code for _, stop in _visits(plan))
    for code in count:
        if code not in candidates or code in asked.excluded:
            yield f"{code} n’est pas candidate"
    for code in sorted(candidates - set(asked.excluded)):
        mine = [
            one
            for one in s.settings
            if code in one.communes or any(code in of_epci[epci] for epci in one.epcis)
        ]
        least, most = _numbers(s, code, mine)
        if count[code] < least:
            yield f"{code} : {count[code]} permanences, au moins {least}"
        if most is not None and count[code] > most:
            yield f"{code} : {count[code]} permanences, au plus {most}"
        for day in (day for day, stop in _visits(plan) if stop.code == code):
            if any(one.weeks is not None and day.week not in one.weeks for one in mine):
                yield f"{code} une autre semaine"
            if any(day.weekday_name in one.refused_days for one in mine):
                yield f"{code} un jour refusé"


def _numbers(s: Scenario, code: str, mine: list[CommuneSettings]) -> tuple[int, int | None]:
    """Least and most sessions of a commune; no most where its need may ask for more."""
    exact = [one.sessions for one in mine if one.sessions is not None]
    if exact:
        return exact[0], exact[0]
    lows = [one.min_sessions for one in mine if one.min_sessions is not None]
    highs = [one.max_sessions for one in mine if one.max_sessions is not None]
    pinned = any(pin.commune == code for pin in s.pins)
    least = max([*lows, int(pinned)]) if lows else int(code in s.communes.required or pinned)
    if highs:
        return least, max(highs[0], least)
    return least, None if s.need.sessions_by_need else max(1, least)


def _choices(s: Scenario, plan: Plan) -> Iterator[str]:
    """Sessions imposed are held, sessions forbidden are not."""
    for pin in s.pins:
        if not any(_answers(pin, day, stop) for day, stop in _visits(plan)):
            yield f"passage imposé, non tenu : {pin}"
    for ban in s.bans:
        if any(_answers(ban, day, stop) for day, stop in _visits(plan)):
            yield f"passage interdit : {ban}"


def _answers(pin: Pin, day: Day, stop: Stop) -> bool:
    asked = (pin.commune, pin.week, pin.day, pin.slot, pin.vehicle)
    found = (stop.code, day.week, day.weekday_name, stop.session, day.vehicle)
    return all(want in (None, is_) for want, is_ in zip(asked, found, strict=True))


def _rhythm(s: Scenario, plan: Plan) -> Iterator[str]:
    """The same half-day from week to week, and the days between two visits."""
    visits: dict[str, list[tuple[Day, Stop]]] = {}
    for day, stop in _visits(plan):
        visits.setdefault(stop.code, []).append((day, stop))
    for code, mine in visits.items():
        slots = {(day.weekday, stop.session) for day, stop in mine}
        if s.cycle.same_slot and len(slots) > 1:
            yield f"{code} change de créneau"
        dates = [
            (7 * (month - 1) + day.weekday, n)
            for n, (day, _) in enumerate(mine)
            for month in day.teams
        ]
        for (one, first), (two, second) in combinations(dates, 2):
            apart = min((one - two) % MONTH_DAYS, (two - one) % MONTH_DAYS)
            if first != second and apart < (s.cycle.min_gap_days or 1):
                yield f"{code} : {apart} jours d’écart"


def _town_halls(s: Scenario, plan: Plan, hours: Mapping[str, WeekHours]) -> Iterator[str]:
    """Within published hours where these are imposed."""
    if s.town_hall.hours != "imposes":
        return
    for day, stop in _visits(plan):
        if any(venue.code == stop.code for venue in s.venues):
            continue
        known = hours.get(stop.code)
        shared_s = known.overlap_s(day.weekday, stop.opening_s, stop.closing_s) if known else -1
        if shared_s < s.town_hall.overlap_min * 60:
            yield f"{stop.name} : mairie fermée le {WEEKDAYS[day.weekday]}"


def _goals(s: Scenario, plan: Plan) -> Iterator[str]:
    """Imposed goals of all residents are reached, told by the table of access."""
    whole = plan.access[-1]
    for goal in s.goals:
        if not goal.imposed or goal.operator or goal.weights != "habitants" or goal.sessions > 1:
            continue
        share_pct = 100.0 if goal.share_pct is None else goal.share_pct
        most = whole.residents * (1 - share_pct / 100)
        if whole.after[goal.minutes] > most + EPSILON:
            yield f"objectif à {goal.minutes} min non atteint"


def _levels(plan: Plan) -> Iterator[str]:
    """No value is better than its bound."""
    for level in plan.levels:
        sign = 1 if level.sense == "min" else -1
        if level.bound is not None and sign * level.value < sign * level.bound:
            yield f"{level.name} mieux que sa borne"
