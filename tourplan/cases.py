"""A scenario named on the command line, file or embedded example, becomes a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tourplan.errors import InputError
from tourplan.prepare import Case, prepare
from tourplan.reading import read_scenario
from tourplan.schedule import start_faults
from tourplan.starter import DEFAULT_EXAMPLE, EXAMPLES, example
from tourplan.study.tours import comparison_faults


def case_of(path: Path | None, progress: Callable[[str], None] | None = None) -> Case:
    """The prepared case of a file, or of an embedded example (``herault`` when none is named).

    Raises:
        InputError: every fault of the scenario, of its files, and of the tour it is compared to.
    """
    name = DEFAULT_EXAMPLE if path is None else str(path)
    if path is None or (name in EXAMPLES and not path.exists()):
        return prepare(example(name))
    if not path.suffix and not path.exists():
        known = ", ".join(EXAMPLES)
        raise InputError.of(name, "ni fichier ni exemple de ce nom", f"exemples : {known}")
    scenario, faults = read_scenario(path)
    faults += [*start_faults(scenario.cycle.start), *comparison_faults(scenario)]
    return prepare(scenario, list(dict.fromkeys(faults)), progress)
