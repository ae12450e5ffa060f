"""``scenario.toml``: what the user asks for, French keys outside, English names inside.

Each field says what it is (``description``) and where its default comes from (``source``); the
file that ``tourplan init`` writes and the guide are made from these words.
"""

from __future__ import annotations

import copy
import difflib
import itertools
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from tourplan.errors import Fault, InputError, quoted
from tourplan.files import read_text
from tourplan.hours import WEEKDAYS, clock, duration, parse_clock

HYPOTHESIS = "hypothèse"
MAX_COMMUNES = 2_000
LABEL = "règle des maisons de services au public"

Json = dict[str, Any]


class _UnfitError(ValueError):
    """A value refused: what it is, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


def _clock(value: object) -> int:
    if isinstance(value, str):
        with suppress(ValueError):
            return parse_clock(value)
    raise _UnfitError(f"{quoted(value)} n’est pas une heure", 'écrivez-la ainsi : "09:45"')


def _text_code(value: object) -> object:
    if isinstance(value, int) and 0 < value < 10**9 and not isinstance(value, bool):
        raise _UnfitError(f"code {value} sans guillemets", f'écrivez "{value:05d}"')
    return value


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise _UnfitError(f"{quoted(value)} n’est pas une date", "écrivez-la ainsi : 2027-01-04")


def _whole(value: object) -> object:
    """Python holds 1.0 and true equal to 1; a number of weeks is neither."""
    if type(value) is not int:
        raise _UnfitError(f"{quoted(value)} inconnu", "attendu 1, 2 ou 4")
    return value


Code = Annotated[str, BeforeValidator(_text_code), Field(min_length=1, max_length=100)]
ClockTime = Annotated[int, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_day)]
Flag = Annotated[bool, Field(strict=True)]
Minutes = Annotated[int, Field(ge=0, le=1440, strict=True)]
Hours = Annotated[float, Field(ge=0, le=168, strict=True)]
MonthWeek = Annotated[int, Field(ge=1, le=4, strict=True)]
DayName = Literal["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
Codes = Annotated[tuple[Code, ...], Field(max_length=MAX_COMMUNES)]
ShortText = Annotated[str, Field(max_length=200)]


class Section(BaseModel):
    """A table of the scenario: frozen, no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, allow_inf_nan=False
    )


def _field(alias: str, default: Any, description: str, source: str = HYPOTHESIS) -> Any:
    return Field(
        alias=alias, default=default, description=description, json_schema_extra={"source": source}
    )


class Communes(Section):
    """Where sessions are held."""

    required: Codes = _field("a_desservir", (), "codes INSEE à desservir à chaque cycle", "")
    candidates: Codes = _field("candidates", (), "codes INSEE qui peuvent être desservis", "")
    candidate_epcis: Codes = _field(
        "candidates_epci", (), "intercommunalités dont toutes les communes sont candidates", ""
    )
    excluded: Codes = _field("exclues", (), "codes INSEE à ne jamais desservir", "")


class Residents(Section):
    """Whose access counts."""

    epcis: Codes = _field(
        "epci", (), "vide : les intercommunalités des communes ci-dessus", "règle du projet"
    )
    communes: Codes = _field("communes", (), "communes comptées en plus", "")
    file: ShortText = _field(
        "fichier", "", "CSV code_insee;habitants, à la place de la population INSEE 2023", ""
    )


class Counters(Section):
    """Which fixed counters count."""

    embedded: Flag = _field(
        "integres", True, "compter la liste nationale des France Services", "ANCT, août 2024"
    )
    files: tuple[ShortText, ...] = _field(
        "fichiers", (), "vos points d’accueil (CSV, colonnes de data/points_fixes.csv)", ""
    )
    excluded: Codes = _field("exclus", (), "identifiants de points fixes à ne pas compter", "")


class Land(Section):
    """Your own communes."""

    files: tuple[ShortText, ...] = _field(
        "fichiers", (), "vos communes (GeoJSON, colonnes de data/communes.geojson)", ""
    )


class Network(Section):
    """Where travel times come from."""

    source: Literal["integre"] = _field(
        "source", "integre", "réseau simplifié intégré, sans connexion", "© OpenStreetMap, ODbL"
    )


class Cycle(Section):
    """The weeks and days of the tour."""

    weeks: Annotated[Literal[1, 2, 4], BeforeValidator(_whole)] = _field(
        "semaines", 1, "semaines de tournée différentes avant de recommencer : 1, 2 ou 4"
    )
    month_weeks: tuple[MonthWeek, ...] = _field(
        "semaines_du_mois", (2, 4), "semaines du mois en tournée", "tournée de 2024 en Hérault"
    )
    days: tuple[DayName, ...] = _field("jours", WEEKDAYS[:5], "jours de tournée")
    start: Day | None = _field("debut", None, "premier jour possible, pour dater l’itinéraire", "")


class Session(Section):
    """A session of the day."""

    name: Annotated[str, Field(min_length=1, max_length=40)] = Field(alias="nom")
    opening_s: ClockTime = Field(alias="ouverture")
    closing_s: ClockTime = Field(alias="fermeture")
    minimum_min: Minutes = _field("minimum_min", 120, "ouverture la plus courte admise")


class DayLimits(Section):
    """What a day must keep."""

    earliest_s: ClockTime = _field("depart_au_plus_tot", 7 * 3600, "départ de l’agence")
    latest_s: ClockTime = _field("retour_au_plus_tard", 19 * 3600, "retour à l’agence")
    setup_min: Minutes = _field("installation_min", 15, "installer la salle avant d’ouvrir")
    packing_min: Minutes = _field("rangement_min", 15, "ranger la salle après avoir fermé")
    break_min: Minutes = _field("repas_min", 30, "durée la plus courte du repas, hors travail")
    break_from_s: ClockTime = _field("repas_a_partir_de", 11 * 3600 + 1800, "pas de repas avant")
    break_until_s: ClockTime = _field("repas_jusqu_a", 14 * 3600 + 1800, "repas fini au plus tard")
    max_work_h: Hours = _field(
        "travail_max_h", 10.0, "travail par jour et par agent", "Code du travail, L3121-18"
    )
    max_amplitude_h: Hours = _field(
        "amplitude_max_h",
        13.0,
        "du départ au retour ; 12 pour des agents territoriaux",
        "Code du travail, repos de 11 h",
    )
    max_unbroken_h: Hours = _field(
        "travail_sans_pause_max_h",
        6.0,
        "travail d’affilée ; seul le repas compte comme pause",
        "Code du travail, L3121-16",
    )
    grid_min: Annotated[int, Field(ge=1, le=60, strict=True)] = _field(
        "pas_min", 5, "les heures annoncées tombent sur un multiple de ce pas"
    )


class WeekLimits(Section):
    """What a week must keep."""

    max_work_h: Hours = _field("travail_max_h", 39.0, "travail par semaine et par agent")
    min_opening_h: Hours = _field("ouverture_min_h", 24.0, "ouverture au public par semaine", LABEL)
    min_rest_h: Hours = _field(
        "repos_min_h", 11.0, "repos entre deux journées", "Code du travail, L3131-1"
    )


class Agent(Section):
    """An agent of the crew."""

    name: ShortText = _field("nom", "", "n’apparaît que si vous le demandez (sorties)", "")
    agency: Code | None = _field("agence", None, "commune de rattachement", "")
    weeks: tuple[MonthWeek, ...] | None = _field(
        "semaines", None, "semaines du mois disponibles", ""
    )


class Crew(Section):
    """Who must be there."""

    size: Annotated[int, Field(ge=1, le=20, strict=True)] = _field(
        "agents", 2, "agents présents à chaque tournée", "texte du label France Services"
    )


class Vehicle(Section):
    """The vehicle."""

    name: ShortText = _field("nom", "Véhicule 1", "nom du véhicule", "")
    depot: Code | None = _field(
        "depot",
        None,
        "commune de départ ; sans elle, celle des agents, sinon le point fixe le "
        "plus proche des communes",
    )
    weeks: tuple[MonthWeek, ...] | None = _field(
        "semaines", None, "semaines du mois disponibles", ""
    )
    energy: Literal["thermique", "hybride", "électrique"] = _field(
        "energie", "thermique", "thermique, hybride ou électrique"
    )
    range_km: Annotated[float, Field(gt=0, le=5000, strict=True)] | None = _field(
        "autonomie_km", None, "distance la plus longue d’une journée", ""
    )
    cost_eur_km: Annotated[float, Field(ge=0, le=100, strict=True)] = _field(
        "cout_eur_km", 0.636, "coût au kilomètre", "hypothèse : barème fiscal 2023, 5 CV"
    )
    emissions_gco2_km: Annotated[float, Field(ge=0, le=5000, strict=True)] | None = _field(
        "co2_g_km",
        None,
        "grammes de CO₂ au kilomètre à l’usage ; sans valeur, 190 (thermique), 130 (hybride) ou "
        "0 (électrique)",
    )

    @property
    def gco2_km(self) -> float:
        """Grams of CO₂ a kilometre, in use: the scenario's, else by energy (assumed)."""
        if self.emissions_gco2_km is not None:
            return self.emissions_gco2_km
        return {"thermique": 190.0, "hybride": 130.0, "électrique": 0.0}[self.energy]


class Goal(Section):
    """An access goal."""

    minutes: Annotated[int, Field(ge=1, le=600, strict=True)]
    share_pct: Annotated[float, Field(ge=0, le=100, strict=True)] | None = _field(
        "part_pct", None, "part des habitants visée, en % ; sans elle, le plus possible", ""
    )
    imposed: Flag = _field("impose", False, "true : un plan qui n’y arrive pas est refusé", "")


class TownHall(Section):
    """How the hours that mairies publish count."""

    hours: Literal["ignores", "preferes", "imposes"] = _field(
        "horaires", "preferes", "ignores ; preferes : un objectif ; imposes : une règle"
    )
    overlap_min: Minutes = _field(
        "recouvrement_min", 60, "une demi-journée compte si elle recouvre autant d’ouverture"
    )


class Objectives(Section):
    """The order of the levels."""

    order: tuple[ShortText, ...] | None = _field(
        "ordre", None, "du plus important au moins important", "règle du projet"
    )
    far_min: Annotated[int, Field(ge=1, le=600, strict=True)] = _field(
        "eloignes_au_dela_min",
        15,
        "l’accès moyen compte les habitants que les points fixes laissent plus loin",
    )


class Comparison(Section):
    """The tour of today."""

    tour: ShortText = _field(
        "tournee",
        "",
        "tournée d’aujourd’hui : un CSV (jour;creneau;code_insee), herault_2021 ou herault_2024",
        "",
    )


class Computing(Section):
    """How long to search."""

    limit_s: Annotated[float, Field(gt=0, le=86_400, strict=True)] = _field(
        "limite_s", 300.0, "temps de calcul le plus long, en secondes"
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)] = _field(
        "graine", 0, "même graine, même plan", ""
    )


class Outputs(Section):
    """What the files show."""

    agent_names: Flag = _field(
        "noms_des_agents", False, "true : noms des agents dans itineraire.csv et plan.json", ""
    )


DEFAULT_SESSIONS = (
    Session.model_validate({"nom": "matin", "ouverture": "09:45", "fermeture": "12:15"}),
    Session.model_validate({"nom": "après-midi", "ouverture": "13:30", "fermeture": "16:00"}),
)
DEFAULT_GOALS = (Goal(minutes=30), Goal(minutes=20), Goal(minutes=15))


class Scenario(Section):
    """The whole scenario. ``base`` is the folder that the paths it names start from."""

    title: Annotated[str, Field(min_length=1, max_length=200)] = Field(alias="titre")
    author: ShortText = Field(alias="auteur", default="")
    status: Literal["brouillon", "proposé", "validé"] = Field(alias="statut", default="brouillon")
    communes: Communes = Communes()
    residents: Residents = Field(alias="habitants", default=Residents())
    counters: Counters = Field(alias="points_fixes", default=Counters())
    land: Land = Field(alias="territoire", default=Land())
    network: Network = Field(alias="reseau", default=Network())
    cycle: Cycle = Cycle()
    sessions: Annotated[tuple[Session, ...], Field(min_length=1, max_length=6)] = Field(
        alias="permanences", default=DEFAULT_SESSIONS
    )
    day: DayLimits = Field(alias="journee", default=DayLimits())
    week: WeekLimits = Field(alias="semaine", default=WeekLimits())
    crew: Crew = Field(alias="equipe", default=Crew())
    agents: Annotated[tuple[Agent, ...], Field(max_length=50)] = (Agent(), Agent())
    vehicle: Vehicle = Field(alias="vehicule", default=Vehicle())
    goals: Annotated[tuple[Goal, ...], Field(max_length=10)] = Field(
        alias="acces", default=DEFAULT_GOALS
    )
    town_hall: TownHall = Field(alias="mairie", default=TownHall())
    objectives: Objectives = Field(alias="objectifs", default=Objectives())
    comparison: Comparison = Field(alias="comparaison", default=Comparison())
    computing: Computing = Field(alias="calcul", default=Computing())
    outputs: Outputs = Field(alias="sorties", default=Outputs())
    base: Path = Field(default=Path(), exclude=True, repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Scenario:
        """The scenario of a TOML file.

        Raises:
            InputError: every fault of the file at once (a syntax error alone, with its line).
        """
        scenario, faults = read_scenario(Path(path))
        if faults:
            raise InputError(faults)
        return scenario

    @classmethod
    def from_keys(cls, keys: Json, base: Path = Path()) -> Scenario:
        """The scenario of French keys, as TOML or ``plan.json`` hold them.

        Raises:
            InputError: every fault at once.
        """
        scenario, faults = from_keys(keys, base)
        if faults:
            raise InputError(faults)
        return scenario

    def to_keys(self) -> Json:
        """The scenario under its French keys, as plain data, defaults left out."""
        keys: Json = self.model_dump(by_alias=True, mode="json", exclude_unset=True)
        texts: Json = _clocks_as_text(keys)
        return texts

    def order(self) -> tuple[str, ...]:
        """Names of the levels, most important first."""
        if self.objectives.order is not None:
            return self.objectives.order
        minutes = sorted({goal.minutes for goal in self.goals}, reverse=True)
        beyond = [f"habitants_au_dela_{m}" for m in minutes]
        hours = [] if self.town_hall.hours == "ignores" else ["heures_mairie"]
        return ("passages", *beyond, *hours, "acces_moyen", "route")


_CLOCK_KEYS = {
    "ouverture",
    "fermeture",
    "depart_au_plus_tot",
    "retour_au_plus_tard",
    "repas_a_partir_de",
    "repas_jusqu_a",
}


def _clocks_as_text(value: Any, key: str = "") -> Any:
    """Seconds back to ``HH:MM`` under the keys that hold times of day."""
    if isinstance(value, dict):
        return {k: _clocks_as_text(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_clocks_as_text(item) for item in value]
    return clock(value) if key in _CLOCK_KEYS else value


def read_scenario(path: Path) -> tuple[Scenario, list[Fault]]:
    """The scenario of a file with the faults of its form.

    Raises:
        InputError: the file cannot be read, or its TOML syntax is wrong (told alone).
    """
    text = read_text(path)
    try:
        keys = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_fault(path.name, text, str(error))]) from None
    except RecursionError:
        raise InputError([_too_deep(path.name)]) from None
    except ValueError:
        raise InputError.of(
            path.name, "un nombre a trop de chiffres", "raccourcissez ce nombre"
        ) from None
    return from_keys(keys, path.parent)


def from_keys(keys: Json, base: Path = Path()) -> tuple[Scenario, list[Fault]]:
    """The scenario of French keys and every fault of form and coherence.

    What is faulty is set aside and its default taken, so that the rest is checked too.

    Raises:
        InputError: sections too deep in one another.
    """
    try:
        keys = copy.deepcopy(keys)
    except RecursionError:
        raise InputError([_too_deep("")]) from None
    faults: list[Fault] = []
    if "base" in keys:
        faults.append(_unknown_key(("base",), Scenario))
        del keys["base"]
    sessions = keys.get("permanences")
    numbers = list(range(1, len(sessions) + 1)) if isinstance(sessions, list) else []
    told = False
    for _ in range(50):
        try:
            scenario = Scenario.model_validate({**keys, "base": base}, by_name=False)
            break
        except ValidationError as error:
            found = error.errors()
            # Later rounds only complain of what the first set aside.
            faults += [] if told else [_in_french(e, keys) for e in found if not _echo(e, keys)]
            told = True
            _set_aside(keys, [e["loc"] for e in found], numbers)
    else:
        raise InputError(faults)
    later = [_as_numbered(fault, numbers) for fault in coherence(scenario)]
    if any(fault.where.startswith("communes") for fault in faults):
        later = [fault for fault in later if fault.where != "communes"]
    return scenario, list(dict.fromkeys(faults + later))


def _echo(error: Any, keys: Json) -> bool:
    """Whether a list is found too short only because what it holds is faulty."""
    return error["type"] == "too_short" and bool(_at(keys, error["loc"]))


def _as_numbered(fault: Fault, numbers: Sequence[int]) -> Fault:
    """The fault of a session under its number in the file, some having been set aside."""
    section, _, rest = fault.where.partition(".")
    number, dot, key = rest.partition(".")
    if section != "permanences" or not number or not numbers:
        return fault
    return replace(fault, where=f"permanences.{numbers[int(number) - 1]}{dot}{key}")


def coherence(s: Scenario) -> list[Fault]:
    """The faults of a scenario that is well formed: what contradicts itself."""
    return [
        *_communes_faults(s),
        *_session_faults(s),
        *_day_faults(s),
        *_week_faults(s),
        *_crew_faults(s),
        *_goal_faults(s),
    ]


def _communes_faults(s: Scenario) -> list[Fault]:
    faults = []
    c = s.communes
    if not (c.required or c.candidates or c.candidate_epcis):
        faults.append(
            Fault(
                "communes",
                "aucune commune à desservir ni candidate",
                'donnez par exemple a_desservir = ["34036", "34064"]',
            )
        )
    if s.residents.file and (s.residents.epcis or s.residents.communes):
        faults.append(
            Fault(
                "habitants.fichier",
                "le fichier dit déjà de qui l’accès compte : epci et communes seraient ignorées",
                "retirez epci et communes, ou le fichier",
            )
        )
    for key, codes in (("a_desservir", c.required), ("candidates", c.candidates)):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            faults.append(Fault(f"communes.{key}", f"« {code} » figure deux fois", "gardez-en un"))
        for code in sorted(set(codes) & set(c.excluded)):
            faults.append(
                Fault(
                    f"communes.{key}",
                    f"« {code} » est aussi dans exclues",
                    "retirez-le de l’une des deux listes",
                )
            )
    return faults


def _session_faults(s: Scenario) -> list[Fault]:
    faults: list[Fault] = []
    for number, session in enumerate(s.sessions, start=1):
        where = f"permanences.{number}"
        length = session.closing_s - session.opening_s
        if length <= 0:
            faults.append(
                Fault(
                    f"{where}.fermeture",
                    f"« {session.name} » ferme à {clock(session.closing_s)} alors qu’elle ouvre à "
                    f"{clock(session.opening_s)}",
                    "donnez une fermeture plus tardive que l’ouverture",
                )
            )
        elif session.minimum_min * 60 > length:
            faults.append(
                Fault(
                    f"{where}.minimum_min",
                    f"{session.minimum_min} min ne tiennent pas dans les {duration(length)} de "
                    f"« {session.name} »",
                    "réduisez minimum_min ou élargissez la permanence",
                )
            )
        for key, value, shown in (
            ("ouverture", session.opening_s, clock(session.opening_s)),
            ("fermeture", session.closing_s, clock(session.closing_s)),
            ("minimum_min", session.minimum_min * 60, str(session.minimum_min)),
        ):
            if value % (s.day.grid_min * 60):
                faults.append(
                    Fault(
                        f"{where}.{key}",
                        f"« {shown} » n’est pas un multiple de {s.day.grid_min} min "
                        "(journee.pas_min)",
                        "arrondissez, ou changez journee.pas_min",
                    )
                )
        if session.minimum_min == 0:
            faults.append(
                Fault(f"{where}.minimum_min", "une permanence de 0 min", "donnez par exemple 120")
            )
    for number, (one, two) in enumerate(zip(s.sessions, s.sessions[1:], strict=False), start=2):
        if two.opening_s < one.closing_s:
            faults.append(
                Fault(
                    f"permanences.{number}.ouverture",
                    f"« {two.name} » ouvre avant la fin de « {one.name} »",
                    "rangez les permanences dans l’ordre du jour, sans recouvrement",
                )
            )
    names = [session.name for session in s.sessions]
    for name in sorted({n for n in names if names.count(n) > 1 or n in ("départ", "retour")}):
        faults.append(
            Fault("permanences", f"le nom « {name} » est déjà pris", "donnez un autre nom")
        )
    return faults


def _day_faults(s: Scenario) -> list[Fault]:
    day, faults = s.day, []
    if day.latest_s <= day.earliest_s:
        faults.append(
            Fault(
                "journee.retour_au_plus_tard",
                f"{clock(day.latest_s)} ne vient pas après le départ à {clock(day.earliest_s)}",
                "donnez un retour plus tardif que le départ",
            )
        )
    if day.break_until_s - day.break_from_s < day.break_min * 60:
        faults.append(
            Fault(
                "journee.repas_jusqu_a",
                f"{day.break_min} min de repas ne tiennent pas entre {clock(day.break_from_s)} et "
                f"{clock(day.break_until_s)}",
                "élargissez la plage du repas",
            )
        )
    rest_s = 24 * 3600 - day.latest_s + day.earliest_s
    if rest_s < s.week.min_rest_h * 3600:
        faults.append(
            Fault(
                "journee",
                f"revenir à {clock(day.latest_s)} et repartir à {clock(day.earliest_s)} laisse "
                f"{duration(rest_s)} de repos, moins que {s.week.min_rest_h:g} h",
                "avancez retour_au_plus_tard ou retardez depart_au_plus_tot",
            )
        )
    for number, session in enumerate(s.sessions, start=1):
        outside = session.closing_s <= day.earliest_s or session.opening_s >= day.latest_s
        if outside and day.latest_s > day.earliest_s:
            faults.append(
                Fault(
                    f"permanences.{number}",
                    f"« {session.name} » est hors de la journée",
                    "revoyez depart_au_plus_tot ou retour_au_plus_tard",
                )
            )
    return faults


def _week_faults(s: Scenario) -> list[Fault]:
    faults = []
    week = s.week
    if week.max_work_h > 48:
        faults.append(
            Fault(
                "semaine.travail_max_h",
                f"{week.max_work_h:g} h dépassent les 48 h permises par semaine",
                "donnez 48 ou moins (Code du travail, L3121-20)",
            )
        )
    if week.min_opening_h > week.max_work_h:
        faults.append(
            Fault(
                "semaine.ouverture_min_h",
                f"ouvrir {week.min_opening_h:g} h en travaillant au plus {week.max_work_h:g} h est "
                "impossible",
                "réduisez l’ouverture ou augmentez travail_max_h",
            )
        )
    cycle = s.cycle
    if not cycle.month_weeks:
        faults.append(Fault("cycle.semaines_du_mois", "aucune semaine", "donnez [2, 4]"))
    elif len(cycle.month_weeks) % cycle.weeks:
        faults.append(
            Fault(
                "cycle.semaines",
                f"un cycle de {cycle.weeks} semaines ne se répète pas un nombre entier de fois en "
                f"{_counted(len(cycle.month_weeks), 'semaine')} de tournée par mois",
                "ajoutez des semaines du mois ou réduisez le cycle",
            )
        )
    for key, values in (("semaines_du_mois", cycle.month_weeks), ("jours", cycle.days)):
        if len(set(values)) < len(values):
            faults.append(Fault(f"cycle.{key}", "valeur en double", "gardez-la une fois"))
    if not cycle.days:
        faults.append(Fault("cycle.jours", "aucun jour", "donnez au moins un jour"))
    return faults


def _crew_faults(s: Scenario) -> list[Fault]:
    faults = []
    for number, agent in enumerate(s.agents, start=1):
        if agent.weeks is not None and not agent.weeks:
            faults.append(
                Fault(
                    f"agents.{number}.semaines",
                    "cet agent n’a aucune semaine",
                    f"donnez par exemple {list(s.cycle.month_weeks)}",
                )
            )
        if agent.agency and s.vehicle.depot and agent.agency != s.vehicle.depot:
            faults.append(
                Fault(
                    f"agents.{number}.agence",
                    f"« {agent.agency} » n’est pas le dépôt du véhicule (« {s.vehicle.depot} »)",
                    "l’équipe part ensemble : donnez la même commune",
                )
            )
    agencies = sorted({agent.agency for agent in s.agents if agent.agency})
    if len(agencies) > 1 and not s.vehicle.depot:
        faults.append(
            Fault("agents", f"agences différentes ({', '.join(agencies)})", "donnez la même à tous")
        )
    for week in s.cycle.month_weeks:
        there = sum(agent.weeks is None or week in agent.weeks for agent in s.agents)
        if there < s.crew.size:
            faults.append(
                Fault(
                    "agents",
                    f"semaine {week} : {_counted(there, 'agent disponible')}, il en faut "
                    f"{s.crew.size}",
                    "ajoutez cette semaine à un agent, ou retirez-la de cycle.semaines_du_mois",
                )
            )
        if s.vehicle.weeks is not None and week not in s.vehicle.weeks:
            faults.append(
                Fault(
                    "vehicule.semaines",
                    f"le véhicule manque en semaine {week}",
                    "ajoutez-la, ou retirez-la de cycle.semaines_du_mois",
                )
            )
    if s.vehicle.energy == "électrique" and s.vehicle.range_km is None:
        faults.append(
            Fault(
                "vehicule.autonomie_km",
                "un véhicule électrique a besoin de son autonomie",
                "donnez-la en km, pour l’hiver",
            )
        )
    return faults


def _counted(count: int, words: str) -> str:
    """``1 agent disponible``, ``2 agents disponibles``."""
    return f"{count} {' '.join(f'{w}s' for w in words.split()) if count > 1 else words}"


def _goal_faults(s: Scenario) -> list[Fault]:
    faults = []
    goals = sorted(s.goals, key=lambda goal: goal.minutes)
    for near, far in itertools.combinations(goals, 2):
        if near.minutes == far.minutes:
            faults.append(
                Fault("acces", f"deux objectifs à {near.minutes} min", "gardez-en un seul")
            )
        elif near.share_pct is not None and far.share_pct is not None:
            faults += [_contradiction(near, far)] if near.share_pct > far.share_pct else []
    return faults


def _contradiction(near: Goal, far: Goal) -> Fault:
    return Fault(
        "acces",
        f"{near.share_pct:g} % à {near.minutes} min et {far.share_pct:g} % à {far.minutes} min se "
        f"contredisent : qui est à {near.minutes} min est aussi à {far.minutes} min",
        "donnez au temps le plus long la part la plus grande",
    )


_MENDS: Mapping[str, str] = {
    "string_type": "donnez un texte entre guillemets",
    "string_too_short": "donnez un texte",
    "string_too_long": "donnez au plus {max_length} caractères",
    "int_type": "donnez un nombre entier",
    "float_type": "donnez un nombre",
    "finite_number": "donnez un nombre",
    "bool_type": "écrivez true ou false",
    "tuple_type": "donnez une liste entre crochets",
    "too_long": "donnez au plus {max_length} éléments",
    "too_short": "donnez-en au moins {min_length}",
    "model_type": "écrivez une section [{section}]",
    "greater_than": "donnez plus de {gt:.15g}",
    "greater_than_equal": "donnez {ge:.15g} ou plus",
    "less_than_equal": "donnez {le:.15g} ou moins",
}
_LISTS: Mapping[str, type[Section]] = {"permanences": Session, "agents": Agent, "acces": Goal}
"""The sections that repeat."""


def _in_french(error: Any, keys: Json) -> Fault:
    """A pydantic error in the user's words."""
    location: tuple[int | str, ...] = error["loc"]
    where = _where(location)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(location, _section_at(location[:-1]))
    if kind == "missing":
        return Fault(where, "manque", f"ajoutez {location[-1]} = …")
    if kind == "value_error":
        wrong = context["error"]
        return Fault(where, str(wrong), wrong.mend)
    given = quoted(_at(keys, location))
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "").replace(" or ", " ou ")
        return Fault(where, f"{given} inconnu", f"attendu {expected}")
    if location[-2:-1] == ("semaines",) or location[-2:-1] == ("semaines_du_mois",):
        return Fault(_where(location[:-1]), f"semaine {given} inconnue", "attendu 1 à 4")
    if kind in ("model_type", "tuple_type") and location[0] in _LISTS and len(location) < 3:
        return Fault(where, f"{given} ne convient pas", f"écrivez des sections [[{location[0]}]]")
    words = _MENDS.get(kind, "revoyez cette valeur")
    return Fault(where, f"{given} ne convient pas", words.format_map({**context, "section": where}))


def _where(location: Sequence[int | str]) -> str:
    """``agents.2.semaines``: sections and positions, counted from 1."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in location)


def _at(keys: Any, location: Sequence[int | str]) -> Any:
    """The value at a location, or the nearest that exists."""
    for step in location:
        try:
            keys = keys[step]
        except (KeyError, IndexError, TypeError):
            break
    return keys


def _section_at(location: Sequence[int | str]) -> type[Section]:
    """The section that stands at a location."""
    section: type[Section] = Scenario
    for step in location:
        if isinstance(step, str):
            section = _sections()[step]
    return section


def _sections() -> dict[str, type[Section]]:
    """Every section by its French name."""
    fields = {f.alias or name: f.annotation for name, f in Scenario.model_fields.items()}
    single = {
        name: kind
        for name, kind in fields.items()
        if isinstance(kind, type) and issubclass(kind, Section)
    }
    return {**single, **_LISTS}


def _keys_of(section: type[Section]) -> list[str]:
    """The French keys of a section."""
    return sorted(f.alias or name for name, f in section.model_fields.items() if name != "base")


def _unknown_key(location: Sequence[int | str], section: type[Section]) -> Fault:
    """The fault of a key nobody knows, with the one probably meant."""
    key = str(location[-1])
    homes = [name for name, other in _sections().items() if key in _keys_of(other)]
    mend = f"elle va dans la section [{homes[0]}]" if homes else one_of(key, _keys_of(section))
    return Fault(_where(location), "clé inconnue", mend)


def one_of(given: str, known: Sequence[str]) -> str:
    """What was probably meant, or all there is."""
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.6)
    return f"vouliez-vous « {near[0]} » ?" if near else f"attendu : {', '.join(known)}"


def _set_aside(keys: Json, locations: Sequence[tuple[int | str, ...]], numbers: list[int]) -> None:
    """Take what is faulty out of the keys, so that its default stands in.

    ``numbers`` follows ``permanences``: the number in the file of each session left. A faulty
    agent leaves an empty place, so that those after it keep their numbers.
    """
    there = {_existing(keys, location) for location in locations}
    for location in sorted(there, key=lambda loc: [str(step).zfill(6) for step in loc])[::-1]:
        if location == ("titre",):
            keys["titre"] = "sans titre"
            continue
        if not location or _existing(keys, location) != location:
            continue
        *above, step = location
        parent = _at(keys, above)
        if above == ["agents"]:
            parent[step] = {}
            continue
        del parent[step]
        if above == ["permanences"]:
            del numbers[int(step)]
        if parent == []:
            del _at(keys, above[:-1])[above[-1]]


def _existing(keys: Json, location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A location, or what holds it when nothing is there; a title is always missed.

    A list of weeks, days or objectives is one value: part of it would tell other faults.
    """
    if location[-2:-1] and location[-2] in ("semaines", "semaines_du_mois", "jours", "ordre"):
        location = location[:-1]
    while location and location != ("titre",) and _at(keys, location) is _at(keys, location[:-1]):
        location = location[:-1]
    return location


def _too_deep(where: str) -> Fault:
    return Fault(where, "sections trop imbriquées", "n’imbriquez pas les sections")


_SYNTAX: Mapping[str, str] = {
    "Cannot overwrite": "la même clé figure deux fois",
    "Cannot declare": "la même section figure deux fois",
    "Unterminated string": "des guillemets ne sont pas refermés",
}


def _syntax_fault(where: str, text: str, message: str) -> Fault:
    """A TOML syntax error, with its line."""
    what = next((french for start, french in _SYNTAX.items() if message.startswith(start)), "")
    what = f"syntaxe TOML fautive{f' ({what})' if what else ''}"
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    if not match:
        return Fault(where, f"{what}, à la fin du fichier", "corrigez la dernière ligne")
    line = text.replace("\r\n", "\n").split("\n")[int(match[1]) - 1].strip()
    mend = "corrigez-la ; textes, codes et heures vont entre guillemets"
    if "\\" in line:
        mend = "dans un chemin, écrivez / à la place de \\"
    return Fault(where, f"{what}, ligne {match[1]}, colonne {match[2]} : {quoted(line)}", mend)
