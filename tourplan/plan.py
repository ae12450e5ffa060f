"""The answer as plain frozen data, JSON both ways under French keys."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    ValidationError,
)

from tourplan.errors import Fault, InputError
from tourplan.files import read_text
from tourplan.hours import WEEKDAYS, clock, parse_clock
from tourplan.schedule import Rhythm, WeekRule

if TYPE_CHECKING:
    from tourplan.prepare import Case
    from tourplan.verify import Violation

Schema = Literal["tourplan/plan/3", "tourplan/plan/4", "tourplan/plan/5"]
Status = Literal["brouillon", "proposé", "validé"]
_SINCE_4 = ("code_postal", "lon", "lat")
"""Keys of a session that ``tourplan/plan/3`` does not have."""
Stopped = Literal["terminé", "limite de temps", "journées trop nombreuses", "interrompu", "évalué"]


def _refuse_other_versions(schema: str, where: str) -> None:
    """Refuse the plans that an older or a newer tourplan wrote, each with what to do.

    Raises:
        InputError: says which.
    """
    name, _, version = schema.rpartition("/")
    if name != "tourplan/plan" or not version.isdecimal() or schema in get_args(Schema):
        return
    if int(version) > max(int(one.rpartition("/")[2]) for one in get_args(Schema)):
        age, mend = "récent", "installez une version plus récente de tourplan"
    else:
        age, mend = "ancien", "refaites-le avec « tourplan solve »"
    raise InputError.of(where, f"ce plan a été écrit par un tourplan plus {age}", mend)


def _to_clock(value: object) -> object:
    return parse_clock(value) if isinstance(value, str) else value


def _to_weekday(value: object) -> object:
    return WEEKDAYS.index(value) if isinstance(value, str) and value in WEEKDAYS else value


Clock = Annotated[int, BeforeValidator(_to_clock), PlainSerializer(clock), Field(ge=0)]
"""Seconds since midnight inside, ``HH:MM`` in JSON."""
Weekday = Annotated[
    int,
    BeforeValidator(_to_weekday),
    PlainSerializer(lambda day: WEEKDAYS[day]),
    Field(ge=0, le=6),
]
Length = Annotated[int, Field(ge=0)]


class Frozen(BaseModel):
    """A value: immutable, no unknown key, built by English names or French keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)


class Stop(Frozen):
    """One session: where, when, and the drive that leads there.

    ``drive_measured``: the agents measured that drive on the road, it was not computed.
    ``postcode`` is that of the address; ``lon`` and ``lat`` are degrees (WGS 84) of the room, or of
    the commune's point. Plans before ``tourplan/plan/4`` have none of the three.
    """

    session: str = Field(alias="creneau")
    code: str = Field(alias="code_insee")
    name: str = Field(alias="commune")
    arrival_s: Clock = Field(alias="arrivee")
    opening_s: Clock = Field(alias="ouverture")
    closing_s: Clock = Field(alias="fermeture")
    departure_s: Clock = Field(alias="depart")
    drive_s: Length = Field(alias="trajet_s")
    drive_m: Length = Field(alias="trajet_m")
    place: str = Field(alias="lieu", default="")
    address: str = Field(alias="adresse", default="")
    drive_measured: bool = Field(alias="trajet_mesure", default=False)
    closed_from_s: Clock | None = Field(alias="pause_de", default=None)
    closed_until_s: Clock | None = Field(alias="pause_a", default=None)
    postcode: str = Field(alias="code_postal", default="")
    lon: float | None = None
    lat: float | None = None

    @property
    def open_s(self) -> int:
        """Seconds open to the public."""
        return self.closing_s - self.opening_s - self.closed_s

    @property
    def closed_s(self) -> int:
        """Seconds closed over the meal, within the session."""
        return self.closed[1] - self.closed[0] if self.closed else 0

    @property
    def closed(self) -> tuple[int, int] | None:
        """When it closes for the meal; ``None``: it does not."""
        if self.closed_from_s is None or self.closed_until_s is None:
            return None
        return self.closed_from_s, self.closed_until_s


class Day(Frozen):
    """One day tour: depot, sessions, depot. ``week`` counts the weeks of the cycle from 1.

    ``teams``: who goes, by week of the month; ``depot``: its code.
    """

    week: int = Field(alias="semaine", ge=1)
    weekday: Weekday = Field(alias="jour")
    vehicle: str = Field(alias="vehicule")
    depot: str = Field(alias="agence")
    teams: dict[int, tuple[str, ...]] = Field(alias="equipes")
    departure_s: Clock = Field(alias="depart")
    stops: tuple[Stop, ...] = Field(alias="permanences", min_length=1)
    break_from_s: Clock | None = Field(alias="repas_de")
    break_until_s: Clock | None = Field(alias="repas_a")
    return_s: Clock = Field(alias="retour")
    return_drive_s: Length = Field(alias="trajet_retour_s")
    return_drive_m: Length = Field(alias="trajet_retour_m")
    work_s: Length = Field(alias="travail_s")
    return_drive_measured: bool = Field(alias="trajet_retour_mesure", default=False)

    @property
    def drive_s(self) -> int:
        """Seconds on the road."""
        return sum(stop.drive_s for stop in self.stops) + self.return_drive_s

    @property
    def drive_m(self) -> int:
        """Metres on the road."""
        return sum(stop.drive_m for stop in self.stops) + self.return_drive_m

    @property
    def open_s(self) -> int:
        """Seconds open to the public."""
        return sum(stop.open_s for stop in self.stops)

    @property
    def weekday_name(self) -> str:
        """``lundi`` to ``dimanche``."""
        return WEEKDAYS[self.weekday]


class Level(Frozen):
    """One objective: the value reached, the proved limit, and whether they meet.

    ``value`` and ``bound`` are whole numbers of ``unit``; ``bound`` is ``None`` where the level
    was not solved (time ran out, or a tour that was evaluated).
    """

    name: str = Field(alias="niveau")
    label: str = Field(alias="libelle")
    unit: str = Field(alias="unite")
    sense: Literal["min", "max"] = Field(alias="sens")
    value: int = Field(alias="valeur")
    bound: int | None = Field(alias="borne")
    text: str = Field(alias="texte")

    @property
    def proved(self) -> bool:
        """Whether no plan does better on this level, those before being kept."""
        return self.bound == self.value

    @property
    def gap(self) -> int | None:
        """The distance between value and bound; ``None`` when there is no bound."""
        return None if self.bound is None else abs(self.value - self.bound)

    @property
    def sign(self) -> int:
        """1 where less is better, -1 where more is: values times it are to be minimised."""
        return 1 if self.sense == "min" else -1


class Groups(Frozen):
    """Residents by what is sure of their access to a counter within some minutes.

    Those « à la limite » are so near the threshold that the uncertainty of the times does not
    tell on which side they are. ``communes_`` count the inhabited communes of a group.
    """

    inside: int = Field(alias="dans")
    near: int = Field(alias="a_la_limite")
    beyond: int = Field(alias="au_dela")
    communes_near: int = Field(alias="communes_a_la_limite")
    communes_beyond: int = Field(alias="communes_au_dela")


class AreaAccess(Frozen):
    """Access of the residents of one intercommunalité, with fixed counters alone and the tour.

    By minutes: ``before`` and ``after`` take the times as they are (as the levels do), the groups
    take their uncertainty into account.
    """

    code: str
    name: str = Field(alias="nom")
    residents: int = Field(alias="habitants")
    before: dict[int, int] = Field(alias="au_dela_avant")
    after: dict[int, int] = Field(alias="au_dela_apres")
    communes_before: dict[int, int] = Field(alias="communes_au_dela_avant")
    communes_after: dict[int, int] = Field(alias="communes_au_dela_apres")
    groups_before: dict[int, Groups] = Field(alias="groupes_avant")
    groups_after: dict[int, Groups] = Field(alias="groupes_apres")
    mean_before_s: float | None = Field(alias="acces_moyen_avant_s")
    mean_after_s: float | None = Field(alias="acces_moyen_apres_s")


class Wait(Frozen):
    """The people expected in a commune in a month, and what its sessions offer them.

    Attributes:
        visits: visits expected, of which ``appointments`` by appointment; hypotheses.
        needed_s: seconds of an agent's time that they take.
        sessions: sessions held in a month, ``open_s`` seconds in all.
        unfit: visits that do not fit in the part of the opening that may be used.
        occupancy_pct: share of the agents' time at the counter that all visits would take.
        mean_days, most_days: days until the next session, from a day taken at random, and at most.
        waiting_pct: people who wait for their turn, ``wait_s`` seconds on average (Erlang C);
            ``None`` where there is no session, or where sessions are saturated.
    """

    code: str
    name: str = Field(alias="nom")
    visits: float = Field(alias="visites_par_mois")
    appointments: float = Field(alias="dont_rendez_vous")
    needed_s: Length = Field(alias="temps_demande_s")
    sessions: Length = Field(alias="permanences_par_mois")
    open_s: Length = Field(alias="ouverture_par_mois_s")
    unfit: float = Field(alias="visites_sans_place")
    occupancy_pct: float | None = Field(alias="occupation_pct")
    mean_days: float | None = Field(alias="prochaine_permanence_moyenne_j")
    most_days: int | None = Field(alias="prochaine_permanence_max_j")
    waiting_pct: float | None = Field(alias="part_qui_attend_pct")
    wait_s: int | None = Field(alias="attente_moyenne_s")

    @property
    def saturated(self) -> bool:
        """Whether more people are expected than the sessions can see, at an acceptable wait.

        Visits take more than the part of the opening that may be used, or people would wait longer
        than a session.
        """
        return bool(self.sessions) and self.wait_s is None

    @property
    def fit(self) -> float:
        """Visits a month that fit in the sessions."""
        return round(self.visits - self.unfit, 1)


class Figures(Frozen):
    """Totals of one cycle; ``most_work_s`` and ``least_open_s`` are those of one week."""

    weeks: int = Field(alias="semaines")
    sessions: int = Field(alias="permanences")
    communes: int
    open_s: int = Field(alias="ouverture_s")
    drive_s: int = Field(alias="route_s")
    drive_m: int = Field(alias="route_m")
    work_s: int = Field(alias="travail_s")
    most_work_s: int = Field(alias="travail_semaine_max_s")
    least_open_s: int = Field(alias="ouverture_semaine_min_s")
    in_hours: int = Field(alias="dans_horaires_mairie")
    cost_eur: float = Field(alias="cout_eur")
    emissions_gco2: float = Field(alias="co2_g")


class Origin(Frozen):
    """Where the travel times come from, how old, on which speeds, and how sure they are.

    ``uncertainty_pct`` is the half-width of what is « à la limite », in per cent of a time.
    """

    label: str = Field(alias="reseau")
    date: str
    credit: str
    uncertainty: str = Field(alias="incertitude")
    uncertainty_pct: int = Field(alias="incertitude_pct", ge=0)
    speeds: str = Field(alias="vitesses", default="")
    schematic: bool = Field(alias="schematique")


class Plan(Frozen):
    """A proved (or honestly unproved) plan: days, levels, figures and where all come from.

    Everything but ``measures`` follows from the inputs alone: same inputs, same bytes.

    ``depots`` gives the name of each depot by code; ``free_days`` are (week, weekday, vehicle);
    ``waits`` are those of each candidate commune, then of all communes served (code ``""``).
    """

    schema_name: Schema = Field(alias="schema", default="tourplan/plan/5")
    title: str = Field(alias="titre")
    status: Status = Field(alias="statut", default="brouillon")
    author: str = Field(alias="auteur", default="")
    software: str = Field(alias="logiciel")
    stopped: Stopped = Field(alias="fin")
    depots: dict[str, str] = Field(alias="agences")
    agents: tuple[str, ...]
    vehicles: tuple[str, ...] = Field(alias="vehicules")
    cycle_weeks: int = Field(alias="semaines_du_cycle", ge=1)
    month_weeks: tuple[int, ...] = Field(alias="semaines_du_mois")
    week_rule: WeekRule = Field(alias="semaines_selon", default="mois")
    start: str = Field(alias="debut", default="")
    free_days: tuple[tuple[int, Weekday, str], ...] = Field(alias="jours_libres")
    days: tuple[Day, ...] = Field(alias="journees")
    levels: tuple[Level, ...] = Field(alias="niveaux")
    figures: Figures = Field(alias="chiffres")
    access: tuple[AreaAccess, ...] = Field(alias="acces")
    waits: tuple[Wait, ...] = Field(alias="attente", default=())
    origin: Origin = Field(alias="temps_de_trajet")
    notes: tuple[str, ...] = Field(alias="remarques", default=())
    scenario: dict[str, Any]
    inputs_fingerprint: str = Field(alias="empreinte_entrees")
    measures: dict[str, Any] = Field(alias="mesures", default_factory=dict)
    _base: Path = PrivateAttr(default=Path())

    @property
    def rhythm(self) -> Rhythm:
        """In which weeks of the calendar the weeks of the cycle come back."""
        return Rhythm(self.month_weeks, self.cycle_weeks, self.week_rule)

    @property
    def proved(self) -> bool:
        """Whether every level is proved."""
        return bool(self.levels) and all(level.proved for level in self.levels)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (16 hexadecimal digits) of the plan and its inputs.

        ``measures`` aside, and ``status`` too: a plan that is proposed, then voted, is the same.
        It counts in plans before ``tourplan/plan/5``.
        """
        content = self._content()
        del content["mesures"]
        if self.schema_name == "tourplan/plan/5":
            del content["statut"]
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _content(self) -> dict[str, Any]:
        """The plan under French keys, without those that plans of its time did not have."""
        content = self.model_dump(by_alias=True, mode="json")
        if not self.waits:
            del content["attente"]
        if self.week_rule == "mois":
            del content["semaines_selon"]
        if self.schema_name == "tourplan/plan/3":
            for stop in (stop for day in content["journees"] for stop in day["permanences"]):
                for key in _SINCE_4:
                    del stop[key]
        return content

    @property
    def sessions_per_cycle(self) -> int:
        """Number of sessions of one cycle."""
        return sum(len(day.stops) for day in self.days)

    def level(self, name: str) -> Level:
        """The level of that name."""
        return next(level for level in self.levels if level.name == name)

    def codes(self) -> tuple[str, ...]:
        """The communes served, each once, in the order of the days."""
        return tuple(dict.fromkeys(stop.code for day in self.days for stop in day.stops))

    def to_json(self) -> str:
        """The plan as JSON text under French keys, with its fingerprint."""
        content = self._content()
        measures = content.pop("mesures")
        content["empreinte"] = self.fingerprint
        content["mesures"] = measures
        return json.dumps(content, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str, where: str = "plan.json") -> Plan:
        """The plan written by ``to_json``.

        Raises:
            InputError: not a plan of this schema, or changed since its fingerprint was taken.
        """
        try:
            content = json.loads(text)
            stated = content.pop("empreinte", None)
            _refuse_other_versions(str(content["schema"]), where)
            plan = cls.model_validate(content)
            fingerprint = plan.fingerprint
        except ValidationError as error:
            raise InputError(
                Fault(f"{where}, {'.'.join(map(str, e['loc']))}", "valeur inattendue ou absente")
                for e in error.errors()
            ) from None
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            mend = "donnez un plan.json écrit par « tourplan solve »"
            raise InputError.of(where, "ce n’est pas un plan de tourplan", mend) from None
        if stated != fingerprint:
            raise InputError.of(
                where,
                "le plan a été modifié à la main : son empreinte ne correspond plus",
                "refaites-le avec « tourplan solve »",
            )
        if loose := list(_loose(plan)):
            raise InputError(Fault(f"{where}, {key}", "ne va pas avec le reste") for key in loose)
        return plan

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """The plan of a ``plan.json`` file."""
        return cls.from_json(read_text(Path(path)), Path(path).name)

    def case(self, base: Path | None = None) -> Case:
        """The facts of the plan's scenario, prepared again.

        Args:
            base: the folder that the files named by the scenario start from; the scenario's own
                for a plan just made, else the current folder.

        Raises:
            InputError: a file is missing, or the data is no longer what the plan was made from.
        """
        from tourplan.prepare import prepare
        from tourplan.scenario import Scenario

        case = prepare(Scenario.from_keys(self.scenario, self._base if base is None else base))
        if case.fingerprint() != self.inputs_fingerprint:
            raise InputError.of(
                f"plan « {self.title} »",
                "les données ont changé depuis que ce plan a été fait",
                "refaites le plan avec « tourplan solve »",
            )
        return case

    def based(self, base: Path) -> Plan:
        """The same plan, which knows the folder its scenario's files start from."""
        plan = self.model_copy()
        plan._base = base
        return plan

    def verify(self) -> tuple[Violation, ...]:
        """The rules of its scenario that the plan breaks, worked out again; none if it is sound."""
        from tourplan.verify import verify

        return verify(self.case().problem, self.days, self.levels)

    def to_frame(self) -> Any:
        """The itinerary as a pandas DataFrame, one row a place, same columns as the CSV."""
        import pandas as pd

        from tourplan.export.itinerary import COLUMNS, itinerary_rows

        return pd.DataFrame(itinerary_rows(self), columns=list(COLUMNS))

    def explore(self, *, internal: bool = False) -> Any:
        """The interactive map, shown by notebooks.

        ``internal``: with the names and hours of those who run the tour.
        """
        from tourplan.export.page import notebook_page

        return notebook_page(self, self.case(), internal=internal)

    def plot(self, ax: Any = None) -> Any:
        """A static map (matplotlib axes): communes by access, stops numbered day by day."""
        from tourplan.export.figure import plot_plan

        return plot_plan(self, self.case(), ax)

    def __repr__(self) -> str:
        proof = "démontré" if self.proved else "non démontré"
        return (
            f"Plan({self.title!r}, {len(self.days)} journées, {self.sessions_per_cycle} "
            f"permanences, {self.figures.drive_s / 60:.1f} min de route, {proof})"
        )

    __str__ = __repr__

    def _repr_html_(self) -> str:
        from tourplan.export.page import itinerary_table

        return itinerary_table(self)


def _loose(plan: Plan) -> Iterator[str]:
    """The keys of a plan, made by another program perhaps, that do not go with the others."""
    weeks = set(range(1, plan.cycle_weeks + 1))
    try:
        date.fromisoformat(plan.start or "2027-01-04")
    except ValueError:
        yield "debut"
    if not plan.month_weeks or not set(plan.month_weeks) <= {1, 2, 3, 4}:
        yield "semaines_du_mois"
    if not {day.depot for day in plan.days} <= plan.depots.keys():
        yield "agences"
    if not {day.week for day in plan.days} <= weeks:
        yield "journees"
    if not plan.access:
        yield "acces"
