"""What is said of an existing tour: its road, its faults, what could change, a plan beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tourplan.export.french import capital
from tourplan.export.words import (
    area_sentence,
    days_table,
    need_sentences,
    origin_words,
    rhythm_sentence,
    some,
)
from tourplan.measures import number
from tourplan.plan import Plan
from tourplan.verify import verify

if TYPE_CHECKING:
    from tourplan.prepare import Case
    from tourplan.study.evaluate import Evaluation

JUDGED = "évalué"
"""How a plan ends that was not looked for: a tour read from a file."""


def judged_sentences(plan: Plan, case: Case, *, internal: bool) -> list[str]:
    """What a tour that was judged is, how many rules it breaks, for the team each; of a plan, none.

    What is broken names agents and tells their hours.
    """
    if plan.stopped != JUDGED:
        return []
    broken = [str(violation) for violation in verify(case.problem, plan.days)]
    kept = f"enfreint {some(len(broken), 'règle')}" if broken else "tient toutes les règles"
    return [
        "Cette tournée a été évaluée telle qu’elle est donnée, elle n’a pas été calculée.",
        f"Elle {kept} du scénario.",
        *(broken if internal else ()),
    ]


def comparison_sentences(evaluation: Evaluation, name: str) -> list[str]:
    """How a plan compares with the tour of today, level by level, differences only."""
    today, best = evaluation.plan, evaluation.best
    head = f"Comparé à la tournée d’aujourd’hui ({name}) :"
    if best is None:
        return [head, f"  {evaluation.why_not}"]
    if evaluation.is_best:
        return [head, "  c’est déjà la meilleure selon ces règles et ces temps (démontré)."]
    lines = [head]
    broken = len(evaluation.violations)
    if broken:
        lines.append(f"  elle enfreint {some(broken, 'règle')} de ce scénario ;")
    lines += [f"  {line} ;" for line in changes_since(today, best)]
    lines.append("  " + road_sentence(evaluation, "route d’aujourd’hui"))
    return lines


def changes_since(today: Plan, best: Plan) -> list[str]:
    """What changes from one tour to another: communes and days, the levels, who is worse off."""
    changed = [
        f"{level.label} : {before.text} aujourd’hui, {level.text} avec ce plan"
        for level, before in zip(best.levels, today.levels, strict=True)
        if level.value != before.value
    ]
    changed = changed or ["aucune différence sur les objectifs"]
    return [_layout_change(today, best), *changed, *_worse_off(today, best)]


def _worse_off(today: Plan, best: Plan) -> Iterator[str]:
    """The intercommunalités where more people are far than today, at the farthest threshold."""
    now = {area.code: area for area in today.access[:-1]}
    for area in best.access[:-1]:
        before = now[area.code].after if area.code in now else area.after
        more = {goal: area.after[goal] - before[goal] for goal in area.after if goal in before}
        farther = [goal for goal, people in more.items() if people > 0]
        if farther:
            people = some(more[max(farther)], "habitant")
            yield f"{area.name} : {people} de plus à plus de {max(farther)} min d’un accueil"


def _layout_change(today: Plan, best: Plan) -> str:
    """What changes between two tours: communes, days, or nothing."""
    served, planned = set(today.codes()), set(best.codes())
    if served != planned:
        gone = len(served - planned)
        lost = "qui ne serait plus desservie" if gone < 2 else "qui ne seraient plus desservies"
        return (
            f"{some(len(planned & served), 'commune')} en commun, "
            f"{some(len(planned - served), 'nouvelle')}, {gone or 'aucune'} {lost}"
        )
    if _layout(today) == _layout(best):
        return "mêmes communes, mêmes jours, même ordre"
    return "mêmes communes, d’autres jours ou un autre ordre"


def _layout(plan: Plan) -> set[tuple[int, int, str, str, str, str]]:
    """Who is visited when, where and in what."""
    return {
        (day.week, day.weekday, stop.session, stop.code, stop.place, day.vehicle)
        for day in plan.days
        for stop in day.stops
    }


def road_sentence(evaluation: Evaluation, name: str = "route de cette tournée") -> str:
    """Whether the tour's road is the shortest there is for its communes."""
    if any(violation.rule == "unreachable" for violation in evaluation.violations):
        return f"{name} : inconnue, une commune est hors d’atteinte."
    plan, shortest_s = evaluation.plan, evaluation.shortest_s
    weeks = plan.cycle_weeks
    cycle = "par semaine" if weeks == 1 else f"pour les {weeks} semaines du cycle"
    road = f"{name} : {number(plan.figures.drive_s / 60, 1)} min {cycle}"
    if shortest_s is None:
        return f"{road} (on ne sait pas si c’est la plus courte : non démontré)."
    if evaluation.shortest_already:
        return f"{road}, déjà la plus courte possible pour ces communes (démontré)."
    least = number(shortest_s / 60, 1)
    if shortest_s > plan.figures.drive_s:
        return f"{road} ; en respectant les règles de la journée, il en faut {least} (démontré)."
    return f"{road} ; {least} min suffiraient si la route passait avant tout (démontré)."


def evaluation_report(evaluation: Evaluation, name: str) -> list[str]:
    """What ``tourplan evaluate`` prints."""
    plan = evaluation.plan
    lines = [f"Tournée évaluée : {name}", "", *days_table(plan), ""]
    lines += [f"Temps de route : {origin_words(plan.origin)}."]
    lines += [*(f"À savoir : {remark}." for remark in plan.notes), ""]
    lines += [*(area_sentence(area) for area in plan.access[:-1]), rhythm_sentence(plan)]
    lines += need_sentences(plan)
    lines += ["", "Règles du scénario :"]
    if evaluation.violations:
        lines += [f"  enfreinte : {violation}" for violation in evaluation.violations]
    else:
        lines.append("  toutes sont tenues.")
    count = some(len(evaluation.to_check), "demi-journée")
    lines += ["", f"À vérifier avec la mairie : {count}"]
    lines += [f"  {item}" for item in evaluation.to_check]
    lines += ["", "Ce qui pourrait changer :", "  " + capital(road_sentence(evaluation))]
    lines += _three_columns(evaluation)
    return lines


def _three_columns(evaluation: Evaluation) -> list[str]:
    """Nothing, one change, or all: what each is, then side by side the levels where they differ."""
    if evaluation.is_best:
        return ["  Rien : aucune tournée ne fait mieux selon ces règles et ces temps (démontré)."]
    return [*_choices(evaluation), *_differences(evaluation)]


def _choices(evaluation: Evaluation) -> Iterator[str]:
    """What the best single change is, and whether there is a better tour."""
    all_tried = evaluation.all_tried
    if evaluation.swap is None:
        tried = "tous ont été essayés" if all_tried else "mais le temps a manqué pour tout essayer"
        yield f"  Un seul changement : aucun trouvé qui améliore la tournée ({tried})."
    else:
        best = "le meilleur" if all_tried else "le meilleur trouvé dans le temps donné"
        yield f"  Un seul changement, {best} : {evaluation.swap.text}."
    if evaluation.best is None:
        yield f"  Tout revoir : {evaluation.why_not}"
    elif evaluation.none_better:
        yield "  Tout revoir : aucune tournée meilleure trouvée dans le temps donné (non démontré)."
    else:
        proof = "démontré" if evaluation.best.proved else "non démontré"
        yield f"  Tout revoir : la meilleure tournée du scénario ({proof})."


def _differences(evaluation: Evaluation) -> Iterator[str]:
    """The levels that the best single change, or the best tour, makes other."""
    today, swap, best = evaluation.plan, evaluation.swap, evaluation.best
    levels = zip(
        today.levels,
        swap.levels if swap else today.levels,
        best.levels if best else today.levels,
        strict=True,
    )
    others = "Aucun objectif ne change"
    for level, swapped, best_level in levels:
        if level.value == swapped.value == best_level.value:
            continue
        others = "Les autres objectifs ne changent pas"
        cells = [f"aujourd’hui {level.text}"]
        cells += [f"un changement {swapped.text}"] if swap else []
        cells += [f"tout revoir {best_level.text}"] if best else []
        yield f"    {capital(level.label)} : {' | '.join(cells)}"
    if swap or (best and not evaluation.none_better):
        yield f"    {others}."
