"""Posters: one page each, dates of three months, letters that are read from afar, own words."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pypdf
import pytest

from tourplan.errors import InputError
from tourplan.export.bundle import Request
from tourplan.export.dates import outings
from tourplan.export.pdf.poster import (
    dates_by_month,
    months_later,
    poster_data,
    poster_files,
    spoken_hours,
)
from tourplan.export.posterwords import (
    MAX_LETTERS,
    PosterWords,
    poster_csv,
    read_poster_words,
    to_complete,
)
from tourplan.export.scene import Scene, build_scene
from tourplan.plan import Plan

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
SPRING = date(2027, 3, 1), date(2028, 3, 1)


@pytest.fixture(scope="module")
def scene(herault_plan, herault_case) -> Scene:
    return build_scene(herault_plan, herault_case)


def posters(plan: Plan, scene: Scene, words: PosterWords | None = None) -> dict[str, str]:
    """What each poster says; a page is all there is."""
    found = {}
    made = poster_files(plan, outings(plan, *SPRING), scene, words or PosterWords(), NOW, "MSA <b>")
    for name, content in made.items():
        (page,) = pypdf.PdfReader(io.BytesIO(content)).pages
        told = page.extract_text().replace("\u00a0", " ").replace("\u202f", " ")
        found[name] = " ".join(told.split())
    return found


def test_a_poster_a_commune(herault_plan, scene):
    found = posters(herault_plan, scene, PosterWords(phone="04 67 00 00 00"))
    assert len(found) == 10
    told = found["affiches/34064-le-caylar.pdf"]
    (day,) = (day for day in herault_plan.days if "34064" in [s.code for s in day.stops])
    (stop,) = (stop for stop in day.stops if stop.code == "34064")
    for words in (
        "France Services passe chez vous",
        "Le Caylar",
        f"{day.weekday_name.capitalize()} {' '.join(spoken_hours(stop)[0].split())}",
        stop.address,
        "Gratuit, ouvert à tous",
        "04 67 00 00 00",
        "France Travail",
        "liste d’août 2024",
        "MSA <b>",
        "Mars 2027",
        "Mai 2027",
        "Document brouillon : ne pas afficher.",
    ):
        assert words in told, words
    assert "Juin 2027" not in told


def test_days_without_a_session_are_not_announced(herault_plan, scene):
    """29 March 2027 is Easter Monday: in the fourth week of a month of five Mondays, it is not."""
    monday = next(day for day in herault_plan.days if day.weekday == 0)
    whit = outings(herault_plan, date(2027, 5, 1), date(2027, 5, 31))
    off = {out.when for out in whit if out.off}
    name = f"affiches/{monday.stops[0].code}"
    (told,) = (text for path, text in posters(herault_plan, scene).items() if path.startswith(name))
    mondays = [out.when.day for out in whit if out.day is monday and out.when not in off]
    assert f"Mai 2027 {' et '.join(map(str, mondays))}" in told


def test_hostile_and_endless_words_stay_on_one_page(herault_plan, scene):
    long = "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson " * 3
    day = herault_plan.days[0]
    stop = day.stops[0].model_copy(
        update={"name": long, "place": '#panic("x") <script>', "address": "rue " * 200}
    )
    whole = day.model_copy(update={"stops": (stop,) * 3})
    words = PosterWords(bring=("x" * MAX_LETTERS,) * 8, partners=("y" * MAX_LETTERS,) * 16)
    plan = herault_plan.model_copy(update={"days": (whole,)})
    (told,) = posters(plan, scene, words).values()
    assert '#panic("x") <script>' in told


def test_letters_are_high_enough_for_three_metres(herault_plan, scene):
    """Day and hours: an x-height of 7 mm at least; Inter’s is 0.546 of its size."""
    made = poster_files(herault_plan, outings(herault_plan, *SPRING), scene, PosterWords(), NOW)
    for name, content in made.items():
        sizes: list[tuple[float, str]] = []
        page = pypdf.PdfReader(io.BytesIO(content)).pages[0]

        def visit(text: str, _: object, matrix: list[float], *more: object) -> None:
            sizes.append((float(more[1]) * abs(matrix[3]), text))  # noqa: B023

        page.extract_text(visitor_text=visit)
        hours = max(size for size, text in sizes if " h" in text.replace("\u00a0", " "))
        assert hours * 0.546 * 25.4 / 72 >= 7, name


def test_dates_that_are_past_are_not_announced(herault_plan, herault_case):
    """A plan that began in 2026, exported in November: posters begin then, calendars do not."""
    plan = herault_plan.model_copy(update={"start": "2026-01-05"})
    ask = Request(plan, NOW, at_hand=herault_case)
    assert min(out.when for out in ask.outings).year == 2026
    assert min(out.when for out in ask.outings) < NOW.date()
    assert min(out.held for out in ask.to_come if out.held) >= NOW.date()
    asked = Request(plan, NOW, at_hand=herault_case, start=date(2026, 3, 1))
    assert min(out.held for out in asked.to_come if out.held) < NOW.date()


def test_what_is_still_to_be_written_on_them():
    names = ["carte.html", "publique/affiches/34064-le-caylar.pdf"]
    (told,) = to_complete(names, PosterWords())
    assert "sans téléphone" in told
    assert "--affiche affiche.csv" in told
    assert to_complete(names, PosterWords(phone="04 67 00 00 00")) == []
    assert to_complete(["carte.html", "affiches/affiche.csv"], PosterWords()) == []


class TestDates:
    def test_by_month(self):
        days = [date(2027, 1, 12), date(2027, 1, 26), date(2027, 2, 1), date(2027, 3, 2)]
        assert list(dates_by_month([*days, date(2027, 3, 9), date(2027, 3, 16)])) == [
            ("Janvier 2027", "12 et 26"),
            ("Février 2027", "1er"),
            ("Mars 2027", "2, 9 et 16"),
        ]

    def test_months_later(self):
        assert months_later(date(2027, 11, 30), 3) == date(2028, 2, 1)
        assert months_later(date(2027, 1, 1), 3) == date(2027, 4, 1)

    def test_hours_as_they_are_said(self, herault_plan):
        stop = herault_plan.days[0].stops[0]
        whole = stop.model_copy(
            update={
                "opening_s": 34_200,
                "closing_s": 57_600,
                "closed_from_s": 45_000,
                "closed_until_s": 46_800,
            }
        )
        told = [span.replace("\u00a0", " ") for span in spoken_hours(whole)]
        assert told == ["9 h 30 – 12 h 30", "13 h – 16 h"]


class TestWords:
    def test_what_is_written_reads_back(self, tmp_path):
        words = PosterWords(phone="04", bring=("=A1", "x"), partners=())
        path = tmp_path / "affiche.csv"
        path.write_text(poster_csv(words), encoding="utf-8-sig", newline="")
        assert read_poster_words(path).phone == "04"
        assert read_poster_words(path).bring == ("=A1", "x")

    def test_every_fault_at_once(self, tmp_path):
        path = tmp_path / "affiche.csv"
        rows = ["telefone;04", f"titre;{'x' * 200}", "mention;a", "mention;b"]
        path.write_text("champ;texte\n" + "\n".join(rows), encoding="utf-8")
        with pytest.raises(InputError) as caught:
            read_poster_words(path)
        one, two, three = map(str, caught.value.faults)
        assert "champ « telefone » inconnu" in one
        assert "vouliez-vous « telephone » ?" in one
        assert "80 au plus sur une affiche" in two
        assert "mention : 2 lignes, 1 au plus" in three

    def test_an_empty_list_is_shown_nowhere(self, herault_plan):
        data = poster_data("X", [], PosterWords(partners=(), bring=()))
        assert data["partners"] == data["bring"] == data["sessions"] == []
