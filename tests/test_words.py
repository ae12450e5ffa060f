"""What a plan says in sentences: singular and plural, none, one and many, proved or not."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import pytest
from leveled import level, with_levels

from tourplan.export.words import (
    area_sentence,
    brief,
    case_sentences,
    change,
    change_of,
    days_table,
    elected_sentences,
    free_days_text,
    level_text,
    levels_table,
    origin_words,
    proof_sentence,
    proof_text,
    rhythm_sentence,
    stop_name,
)
from tourplan.plan import AreaAccess, Groups, Origin, Plan
from tourplan.prepare import prepare
from tourplan.scenario import Scenario

SPACE = "\u00a0"


def group(near: int, beyond: int, communes: int) -> Groups:
    return Groups(
        inside=9_999 - near - beyond,
        near=near,
        beyond=beyond,
        communes_near=int(near > 0),
        communes_beyond=communes,
    )


def area(
    before: int, after: int, communes: tuple[int, int], near: tuple[int, int] = (0, 0)
) -> AreaAccess:
    return AreaAccess(
        groups_before={15: group(near[0], before, communes[0])},
        groups_after={15: group(near[1], after, communes[1])},
        code="1",
        name="CC des Monts",
        residents=9_999,
        before={15: before},
        after={15: after},
        communes_before={15: communes[0]},
        communes_after={15: communes[1]},
        mean_before_s=None,
        mean_after_s=None,
    )


def lasting(plan: Plan, *lengths_s: int) -> Plan:
    """The plan cut to its first day, whose openings last so long."""
    day = plan.days[0]
    stops = [
        stop.model_copy(update={"closing_s": stop.opening_s + length_s})
        for stop, length_s in zip(day.stops, lengths_s, strict=False)
    ]
    return plan.model_copy(update={"days": (day.model_copy(update={"stops": tuple(stops)}),)})


class TestArea:
    @pytest.mark.parametrize(
        ("before", "after", "communes", "text"),
        [
            (0, 0, (0, 0), "aucun habitant n’est à plus de 15 min d’un accueil."),
            (
                1,
                0,
                (1, 0),
                "1 habitant d’une commune est à plus de 15 min d’un accueil ; avec la tournée, "
                "aucun.",
            ),
            (
                1_523,
                0,
                (10, 0),
                f"1{SPACE}523 habitants de 10 communes sont à plus de 15 min d’un accueil ; avec "
                "la tournée, aucun.",
            ),
            (
                1_523,
                1,
                (10, 1),
                f"1{SPACE}523 habitants de 10 communes sont à plus de 15 min d’un accueil ; avec "
                "la tournée, il en reste 1, d’une commune.",
            ),
            (
                20,
                20,
                (2, 2),
                "20 habitants de 2 communes sont à plus de 15 min d’un accueil ; la tournée n’y "
                "change rien.",
            ),
            (
                11_629,
                11_320,
                (10, 7),
                f"11{SPACE}629 habitants de 10 communes sont à plus de 15 min d’un accueil ; avec "
                f"la tournée, il en reste 11{SPACE}320, de 7 communes.",
            ),
        ],
    )
    def test_counts(self, before, after, communes, text):
        assert area_sentence(area(before, after, communes)) == f"CC des Monts : {text}"

    @pytest.mark.parametrize(
        ("before", "after", "near", "text"),
        [
            (
                0,
                0,
                (185, 0),
                "aucun habitant n’est à plus de 15 min d’un accueil, mais 185 sont à la limite ; "
                "avec la tournée, aucun.",
            ),
            (
                0,
                0,
                (1, 1),
                "aucun habitant n’est à plus de 15 min d’un accueil, mais 1 est à la limite ; la "
                "tournée n’y change rien.",
            ),
            (
                20,
                0,
                (30, 40),
                "20 habitants de 2 communes sont à plus de 15 min d’un accueil et 30 à la limite ; "
                "avec la tournée, aucun, et 40 à la limite.",
            ),
            (
                20,
                10,
                (0, 40),
                "20 habitants de 2 communes sont à plus de 15 min d’un accueil ; avec la tournée, "
                "il en reste 10, d’une commune, et 40 à la limite.",
            ),
        ],
    )
    def test_those_near_are_counted_apart(self, before, after, near, text):
        found = area_sentence(area(before, after, (2 if before else 0, int(after > 0)), near))
        assert found == f"CC des Monts : {text}"

    def test_one_sentence_an_area(self, herault_plan):
        sentences = elected_sentences(herault_plan)
        assert len(sentences) == 2 + 3
        assert not any(text.startswith("Ensemble") for text in sentences)

    def test_the_whole_when_there_is_no_area(self, herault_plan):
        whole = herault_plan.model_copy(update={"access": herault_plan.access[-1:]})
        assert elected_sentences(whole)[0].startswith("Ensemble : ")


class TestRhythm:
    @pytest.mark.parametrize(
        ("lengths_s", "text"),
        [
            ((9_000, 9_000), "2 h 30 par passage"),
            ((7_200, 9_000), "De 2 h à 2 h 30 par passage"),
            ((2_700, 2_700), "45 min par passage"),
        ],
    )
    def test_lengths(self, herault_plan, lengths_s, text):
        assert rhythm_sentence(lasting(herault_plan, *lengths_s)).startswith(f"{text}, deux fois")

    @pytest.mark.parametrize(
        ("month_weeks", "cycle_weeks", "text"),
        [
            ((2,), 1, "une fois par mois"),
            ((2, 4), 1, "deux fois par mois"),
            ((2, 4), 2, "une fois par mois"),
            ((1, 2, 3), 1, "trois fois par mois"),
            ((1, 2, 3, 4), 1, "quatre fois par mois"),
            ((1, 2, 3, 4), 2, "deux fois par mois"),
            ((1, 2, 3, 4), 4, "une fois par mois"),
        ],
    )
    def test_times_a_month(self, herault_plan, month_weeks, cycle_weeks, text):
        changes = {"month_weeks": month_weeks, "cycle_weeks": cycle_weeks}
        assert text in rhythm_sentence(herault_plan.model_copy(update=changes))

    def test_no_session(self, herault_plan):
        empty = herault_plan.model_copy(update={"days": ()})
        assert rhythm_sentence(empty) == "Aucune permanence : la tournée est vide."
        assert days_table(empty) == ["  aucune journée de tournée"]

    @pytest.mark.parametrize(
        ("free", "weeks", "text"),
        [
            ((), 1, ""),
            (((1, 2, "V"),), 1, "Jour libre : mercredi."),
            (((1, 0, "Véhicule 1"), (1, 4, "Véhicule 1")), 1, "Jours libres : lundi et vendredi."),
            (((2, 0, "V"),), 2, "Jour libre : lundi de la semaine 2."),
        ],
    )
    def test_free_days(self, herault_plan, free, weeks, text):
        plan = herault_plan.model_copy(update={"free_days": free, "cycle_weeks": weeks})
        assert free_days_text(plan) == text
        assert rhythm_sentence(plan).endswith(text or "par mois.")

    def test_free_days_of_several_vehicles(self, herault_plan):
        free = tuple((week, day, "Zoé") for week in (1, 2) for day in range(5))
        day = herault_plan.days[0].model_copy(update={"week": 2, "vehicle": "Zoé"})
        changes = {
            "free_days": (*free[:5], *free[6:], (2, 3, "Kangoo")),
            "cycle_weeks": 2,
            "vehicles": ("Kangoo", "Zoé"),
            "days": (day, day.model_copy(update={"vehicle": "Kangoo"})),
        }
        assert free_days_text(herault_plan.model_copy(update=changes)) == (
            "Jours libres : toute la semaine 1 (Zoé) ; mardi, mercredi, jeudi et vendredi de la "
            "semaine 2 (Zoé) ; jeudi de la semaine 2 (Kangoo)."
        )

    def test_communes_visited_more_or_less_often(self, herault_plan):
        second = [day.model_copy(update={"week": 2}) for day in herault_plan.days[:1]]
        changes = {"cycle_weeks": 2, "days": (*herault_plan.days, *second)}
        text = rhythm_sentence(herault_plan.model_copy(update=changes))
        assert "une à deux fois par mois selon la commune." in text
        both = {"cycle_weeks": 2, "days": (*second, *herault_plan.days[:1])}
        assert "deux fois par mois." in rhythm_sentence(herault_plan.model_copy(update=both))


class TestProof:
    def test_proved(self, herault_plan):
        assert proof_sentence(herault_plan) == (
            "5 h 53 de route par semaine de tournée ; aucun autre planning ne fait mieux selon "
            "ces règles et ces temps (démontré)."
        )

    @pytest.mark.parametrize(
        ("stopped", "reason"),
        [
            ("interrompu", "calcul interrompu"),
            ("limite de temps", "temps de calcul épuisé"),
            ("journées trop nombreuses", "trop de journées possibles pour les comparer toutes"),
            ("terminé", "sans preuve"),
        ],
    )
    def test_not_proved(self, herault_plan, stopped, reason):
        done, left = level(1, 1, name="a"), level(2, 1, name="b")
        text = proof_sentence(with_levels(herault_plan, done, left, stopped=stopped))
        assert reason in text
        assert text.count("temps de route") == 1
        assert "(non démontré)" in text
        assert "aucun autre planning" not in text

    def test_road_of_several_weeks_is_told_for_one(self, herault_plan):
        assert proof_sentence(herault_plan.model_copy(update={"cycle_weeks": 2})).startswith(
            "2 h 56 de route par semaine"
        )

    @pytest.mark.parametrize(
        ("one", "weeks", "text"),
        [
            (level(5, 5), 1, "démontré"),
            (level(5, None), 1, "non démontré : le temps a manqué"),
            (level(21_000, 20_400), 1, "non démontré : au mieux 5 h 40 par semaine"),
            (level(21_000, 20_400), 2, "non démontré : au mieux 2 h 50 par semaine"),
            (level(9_000, 8_500, "mètres"), 1, "non démontré : au mieux 8,5 km par semaine"),
            (level(9, 0, "habitants"), 1, "non démontré : au mieux aucun habitant"),
            (level(9, 1, "habitants"), 1, "non démontré : au mieux 1 habitant"),
            (level(9, 1_500, "habitants"), 1, f"non démontré : au mieux 1{SPACE}500 habitants"),
            (level(9, 10, "permanences"), 1, "non démontré : au mieux 10 permanences"),
            (level(9, 10, "demi-journées"), 1, "non démontré : au mieux 10 demi-journées"),
            (level(0, 1, "demi-journées"), 1, "non démontré : au mieux 1 demi-journée"),
            (level(200, 150, "habitants × secondes"), 1, "non démontré : 25,0 % à gagner, au plus"),
            (level(900, 630, name="acces_pire"), 2, "non démontré : au mieux 10,5 min"),
            (level(9_000, 7_200, name="equite_agents"), 2, "non démontré : au mieux 2 h par mois"),
            (
                level(3, 1, "départs et retours", "equite_horaires"),
                1,
                "non démontré : au mieux 1 départ ou retour par mois",
            ),
            (
                level(500, 250, "habitants pour 10 000", "equite_communes"),
                1,
                "non démontré : au mieux 2,5 %",
            ),
            (
                level(9 * 10**6, 1_234_567, "millionièmes d’euro", "cout"),
                2,
                "non démontré : au mieux 1,23 € par cycle",
            ),
            (
                level(9 * 10**9, 5 * 10**9, "microgrammes", "co2"),
                2,
                "non démontré : au mieux 5,0 kg de CO₂ par cycle",
            ),
            (level(2, 3, "demi-journées", "marches"), 1, "non démontré : au mieux 3 demi-journées"),
        ],
    )
    def test_of_a_level(self, one, weeks, text):
        assert proof_text(one, weeks) == text

    def test_levels_are_numbered(self, herault_plan):
        lines = levels_table(herault_plan)
        assert [line.split(".")[0].strip() for line in lines] == [str(n) for n in range(1, 8)]
        assert lines[0] == "  1. Permanences obligatoires tenues : 10 sur 10 (démontré)"

    def test_a_single_half_day_is_singular(self, herault_plan):
        for line in levels_table(herault_plan):
            assert not re.search(r"\b[01] [\wé-]+s\b", line)

    def test_residents_within_the_uncertainty_are_told(self, herault_plan):
        lines = levels_table(herault_plan)
        assert lines[2].endswith(f" 2{SPACE}514 habitants, tous à la limite (démontré)")
        assert lines[3].endswith(f" 11{SPACE}320 habitants (démontré)")

    @pytest.mark.parametrize(
        ("beyond", "text"), [(20, "20 habitants"), (5, "20 habitants, dont 15 à la limite")]
    )
    def test_of_some(self, herault_plan, beyond, text):
        one = level(20, 20, "habitants", "habitants_au_dela_15")
        plan = herault_plan.model_copy(
            update={
                "access": (
                    area(20, 20, (1, 1)).model_copy(
                        update={"groups_after": {15: group(20 - beyond, beyond, 1)}}
                    ),
                )
            }
        )
        assert level_text(plan, one) == text
        other = one.model_copy(update={"name": "habitants_au_dela_7"})
        assert level_text(plan, other) == "20 habitants"


class TestOrigin:
    FACTS: ClassVar[dict[str, Any]] = {
        "label": "routes",
        "date": "2026-05-02",
        "credit": "© nous",
        "uncertainty": "peu sûr en ville",
        "uncertainty_pct": 12,
        "schematic": False,
    }

    def test_source_date_speeds_uncertainty_and_credit(self):
        origin = Origin(**self.FACTS, speeds="vitesses des panneaux.")
        assert origin_words(origin) == (
            f"routes (2{SPACE}mai 2026). Vitesses des panneaux. Incertitude : ± 12 % (peu sûr en "
            "ville). © nous"
        )

    def test_no_speeds_and_no_band(self):
        origin = Origin(**{**self.FACTS, "uncertainty_pct": 0})
        assert origin_words(origin) == (
            f"routes (2{SPACE}mai 2026). Incertitude : peu sûr en ville. © nous"
        )


class TestDays:
    def test_a_line_a_day(self, herault_plan):
        lines = days_table(herault_plan)
        assert len(lines) == 5
        for line in lines:
            assert re.fullmatch(
                r"  \w+ +départ \d\d:\d\d ; .+ \d\d:\d\d–\d\d:\d\d ; .+ \d\d:\d\d–\d\d:\d\d ; "
                r"retour \d\d:\d\d",
                line,
            )

    def test_weeks_are_told_when_there_are_several(self, herault_plan):
        days = herault_plan.days
        second = days[1].model_copy(update={"week": 2})
        lines = days_table(
            herault_plan.model_copy(update={"cycle_weeks": 3, "days": (*days[:2], second)})
        )
        assert [line for line in lines if line.startswith("  S")] == [
            "  Semaine 1",
            "  Semaine 2",
            "  Semaine 3 : aucune journée",
        ]
        assert lines[1].startswith("    lundi     départ ")
        assert lines[4].startswith("    mardi     départ ")

    def test_vehicles_agencies_and_teams_head_their_days(self, herault_plan):
        one, two, three, *_ = herault_plan.days
        zoe = {"vehicle": "Zoé", "depot": "34142", "teams": {2: ("Ana",), 4: ("Bob",)}}
        changes = {
            "vehicles": ("Véhicule 1", "Zoé"),
            "depots": {**herault_plan.depots, "34142": "Lodève"},
            "days": (one, one.model_copy(update=zoe), two.model_copy(update=zoe), three),
        }
        lines = days_table(herault_plan.model_copy(update=changes))
        assert lines[0] == "  Véhicule 1, au départ de Clermont-l’Hérault, avec Agent 1, Agent 2"
        assert lines[3] == (
            "  Zoé, au départ de Lodève, avec Ana (semaine 2 sur 4) ; Bob (semaine 4 sur 4)"
        )
        assert [line.split()[0] for line in lines if line.startswith("    ")] == [
            *("lundi", "mercredi"),
            *("lundi", "mardi"),
        ]

    def test_rooms_and_pauses(self, herault_plan):
        day = herault_plan.days[0]
        whole = day.stops[0].model_copy(
            update={"place": "Halle", "closed_from_s": 43_200, "closed_until_s": 45_000}
        )
        (line,) = days_table(
            herault_plan.model_copy(update={"days": (day.model_copy(update={"stops": (whole,)}),)})
        )
        assert f"; {whole.name} (Halle) 09:45–12:00 et 12:30–12:15 ;" in line


class TestCase:
    @pytest.mark.parametrize(
        ("communes", "text"),
        [
            (
                {"a_desservir": ["34064"]},
                "1 commune à desservir, aucune autre candidate, ",
            ),
            (
                {"a_desservir": ["34064", "34230"], "candidates": ["34036"]},
                "2 communes à desservir, 1 autre candidate, ",
            ),
            (
                {"candidates": ["34064", "34036"]},
                "2 communes candidates, aucune imposée, ",
            ),
        ],
    )
    def test_counts(self, communes, text):
        case = prepare(Scenario.from_keys({"titre": "x", "communes": communes}))
        asked, place, *notes = case_sentences(case)
        assert asked == f"  {text}14{SPACE}929 habitants dont l’accès compte."
        assert place.startswith("  Départ et retour : ")
        assert all(note.startswith("  À savoir : ") for note in notes)


class TestChanges:
    """One wording for what plans worth less, or more, give up or win."""

    @pytest.mark.parametrize(
        ("name", "by", "weeks", "told", "of_what"),
        [
            ("route", 600, 1, "10 min de plus", "10 min de route de plus"),
            ("route", -600, 2, "5 min de moins", "5 min de route de moins"),
            ("route", -180, 2, "90 s de moins", "90 s de route de moins"),
            ("km", 9_000, 2, "4,5 km de plus", "4,5 km de plus"),
            ("ouverture", -3600, 1, "1 h de moins", "1 h d’ouverture de moins"),
        ],
    )
    def test_by_week(self, name, by, weeks, told, of_what):
        one = level(20_000, None, "mètres" if name == "km" else "secondes", name)
        two = one.model_copy(update={"value": 20_000 + by})
        assert change(one, two, weeks) == f"{told} par semaine de tournée"
        assert change_of(one, two, weeks) == f"{of_what} par semaine de tournée"

    @pytest.mark.parametrize(
        ("label", "unit", "by", "told"),
        [
            (
                "habitants à plus de 15 min d’un accueil",
                "habitants",
                112,
                "112 habitants de plus à plus de 15 min d’un accueil",
            ),
            (
                "demi-journées le jour du marché",
                "demi-journées",
                -1,
                "1 demi-journée de moins le jour du marché",
            ),
            (
                "coût des trajets",
                "millionièmes d’euro",
                3_200_000,
                "3,20 € de plus, coût des trajets",
            ),
        ],
    )
    def test_of_what(self, label, unit, by, told):
        one = level(5_000_000, None, unit, "x").model_copy(update={"label": label})
        two = one.model_copy(update={"value": 5_000_000 + by})
        assert change_of(one, two, 1) == told

    def test_mean_access(self):
        one = level(9000, None, "habitants × secondes", "acces_moyen")
        two = one.model_copy(update={"value": 6000})
        assert change(one, two, 1) == "plus court"
        assert change_of(one, two, 1) == "temps de route plus court"
        told = change_of(one, two, 1, people=100)
        assert told.startswith("30 s d’accès de moins en moyenne pour 100 habitants que")

    @pytest.mark.parametrize(
        ("seconds", "told"),
        [
            (0, "0 min"),
            (0.4, "moins d’une seconde"),
            (90, "90 s"),
            (120, "2 min"),
            (3900, "1 h 05"),
        ],
    )
    def test_brief(self, seconds, told):
        assert brief(seconds) == told


def test_a_stop_has_its_place_only_where_its_commune_has_several(herault_plan: Plan) -> None:
    day, *others = herault_plan.days
    first, second = day.stops
    hall = first.model_copy(update={"place": "Halle"})
    alone = herault_plan.model_copy(
        update={"days": (day.model_copy(update={"stops": (hall, second)}), *others)}
    )
    assert stop_name(alone, hall) == first.name
    again = second.model_copy(update={"code": first.code, "name": first.name})
    both = herault_plan.model_copy(
        update={"days": (day.model_copy(update={"stops": (hall, again)}), *others)}
    )
    assert stop_name(both, hall) == f"{first.name} (Halle)"
    assert stop_name(both, again) == first.name
