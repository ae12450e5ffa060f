"""When: the weeks and days of the tour, its sessions, what days and weeks must keep."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tourplan.fields import (
    LABEL,
    ClockTime,
    Day,
    DayName,
    Flag,
    Hours,
    Minutes,
    MonthWeek,
    Section,
    field,
    whole,
)
from tourplan.hours import WEEKDAYS
from tourplan.schedule import Rhythm, WeekRule

LEGAL_WEEK_H = 48
"""The longest week of work (Code du travail, L3121-20)."""
GapDays = Annotated[int, Field(ge=1, le=28, strict=True)]


class Cycle(Section):
    """The weeks and days of the tour."""

    weeks: Annotated[Literal[1, 2, 4], BeforeValidator(whole)] = field(
        "semaines", 1, "semaines de tournée différentes avant de recommencer : 1, 2 ou 4"
    )
    month_weeks: tuple[MonthWeek, ...] = field(
        "semaines_du_mois", (2, 4), "semaines du mois en tournée", "tournée de 2024 en Hérault"
    )
    week_rule: WeekRule = field(
        "semaines_selon",
        "mois",
        'comment les numéroter : "mois", la n-ième du mois ; "iso", 1 et 3 pour les semaines '
        "impaires de l’année, 2 et 4 pour les paires",
    )
    days: tuple[DayName, ...] = field("jours", WEEKDAYS[:5], "jours de tournée")
    start: Day | None = field("debut", None, "premier jour possible, pour dater l’itinéraire", "")
    same_slot: Flag = field(
        "meme_creneau",
        True,
        "une commune desservie plusieurs fois par cycle l’est aux mêmes jour et demi-journée",
    )
    min_gap_days: GapDays | None = field(
        "ecart_min_jours",
        None,
        "jours entre deux passages dans une commune, au moins ; sans valeur, répartis sur le cycle "
        "à 3 jours près, jamais deux jours de suite",
    )
    max_gap_days: GapDays | None = field(
        "ecart_max_jours", None, "jours entre deux passages dans une commune, au plus"
    )

    @property
    def rhythm(self) -> Rhythm:
        """In which weeks of the calendar the weeks of the cycle come back."""
        return Rhythm(tuple(sorted(self.month_weeks)), self.weeks, self.week_rule)


class Session(Section):
    """A session of the day."""

    name: Annotated[str, Field(min_length=1, max_length=40)] = Field(alias="nom")
    opening_s: ClockTime = Field(alias="ouverture")
    closing_s: ClockTime = Field(alias="fermeture")
    minimum_min: Minutes = field("minimum_min", 120, "ouverture la plus courte admise")
    maximum_min: Minutes | None = field(
        "maximum_min", None, "ouverture la plus longue ; sans valeur, toute la permanence", ""
    )
    whole_day: Flag = field(
        "journee_entiere",
        False,
        "true : la journée dans un seul lieu, fermé pendant le repas, à la place des autres "
        "permanences",
        "",
    )


class DayLimits(Section):
    """What a day must keep."""

    earliest_s: ClockTime = field("depart_au_plus_tot", 7 * 3600, "départ de l’agence")
    latest_s: ClockTime = field("retour_au_plus_tard", 19 * 3600, "retour à l’agence")
    setup_min: Minutes = field("installation_min", 15, "installer la salle avant d’ouvrir")
    packing_min: Minutes = field("rangement_min", 15, "ranger la salle après avoir fermé")
    break_min: Minutes = field("repas_min", 30, "durée la plus courte du repas, hors travail")
    break_from_s: ClockTime = field("repas_a_partir_de", 11 * 3600 + 1800, "pas de repas avant")
    break_until_s: ClockTime = field("repas_jusqu_a", 14 * 3600 + 1800, "repas fini au plus tard")
    max_work_h: Hours = field(
        "travail_max_h", 10.0, "travail par jour et par agent", "Code du travail, L3121-18"
    )
    max_amplitude_h: Hours = field(
        "amplitude_max_h",
        13.0,
        "du départ au retour ; 12 pour des agents territoriaux",
        "Code du travail, repos de 11 h",
    )
    max_unbroken_h: Hours = field(
        "travail_sans_pause_max_h",
        6.0,
        "travail d’affilée ; seul le repas compte comme pause",
        "Code du travail, L3121-16",
    )
    grid_min: Annotated[int, Field(ge=1, le=60, strict=True)] = field(
        "pas_min", 5, "les heures annoncées tombent sur un multiple de ce pas"
    )


class WeekLimits(Section):
    """What a week must keep."""

    max_work_h: Hours = field("travail_max_h", 39.0, "travail par semaine et par agent")
    min_opening_h: Hours = field(
        "ouverture_min_h", 24.0, "ouverture au public par semaine, pour chaque véhicule", LABEL
    )
    min_rest_h: Hours = field(
        "repos_min_h", 11.0, "repos entre deux journées", "Code du travail, L3131-1"
    )


DEFAULT_SESSIONS = (
    Session.model_validate({"nom": "matin", "ouverture": "09:45", "fermeture": "12:15"}),
    Session.model_validate({"nom": "après-midi", "ouverture": "13:30", "fermeture": "16:00"}),
)
