"""An installed wheel works away from the checkout: its data travels with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


def pip(*args: object) -> None:
    command = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The folder a wheel of the checkout is installed in."""
    work = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--no-deps", "--wheel-dir", work)
    (wheel,) = work.glob("tourplan-*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    pip("install", "--no-deps", "--target", work / "site", wheel)
    return work / "site"


def python(*args: str, site: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env={**environment, "PYTHONPATH": str(site), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_it_is_not_the_checkout(installed, tmp_path):
    done = python("-c", "import tourplan; print(tourplan.__file__)", site=installed, cwd=tmp_path)
    assert Path(done.stdout.strip()).parent.parent == installed


def test_solve(installed, tmp_path):
    done = python("-m", "tourplan", "solve", "--json", site=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["demontre"] is True
    assert (tmp_path / found["dossier"] / "carte.html").stat().st_size > 10_000


def test_evaluate(installed, tmp_path):
    args = ("-m", "tourplan", "evaluate", "herault", "herault_2024", "--json")
    done = python(*args, site=installed, cwd=tmp_path)
    assert json.loads(done.stdout)["route_deja_minimale"] is True


def test_data_and_licence_travel(installed):
    for name in ("communes.geojson", "points_fixes.csv", "liaisons.csv", "README.md"):
        assert (installed / "tourplan" / "_data" / name).is_file()
    assert (installed / "tourplan" / "py.typed").is_file()
    assert list(installed.glob("tourplan-*.dist-info/licenses/LICENSE"))
    assert not (installed / "tests").exists()
