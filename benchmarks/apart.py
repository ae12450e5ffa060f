"""A measure in a fresh process: what it answers, or how it failed, and its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def peak_mib() -> float | None:
    """The most memory that this process has held; ``None`` where the system does not tell.

    Linux keeps its parent's in ``ru_maxrss``, so its own figure is read first.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
