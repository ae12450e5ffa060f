"""A scenario named on the command line, file or embedded example, becomes a case."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
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
        raise InputError.of(name, "ni fichier ni exemple de ce nom", _meant(path))
    scenario, faults = read_scenario(path)
    faults += [*start_faults(scenario.cycle.start), *comparison_faults(scenario)]
    return prepare(scenario, list(dict.fromkeys(faults)), progress)


def _meant(path: Path) -> str:
    """The file or the example that a name was probably meant for, else the examples."""
    full = path.with_name(f"{path.name}.toml")
    near = get_close_matches(str(path), EXAMPLES, n=1, cutoff=0.7)
    if full.exists() or near:
        return f"vouliez-vous « {full if full.exists() else near[0]} » ?"
    return f"exemples : {', '.join(EXAMPLES)}"
