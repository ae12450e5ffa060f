"""``scenario.toml``: what the user asks for, French keys outside, English names inside.

Each field says what it is (``description``) and where its default comes from (``source``); the
file that ``tourplan init`` writes and the guide are made from these words.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tourplan.errors import InputError, quoted
from tourplan.hours import WEEKDAYS, clock, parse_clock

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

    source: Literal["integre", "en_ligne", "fichier", "graphe", "tableau"] = _field(
        "source",
        "integre",
        "integre (simplifié), en_ligne ou fichier (OpenStreetMap), graphe (OSMnx), tableau",
        "© OpenStreetMap, ODbL",
    )
    file: ShortText = _field(
        "fichier", "", "le fichier lu par les sources fichier, graphe et tableau", ""
    )
    server: ShortText = _field(
        "serveur", "", "serveur Overpass de la source en_ligne ; vide : le serveur public", ""
    )
    margin_km: Annotated[float, Field(ge=1, le=200, strict=True)] = _field(
        "marge_km",
        15.0,
        "routes lues autour des communes ; agrandie tant qu’un détour pourrait être plus court",
    )
    factor: Annotated[float, Field(ge=0.5, le=3, strict=True)] = _field(
        "facteur", 1.0, "multiplie tous les temps calculés sur les routes"
    )
    winter: Flag = _field("hiver", False, "true : temps d’hiver, plus longs sur toutes les routes")
    speeds: Annotated[dict[str, Annotated[float, Field(strict=True)]], Field(max_length=50)] = (
        _field(
            "vitesses",
            {},
            "vos vitesses en km/h, par exemple { communale = 40 }",
            "docs/vitesses.md",
        )
    )
    measured_file: ShortText = _field(
        "mesures", "", "CSV de;vers;minutes : temps mesurés sur la route par les agents", ""
    )
    uncertainty_pct: Annotated[int, Field(ge=0, le=50, strict=True)] | None = _field(
        "incertitude_pct",
        None,
        "en deçà de cet écart à un seuil, un temps est dit « à la limite » ; sans valeur, celui "
        "de la source",
        "",
    )


class MeasuredDrive(Section):
    """A time measured on the road."""

    origin: Code = Field(alias="de", description="commune de départ")
    destination: Code = Field(alias="vers", description="commune d’arrivée")
    minutes: Annotated[float, Field(gt=0, le=600, strict=True)] = Field(
        description="temps mesuré ; le retour prend autant, s’il n’a pas sa propre ligne"
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
    measured: Annotated[tuple[MeasuredDrive, ...], Field(max_length=5_000)] = Field(
        alias="mesures", default=()
    )
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
        from tourplan.reading import read_scenario

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
        from tourplan.reading import from_keys

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
