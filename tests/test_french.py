"""Typography: what readers see in French."""

from __future__ import annotations

import pytest

from tourplan.export import french


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("Début : lundi", "Début\u00a0: lundi"),
        ("vraiment ? oui ! fini ;", "vraiment\u202f? oui\u202f! fini\u202f;"),
        ("dit « ici »", "dit «\u00a0ici\u00a0»"),
        ("1\u00a0523 habitants", "1\u202f523 habitants"),
        ("12 345 678", "12\u202f345\u202f678"),
        ("2 h 30", "2\u00a0h\u00a030"),
        ("15 min et 20 %", "15\u00a0min et 20\u00a0%"),
        ("34700 Lodève", "34700 Lodève"),
        ("39 Grande-Rue, 34520 Le Caylar", "39 Grande-Rue, 34520 Le Caylar"),
    ],
)
def test_spaces_do_not_break(plain: str, expected: str) -> None:
    assert french.spaced(plain) == expected


def test_spacing_twice_changes_nothing() -> None:
    once = french.spaced("À 2 h 30 : 1 523 habitants ; et 12 % !")
    assert french.spaced(once) == once


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(1523, 0, "1\u202f523"), (12.44, 1, "12,4"), (-0.04, 1, "0,0"), (-1.5, 1, "-1,5")],
)
def test_numbers(value: float, decimals: int, expected: str) -> None:
    assert french.number(value, decimals) == expected


def test_quantities() -> None:
    assert french.minutes(738) == "12,3\u00a0min"
    assert french.hours(9000) == "2\u00a0h\u00a030"
    assert french.kilometres(25_340) == "25,3\u00a0km"


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0\u00a0commune"), (1, "1\u00a0commune"), (10, "10\u00a0communes")],
)
def test_plural_from_two_on(count: int, expected: str) -> None:
    assert french.counted(count, "commune") == expected


@pytest.mark.parametrize(
    ("iso", "expected"),
    [
        ("2024-08", "août 2024"),
        ("2026-12-01", "1er\u00a0décembre 2026"),
        ("2026-12-14", "14\u00a0décembre 2026"),
        ("2026-13", "2026-13"),
        ("hier", "hier"),
    ],
)
def test_dates(iso: str, expected: str) -> None:
    assert french.when(iso) == expected


@pytest.mark.parametrize(
    ("name", "leaving", "going"),
    [
        ("Béziers", "de Béziers", "à Béziers"),
        ("Olargues", "d’Olargues", "à Olargues"),
        ("Étauliers", "d’Étauliers", "à Étauliers"),
        ("Œuilly", "d’Œuilly", "à Œuilly"),
        ("Hérépian", "d’Hérépian", "à Hérépian"),
        ("Hautefaye", "de Hautefaye", "à Hautefaye"),
        ("Yviers", "d’Yviers", "à Yviers"),
        ("Le Bosc", "du Bosc", "au Bosc"),
        ("Les Aires", "des Aires", "aux Aires"),
        ("La Grave", "de La Grave", "à La Grave"),
        ("L'Isle-d'Espagnac", "de L'Isle-d'Espagnac", "à L'Isle-d'Espagnac"),
        ("Lespignan", "de Lespignan", "à Lespignan"),
        ("« 34999 »", "de « 34999 »", "à « 34999 »"),
        ("", "de ", "à "),
    ],
)
def test_places_are_left_and_gone_to(name: str, leaving: str, going: str) -> None:
    assert french.from_place(name) == leaving
    assert french.to_place(name) == going
