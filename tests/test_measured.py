from __future__ import annotations

import pytest

from tourplan.errors import InputError
from tourplan.network.measured import both_ways, read_measured, seconds_of


def test_a_sheet_is_read_and_empty_lines_wait(tmp_path):
    sheet = tmp_path / "reconnaissance.csv"
    sheet.write_text("De;Vers;Minutes;remarque\n34079;34036;27,5;col\n34079;34064;;\n")
    assert read_measured(sheet) == {("34079", "34036"): 1650}


def test_every_fault_at_once(tmp_path):
    sheet = tmp_path / "m.csv"
    sheet.write_text(
        "de;vers;minutes\n;34036;5\n34079;34079;5\n34079;34036;0\n34079;34036;vite\n"
        "34079;34064;5\n34079;34064;6\n34079;34036;601\n"
    )
    with pytest.raises(InputError) as caught:
        read_measured(sheet)
    lines = [fault.where.split()[-1] for fault in caught.value.faults]
    assert lines == ["2", "3", "4", "5", "7", "8"]


def test_the_way_back_takes_as_long_unless_it_was_measured():
    assert both_ways({("a", "b"): 60}) == {("a", "b"): 60, ("b", "a"): 60}
    both = {("a", "b"): 60, ("b", "a"): 90}
    assert both_ways(both) == both


def test_seconds_are_whole_and_some():
    assert seconds_of(27.5) == 1650
    assert seconds_of(0.001) == 1
