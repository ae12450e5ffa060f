"""What a plan says in sentences: for an élu, for a table on the screen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import capital, counted, from_place, when
from tourplan.hours import WEEKDAYS, clock, duration
from tourplan.measures import number, threshold
from tourplan.places import TOWN_HALL
from tourplan.plan import AreaAccess, Day, Groups, Level, Origin, Plan, Stop, Wait

if TYPE_CHECKING:
    from tourplan.prepare import Case
FAR_MIN = 15
"""The access, in minutes, that the sentence for an élu speaks of."""
MOST_NAMED = 3
"""Communes without enough room that are named; the others are counted."""
_COUNTS = {1: "une", 2: "deux", 3: "trois", 4: "quatre"}
_UNNAMED = re.compile(r"Agent \d+")
"""What agents are called in a plan that does not name them."""


def case_sentences(case: Case) -> list[str]:
    """What a scenario without fault asks for, so that its author sees what was understood."""
    demands = case.problem.demands
    required = sum(demand.required > 0 for demand in demands)
    depots = listed([case.territory.name(code) for code in case.depot_codes])
    people = int(case.problem.resident_weight.sum())
    return [
        f"  {_communes_asked(required, len(demands) - required)}, "
        f"{some(people, 'habitant')} dont l’accès compte.",
        f"  Départ et retour : {depots}.",
        *_crew_sentences(case),
        *(f"  À savoir : {note}." for note in case.notes),
    ]


def _communes_asked(required: int, others: int) -> str:
    """``10 communes à desservir, 2 autres candidates``, ``64 communes candidates``."""
    if not required:
        return f"{some(others, 'commune candidate')}, aucune imposée"
    return f"{some(required, 'commune')} à desservir, {some(others, 'autre candidate')}"


def _crew_sentences(case: Case) -> list[str]:
    """The vehicles, agents and weeks, where there is more to say than one crew and one week."""
    problem = case.problem
    several = len(problem.vehicles) > 1 or len(problem.agents) != problem.crew_size
    crews = (
        f"  {capital(listed([vehicle.name for vehicle in problem.vehicles]))} ; "
        f"{some(len(problem.agents), 'agent')}, {problem.crew_size} par véhicule."
    )
    weeks = f"  {problem.weeks} semaines de tournée différentes avant de recommencer."
    return [*[crews] * several, *[weeks] * (problem.weeks > 1)]


def elected_sentences(plan: Plan) -> list[str]:
    """What an élu wants to read: access by intercommunalité, rhythm, room, road, the proof."""
    areas = plan.access[:-1] or plan.access  # the last is all of them together
    return [
        *(area_sentence(area) for area in areas),
        rhythm_sentence(plan),
        *need_sentences(plan),
        proof_sentence(plan),
    ]


def area_sentence(area: AreaAccess) -> str:
    """Who is far from a counter in an intercommunalité, and who still is with the tour.

    Those « à la limite » are counted apart: on which side they are is not known.
    """
    before, after = area.groups_before[FAR_MIN], area.groups_after[FAR_MIN]
    far = _far(before, FAR_MIN)
    if not (before.beyond or before.near):
        return f"{area.name} : {far}."
    change = "la tournée n’y change rien" if after == before else f"avec la tournée, {_left(after)}"
    return f"{area.name} : {far} ; {change}."


def _far(group: Groups, minutes: int) -> str:
    """Who is beyond so many minutes, and who is « à la limite »."""
    beyond, near = group.beyond, group.near
    if not beyond:
        but = f", mais {number(near)} {_are(near)} à la limite" if near else ""
        return f"aucun habitant n’est à plus de {minutes} min d’un accueil{but}"
    people = f"{some(beyond, 'habitant')} {_of_communes(group.communes_beyond)}"
    also = f" et {number(near)} à la limite" if near else ""
    return f"{people} {_are(beyond)} à plus de {minutes} min d’un accueil{also}"


def _left(group: Groups) -> str:
    """Who is still beyond with the tour, and who is « à la limite »."""
    places = _of_communes(group.communes_beyond)
    beyond = f"il en reste {number(group.beyond)}, {places}" if group.beyond else "aucun"
    return f"{beyond}, et {number(group.near)} à la limite" if group.near else beyond


def _are(count: int) -> str:
    return "est" if count == 1 else "sont"


def rhythm_sentence(plan: Plan) -> str:
    """How long each session opens, and how often in a month."""
    openings = [stop.open_s for day in plan.days for stop in day.stops]
    if not openings:
        return "Aucune permanence : la tournée est vide."
    shortest, longest = duration(min(openings)), duration(max(openings))
    length = longest if shortest == longest else f"De {shortest} à {longest}"
    free = free_days_text(plan)
    return f"{length} par passage, {_times_a_month(plan)}.{f' {free}' if free else ''}"


def _times_a_month(plan: Plan) -> str:
    """How often communes are visited: ``deux fois par mois``, or from the least to the most."""
    rounds = len(plan.month_weeks) // plan.cycle_weeks
    visits = Counter(stop.code for day in plan.days for stop in day.stops)
    least, most = rounds * min(visits.values()), rounds * max(visits.values())
    if least == most:
        return f"{_COUNTS.get(most, most)} fois par mois"
    return f"{_COUNTS.get(least, least)} à {_COUNTS.get(most, most)} fois par mois selon la commune"


def need_sentences(plan: Plan) -> list[str]:
    """Whether the people expected fit in the sessions, and how long they wait; one sentence.

    None where nobody goes out, or in a plan that was made before this was worked out.
    """
    if not plan.waits or not plan.figures.communes:
        return []
    *communes, whole = plan.waits
    visits = counted(round(whole.visits), "visite")
    head = f"Public attendu, par hypothèse : {visits} par mois"
    full = sorted((w for w in communes if w.saturated), key=lambda w: (-w.unfit, w.name))
    room = _too_few(full, whole) if full else _enough(communes, whole)
    by_month = plan.week_rule == "mois"
    return [f"{head} là où va la tournée, {room} ; {until_next(whole, by_month=by_month)}."]


def _enough(communes: Sequence[Wait], whole: Wait) -> str:
    """All fit: how busy the busiest commune is, and the wait for one's turn."""
    most_pct, name = max(((w.occupancy_pct or 0, w.name) for w in communes), key=lambda two: two[0])
    return (
        f"que les permanences peuvent recevoir (agents occupés à {number(most_pct)} % au plus, "
        f"{name} ; {number((whole.wait_s or 0) / 60)} min d’attente en moyenne)"
    )


def _too_few(full: Sequence[Wait], whole: Wait) -> str:
    """How many do not fit, and where."""
    told = [f"{w.name}, {unfit_words(w)} sur {number(w.visits)}" for w in full[:MOST_NAMED]]
    more = len(full) - MOST_NAMED
    also = f" ; et {counted(more, 'autre commune', 'autres communes')}" if more > 0 else ""
    return f"dont {unfit_words(whole)} sans place ({' ; '.join(told)}{also})"


def unfit_words(wait: Wait) -> str:
    """How many visits do not fit, of some sessions that are full."""
    return number(wait.unfit) if wait.unfit >= 1 else "moins d’une"


def until_next(whole: Wait, *, by_month: bool) -> str:
    """``prochaine permanence dans 7 jours en moyenne, 14 au plus``.

    Waits count months of four weeks; weeks numbered ``by_month`` come a week later after a month
    of five Mondays.
    """
    if whole.mean_days is None:
        return "personne n’y est attendu"
    mean = number(whole.mean_days, 0 if whole.mean_days == round(whole.mean_days) else 1)
    later = (whole.most_days or 0) + 7
    more = f" (jusqu’à {later} après un mois de cinq lundis)" if by_month else ""
    return f"prochaine permanence dans {mean} jours en moyenne, {whole.most_days} au plus{more}"


def cost_sentence(plan: Plan) -> str:
    """Kilometres, money and CO₂ of a week on tour."""
    weeks, figures = plan.cycle_weeks, plan.figures
    return (
        f"Par semaine de tournée : {number(figures.drive_m / 1000 / weeks)} km, environ "
        f"{number(figures.cost_eur / weeks)} € et {number(figures.emissions_gco2 / 1000 / weeks)} "
        "kg de CO₂ (voir cout_eur_km et co2_g_km)."
    )


def free_days_text(plan: Plan) -> str:
    """The working days without a tour, or nothing when there is none.

    Told week by week and vehicle by vehicle where there are several; a week or a vehicle without
    any tour is told as such.
    """
    if not plan.free_days:
        return ""
    free: dict[tuple[int, str], list[int]] = {}
    for week, weekday, vehicle in plan.free_days:
        free.setdefault((week, vehicle), []).append(weekday)
    groups = [_free_words(plan, week, vehicle, days) for (week, vehicle), days in free.items()]
    few = len(plan.free_days) == 1
    several = any(len(days) > 1 for days in free.values())
    told = " ; ".join(groups) if several else listed(groups)
    return f"{'Jour libre' if few else 'Jours libres'} : {told}."


def _free_words(plan: Plan, week: int, vehicle: str, weekdays: Sequence[int]) -> str:
    """``lundi et mardi de la semaine 1 (Kangoo)``, ``toute la semaine 3``."""
    busy = any((day.week, day.vehicle) == (week, vehicle) for day in plan.days)
    if busy or len(weekdays) == 1:
        return slot_name(plan, listed([WEEKDAYS[day] for day in weekdays]), week, vehicle)
    whole = f"toute la semaine {week}" if plan.cycle_weeks > 1 else "toute la semaine"
    return f"{whole}{_of_vehicle(plan, vehicle)}"


def day_name(plan: Plan, week: int, weekday: int, vehicle: str) -> str:
    """``lundi``, with the week of a cycle of several, and the vehicle where there are several."""
    return slot_name(plan, WEEKDAYS[weekday], week, vehicle)


def weekday_name(plan: Plan, weekday: int, vehicle: str) -> str:
    """``lundi``, with the vehicle where there are several: the week is told elsewhere."""
    return f"{WEEKDAYS[weekday]}{_of_vehicle(plan, vehicle)}"


def slot_name(plan: Plan, name: str, week: int, vehicle: str) -> str:
    """``name`` of one or more weekdays, with the week and the vehicle where there are several."""
    of_week = f" de la semaine {week}" if plan.cycle_weeks > 1 else ""
    return f"{name}{of_week}{_of_vehicle(plan, vehicle)}"


def _of_vehicle(plan: Plan, vehicle: str) -> str:
    return f" ({vehicle})" if len(plan.vehicles) > 1 else ""


def place_name(stop: Stop) -> str:
    """``Lodève``, or ``Lodève (Halle Dardé)`` where the session is not held at the mairie."""
    return f"{stop.name} ({stop.place})" if stop.place not in ("", TOWN_HALL) else stop.name


def stop_name(plan: Plan, stop: Stop) -> str:
    """The commune of a stop, with its place where the plan goes to several of the commune."""
    stops = (other for day in plan.days for other in day.stops if other.code == stop.code)
    return place_name(stop) if len({other.place for other in stops}) > 1 else stop.name


def team_words(teams: Mapping[int, Sequence[str]]) -> str:
    """Who goes, by number of the week, 1 to 4; told for each where that changes."""
    weeks_of: dict[str, list[int]] = {}
    for week, names in sorted(teams.items()):
        weeks_of.setdefault(", ".join(names), []).append(week)
    if len(weeks_of) == 1:
        return next(iter(weeks_of))
    return " ; ".join(
        f"{team} ({'semaine' if len(weeks) == 1 else 'semaines'} "
        f"{listed([str(week) for week in weeks])} sur 4)"
        for team, weeks in weeks_of.items()
    )


def who_goes(plan: Plan, day: Day) -> str:
    """The team of a day; nothing where it is the same every day and nobody is named."""
    teams = {team_words(one.teams) for one in plan.days}
    unnamed = all(_UNNAMED.fullmatch(name) for team in day.teams.values() for name in team)
    return "" if unnamed and len(teams) == 1 else team_words(day.teams)


def opening_words(stop: Stop) -> str:
    """``09:45–12:15``, in two parts for a session that closes over the meal."""
    if stop.closed_from_s is None or stop.closed_until_s is None:
        return f"{clock(stop.opening_s)}–{clock(stop.closing_s)}"
    morning = f"{clock(stop.opening_s)}–{clock(stop.closed_from_s)}"
    return f"{morning} et {clock(stop.closed_until_s)}–{clock(stop.closing_s)}"


def origin_words(origin: Origin) -> str:
    """What every output says of its travel times: source, date, speeds, uncertainty, credit."""
    sure = origin.uncertainty
    band = f"± {origin.uncertainty_pct} % ({sure})" if origin.uncertainty_pct else sure
    parts = (
        f"{origin.label} ({when(origin.date)})",
        capital(origin.speeds.rstrip(". ")),
        f"Incertitude : {band}",
        origin.credit,
    )
    return ". ".join(filter(None, parts))


def proof_sentence(plan: Plan) -> str:
    """The road of a week, and whether no other plan does better."""
    road = duration(plan.figures.drive_s / plan.cycle_weeks)
    head = f"{road} de route par semaine de tournée"
    if plan.proved:
        return (
            f"{head} ; aucun autre planning ne fait mieux selon ces règles et ces temps (démontré)."
        )
    open_levels = [level.label for level in plan.levels if not level.proved]
    why = {
        "interrompu": "calcul interrompu",
        "limite de temps": "temps de calcul épuisé",
        "journées trop nombreuses": "trop de journées possibles pour les comparer toutes",
    }
    reason = why.get(plan.stopped, "sans preuve")
    return (
        f"{head} ; meilleur planning trouvé, {reason}. Un autre fait peut-être mieux sur : "
        f"{', '.join(open_levels)} (non démontré)."
    )


def levels_table(plan: Plan) -> list[str]:
    """The levels in order, one a line, with value and proof."""
    return [
        f"  {rank}. {capital(level.label)} : {level_text(plan, level)} "
        f"({proof_text(level, plan.cycle_weeks)})"
        for rank, level in enumerate(plan.levels, start=1)
    ]


def level_text(plan: Plan, level: Level) -> str:
    """The value of a level; of residents beyond a threshold, how many are « à la limite » of it.

    Values are those of the times as they are, which is what proofs are about.
    """
    minutes = threshold(level.name)
    group = None if minutes is None else plan.access[-1].groups_after.get(minutes)
    near = level.value - group.beyond if group else 0
    if near <= 0:
        return level.text
    return f"{level.text}, {'tous' if near == level.value else f'dont {number(near)}'} à la limite"


def proof_text(level: Level, weeks: int) -> str:
    """``démontré``, or the best that no plan can beat."""
    if level.proved:
        return "démontré"
    if level.bound is None:
        return "non démontré : le temps a manqué"
    return f"non démontré : {_bound_text(level, level.bound, weeks)}"


def _bound_text(level: Level, bound: int, weeks: int) -> str:
    """What no plan can beat, in the words of a level."""
    if level.unit.startswith("habitants ×"):
        return f"{number(100 * (level.value - bound) / level.value, 1)} % à gagner, au plus"
    per = _PER.get(level.name)
    if per is None and level.unit == "secondes":
        return f"au mieux {duration(bound / weeks)} par semaine"
    if level.unit == "mètres":
        return f"au mieux {number(bound / 1000 / weeks, 1)} km par semaine"
    return f"au mieux {amount(level, bound)}{per or ''}"


_PER = {
    "acces_pire": "",
    "equite_agents": " par mois",
    "equite_horaires": " par mois",
    "cout": " par cycle",
    "co2": " par cycle",
}
"""What the values of levels are told by, where it is not by week."""


def amount(level: Level, value: int) -> str:
    """A value of a level, or a difference between two, in the unit that its text is told in."""
    if level.name == "acces_pire":
        return f"{number(value / 60, 1)} min"
    if level.unit == "secondes":
        return brief(value)
    if level.unit == "mètres":
        return f"{number(value / 1000, 1)} km"
    if level.unit == "millionièmes d’euro":
        return f"{number(value / 1e6, 2)} €"
    if level.unit == "microgrammes":
        return f"{number(value / 1e9, 1)} kg de CO₂"
    if level.unit == "habitants pour 10 000":
        return f"{number(value / 100, 1)} %"
    if level.unit == "départs et retours":
        return (
            f"{number(value)} départ{'s' if value > 1 else ''} ou retour{'s' if value > 1 else ''}"
        )
    return some(value, level.unit.removesuffix("s"))


def brief(seconds: float) -> str:
    """``23 min``, ``1 h 05``, or seconds under two minutes."""
    if 0 < seconds < 1:
        return "moins d’une seconde"
    return f"{number(seconds)} s" if 0 < seconds < 120 else duration(seconds)


def change(before: Level, after: Level, weeks: int) -> str:
    """By how much a level changes: ``112 habitants de plus``, ``10 min de moins par semaine``.

    Args:
        before: the level.
        after: the same level, worth something else.
        weeks: weeks of the cycle, which driving, kilometres and opening are told by.
    """
    more = after.value > before.value
    if before.unit.startswith("habitants ×"):
        return "plus long" if more else "plus court"
    return _much(before, after, weeks, "")


def change_of(before: Level, after: Level, weeks: int, people: int = 0) -> str:
    """The same, and of what: ``112 habitants de plus à plus de 15 min d’un accueil``.

    ``people``: how many the mean access is that of, where it is known.
    """
    label = before.label[:1].lower() + before.label[1:]
    if before.name in _BY_WEEK:
        return _much(before, after, weeks, _BY_WEEK[before.name])
    if before.unit.startswith("habitants ×"):
        if not people:
            return f"{label} {change(before, after, weeks)}"
        told = f"{brief(abs(after.value - before.value) / people)} d’accès {_sign(before, after)}"
        far = f"{some(people, 'habitant')} que les points fixes laissent loin"
        return f"{told} en moyenne pour {far}"
    what = label.removeprefix(f"{before.unit} ")
    joint = " " if what.startswith(("à ", "aux ", "le ")) else ", "
    return f"{change(before, after, weeks)}{joint}{what}"


def _much(before: Level, after: Level, weeks: int, what: str) -> str:
    """How much more or less, by week where the level is told so; ``what``: ``de route``."""
    much, by_week = abs(after.value - before.value), before.name in _BY_WEEK
    told = amount(before, much)
    if by_week:
        km = before.name == "km"
        told = f"{number(much / 1000 / weeks, 1)} km" if km else brief(much / weeks)
    parts = told, what, _sign(before, after), "par semaine de tournée" if by_week else ""
    return " ".join(filter(None, parts))


def _sign(before: Level, after: Level) -> str:
    return "de plus" if after.value > before.value else "de moins"


_BY_WEEK = {"route": "de route", "km": "", "ouverture": "d’ouverture"}
"""What a change of some levels is of, told by week as their values are."""


def days_table(plan: Plan) -> list[str]:
    """The days, one a line: departure, sessions with hours, return.

    Under a heading for each week, vehicle, agency and team, each told where there are several.
    """
    if not plan.days:
        return ["  aucune journée de tournée"]
    blocks: dict[tuple[int, str], list[Day]] = {}
    for day in sorted(plan.days, key=lambda day: (day.week, day.vehicle, day.weekday)):
        blocks.setdefault((day.week, _heading(plan, day)), []).append(day)
    lines: list[str] = []
    for week in range(1, plan.cycle_weeks + 1):
        of_week = [(head, days) for (number_, head), days in blocks.items() if number_ == week]
        if not of_week:
            lines.append(f"  Semaine {week} : aucune journée")
        for heading, days in of_week:
            lines += [f"  {heading}"] * bool(heading)
            margin = "    " if heading else "  "
            lines += [margin + _day_line(day) for day in days]
    return lines


def _heading(plan: Plan, day: Day) -> str:
    """What the days of a block share, of what is not the same all over the plan."""
    teams = {team_words(day.teams) for day in plan.days}
    parts = [
        f"semaine {day.week}" if plan.cycle_weeks > 1 else "",
        day.vehicle if len(plan.vehicles) > 1 else "",
        f"au départ {from_place(plan.depots[day.depot])}"
        if len({d.depot for d in plan.days}) > 1
        else "",
        f"avec {team_words(day.teams)}" if len(teams) > 1 else "",
    ]
    return capital(", ".join(filter(None, parts)))


def _day_line(day: Day) -> str:
    stops = " ; ".join(f"{place_name(stop)} {opening_words(stop)}" for stop in day.stops)
    return (
        f"{day.weekday_name:<9} départ {clock(day.departure_s)} ; {stops} ; "
        f"retour {clock(day.return_s)}"
    )


def _of_communes(count: int) -> str:
    """``de 10 communes``, ``d’une commune``."""
    return "d’une commune" if count == 1 else f"de {count} communes"


def some(count: int, words: str) -> str:
    """``aucune commune``, ``1 commune``, ``10 communes``: every word takes the plural's s."""
    if not count:
        masculine = words.split()[0] in ("habitant",)
        return f"{'aucun' if masculine else 'aucune'} {words}"
    return f"{number(count)} {words if count < 2 else ' '.join(f'{w}s' for w in words.split())}"
