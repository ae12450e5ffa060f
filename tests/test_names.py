from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.names import nearest_codes, nearest_names, recognise, split_names
from tourplan.starter import TEN
from tourplan.tables import plain
from tourplan.territory import Commune, read_territory

COMMUNES: Mapping[str, Commune] = read_territory().communes
PAPER = (
    "Le Bosc, St Jean de la Blaquière, La Vacquerie et St Martin de Castrie, "
    "St Maurice de Navacelle, Causse de la Selle, St Jean de Buèges, Le Caylar, Les Rives, "
    "Pégairolles de l'Escalette, St Etienne de Gourgas"
)
WAYS = {
    "as it is": str,
    "capitals": str.upper,
    "no accents": plain,
    "typographic": lambda name: name.replace("'", "’"),
    "abbreviated": lambda name: name.replace("Sainte-", "Ste-").replace("Saint-", "St "),
    "spaced": lambda name: f"  {name.replace('-', '  ')} ",
}


def codes_of(typed: str) -> list[str]:
    return [commune.code for commune in recognise(typed, COMMUNES).communes]


def test_the_ten_names_of_the_2021_paper_are_recognised():
    matches = [recognise(name, COMMUNES) for name in split_names(PAPER)]
    assert all(match.found for match in matches)
    assert sorted(match.found.code for match in matches if match.found) == list(TEN)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_every_commune_is_recognised_by_its_name(way):
    """A name that several communes bear is told as ambiguous, never settled in silence."""
    bearers: dict[str, set[str]] = defaultdict(set)
    for commune in COMMUNES.values():
        bearers[plain(commune.name)].add(commune.code)
    for commune in COMMUNES.values():
        assert set(codes_of(way(commune.name))) == bearers[plain(commune.name)]


def test_every_commune_is_recognised_by_its_code():
    assert all(codes_of(f" {code} ") == [code] for code in COMMUNES)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Bosc", "34036"),
        ("Caylar (le)", "34064"),
        ("St Maurice", None),
        ("Vacquerie", "34317"),
        ("l'Escalette", "34196"),
        ("Lodeve", "34142"),
        ("Clermont l’Herault", "34079"),
        ("Causse de la Sele", "34060"),
    ],
)
def test_articles_and_small_slips_are_forgiven(typed, code):
    found = recognise(typed, COMMUNES).found
    assert (found.code if found else None) == code


def test_pegairolles_is_ambiguous_between_two():
    match = recognise("Pégairolles", COMMUNES)
    assert match.found is None
    assert [commune.code for commune in match.communes] == ["34195", "34196"]


def test_homonyms_of_two_departements_are_ambiguous():
    assert codes_of("La Rochette") == ["05124", "16282"]


def test_a_wrong_name_gives_the_nearest():
    match = recognise("Le Bosque de Lodève", COMMUNES)
    assert match.communes == ()
    assert 0 < len(match.nearest) <= 3
    assert recognise("xyzzyxyzzyxyzzy", COMMUNES).nearest == ()


@pytest.mark.parametrize("typed", ["", " ", "?", "---", "'", "\0", "…"])
def test_marks_alone_mean_no_commune(typed):
    match = recognise(typed, COMMUNES)
    assert (match.communes, match.nearest) == ((), ())


@pytest.mark.parametrize("typed", ["le", "de la", "L'", "et"])
def test_articles_alone_mean_no_commune(typed):
    assert recognise(typed, COMMUNES).communes == ()


@given(st.text())
def test_no_text_makes_it_fail(typed):
    match = recognise(typed, COMMUNES)
    assert not (match.communes and match.nearest)
    assert set(match.communes) <= set(COMMUNES.values())


def test_it_knows_nothing_of_an_empty_territory():
    assert recognise("Le Bosc", {}).communes == ()
    assert nearest_codes("34036", {}) == ()


def test_the_nearest_come_best_first():
    names = [commune.name for commune in nearest_names("Lodèves", COMMUNES.values())]
    assert names[0] == "Lodève"
    assert len(nearest_names("Saint-Jean", COMMUNES.values(), most=5)) == 5


def test_the_nearest_codes_look_like_the_one_typed():
    near = nearest_codes("34999", COMMUNES)
    assert near
    assert all(commune.code.startswith("34") for commune in near)
    assert nearest_codes("zzzzz", COMMUNES) == ()


def test_names_are_split_at_commas_and_semicolons():
    assert split_names(" Le Bosc ,, Lodève;34060 ;\n") == ["Le Bosc", "Lodève", "34060"]
    assert split_names(" ; ,") == []


def test_a_long_hostile_name_costs_little():
    """Compared with recognising one unknown short name, on the same machine."""

    def seconds(typed: str) -> float:
        start = perf_counter()
        recognise(typed, COMMUNES)
        return perf_counter() - start

    seconds("warm the memory")
    usual = max(seconds(f"inconnue {number}") for number in range(3))
    assert seconds("saint jean de la " * 20_000) < 50 * usual + 1
