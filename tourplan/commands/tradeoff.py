"""``tourplan solve --arbitrage``: the proved curve between two levels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tourplan.commands.running import interruptible, searching
from tourplan.console import print_json, progress_to, say, say_all
from tourplan.errors import InputError, quoted

if TYPE_CHECKING:
    from tourplan.export.itinerary import CsvForm
    from tourplan.prepare import Case
    from tourplan.study.tradeoff import TradeOff


def two_levels(
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
        what = f"attendu deux objectifs, lu {quoted(levels)}"
        mend = "donnez par exemple habitants_au_dela_20,route"
        raise InputError.of("--arbitrage", what, mend)
    return names[0], names[1]


def trade_off(
    case: Case,
    pair: tuple[str, str],
    points: int | None,
    output: Path,
    deadline: float,
    csv: CsvForm,
    *,
    as_json: bool,
) -> None:
    """Work out, write and tell the curve between two levels."""
    from tourplan.study.tradeoff import POINTS, tradeoff

    with interruptible() as stop:
        with searching(stop):
            found = tradeoff(
                case,
                *pair,
                points=POINTS if points is None else points,
                limit_s=deadline - monotonic(),
                progress=progress_to(as_json),
                stop=stop,
            )
        folder, files = _write(found, output, csv)
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


def _write(found: TradeOff, output: Path, csv: CsvForm) -> tuple[Path, list[str]]:
    """Write the plans of a curve, its table and its drawing; their folder and names."""
    from datetime import datetime

    from tourplan.files import dated_folder, slug, write_bytes, write_text

    label = f"{slug(found.plans[0].title)}-arbitrage"
    files = ["arbitrage.csv", *found.files]
    with dated_folder(output, label, datetime.now()) as (work, final):
        write_bytes(work / files[0], found.to_csv_bytes(csv))
        for plan, name in zip(found.plans, found.files, strict=True):
            write_text(work / name, plan.to_json())
        drawing = found.svg()
        if drawing is not None:
            files.insert(1, "arbitrage.svg")
            write_text(work / "arbitrage.svg", drawing)
    return final, files
