"""What the page says besides the map: one function a section, a plan in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from tourplan.export.french import (
    ORDINALS,
    capital,
    counted,
    from_place,
    hours,
    kilometres,
    listed,
    minutes,
    number,
    to_place,
    when,
)
from tourplan.export.itinerary import day_date
from tourplan.export.markup import Column, badge, body_row, element, items, table, text, unseen
from tourplan.export.scene import (
    CLASS_LABELS,
    UNREACHED,
    CommuneView,
    CounterMark,
    Reach,
    Scene,
    StopMark,
    numbered_days,
    stop_label,
)
from tourplan.export.words import (
    TOWN_HALL,
    amount,
    area_sentence,
    day_name,
    free_days_text,
    level_text,
    need_sentences,
    origin_words,
    place_name,
)
from tourplan.hours import clock
from tourplan.tables import plain

if TYPE_CHECKING:
    from tourplan.plan import AreaAccess, Day, Level, Origin, Plan, Stop
    from tourplan.prepare import Case

STATUS = {
    "brouillon": "document de travail, ni proposé ni validé",
    "proposé": "soumis à la décision, pas encore validé",
    "validé": "adopté",
}
STOPPED = {
    "terminé": "",
    "limite de temps": "Le calcul s’est arrêté à la limite de temps.",
    "journées trop nombreuses": "Trop de journées possibles pour que le calcul les compare toutes.",
    "interrompu": "Le calcul a été interrompu avant la fin.",
    "évalué": "Cette tournée a été évaluée telle qu’elle est donnée, elle n’a pas été calculée.",
}
ARROW = "\u00a0→ "


def summary(plan: Plan, case: Case) -> str:
    """What the tour is, in a sentence or two."""
    if not plan.days:
        what = "Aucune permanence : la tournée est vide."
    else:
        depots = sorted({plan.depots[day.depot] for day in plan.days})
        what = (
            f"{counted(plan.sessions_per_cycle, 'permanence')} dans "
            f"{counted(len(plan.codes()), 'commune')}, avec {crew_words(plan, case)}, au départ "
            f"{listed([from_place(name) for name in depots])}."
        )
    return " ".join(filter(None, [what, rhythm(plan), beginning(plan)]))


def crew_words(plan: Plan, case: Case) -> str:
    """How many go in how many vehicles, of those that the days use."""
    agents = counted(case.problem.crew_size, "agent")
    vehicles = len({day.vehicle for day in plan.days})
    return (
        f"{agents} et un véhicule"
        if vehicles == 1
        else f"{vehicles} véhicules ({agents} dans chacun)"
    )


def rhythm(plan: Plan) -> str:
    """When the weeks of the cycle come back."""
    if not plan.month_weeks:
        return ""
    weeks = listed([ORDINALS[week - 1] for week in plan.month_weeks if 1 <= week <= 5])
    of_month = (
        f"les {weeks} semaines de chaque mois"
        if len(plan.month_weeks) > 1
        else f"la {weeks} semaine de chaque mois"
    )
    if plan.cycle_weeks == 1:
        return f"La semaine de tournée revient {of_month}."
    return f"Les {plan.cycle_weeks} semaines du cycle se suivent, {of_month}."


def beginning(plan: Plan) -> str:
    """The first day of the tour, when it is set."""
    return f"Début : {when(plan.start)}." if plan.start else ""


def free_days(plan: Plan) -> str:
    """The working days without a tour, or that there is none."""
    none = "Aucun jour libre : chaque jour de tournée a sa journée."
    if not plan.days:
        return "Aucune journée de tournée."
    return free_days_text(plan) or none


def key_figures(plan: Plan, scene: Scene) -> str:
    """The figures to remember, a week of tour on average."""
    marks = [mark for route in scene.routes for mark in route.stops]
    in_hours = sum(mark.in_hours is True for mark in marks)
    weeks = plan.cycle_weeks
    each = "par semaine de tournée" if weeks == 1 else f"en {weeks} semaines de tournée"
    weekly = "par semaine de tournée"
    figures = [
        ("Permanences", number(plan.sessions_per_cycle), each),
        ("Communes desservies", number(len(plan.codes())), "par la tournée"),
        ("Ouverture au public", hours(sum(d.open_s for d in plan.days) / weeks), weekly),
        ("Route", hours(sum(d.drive_s for d in plan.days) / weeks), weekly),
        ("Distance", _whole_km(sum(d.drive_m for d in plan.days) / weeks), weekly),
        (
            "Aux heures de la mairie",
            f"{in_hours} sur {len(marks)}",
            ("permanences" if any(mark.stop.closed_s for mark in marks) else "demi-journées")
            + ("" if in_hours == len(marks) else " ; les autres sont à vérifier avec la mairie"),
        ),
    ]
    return element(
        "dl",
        "".join(
            element(
                "div",
                element("dt", text(name))
                + element("dd", element("strong", text(value)) + element("span", text(note))),
            )
            for name, value, note in figures
        ),
        class_="chiffres-cles",
    )


def _whole_km(metres: float) -> str:
    return f"{number(metres / 1000)} km"


def sentences(plan: Plan) -> str:
    """What the tour changes, a sentence an intercommunalité, and the room that people find."""
    areas = plan.access[:-1] or plan.access
    lines = [*map(sentence, areas), *map(text, need_sentences(plan))]
    return items(lines, class_="constats")


def sentence(area: AreaAccess) -> str:
    """Who is far from a counter, and who still is with the tour."""
    told = area_sentence(area).removeprefix(area.name)
    today, semicolon, change = told.partition(" ; ")
    return (
        element("strong", text(area.name))
        + text(today + semicolon)
        + element("strong", text(change))
    )


def proof(plan: Plan) -> str:
    """Whether the plan is proved, said plainly; when it is not, what is not and why."""
    if plan.proved:
        words = (
            "aucun autre planning ne fait mieux selon ces règles, cet ordre de priorité et ces "
            "temps de trajet."
        )
        return element(
            "p",
            element("strong", "Démontré") + text(" : " + words),
            class_="preuve demontre",
        )
    missing = [level.label for level in plan.levels if not level.proved]
    words = " ".join(filter(None, [STOPPED[plan.stopped], _unproved(len(missing), plan)]))
    lines = items([text(capital(label)) for label in missing]) if missing else ""
    head = element("strong", text("Ce plan n’est pas entièrement démontré."))
    return element(
        "div", element("p", f"{head} {text(words)}") + lines, class_="preuve non-demontre"
    )


def _unproved(missing: int, plan: Plan) -> str:
    if not plan.levels:
        return "Aucun objectif n’a été démontré : un meilleur planning existe peut-être."
    verb = "n’est pas démontré" if missing == 1 else "ne sont pas démontrés"
    return (
        f"Un meilleur planning existe peut-être : {missing} des {len(plan.levels)} objectifs "
        f"{verb}."
    )


ITINERARY = (
    Column("Repère"),
    Column("Étape"),
    Column("Route (min)", figures=True),
    Column("Route (km)", figures=True),
    Column("Arrivée", figures=True),
    Column("Ouverture", figures=True),
    Column("Fermeture", figures=True),
    Column("Départ", figures=True),
)


def itinerary_table(plan: Plan, *, marks: bool = False) -> str:
    """The tour day by day, as an HTML table that needs neither map nor script.

    Args:
        plan: the plan.
        marks: whether stops bear the shapes of the map, which only the page defines.
    """
    bodies = [
        ((day.week, day.weekday, day.vehicle), _day_rows(plan, number_, day, marks=marks))
        for number_, day in numbered_days(plan)
    ]
    bodies += [(day, _free_row(plan, *day)) for day in plan.free_days]
    weeks = groupby(sorted(bodies), key=lambda body: body[0][0])
    told = {week: [rows for _, rows in days] for week, days in weeks} or {1: []}
    return "".join(
        table(_itinerary_caption(plan, week), ITINERARY, rows, class_="tableau itineraire")
        for week, rows in told.items()
    )


def _itinerary_caption(plan: Plan, week: int) -> str:
    """What a table of days is: those of a week, with the weeks of the month that run it."""
    if plan.cycle_weeks == 1:
        return "La tournée jour par jour"
    months = sorted(plan.month_weeks)[week - 1 :: plan.cycle_weeks]
    which = listed([ORDINALS[number_ - 1] for number_ in months if 1 <= number_ <= 5])
    plural = "s" if len(months) > 1 else ""
    of_month = f" ({which} semaine{plural} du mois)" if which else ""
    return f"La tournée jour par jour, semaine {week}{of_month}"


def _day_rows(plan: Plan, day_number: int, day: Day, *, marks: bool) -> str:
    """The heading of a day, its departure, stops and return."""
    depot = plan.depots[day.depot]
    start = ["", text(f"Départ {from_place(depot)}"), "", "", "", "", "", clock(day.departure_s)]
    back = [
        "",
        text(f"Retour {to_place(depot)}"),
        _drive_min(day.return_drive_s, measured=day.return_drive_measured),
        _drive_km(day.return_drive_m),
        clock(day.return_s),
        "",
        "",
        "",
    ]
    rows = [_day_heading(plan, day_number, day), body_row(ITINERARY, start, 1, class_="bout")]
    for position, stop in enumerate(day.stops):
        label = stop_label(day_number, position)
        mark = badge(day.weekday, label) + unseen(label) if marks else label
        rows.append(body_row(ITINERARY, [mark, *_stop_cells(day, stop)], 1))
    rows.append(body_row(ITINERARY, back, 1, class_="bout"))
    return "".join(rows)


def _stop_cells(day: Day, stop: Stop) -> list[str]:
    where = ", ".join(filter(None, [stop.place, stop.address]))
    step = f"{element('strong', text(stop.name))} {_note(_stop_note(day, stop))}"
    return [
        f"{step}<br>{element('span', text(where), class_='note lieu')}" if where else step,
        _drive_min(stop.drive_s, measured=stop.drive_measured),
        _drive_km(stop.drive_m),
        clock(stop.arrival_s),
        clock(stop.opening_s),
        clock(stop.closing_s),
        clock(stop.departure_s),
    ]


def _note(words: str) -> str:
    return element("span", text(words), class_="note")


def _stop_note(day: Day, stop: Stop) -> str:
    """The session, and the meal when it is taken before it or closes it."""
    if stop.closed_from_s is not None and stop.closed_until_s is not None:
        closed = f"de {clock(stop.closed_from_s)} à {clock(stop.closed_until_s)}"
        return f"{stop.session}, fermé pour le repas {closed}"
    if day.break_from_s is None or day.break_until_s is None or not _meal_before(day, stop):
        return stop.session
    return f"{stop.session}, repas de {clock(day.break_from_s)} à {clock(day.break_until_s)}"


def _meal_before(day: Day, stop: Stop) -> bool:
    """Whether ``stop`` is the first to open after the meal."""
    until = day.break_until_s
    after = [s for s in day.stops if until is not None and s.opening_s >= until]
    return bool(after) and after[0] is stop


def _day_heading(plan: Plan, day_number: int, day: Day) -> str:
    first = day_date(plan, day)
    since = f", dès le {when(first.isoformat())}" if first else ""
    named = capital(day_name(plan, day.week, day.weekday, day.vehicle))
    name = f"{named}, journée {day_number}{since}"
    totals = (
        f"{hours(day.open_s)} d’ouverture, {minutes(day.drive_s)} et {kilometres(day.drive_m)} "
        f"de route, {hours(day.work_s)} de travail par agent"
    )
    return _wide_row(name, totals)


def _free_row(plan: Plan, week: int, weekday: int, vehicle: str) -> str:
    return _wide_row(capital(day_name(plan, week, weekday, vehicle)), "jour libre")


def _wide_row(name: str, words: str) -> str:
    """A row that heads a day."""
    content = element("strong", text(f"{name} :")) + " " + _note(words)
    cell = element("th", content, scope="rowgroup", role="rowheader", colspan=len(ITINERARY))
    return element("tr", cell, role="row", class_="journee")


def _drive_min(seconds: int, *, measured: bool) -> str:
    """The minutes of a drive, marked when the agents measured it on the road."""
    return number(seconds / 60, 1) + (_note("mesuré") if measured else "")


def _drive_km(metres: int) -> str:
    return number(metres / 1000, 1)


def access_table(plan: Plan) -> str:
    """Residents beyond each goal and near it by intercommunalité, without and with the tour."""
    goals = sorted({goal for area in plan.access for goal in area.before}, reverse=True)
    columns = [
        Column("Intercommunalité"),
        Column("Habitants", figures=True),
        *(Column(f"À plus de {goal} min", figures=True) for goal in goals),
        Column("Accès moyen", figures=True),
    ]
    rows = [
        body_row(columns, _access_cells(area, goals), class_="total" if whole else None)
        for area in plan.access
        for whole in (area is plan.access[-1],)
    ]
    caption = "Habitants loin d’un accueil : sans la tournée → avec la tournée"
    return table(caption, columns, ["".join(rows)]) + near_note(plan.origin)


def near_note(origin: Origin) -> str:
    """What « à la limite » means."""
    if not origin.uncertainty_pct:
        return ""
    words = (
        f"À la limite : les temps valent à {origin.uncertainty_pct} % près, et cet écart ne "
        "permet pas de dire de quel côté du seuil se trouve la commune. Ses habitants sont comptés "
        "à part, ni dedans ni au-delà. Les objectifs de la preuve prennent les temps tels qu’ils "
        "sont."
    )
    return element("p", text(words), class_="note")


def _access_cells(area: AreaAccess, goals: Sequence[int]) -> list[str]:
    beyond = []
    for goal in goals:
        if goal not in area.before:
            beyond.append("")
            continue
        before, after = area.groups_before[goal], area.groups_after[goal]
        cell = text(f"{number(before.beyond)}{ARROW}{number(after.beyond)}")
        cell += _places(before.communes_beyond, after.communes_beyond)
        if before.near or after.near:
            near = f"à la limite : {number(before.near)}{ARROW}{number(after.near)}"
            cell += element("span", text(near), class_="limite-texte")
            cell += _places(before.communes_near, after.communes_near)
        beyond.append(cell)
    means = f"{_mean(area.mean_before_s)}{ARROW}{_mean(area.mean_after_s)}"
    return [text(area.name), number(area.residents), *beyond, text(means)]


def _places(before: int, after: int) -> str:
    """Numbers of communes, without and with the tour."""
    return _note(f"{number(before)}{ARROW}{counted(after, 'commune')}")


def _mean(seconds: float | None) -> str:
    return "inconnu" if seconds is None else minutes(seconds)


FAR = (
    Column("Commune"),
    Column("Intercommunalité"),
    Column("Habitants", figures=True),
    Column("Sans la tournée", figures=True),
    Column("Avec la tournée", figures=True),
    Column("Accueil le plus proche"),
)


def far_communes(plan: Plan, scene: Scene) -> str:
    """The inhabited communes still beyond each goal with the tour, or near it, farthest first.

    Each is told once, in the first part it belongs to.
    """
    goals = sorted({goal for area in plan.access for goal in area.before}, reverse=True)
    left = list(scene.farthest_first())
    parts = []
    above: int | None = None
    for goal in goals:
        span = f"à plus de {goal} min" if above is None else f"de {goal} à {above} min"
        parts.append(_far_part(span, [v for v in left if v.after.beyond(goal)]))
        near = [v for v in left if goal in v.after.near]
        if near:
            parts.append(_far_part(f"à la limite de {goal} min", near))
        left = [v for v in left if not v.after.beyond(goal) and goal not in v.after.near]
        above = goal
    return "".join(parts)


def _far_part(span: str, found: Sequence[CommuneView]) -> str:
    title = element("h3", text(f"{capital(span)} d’un accueil"))
    if not found:
        return title + element("p", text("Aucune commune."))
    people = sum(view.residents for view in found)
    caption = f"{counted(len(found), 'commune')}, {counted(people, 'habitant')}"
    return title + table(caption, FAR, ["".join(body_row(FAR, _far_cells(v)) for v in found)])


def _far_cells(view: CommuneView) -> list[str]:
    return [
        text(view.commune.name),
        text(view.commune.epci_name),
        number(view.residents),
        _reach_cell(view.before),
        _reach_cell(view.after),
        text(reach_place(view.after)),
    ]


def _reach_cell(reach: Reach) -> str:
    near = near_words(reach)
    return text(reach_time(reach)) + (_note(near) if near else "")


def every_commune(scene: Scene) -> str:
    """All that the colours of the map say, as a table."""
    rows = "".join(body_row(FAR, _far_cells(v)) for v in by_name(scene))
    return table("Temps de route jusqu’à l’accueil le plus proche, par commune", FAR, [rows])


def by_name(scene: Scene) -> list[CommuneView]:
    """The communes in the order of the alphabet, accents aside."""
    return sorted(scene.communes, key=lambda v: (plain(v.commune.name), v.commune.code))


def reach_time(reach: Reach) -> str:
    """``12,3 min``, ``sur place`` or ``hors d’atteinte``."""
    if reach.seconds is None:
        return CLASS_LABELS[UNREACHED]
    return minutes(reach.seconds) if reach.seconds else "sur place"


def near_words(reach: Reach) -> str:
    """Which thresholds the time is too near to tell the side of; nothing when there is none."""
    limits = listed([str(limit) for limit in reach.near])
    return f"à la limite de {limits} min" if limits else ""


def reach_place(reach: Reach) -> str:
    """The nearest counter and its kind."""
    if reach.seconds is None:
        return "aucun"
    return f"{reach.counter} ({'permanence' if reach.itinerant else 'point fixe'})"


COUNTERS = (Column("Point fixe"), Column("Commune"), Column("Adresse"), Column("Remarque"))


def counters_table(scene: Scene) -> str:
    """The fixed counters that the map shows."""
    rows = [
        body_row(
            COUNTERS,
            [
                text(counter.name),
                text(mark.commune.name),
                text(counter.address),
                text("ouvert par demi-journées" if counter.half_day else ""),
            ],
        )
        for mark in scene.counters
        for counter in mark.counters
    ]
    return table("Points fixes de la carte", COUNTERS, ["".join(rows)])


LEVELS = (Column("Objectif"), Column("Résultat"), Column("Preuve"))


def levels_table(plan: Plan) -> str:
    """The objectives in order, each with its value and whether it is proved."""
    rows = [
        body_row(
            LEVELS,
            [
                text(f"{rank}. {capital(level.label)}"),
                text(level_text(plan, level)),
                text(level_proof(level)),
            ],
        )
        for rank, level in enumerate(plan.levels, start=1)
    ]
    return table("Objectifs, du plus important au moins important", LEVELS, ["".join(rows)])


def level_proof(level: Level) -> str:
    """``démontré``, or how far the proved limit is."""
    if level.proved:
        return "démontré"
    if level.gap is None:
        return "non démontré : aucune limite connue"
    return f"non démontré : écart d’au plus {_quantity(level.gap, level)}"


def _quantity(gap: int, level: Level) -> str:
    """A gap in the words of its unit."""
    if level.unit.startswith("habitants ×"):
        share = 100 * gap / max(1, level.value)
        return f"{number(max(0.1, share), 1)} %"
    return amount(level, gap)


def sensitivity(sentences: Sequence[str]) -> str:
    """What other travel times would change: lines set back are details of the one before."""
    if not sentences:
        return ""
    parts = [element("h3", text("Et si les trajets étaient plus courts ou plus longs ?"))]
    for detail, lines in groupby(sentences, key=lambda line: line.startswith(" ")):
        told = [text(line.strip()) for line in lines]
        parts.append(items(told) if detail else "".join(element("p", line) for line in told))
    return "".join(parts)


def page_foot(plan: Plan) -> str:
    """What each printed page says at its foot: letters and figures only, safe in a style."""
    status = f"{capital(plan.status)}, empreinte {plan.fingerprint}"
    return (
        f'@page {{ @bottom-left {{ content: "{status}" }} '
        '@bottom-right { content: "page " counter(page) " sur " counter(pages) } }'
    )


def legend(scene: Scene) -> str:
    """The classes of the map with their residents, without and with the tour.

    A last row tells those of communes so near a limit of their class that they may be in the next.
    """
    columns = (
        Column("Minutes de route"),
        Column("Sans la tournée", figures=True),
        Column("Avec la tournée", figures=True),
    )
    counts = [
        (
            sum(v.residents_at(v.before, rank) for v in scene.communes),
            sum(v.residents_at(v.after, rank) for v in scene.communes),
            sum(_in_class(v, rank) for v in scene.communes),
        )
        for rank in range(len(CLASS_LABELS))
    ]
    rows = [
        body_row(
            columns,
            [
                _swatch(f"classe-{rank}") + text(label),
                number(counts[rank][0]),
                number(counts[rank][1]),
            ],
        )
        for rank, label in enumerate(CLASS_LABELS)
        if counts[rank][2] or rank != UNREACHED
    ]
    before, after = (
        sum(view.residents_near(reach(view)) for view in scene.communes) for reach in _SIDES
    )
    near = [_swatch("limite") + text("dont à la limite"), number(before), number(after)]
    bodies = ["".join(rows)]
    if before or after:
        bodies.append(body_row(columns, near, class_="total"))
    caption = "Habitants selon le temps de route jusqu’à l’accueil le plus proche"
    return table(caption, columns, bodies, class_="classes")


def _in_class(view: CommuneView, rank: int) -> bool:
    """Whether a commune, or residents of it, are in a class."""
    reaches = (view.before, view.after)
    return any(reach.rank == rank or view.residents_at(reach, rank) for reach in reaches)


_SIDES = (attrgetter("before"), attrgetter("after"))
"""The reach of a commune without the tour, and with it."""


def near_mark(origin: Origin) -> str:
    """What the hatching of the map means, when there is any."""
    if not origin.uncertainty_pct:
        return ""
    words = (
        f"À la limite : à {origin.uncertainty_pct} % près, la commune peut être de la couleur "
        "voisine"
    )
    return element("li", _swatch("limite") + text(words))


def _swatch(class_: str) -> str:
    return (
        '<svg class="pastille" viewBox="0 0 22 14" aria-hidden="true" focusable="false">'
        f'<rect class="{class_}" x="1" y="1" width="20" height="12" rx="2"></rect></svg>'
    )


def sources(plan: Plan, case: Case) -> str:
    """Where every figure comes from, how old and how sure it is."""
    entries = [
        (
            "Temps et distances",
            f"{capital(origin_words(plan.origin))}. Temps de chef-lieu à chef-lieu.",
        ),
        ("Habitants", residents_source(case)),
        ("Points fixes", counters_source(case)),
        (
            "Communes et mairies",
            f"{communes_source(case)}. {rooms_source(plan)}",
        ),
    ]
    rows = (element("dt", text(name)) + element("dd", text(words)) for name, words in entries)
    return element("dl", "".join(rows), class_="fiche")


def rooms_source(plan: Plan) -> str:
    """Where sessions are held."""
    places = {stop.place for day in plan.days for stop in day.stops}
    supposed = "supposées tenues à la mairie ou près d’elle."
    if not places - {"", TOWN_HALL}:
        return f"Les permanences sont {supposed}"
    given = "Les permanences sont tenues dans les lieux donnés avec le scénario"
    return f"{given}.{f' Celles qui n’en ont pas sont {supposed}' if TOWN_HALL in places else ''}"


def residents_source(case: Case) -> str:
    """Whose figures of residents the plan counts."""
    if case.scenario.residents.file:
        return "chiffres fournis avec le scénario."
    counted = set(case.resident_codes)
    return f"{_given_or(case, counted, 'INSEE, population municipale 2023')}."


def communes_source(case: Case) -> str:
    """Where contours, names, addresses and hours come from."""
    shown = {*case.resident_codes, *case.problem.demand_index, *case.depot_codes}
    official = (
        "contours IGN Admin Express, noms et intercommunalités INSEE, adresses et horaires des "
        "mairies DILA (Licence Ouverte 2.0)"
    )
    return _given_or(case, shown, official)


def _given_or(case: Case, codes: set[str], official: str) -> str:
    """The official source, unless communes come from the scenario's own files: some, or all."""
    own = codes & case.territory.own_codes()
    if not own:
        return official
    given = "données fournies avec le scénario"
    return given if own == codes else f"{given} pour {len(own)} communes, sinon {official}"


def counters_source(case: Case) -> str:
    """Which fixed counters count, and which are unknown."""
    counters = case.scenario.counters
    parts = []
    if counters.embedded:
        parts.append(
            "liste nationale des France Services d’août 2024 (ANCT, Licence Ouverte 2.0), "
            "structures fixes seulement"
        )
    if counters.files:
        parts.append("points d’accueil fournis avec le scénario")
    listed_ = " ; ".join(parts) or "aucun n’est compté"
    return f"{listed_}. Les points fixes hors du département sont inconnus."


def notes(plan: Plan) -> str:
    """What was assumed, when something was."""
    if not plan.notes:
        return ""
    return element("h3", "Remarques") + items([text(capital(note)) for note in plan.notes])


def identity(plan: Plan, case: Case) -> str:
    """Status, author, fingerprint and software: which document this is."""
    entries = [
        ("Statut", f"{plan.status} ({STATUS[plan.status]})"),
        ("Auteur", plan.author),
        (
            "Équipe" if len(plan.vehicles) == 1 else "Équipes",
            f"{counted(case.problem.crew_size, 'agent')}, {plan.vehicles[0]}"
            if len(plan.vehicles) == 1
            else f"{counted(case.problem.crew_size, 'agent')} par véhicule : "
            f"{listed(plan.vehicles)}",
        ),
        ("Agences de départ" if len(plan.depots) > 1 else "", listed(list(plan.depots.values()))),
        ("Empreinte du plan", plan.fingerprint),
        ("Empreinte des données", plan.inputs_fingerprint),
        ("Logiciel", plan.software),
    ]
    rows = (
        element("dt", text(name)) + element("dd", text(words))
        for name, words in entries
        if name and words
    )
    return element("dl", "".join(rows), class_="fiche")


def day_switches(plan: Plan, scene: Scene) -> str:
    """A box a day, to show or hide it on the map."""
    if not scene.routes:
        return element("p", text("Aucune."), class_="note")
    return "".join(
        element(
            "label",
            f'<input type="checkbox" checked data-journee="{route.number}">'
            + badge(route.day.weekday, str(route.number))
            + element(
                "span",
                element("strong", text(_switch_name(plan, route.day)))
                + element("span", _stop_names(route.stops), class_="note"),
            ),
            class_="choix",
            data_semaine=route.day.week,
            data_vehicule=route.day.vehicle,
        )
        for route in scene.routes
    )


def _switch_name(plan: Plan, day: Day) -> str:
    """``Lundi``, with the vehicle and the week where there are several."""
    several = (
        f"semaine {day.week}" if plan.cycle_weeks > 1 else "",
        day.vehicle if len(plan.vehicles) > 1 else "",
    )
    return ", ".join(filter(None, [capital(day.weekday_name), *several]))


def _stop_names(marks: Sequence[StopMark]) -> str:
    return text(" → ".join(place_name(mark.stop) for mark in marks))


def week_choice(plan: Plan) -> str:
    """The choice of the week to show, when the cycle has several."""
    if plan.cycle_weeks == 1:
        return ""
    options = "".join(
        element("option", text(f"Semaine {week}"), value=week)
        for week in range(1, plan.cycle_weeks + 1)
    )
    every = element("option", "Toutes les semaines", value="")
    return element(
        "p",
        element("label", text("Semaine du cycle"), for_="semaine")
        + element("select", options + every, id="semaine"),
    )


def vehicle_choice(plan: Plan) -> str:
    """The choice of the vehicle to show, when there are several."""
    used = {day.vehicle for day in plan.days}
    if len(used) < 2:
        return ""
    every = element("option", text("Tous les véhicules"), value="")
    options = "".join(
        element("option", text(name), value=name) for name in plan.vehicles if name in used
    )
    return element(
        "p",
        element("label", text("Véhicule"), for_="vehicule")
        + element("select", every + options, id="vehicule"),
    )


def commune_choice(scene: Scene) -> str:
    """The choice of a commune to show its details."""
    options = "".join(
        element("option", text(view.commune.name), value=view.commune.code)
        for view in by_name(scene)
    )
    first = element("option", "Choisir…", value="")
    return element(
        "p",
        element("label", "Trouver une commune", for_="commune")
        + element("select", first + options, id="commune"),
    )


def counter_lines(mark: CounterMark) -> list[str]:
    """What the map tells of a commune's fixed counters."""
    lines = []
    for counter in mark.counters:
        half = ", ouvert par demi-journées" if counter.half_day else ""
        lines.append(f"{counter.name} : {counter.address}{half}")
    return lines
