"""``scenario.toml``: what the user asks for, French keys outside, English names inside.

Each field says what it is (``description``) and where its default comes from (``source``); the
file that ``tourplan init`` writes and the guide are made from these words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from tourplan.errors import InputError
from tourplan.fields import (
    MAX_COMMUNES,
    Code,
    DayName,
    Flag,
    Minutes,
    MonthWeek,
    Name,
    Section,
    ShortText,
    Word,
    field,
)
from tourplan.hours import clock
from tourplan.places import Communes, CommuneSettings, Counters, Land, Need, Residents, Rooms, Venue
from tourplan.tables import plain
from tourplan.teams import Agent, Crew, Vehicle, named
from tourplan.times import DEFAULT_SESSIONS, Cycle, DayLimits, Session, WeekLimits

_BEYOND = "habitants_au_dela_"
MAX_SETTINGS = 500

Json = dict[str, Any]


class Network(Section):
    """Where travel times come from."""

    source: Literal["integre", "en_ligne", "fichier", "graphe", "tableau"] = field(
        "source",
        "integre",
        "integre (simplifié), en_ligne ou fichier (OpenStreetMap), graphe (OSMnx), tableau",
        "© OpenStreetMap, ODbL",
    )
    file: ShortText = field(
        "fichier", "", "le fichier lu par les sources fichier, graphe et tableau", ""
    )
    server: ShortText = field(
        "serveur", "", "serveur Overpass de la source en_ligne ; vide : le serveur public", ""
    )
    margin_km: Annotated[float, Field(ge=1, le=200, strict=True)] = field(
        "marge_km",
        15.0,
        "routes lues autour des communes ; agrandie tant qu’un détour pourrait être plus court",
    )
    factor: Annotated[float, Field(ge=0.5, le=3, strict=True)] = field(
        "facteur", 1.0, "multiplie tous les temps calculés sur les routes"
    )
    winter: Flag = field("hiver", False, "true : temps d’hiver, plus longs sur toutes les routes")
    speeds: Annotated[dict[str, Annotated[float, Field(strict=True)]], Field(max_length=50)] = (
        field(
            "vitesses",
            {},
            "vos vitesses en km/h, par exemple { communale = 40 }",
            "docs/vitesses.md",
        )
    )
    measured_file: ShortText = field(
        "mesures", "", "CSV de;vers;minutes : temps mesurés sur la route par les agents", ""
    )
    uncertainty_pct: Annotated[int, Field(ge=0, le=50, strict=True)] | None = field(
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


class Pin(Section):
    """A place in the plan, imposed or forbidden; a key that is not given means any."""

    commune: Code | None = field("commune", None, "code INSEE", "")
    week: MonthWeek | None = field("semaine", None, "semaine du cycle, à partir de 1", "")
    day: DayName | None = field("jour", None, "jour de la semaine", "")
    slot: Name | None = field("creneau", None, "nom d’une permanence", "")
    vehicle: Name | None = field("vehicule", None, "nom d’un véhicule", "")


class Goal(Section):
    """An access goal."""

    minutes: Annotated[int, Field(ge=1, le=600, strict=True)]
    share_pct: Annotated[float, Field(ge=0, le=100, strict=True)] | None = field(
        "part_pct", None, "part des habitants visée, en % ; sans elle, le plus possible", ""
    )
    imposed: Flag = field("impose", False, "true : un plan qui n’y arrive pas est refusé", "")
    operator: Word | None = field(
        "operateur",
        None,
        "ne compter que les points fixes où cet opérateur est présent, ou qui n’en nomment aucun",
        "",
    )
    weights: Word = field(
        "poids",
        "habitants",
        "colonne du fichier d’habitants qui dit combien compte chacun",
        "règle du projet",
    )
    sessions: Annotated[int, Field(ge=1, le=20, strict=True)] = field(
        "permanences",
        1,
        "permanences par cycle à portée, à des demi-journées différentes, au moins",
        "règle du projet",
    )

    @property
    def level(self) -> str:
        """The name of its level: ``habitants_au_dela_30``, ``habitants_au_dela_30_cpam_x2``."""
        marks = [str(self.minutes)]
        marks += [_mark(self.operator)] if self.operator else []
        marks += [_mark(self.weights)] if _mark(self.weights) != "habitants" else []
        marks += [f"x{self.sessions}"] if self.sessions > 1 else []
        return f"{_BEYOND}{'_'.join(marks)}"

    @property
    def kind(self) -> tuple[str, str, int]:
        """What it counts besides minutes: goals of one kind are compared."""
        operator = _mark(self.operator) if self.operator else ""
        return operator, _mark(self.weights), self.sessions


def _mark(text: str) -> str:
    """A text fit for the name of a level: letters, digits and underscores."""
    return plain(text).replace(" ", "_")


class TownHall(Section):
    """How the hours that mairies publish count."""

    hours: Literal["ignores", "preferes", "imposes"] = field(
        "horaires", "preferes", "ignores ; preferes : un objectif ; imposes : une règle"
    )
    overlap_min: Minutes = field(
        "recouvrement_min", 60, "une demi-journée compte si elle recouvre autant d’ouverture"
    )


class Objectives(Section):
    """The order of the levels."""

    order: tuple[ShortText, ...] | None = field(
        "ordre", None, "du plus important au moins important", "règle du projet"
    )
    far_min: Annotated[int, Field(ge=1, le=600, strict=True)] = field(
        "eloignes_au_dela_min",
        15,
        "l’accès moyen compte les habitants que les points fixes laissent plus loin",
    )


class Comparison(Section):
    """The tour of today."""

    tour: ShortText = field(
        "tournee",
        "",
        "tournée d’aujourd’hui : un CSV (jour;creneau;code_insee), herault_2021 ou herault_2024",
        "",
    )


class Computing(Section):
    """How long to search."""

    limit_s: Annotated[float, Field(gt=0, le=86_400, strict=True)] = field(
        "limite_s", 300.0, "temps de calcul le plus long, en secondes"
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)] = field(
        "graine", 0, "avec un cœur, même graine, même plan", ""
    )
    cores: Annotated[int, Field(ge=1, le=2, strict=True)] = field(
        "coeurs",
        2,
        "cœurs du processeur ; 1 : plus lent, mais toujours le même plan",
        "règle du projet",
    )


class Outputs(Section):
    """What the files show."""

    agent_names: Flag = field(
        "noms_des_agents", False, "true : noms des agents dans itineraire.csv et plan.json", ""
    )


DEFAULT_GOALS = (Goal(minutes=30), Goal(minutes=20), Goal(minutes=15))


class Scenario(Section):
    """The whole scenario. ``base`` is the folder that the paths it names start from."""

    title: Annotated[str, Field(min_length=1, max_length=200)] = Field(alias="titre")
    author: ShortText = Field(alias="auteur", default="")
    status: Literal["brouillon", "proposé", "validé"] = Field(alias="statut", default="brouillon")
    communes: Communes = Communes()
    settings: Annotated[tuple[CommuneSettings, ...], Field(max_length=MAX_SETTINGS)] = Field(
        alias="reglages", default=()
    )
    venues: Annotated[tuple[Venue, ...], Field(max_length=MAX_COMMUNES)] = Field(
        alias="lieux", default=()
    )
    rooms: Rooms = Field(alias="salles", default=Rooms())
    residents: Residents = Field(alias="habitants", default=Residents())
    counters: Counters = Field(alias="points_fixes", default=Counters())
    need: Need = Field(alias="besoin", default=Need())
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
    vehicles: Annotated[
        tuple[Vehicle, ...], Field(min_length=1, max_length=20), AfterValidator(named)
    ] = Field(alias="vehicules", default=(Vehicle(),))
    pins: Annotated[tuple[Pin, ...], Field(max_length=MAX_SETTINGS)] = Field(
        alias="imposes", default=()
    )
    bans: Annotated[tuple[Pin, ...], Field(max_length=MAX_SETTINGS)] = Field(
        alias="interdits", default=()
    )
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
        goals = sorted(self.goals, key=lambda goal: -goal.minutes)
        beyond = dict.fromkeys(goal.level for goal in goals)
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
    return clock(value) if key in _CLOCK_KEYS and value is not None else value
