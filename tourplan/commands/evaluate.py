"""``tourplan evaluate``: what a tour is worth, and what would be better."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from tourplan.commands.options import Json, Limit
from tourplan.commands.running import deadline, interruptible, limit_s
from tourplan.console import native_words_aside, print_json, progress_to, say_all


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
    json: Json = False,
) -> None:
    """Juger une tournée : chiffres, règles enfreintes, et ce qui serait mieux."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.export.judgement import evaluation_report
    from tourplan.study.evaluate import evaluate as judge

    case = case_of(path, progress_to(json))
    left = deadline(case, limit_s(limit, case.scenario), started) - monotonic()
    with interruptible() as stop, native_words_aside():
        found = judge(case, tour, limit_s=left, progress=progress_to(json), stop=stop)
    if json:
        print_json(found.to_dict())
    else:
        say_all(evaluation_report(found, tour))
