"""What the page says besides the map: one function a section, a plan in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import ORDINALS, capital, counted, from_place, hours, number, when
from tourplan.export.markup import (
    Column,
    body_row,
    element,
    items,
    table,
    text,
)
from tourplan.export.scene import (
    Scene,
)
from tourplan.export.words import (
    amount,
    area_sentence,
    free_days_text,
    level_text,
    need_sentences,
)

if TYPE_CHECKING:
    from tourplan.plan import AreaAccess, Level, Plan
    from tourplan.prepare import Case
STOPPED = {
    "terminé": "",
    "limite de temps": "Le calcul s’est arrêté à la limite de temps.",
    "journées trop nombreuses": "Trop de journées possibles pour que le calcul les compare toutes.",
    "interrompu": "Le calcul a été interrompu avant la fin.",
    "évalué": "Cette tournée a été évaluée telle qu’elle est donnée, elle n’a pas été calculée.",
}


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
    if plan.cycle_weeks == 1:
        return f"La semaine de tournée revient {_comes_back(plan)}."
    return f"Les {plan.cycle_weeks} semaines du cycle se suivent, {_comes_back(plan)}."


def _comes_back(plan: Plan) -> str:
    """``les deuxième et quatrième semaines de chaque mois``, ``les semaines paires``."""
    if plan.week_rule == "iso":
        words = plan.rhythm.words()
        return words if words.startswith("toutes") else f"les {words}"
    weeks = listed([ORDINALS[week - 1] for week in sorted(plan.month_weeks)])
    if len(plan.month_weeks) == 1:
        return f"la {weeks} semaine de chaque mois"
    return f"les {weeks} semaines de chaque mois"


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
