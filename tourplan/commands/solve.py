"""``tourplan solve``: the best tour, proved, with its files and what may be asked of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tourplan.commands.options import (
    OUTPUT_FOLDER,
    Audience,
    CsvOption,
    Json,
    Limit,
    Output,
    Reasons,
    Scenario,
    csv_form,
    is_internal,
)
from tourplan.commands.running import (
    deadline,
    interruptible,
    limit_s,
    refuse_unwritable,
    searching,
)
from tourplan.commands.tradeoff import trade_off, two_levels
from tourplan.commands.writing import write_files
from tourplan.console import native_words_aside, note, print_json, progress_to, say, say_all
from tourplan.errors import Fault, NoPlanError

if TYPE_CHECKING:
    from tourplan.export.itinerary import CsvForm
    from tourplan.export.page import Telling
    from tourplan.plan import Plan
    from tourplan.prepare import Case
    from tourplan.study.evaluate import Evaluation
    from tourplan.study.prices import Prices
    from tourplan.study.result import Result
    from tourplan.study.sensitivity import Sensitivity

_STUDIES = ("sensibilite", "prix")
"""What ``solve`` may add to a plan: names of files, and keys of its JSON."""


def solve(
    path: Scenario = None,
    output: Output = OUTPUT_FOLDER,
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
    asked_why: Reasons = False,
    audience: Audience = "publique",
    everything: Annotated[
        bool,
        typer.Option(
            "--tout",
            help="Écrire aussi tout ce que fait tourplan export, dans les dossiers publique et "
            "interne.",
        ),
    ] = False,
    form: CsvOption = "excel",
    json: Json = False,
) -> None:
    """Trouver la meilleure tournée, la démontrer, et écrire plan, tableau et carte."""
    started = monotonic()  # before loading: the limit covers the whole command
    from tourplan.cases import case_of
    from tourplan.files import slug
    from tourplan.planner import solve as find

    internal, csv = is_internal(audience), csv_form(form)
    others = {
        "--sensibilite": shifted,
        "--regles": ruled,
        "--pourquoi": asked_why,
        "--tout": everything,
    }
    pair = two_levels(levels, points, others=others)
    refuse_unwritable(output)
    case = case_of(path, progress_to(json))
    seconds = limit_s(limit, case.scenario)
    end = deadline(case, seconds, started)
    if pair is not None:
        trade_off(case, pair, points, output, end, csv, as_json=json)
        return
    with interruptible() as stop:
        try:
            with searching(stop):
                left = end - monotonic()
                plan = find(case, limit_s=left, progress=progress_to(json), stop=stop)
        except NoPlanError as error:
            if ruled and not json:
                say_all(_priced(case, error, seconds, stop, quiet=json).sentences())
            raise
        planned = monotonic()
        studies: dict[str, Result] = {}
        if shifted:
            studies["sensibilite"] = _sensitive(case, plan, seconds, stop, quiet=json)
        if ruled:
            studies["prix"] = _priced(case, plan, seconds, stop, quiet=json)
        reasons = _reasons(case, plan, seconds, stop, quiet=json) if asked_why else {}
        end += monotonic() - planned
        telling = _telling(case, studies, reasons, internal=internal)
        files, lacking = _made(plan, case, studies, telling, csv), list[Fault]()
        if everything:
            try:
                more, lacking = _everything(plan, case, telling, csv)
            except Exception:
                note(f"Écrit dans {write_files(output, slug(plan.title), files)}")
                raise
            files |= more
        folder = write_files(output, slug(plan.title), files)
        compared = None if stop.is_set() else _compared(case, plan, end, stop)
    if json:
        print_json(_answer(plan, folder, list(files), compared, studies))
    else:
        _tell(plan, folder, compared, studies)
        if everything:
            _tell_everything(files, lacking)


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
    quiet: bool,
) -> Prices:
    """What the rules of the week cost; each of its solves may take as long as the plan's own."""
    from tourplan.study.prices import prices

    with native_words_aside():
        return prices(case, plan, limit_s=seconds, progress=progress_to(quiet), stop=stop)


def _reasons(
    case: Case, plan: Plan, seconds: float, stop: threading.Event, *, quiet: bool
) -> Mapping[str, str]:
    """Why the tour does not go nearer to who stays far; it may take as long as the plan itself."""
    from tourplan.study.explain import why_not_nearer

    with native_words_aside():
        return why_not_nearer(case, plan, limit_s=seconds, progress=progress_to(quiet), stop=stop)


def _telling(
    case: Case, studies: Mapping[str, Result], reasons: Mapping[str, str], *, internal: bool
) -> Telling:
    """What the map tells besides the plan.

    A tour of today that cannot be read is left out: ``_compared`` tells its faults, once the plan
    is safely written.
    """
    from datetime import date

    from tourplan.export.page import Telling
    from tourplan.study.existing import readable_tour_of_today

    today = readable_tour_of_today(case)
    shifted = studies.get("sensibilite")
    told = () if shifted is None else shifted.sentences() if internal else shifted.for_everyone()
    return Telling(internal, today, told, reasons, date.today())


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


def _made(
    plan: Plan, case: Case, studies: Mapping[str, Result], telling: Telling, csv: CsvForm
) -> dict[str, bytes]:
    """The plan's files, most useful to programs first."""
    from tourplan.export.bundle import usual_files
    from tourplan.study.waiting import waiting

    tables = {"attente": waiting(plan), **studies}
    return {
        **usual_files(plan, case, telling, csv),
        **{f"{name}.csv": table.to_csv_bytes(csv) for name, table in tables.items()},
    }


def _everything(
    plan: Plan, case: Case, telling: Telling, csv: CsvForm
) -> tuple[dict[str, bytes], list[Fault]]:
    """Every other file that can be made of the plan, and what some lack."""
    from datetime import datetime

    from tourplan.export.bundle import Request, every_file

    now = datetime.now().astimezone()
    rooms = case.rooms_found
    asked = Request(plan, now, rooms=rooms, reasons=telling.reasons, at_hand=case, csv_form=csv)
    return every_file(asked)


def _tell(
    plan: Plan, folder: Path, compared: Evaluation | None, studies: Mapping[str, Result]
) -> None:
    """The plan on the screen: days, levels, files, then what an élu wants to read."""
    from tourplan.export.judgement import comparison_sentences
    from tourplan.export.words import (
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
    names = ["plan.json", "itineraire.csv", "carte.html", "attente.csv"]
    say(f"Écrit dans {folder} : {', '.join([*names, *(f'{name}.csv' for name in studies)])}")
    say("")
    for study in studies.values():
        say_all(study.sentences())
        say("")
    say_all(elected_sentences(plan))
    if compared is not None:
        say("")
        say_all(comparison_sentences(compared, plan.scenario["comparaison"]["tournee"]))


def _tell_everything(files: Mapping[str, bytes], lacking: Sequence[Fault]) -> None:
    """How many files each audience has, and what was not made."""
    from tourplan.errors import counted
    from tourplan.export.posterwords import PosterWords, to_complete

    say("")
    for folder, words in (("publique", "pour tous"), ("interne", "à ne pas publier")):
        count = sum(name.startswith(f"{folder}/") for name in files)
        say(f"Écrit aussi : {folder} ({counted(count, 'fichier')}, {words})")
    say_all(to_complete(files, PosterWords()))
    if lacking:
        say("Non écrit, il manque (voir tourplan export) :")
        say_all([f"  {fault}" for fault in lacking])


def _answer(
    plan: Plan,
    folder: Path,
    names: list[str],
    compared: Evaluation | None,
    studies: Mapping[str, Result],
) -> dict[str, Any]:
    """What ``solve --json`` prints."""
    from tourplan.export.judgement import comparison_sentences
    from tourplan.export.words import elected_sentences

    return {
        "dossier": str(folder),
        "fichiers": names,
        "demontre": plan.proved,
        "fin": plan.stopped,
        "phrases": elected_sentences(plan),
        "comparaison": comparison_sentences(compared, plan.scenario["comparaison"]["tournee"])
        if compared
        else [],
        **{name: studies[name].to_dict() if name in studies else None for name in _STUDIES},
        "plan": plan.model_dump(by_alias=True, mode="json"),
    }
