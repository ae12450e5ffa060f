"""What people receive: every export of a plan, as bytes by name of file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from tourplan.errors import Fault, InputError
from tourplan.export.agendas import agenda_files
from tourplan.export.audience import public_words
from tourplan.export.datechanges import Change, changed
from tourplan.export.dates import Outing, outings, period, rule_words
from tourplan.export.itinerary import CsvForm, itinerary_csv
from tourplan.export.layers import geojson_files, geopackage_files
from tourplan.export.opendata import Publisher, open_data_files
from tourplan.export.page import Telling, map_page
from tourplan.export.posterwords import PosterWords, poster_csv
from tourplan.export.words import origin_words
from tourplan.places import TOWN_HALL
from tourplan.plan import Plan
from tourplan.study.existing import tour_of_today
from tourplan.survey import Found

if TYPE_CHECKING:
    from tourplan.export.scene import Scene
    from tourplan.prepare import Case

Files = dict[str, bytes]


@dataclass(frozen=True)
class Request:
    """A plan to be exported, and what the plan does not say.

    Attributes:
        now: when the export is made, with its zone.
        internal: for those who run the tour; else for everyone, without names of agents.
        start, end: the dates to be covered; ``None``: those of the plan, 52 weeks.
        changes: days cancelled, or held on another date.
        publisher: who holds the sessions.
        poster: what posters say.
        rooms: what a reconnaissance found, for the agents.
        reasons: why communes have no session, by code, when that was asked.
        at_hand: the facts that the plan was made from, if it was made just now.
        csv_form: how tables that are not to be filled in are written.
    """

    plan: Plan
    now: datetime
    internal: bool = False
    start: date | None = None
    end: date | None = None
    changes: tuple[Change, ...] = ()
    publisher: Publisher = field(default_factory=Publisher)
    poster: PosterWords = field(default_factory=PosterWords)
    rooms: tuple[Found, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    at_hand: Case | None = None
    csv_form: CsvForm = "excel"

    @cached_property
    def case(self) -> Case:
        """The facts that the plan was made from, read again unless they are at hand."""
        return self.at_hand or self.plan.case()

    @cached_property
    def scene(self) -> Scene:
        """The map of the plan."""
        from tourplan.export.scene import build_scene

        return build_scene(self.plan, self.case)

    @cached_property
    def outings(self) -> tuple[Outing, ...]:
        """The day tours on their dates; changes of dates that are not covered do not count."""
        first, last = period(self.plan, self.start, self.end)
        within = [change for change in self.changes if first <= change.when <= last]
        if not self.internal:
            told = public_words(self.plan, [change.reason for change in within])
            within = [replace(one, reason=reason) for one, reason in zip(within, told, strict=True)]
        return changed(outings(self.plan, first, last), within, (first, last))

    @property
    def rooms_left(self) -> list[Found]:
        """The rooms of the reconnaissance that the tour does not go to."""
        stops = (stop for day in self.plan.days for stop in day.stops)
        held = {(stop.code, stop.place or TOWN_HALL) for stop in stops}
        return [room for room in self.rooms if (room.code, room.place) not in held]

    @property
    def changes_left(self) -> tuple[Change, ...]:
        """The changes of dates that are out of the period."""
        first, last = period(self.plan, self.start, self.end)
        return tuple(change for change in self.changes if not first <= change.when <= last)

    @property
    def to_come(self) -> tuple[Outing, ...]:
        """Those from the date asked for on; where none is, those not yet past."""
        first = self.start or self.now.date()
        return tuple(out for out in self.outings if (out.held or out.when) >= first)


def _agenda(ask: Request) -> Files:
    return agenda_files(ask.plan, ask.outings, ask.now, internal=ask.internal, form=ask.csv_form)


def _open_data(ask: Request) -> Files:
    return open_data_files(ask.plan, ask.publisher, ask.now.date())


def _geojson(ask: Request) -> Files:
    return geojson_files(ask.plan, ask.case, internal=ask.internal)


def _geopackage(ask: Request) -> Files:
    return geopackage_files(ask.plan, ask.case, internal=ask.internal)


def _itinerary(ask: Request) -> Files:
    return {"itineraire.csv": itinerary_csv(ask.plan, ask.csv_form)}


def _map(ask: Request) -> Files:
    telling = Telling(
        internal=ask.internal,
        today=tour_of_today(ask.case),
        reasons=ask.reasons,
        made=ask.now.date(),
    )
    return {"carte.html": map_page(ask.plan, ask.case, telling).encode()}


def _synthesis(ask: Request) -> Files:
    from tourplan.export.pdf.synthesis import synthesis_pdf

    page = synthesis_pdf(ask.plan, ask.case, ask.scene, ask.now, internal=ask.internal)
    return {"synthese.pdf": page}


def _posters(ask: Request) -> Files:
    from tourplan.export.pdf.poster import poster_files

    own = {"structure": ask.publisher.structure, "booking": ask.publisher.booking}
    files = poster_files(ask.plan, ask.to_come, ask.scene, ask.poster, ask.now, **own)
    return {**files, "affiches/affiche.csv": poster_csv(ask.poster).encode("utf-8-sig")}


def _workbook(ask: Request) -> Files:
    from tourplan.export.workbook import workbook

    return {"plan.xlsx": workbook(ask.plan, ask.scene, ask.case)}


def _road_sheets(ask: Request) -> Files:
    from tourplan.export.pdf.roadsheet import road_sheet_files

    dated = ask.to_come if ask.start or ask.plan.start else ()
    return road_sheet_files(ask.plan, ask.case, dated, ask.rooms, ask.now)


def _survey(ask: Request) -> Files:
    from tourplan.export.pdf.surveysheet import survey_files

    return survey_files(ask.plan, ask.case, ask.rooms, ask.now)


PUBLIC: Mapping[str, Callable[[Request], Files]] = {
    "agenda": _agenda,
    "carte": _map,
    "donnees-ouvertes": _open_data,
    "geojson": _geojson,
    "geopackage": _geopackage,
    "synthese": _synthesis,
    "affiches": _posters,
}
"""The formats that may go to everyone; for internal use they may tell more."""
INTERNAL: Mapping[str, Callable[[Request], Files]] = {
    "itineraire": _itinerary,
    "classeur": _workbook,
    "feuilles-de-route": _road_sheets,
    "reconnaissance": _survey,
}
"""Those that tell agents, vehicles or working times, whatever is asked."""
TELL_MORE = ("agenda", "carte")
"""Those for everyone that tell the team more."""


def every_format(*, internal: bool) -> tuple[str, ...]:
    """The formats that may be made for those who run the tour, or for everyone."""
    return (*PUBLIC, *INTERNAL) if internal else tuple(PUBLIC)


def exported(ask: Request, formats: Sequence[str]) -> tuple[Files, list[Fault]]:
    """The files of the formats that lack nothing, with a word on them; what the others lack."""
    files: Files = {}
    faults: list[Fault] = []
    for name in formats:
        try:
            files |= _maker(ask, name)(ask)
        except InputError as error:
            faults += error.faults
    if files:
        files["LISEZMOI.txt"] = _read_me(ask, sorted(files)).encode("utf-8-sig")
    return files, list(dict.fromkeys(faults))


def usual_files(plan: Plan, case: Case, telling: Telling, csv_form: CsvForm = "excel") -> Files:
    """What a plan is written as: for programs, for a spreadsheet, for everyone to see."""
    return {
        "plan.json": plan.to_json().encode(),
        "itineraire.csv": itinerary_csv(plan, csv_form),
        "carte.html": map_page(plan, case, telling).encode(),
    }


def every_file(ask: Request) -> tuple[Files, list[Fault]]:
    """All that can be made of a plan, for everyone and for the team; what the others lack.

    The team has what tells more to it, beside what is only for it.
    """
    public, lacking = exported(replace(ask, internal=False), tuple(PUBLIC))
    own, also = exported(replace(ask, internal=True), (*INTERNAL, *TELL_MORE))
    files = {f"publique/{name}": content for name, content in public.items()}
    files |= {f"interne/{name}": content for name, content in own.items()}
    return files, list(dict.fromkeys([*lacking, *also]))


def _maker(ask: Request, name: str) -> Callable[[Request], Files]:
    """What makes a format.

    Raises:
        InputError: it is for internal use only, and the export is for everyone; or unknown.
    """
    if name in PUBLIC:
        return PUBLIC[name]
    if name not in INTERNAL:
        known = ", ".join((*PUBLIC, *INTERNAL))
        raise InputError.of("--format", f"format « {name} » inconnu", f"attendu : {known}")
    if not ask.internal:
        what = f"« {name} » montre les équipes : il n’est pas à diffuser"
        raise InputError.of("--format", what, "ajoutez --diffusion interne, ou retirez-le")
    return INTERNAL[name]


def _read_me(ask: Request, names: Sequence[str]) -> str:
    """What the files are, for whom, and where all comes from."""
    plan = ask.plan
    whom = "interne : à ne pas publier" if ask.internal else "publique : sans nom d’agent"
    lines = [
        plan.title,
        f"Plan {plan.status}, empreinte {plan.fingerprint}.",
        f"Export du {ask.now:%d/%m/%Y}. Diffusion {whom}.",
        f"Semaines de tournée : {rule_words(plan)}.",
        f"Temps de route : {origin_words(plan.origin)}.",
        "Communes, mairies, habitants et points fixes : IGN, INSEE, DILA, ANCT (Licence Ouverte "
        "2.0), sauf ce que le scénario fournit.",
        "Colonnes : docs/exports.md, dans la documentation de tourplan.",
        "",
        *names,
    ]
    return "".join(f"{line}\r\n" for line in lines)
