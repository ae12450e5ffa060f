"""What a plan says in sentences: for an élu, for a comparison, for a table on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from tourplan.hours import clock, duration
from tourplan.measures import number
from tourplan.plan import AreaAccess, Level, Plan
from tourplan.study.evaluate import Evaluation

FAR_MIN = 15
"""The access, in minutes, that the sentence for an élu speaks of."""

_TIMES = {1: "une fois", 2: "deux fois", 3: "trois fois", 4: "quatre fois"}


def elected_sentences(plan: Plan) -> list[str]:
    """What an élu wants to read: access by intercommunalité, rhythm, road, and the proof."""
    areas = [area for area in plan.access if area.code] or list(plan.access)
    return [*(area_sentence(area) for area in areas), rhythm_sentence(plan), proof_sentence(plan)]


def area_sentence(area: AreaAccess, minutes: int = FAR_MIN) -> str:
    """Who is far from a counter in an intercommunalité, and who still is with the tour."""
    before, after = area.before[minutes], area.after[minutes]
    if not before:
        return f"{area.name} : aucun habitant n’est à plus de {minutes} min d’un accueil."
    people = _people(before, area.communes_before[minutes])
    verb = "est" if before == 1 else "sont"
    if after == before:
        change = "la tournée n’y change rien"
    elif after:
        change = f"avec la tournée, {_people(after, area.communes_after[minutes])}"
    else:
        change = "avec la tournée, aucun"
    return f"{area.name} : {people} {verb} à plus de {minutes} min d’un accueil ; {change}."


def rhythm_sentence(plan: Plan) -> str:
    """How long each session opens, and how often in a month."""
    openings = [stop.open_s for day in plan.days for stop in day.stops]
    if not openings:
        return "Aucune permanence."
    shortest, longest = duration(min(openings)), duration(max(openings))
    length = longest if shortest == longest else f"De {shortest} à {longest}"
    rounds = len(plan.month_weeks) // plan.cycle_weeks
    times = _TIMES.get(rounds, f"{rounds} fois")
    free = free_days_text(plan)
    return f"{length} par passage, {times} par mois.{f' {free}' if free else ''}"


def free_days_text(plan: Plan) -> str:
    """The working days without a tour, or nothing when there is none."""
    if not plan.free_days:
        return ""
    from tourplan.hours import WEEKDAYS

    names = [
        WEEKDAYS[day] + (f" (semaine {week})" if plan.cycle_weeks > 1 else "")
        for week, day in plan.free_days
    ]
    few = len(names) == 1
    return f"{'Jour libre' if few else 'Jours libres'} : {', '.join(names)}."


def proof_sentence(plan: Plan) -> str:
    """The road of a week, and whether no other plan does better."""
    road = duration(plan.figures.drive_s / plan.cycle_weeks)
    head = f"{road} de route par semaine de tournée"
    if plan.proved:
        return (
            f"{head} ; aucun autre planning ne fait mieux selon ces règles et ces temps (démontré)."
        )
    open_levels = [level.label for level in plan.levels if not level.proved]
    why = {"interrompu": "calcul interrompu", "limite de temps": "temps de calcul épuisé"}
    reason = why.get(plan.stopped, "sans preuve")
    return (
        f"{head} ; meilleur planning trouvé, {reason} : un meilleur peut exister pour "
        f"{', '.join(open_levels)}."
    )


def levels_table(levels: Sequence[Level]) -> list[str]:
    """The levels in order, one a line, with value and proof."""
    return [
        f"  {rank}. {_capital(level.label)} : {level.text} ({proof_text(level)})"
        for rank, level in enumerate(levels, start=1)
    ]


def proof_text(level: Level) -> str:
    """``démontré``, or the gap that is left."""
    if level.bound is None:
        return "non calculé"
    if level.proved:
        return "démontré"
    return f"non démontré, borne {number(level.bound)} {level.unit}"


def days_table(plan: Plan) -> list[str]:
    """The days, one a line: departure, sessions with hours, return."""
    lines = []
    for day in plan.days:
        week = f"sem. {day.week} " if plan.cycle_weeks > 1 else ""
        stops = " ; ".join(
            f"{stop.name} {clock(stop.opening_s)}–{clock(stop.closing_s)}" for stop in day.stops
        )
        lines.append(
            f"  {week}{day.weekday_name:<9} départ {clock(day.departure_s)} ; {stops} ; "
            f"retour {clock(day.return_s)}"
        )
    return lines


def comparison_sentences(evaluation: Evaluation, name: str) -> list[str]:
    """How a plan compares with the tour of today, level by level, differences only."""
    today, best = evaluation.plan, evaluation.best
    head = f"Comparé à la tournée d’aujourd’hui ({name}) :"
    if best is None:
        return [head, f"  {evaluation.why_not}"]
    if evaluation.is_best:
        return [head, "  c’est déjà la meilleure selon ces règles et ces temps (démontré)."]
    lines = [head]
    served, planned = set(today.codes()), set(best.codes())
    if served == planned:
        lines.append("  mêmes communes, d’autres jours ou un autre ordre ;")
    else:
        lines.append(
            f"  {len(planned & served)} communes en commun, {len(planned - served)} nouvelles, "
            f"{len(served - planned)} qui ne seraient plus desservies ;"
        )
    changed = [
        f"  {level.label} : {before.text} aujourd’hui, {level.text} avec ce plan ;"
        for level, before in zip(best.levels, today.levels, strict=True)
        if level.value != before.value
    ]
    lines += changed or ["  aucune différence sur les objectifs ;"]
    lines.append("  " + road_sentence(evaluation))
    return lines


def road_sentence(evaluation: Evaluation) -> str:
    """Whether the tour's road is the shortest there is for its communes."""
    road = number(evaluation.plan.figures.drive_s / 60, 1)
    if evaluation.shortest_s is None:
        return f"route d’aujourd’hui : {road} min par cycle (plus courte possible non démontrée)."
    if evaluation.shortest_already:
        return (
            f"route d’aujourd’hui : {road} min par cycle, déjà la plus courte possible pour ces "
            "communes (démontré)."
        )
    least = number(evaluation.shortest_s / 60, 1)
    return f"route d’aujourd’hui : {road} min par cycle ; {least} min suffiraient (démontré)."


def evaluation_report(evaluation: Evaluation, name: str) -> list[str]:
    """What ``tourplan evaluate`` prints."""
    plan = evaluation.plan
    lines = [f"Tournée évaluée : {name}", "", *days_table(plan), ""]
    lines += [*(area_sentence(area) for area in plan.access if area.code), rhythm_sentence(plan)]
    lines += ["", "Règles du scénario :"]
    if evaluation.violations:
        lines += [f"  enfreinte : {violation}" for violation in evaluation.violations]
    else:
        lines.append("  toutes sont tenues.")
    lines += ["", f"À vérifier avec la mairie ({len(evaluation.to_check)} demi-journées) :"]
    lines += [f"  {item}" for item in evaluation.to_check] or ["  rien."]
    lines += ["", "Ce qui pourrait changer :", "  " + _capital(road_sentence(evaluation))]
    lines += _three_columns(evaluation)
    return lines


def _three_columns(evaluation: Evaluation) -> list[str]:
    """Nothing, one change, or all: the levels side by side, one a line."""
    if evaluation.is_best:
        return ["  Rien : aucune tournée ne fait mieux selon ces règles et ces temps (démontré)."]
    lines = []
    if evaluation.swap is None:
        lines.append("  Un seul changement : aucun n’améliore la tournée (tous ont été essayés).")
    else:
        lines.append(f"  Un seul changement, le meilleur : {evaluation.swap.text}.")
    if evaluation.best is None:
        lines.append(f"  Tout revoir : {evaluation.why_not}")
    else:
        proof = "démontré" if evaluation.best.proved else "non démontré"
        lines.append(f"  Tout revoir : la meilleure tournée du scénario ({proof}).")
    for rank, level in enumerate(evaluation.plan.levels):
        cells = [f"aujourd’hui {level.text}"]
        if evaluation.swap is not None:
            cells.append(f"un changement {evaluation.swap.levels[rank].text}")
        if evaluation.best is not None:
            cells.append(f"tout revoir {evaluation.best.levels[rank].text}")
        lines.append(f"    {_capital(level.label)} : {' | '.join(cells)}")
    return lines


def _people(count: int, communes: int) -> str:
    """``1 523 habitants de 10 communes``."""
    people = f"{number(count)} habitant{'s' if count > 1 else ''}"
    return f"{people} de {communes} commune{'s' if communes > 1 else ''}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
