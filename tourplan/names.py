"""Communes by the names people type: accents, hyphens, « St », missing articles, small slips."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from tourplan.tables import plain
from tourplan.territory import Commune

_LONG = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_SMALL = {"a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "sur"}
_CLOSE = 0.85
"""Least likeness of two words, or of two names, to be taken for one another."""


@dataclass(frozen=True)
class Match:
    """The communes that what was typed may mean: one, several, or none with the nearest."""

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
        return Match((communes[code],))
    words = _words(typed)
    every = tuple(communes.values())
    alike = words and (
        [c for c in every if _words(c.name) == words]
        or [c for c in every if _key(c.name) == _strong(words)]
        or _holding(_strong(words), every)
        or _resembling(" ".join(words), every)
    )
    if alike:
        return Match(tuple(sorted(alike, key=lambda c: (c.name, c.code))))
    return Match((), nearest_names(typed, every))


def same_name(one: str, two: str) -> bool:
    """Whether two names are spelt alike, small words, accents, case and « St » aside."""
    return _key(one) == _key(two)


def nearest_names(typed: str, communes: Iterable[Commune], most: int = 3) -> tuple[Commune, ...]:
    """The communes whose names look most like what was typed, best first."""
    likeness = _likeness_to(" ".join(_words(typed)), 0.5)
    scored = sorted(
        ((likeness(" ".join(_words(c.name))), c.name, c.code, c) for c in communes),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    return tuple(commune for score, _, _, commune in scored[:most] if score)


def nearest_codes(code: str, communes: Mapping[str, Commune]) -> tuple[Commune, ...]:
    """The communes whose codes look most like an unknown one."""
    near = difflib.get_close_matches(code, list(communes), n=3, cutoff=0.7)
    return tuple(communes[found] for found in near)


@lru_cache(maxsize=50_000)
def _words(name: str) -> tuple[str, ...]:
    """The words of a name, plain, at most twelve: no commune has more."""
    return tuple(_LONG.get(word, word) for word in plain(name[:200]).split()[:12])


def _strong(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that tell communes apart."""
    return tuple(word for word in words if word not in _SMALL) or words


def _key(name: str) -> tuple[str, ...]:
    return _strong(_words(name))


def _holding(words: tuple[str, ...], communes: tuple[Commune, ...]) -> list[Commune]:
    """Communes whose names hold every word, spelt the same or nearly so."""
    found = list(communes)
    for word in words:
        alike = cache(_likeness_to(word, _CLOSE))
        found = [c for c in found if any(alike(there) for there in _key(c.name))]
    return found


def _resembling(typed: str, communes: tuple[Commune, ...]) -> list[Commune]:
    """Communes whose whole names are nearly what was typed; only the likest."""
    likeness = _likeness_to(typed, _CLOSE)
    scored = [(likeness(" ".join(_words(c.name))), c) for c in communes]
    best = max((score for score, _ in scored), default=0.0)
    return [c for score, c in scored if score == best] if best else []


def _likeness_to(word: str, least: float) -> Callable[[str], float]:
    """How like ``word`` a text is: share of letters in common, in order; 0 under ``least``."""
    matcher = difflib.SequenceMatcher(None, "", word, autojunk=False)

    def likeness(text: str) -> float:
        matcher.set_seq1(text)
        if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
            return 0.0
        ratio = matcher.ratio()
        return ratio if ratio >= least else 0.0

    return likeness
