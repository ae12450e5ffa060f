"""Pages opened in a browser without any network, and all that they complained of or asked for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def playwright() -> Iterator[Any]:
    """What drives browsers; skips the tests where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright n’est pas installé")
    if shutil.which("chromium") is None:
        pytest.skip("chromium n’est pas installé : apt-get install chromium")
    with sync_api.sync_playwright() as driver:
        yield driver


@contextmanager
def opened(driver: Any, profile: Path, **options: Any) -> Iterator[Any]:
    """Debian's chromium, with a profile of its own."""
    context = driver.chromium.launch_persistent_context(
        str(profile), executable_path=shutil.which("chromium"), args=FLAGS, **options
    )
    yield context
    context.close()


class Shown:
    """A page open in the browser, and all it complained of or asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, height: int = 900) -> None:
        self.tab = browser.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.tab.on("request", lambda request: self.requests.append(request.url))
        self.tab.set_viewport_size({"width": width, "height": height})
        self.url = path.as_uri()
        self.tab.goto(self.url)

    def labels(self, selector: str) -> list[str]:
        """The accessible names of the visible elements."""
        found = self.tab.locator(selector).all()
        return [item.get_attribute("aria-label") for item in found if item.is_visible()]
