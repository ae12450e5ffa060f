"""Small pieces of HTML. Every text is escaped here, so no caller has to remember."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tourplan.export.french import spaced


def text(words: object) -> str:
    """``words`` as HTML text or attribute value, escaped, with French spaces."""
    return html.escape(spaced(str(words)))


def element(name: str, content: str, **attributes: object) -> str:
    """An element around HTML ``content``; ``class_`` and ``data_x`` give ``class``, ``data-x``."""
    return f"<{name}{_attributes(attributes)}>{content}</{name}>"


def _attributes(attributes: dict[str, object]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )


def items(lines: Iterable[str], **attributes: object) -> str:
    """An unordered list of HTML ``lines``."""
    return element("ul", "".join(element("li", line) for line in lines), **attributes)


def badge(shape: int, label: str) -> str:
    """A day's mark: the shape and colour of its weekday, with ``label`` in it.

    It is decoration: who uses it writes the label as text too, with ``unseen`` if need be.
    """
    long = " long" if len(label) > 2 else ""
    return (
        f'<svg class="repere jour-{shape % 7}{long}" viewBox="-16 -16 32 32" aria-hidden="true" '
        f'focusable="false"><use href="#forme-{shape % 7}"></use>'
        f'<text text-anchor="middle" y="4.5">{text(label)}</text></svg>'
    )


def unseen(words: str) -> str:
    """Text for screen readers alone."""
    return element("span", text(words), class_="hors-vue")


def note(words: str) -> str:
    """Text of less weight."""
    return element("span", text(words), class_="note")


@dataclass(frozen=True)
class Column:
    """A column: its heading, and whether it holds figures (set to the right)."""

    heading: str
    figures: bool = False


def header_row(columns: Sequence[Column]) -> str:
    """The heading of a table."""
    cells = "".join(
        element(
            "th",
            text(c.heading),
            scope="col",
            role="columnheader",
            class_="chiffres" if c.figures else None,
        )
        for c in columns
    )
    return element("thead", element("tr", cells, role="row"), role="rowgroup")


def body_row(
    columns: Sequence[Column], cells: Sequence[str], head: int = 0, **attributes: object
) -> str:
    """A row of HTML ``cells``, the one at ``head`` heading it.

    The column's heading is repeated on each cell: on narrow screens rows become cards. Roles are
    written out because browsers forget those of a table that is laid out otherwise.
    """
    parts = [
        element(
            "th" if place == head else "td",
            cell,
            scope="row" if place == head else None,
            role="rowheader" if place == head else "cell",
            data_titre=column.heading,
            class_="chiffres" if column.figures else None,
        )
        for place, (column, cell) in enumerate(zip(columns, cells, strict=True))
    ]
    return element("tr", "".join(parts), role="row", **attributes)


def short_row(cells: Sequence[str]) -> str:
    """A row of a table that the page's script completes; the first of HTML ``cells`` heads it."""
    head, *others = cells
    row = element("th", head, scope="row") + "".join(element("td", cell) for cell in others)
    return element("tr", row)


def table(
    caption: str, columns: Sequence[Column], bodies: Iterable[str], class_: str = "tableau"
) -> str:
    """A table of HTML ``bodies`` (each a ``tbody``'s rows)."""
    return element(
        "table",
        element("caption", text(caption))
        + header_row(columns)
        + "".join(element("tbody", rows, role="rowgroup") for rows in bodies),
        role="table",
        class_=class_,
    )


def script_json(data: Any) -> str:
    """``data`` as JSON that no HTML or JavaScript parser can take for anything else."""
    content = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        content = content.replace(character, f"\\u{ord(character):04x}")
    return content
