"""The command line: arguments, progress, messages, exit codes. Everything heavy loads on use.

Exit codes: 0 done, 2 the user's input, 3 no plan exists, 1 a fault of tourplan's.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tourplan.console import FrenchCommand, FrenchGroup, run, tame_streams
from tourplan.errors import Fault, InputError, NoPlanError, TourplanError

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.scenario import Scenario

SYNONYMS = {
    "creer": "init",
    "verifier": "check",
    "planifier": "solve",
    "evaluer": "evaluate",
}
DEFAULT_EXAMPLE = "herault"


class _Program(FrenchGroup):
    synonyms = SYNONYMS


app = typer.Typer(
    cls=_Program,
    help="Planifier des permanences itinérantes de service public, et le démontrer.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)

Json = Annotated[bool, typer.Option("--json", help="Réponse en JSON, pour les programmes.")]
Limit = Annotated[
    float | None,
    typer.Option(
        "--limite",
        metavar="SECONDES",
        help="Temps le plus long de toute la commande ; celui du scénario par défaut.",
    ),
]
Output = Annotated[
    Path,
    typer.Option("--sortie", metavar="DOSSIER", help="Où écrire ; un dossier daté y est créé."),
]


def main(args: list[str] | None = None) -> None:
    """Run the program and leave with its exit code."""
    tame_streams()
    code = _guarded(args)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if any(
        thread.daemon
        for thread in threading.enumerate()
        if thread is not threading.current_thread()
    ):
        os._exit(code)  # a solver left behind by Ctrl-C cannot be told to stop
    sys.exit(code)


def _guarded(args: list[str] | None) -> int:
    """The exit code of a run, errors told as their kind asks."""
    try:
        return run(app, args)
    except InputError as error:
        _tell_faults(error)
        return error.exit_code
    except NoPlanError as error:
        _tell_no_plan(error)
        return error.exit_code
    except TourplanError as error:
        _note(f"tourplan : erreur interne, à signaler : {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _note("Interrompu ; rien n’a été écrit.")
        return 2
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return 0
    except Exception:
        import traceback

        traceback.print_exc()
        _note("tourplan : erreur interne ; merci de signaler le texte ci-dessus.")
        return 1


@app.command(cls=FrenchCommand)
def init(
    path: Annotated[Path, typer.Argument(metavar="[FICHIER]", help="Le scénario à écrire.")] = Path(
        "scenario.toml"
    ),
    example: Annotated[
        str, typer.Option("--exemple", help="herault ou herault-libre.", metavar="NOM")
    ] = "",
    communes: Annotated[
        str,
        typer.Option("--communes", help="Noms ou codes, entre virgules.", metavar="LISTE"),
    ] = "",
    json: Json = False,
) -> None:
    """Écrire un scénario commenté ; n’écrase jamais un fichier."""
    from tourplan.files import write_new_text
    from tourplan.starter import example_keys, scenario_text
    from tourplan.territory import read_territory

    if example and communes:
        raise InputError.of("--communes", "ne va pas avec --exemple", "donnez l’un ou l’autre")
    territory = read_territory()
    if communes:
        codes = _recognised(communes, territory.communes, ask=not json and sys.stdin.isatty())
        keys: dict[str, Any] = {
            "titre": f"Tournée de {len(codes)} communes",
            "communes": {"a_desservir": codes},
        }
    else:
        keys = example_keys(example or DEFAULT_EXAMPLE)
    epcis = territory.epcis()
    text = scenario_text(keys, lambda code: epcis.get(code) or territory.name(code))
    write_new_text(path, text)
    if json:
        _print_json({"fichier": str(path), "communes": keys["communes"]})
        return
    for code in keys["communes"].get("a_desservir", ()):
        _say(f"  {code}  {territory.name(code)}")
    _say(f"Écrit : {path}")
    _say(f"Ensuite : tourplan check {path}, puis tourplan solve {path}")


@app.command(cls=FrenchCommand)
def check(
    path: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Le scénario à vérifier.")],
    json: Json = False,
) -> None:
    """Vérifier un scénario : toutes les fautes d’un coup, et comment les corriger."""
    from tourplan.prepare import prepare
    from tourplan.scenario import read_scenario

    faults: tuple[Fault, ...] = ()
    case = None
    try:
        scenario, found = read_scenario(path)
        case = prepare(scenario, found)
    except InputError as error:
        faults = error.faults
    if json:
        _print_json({"valide": not faults, "fautes": [fault.to_dict() for fault in faults]})
    elif case is None:
        _tell_faults(InputError(faults))
    else:
        problem = case.problem
        required = sum(site.required for site in problem.sites)
        _say(f"{path} : aucune faute.")
        _say(
            f"  {required} communes à desservir, {len(problem.sites) - required} autres "
            f"candidates, {problem.resident_weight.sum()} habitants comptés, départ de "
            f"{case.territory.name(case.depot_code)}."
        )
        for note in case.notes:
            _say(f"  {note}")
    if faults:
        raise typer.Exit(2)


@app.command(cls=FrenchCommand)
def solve(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIO]", help="Le scénario ; sinon, l’exemple herault."),
    ] = None,
    output: Output = Path("sorties"),
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Trouver la meilleure tournée, la démontrer, et écrire plan, tableau et carte."""
    from time import monotonic

    from tourplan.planner import solve as find
    from tourplan.prepare import prepare

    started = monotonic()
    scenario, faults = _scenario(path)
    limit_s = scenario.computing.limit_s if limit is None else limit
    if limit_s <= 0:
        raise InputError.of("--limite", f"{limit_s:g} s", "donnez un nombre de secondes positif")
    case = prepare(scenario, faults)
    with _interruptible() as stop:
        spent = monotonic() - started
        plan = find(case, limit_s=limit_s - spent, progress=_progress(json), stop=stop)
        folder = _write(plan, case, output)
        evaluation = None
        if scenario.comparison.tour and not stop.is_set():
            from tourplan.study.evaluate import evaluate

            left = max(1.0, limit_s - (monotonic() - started))
            evaluation = evaluate(case, scenario.comparison.tour, best=plan, limit_s=left)
    if json:
        _print_json(_solve_answer(plan, folder, evaluation))
        return
    _tell_plan(plan, folder)
    if evaluation is not None:
        from tourplan.export.words import comparison_sentences

        _say("")
        _say_all(comparison_sentences(evaluation, scenario.comparison.tour))


@app.command(cls=FrenchCommand)
def evaluate(
    path: Annotated[Path, typer.Argument(metavar="SCENARIO", help="Règles et temps à appliquer.")],
    tour: Annotated[
        str,
        typer.Argument(
            metavar="ITINERAIRE",
            help="CSV (jour;creneau;code_insee), ou herault_2021, herault_2024.",
        ),
    ],
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Juger une tournée : chiffres, règles enfreintes, et ce qui serait mieux."""
    from tourplan.export.words import evaluation_report
    from tourplan.prepare import prepare
    from tourplan.study.evaluate import evaluate as judge

    scenario, faults = _scenario(path)
    case = prepare(scenario, faults)
    with _interruptible() as stop:
        found = judge(case, tour, limit_s=limit, progress=_progress(json), stop=stop)
    if json:
        _print_json(found.to_dict())
    else:
        _say_all(evaluation_report(found, tour))


def _scenario(path: Path | None) -> tuple[Scenario, list[Fault]]:
    """The scenario of a file with the faults of its form, or the embedded example."""
    from tourplan.scenario import read_scenario
    from tourplan.starter import EXAMPLES, example

    if path is None:
        return example(DEFAULT_EXAMPLE), []
    if str(path) in EXAMPLES and not path.exists():
        return example(str(path)), []
    return read_scenario(path)


def _recognised(text: str, communes: Any, *, ask: bool) -> list[str]:
    """The codes of the communes typed; asks about ambiguous names, or lists them all.

    Raises:
        InputError: names unknown, or ambiguous with nobody to ask.
    """
    from tourplan.names import recognise, split_names

    codes: list[str] = []
    faults = []
    for name in split_names(text):
        match = recognise(name, communes)
        found = match.found
        if found is None and match.communes and ask:
            found = _asked(name, match.communes)
        if found is not None:
            codes += [found.code] if found.code not in codes else []
            continue
        near = match.communes or match.nearest
        choices = ", ".join(f"{c.code} {c.name} ({c.departement})" for c in near)
        what = "peut désigner plusieurs communes" if match.communes else "inconnue"
        faults.append(Fault("--communes", f"« {name} » {what}", f"précisez : {choices}"))
    if not codes and not faults:
        faults.append(Fault("--communes", "aucune commune", "donnez des noms ou des codes"))
    if faults:
        raise InputError(faults)
    return codes


def _asked(name: str, choices: tuple[Any, ...]) -> Any:
    """The commune that the user picks; ``None`` when the answer is none of them."""
    _say(f"« {name} » peut désigner :")
    for number, commune in enumerate(choices, start=1):
        _say(f"  {number}. {commune.name} ({commune.code})")
    answer = input("Numéro : ").strip()
    return (
        choices[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(choices) else None
    )


def _write(plan: Plan, case: Any, output: Path) -> Path:
    """Write the plan's files together; the folder they are in."""
    from datetime import datetime

    from tourplan.export.itinerary import itinerary_csv
    from tourplan.export.page import map_page
    from tourplan.files import dated_folder, slug, write_text

    with dated_folder(output, slug(plan.title), datetime.now()) as (work, final):
        write_text(work / "plan.json", plan.to_json())
        write_text(work / "itineraire.csv", itinerary_csv(plan), bom=True)
        write_text(work / "carte.html", map_page(plan, case))
    return final


def _tell_plan(plan: Plan, folder: Path) -> None:
    """The plan on the screen: days, sentences, levels, files."""
    from tourplan.export.words import days_table, elected_sentences, levels_table

    _say(plan.title)
    _say("")
    _say_all(days_table(plan))
    _say("")
    _say_all(elected_sentences(plan))
    _say("")
    _say("Objectifs, du plus important au moins important :")
    _say_all(levels_table(plan.levels))
    _say(f"Temps de route : {plan.origin.label} ({plan.origin.uncertainty}).")
    for note in plan.notes:
        _say(f"À savoir : {note}.")
    if plan.stopped == "interrompu":
        _say("Calcul interrompu : voici le meilleur plan trouvé jusque-là.")
    _say("")
    _say(f"Écrit dans {folder} : plan.json, itineraire.csv, carte.html")


def _solve_answer(plan: Plan, folder: Path, evaluation: Any) -> dict[str, Any]:
    """What ``solve --json`` prints."""
    from tourplan.export.words import comparison_sentences, elected_sentences

    return {
        "dossier": str(folder),
        "fichiers": ["plan.json", "itineraire.csv", "carte.html"],
        "demontre": plan.proved,
        "fin": plan.stopped,
        "phrases": elected_sentences(plan),
        "comparaison": comparison_sentences(evaluation, plan.scenario["comparaison"]["tournee"])
        if evaluation
        else [],
        "plan": plan.model_dump(by_alias=True, mode="json"),
    }


def _tell_faults(error: InputError) -> None:
    """Every fault on stderr, one a line."""
    count = len(error.faults)
    _note(f"{count} faute{'s' if count > 1 else ''} à corriger :")
    for fault in error.faults:
        _note(f"  - {fault}")


def _tell_no_plan(error: NoPlanError) -> None:
    """Why there is no plan, and the least changes that give one."""
    _note(error.message)
    if error.repairs:
        _note("Un seul de ces changements suffit :")
    for repair in error.repairs:
        proof = "" if repair.proved else " (non démontré)"
        _note(f"  - {repair.text} : {repair.change}{proof}")


def _progress(quiet: bool) -> Callable[[str], None]:
    """Where progress is told: stderr, or nowhere."""
    return (lambda _: None) if quiet else (lambda text: _note(f"… {text}"))


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C ends the program."""
    stop = threading.Event()

    def interrupt(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        _note("Interruption : je garde le meilleur plan trouvé (Ctrl-C encore pour quitter).")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _print_json(content: dict[str, Any]) -> None:
    import json

    sys.stdout.write(json.dumps(content, ensure_ascii=True, indent=1) + "\n")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _say_all(lines: list[str]) -> None:
    for line in lines:
        _say(line)


def _note(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
