"""Pages as PDF: a packaged template filled with plain data, by typst.

The PDF is tagged for screen readers (PDF/UA-1) and holds its fonts. Users' texts are data, never
markup: a template shows them as they are, with □ for what the font has no drawing of (typst refuses
it in PDF/UA-1). Same template, data and date: same bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tourplan.errors import OwnError

if TYPE_CHECKING:
    import typst

FOLDER = Path(__file__).parent
MAX_TEXT = 400
"""Characters of a text that a page shows; more would push the rest away."""
_LONG = re.compile(r"[^\s-]{30,}")
_PIECE = re.compile(r".{10}(?=.)")


def pdf(template: str, data: Mapping[str, Any], now: datetime) -> bytes:
    """A template of this package as a PDF.

    Args:
        template: its name, without extension.
        data: what it shows: texts, numbers, lists and tables of them; drawings as SVG text.
        now: the date of the document, with its zone.

    Raises:
        OwnError: the template and the data do not go together.
    """
    import typst

    text = json.dumps(printable(data), ensure_ascii=False)
    try:
        made = _compiler().compile(
            FOLDER / "templates" / f"{template}.typ",
            format="pdf",
            sys_inputs={"data": text},
            pdf_standards="ua-1",
            timestamp=int(now.timestamp()),
        )
    except typst.TypstError as error:
        raise OwnError(f"{template} : {error.message}") from error
    if not isinstance(made, bytes):
        raise OwnError(f"{template} : plusieurs fichiers")
    return made


def printable(value: Any, key: str = "") -> Any:
    """Data whose texts the font can show, of a length that a page can; drawings are as long."""
    if isinstance(value, Mapping):
        return {name: printable(one, name) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(one, key) for one in value]
    if not isinstance(value, str):
        return value
    shown = "".join(map(_drawn, unicodedata.normalize("NFC", value)))
    if key == "svg":
        return shown
    if len(shown) > MAX_TEXT:
        shown = f"{shown[: MAX_TEXT - 1]}…"
    return _LONG.sub(_breakable, shown)


def _breakable(word: re.Match[str]) -> str:
    """A word longer than any of French, which lines may break every ten letters."""
    return _PIECE.sub("\\g<0>\u200b", word[0])


def _drawn(character: str) -> str:
    """The character if the font draws it; else a square, or nothing for what is never seen."""
    if ord(character) in _drawn_points() or character == "\n":
        return character
    return {"Cc": " ", "Cf": "", "Mn": ""}.get(unicodedata.category(character), "□")


@cache
def _drawn_points() -> frozenset[int]:
    """The code points that both fonts draw."""
    from fontTools.ttLib import TTFont

    points = []
    for path in (FOLDER / "fonts").glob("*.otf"):
        with TTFont(path) as font:
            points.append(frozenset(font.getBestCmap()))
    return frozenset.intersection(*points)


@cache
def _compiler() -> typst.Compiler:
    """One for all pages: it keeps fonts and drawings at hand; no font but ours."""
    import typst

    return typst.Compiler(
        root=FOLDER / "templates",
        font_paths=[FOLDER / "fonts"],
        ignore_system_fonts=True,
    )
