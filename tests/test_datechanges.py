"""Days cancelled or moved: the table, what is refused, what calendars then hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tourplan.errors import InputError
from tourplan.export.agendas import agenda_files
from tourplan.export.datechanges import Change, changed, read_changes
from tourplan.export.dates import Outing, dates_csv, exception_words, outings
from tourplan.plan import Plan

icalendar = pytest.importorskip("icalendar", reason="icalendar n’est pas installé")
vobject = pytest.importorskip("vobject", reason="vobject n’est pas installé")

NOW = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
ARMISTICE = date(2026, 11, 11)


@pytest.fixture
def found(herault_plan) -> tuple[Outing, ...]:
    """Two tour weeks: 9 and 23 November 2026."""
    return outings(herault_plan, date(2026, 11, 2), date(2026, 11, 29))


def change(day: int, instead: int | None = None, reason: str = "", vehicle: str = "") -> Change:
    moved = None if instead is None else date(2026, 11, instead)
    return Change("ligne", date(2026, 11, day), moved, reason, vehicle)


def held(plan: Plan, outs: tuple[Outing, ...]) -> set[datetime]:
    """When sessions of the calendar of the tour begin: recurrences, less those that are moved."""
    content = agenda_files(plan, outs, NOW, internal=False)["agendas/tournee.ics"]
    whole = vobject.readOne(content.decode())
    begun: set[tuple[str, datetime]] = set()
    for event in whole.vevent_list:
        uid, start = event.uid.value, event.dtstart.value
        begun |= {(uid, when.replace(tzinfo=None)) for when in event.getrruleset() or [start]}
    for event in whole.vevent_list:
        if hasattr(event, "recurrence_id"):
            moved = (event.uid.value, event.recurrence_id.value.replace(tzinfo=None))
            assert moved in begun, "what is moved is one of the recurrences"
            begun.remove(moved)
    return {when for _, when in begun}


def expected(outs: tuple[Outing, ...]) -> set[datetime]:
    return {
        datetime.combine(out.held, datetime.min.time()) + timedelta(seconds=stop.opening_s)
        for out in outs
        if out.held
        for stop in out.day.stops
    }


class TestTable:
    def read(self, path: Path, text: str) -> tuple[Change, ...]:
        path.write_text(text, encoding="utf-8")
        return read_changes(path)

    def test_rows(self, tmp_path):
        text = "Date;Nouvelle date;Motif\n2026-11-11;2026-11-13;Armistice\n2027-01-25;;Travaux\n"
        one, two = self.read(tmp_path / "c.csv", text)
        assert (one.when, one.instead, one.reason) == (ARMISTICE, date(2026, 11, 13), "Armistice")
        assert (two.instead, two.vehicle) == (None, "")

    def test_dates_as_a_french_spreadsheet_writes_them(self, tmp_path):
        (one,) = self.read(tmp_path / "c.csv", "date;nouvelle_date\n11/11/2026;13/11/2026\n")
        assert (one.when, one.instead) == (ARMISTICE, date(2026, 11, 13))

    def test_every_fault_at_once(self, tmp_path):
        with pytest.raises(InputError) as caught:
            self.read(tmp_path / "c.csv", "date;nouvelle_date\nlundi;\n2026-11-09;11.11.2026\n")
        assert [fault.where for fault in caught.value.faults] == [
            "c.csv, ligne 2",
            "c.csv, ligne 3",
        ]


class TestChanged:
    def test_nothing_is_nothing(self, found):
        assert changed(found, []) == found

    def test_cancelled(self, found, herault_plan):
        after = changed(found, [change(23, reason="salle en travaux")])
        assert [out.when for out in after if out.held is None] == [ARMISTICE, date(2026, 11, 23)]
        assert held(herault_plan, after) == expected(after)
        assert len(expected(after)) == len(expected(found)) - 2

    def test_moved(self, found, herault_plan):
        """The day of a public holiday is held on the Saturday; another, the week after."""
        after = changed(found, [change(11, 14), change(24, 30, "neige")])
        assert {out.held for out in after} >= {date(2026, 11, 14), date(2026, 11, 30)}
        assert held(herault_plan, after) == expected(after)
        assert len(expected(after)) == len(expected(found)) + 2

    def test_moved_when_it_is_the_only_date(self, herault_plan):
        alone = outings(herault_plan, date(2026, 11, 9), date(2026, 11, 9))
        after = changed(alone, [change(9, 14)])
        assert held(herault_plan, after) == expected(after)

    def test_words(self, found):
        after = changed(found, [change(11, 14), change(23)])
        assert exception_words(after).replace("\u00a0", " ") == (
            "Pas de permanence le 11 novembre 2026 (Armistice, jour férié, remplacée le "
            "14 novembre 2026) et le 23 novembre 2026 (annulée)."
        )

    def test_the_table_of_dates_has_both_dates(self, found):
        text = dates_csv(changed(found, [change(11, 14)])).decode("utf-8-sig")
        lines = [line for line in text.splitlines() if line[:10] in ("2026-11-11", "2026-11-14")]
        assert [line.split(";")[1] for line in lines] == ["mercredi"] * 2 + ["samedi"] * 2
        assert lines[0].endswith("non tenue (Armistice, jour férié, remplacée le 14/11/2026)")
        assert lines[2].endswith("tenue au lieu du 11/11/2026")


class TestRefused:
    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            (change(16), "aucune journée de tournée le 16/11/2026"),
            (change(9, vehicle="Autobus"), "pour « Autobus »"),
            (change(23, 11), "le 11/11/2026 est férié (Armistice)"),
            (change(11, 13), "Agent 1, Agent 2, Véhicule 1 : déjà en tournée le 13/11/2026"),
        ],
    )
    def test_what_cannot_be(self, found, asked, words):
        with pytest.raises(InputError) as caught:
            changed(found, [asked])
        assert words in str(caught.value)

    def test_a_day_is_changed_once(self, found):
        with pytest.raises(InputError, match="le 09/11/2026 est déjà changé par une autre ligne"):
            changed(found, [change(9, 14), change(9)])
        both = [change(9, 14, vehicle="Véhicule 1"), change(9, vehicle="Autre")]
        with pytest.raises(InputError) as caught:
            changed(found, both)
        assert "déjà changé" not in str(caught.value)

    def test_no_day_is_moved_out_of_the_period(self, found):
        within = date(2026, 11, 1), date(2026, 11, 30)
        changed(found, [change(9, 30)], within)
        with pytest.raises(InputError, match="le 14/11/2026 n’est pas entre le 15/11/2026 et le"):
            changed(found, [change(24, 14)], (date(2026, 11, 15), date(2026, 11, 30)))

    def test_two_days_moved_to_one(self, found):
        with pytest.raises(InputError, match="déjà en tournée"):
            changed(found, [change(9, 14), change(10, 14)])

    def test_in_the_place_of_a_day_that_is_cancelled(self, found):
        after = changed(found, [change(12), change(11, 12)])
        assert [out.held for out in after if out.when == ARMISTICE] == [date(2026, 11, 12)]

    def test_crews_that_share_nobody_may_be_out_together(self, herault_plan):
        day, other, *_ = herault_plan.days
        apart = other.model_copy(update={"vehicle": "Zoé", "teams": {2: ("Ana",), 4: ("Ana",)}})
        plan = herault_plan.model_copy(update={"days": (day, apart)})
        outs = outings(plan, date(2026, 11, 9), date(2026, 11, 13))
        assert len({out.held for out in changed(outs, [change(9, 10)])}) == 1
