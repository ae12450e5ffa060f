"""``tourplan check``: every fault of a scenario at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tourplan.commands.options import Json, as_typed
from tourplan.commands.refusals import tell_faults
from tourplan.console import print_json, progress_to, say, say_all
from tourplan.errors import Fault, InputError


def check(
    path: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Le scénario à vérifier.")],
    json: Json = False,
) -> None:
    """Vérifier un scénario : toutes les fautes d’un coup, et comment les corriger."""
    from tourplan.cases import case_of

    faults: tuple[Fault, ...] = ()
    case = None
    try:
        case = case_of(path, progress_to(json))
    except InputError as error:
        faults = error.faults
    if json:
        print_json({"valide": not faults, "fautes": [fault.to_dict() for fault in faults]})
    elif case is None:
        tell_faults(InputError(faults))
    else:
        from tourplan.export.words import case_sentences

        say(f"{path} : aucune faute.")
        say_all(case_sentences(case))
        say(f"Ensuite : tourplan solve {as_typed(path)}")
    if faults:
        raise typer.Exit(2)
