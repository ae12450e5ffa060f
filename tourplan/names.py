"""Communes by the names people type: accents, hyphens, « St », missing articles, small slips."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tourplan.tables import plain
from tourplan.territory import Commune

_LONG = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_SMALL = {"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "sur"}
_CLOSE = 0.85
"""Least likeness of two words, or of two names, to be taken for one another."""


@dataclass(frozen=True)
class Match:
    """What was typed and the communes it may mean: one, several, or none with the nearest."""

    typed: str
    communes: tuple[Commune, ...]
    nearest: tuple[Commune, ...] = ()

    @property
    def found(self) -> Commune | None:
        """The commune, when there is no doubt."""
        return self.communes[0] if len(self.communes) == 1 else None


def split_names(text: str) -> list[str]:
    """The names of a list typed with commas or semicolons."""
    return [name for part in text.split(";") for name in map(str.strip, part.split(",")) if name]


def recognise(typed: str, communes: Mapping[str, Commune]) -> Match:
    """The communes that a code or a name may mean.

    A code or an exact name (accents, case, hyphens and « St » aside) wins; then names that hold
    every word typed, each spelt nearly so; then names nearly alike as a whole.
    """
    code = typed.strip().upper()
    if code in communes:
        return Match(typed, (communes[code],))
    words = _words(typed)
    every = tuple(communes.values())
    for alike in (
        [c for c in every if _words(c.name) == words],
        [c for c in every if _key(c.name) == _strong(words)],
        _holding(_strong(words), every),
        _resembling(" ".join(words), every),
    ):
        if alike:
            return Match(typed, tuple(sorted(alike, key=lambda c: (c.name, c.code))))
    return Match(typed, (), nearest_names(typed, every))


def nearest_names(typed: str, communes: Iterable[Commune], most: int = 3) -> tuple[Commune, ...]:
    """The communes whose names look most like what was typed, best first."""
    target = " ".join(_words(typed))
    scored = sorted(
        ((_likeness(target, " ".join(_words(c.name))), c.name, c.code, c) for c in communes),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    return tuple(commune for score, _, _, commune in scored[:most] if score >= 0.5)


def nearest_codes(code: str, communes: Mapping[str, Commune], most: int = 3) -> tuple[Commune, ...]:
    """The communes whose codes look most like an unknown one."""
    near = difflib.get_close_matches(code, list(communes), n=most, cutoff=0.7)
    return tuple(communes[found] for found in near)


def _words(name: str) -> list[str]:
    return [_LONG.get(word, word) for word in plain(name).split()]


def _strong(words: list[str]) -> list[str]:
    """The words that tell communes apart."""
    return [word for word in words if word not in _SMALL] or words


def _key(name: str) -> list[str]:
    return _strong(_words(name))


def _holding(words: list[str], communes: tuple[Commune, ...]) -> list[Commune]:
    """Communes whose names hold every word, spelt the same or nearly so."""
    found = []
    for commune in communes:
        there = _key(commune.name)
        if all(any(w == t or _likeness(w, t) >= _CLOSE for t in there) for w in words):
            found.append(commune)
    return found


def _resembling(typed: str, communes: tuple[Commune, ...]) -> list[Commune]:
    """Communes whose whole names are nearly what was typed; only the likest."""
    scored = [(_likeness(typed, " ".join(_words(c.name))), c) for c in communes]
    best = max((score for score, _ in scored), default=0.0)
    return [c for score, c in scored if score == best] if best >= _CLOSE else []


def _likeness(one: str, two: str) -> float:
    """From 0 to 1: share of letters in common, in order."""
    matcher = difflib.SequenceMatcher(None, one, two, autojunk=False)
    if matcher.real_quick_ratio() < 0.5:
        return 0.0
    return matcher.ratio()
