"""French typography: spaces that do not break, numbers, durations and dates as they are read."""

from __future__ import annotations

import re
import unicodedata

from tourplan.hours import duration

NO_BREAK = "\u00a0"
THIN = "\u202f"
MONTHS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
ORDINALS = ("première", "deuxième", "troisième", "quatrième", "cinquième")
_WIDE = re.compile(r"(?<=«) | (?=[»:])")
_NARROW = re.compile(r" (?=[;!?])")
_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0](?=\d{3}(?!\d))")
_UNITS = re.compile(r"(?<=\d) (?=(?:min|h|km|m|g|%|€|s)\b|[%€])|(?<=\d[ \u00a0]h) (?=\d\d\b)")


def spaced(text: str) -> str:
    """``text`` with the spaces of French typography: none can end a line or be stretched."""
    text = _THOUSANDS.sub(THIN, text)
    text = _UNITS.sub(NO_BREAK, text)
    return _NARROW.sub(THIN, _WIDE.sub(NO_BREAK, text))


def number(value: float, decimals: int = 0) -> str:
    """``1 523`` or ``12,4``: narrow no-break space between thousands, decimal comma."""
    text = f"{value:,.{decimals}f}".replace(",", THIN).replace(".", ",")
    return text.removeprefix("-") if float(f"{value:.{decimals}f}") == 0 else text


def minutes(seconds: float) -> str:
    """``12,3 min``."""
    return f"{number(seconds / 60, 1)}{NO_BREAK}min"


def hours(seconds: float) -> str:
    """``2 h 30``."""
    return spaced(duration(seconds))


def kilometres(metres: float) -> str:
    """``25,3 km``."""
    return f"{number(metres / 1000, 1)}{NO_BREAK}km"


def counted(count: int, singular: str, plural: str = "") -> str:
    """``1 commune``, ``10 communes``: from two on, the plural."""
    word = singular if count < 2 else plural or f"{singular}s"
    return f"{number(count)}{NO_BREAK}{word}"


def when(text: str) -> str:
    """``2024-08`` as ``août 2024``, ``2026-12-01`` as ``1er décembre 2026``; else as it stands."""
    match = re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", text)
    if not match or not 1 <= int(match[2]) <= 12:
        return text
    month = f"{MONTHS[int(match[2]) - 1]} {match[1]}"
    if not match[3]:
        return month
    day = int(match[3])
    return f"{'1er' if day == 1 else day}{NO_BREAK}{month}"


def from_place(name: str) -> str:
    """``de Béziers``, ``d’Olargues``, ``du Bosc`` (Le Bosc), ``des Rives`` (Les Rives)."""
    for article, short in (("Le ", "du"), ("Les ", "des")):
        if name.startswith(article):
            return f"{short} {name.removeprefix(article)}"
    return f"d’{name}" if _elides(name) else f"de {name}"


def to_place(name: str) -> str:
    """``à Béziers``, ``au Bosc`` (Le Bosc), ``aux Rives`` (Les Rives)."""
    for article, short in (("Le ", "au"), ("Les ", "aux")):
        if name.startswith(article):
            return f"{short} {name.removeprefix(article)}"
    return f"à {name}"


def _elides(name: str) -> bool:
    """Whether a name begins with a vowel or a silent h; that of « haut » is not silent."""
    letters = unicodedata.normalize("NFD", name.lower().replace("œ", "oe"))
    return bool(re.match(r"[aeiou]|y[^aeiou]|h(?!aut)", letters))


def capital(text: str) -> str:
    """``text`` with its first letter in upper case."""
    return text[:1].upper() + text[1:]
