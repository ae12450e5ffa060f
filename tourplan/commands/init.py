"""``tourplan init``: a commented scenario to start from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tourplan.commands.communes import recognised
from tourplan.commands.options import Json, as_typed
from tourplan.console import print_json, say
from tourplan.errors import InputError


def init(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="[FICHIER]", help="Le scénario à écrire (par défaut, scenario.toml)."
        ),
    ] = Path("scenario.toml"),
    example: Annotated[
        str,
        typer.Option(
            "--exemple",
            metavar="NOM",
            help="herault (dix communes imposées ; par défaut), herault-libre (64 candidates), "
            "herault-mois (quatre semaines, deux tournées, une voiture) ou charente-bus (un bus, "
            "semaines impaires et paires).",
        ),
    ] = "",
    communes: Annotated[
        str | None,
        typer.Option(
            "--communes",
            help="Vos communes : noms ou codes INSEE, entre virgules.",
            metavar="LISTE",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Écrire un scénario commenté ; n’écrase jamais un fichier."""
    from tourplan.files import write_new_text
    from tourplan.names import same_name
    from tourplan.starter import DEFAULT_EXAMPLE, example_keys, scenario_text
    from tourplan.territory import read_territory

    if example and communes is not None:
        raise InputError.of("--communes", "ne va pas avec --exemple", "donnez l’un ou l’autre")
    territory = read_territory()
    typed: dict[str, str] = {}
    if communes is not None:
        typed = recognised(communes, territory.communes, ask=not json and sys.stdin.isatty())
        codes = list(typed)
        keys: dict[str, Any] = {
            "titre": f"Tournée de {len(codes)} commune{'s' if len(codes) > 1 else ''}",
            "communes": {"a_desservir": codes},
        }
    else:
        keys = example_keys(example or DEFAULT_EXAMPLE)
    epcis = territory.epcis()
    text = scenario_text(keys, lambda code: epcis.get(code) or territory.name(code))
    write_new_text(path, text)
    if json:
        print_json({"fichier": str(path), "communes": keys["communes"]})
        return
    for code in keys["communes"].get("a_desservir", ()):
        name = territory.name(code)
        said = typed.get(code, name)
        doubt = "" if same_name(said, name) or said == code else f"   (vous avez écrit « {said} »)"
        say(f"  {code}  {name}{doubt}")
    say(f"Écrit : {path}")
    say("Ensuite :")
    say(f"  tourplan check {as_typed(path)}     vérifie ce scénario")
    say(f"  tourplan solve {as_typed(path)}     calcule la tournée")
