"""Pages as PDF: a packaged template filled with plain data, by typst.

The PDF is tagged for screen readers (PDF/UA-1) and holds its fonts. Users' texts are data, never
markup: a template shows them as they are. Same template, data and date: same bytes.
"""

from __future__ import annotations

import json
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

    text = json.dumps(shortened(data), ensure_ascii=False)
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


def shortened(value: Any, key: str = "") -> Any:
    """Data whose texts are of a length that a page can show; drawings (``svg``) are left."""
    if isinstance(value, Mapping):
        return {name: shortened(one, name) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shortened(one, key) for one in value]
    if isinstance(value, str) and key != "svg" and len(value) > MAX_TEXT:
        return f"{value[: MAX_TEXT - 1]}…"
    return value


@cache
def _compiler() -> typst.Compiler:
    """One for all pages: it keeps fonts and drawings at hand; no font but ours."""
    import typst

    return typst.Compiler(
        root=FOLDER / "templates",
        font_paths=[FOLDER / "fonts"],
        ignore_system_fonts=True,
    )
