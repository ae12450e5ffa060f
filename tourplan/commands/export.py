"""``tourplan export``: what people receive, from a plan that is already made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tourplan.commands.options import (
    OUTPUT_FOLDER,
    Audience,
    CsvOption,
    Json,
    Output,
    Reasons,
    csv_form,
    is_internal,
)
from tourplan.commands.running import interruptible, refuse_unwritable, searching
from tourplan.commands.writing import write_files
from tourplan.console import print_json, progress_to, say, say_all
from tourplan.errors import Fault, InputError, listed, one_of, quoted

if TYPE_CHECKING:
    from datetime import date

    from tourplan.export.bundle import Request
    from tourplan.plan import Plan

_DATED = ("agenda", "affiches", "feuilles-de-route")
USES: Mapping[str, Sequence[str]] = {
    "--debut": _DATED,
    "--fin": _DATED,
    "--changements": _DATED,
    "--siret": ("donnees-ouvertes",),
    "--structure": ("donnees-ouvertes", "affiches"),
    "--rendez-vous": ("donnees-ouvertes", "affiches"),
    "--affiche": ("affiches",),
    "--reconnaissance": ("feuilles-de-route", "reconnaissance"),
    "--pourquoi": ("carte",),
}
"""The formats that make use of each option."""
MAX_DATES = 30
"""Dates that are all told on the screen."""


def export(
    path: Annotated[Path, typer.Argument(metavar="PLAN", help="Un plan.json écrit par solve.")],
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="LISTE",
            help="agenda, carte, donnees-ouvertes, geojson, geopackage, synthese, affiches ; avec "
            "--diffusion interne, aussi itineraire, classeur, feuilles-de-route, reconnaissance "
            "(par défaut, tous ceux à qui rien ne manque).",
        ),
    ] = "",
    output: Output = OUTPUT_FOLDER,
    audience: Audience = "publique",
    start: Annotated[
        str,
        typer.Option(
            "--debut",
            metavar="DATE",
            help="Premier jour des agendas et des affiches (par défaut, celui du plan).",
        ),
    ] = "",
    end: Annotated[
        str,
        typer.Option(
            "--fin", metavar="DATE", help="Dernier jour des agendas (par défaut, 52 semaines)."
        ),
    ] = "",
    changes: Annotated[
        Path | None,
        typer.Option(
            "--changements",
            metavar="FICHIER",
            help="CSV date;nouvelle_date;motif : journées annulées (sans nouvelle_date) ou "
            "reportées.",
        ),
    ] = None,
    pivot: Annotated[
        str,
        typer.Option(
            "--siret",
            metavar="NUMERO",
            help="SIRET (ou RNA, RIDET) de votre structure, exigé par les données ouvertes.",
        ),
    ] = "",
    structure: Annotated[
        str,
        typer.Option(
            "--structure", metavar="NOM", help="Son nom, pour les données ouvertes et les affiches."
        ),
    ] = "",
    booking: Annotated[
        str,
        typer.Option(
            "--rendez-vous",
            metavar="ADRESSE",
            help="Page de prise de rendez-vous, pour les données ouvertes et les affiches.",
        ),
    ] = "",
    poster: Annotated[
        Path | None,
        typer.Option(
            "--affiche",
            metavar="FICHIER",
            help="CSV champ;texte : ce que disent les affiches (téléphone, pièces à apporter, "
            "partenaires) ; affiche.csv, écrit avec elles, est à compléter.",
        ),
    ] = None,
    survey: Annotated[
        Path | None,
        typer.Option(
            "--reconnaissance",
            metavar="FICHIER",
            help="reconnaissance.csv rempli : clés et contacts des feuilles de route, réponses "
            "connues des fiches de reconnaissance.",
        ),
    ] = None,
    status: Annotated[
        str,
        typer.Option(
            "--statut",
            metavar="STATUT",
            help="brouillon, proposé ou validé, dit sur tous les documents (par défaut, celui du "
            "plan) ; l’empreinte du plan reste la même.",
        ),
    ] = "",
    asked_why: Reasons = False,
    form: CsvOption = "excel",
    json: Json = False,
) -> None:
    """Faire d’un plan ce que chacun reçoit : agendas, données ouvertes, couches de carte."""
    from datetime import datetime

    from tourplan.export.bundle import Request, every_format, exported
    from tourplan.export.datechanges import read_changes
    from tourplan.export.opendata import Publisher
    from tourplan.export.posterwords import PosterWords, read_poster_words
    from tourplan.files import slug
    from tourplan.plan import Plan
    from tourplan.survey import read_survey

    first, last = _dates(("--debut", start), ("--fin", end))
    internal = is_internal(audience)
    asked = [name.strip().lower() for name in formats.split(",") if name.strip()]
    given = {
        "--debut": start,
        "--fin": end,
        "--changements": changes,
        "--siret": pivot,
        "--structure": structure,
        "--rendez-vous": booking,
        "--affiche": poster,
        "--reconnaissance": survey,
        "--pourquoi": asked_why,
    }
    wanted = asked or every_format(internal=internal)
    _refuse_idle(wanted, [option for option, value in given.items() if value])
    refuse_unwritable(output)
    now = datetime.now().astimezone()
    publisher = Publisher(pivot.replace(" ", ""), structure, booking)
    plan = _with_status(Plan.read(path), status)
    ask = Request(
        plan,
        now,
        internal=internal,
        start=first,
        end=last,
        changes=read_changes(changes) if changes else (),
        publisher=publisher,
        poster=read_poster_words(poster) if poster else PosterWords(),
        rooms=read_survey(survey) if survey else (),
        csv_form=csv_form(form),
        reasons=_reasons(plan, quiet=json) if asked_why else {},
    )
    files, lacking = exported(ask, wanted)
    wrong = [fault for fault in lacking if given.get(fault.where)]
    if lacking and (asked or wrong or not files):
        raise InputError(lacking if asked else wrong or lacking)
    final = write_files(output, f"{slug(ask.plan.title)}_{audience}", files)
    if json:
        missing = [fault.to_dict() for fault in lacking]
        print_json({"dossier": str(final), "fichiers": sorted(files), "manque": missing})
    else:
        _tell(ask, final, sorted(files), lacking)


def _with_status(plan: Plan, status: str) -> Plan:
    """The plan with the status asked for, written with or without its accent.

    Raises:
        InputError: there is no such status.
    """
    from tourplan.export.sources import STATUS
    from tourplan.tables import plain

    if not status:
        return plan
    known = {plain(name): name for name in STATUS}
    if plain(status) not in known:
        what = f"statut {quoted(status)} inconnu"
        raise InputError.of("--statut", what, one_of(status, list(STATUS)))
    return plan.model_copy(update={"status": known[plain(status)]})


def _reasons(plan: Plan, *, quiet: bool) -> Mapping[str, str]:
    """Why the tour does not go nearer to the communes that stay far."""
    from tourplan.study.explain import why_not_nearer

    with interruptible() as stop, searching(stop):
        return why_not_nearer(plan.case(), plan, progress=progress_to(quiet), stop=stop)


def _refuse_idle(asked: Sequence[str], given: Sequence[str]) -> None:
    """Refuse options that the formats asked for make no use of.

    Args:
        asked: the formats.
        given: the options.

    Raises:
        InputError: those given for nothing.
    """
    faults = [
        Fault(
            option,
            f"ne sert qu’{'au format' if len(USES[option]) == 1 else 'aux formats'} "
            f"{listed(USES[option])}",
            f"ajoutez {USES[option][0]} à --format, ou retirez cette option",
        )
        for option in given
        if not set(asked) & set(USES[option])
    ]
    if faults:
        raise InputError(faults)


def _dates(*given: tuple[str, str]) -> list[date | None]:
    """The dates that options tell; ``None`` where one is not given.

    Raises:
        InputError: those that are none.
    """
    from datetime import date

    found: list[date | None] = []
    faults = []
    for option, text in given:
        try:
            found.append(date.fromisoformat(text) if text else None)
        except ValueError:
            what = f"{quoted(text)} n’est pas une date"
            faults.append(Fault(option, what, "donnez par exemple 2027-01-04"))
    if faults:
        raise InputError(faults)
    return found


def _held(ask: Request) -> set[date]:
    """The dates on which some day tour is held."""
    return {out.held for out in ask.outings if out.held}


def _dates_words(days: Sequence[str]) -> str:
    """The dates of a tour, all of them where they are few."""
    if not days:
        return "Aucune date de tournée dans cette période."
    if len(days) <= MAX_DATES:
        return f"Dates : {', '.join(days)}."
    first = ", ".join(days[:5])
    return f"Dates : {first}… jusqu’au {days[-1]}, {len(days)} en tout, dans dates.csv."


def _tell(ask: Request, folder: Path, names: list[str], lacking: list[Fault]) -> None:
    """The files, the dates of the tour, and what was not made."""
    from tourplan.export.dates import exception_words, rule_words
    from tourplan.export.judgement import JUDGED, judged_sentences
    from tourplan.export.posterwords import to_complete

    say(f"Écrit dans {folder} :")
    say_all([f"  {name}" for name in names])
    if ask.plan.stopped == JUDGED:
        _, kept, *broken = judged_sentences(ask.plan, ask.case, internal=True)
        say_all([f"Tournée évaluée. {kept}", *(f"  {rule}" for rule in broken)])
    say(f"Semaines de tournée : {rule_words(ask.plan)}.")
    if "dates.csv" in names:
        say(_dates_words([f"{day:%d/%m/%Y}" for day in sorted(_held(ask))]))
        if told := exception_words(ask.outings):
            say(told)
        for change in ask.changes_left:
            say(f"{change.where} : {change.when:%d/%m/%Y}, hors de la période, laissé de côté.")
    if left := [f"{room.code} {room.place}" for room in ask.rooms_left]:
        say(f"Reconnaissance : lieux où la tournée ne va pas, laissés de côté : {listed(left)}.")
    say_all(to_complete(names, ask.poster))
    if lacking:
        say("Non écrit, il manque :")
        say_all([f"  {fault}" for fault in lacking])
