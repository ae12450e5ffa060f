from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tourplan.errors import (
    Fault,
    InputError,
    NoPlanError,
    OwnError,
    Repair,
    TourplanError,
    listed,
    quoted,
)


def test_a_fault_says_where_what_and_how_to_mend_it():
    fault = Fault("agents.2.semaines", "semaine « 5 » inconnue", "attendu 1 à 4")
    assert str(fault) == "agents.2.semaines : semaine « 5 » inconnue → attendu 1 à 4"
    assert fault.to_dict() == {
        "ou": "agents.2.semaines",
        "quoi": "semaine « 5 » inconnue",
        "remede": "attendu 1 à 4",
    }


def test_a_fault_without_place_or_mend_leaves_no_stray_mark():
    assert str(Fault("", "fichier vide")) == "fichier vide"


@given(st.text(), st.text(), st.text())
def test_no_text_of_a_user_breaks_the_line_or_drives_the_terminal(where, what, mend):
    shown = str(Fault(where, what, mend))
    assert len(shown.splitlines()) <= 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    shown.encode()


def test_an_input_error_tells_every_fault_one_a_line():
    error = InputError([Fault("a", "un"), Fault("b", "deux")])
    assert str(error) == "a : un\nb : deux"
    assert [fault.where for fault in error.faults] == ["a", "b"]


def test_exit_codes_tell_whose_fault_it_is():
    assert InputError.of("a", "un").exit_code == 2
    assert NoPlanError("aucun plan").exit_code == 3
    assert OwnError("perdu").exit_code == 1
    for kind in (InputError, NoPlanError, OwnError):
        assert issubclass(kind, TourplanError)


def test_a_repair_is_plain_data_under_french_keys():
    assert Repair("weekly_work", "39 h", "41 h", True).to_dict() == {
        "regle": "weekly_work",
        "exigence": "39 h",
        "changement": "41 h",
        "demontre": True,
        "suffit": True,
    }
    both = Repair("weekly_work", "39 h", "41 h", True, enough=False, besides=("pinned_sessions",))
    assert both.to_dict()["renoncer_aussi_a"] == ("pinned_sessions",)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("soir", "« soir »"),
        (5, "« 5 »"),
        (True, "« true »"),
        (None, "une valeur vide"),
        ("  ", "un texte vide"),
        ({"a": 1}, "une section"),
        ([1], "une liste"),
        ([], "une liste vide"),
        pytest.param(16**5000, "un nombre immense", id="immense"),
        ("x" * 61, f"« {'x' * 60}… »"),
    ],
)
def test_values_are_quoted_in_french_and_kept_short(value, shown):
    assert quoted(value) == shown


def test_a_value_nested_beyond_recursion_is_quoted_all_the_same():
    deep: object = 1
    for _ in range(100_000):
        deep = [deep]
    assert quoted(deep) == "une liste"
    while isinstance(deep, list):
        deep = deep[0]


@pytest.mark.parametrize(
    ("words", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a et b"), ("abc", "a, b et c")]
)
def test_items_are_listed_with_et(words, expected):
    assert listed(list(words)) == expected
