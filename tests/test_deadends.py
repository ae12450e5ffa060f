"""What a scenario asks and leaves no room for is told before any search, with where to mend it."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from tourplan.deadends import dead_end_faults
from tourplan.errors import Fault, InputError
from tourplan.optimise.solve import Infeasible, optimise
from tourplan.prepare import prepare
from tourplan.scenario import Scenario
from tourplan.starter import CLERMONT

CAYLAR, RIVES, BOSC = "34064", "34230", "34036"
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
TWO_WEEKS = {"semaines": 2, "semaines_du_mois": [2, 4]}


def scenario(**sections: Any) -> Scenario:
    """Le Caylar and Les Rives to serve, Le Bosc if it helps."""
    keys = {
        "titre": "Essai",
        "communes": {"a_desservir": [CAYLAR, RIVES], "candidates": [BOSC]},
        "agents": [{}, {}],
        "vehicules": [{"depot": CLERMONT}],
        **sections,
    }
    return Scenario.from_keys(keys)


def faults(**sections: Any) -> tuple[Fault, ...]:
    try:
        prepare(scenario(**sections))
    except InputError as error:
        return error.faults
    return ()


def setting(**keys: Any) -> dict[str, Any]:
    return {"reglages": [{"communes": [CAYLAR], **keys}]}


def pins(*places: dict[str, Any]) -> dict[str, Any]:
    return {"imposes": [{"commune": CAYLAR, **place} for place in places]}


MONDAY, TUESDAY = {"jour": "lundi"}, {"jour": "mardi"}
ON_MONDAYS = {"agents": [{"jours": ["lundi"]}] * 2}


@pytest.mark.parametrize(
    ("sections", "where", "words", "mend"),
    [
        (
            {"interdits": [{"commune": CAYLAR}]},
            "communes.a_desservir",
            "Le Caylar (34064) : à desservir, mais aucun créneau n’y est permis",
            "revoyez interdits.1, ou",
        ),
        (
            {"interdits": [{"commune": CAYLAR, "creneau": s} for s in ("matin", "après-midi")]},
            "communes.a_desservir",
            "Le Caylar (34064)",
            "interdits.1 et interdits.2",
        ),
        (
            {"interdits": [{"semaine": 1}]},
            "communes.a_desservir",
            "Le Caylar (34064) et 1 autre commune",
            "interdits.1",
        ),
        (
            setting(jours_refuses=["lundi"]) | ON_MONDAYS,
            "communes.a_desservir",
            "Le Caylar (34064)",
            "reglages.1.jours_refuses et les jours et semaines des agents",
        ),
        (
            {"communes": {"candidates": [CAYLAR, BOSC]}, "interdits": [{"commune": CAYLAR}]}
            | setting(passages_min=1),
            "reglages.1.passages_min",
            "Le Caylar (34064)",
            "interdits.1",
        ),
        (
            pins(MONDAY) | setting(jours_refuses=["lundi"]),
            "imposes.1",
            "aucun créneau n’y est permis à ce moment",
            "reglages.1.jours_refuses",
        ),
        (
            pins({"semaine": 1}) | setting(semaines=[2]) | {"cycle": TWO_WEEKS},
            "imposes.1",
            "aucun créneau",
            "reglages.1.semaines",
        ),
        (pins(TUESDAY) | ON_MONDAYS, "imposes.1", "aucun créneau", "jours et semaines des agents"),
        (
            pins(TUESDAY) | {"vehicules": [{"depot": CLERMONT, "jours": ["lundi"]}]},
            "imposes.1",
            "aucun créneau",
            "jours et semaines des agents et véhicules",
        ),
        (
            pins(MONDAY, TUESDAY),
            "imposes.2",
            "2 passages imposés, mais 1 au plus par cycle",
            "permettez 2 passages",
        ),
        (
            pins(MONDAY) | setting(passages=0) | {"communes": {"candidates": [CAYLAR, BOSC]}},
            "imposes.1",
            "1 passage imposé, mais 0 au plus par cycle",
            "permettez 1 passage",
        ),
        (
            pins(MONDAY | {"semaine": 1}, TUESDAY | {"semaine": 2})
            | setting(passages=2)
            | {"cycle": TWO_WEEKS},
            "imposes.2",
            "autre jour ou autre créneau qu’imposes.1",
            "meme_creneau = false",
        ),
        (
            {"imposes": [{"commune": code, "jour": "lundi"} for code in (CAYLAR, RIVES, BOSC)]},
            "imposes.3",
            "tous ceux qui conviennent sont pris par imposes.1 et imposes.2",
            "changez de jour",
        ),
        (
            setting(passages=2) | {"cycle": {**TWO_WEEKS, "ecart_min_jours": 20}},
            "cycle.ecart_min_jours",
            "2 passages par cycle sont à 14 jours d’écart au mieux, moins que 20",
            "réduisez ecart_min_jours",
        ),
        (
            setting(passages=2) | {"cycle": {**TWO_WEEKS, "ecart_max_jours": 7}},
            "cycle.ecart_max_jours",
            "avec 2 passages par mois au plus, deux sont à plus de 7 jours d’écart",
            "augmentez ecart_max_jours",
        ),
    ],
)
def test_told_once_with_where_what_and_how_to_mend_it(sections, where, words, mend):
    (fault,) = faults(**sections)
    assert fault.where == where
    assert words in fault.what
    assert mend in fault.mend


@pytest.mark.parametrize(
    "sections",
    [
        {"interdits": [{"commune": BOSC}]},
        {"interdits": [{"commune": CAYLAR, "jour": day} for day in DAYS[1:]]},
        setting(jours_refuses=list(DAYS[1:])),
        pins(MONDAY) | setting(jours_refuses=["mardi"]),
        pins(MONDAY, {"creneau": "matin"}),
        pins(MONDAY, TUESDAY)
        | setting(passages=2)
        | {"cycle": {"meme_creneau": False, "ecart_min_jours": 1}},
        {"imposes": [{"commune": code, "jour": "lundi"} for code in (CAYLAR, RIVES)]},
        {
            "imposes": [
                {"commune": CAYLAR, "jour": "lundi"},
                {"commune": RIVES, "jour": "lundi"},
                {"commune": BOSC},
            ]
        },
        setting(passages=2) | {"cycle": {**TWO_WEEKS, "ecart_min_jours": 14}},
        setting(passages=2) | {"cycle": {**TWO_WEEKS, "ecart_max_jours": 14}},
    ],
)
def test_what_leaves_some_room_is_no_fault(sections):
    assert faults(**sections) == ()


def test_a_pin_moves_where_it_can_to_leave_room_to_the_next():
    """The first holds any half-day, and must not take the only one that the last may have."""
    places = [{"commune": CAYLAR}, {"commune": RIVES, "jour": "lundi", "creneau": "matin"}]
    assert faults(imposes=places, cycle={"jours": ["lundi"]}) == ()


def test_more_sessions_than_slots_is_said_before_the_search():
    notes = prepare(scenario(cycle={"jours": ["lundi"]}, **setting(passages=1))).notes
    assert not any("permanences à tenir" in note for note in notes)
    three = {"a_desservir": [CAYLAR, RIVES, BOSC]}
    notes = prepare(scenario(cycle={"jours": ["lundi"]}, communes=three)).notes
    assert any("3 permanences à tenir par cycle, mais 2 créneaux au plus" in n for n in notes)


def drawn(random: Random) -> dict[str, Any]:
    """Two days of two weeks, with a few things imposed, forbidden and settled."""

    def place(odds: float) -> dict[str, Any]:
        keys = {"semaine": (1, 2), "jour": ("lundi", "mardi"), "creneau": ("matin", "après-midi")}
        return {key: random.choice(of) for key, of in keys.items() if random.random() < odds}

    setting: dict[str, Any] = {"communes": [random.choice((CAYLAR, RIVES, BOSC))]}
    setting["passages"] = random.choice((1, 2))
    if random.random() < 0.5:
        setting |= random.choice(({"jours_refuses": ["lundi"]}, {"semaines": [2]}))
    cycle = {**TWO_WEEKS, "jours": ["lundi", "mardi"], "meme_creneau": random.random() < 0.5}
    if random.random() < 0.5:
        cycle |= {"ecart_min_jours": random.choice((6, 14, 15)), "ecart_max_jours": 21}
    codes = [random.choice((CAYLAR, RIVES, BOSC)) for _ in range(random.choice((1, 2, 4)))]
    bans = [place(0.6) for _ in range(random.choice((0, 1, 2)))]
    return {
        "cycle": cycle,
        "semaine": {"ouverture_min_h": 0},
        "imposes": [{"commune": code, **place(0.4)} for code in codes],
        "interdits": [ban for ban in bans if ban],
        "reglages": [setting],
    }


def test_what_is_told_has_no_plan_indeed(monkeypatch):
    """The solver is asked all the same: where it finds a plan, nothing may be told."""
    monkeypatch.setattr("tourplan.prepare.dead_end_faults", lambda *_: [])
    seen = Counter[bool]()
    random = Random(7)  # noqa: S311
    for _ in range(80):
        try:
            asked = scenario(**drawn(random))
            case = prepare(asked)
        except InputError:
            continue  # told before, from the form alone
        found = dead_end_faults(asked, case.territory, case.problem)
        seen[bool(found)] += 1
        if found:
            with pytest.raises(Infeasible):
                optimise(case.problem)
    assert seen[True] >= 15
    assert seen[False] >= 15


def test_candidates_that_no_slot_is_left_to_are_told():
    """Le Bosc refuses the only day on which the agents work; elsewhere it would be served."""
    given = {"reglages": [{"communes": [BOSC], "jours_refuses": ["lundi"]}]}
    (note,) = [one for one in prepare(scenario(**given, **ON_MONDAYS)).notes if "jamais" in one]
    assert note.endswith("ne laissent jamais desservir : 1 (Le Bosc)")
    assert not [one for one in prepare(scenario(**given)).notes if "jamais" in one]
