"""Scenarios drawn at random under their French keys, sound or absurd."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tourplan.hours import WEEKDAYS
from tourplan.starter import CLERMONT, TEN

BEZIERS, GIGNAC, LODEVE = "34032", "34114", "34142"
COMMUNES = (*TEN[:6], LODEVE)
DEPOTS = (CLERMONT, LODEVE, GIGNAC, BEZIERS)
SESSIONS = ("matin", "après-midi")
CARS = ("Kangoo", "Zoé")
NAMES = ("Ana", "Bob", "Cid")
LIMIT_S = 10.0

NONSENSE = st.sampled_from(
    (
        None,
        True,
        -1,
        0,
        10**30,
        float("nan"),
        float("inf"),
        -0.5,
        "",
        "  ",
        "\x00\u202e",
        "é" * 500,
        "34036",
        "99999",
        "25:99",
        [],
        [[]],
        ["lundi", "lundi"],
        [0, 5],
        {},
        {"a": {"b": 1}},
        [{}],
    )
)
"""What no key, or hardly any, can be."""


def rarely(draw: st.DrawFn, odds: int = 4) -> bool:
    """Once in ``odds``."""
    return draw(st.integers(1, odds)) == odds


def some(draw: st.DrawFn, **choices: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A few of these keys."""
    return {key: draw(value) for key, value in choices.items() if rarely(draw)}


def of(*values: Any) -> st.SearchStrategy[Any]:
    """One of these values."""
    return st.sampled_from(values)


def subset(values: tuple[Any, ...], least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Some of these values, each once."""
    return st.lists(st.sampled_from(values), unique=True, min_size=least)


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario whose keys are well written; what they ask may be impossible, or at odds."""
    home = draw(of(*DEPOTS))
    weeks, month = draw(of((1, [2, 4]), (1, [2, 4]), (1, [1]), (2, [2, 4]), (4, [1, 2, 3, 4])))
    keys: dict[str, Any] = {
        "titre": "Essai",
        "communes": _communes(draw),
        "cycle": {"semaines": weeks, "semaines_du_mois": month} | _cycle(draw),
        "agents": [
            _agent(draw, name, home) for name in NAMES[: draw(of(*[2] * 9, *[3] * 5, 1, 0))]
        ],
        "vehicules": [_vehicle(draw, name, home) for name in CARS[: draw(of(1, 1, 1, 2))]],
        "semaine": {"ouverture_min_h": draw(of(*[0] * 6, 2, 4, 24))},
        "sorties": {"noms_des_agents": True},
        "calcul": {"limite_s": LIMIT_S, "coeurs": draw(of(1, 1, 1, 2))},
    }
    keys["semaine"] |= some(draw, travail_max_h=of(0, 14, 35, 35, 48), repos_min_h=of(0, 11, 12))
    optional = {
        "reglages": _settings(draw, weeks),
        "imposes": [_pin(draw, weeks) | {"commune": draw(of(*COMMUNES))}],
        "interdits": [_pin(draw, weeks, least=1)],
        "permanences": _sessions(draw),
        "journee": _day(draw),
        "equipe": some(draw, agents=of(1, 1, 2, 3), formes=of(0, 1, 2)),
        "mairie": some(draw, horaires=of("ignores", "imposes"), recouvrement_min=of(30, 60, 150)),
        "acces": _goals(draw),
        "objectifs": some(draw, ordre=_ORDERS, eloignes_au_dela_min=of(1, 5, 600)),
        "lieux": [_venue(draw)],
        "salles": some(draw, exiger_acces_pmr=of(True), exiger_confidentialite=of(True)),
        "besoin": some(
            draw, visites_par_mois_1000_hab=of(0, 10, 1000), passages_selon_besoin=of(True)
        ),
        "habitants": some(draw, communes=subset(COMMUNES)),
        "points_fixes": some(draw, integres=of(False)),
        "mesures": [{"de": CLERMONT, "vers": draw(of(*COMMUNES)), "minutes": draw(of(0.1, 600))}],
    }
    return keys | {name: value for name, value in optional.items() if rarely(draw)}


_LEVELS = (
    "passages",
    "habitants_au_dela_15",
    "heures_mairie",
    "acces_moyen",
    "acces_pire",
    "route",
    "km",
    "cout",
    "co2",
    "ouverture",
    "marches",
    "equite_agents",
    "equite_horaires",
    "equite_communes",
)
_ORDERS = subset(_LEVELS).map(lambda levels: levels[:4])


def _communes(draw: st.DrawFn) -> dict[str, list[str]]:
    required = draw(st.lists(of(*COMMUNES), unique=True, max_size=3))
    others = [code for code in COMMUNES if code not in required]
    candidates = draw(subset(tuple(others), least=0 if required else 1))
    found = {"a_desservir": required, "candidates": candidates}
    left = [code for code in others if code not in candidates]
    return found | ({"exclues": left[:1]} if left and rarely(draw) else {})


def _cycle(draw: st.DrawFn) -> dict[str, Any]:
    days = draw(of(list(WEEKDAYS[:5]), list(WEEKDAYS[:2]), ["mardi"], ["dimanche"]))
    asked = some(
        draw, meme_creneau=of(False), ecart_min_jours=of(1, 7, 28), ecart_max_jours=of(14, 28)
    )
    return {"jours": days} | asked


def _agent(draw: st.DrawFn, name: str, home: str) -> dict[str, Any]:
    """Someone whose agency, where there is one, is mostly ``home``."""
    asked = some(
        draw,
        agence=of(home, home, [home, LODEVE], DEPOTS[0]),
        semaines=of([1, 2, 3, 4], [1, 2, 3, 4], [2, 4]),
        jours=of(*_WORKED),
        travail_max_h=of(5, 20, 35),
    )
    rare = some(
        draw,
        forme=of(False),
        travail_jour_max_h=of(3, 7),
        amplitude_max_h=of(5, 9),
        depart_au_plus_tot=of("08:00", "09:30"),
        retour_au_plus_tard=of("13:30", "17:00"),
    )
    return {"nom": name, **asked, **(rare if rarely(draw) else {})}


_WORKED = (WEEKDAYS, WEEKDAYS[:5], WEEKDAYS[:3], WEEKDAYS[1:], ("mardi",), ())


def _vehicle(draw: st.DrawFn, name: str, home: str) -> dict[str, Any]:
    asked = some(
        draw,
        depot=of(home, home, [home, BEZIERS], DEPOTS[0]),
        semaines=of([1, 2, 3, 4], [1, 2, 3, 4], [2, 4]),
        jours=of(*_WORKED),
        places=of(2, 3, 60, 1),
        autonomie_km=of(0.1, 60, 5000),
        cout_eur_km=of(0, 100),
    )
    return {"nom": name, **asked}


def _settings(draw: st.DrawFn, weeks: int) -> list[dict[str, Any]]:
    number = some(draw, passages=of(0, 1, 2, 4)) or some(
        draw, passages_min=of(0, 1), passages_max=of(1, 2, 20)
    )
    asked = some(
        draw,
        semaines=st.lists(st.integers(1, weeks), unique=True, max_size=2),
        jours_refuses=subset(WEEKDAYS),
        jours_marche=subset(WEEKDAYS[:5]),
        visites_par_mois=of(0, 40, 100_000),
    )
    return [{"communes": draw(subset(COMMUNES, least=1)), **number, **asked}]


def _pin(draw: st.DrawFn, weeks: int, least: int = 0) -> dict[str, Any]:
    choices = {
        "semaine": st.integers(1, weeks),
        "jour": of("mardi", "mardi", "mardi", "lundi", "samedi"),
        "creneau": of(*SESSIONS),
        "vehicule": of(*CARS[:1]),
    }
    kept = draw(st.lists(of(*choices), unique=True, min_size=least, max_size=3))
    return {key: draw(choices[key]) for key in kept}


def _sessions(draw: st.DrawFn) -> list[dict[str, Any]]:
    morning = {"nom": "matin", "ouverture": "09:45", "fermeture": draw(of("10:15", "12:15"))}
    morning["minimum_min"] = draw(of(30, 30, 150))
    late = {"nom": "après-midi", "ouverture": "13:30", "fermeture": "16:00", "minimum_min": 60}
    whole = {"nom": "journée", "ouverture": "09:30", "fermeture": "16:30", "journee_entiere": True}
    if rarely(draw):
        late["maximum_min"] = 90
    return draw(of([morning], [morning, late], [morning, late], [whole], [morning, late, whole]))


def _day(draw: st.DrawFn) -> dict[str, Any]:
    return some(
        draw,
        depart_au_plus_tot=of("06:00", "07:00", "09:00"),
        retour_au_plus_tard=of("13:00", "17:00", "19:00", "24:00"),
        installation_min=of(0, 5, 240),
        rangement_min=of(0, 30),
        repas_min=of(0, 30, 180),
        travail_max_h=of(0, 4, 10),
        amplitude_max_h=of(0, 6, 13),
        travail_sans_pause_max_h=of(1, 4, 6),
        pas_min=of(1, 5, 15, 15, 60),
    )


def _goals(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        {"minutes": minutes}
        | some(
            draw,
            part_pct=of(0, 50, 99.9, 100),
            impose=of(True),
            operateur=of("CPAM", "personne"),
            permanences=of(2, 20),
        )
        for minutes in draw(subset((1, 15, 20, 30, 600)))[:2]
    ]


def _venue(draw: st.DrawFn) -> dict[str, Any]:
    asked = some(
        draw,
        horaires=of("Mo-Fr 09:00-17:00", "Su 00:00-24:00"),
        acces_pmr=of(True, False),
        confidentiel=of(True, False),
        borne=of(True),
    )
    return {"code_insee": draw(of(*COMMUNES)), "nom": "Salle des fêtes", **asked}


@st.composite
def absurd(draw: st.DrawFn) -> dict[str, Any]:
    """A scenario in which one to three values, or whole sections, make no sense."""
    keys = draw(sound())
    for _ in range(draw(st.integers(1, 3))):
        where: Any = keys
        name = draw(of(*sorted(where)))
        while draw(st.booleans()) and where[name] and isinstance(where[name], (dict, list)):
            where = where[name]
            name = draw(of(*(where if isinstance(where, dict) else range(len(where)))))
        where[name] = draw(NONSENSE)
    return keys
