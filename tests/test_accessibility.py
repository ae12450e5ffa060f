"""Pages and notebook tables, as axe-core judges them: no serious fault, whatever is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Shown, opened

from tourplan.export.page import Telling, map_page
from tourplan.plan import Day, Plan
from tourplan.prepare import Case
from tourplan.study.coverage import coverage
from tourplan.study.evaluate import evaluate
from tourplan.study.existing import existing_tour

axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python n’est pas installé"
)
GRAVE = ("serious", "critical")


@pytest.fixture(scope="module")
def lenient(driver: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that runs other scripts than the page's own: axe-core is one."""
    with opened(driver, tmp_path_factory.mktemp("profile"), bypass_csp=True) as context:
        yield context


def faults(shown: Shown, part: str = "html") -> list[str]:
    """The serious faults of a part of what is shown."""
    found = axe.Axe().run(shown.tab, context=part)
    return [
        f"{fault['id']} : {[node['target'] for node in fault['nodes']]}"
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
    ]


@pytest.fixture(scope="module")
def pages(
    herault_plan: Plan, herault_case: Case, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Two weeks and the tour of today, for everyone and internal."""
    folder = tmp_path_factory.mktemp("pages")
    days = [
        Day.model_validate({**day.model_dump(), "week": week, "vehicle": vehicle})
        for week, vehicle in ((1, "Kangoo"), (1, "Zoé"), (2, "Zoé"))
        for day in herault_plan.days[:2]
    ]
    unproved = herault_plan.levels[-1].model_copy(update={"bound": None})
    plan = herault_plan.model_copy(
        update={
            "cycle_weeks": 2,
            "days": tuple(days),
            "vehicles": ("Kangoo", "Zoé"),
            "levels": (*herault_plan.levels[:-1], unproved),
            "notes": ("à savoir",),
        }
    )
    today = existing_tour(herault_case, "herault_2024")
    for internal, name in ((False, "publique"), (True, "interne")):
        telling = Telling(internal, today, ("Si…", "  Alors."))
        (folder / f"{name}.html").write_text(map_page(plan, herault_case, telling), "utf-8")
    return {name: folder / f"{name}.html" for name in ("publique", "interne")}


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("publique", 1280),
        ("interne", 390),
        pytest.param("publique", 390, marks=pytest.mark.slow),
        pytest.param("interne", 1280, marks=pytest.mark.slow),
    ],
)
def test_no_serious_fault(lenient: Any, pages: dict[str, Path], name: str, width: int) -> None:
    shown = Shown(lenient, pages[name], width)
    assert faults(shown) == []
    for view in ("aujourdhui", "avant"):
        shown.tab.check(f"input[value={view}]")
        assert faults(shown, "#carte") == []
    shown.tab.locator("#comparer").fill("50")
    assert faults(shown, "#carte") == []
    shown.tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert faults(shown, "#loin details:last-of-type") == []
    shown.tab.close()


def test_a_fault_would_be_seen(lenient: Any, pages: dict[str, Path]) -> None:
    shown = Shown(lenient, pages["publique"])
    shown.tab.evaluate("document.querySelector('label[for=commune]').remove()")
    shown.tab.evaluate("document.querySelector('h1').style.color = '#eee'")
    found = faults(shown)
    assert [fault.split(" ")[0] for fault in found] == ["color-contrast", "select-name"]
    shown.tab.close()


def test_tables_of_notebooks(
    lenient: Any, herault_plan: Plan, herault_case: Case, tmp_path: Path
) -> None:
    judged = evaluate(herault_case, "herault_2024", best=herault_plan, changes=False, limit_s=5)
    shown = [herault_plan, coverage(herault_case, herault_plan), judged]
    body = "".join(one._repr_html_() for one in shown)
    path = tmp_path / "carnet.html"
    head = "<!doctype html><html lang='fr'><head><title>Carnet</title></head><body><main><h1>C</h1>"
    path.write_text(f"{head}{body}</main></body></html>", encoding="utf-8")
    page = Shown(lenient, path)
    assert page.tab.locator("table").count() >= 3
    assert faults(page) == []
    page.tab.close()
