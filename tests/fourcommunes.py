"""A scenario of four communes, whose rounds are quickly solved."""

from __future__ import annotations

from typing import Any

from tourplan.scenario import Scenario

FOUR = ["34064", "34230", "34036", "34268"]
"""Le Caylar, Les Rives, Le Bosc, Saint-Jean-de-la-Blaquière."""


def scenario(**sections: Any) -> Scenario:
    """Four communes to serve, one day a week: two communes a week of a crew."""
    keys = {
        "titre": "Essai",
        "communes": {"a_desservir": FOUR},
        "cycle": {"semaines": 2, "jours": ["lundi"]},
        "semaine": {"ouverture_min_h": 0},
        "vehicules": [{"depot": "34079"}],
        **sections,
    }
    return Scenario.from_keys(keys)
