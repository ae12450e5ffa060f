"""Commands run by tests: a small scenario, processes of their own, what they leave behind."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SMALL = """
titre = "Deux communes"
[communes]
a_desservir = ["34064", "34230"]
[semaine]
ouverture_min_h = 0
[[vehicules]]
depot = "34079"
"""
FILES = ["attente.csv", "carte.html", "itineraire.csv", "plan.json"]
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")


class Answer(NamedTuple):
    """Exit code, stdout, stderr."""

    code: int
    out: str
    err: str


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def only_folder(output: Path) -> Path:
    (folder,) = output.iterdir()
    return folder


def rows_of(folder: Path) -> list[dict[str, str]]:
    text = (folder / "itineraire.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def child(*args: object, code: str = "", cwd: Path, **env: str) -> subprocess.Popen[str]:
    """The program in a process of its own; ``code`` replaces ``-m tourplan``."""
    start = ["-c", code] if code else ["-m", "tourplan"]
    return subprocess.Popen(
        [sys.executable, *start, *map(str, args)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Answer:
    out, err = process.communicate(timeout=timeout)
    return Answer(process.returncode, out, err)
