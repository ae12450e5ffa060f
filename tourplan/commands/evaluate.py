"""``tourplan evaluate``: what a tour is worth, and what would be better."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tourplan.commands.options import Json, Limit
from tourplan.commands.running import deadline, interruptible, limit_s, refuse_unwritable
from tourplan.commands.writing import write_files
from tourplan.console import native_words_aside, print_json, progress_to, say, say_all
from tourplan.errors import InputError

if TYPE_CHECKING:
    from tourplan.plan import Plan


def evaluate(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="SCENARIO",
            help="Règles et temps à appliquer ; ou, seul, un plan.xlsx modifié : ceux de son plan.",
        ),
    ],
    tour: Annotated[
        str | None,
        typer.Argument(
            metavar="[ITINERAIRE]",
            help="CSV (jour;creneau;code_insee), plan.xlsx, ou herault_2021, herault_2024, "
            "charente_bus.",
        ),
    ] = None,
    limit: Limit = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--sortie",
            metavar="DOSSIER",
            help="Écrire la tournée jugée comme un plan (plan.json, tableau, carte), dans un "
            "dossier daté ; tourplan export en fait le reste.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Juger une tournée : chiffres, règles enfreintes, et ce qui serait mieux."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.export.edits import edit_sentences
    from tourplan.export.judgement import JUDGED, evaluation_report
    from tourplan.study.evaluate import evaluate as judge

    if output is not None:
        refuse_unwritable(output)
    origin = _origin(tour or str(path))
    if tour is None and origin is None:
        mend = "donnez un CSV, une tournée incluse, ou un plan.xlsx écrit par tourplan export"
        raise InputError.of("ITINERAIRE", "aucune tournée à juger", mend)
    case = origin.case() if tour is None and origin else case_of(path, progress_to(json))
    tour = tour or str(path)
    same = origin is not None and origin.inputs_fingerprint == case.fingerprint()
    left = deadline(case, limit_s(limit, case.scenario), started) - monotonic()
    with interruptible() as stop, native_words_aside():
        best = origin if same and origin and origin.stopped != JUDGED else None
        progress = progress_to(json)
        found = judge(case, tour, best=best, limit_s=left, progress=progress, stop=stop)
    edits = edit_sentences(origin, found.plan) if origin else []
    folder = None if output is None else _write(found.plan, output)
    if json:
        told = {"modifications": edits, "dossier": folder and str(folder)}
        print_json({**found.to_dict(), **told})
    else:
        say_all(evaluation_report(found, tour))
        if edits:
            say("")
            say_all(edits)
        if folder is not None:
            say("")
            say(f"Écrit dans {folder} : plan.json, itineraire.csv, carte.html")


def _origin(tour: str) -> Plan | None:
    """The plan that a workbook was made from; ``None`` for any other tour.

    Raises:
        InputError: the workbook holds no plan, or one that was changed, or is not an .xlsx.
    """
    from tourplan.plan import Plan
    from tourplan.sheets import is_workbook, plan_text

    path = Path(tour)
    if not is_workbook(path):
        return None
    return Plan.from_json(plan_text(path), path.name)


def _write(plan: Plan, output: Path) -> Path:
    """The tour as a plan, in a folder of its own."""
    from datetime import date

    from tourplan.export.bundle import usual_files
    from tourplan.export.page import Telling
    from tourplan.files import slug

    files = usual_files(plan, plan.case(), Telling(made=date.today()))
    return write_files(output, slug(f"{plan.title} tournee evaluee"), files)
