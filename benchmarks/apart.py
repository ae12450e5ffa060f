"""A measure in a fresh process: what it answers, or how it failed, and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parent.parent
GRACE_S = 120.0
"""How long a process may take beyond its limit, start and data included, before it is ended."""


@dataclass(frozen=True)
class Answer:
    """What a process answered; ``failure``: why it did not, in one line."""

    facts: dict[str, Any]
    failure: str = ""


def ask(script: str, arguments: Sequence[object], limit_s: float) -> Answer:
    """Run a script of this folder, which prints JSON, and end it well past its limit."""
    command = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, arguments)]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=2 * limit_s + GRACE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Answer({}, "did not stop")
    for line in reversed(done.stdout.splitlines()):
        if line.startswith("{"):
            return Answer(json.loads(line))
    last = done.stderr.strip().splitlines()[-1:] or [f"exit {done.returncode}"]
    return Answer({}, last[0])


@contextmanager
def answer() -> Iterator[TextIO]:
    """The standard output of a process that is asked, kept for its answer alone.

    Solvers now and then write there: what they write goes to standard error.
    """
    file = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    yield file
    file.close()


def peak_mib() -> float | None:
    """The most memory that this process, or one it started, has held; ``None``: nobody tells.

    Linux counts the memory of the parent at the start in ``ru_maxrss``: that of a process started
    here is never under what this one held then, and this one's own is read elsewhere.
    """
    try:
        import resource
    except ImportError:
        return None
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    own = _high_water_mib() or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit)


def _high_water_mib() -> float | None:
    """The most memory that this process has held, where Linux tells."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    found = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")]
    return next(iter(found), None)
