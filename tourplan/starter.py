"""The scenarios that come with tourplan, and the ``scenario.toml`` that ``init`` writes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from tourplan.errors import InputError, quoted
from tourplan.fields import Section
from tourplan.files import data_file
from tourplan.hours import clock
from tourplan.places import CommuneSettings, Venue
from tourplan.reading import from_keys
from tourplan.scenario import DEFAULT_GOALS, Goal, MeasuredDrive, Pin, Scenario
from tourplan.tables import read_table
from tourplan.teams import Agent, Vehicle
from tourplan.times import DEFAULT_SESSIONS, Session

Json = dict[str, Any]

LODEVOIS, PIC_SAINT_LOUP = "200017341", "200022986"
MINERVOIS, GRAND_ORB = "200066348", "200042646"
CLERMONT, BEZIERS = "34079", "34032"
COEUR_DE_CHARENTE, VAL_DE_CHARENTE, CONDAC = "200072023", "200043016", "16104"
TEN = (
    "34036",
    "34060",
    "34064",
    "34196",
    "34230",
    "34251",
    "34264",
    "34268",
    "34277",
    "34317",
)

_CREW: Json = {
    "cycle": {"semaines": 1, "semaines_du_mois": [2, 4]},
    "agents": [{"agence": CLERMONT, "semaines": [2, 4]}, {"agence": CLERMONT, "semaines": [2, 4]}],
    "vehicules": [{"depot": CLERMONT, "semaines": [2, 4]}],
    "comparaison": {"tournee": "herault_2024"},
}
_AREA: Json = {"habitants": {"epci": [LODEVOIS, PIC_SAINT_LOUP]}}


def _bus_places() -> list[Json]:
    """Where the bus of northern Charente stops; one stop is published without a true place."""
    places = []
    for row in read_table(data_file("tournees/charente_bus.csv"), ("code_insee", "lieu")):
        place: Json = {"code_insee": row.text("code_insee"), "nom": row.text("lieu")}
        place["adresse"] = row.text("adresse")
        if row.text("lon"):
            place |= {"lon": float(row.text("lon")), "lat": float(row.text("lat"))}
        places.append(place)
    return places


_BUS_PLACES = _bus_places()

DEFAULT_EXAMPLE = "herault"
EXAMPLES: dict[str, Json] = {
    "herault": {
        "titre": "Hérault nord-est : dix communes",
        "communes": {"a_desservir": list(TEN)},
        **_AREA,
        **_CREW,
    },
    "herault-libre": {
        "titre": "Hérault nord-est : étude libre, 64 communes candidates",
        "communes": {"candidates_epci": [LODEVOIS, PIC_SAINT_LOUP]},
        **_AREA,
        **_CREW,
    },
    "herault-mois": {
        "titre": "Hérault : un mois, une voiture",
        "communes": {"a_desservir": list(TEN), "candidates_epci": [MINERVOIS, GRAND_ORB]},
        "reglages": [
            {"communes": list(TEN), "passages": 2, "semaines": [2, 4]},
            {"epci": [MINERVOIS, GRAND_ORB], "semaines": [1, 3]},
        ],
        "cycle": {"semaines": 4, "semaines_du_mois": [1, 2, 3, 4]},
        "agents": [{"agence": [BEZIERS, CLERMONT]}, {"agence": [BEZIERS, CLERMONT]}],
        # A vehicle that may leave from two depots may do so any week. Which depot goes with which
        # week is told by writing the one car twice: the two are never out in the same week.
        "vehicules": [
            {"nom": "Voiture des semaines 1 et 3", "depot": BEZIERS, "semaines": [1, 3]},
            {"nom": "Voiture des semaines 2 et 4", "depot": CLERMONT, "semaines": [2, 4]},
        ],
        "calcul": {"limite_s": 600},
    },
    "charente-bus": {
        "titre": "Charente : le bus du Ruffécois",
        "communes": {"a_desservir": [place["code_insee"] for place in _BUS_PLACES]},
        "habitants": {"epci": [COEUR_DE_CHARENTE, VAL_DE_CHARENTE]},
        "cycle": {"semaines": 2, "semaines_du_mois": [1, 2, 3, 4], "semaines_selon": "iso"},
        "permanences": [
            {"nom": "matin", "ouverture": "08:45", "fermeture": "12:30"},
            {"nom": "après-midi", "ouverture": "13:30", "fermeture": "16:30"},
            {
                "nom": "journée",
                "ouverture": "09:00",
                "fermeture": "15:30",
                "journee_entiere": True,
            },
        ],
        # A bus brings its own room: whether the mairie is open does not matter.
        "mairie": {"horaires": "ignores"},
        "semaine": {"ouverture_min_h": 0},
        "agents": [{"agence": CONDAC}, {"agence": CONDAC}],
        "vehicules": [{"nom": "Bus", "depot": CONDAC}],
        "lieux": _BUS_PLACES,
        "comparaison": {"tournee": "charente_bus"},
    },
}


def example(name: str = "herault") -> Scenario:
    """An embedded scenario.

    ``herault`` (ten communes imposed), ``herault-libre`` (64 candidates) or ``herault-mois`` (four
    weeks, two tours, one car; there is no plan, and tourplan says what would do), ``charente-bus``
    (a bus that goes by odd and even weeks, its twelve stops imposed).

    Raises:
        InputError: no such example.
    """
    return Scenario.from_keys(example_keys(name))


def example_keys(name: str) -> Json:
    """The French keys of an embedded scenario.

    Raises:
        InputError: no such example.
    """
    if name not in EXAMPLES:
        raise InputError.of(
            "--exemple", f"{quoted(name)} inconnu", f"attendu : {', '.join(EXAMPLES)}"
        )
    return copy.deepcopy(EXAMPLES[name])


def scenario_text(keys: Json, name_of: Callable[[str], str]) -> str:
    """A ``scenario.toml`` with every key: those given set, the others shown with their default.

    A default is written as a comment with what it means and its source, so that removing the
    ``#`` is all it takes to change it. Where there is no default, an example is shown and said
    to be one.

    Args:
        keys: the French keys to set.
        name_of: the name of a commune or intercommunalité by code, written as a comment.
    """
    head = {"titre": "", "auteur": "qui propose ce plan", "statut": "brouillon, proposé ou validé"}
    defaults = {"auteur": "", "statut": "brouillon"}
    lines = [
        "# Scénario de tourplan. Les lignes qui commencent par # montrent une valeur par défaut,",
        "# ou un exemple quand c’est dit ; retirez le # pour la changer.",
        "# Les heures et les codes INSEE s’écrivent entre guillemets.",
        "# Vérifier : tourplan check CE_FICHIER     Calculer : tourplan solve CE_FICHIER",
        "",
    ]
    for key, note in head.items():
        mark = "" if key in keys else "# "
        lines.append(_line(key, keys[key] if key in keys else defaults[key], note, mark))
    lines += [f"{alias} = []" for alias in _LISTS if keys.get(alias) == []]
    order = from_keys(keys)[0].order()
    for name, field in Scenario.model_fields.items():
        alias, section = field.alias or name, field.annotation
        if alias in _LISTS:
            lines += ["", *_list_section(alias, keys, name_of)]
        elif isinstance(section, type) and issubclass(section, Section):
            lines += ["", f"[{alias}]   # {_SECTIONS[alias]}"]
            lines += _fields(section, keys.get(alias, {}), name_of, order)
    return "\n".join(lines) + "\n"


_SECTIONS = {
    "communes": "où se tiennent les permanences",
    "habitants": "de qui l’on mesure l’accès",
    "points_fixes": "les accueils qui existent déjà",
    "territoire": "vos propres communes, ajoutées à celles de tourplan",
    "reseau": "d’où viennent les temps de route",
    "cycle": "semaines et jours de tournée",
    "journee": "ce qu’une journée doit respecter",
    "semaine": "ce qu’une semaine doit respecter",
    "equipe": "combien d’agents ensemble ; ils partent tous du même lieu",
    "salles": "ce que les lieux d’accueil doivent offrir",
    "besoin": "combien de personnes attendues, et le temps de chacune",
    "mairie": "ce que valent les horaires publiés des mairies",
    "objectifs": "dans quel ordre choisir ; chaque niveau est démontré avant le suivant",
    "comparaison": "à quoi comparer le plan",
    "calcul": "temps de calcul",
    "sorties": "ce que montrent les fichiers",
}


_SAMPLES: Json = {
    "debut": date(2027, 1, 4),
    "autonomie_km": 250,
    "co2_g_km": 190,
    "depot": CLERMONT,
    "agence": CLERMONT,
    "semaines": [2, 4],
    "part_pct": 95,
    "incertitude_pct": 15,
    "ecart_min_jours": 7,
    "ecart_max_jours": 14,
    "maximum_min": 150,
    "jours": ["lundi", "mardi"],
    "travail_max_h": 35,
    "travail_jour_max_h": 8,
    "amplitude_max_h": 12,
    "depart_au_plus_tot": "08:00",
    "retour_au_plus_tard": "18:00",
    "operateur": "CPAM",
}
"""What is shown for the keys that have no default."""
_PIN: Json = {
    "commune": "34064",
    "semaine": 1,
    "jour": "jeudi",
    "creneau": "matin",
    "vehicule": "Véhicule 1",
}
_CLOCKS = {"depart_au_plus_tot", "retour_au_plus_tard", "repas_a_partir_de", "repas_jusqu_a"}
_LISTS: dict[str, tuple[str, type[Section], list[Json]]] = {
    "permanences": (
        "Permanences de la journée (tournée de 2024 en Hérault), 2 h d’ouverture au moins",
        Session,
        [
            {
                "nom": s.name,
                "ouverture": clock(s.opening_s),
                "fermeture": clock(s.closing_s),
            }
            for s in DEFAULT_SESSIONS
        ],
    ),
    "agents": (
        "Agents : sans rien ici, deux agents présents à chaque tournée",
        Agent,
        [{}, {}],
    ),
    "vehicules": ("Véhicules : sans rien ici, un seul", Vehicle, [{}]),
    "acces": (
        "Objectifs d’accès : habitants à moins de tant de minutes d’un accueil",
        Goal,
        [{"minutes": goal.minutes} for goal in DEFAULT_GOALS],
    ),
    "mesures": (
        "Temps mesurés sur la route par les agents : ils remplacent les temps calculés",
        MeasuredDrive,
        [{"de": CLERMONT, "vers": "34036", "minutes": 27}],
    ),
    "reglages": (
        "Réglages de quelques communes : donnez communes ou epci, et ce qui change",
        CommuneSettings,
        [
            {
                "communes": ["34036", "34064"],
                "epci": [LODEVOIS],
                "passages": 2,
                "passages_min": 1,
                "passages_max": 2,
                "semaines": [1],
                "jours_refuses": ["mercredi"],
                "jours_marche": ["mardi"],
                "visites_par_mois": 20,
                "rendez_vous_par_mois": 8,
            }
        ],
    ),
    "lieux": (
        "Vos lieux d’accueil ; ceux d’une commune remplacent sa mairie",
        Venue,
        [
            {
                "code_insee": "34064",
                "nom": "Salle des fêtes",
                "adresse": "place de la Mairie",
                "lon": 3.3177,
                "lat": 43.8625,
                "horaires": "Mo-Fr 09:00-17:00",
                "acces_pmr": True,
                "confidentiel": True,
                "ouvert_au_public": True,
                "borne": False,
            }
        ],
    ),
    "imposes": (
        "Passages imposés : la commune, puis la semaine, le jour, le créneau ou le véhicule voulus",
        Pin,
        [_PIN],
    ),
    "interdits": (
        "Passages interdits : tout ce qui répond à la fois à toutes les clés données",
        Pin,
        [{**_PIN, "commune": "34036"}],
    ),
}
"""Heading, kind and default rows of the sections that repeat."""
_EXAMPLES_ONLY = ("mesures", "reglages", "lieux", "imposes", "interdits")
"""Those whose rows are no default, only an example."""


def _fields(
    section: type[Section],
    given: Json,
    name_of: Callable[[str], str],
    order: Sequence[str] = (),
    samples: Json = _SAMPLES,
) -> list[str]:
    """The keys of a section, each with its meaning and source: given, or else its default."""
    lines = []
    for name, field in section.model_fields.items():
        key = field.alias or name
        if given.get(key) is not None:
            lines += _given(key, given[key], _note(section, key), name_of)
        elif key == "ordre":
            lines.append(_line(key, list(order), _note(section, key), "# "))
        elif not field.is_required():
            lines.append(_default(section, key, field.default, samples))
    return lines


def _note(section: type[Section], key: str) -> str:
    """What a key means, and where its default comes from."""
    field = next(f for name, f in section.model_fields.items() if (f.alias or name) == key)
    extra = field.json_schema_extra
    source = extra.get("source", "") if isinstance(extra, dict) else ""
    return (field.description or "") + (f" ({source})" if source else "")


def _default(section: type[Section], key: str, value: Any, samples: Json) -> str:
    """A default as a comment; a key without a default shows an example."""
    note = _note(section, key)
    if value is None or (value == () and key in samples):
        return _line(key, samples[key], f"exemple ; {note}", "# ")
    return _line(key, clock(value) if key in _CLOCKS else value, note, "# ")


def _given(key: str, value: object, note: str, name_of: Callable[[str], str]) -> list[str]:
    """A key that is set; lists of codes one a line, with names as comments."""
    if isinstance(value, list) and any(name_of(item) != item for item in map(str, value)):
        inner = [f"    {_toml(item)},".ljust(18) + f"# {_remark(name_of(item))}" for item in value]
        head = f"{key} = ["
        return [f"{head.ljust(38)} # {note}" if note else head, *inner, "]"]
    name = name_of(value) if isinstance(value, str) else value
    words = [str(name), note] if name != value else [note]
    return [_line(key, value, " ; ".join(filter(None, words)))]


def _list_section(alias: str, keys: Json, name_of: Callable[[str], str]) -> list[str]:
    """A section that repeats: every key with its meaning in the first row, set or not."""
    heading, section, rows = _LISTS[alias]
    lines = [f"# {heading}"]
    if alias in keys:
        samples = {**_SAMPLES, **rows[0]} if alias in _EXAMPLES_ONLY else _SAMPLES
        for number, row in enumerate(keys[alias]):
            lines.append(f"[[{alias}]]")
            if number == 0:
                lines += _fields(section, row, name_of, samples=samples)
                continue
            for key, value in row.items():
                lines += _given(key, value, "", name_of) if value is not None else []
    elif alias in _EXAMPLES_ONLY:
        lines.append(f"# [[{alias}]]".ljust(38) + " # exemple ; à répéter, avec les clés utiles")
        for key, value in rows[0].items():
            lines.append(_line(key, value, f"exemple ; {_note(section, key)}", "# "))
    else:
        for number, row in enumerate(rows):
            lines.append(f"# [[{alias}]]")
            lines += [_line(key, value, _note(section, key), "# ") for key, value in row.items()]
            if number == 0:
                lines += [
                    _default(section, field.alias or name, field.default, _SAMPLES)
                    for name, field in section.model_fields.items()
                    if (field.alias or name) not in row
                ]
    return lines


def _line(key: str, value: object, note: str, mark: str = "") -> str:
    """A key, its value, and a remark; ``mark`` makes a comment of it all."""
    line = f"{mark}{key} = {_toml(value)}"
    return f"{line.ljust(38)} # {_remark(note)}" if note else line


def _remark(text: str) -> str:
    """A text fit for a comment: on one line, nothing that TOML refuses."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _toml(value: object) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value).removesuffix(".0")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{"".join(map(_character, str(value)))}"'


def _character(c: str) -> str:
    """A character as it stands in a TOML text; what cannot be seen is escaped."""
    if c in '"\\':
        return f"\\{c}"
    return c if c.isprintable() or c in "\u00a0\u202f" else f"\\U{ord(c):08x}"
