"""The scenarios that come with tourplan, and the ``scenario.toml`` that ``init`` writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from tourplan.errors import InputError
from tourplan.hours import clock
from tourplan.scenario import (
    DEFAULT_GOALS,
    DEFAULT_SESSIONS,
    Scenario,
    Section,
)

Json = dict[str, Any]

LODEVOIS, PIC_SAINT_LOUP = "200017341", "200022986"
CLERMONT = "34079"
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

ExampleName = Literal["herault", "herault-libre"]

_CREW: Json = {
    "cycle": {"semaines": 1, "semaines_du_mois": [2, 4]},
    "agents": [{"agence": CLERMONT, "semaines": [2, 4]}, {"agence": CLERMONT, "semaines": [2, 4]}],
    "vehicule": {"depot": CLERMONT, "semaines": [2, 4]},
    "comparaison": {"tournee": "herault_2024"},
}
_AREA: Json = {"habitants": {"epci": [LODEVOIS, PIC_SAINT_LOUP]}}

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
}


def example(name: str = "herault") -> Scenario:
    """An embedded scenario: ``herault`` (ten communes imposed) or ``herault-libre``.

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
        raise InputError.of("--exemple", f"« {name} » inconnu", f"attendu : {', '.join(EXAMPLES)}")
    return EXAMPLES[name]


def scenario_text(keys: Json, name_of: Callable[[str], str]) -> str:
    """A ``scenario.toml`` with every key: those given set, the others shown with their default.

    A default is written as a comment with what it means and its source, so that removing the
    ``#`` is all it takes to change it.

    Args:
        keys: the French keys to set.
        name_of: the name of a commune or intercommunalité by code, written as a comment.
    """
    lines = [
        "# Scénario de tourplan. Les lignes qui commencent par # sont des valeurs par défaut :",
        "# retirez le # pour les changer. Heures et codes INSEE s’écrivent entre guillemets.",
        "# Vérifier : tourplan check scenario.toml     Calculer : tourplan solve scenario.toml",
        "",
        f"titre = {_toml(keys['titre'])}",
        '# auteur = ""            # qui propose ce plan',
        '# statut = "brouillon"   # brouillon, proposé ou validé',
    ]
    for name, field in Scenario.model_fields.items():
        alias = field.alias or name
        if alias in ("titre", "auteur", "statut", "base"):
            continue
        if alias in ("permanences", "agents", "acces"):
            lines += ["", *_list_section(alias, keys)]
        else:
            section = field.annotation
            assert isinstance(section, type)  # noqa: S101
            assert issubclass(section, Section)  # noqa: S101
            lines += ["", f"[{alias}]   # {_SECTIONS[alias]}"]
            lines += _fields(section, section(), keys.get(alias, {}), name_of)
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
    "equipe": "combien d’agents ensemble",
    "vehicule": "la voiture",
    "mairie": "ce que valent les horaires publiés des mairies",
    "objectifs": "dans quel ordre choisir ; chaque niveau est démontré avant le suivant",
    "comparaison": "à quoi comparer le plan",
    "calcul": "temps de calcul",
    "sorties": "ce que montrent les fichiers",
}


def _fields(
    section: type[Section], defaults: Section, given: Json, name_of: Callable[[str], str]
) -> list[str]:
    """The keys of a section, given or default, each with its meaning and source."""
    lines = []
    for name, field in section.model_fields.items():
        key = field.alias or name
        extra = field.json_schema_extra
        source = extra.get("source", "") if isinstance(extra, dict) else ""
        note = (field.description or "") + (f" ({source})" if source else "")
        if key in given:
            lines += _given(key, given[key], note, name_of)
        else:
            value = _shown_default(key, getattr(defaults, name))
            lines.append(f"# {key} = {value}".ljust(38) + f" # {note}")
    return lines


def _given(key: str, value: object, note: str, name_of: Callable[[str], str]) -> list[str]:
    """A key that is set; lists of codes one a line, with names as comments."""
    codes = isinstance(value, list) and value and all(isinstance(item, str) for item in value)
    if codes and isinstance(value, list) and any(name_of(item) != item for item in value):
        inner = [f'    "{item}",'.ljust(18) + f"# {name_of(item)}" for item in value]
        return [f"{key} = [".ljust(38) + f" # {note}", *inner, "]"]
    name = name_of(value) if isinstance(value, str) else value
    shown = f"{name} ; {note}" if name != value else note
    return [f"{key} = {_toml(value)}".ljust(38) + f" # {shown}"]


def _shown_default(key: str, value: Any) -> str:
    """A default as TOML; keys without a default show an example or an empty text."""
    samples = {
        "debut": "2027-01-04",
        "autonomie_km": "250",
        "depot": '"34079"',
        "agence": '"34079"',
        "semaines": "[2, 4]",
        "ordre": _toml(list(Scenario(title="-").order())),
    }
    if value is None:
        return samples.get(key, '""')
    if isinstance(value, int) and key in _CLOCKS:
        return _toml(clock(value))
    return _toml(value)


_CLOCKS = {"depart_au_plus_tot", "retour_au_plus_tard", "repas_a_partir_de", "repas_jusqu_a"}


def _list_section(alias: str, keys: Json) -> list[str]:
    """The sections that repeat: sessions, agents, access goals."""
    if alias == "permanences":
        head = "# Permanences de la journée (tournée de 2024 en Hérault), 2 h d’ouverture au moins"
        rows = [
            {
                "nom": s.name,
                "ouverture": clock(s.opening_s),
                "fermeture": clock(s.closing_s),
                "minimum_min": s.minimum_min,
            }
            for s in DEFAULT_SESSIONS
        ]
    elif alias == "agents":
        head = "# Agents : agence (commune de rattachement) et semaines du mois où ils viennent"
        rows = [{"agence": CLERMONT, "semaines": [2, 4]}] * 2
    else:
        head = (
            "# Objectifs d’accès ; part_pct = 95 vise une part, impose = true la rend obligatoire"
        )
        rows = [{"minutes": goal.minutes} for goal in DEFAULT_GOALS]
    given: Sequence[Json] = keys.get(alias, rows)
    mark = "" if alias in keys else "# "
    lines = [head]
    for row in given:
        lines.append(f"{mark}[[{alias}]]")
        lines += [f"{mark}{key} = {_toml(value)}" for key, value in row.items()]
    return lines


def _toml(value: object) -> str:
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{value:g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    text = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else {'"': '\\"', "\\": "\\\\"}.get(c, c)
        for c in str(value)
    )
    return f'"{text}"'
