"""How a long command is run: until when, stopped by Ctrl-C, and where it may write."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tourplan.console import native_words_aside, note
from tourplan.errors import InputError

if TYPE_CHECKING:
    from tourplan.prepare import Case
    from tourplan.scenario import Scenario


def limit_s(given: float | None, scenario: Scenario) -> float:
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


def deadline(case: Case, seconds: float, started: float) -> float:
    """When the command is to end, on the clock of ``monotonic``.

    Args:
        case: what was read; reading or downloading roads is done once, and not counted.
        seconds: what the command may take.
        started: when the command began.
    """
    counted = started if case.scenario.network.source == "integre" else monotonic()
    return counted + seconds


@contextmanager
def interruptible() -> Iterator[threading.Event]:
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


@contextmanager
def searching(stop: threading.Event) -> Iterator[None]:
    """A search: one that Ctrl-C left without an answer is no fault of the user's."""
    try:
        with native_words_aside():
            yield
    except InputError:
        if stop.is_set():
            raise KeyboardInterrupt from None
        raise


def refuse_unwritable(output: Path) -> None:
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
