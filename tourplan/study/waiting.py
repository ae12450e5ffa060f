"""What a plan leaves to wait: visits that fit in each commune's sessions, days, minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from tourplan.export.itinerary import decimal_comma
from tourplan.export.words import need_sentences
from tourplan.measures import number
from tourplan.plan import Plan, Wait
from tourplan.study.result import Result
from tourplan.waits import waits_of

COLUMNS = (
    "code_insee",
    "commune",
    "visites_par_mois",
    "dont_rendez_vous",
    "permanences_par_mois",
    "ouverture_par_mois_h",
    "visites_possibles",
    "visites_sans_place",
    "occupation_pct",
    "prochaine_permanence_moyenne_j",
    "prochaine_permanence_max_j",
    "part_qui_attend_pct",
    "attente_moyenne_min",
    "etat",
)
NONE, FULL, FITS = "sans permanence", "saturé", "tient"


@dataclass(frozen=True, eq=False)
class Waiting(Result):
    """The people expected in a month in each candidate commune, and the room they find.

    Attributes:
        plan: the plan.
        communes: each candidate commune.
        whole: the communes served, all together.
        assumptions: what was assumed, in French.
    """

    plan: Plan
    communes: tuple[Wait, ...]
    whole: Wait
    assumptions: tuple[str, ...]
    columns: ClassVar[tuple[str, ...]] = COLUMNS

    def rows(self) -> Iterator[tuple[str, ...]]:
        """One row a commune under ``COLUMNS``, the whole last."""
        yield from map(_row, (*self.communes, self.whole))

    def sentences(self) -> list[str]:
        """The whole, the communes that are saturated or not served, what was assumed."""
        lines = need_sentences(self.plan)
        for wait in self.communes:
            if wait.saturated:
                lines.append(f"  {wait.name} : {_full_words(wait)}.")
        unserved = [wait for wait in self.communes if not wait.sessions]
        if unserved:
            visits = number(sum(wait.visits for wait in unserved))
            lines.append(
                f"Communes candidates sans permanence : {len(unserved)}, où {visits} visites par "
                "mois seraient attendues."
            )
        return [*lines, *(f"Hypothèse : {words}." for words in self.assumptions)]

    def to_dict(self) -> dict[str, Any]:
        """The table as plain data under French keys."""
        rows = [dict(zip(COLUMNS, row, strict=True)) for row in self.rows()]
        return {"phrases": self.sentences(), "communes": rows}

    def __repr__(self) -> str:
        return (
            f"Waiting({self.plan.title!r}, {number(self.whole.visits)} visites par mois, "
            f"{number(self.whole.unfit)} sans place)"
        )


def waiting(plan: Plan) -> Waiting:
    """The people expected in each commune of a plan, those whom its sessions hold, and their wait.

    Args:
        plan: the plan; its scenario is read again if it was made before waits were worked out.

    Raises:
        InputError: it must be, and its data changed.
    """
    if not plan.waits:
        case = plan.case()
        waits = waits_of(case.scenario, case.territory, case.problem, plan.days)
        plan = plan.model_copy(update={"waits": waits})
    *communes, whole = plan.waits
    return Waiting(plan, tuple(communes), whole, tuple(_assumptions(plan)))


def _assumptions(plan: Plan) -> Iterator[str]:
    """What the figures take for granted."""
    from tourplan.scenario import Scenario

    scenario = Scenario.from_keys(plan.scenario)
    need = scenario.need
    yield (
        f"{number(need.visits_per_month_1000, _decimals(need.visits_per_month_1000))} visites par "
        f"mois pour 1 000 habitants, {number(need.appointments_pct)} % sur rendez-vous, "
        f"{need.minutes_per_visit} min l’une ({need.minutes_per_appointment} min sur rendez-vous), "
        "sauf réglage de la commune ; chacun va dans sa commune"
    )
    yield (
        f"{scenario.crew.size} agents reçoivent en même temps, et {number(need.max_occupancy_pct)} "
        "% de l’ouverture peut être prise par le public ; au-delà, la commune est saturée"
    )
    yield (
        "les gens arrivent au hasard, sans affluence à l’ouverture ; l’attente sur place est celle "
        "de la formule d’Erlang (M/M/c)"
    )
    yield "un mois compte quatre semaines"


def _decimals(value: float) -> int:
    return 0 if value == int(value) else 1


def _full_words(wait: Wait) -> str:
    """Why a commune is saturated."""
    if not wait.unfit:
        return "saturé, l’attente dépasserait la durée d’une permanence"
    return (
        f"saturé, {number(wait.visits, 1)} visites par mois pour {number(wait.fit, 1)} places "
        f"(il faudrait {number(wait.occupancy_pct or 0)} % du temps des agents)"
    )


def _row(wait: Wait) -> tuple[str, ...]:
    """A commune as cells."""
    state = FULL if wait.saturated else FITS
    return (
        wait.code,
        wait.name,
        _cell(wait.visits),
        _cell(wait.appointments),
        str(wait.sessions),
        _cell(wait.open_s / 3600, 2),
        _cell(wait.fit),
        _cell(wait.unfit),
        _cell(wait.occupancy_pct),
        _cell(wait.mean_days),
        "" if wait.most_days is None else str(wait.most_days),
        _cell(wait.waiting_pct),
        _cell(None if wait.wait_s is None else wait.wait_s / 60),
        state if wait.sessions else NONE,
    )


def _cell(value: float | None, decimals: int = 1) -> str:
    """A figure with a decimal comma; nothing where it is not known."""
    return "" if value is None else decimal_comma(value, decimals)
