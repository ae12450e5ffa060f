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

if TYPE_CHECKING:
    from tourplan.plan import Plan


def evaluate(
    path: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Règles et temps à appliquer.")],
    tour: Annotated[
        str,
        typer.Argument(
            metavar="ITINERAIRE",
            help="CSV (jour;creneau;code_insee), ou herault_2021, herault_2024, charente_bus.",
        ),
    ],
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
    from tourplan.export.judgement import evaluation_report
    from tourplan.study.evaluate import evaluate as judge

    if output is not None:
        refuse_unwritable(output)
    case = case_of(path, progress_to(json))
    left = deadline(case, limit_s(limit, case.scenario), started) - monotonic()
    with interruptible() as stop, native_words_aside():
        found = judge(case, tour, limit_s=left, progress=progress_to(json), stop=stop)
    folder = None if output is None else _write(found.plan, output)
    if json:
        print_json({**found.to_dict(), "dossier": folder and str(folder)})
    else:
        say_all(evaluation_report(found, tour))
        if folder is not None:
            say("")
            say(f"Écrit dans {folder} : plan.json, itineraire.csv, carte.html")


def _write(plan: Plan, output: Path) -> Path:
    """The tour as a plan, in a folder of its own."""
    from datetime import date

    from tourplan.export.bundle import usual_files
    from tourplan.export.page import Telling
    from tourplan.files import slug

    files = usual_files(plan, plan.case(), Telling(made=date.today()))
    return write_files(output, slug(f"{plan.title} tournee evaluee"), files)
