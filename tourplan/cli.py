"""The command line: arguments, progress, messages, exit codes. Everything heavy loads on use.

Exit codes: 0 done, 2 the user's input, 3 no plan exists, 1 a fault of tourplan's.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tourplan.console import (
    FrenchCommand,
    FrenchGroup,
    Json,
    give_up_stdout,
    native_words_aside,
    note,
    print_json,
    progress_to,
    run,
    say,
    say_all,
    tame_streams,
)
from tourplan.errors import Fault, InputError, NoPlanError, Repair, TourplanError, quoted
from tourplan.roadcli import roads

if TYPE_CHECKING:
    from tourplan.export.itinerary import Study
    from tourplan.plan import Plan
    from tourplan.prepare import Case
    from tourplan.scenario import Scenario
    from tourplan.study.evaluate import Evaluation
    from tourplan.study.explanation import Explanation
    from tourplan.study.prices import Prices
    from tourplan.study.rounds import Rounds
    from tourplan.study.sensitivity import Sensitivity
    from tourplan.study.tradeoff import TradeOff
    from tourplan.territory import Commune

SYNONYMS = {
    "créer": "init",
    "vérifier": "check",
    "planifier": "solve",
    "évaluer": "evaluate",
    "expliquer": "explain",
    "passages": "rounds",
    "réseau": "network",
}
_STUDIES = ("sensibilite", "prix")
"""What ``solve`` may add to a plan: names of files, and keys of its JSON."""
MOST_CHOICES = 8
"""How many communes of a like name are listed."""


class _Program(FrenchGroup):
    synonyms = SYNONYMS
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

Limit = Annotated[
    float | None,
    typer.Option(
        "--limite",
        metavar="SECONDES",
        help="Durée à ne pas dépasser, en tout, lecture des routes mise à part (par défaut, "
        "calcul.limite_s du scénario).",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        "--sortie",
        metavar="DOSSIER",
        help="Où écrire (par défaut, sorties) ; un dossier daté y est créé.",
    ),
]


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
        _tell_faults(error)
        if as_json:
            print_json({"fautes": [fault.to_dict() for fault in error.faults]})
        return error.exit_code
    except NoPlanError as error:
        _tell_no_plan(error)
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


app.add_typer(roads, name="network")


@app.command(cls=FrenchCommand)
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
            help="herault (dix communes imposées ; par défaut), herault-libre (64 candidates) ou "
            "herault-mois (quatre semaines, deux tournées, une voiture).",
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
        typed = _recognised(communes, territory.communes, ask=not json and sys.stdin.isatty())
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
    say(f"  tourplan check {_typed(path)}     vérifie ce scénario")
    say(f"  tourplan solve {_typed(path)}     calcule la tournée")


@app.command(cls=FrenchCommand)
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
        _tell_faults(InputError(faults))
    else:
        from tourplan.export.words import case_sentences

        say(f"{path} : aucune faute.")
        say_all(case_sentences(case))
        say(f"Ensuite : tourplan solve {_typed(path)}")
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
    shifted: Annotated[
        bool,
        typer.Option(
            "--sensibilite",
            help="Dire aussi ce qui changerait si les trajets étaient 20 % plus courts ou plus "
            "longs (deux calculs de plus, de même durée au plus), et quelle journée est la plus "
            "fragile.",
        ),
    ] = False,
    ruled: Annotated[
        bool,
        typer.Option(
            "--regles",
            help="Dire aussi ce que coûtent les règles de la semaine : sans ouverture minimale, à "
            "24 h, à 35 h, à 39 h (trois calculs de plus ou davantage, de même durée au plus).",
        ),
    ] = False,
    levels: Annotated[
        str | None,
        typer.Option(
            "--arbitrage",
            metavar="A,B",
            help="Au lieu d’un seul plan, la courbe démontrée entre deux objectifs, par exemple "
            "habitants_au_dela_20,route : un plan par point.",
        ),
    ] = None,
    points: Annotated[
        int | None,
        typer.Option(
            "--points",
            metavar="N",
            help="Points de cette courbe, au plus (12 par défaut).",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Trouver la meilleure tournée, la démontrer, et écrire plan, tableau et carte."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.planner import solve as find

    pair = _pair(levels, points, others={"--sensibilite": shifted, "--regles": ruled})
    _refuse_unwritable(output)
    case = case_of(path, progress_to(json))
    started = _after_reading(case, started)
    seconds = _limit_s(limit, case.scenario)
    deadline = started + seconds
    if pair is not None:
        _trade_off(case, pair, points, output, deadline, as_json=json)
        return
    with _interruptible() as stop:
        try:
            left = deadline - monotonic()
            with native_words_aside():
                plan = find(case, limit_s=left, progress=progress_to(json), stop=stop)
        except InputError:
            if stop.is_set():
                raise KeyboardInterrupt from None
            raise
        except NoPlanError as error:
            if ruled and not json:
                say_all(_priced(case, error, seconds, stop).sentences())
            raise
        planned = monotonic()
        studies: dict[str, Study] = {}
        if shifted:
            studies["sensibilite"] = _sensitive(case, plan, seconds, stop, quiet=json)
        if ruled:
            studies["prix"] = _priced(case, plan, seconds, stop, quiet=json)
        deadline += monotonic() - planned
        folder = _write(plan, case, output, studies)
        compared = None if stop.is_set() else _compared(case, plan, deadline, stop)
    if json:
        print_json(_solve_answer(plan, folder, compared, studies))
    else:
        _tell_plan(plan, folder, compared, studies)


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
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.export.words import evaluation_report
    from tourplan.study.evaluate import evaluate as judge

    case = case_of(path, progress_to(json))
    started = _after_reading(case, started)
    left = started + _limit_s(limit, case.scenario) - monotonic()
    with _interruptible() as stop, native_words_aside():
        found = judge(case, tour, limit_s=left, progress=progress_to(json), stop=stop)
    if json:
        print_json(found.to_dict())
    else:
        say_all(evaluation_report(found, tour))


@app.command(cls=FrenchCommand)
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
    json: Json = False,
) -> None:
    """Dire pourquoi une commune n’est pas desservie, qui reste loin, et ce qu’il faudrait."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.plan import Plan
    from tourplan.study.explain import explain as ask

    limits = _minutes(minutes)
    if output is not None:
        _refuse_unwritable(output)
    plan = Plan.read(path) if path is not None and path.suffix.lower() == ".json" else None
    case = case_of(path, progress_to(json)) if plan is None else plan.case()
    started = _after_reading(case, started)
    codes = None
    if communes:
        known = case.territory.communes
        codes = list(_recognised(",".join(communes), known, ask=False, where="commune"))
    left = started + _limit_s(limit, case.scenario) - monotonic()
    with _interruptible() as stop, native_words_aside():
        try:
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
        except InputError:
            if stop.is_set():
                raise KeyboardInterrupt from None
            raise
    folder = None if output is None else _write_explained(found, output)
    if json:
        print_json({"dossier": folder and str(folder), **found.to_dict()})
        return
    say_all(found.sentences())
    if folder:
        say(f"Écrit dans {folder} : explications.csv")


@app.command(cls=FrenchCommand)
def rounds(
    path: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIO]", help="Le scénario ; sinon, l’exemple herault."),
    ] = None,
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
    output: Output = Path("sorties"),
    limit: Limit = None,
    json: Json = False,
) -> None:
    """Combien de tournées par mois ? Visites possibles, accès, heures et coût de chaque choix."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.study.rounds import rounds as ask

    asked, over = _whole_numbers(
        ("--tournees", numbers, "un nombre de tournées", "1,2,4"),
        ("--communes", communes, "un nombre de communes", "10,20"),
    )
    _refuse_unwritable(output)
    case = case_of(path, progress_to(json))
    started = _after_reading(case, started)
    left = started + _limit_s(limit, case.scenario) - monotonic()
    with _interruptible() as stop, native_words_aside():
        found = ask(case, asked, over, limit_s=left, progress=progress_to(json), stop=stop)
    folder, files = _write_rounds(found, output)
    if json:
        print_json({"dossier": str(folder), "fichiers": files, "passages": found.to_dict()})
        return
    say(found.title)
    say("")
    say_all(found.sentences())
    say("")
    say(f"Écrit dans {folder} : {', '.join(files)}")


def _write_rounds(found: Rounds, output: Path) -> tuple[Path, list[str]]:
    """Write a table of rounds and the plan of each; their folder and names."""
    from datetime import datetime

    from tourplan.export.itinerary import itinerary_csv, table_csv
    from tourplan.files import dated_folder, slug, write_text

    files = ["passages.csv"]
    with dated_folder(output, f"{slug(found.title)}-passages", datetime.now()) as (work, final):
        write_text(work / files[0], table_csv(found), bom=True)
        for name, plan in found.plans.items():
            table = name.replace("plan_", "itineraire_").replace(".json", ".csv")
            write_text(work / name, plan.to_json())
            write_text(work / table, itinerary_csv(plan), bom=True)
            files += [name, table]
    return final, files


def _minutes(text: str) -> list[int]:
    """The limits of a list typed with commas.

    Raises:
        InputError: one of them is no number of minutes.
    """
    (found,) = _whole_numbers(("--minutes", text, "un nombre de minutes", "30,20,15"))
    return found


def _whole_numbers(*asked: tuple[str, str, str, str]) -> list[list[int]]:
    """The whole numbers, from 1 to 600, of lists typed with commas.

    Args:
        asked: the option, what was typed, what its numbers are, an example.

    Raises:
        InputError: those that are none.
    """
    faults, found = [], []
    for option, text, what, example in asked:
        parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
        wrong = [part for part in parts if not part.isdecimal() or not 0 < int(part) <= 600]
        if wrong or not parts:
            shown = quoted(wrong[0] if wrong else text)
            mend = f"donnez par exemple {example}"
            faults.append(Fault(option, f"{shown} n’est pas {what}", mend))
        else:
            found.append([int(part) for part in parts])
    if faults:
        raise InputError(faults)
    return found


def _write_explained(found: Explanation, output: Path) -> Path:
    """Write ``explications.csv`` in a dated folder; that folder."""
    from datetime import datetime

    from tourplan.export.itinerary import french_csv
    from tourplan.files import dated_folder, slug, write_text

    with dated_folder(output, slug(found.plan.title), datetime.now()) as (work, final):
        table = french_csv(found.columns, found.rows())
        write_text(work / "explications.csv", table, bom=True)
    return final


def _pair(
    levels: str | None, points: int | None, *, others: Mapping[str, bool]
) -> tuple[str, str] | None:
    """The two levels of ``--arbitrage``; ``None`` where no curve is asked for.

    Args:
        levels: what was typed.
        points: what was typed for ``--points``.
        others: options that go with a plan only, and whether they were typed.

    Raises:
        InputError: not two levels, or options that do not go together.
    """
    if levels is None:
        if points is not None:
            raise InputError.of("--points", "ne va qu’avec --arbitrage", "retirez-le")
        return None
    for option in (option for option, typed in others.items() if typed):
        raise InputError.of("--arbitrage", f"ne va pas avec {option}", "retirez l’un des deux")
    names = [name.strip() for name in levels.split(",")]
    if len(names) != 2 or not all(names):
        mend = "donnez deux objectifs, par exemple habitants_au_dela_20,route"
        raise InputError.of("--arbitrage", quoted(levels), mend)
    return names[0], names[1]


def _trade_off(
    case: Case,
    pair: tuple[str, str],
    points: int | None,
    output: Path,
    deadline: float,
    *,
    as_json: bool,
) -> None:
    """Work out, write and tell the curve between two levels."""
    from tourplan.study.tradeoff import POINTS, tradeoff

    with _interruptible() as stop, native_words_aside():
        try:
            found = tradeoff(
                case,
                *pair,
                points=POINTS if points is None else points,
                limit_s=deadline - monotonic(),
                progress=progress_to(as_json),
                stop=stop,
            )
        except InputError:
            if stop.is_set():
                raise KeyboardInterrupt from None
            raise
        folder, files = _write_curve(found, output)
    if as_json:
        plans = [plan.model_dump(by_alias=True, mode="json") for plan in found.plans]
        told = {"dossier": str(folder), "fichiers": files}
        print_json({**told, "arbitrage": found.to_dict(), "plans": plans})
        return
    say(found.plans[0].title)
    say("")
    say_all(found.sentences())
    say("")
    say(f"Écrit dans {folder} : {', '.join(files)}")


def _write_curve(found: TradeOff, output: Path) -> tuple[Path, list[str]]:
    """Write the plans of a curve, its table and its drawing; their folder and names."""
    from datetime import datetime

    from tourplan.export.itinerary import french_csv
    from tourplan.files import dated_folder, slug, write_text

    label = f"{slug(found.plans[0].title)}-arbitrage"
    files = ["arbitrage.csv", *found.files]
    with dated_folder(output, label, datetime.now()) as (work, final):
        write_text(work / files[0], french_csv(found.columns, found.rows()), bom=True)
        for plan, name in zip(found.plans, found.files, strict=True):
            write_text(work / name, plan.to_json())
        drawing = found.svg()
        if drawing is not None:
            files.insert(1, "arbitrage.svg")
            write_text(work / "arbitrage.svg", drawing)
    return final, files


def _after_reading(case: Case, started: float) -> float:
    """Since when time counts: reading or downloading roads is done once, and not counted."""
    return started if case.scenario.network.source == "integre" else monotonic()


def _limit_s(given: float | None, scenario: Scenario) -> float:
    """Seconds the whole command may take.

    Raises:
        InputError: what was given is no number of seconds.
    """
    if given is None:
        return scenario.computing.limit_s
    if not isfinite(given) or given <= 0:
        shown = f"{given:g}".replace(".", ",")
        raise InputError.of(
            "--limite",
            f"« {shown} » n’est pas une durée possible",
            "donnez des secondes, par exemple 60",
        )
    return given


def _refuse_unwritable(output: Path) -> None:
    """Refuse at once, rather than after the search, a folder where nothing can be written.

    Raises:
        InputError: says why.
    """
    from datetime import datetime

    from tourplan.files import dated_folder

    there = output if output.exists() else next(p for p in output.absolute().parents if p.exists())
    with dated_folder(there, "essai", datetime.now()) as (_, trial):
        pass
    trial.rmdir()


def _sensitive(
    case: Case, plan: Plan, seconds: float, stop: threading.Event, *, quiet: bool
) -> Sensitivity:
    """What other drives would change; each of its solves may take as long as the plan's own."""
    from tourplan.study.sensitivity import sensitivity

    with native_words_aside():
        return sensitivity(case, plan, limit_s=seconds, progress=progress_to(quiet), stop=stop)


def _priced(
    case: Case,
    plan: Plan | NoPlanError,
    seconds: float,
    stop: threading.Event,
    *,
    quiet: bool = False,
) -> Prices:
    """What the rules of the week cost; each of its solves may take as long as the plan's own."""
    from tourplan.study.prices import prices

    with native_words_aside():
        return prices(case, plan, limit_s=seconds, progress=progress_to(quiet), stop=stop)


def _compared(case: Case, plan: Plan, deadline: float, stop: threading.Event) -> Evaluation | None:
    """The tour of today under the same rules, when the scenario names one."""
    from tourplan.study.evaluate import evaluate as judge
    from tourplan.study.tours import tour_path

    tour = case.scenario.comparison.tour
    if not tour:
        return None
    path = tour_path(tour, case.scenario.base)
    left = max(1.0, deadline - monotonic())
    with native_words_aside():
        return judge(case, path, best=plan, limit_s=left, changes=False, stop=stop)


def _typed(path: Path) -> str:
    """A path as it is to be typed."""
    return f'"{path}"' if " " in str(path) else str(path)


def _recognised(
    text: str, communes: Mapping[str, Commune], *, ask: bool, where: str = "--communes"
) -> dict[str, str]:
    """What was typed for each commune, by code; asks about ambiguous names, or lists them all.

    Raises:
        InputError: names unknown, or ambiguous with nobody to ask.
    """
    from tourplan.names import recognise, split_names

    typed: dict[str, str] = {}
    faults = []
    for name in split_names(text):
        match = recognise(name, communes)
        found = match.found
        if found is None and match.communes and ask:
            found = _asked(name, match.communes)
        if found is not None:
            typed.setdefault(found.code, name)
            continue
        what = "peut désigner plusieurs communes" if match.communes else "commune inconnue"
        mend = _choices(match.communes or match.nearest)
        faults.append(Fault(where, f"{quoted(name)} : {what}", mend))
    if not typed and not faults:
        faults.append(Fault(where, "aucune commune", "donnez des noms ou des codes"))
    if faults:
        raise InputError(faults)
    return typed


def _choices(near: tuple[Commune, ...]) -> str:
    """The communes that may have been meant, the first few of them, with their codes."""
    if not near:
        return "vérifiez l’orthographe, ou donnez le code INSEE (Hérault, Charente, Hautes-Alpes)"
    shown = ", ".join(f"{c.name} ({c.code})" for c in near[:MOST_CHOICES])
    more = len(near) - MOST_CHOICES
    return f"précisez, ou donnez le code : {shown}" + (f" et {more} autres" if more > 0 else "")


def _asked(name: str, choices: tuple[Commune, ...]) -> Commune | None:
    """The commune that the user picks; ``None`` when the answer is none of them."""
    say(f"{quoted(name)} peut désigner :")
    for number, commune in enumerate(choices, start=1):
        say(f"  {number}. {commune.name} ({commune.code})")
    try:
        answer = input("Numéro : ").strip()
    except EOFError:
        return None
    return (
        choices[int(answer) - 1] if answer.isdecimal() and 0 < int(answer) <= len(choices) else None
    )


def _files(studies: Mapping[str, Study]) -> list[str]:
    """The names of the files written, most useful to programs first."""
    usual = ["plan.json", "itineraire.csv", "carte.html", "attente.csv"]
    return [*usual, *(f"{name}.csv" for name in studies)]


def _write(plan: Plan, case: Case, output: Path, studies: Mapping[str, Study]) -> Path:
    """Write the plan's files together; the folder they are in."""
    from datetime import datetime

    from tourplan.export.itinerary import itinerary_csv, table_csv
    from tourplan.export.page import map_page
    from tourplan.files import dated_folder, slug, write_text
    from tourplan.study.waiting import waiting

    with dated_folder(output, slug(plan.title), datetime.now()) as (work, final):
        write_text(work / "plan.json", plan.to_json())
        write_text(work / "itineraire.csv", itinerary_csv(plan), bom=True)
        told = studies["sensibilite"].sentences() if "sensibilite" in studies else ()
        write_text(work / "carte.html", map_page(plan, case, told))
        for name, table in {"attente": waiting(plan), **studies}.items():
            write_text(work / f"{name}.csv", table_csv(table), bom=True)
    return final


def _tell_plan(
    plan: Plan, folder: Path, compared: Evaluation | None, studies: Mapping[str, Study]
) -> None:
    """The plan on the screen: days, levels, files, then what an élu wants to read."""
    from tourplan.export.words import (
        comparison_sentences,
        cost_sentence,
        days_table,
        elected_sentences,
        levels_table,
        origin_words,
    )

    say(plan.title)
    say("")
    say_all(days_table(plan))
    say("")
    say("Objectifs, du plus important au moins important :")
    say_all(levels_table(plan))
    say(cost_sentence(plan))
    say(f"Temps de route : {origin_words(plan.origin)}.")
    for remark in plan.notes:
        say(f"À savoir : {remark}.")
    if plan.stopped == "interrompu":
        say("Calcul interrompu : voici le meilleur plan trouvé jusque-là.")
    say("")
    say(f"Écrit dans {folder} : {', '.join(_files(studies))}")
    say("")
    for study in studies.values():
        say_all(study.sentences())
        say("")
    say_all(elected_sentences(plan))
    if compared is not None:
        say("")
        say_all(comparison_sentences(compared, plan.scenario["comparaison"]["tournee"]))


def _solve_answer(
    plan: Plan, folder: Path, compared: Evaluation | None, studies: Mapping[str, Study]
) -> dict[str, Any]:
    """What ``solve --json`` prints."""
    from tourplan.export.words import comparison_sentences, elected_sentences

    return {
        "dossier": str(folder),
        "fichiers": _files(studies),
        "demontre": plan.proved,
        "fin": plan.stopped,
        "phrases": elected_sentences(plan),
        "comparaison": comparison_sentences(compared, plan.scenario["comparaison"]["tournee"])
        if compared
        else [],
        **{name: studies[name].to_dict() if name in studies else None for name in _STUDIES},
        "plan": plan.model_dump(by_alias=True, mode="json"),
    }


def _tell_faults(error: InputError) -> None:
    """Every fault on stderr, one a line."""
    count = len(error.faults)
    note(f"{count} faute{'s' if count > 1 else ''} à corriger :")
    for fault in error.faults:
        note(f"  - {fault}")


def _tell_no_plan(error: NoPlanError) -> None:
    """Why there is no plan, and the least changes that give one."""
    note(error.message)
    if error.repairs:
        note(_repairs_heading(error.repairs))
    _tell_repairs(error.repairs)
    if error.others:
        note("Ou, sans toucher à ces exigences, l’un de ces autres moyens :")
    _tell_repairs(error.others)


def _tell_repairs(repairs: tuple[Repair, ...]) -> None:
    for repair in repairs:
        proof = "" if repair.proved else " (non démontré)"
        note(f"  - {repair.text} → {repair.change}{proof}")


def _repairs_heading(repairs: tuple[Repair, ...]) -> str:
    """What the list of repairs is: one of them, each of them, or none that is enough alone."""
    if len(repairs) == 1:
        return "Le plus petit changement :"
    if all(repair.rule == "day" for repair in repairs):
        return "Il faut à la fois :"
    if all(repair.enough for repair in repairs):
        return "Un seul de ces changements suffit :"
    return "Le plus petit changement de chacune :"


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C ends the program."""
    stop = threading.Event()

    def interrupt(*_: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        note("Interruption demandée : je garde le meilleur trouvé (Ctrl-C encore pour quitter).")

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
