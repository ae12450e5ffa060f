"""``plan.xlsx``: the plan as a workbook that opens anywhere, and that ``evaluate`` reads back.

Texts are texts (a spreadsheet never takes them for formulas), times and dates are real ones, codes
keep their zero. A hidden sheet holds the plan: an edited workbook knows where it comes from.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import zip_longest
from math import ceil
from typing import TYPE_CHECKING, Any

from tourplan.export.accesstables import near_words, reach_place
from tourplan.export.french import capital, number
from tourplan.export.itinerary import day_date
from tourplan.export.judgement import judged_sentences
from tourplan.export.scene import Scene
from tourplan.export.sections import level_proof
from tourplan.export.sources import counters_source, residents_source
from tourplan.export.words import level_text, origin_words, team_words
from tourplan.hours import WEEKDAYS
from tourplan.sheets import HIDDEN, PIECE, TOUR

if TYPE_CHECKING:
    from tourplan.plan import Day, Plan, Stop
    from tourplan.prepare import Case

Value = str | int | float | time | date | timedelta | None
Row = Sequence[Value]
_FORMATS: Sequence[tuple[type, str]] = (
    (timedelta, "[h]:mm"),
    (time, "hh:mm"),
    (date, "dd/mm/yyyy"),
    (int, "#,##0"),
    (float, "#,##0.0"),
    (str, "@"),
)
"""How the values of each kind are shown."""
_ROOM = 3
"""Letters of room beside the text of a cell."""
FIRST_DATE = "première date"
LINE_PT = 15.0
"""How high a line is."""
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_INK, _SAND, _LINE = "1F2A30", "EEF3F5", "C9D2D6"


@dataclass(frozen=True)
class Column:
    """A column: its heading, how wide it is at most (in letters), what it holds of a thing."""

    heading: str
    width: float
    value: Callable[[Any], Value]


@dataclass(frozen=True)
class Held:
    """A session with its day."""

    plan: Plan
    day: Day
    stop: Stop


def workbook(plan: Plan, scene: Scene, case: Case) -> bytes:
    """The workbook of a plan (Office Open XML).

    Args:
        plan: the plan.
        scene: its map, for the access of each commune.
        case: its facts.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    book.properties.title = plan.title
    book.properties.creator = plan.author or plan.software
    held = [Held(plan, day, stop) for day in plan.days for stop in day.stops]
    idle = _idle(plan, case)
    _fill(book, TOUR, [column for column in _TOUR if column.heading not in idle], held)
    days = [column for column in _DAYS if column.heading not in idle]
    _fill(book, "Journées", days, [(plan, day) for day in plan.days])
    _rows(book, "Couverture", list(_coverage(scene)), (36, 12, 32, 11, 13, 13, 25, 52))
    _rows(book, "Agents", list(_agents(plan)), (24, 14, 12, 16, 18, 18))
    _rows(book, "Synthèse", list(_synthesis(plan, case)), (66, 70, 34), side="left")
    _hide(book, plan)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _idle(plan: Plan, case: Case) -> set[str]:
    """The columns that would say nothing: those of a choice that this case does not have."""
    idle = set() if plan.start else {FIRST_DATE}
    if not any(session.whole_day for session in case.problem.sessions):
        idle |= {"pause_de", "pause_a"}
    if len(plan.vehicles) == len(plan.depots) == 1:
        idle |= {"vehicule", "véhicule", "agence"}
    return idle


def _clock(seconds: int | None) -> time | None:
    """A time of the day; 24:00 is the last minute of it."""
    if seconds is None:
        return None
    minutes = min(seconds // 60, 24 * 60 - 1)
    return time(minutes // 60, minutes % 60)


_TOUR = (
    Column("semaine", 9, lambda one: one.day.week),
    Column("jour", 10, lambda one: WEEKDAYS[one.day.weekday]),
    Column("creneau", 13, lambda one: one.stop.session),
    Column("code_insee", 13, lambda one: one.stop.code),
    Column("commune", 40, lambda one: one.stop.name),
    Column("lieu", 26, lambda one: one.stop.place),
    Column("ouverture", 10, lambda one: _clock(one.stop.opening_s)),
    Column("fermeture", 10, lambda one: _clock(one.stop.closing_s)),
    Column("pause_de", 9, lambda one: _clock(one.stop.closed_from_s)),
    Column("pause_a", 9, lambda one: _clock(one.stop.closed_until_s)),
    Column("vehicule", 14, lambda one: one.day.vehicle),
    Column("agence", 9, lambda one: one.day.depot),
    Column("agents", 18, lambda one: team_words(one.day.teams)),
    Column("adresse", 56, lambda one: one.stop.address),
    Column(FIRST_DATE, 15, lambda one: day_date(one.plan, one.day)),
)
"""The sheet that is read back: columns of ``itineraire.csv``, those of a tour."""
_DAYS = (
    Column("semaine", 9, lambda pair: pair[1].week),
    Column("jour", 10, lambda pair: WEEKDAYS[pair[1].weekday]),
    Column("véhicule", 16, lambda pair: pair[1].vehicle),
    Column("agence", 22, lambda pair: pair[0].depots[pair[1].depot]),
    Column("communes", 64, lambda pair: " → ".join(stop.name for stop in pair[1].stops)),
    Column("départ", 9, lambda pair: _clock(pair[1].departure_s)),
    Column("retour", 9, lambda pair: _clock(pair[1].return_s)),
    Column("repas de", 10, lambda pair: _clock(pair[1].break_from_s)),
    Column("repas à", 10, lambda pair: _clock(pair[1].break_until_s)),
    Column("ouverture", 11, lambda pair: timedelta(seconds=pair[1].open_s)),
    Column("route (min)", 12, lambda pair: pair[1].drive_s / 60),
    Column("route (km)", 12, lambda pair: pair[1].drive_m / 1000),
    Column("travail", 10, lambda pair: timedelta(seconds=_minutes(pair[1].work_s))),
    Column(FIRST_DATE, 15, lambda pair: day_date(*pair)),
)


def _minutes(seconds: int) -> int:
    """Seconds rounded to whole minutes."""
    return round(seconds / 60) * 60


def _fill(book: Any, title: str, columns: Sequence[Column], things: Sequence[Any]) -> None:
    """A sheet with a row a thing."""
    rows: list[Row] = [[column.heading for column in columns]]
    rows += [[column.value(thing) for column in columns] for thing in things]
    _rows(book, title, rows, [column.width for column in columns])


def _rows(
    book: Any, title: str, rows: Sequence[Row], widths: Sequence[float], side: str = "right"
) -> None:
    """A sheet of rows: the first are headings, frozen and repeated on each printed page.

    Lines of text are counted, since some programs do not make rows higher by themselves.

    Args:
        book: the workbook.
        title: the name of the sheet.
        rows: its values.
        widths: of its columns at most, in letters; texts wrap there.
        side: where numbers and times stand in their column.
    """
    sheet = book.create_sheet(title)
    widths = [_width(place, rows, most) for place, most in enumerate(widths)]
    for rank, row in enumerate(rows, start=1):
        for place, value in zip_longest(range(1, len(widths) + 1), row):
            _write(sheet.cell(rank, place), value, heading=rank == 1, side=side)
        sheet.row_dimensions[rank].height = LINE_PT * _lines(row, widths)
    for place, width in enumerate(widths):
        sheet.column_dimensions[_LETTERS[place]].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    last = _LETTERS[len(widths) - 1]
    sheet.print_area = f"A1:{last}{max(len(rows), 1)}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.left.text = "&A"
    sheet.oddFooter.right.text = "page &P sur &N"


def _width(place: int, rows: Sequence[Row], most: float) -> float:
    """How wide a column is, in letters: as its texts, at most ``most``, a short heading whole."""
    heading = str(rows[0][place])
    texts = (row[place] for row in rows[1:] if place < len(row))
    longest = max((len(t) for t in texts if isinstance(t, str)), default=0)
    return max(min(longest + _ROOM, most), len(heading) + 4 if len(heading) <= 12 else 11)


def _lines(row: Row, widths: Sequence[float]) -> int:
    """How many lines the texts of a row take, wrapped in their columns."""
    texts = ((value, width) for value, width in zip(row, widths, strict=False))
    return max((ceil(len(t) / (w - 1.5)) for t, w in texts if isinstance(t, str)), default=1)


def _write(cell: Any, value: Value, *, heading: bool, side: str) -> None:
    """A value in its own kind; a text is never a formula, and nothing is an empty cell."""
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    cell.value = (_kept(value) or None) if isinstance(value, str) else value
    if cell.value is not None and isinstance(value, str):
        cell.data_type, cell.quotePrefix = "s", value[:1] in "=+-@\t\r"
    form = next((form for kind, form in _FORMATS if isinstance(value, kind)), None)
    if form is not None:
        cell.number_format = form
    words = isinstance(value, str)
    cell.alignment = Alignment(
        horizontal="left" if words else side,
        vertical="top",
        wrap_text=words,
        indent=int(words or side == "left"),
    )
    cell.border = Border(bottom=Side(style="thin", color=_LINE))
    cell.font = Font(name="Calibri", size=11, bold=heading, color=_INK)
    if heading:
        cell.fill = PatternFill("solid", fgColor=_SAND)


def _kept(text: str) -> str:
    """A text without what the format cannot hold."""
    return "".join(c for c in text if c >= " " or c in "\n\t")[:30_000]


def _coverage(scene: Scene) -> Iterator[Row]:
    """How far each commune is, the farthest first."""
    yield (
        "commune",
        "code INSEE",
        "intercommunalité",
        "habitants",
        "minutes, sans la tournée",
        "minutes, avec la tournée",
        "à la limite",
        "accueil le plus proche, avec la tournée",
    )
    for view in scene.farthest_first():
        commune = view.commune
        yield (
            commune.name,
            commune.code,
            commune.epci_name,
            view.residents,
            _in_minutes(view.before.seconds),
            _in_minutes(view.after.seconds),
            near_words(view.after),
            reach_place(view.after),
        )


def _in_minutes(seconds: int | None) -> Value:
    return "hors d’atteinte" if seconds is None else seconds / 60


def _agents(plan: Plan) -> Iterator[Row]:
    """What each agent does in each week on tour."""
    yield (
        "agent",
        "semaine (1 à 4)",
        "journées",
        "travail",
        "départ au plus tôt",
        "retour au plus tard",
    )
    weeks = sorted({week for day in plan.days for week in day.teams})
    for agent in plan.agents:
        for week in weeks:
            mine = [day for day in plan.days if agent in day.teams.get(week, ())]
            if mine:
                yield (
                    agent,
                    week,
                    len(mine),
                    timedelta(seconds=_minutes(sum(day.work_s for day in mine))),
                    _clock(min(day.departure_s for day in mine)),
                    _clock(max(day.return_s for day in mine)),
                )


def _synthesis(plan: Plan, case: Case) -> Iterator[Row]:
    """Figures of the cycle, levels with their proof, sources and which document this is."""
    figures = plan.figures
    yield "chiffre ou objectif", "valeur", "preuve"
    yield "Permanences par cycle", plan.sessions_per_cycle
    yield "Communes desservies", len(plan.codes())
    yield "Semaines de tournée", plan.rhythm.words()
    yield "Ouverture au public par cycle", timedelta(seconds=figures.open_s)
    yield "Route par cycle", timedelta(seconds=_minutes(figures.drive_s))
    yield "Distance par cycle (km)", figures.drive_m / 1000
    yield "Coût des kilomètres par cycle (€)", figures.cost_eur
    yield "CO₂ par cycle (kg)", figures.emissions_gco2 / 1000
    for level in plan.levels:
        yield capital(level.label), level_text(plan, level), level_proof(plan, level)
    for sentence in judged_sentences(plan, case, internal=True):
        yield "Tournée évaluée", sentence
    yield from _areas(plan)
    yield "Temps de route", origin_words(plan.origin)
    yield "Habitants", residents_source(case)
    yield "Points fixes", counters_source(case)
    for note in plan.notes:
        yield "À savoir", capital(note)
    yield "Statut", plan.status
    yield "Empreinte du plan", plan.fingerprint
    yield "Logiciel", plan.software


def _areas(plan: Plan) -> Iterator[Row]:
    """Residents surely beyond each threshold and at the limit of it, without and with the tour."""
    for area in plan.access:
        for goal in sorted(area.before, reverse=True):
            before, after = area.groups_before[goal], area.groups_after[goal]
            told = f"{number(before.beyond)} → {number(after.beyond)} habitants"
            if before.near or after.near:
                told += f" ; à la limite {number(before.near)} → {number(after.near)}"
            yield f"{area.name}, à plus de {goal} min", told


def _hide(book: Any, plan: Plan) -> None:
    """The plan itself, in cells of a sheet that is not shown."""
    text = plan.to_json()
    sheet = book.create_sheet(HIDDEN)
    for rank, start in enumerate(range(0, len(text), PIECE), start=1):
        cell = sheet.cell(rank, 1)
        cell.value = text[start : start + PIECE]
        cell.data_type = "s"
    sheet.sheet_state = "veryHidden"
