"""``tourplan rounds``: how many rounds a month, over how many communes."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from tourplan.commands.options import (
    OUTPUT_FOLDER,
    CsvOption,
    Json,
    Limit,
    Output,
    Scenario,
    csv_form,
    whole_numbers,
)
from tourplan.commands.running import deadline, interruptible, limit_s, refuse_unwritable
from tourplan.console import native_words_aside, print_json, progress_to, say, say_all

if TYPE_CHECKING:
    from tourplan.export.itinerary import CsvForm
    from tourplan.study.rounds import Rounds


def rounds(
    path: Scenario = None,
    numbers: Annotated[
        str,
        typer.Option(
            "--tournees", metavar="LISTE", help="Tournées par mois, de 1 à 4 (par défaut, 1,2,4)."
        ),
    ] = "1,2,4",
    communes: Annotated[
        str,
        typer.Option(
            "--communes",
            metavar="LISTE",
            help="Nombres de communes d’une tournée (par défaut, 10,20) : celles du scénario s’il "
            "en nomme autant, sinon les meilleures de ses candidates.",
        ),
    ] = "10,20",
    output: Output = OUTPUT_FOLDER,
    limit: Limit = None,
    form: CsvOption = "excel",
    json: Json = False,
) -> None:
    """Combien de tournées par mois ? Visites possibles, accès, heures et coût de chaque choix."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.study.rounds import rounds as ask

    asked, over = whole_numbers(
        ("--tournees", numbers, "un nombre de tournées", "1,2,4"),
        ("--communes", communes, "un nombre de communes", "10,20"),
    )
    csv = csv_form(form)
    refuse_unwritable(output)
    case = case_of(path, progress_to(json))
    left = deadline(case, limit_s(limit, case.scenario), started) - monotonic()
    with interruptible() as stop, native_words_aside():
        found = ask(case, asked, over, limit_s=left, progress=progress_to(json), stop=stop)
    folder, files = _write(found, output, csv)
    if json:
        print_json({"dossier": str(folder), "fichiers": files, "passages": found.to_dict()})
        return
    say(found.title)
    say("")
    say_all(found.sentences())
    say("")
    say(f"Écrit dans {folder} : {', '.join(files)}")


def _write(found: Rounds, output: Path, csv: CsvForm) -> tuple[Path, list[str]]:
    """Write a table of rounds and the plan of each; their folder and names."""
    from datetime import datetime

    from tourplan.export.itinerary import itinerary_csv
    from tourplan.files import dated_folder, slug, write_bytes, write_text

    files = ["passages.csv"]
    with dated_folder(output, f"{slug(found.title)}-passages", datetime.now()) as (work, final):
        write_bytes(work / files[0], found.to_csv_bytes(csv))
        for name, plan in found.plans.items():
            table = name.replace("plan_", "itineraire_").replace(".json", ".csv")
            write_text(work / name, plan.to_json())
            write_bytes(work / table, itinerary_csv(plan, csv))
            files += [name, table]
    return final, files
