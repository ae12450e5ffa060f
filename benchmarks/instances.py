"""The instances that methods are compared on: tourplan's own scenarios of the embedded data.

Each has one possible crew for each vehicle and week, so that no method has to choose who goes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tourplan.prepare import Case
from tourplan.problem import Problem
from tourplan.scenario import Scenario
from tourplan.starter import CLERMONT, LODEVOIS, PIC_SAINT_LOUP, TEN, example_keys
from tourplan.territory import read_territory

Json = dict[str, Any]

BEZIERS, CONFOLENS, GUILLESTRE = "34032", "16106", "05065"
CHARENTE_LIMOUSINE, QUEYRAS, BRIANCONNAIS, ECRINS = (
    "200072049",
    "200067452",
    "240500439",
    "240500462",
)
GRAND_ORB, MINERVOIS = "200042646", "200066348"


@dataclass(frozen=True)
class Instance:
    """A problem to compare methods on: its name, what it is, and the keys of its scenario."""

    name: str
    what: str
    keys: Callable[[], Json]

    def problem(self) -> Problem:
        """The facts, prepared."""
        return self.case().problem

    def case(self) -> Case:
        """The scenario with its territory and times."""
        return Case.of(Scenario.from_keys({"titre": self.what, **self.keys()}))


@cache
def communes_of(county: str) -> tuple[str, ...]:
    """Every embedded commune of a département."""
    communes = read_territory().communes
    return tuple(sorted(code for code in communes if code.startswith(county)))


def _area(candidates: Sequence[str], depot: str) -> Json:
    """Every commune of some intercommunalités is a candidate, from one depot."""
    return {
        "communes": {"candidates_epci": list(candidates)},
        "habitants": {"epci": list(candidates)},
        **_crew(depot),
    }


def _near(keys: Json) -> Json:
    """The same, with shorter goals: fixed counters are near already."""
    goals = {"acces": [{"minutes": minutes} for minutes in (15, 10)]}
    return {**keys, **goals, "objectifs": {"eloignes_au_dela_min": 5}}


def _crew(depot: str, weeks: int = 1, **vehicle: Any) -> Json:
    """Two agents and a vehicle of one depot, two weeks a month."""
    return {
        "cycle": {"semaines": weeks, "semaines_du_mois": [2, 4]},
        "agents": [{"agence": depot}, {"agence": depot}],
        "vehicules": [{"depot": depot, **vehicle}],
    }


def _example(name: str) -> Json:
    """An embedded scenario, compared to no tour."""
    keys = copy.deepcopy(example_keys(name))
    return {key: value for key, value in keys.items() if key not in ("comparaison", "titre")}


def _county() -> Json:
    """Every commune of the Hérault, one week."""
    codes = list(communes_of("34"))
    return {
        "communes": {"candidates": codes},
        "habitants": {"communes": codes},
        **_crew(CLERMONT),
    }


def _electric() -> Json:
    """A small electric car: 90 km a day."""
    car = {"energie": "électrique", "autonomie_km": 90}
    return {**_example("herault-libre"), **_crew(CLERMONT, **car)}


def _two_vehicles() -> Json:
    """Two vehicles, from two agencies, over four intercommunalités."""
    agencies = (CLERMONT, BEZIERS)
    epcis = [LODEVOIS, PIC_SAINT_LOUP, GRAND_ORB, MINERVOIS]
    return {
        "communes": {"candidates_epci": epcis},
        "habitants": {"epci": epcis},
        "cycle": {"semaines": 1, "semaines_du_mois": [2, 4]},
        "agents": [{"agence": depot} for depot in agencies for _ in range(2)],
        "vehicules": [{"depot": depot} for depot in agencies],
    }


def _fortnight() -> Json:
    """The ten communes imposed and others as can be, over two different weeks."""
    return {
        **_area([LODEVOIS, PIC_SAINT_LOUP], CLERMONT),
        "communes": {
            "a_desservir": list(TEN),
            "candidates_epci": [LODEVOIS, PIC_SAINT_LOUP],
        },
        **_crew(CLERMONT, weeks=2),
    }


INSTANCES: tuple[Instance, ...] = (
    Instance("herault", "dix communes imposées", lambda: _example("herault")),
    Instance("herault-libre", "64 communes candidates", lambda: _example("herault-libre")),
    Instance("herault-departement", "341 communes candidates, une semaine", _county),
    Instance("herault-electrique", "64 candidates, 90 km par jour", _electric),
    Instance("herault-deux-vehicules", "123 candidates, deux agences", _two_vehicles),
    Instance("herault-quinzaine", "64 candidates dont dix imposées, deux semaines", _fortnight),
    Instance(
        "charente",
        "Charente Limousine, 58 candidates, depuis Confolens",
        lambda: _near(_area([CHARENTE_LIMOUSINE], CONFOLENS)),
    ),
    Instance(
        "hautes-alpes",
        "Queyras, Briançonnais et Écrins, 36 candidates, depuis Guillestre",
        lambda: _near(_area([QUEYRAS, BRIANCONNAIS, ECRINS], GUILLESTRE)),
    ),
)


def instance(name: str) -> Instance:
    """The instance of that name.

    Raises:
        KeyError: no such instance.
    """
    return {one.name: one for one in INSTANCES}[name]
