"""The program: its commands, exit codes, and what is said when a command cannot answer.

Exit codes: 0 done, 2 the user's input, 3 no plan exists, 1 a fault of tourplan's.
"""

from __future__ import annotations

import os
import sys
import threading

import typer

from tourplan.commands.check import check
from tourplan.commands.evaluate import evaluate
from tourplan.commands.explain import explain
from tourplan.commands.export import export
from tourplan.commands.init import init
from tourplan.commands.network import roads
from tourplan.commands.refusals import tell_faults, tell_no_plan
from tourplan.commands.rounds import rounds
from tourplan.commands.solve import solve
from tourplan.console import (
    FrenchCommand,
    FrenchGroup,
    give_up_stdout,
    note,
    print_json,
    run,
    tame_streams,
)
from tourplan.errors import InputError, NoPlanError, TourplanError


class _Program(FrenchGroup):
    synonyms = {  # noqa: RUF012
        "créer": "init",
        "vérifier": "check",
        "planifier": "solve",
        "évaluer": "evaluate",
        "expliquer": "explain",
        "passages": "rounds",
        "exporter": "export",
        "réseau": "network",
    }
    examples = (
        ("tourplan solve", "calcule la tournée donnée en exemple (Hérault)"),
        ("tourplan init", "écrit un scénario à modifier, scenario.toml"),
        ('tourplan init --communes "Le Caylar, Les Rives"', "le même, pour vos communes"),
    )


app = typer.Typer(
    cls=_Program,
    help="Planifier des permanences itinérantes de service public, et le démontrer.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
for command in (init, check, solve, evaluate, explain, rounds, export):
    app.command(cls=FrenchCommand)(command)
app.add_typer(roads, name="network")


def main(args: list[str] | None = None) -> None:
    """Run the program and leave with its exit code."""
    tame_streams()
    try:
        code = _guarded(args)
    except KeyboardInterrupt:
        note("Interrompu avant la fin.")
        os._exit(2)  # by the usual way out, Python may say that SIGINT killed it
    if any(
        thread.daemon
        for thread in threading.enumerate()
        if thread is not threading.current_thread()
    ):
        os._exit(code)  # a solver left behind by Ctrl-C cannot be told to stop
    sys.exit(code)


def _guarded(args: list[str] | None) -> int:
    """The exit code of a run, errors told as their kind asks."""
    as_json = "--json" in (sys.argv[1:] if args is None else args)
    try:
        code = _told(args, as_json=as_json)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        give_up_stdout()
        return 0
    except Exception:
        import traceback

        traceback.print_exc()
        note("tourplan : erreur interne ; merci de signaler le texte ci-dessus.")
        return 1


def _told(args: list[str] | None, *, as_json: bool) -> int:
    """The exit code of a run, the errors that tourplan foresees told in words and in JSON."""
    try:
        return run(app, args)
    except InputError as error:
        tell_faults(error)
        if as_json:
            print_json({"fautes": [fault.to_dict() for fault in error.faults]})
        return error.exit_code
    except NoPlanError as error:
        tell_no_plan(error)
        if as_json:
            repairs = [repair.to_dict() for repair in error.repairs]
            others = [repair.to_dict() for repair in error.others]
            print_json(
                {"aucun_plan": error.message, "changements": repairs, "autres_moyens": others}
            )
        return error.exit_code
    except TourplanError as error:
        note(f"tourplan : erreur interne, à signaler : {error}")
        return error.exit_code
