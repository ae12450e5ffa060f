"""``tourplan explain``: why a commune is not served, who stays far, what it would take."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tourplan.commands.communes import recognised
from tourplan.commands.options import CsvOption, Json, Limit, csv_form, whole_numbers
from tourplan.commands.running import deadline, interruptible, limit_s, refuse_unwritable, searching
from tourplan.console import print_json, progress_to, say, say_all

if TYPE_CHECKING:
    from tourplan.export.itinerary import CsvForm
    from tourplan.study.explanation import Explanation


def explain(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[SCENARIO]", help="Le scénario, ou un plan.json ; sinon, l’exemple herault."
        ),
    ] = None,
    communes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMUNE]…",
            help="Noms ou codes INSEE des communes à expliquer (par défaut, toutes celles que la "
            "tournée ne dessert pas).",
        ),
    ] = None,
    minutes: Annotated[
        str,
        typer.Option(
            "--minutes",
            metavar="LISTE",
            help="Habitants à expliquer : ceux à plus de tant de minutes (par défaut, 30,20,15).",
        ),
    ] = "30,20,15",
    margins: Annotated[
        bool,
        typer.Option(
            "--marges",
            help="Dire aussi ce qu’apporterait un peu plus : une demi-journée, une semaine, une "
            "agence, un quart d’heure.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--sortie",
            metavar="DOSSIER",
            help="Écrire aussi explications.csv, dans un dossier daté de celui-ci.",
        ),
    ] = None,
    limit: Limit = None,
    form: CsvOption = "excel",
    json: Json = False,
) -> None:
    """Dire pourquoi une commune n’est pas desservie, qui reste loin, et ce qu’il faudrait."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.plan import Plan
    from tourplan.study.explain import explain as ask

    (limits,) = whole_numbers(("--minutes", minutes, "un nombre de minutes", "30,20,15"))
    csv = csv_form(form)
    if output is not None:
        refuse_unwritable(output)
    plan = Plan.read(path) if path is not None and path.suffix.lower() == ".json" else None
    case = case_of(path, progress_to(json)) if plan is None else plan.case()
    codes = None
    if communes:
        known = case.territory.communes
        codes = list(recognised(",".join(communes), known, ask=False, where="commune"))
    left = deadline(case, limit_s(limit, case.scenario), started) - monotonic()
    with interruptible() as stop, searching(stop):
        found = ask(
            case,
            codes,
            plan=plan,
            minutes=limits,
            margins=margins,
            limit_s=left,
            progress=progress_to(json),
            stop=stop,
        )
    folder = None if output is None else _write(found, output, csv)
    if json:
        print_json({"dossier": folder and str(folder), **found.to_dict()})
        return
    say_all(found.sentences())
    if folder:
        say(f"Écrit dans {folder} : explications.csv")


def _write(found: Explanation, output: Path, csv: CsvForm) -> Path:
    """Write ``explications.csv`` in a dated folder; that folder."""
    from datetime import datetime

    from tourplan.files import dated_folder, slug, write_bytes

    with dated_folder(output, slug(found.plan.title), datetime.now()) as (work, final):
        write_bytes(work / "explications.csv", found.to_csv_bytes(csv))
    return final
