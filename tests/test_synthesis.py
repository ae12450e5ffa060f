"""``synthese.pdf``: one page whatever the plan, and what whoever decides looks for is in it."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pypdf

from tourplan.export.pdf.synthesis import MOST_STOPS, synthesis_data, synthesis_pdf
from tourplan.export.scene import build_scene
from tourplan.plan import Plan
from tourplan.prepare import Case
from tourplan.study.existing import existing_tour

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def text_of(plan: Plan, case: Case) -> str:
    """What the page says; a page is all there is."""
    (page,) = pypdf.PdfReader(
        io.BytesIO(synthesis_pdf(plan, case, build_scene(plan, case), NOW))
    ).pages
    told = page.extract_text().replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(told.split())


def test_what_is_looked_for(herault_plan, herault_case):
    told = text_of(herault_plan, herault_case)
    for words in (
        "Brouillon",
        herault_plan.title,
        f"empreinte {herault_plan.fingerprint}",
        herault_plan.software,
        "imprimé le 27/11/2026",
        "Sans la tournée",
        "Avec la tournée",
        "Ouverture au public par semaine 24 h au moins",
        "règle des maisons de services au public",
        "aucun autre planning ne fait mieux",
        "© OpenStreetMap contributors, ODbL",
        "Les points fixes hors du département sont inconnus.",
        "Le Caylar",
    ):
        assert words in told, words


def test_communes_still_far_are_named(herault_plan, herault_case):
    parts = synthesis_data(
        herault_plan, herault_case, build_scene(herault_plan, herault_case), NOW
    )["far"]
    names = " ".join(part["names"] for part in parts)
    for name in ("Le Triadou", "Saint-Vincent-de-Barbeyrargues", "Sorbs"):
        assert name in names
    assert any(part["span"].startswith("À la limite de 20 min") for part in parts)


def test_what_is_not_proved_is_told(herault_plan, herault_case):
    first, *others = herault_plan.levels
    doubt = first.model_copy(update={"bound": None})
    plan = herault_plan.model_copy(update={"levels": (doubt, *others)})
    told = text_of(plan, herault_case)
    assert "Non démontré : un meilleur planning existe peut-être (1 des" in told
    assert "non démontré" in told


def test_a_tour_that_was_judged_was_not_to_be_proved(herault_case):
    plan = existing_tour(herault_case, "herault_2024").plan
    told = text_of(plan, herault_case)
    assert "Tournée évaluée Cette tournée a été évaluée telle qu’elle est donnée" in told
    assert "démontré" not in told.lower()
    assert "Temps de route : 5 h 45 par semaine" in told


def test_long_names_and_many_days_stay_on_one_page(herault_plan, herault_case):
    long = "Saint-Rémy-en-Bouzemont-Saint-Genest-et-Isson " * 6
    days = [
        day.model_copy(
            update={
                "week": week,
                "stops": tuple(s.model_copy(update={"name": long}) for s in day.stops),
            }
        )
        for week in range(1, 5)
        for day in herault_plan.days
    ]
    changed = {"days": tuple(days), "cycle_weeks": 4, "month_weeks": (1, 2, 3, 4)}
    area = herault_plan.access[0].model_copy(update={"name": long})
    plan = herault_plan.model_copy(
        update={**changed, "title": long[:200], "access": (area,) * 12 + herault_plan.access[-1:]}
    )
    assert "et 10 autres journées" in text_of(plan, herault_case)
    assert sum(
        len(day["stops"])
        for day in synthesis_data(plan, herault_case, build_scene(plan, herault_case), NOW)["days"]
    ) <= (MOST_STOPS)


def test_an_empty_plan_has_a_page(herault_plan, herault_case):
    assert "la tournée est vide" in text_of(
        herault_plan.model_copy(update={"days": ()}), herault_case
    )
