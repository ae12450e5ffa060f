"""``python cli.py`` from a checkout is ``tourplan``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def launched(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *args],
        cwd=cwd,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_help_from_the_checkout():
    done = launched("--help", cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage : tourplan COMMANDE")
    assert done.stderr == ""


def test_from_another_folder(tmp_path):
    done = launched("init", "s.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "s.toml").is_file()


def test_exit_code(tmp_path):
    done = launched("check", "absent.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "introuvable" in done.stderr
