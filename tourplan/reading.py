"""From TOML, or French keys, to a ``Scenario``: every fault at once, in the user's words."""

from __future__ import annotations

import copy
import difflib
import re
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tourplan.coherence import coherence
from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.fields import Section
from tourplan.files import read_text
from tourplan.places import CommuneSettings, Venue
from tourplan.scenario import Goal, Json, MeasuredDrive, Pin, Scenario
from tourplan.teams import Agent, Vehicle
from tourplan.times import Session


def read_scenario(path: Path) -> tuple[Scenario, list[Fault]]:
    """The scenario of a file with the faults of its form.

    Raises:
        InputError: the file cannot be read, or its TOML syntax is wrong (told alone).
    """
    text = read_text(path)
    try:
        keys = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError([_syntax_fault(path.name, text, str(error))]) from None
    except RecursionError:
        raise InputError([_too_deep(path.name)]) from None
    except ValueError:
        raise InputError.of(
            path.name, "un nombre a trop de chiffres", "raccourcissez ce nombre"
        ) from None
    return from_keys(keys, path.parent)


def from_keys(keys: Json, base: Path = Path()) -> tuple[Scenario, list[Fault]]:
    """The scenario of French keys and every fault of form and coherence.

    What is faulty is set aside and its default taken, so that the rest is checked too.

    Raises:
        InputError: sections too deep in one another.
    """
    try:
        keys = copy.deepcopy(keys)
    except RecursionError:
        raise InputError([_too_deep("")]) from None
    faults: list[Fault] = []
    if "base" in keys:
        faults.append(_unknown_key(("base",), Scenario))
        del keys["base"]
    faults += _renamed(keys)
    numbers = {
        name: list(range(1, len(keys[name]) + 1))
        for name in _LISTS
        if isinstance(keys.get(name), list)
    }
    told = False
    for _ in range(50):
        try:
            scenario = Scenario.model_validate({**keys, "base": base}, by_name=False)
            break
        except ValidationError as error:
            found = [e for e in error.errors() if not _echo(e, keys)]
            # Later rounds only complain of what the first set aside.
            faults += [] if told else [_in_french(e, keys) for e in found]
            told = True
            _set_aside(keys, [e["loc"] for e in found], numbers)
    else:
        raise InputError(faults)
    places = {fault.where for fault in faults}
    later = [_as_numbered(fault, numbers) for fault in coherence(scenario)]
    later = [fault for fault in later if not _follows(fault.where, places)]
    return scenario, list(dict.fromkeys(faults + later))


_RENAMED: Mapping[str, str] = {"vehicule": "vehicules"}
"""Sections of old, which now repeat."""
_SET_BY: Mapping[str, str] = {
    "creneau": "permanences",
    "vehicule": "vehicules",
    "jour": "cycle",
    "jours_refuses": "cycle",
    "semaine": "cycle",
    "semaines": "cycle",
}
"""The section that says which values a key of a choice may take."""
_CHOICES = ("reglages", "imposes", "interdits")


def _renamed(keys: Json) -> list[Fault]:
    """The faults of sections under a former name, which are then read under the new one."""
    faults = []
    for old, new in _RENAMED.items():
        if old not in keys:
            continue
        what = f"cette section s’écrit maintenant [[{new}]], une par véhicule"
        faults.append(Fault(old, what, f"remplacez [{old}] par [[{new}]]"))
        value = keys.pop(old)
        if new not in keys and value:
            keys[new] = [value] if isinstance(value, dict) else value
    return faults


def _follows(where: str, told: Collection[str]) -> bool:
    """Whether a fault may only come of what was set aside, and told."""
    section, _, rest = where.partition(".")
    item = f"{section}.{rest.partition('.')[0]}" if rest else section
    if where in told or item in told:
        return True
    if where == "communes":
        return any(place.startswith("communes") for place in told)
    if section not in _CHOICES:
        return False
    if any(place.startswith(f"{item}.") for place in told) and (
        where == item or section != "reglages"
    ):
        return True
    source = _SET_BY.get(where.rpartition(".")[2], "")
    return bool(source) and any(
        place.partition(".")[0] == source
        and (source != "vehicules" or place.count(".") < 2 or place.endswith(".nom"))
        for place in told
    )


def _echo(error: Any, keys: Json) -> bool:
    """Whether a list is found too short only because what it holds is faulty."""
    return error["type"] == "too_short" and bool(_at(keys, error["loc"]))


def _as_numbered(fault: Fault, numbers: Mapping[str, Sequence[int]]) -> Fault:
    """The fault of a repeated section under its number in the file, some having been set aside."""
    section, _, rest = fault.where.partition(".")
    number, dot, key = rest.partition(".")
    there = numbers.get(section)
    if not there or not number.isdecimal():
        return fault
    return replace(fault, where=f"{section}.{there[int(number) - 1]}{dot}{key}")


_MENDS: Mapping[str, str] = {
    "string_type": "donnez un texte entre guillemets",
    "string_too_short": "donnez un texte",
    "string_too_long": "donnez au plus {max_length} caractères",
    "int_type": "donnez un nombre entier",
    "float_type": "donnez un nombre",
    "finite_number": "donnez un nombre",
    "bool_type": "écrivez true ou false",
    "tuple_type": "donnez une liste entre crochets",
    "too_long": "donnez au plus {max_length} éléments",
    "too_short": "donnez-en au moins {min_length}",
    "model_type": "écrivez une section [{section}]",
    "greater_than": "donnez plus de {gt:.15g}",
    "greater_than_equal": "donnez {ge:.15g} ou plus",
    "less_than_equal": "donnez {le:.15g} ou moins",
}
_LISTS: Mapping[str, type[Section]] = {
    "permanences": Session,
    "agents": Agent,
    "vehicules": Vehicle,
    "acces": Goal,
    "mesures": MeasuredDrive,
    "reglages": CommuneSettings,
    "lieux": Venue,
    "imposes": Pin,
    "interdits": Pin,
}
"""The sections that repeat."""
_EMPTIED = ("agents", "vehicules", "reglages", "imposes", "interdits")
"""Those whose faulty item leaves an empty place, so that those after it keep their numbers."""
_WHOLE = (
    "semaines",
    "semaines_du_mois",
    "jours",
    "jours_refuses",
    "jours_marche",
    "ordre",
    "depot",
    "agence",
)
"""Lists that are one value: part of one would tell other faults."""


def _in_french(error: Any, keys: Json) -> Fault:
    """A pydantic error in the user's words."""
    location = _written(error["loc"], keys)
    where = _where(location)
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(location, _section_at(location[:-1]))
    if kind == "missing":
        return Fault(where, "manque", f"ajoutez {location[-1]} = …")
    if kind == "value_error":
        wrong = context["error"]
        return Fault(where, str(wrong), wrong.mend)
    given = quoted(_at(keys, location))
    if kind == "literal_error":
        expected = str(context["expected"]).replace("'", "").replace(" or ", " ou ")
        return Fault(where, f"{given} inconnu", f"attendu {expected}")
    if location[-2:-1] == ("semaines",) or location[-2:-1] == ("semaines_du_mois",):
        return Fault(_where(location[:-1]), f"semaine {given} inconnue", "attendu 1 à 4")
    if kind in ("model_type", "tuple_type") and location[0] in _LISTS and len(location) < 3:
        return Fault(where, f"{given} ne convient pas", f"écrivez des sections [[{location[0]}]]")
    words = _MENDS.get(kind, "revoyez cette valeur")
    return Fault(where, f"{given} ne convient pas", words.format_map({**context, "section": where}))


def _where(location: Sequence[int | str]) -> str:
    """``agents.2.semaines``: sections and positions, counted from 1."""
    return ".".join(str(step + 1) if isinstance(step, int) else step for step in location)


def _written(location: tuple[int | str, ...], keys: Json) -> tuple[int | str, ...]:
    """A location, less the position in a list of one that the user wrote without brackets."""
    if isinstance(location[-1], int) and not isinstance(_at(keys, location[:-1]), (list, tuple)):
        return location[:-1]
    return location


def _at(keys: Any, location: Sequence[int | str]) -> Any:
    """The value at a location, or the nearest that exists."""
    for step in location:
        if isinstance(keys, str):
            break
        try:
            keys = keys[step]
        except (KeyError, IndexError, TypeError):
            break
    return keys


def _section_at(location: Sequence[int | str]) -> type[Section]:
    """The section that stands at a location."""
    section: type[Section] = Scenario
    for step in location:
        if isinstance(step, str):
            section = _sections()[step]
    return section


def _sections() -> dict[str, type[Section]]:
    """Every section by its French name."""
    fields = {f.alias or name: f.annotation for name, f in Scenario.model_fields.items()}
    single = {
        name: kind
        for name, kind in fields.items()
        if isinstance(kind, type) and issubclass(kind, Section)
    }
    return {**single, **_LISTS}


def _keys_of(section: type[Section]) -> list[str]:
    """The French keys of a section."""
    return sorted(f.alias or name for name, f in section.model_fields.items() if name != "base")


def _unknown_key(location: Sequence[int | str], section: type[Section]) -> Fault:
    """The fault of a key nobody knows, with the one probably meant."""
    key, known = str(location[-1]), _keys_of(section)
    homes = [name for name, other in _sections().items() if key in _keys_of(other)]
    if homes and not difflib.get_close_matches(key, known, n=1, cutoff=0.85):
        home = f"[[{homes[0]}]]" if homes[0] in _LISTS else f"[{homes[0]}]"
        return Fault(_where(location), "clé inconnue", f"elle va dans la section {home}")
    return Fault(_where(location), "clé inconnue", one_of(key, known))


def _set_aside(
    keys: Json, locations: Sequence[tuple[int | str, ...]], numbers: Mapping[str, list[int]]
) -> None:
    """Take what is faulty out of the keys, so that its default stands in.

    ``numbers`` follows the sections that repeat: the number in the file of each item left.
    """
    there = {_existing(keys, location) for location in locations}
    for location in sorted(there, key=lambda loc: [str(step).zfill(6) for step in loc])[::-1]:
        if location == ("titre",):
            keys["titre"] = "sans titre"
            continue
        if not location or _existing(keys, location) != location:
            continue
        *above, step = location
        parent = _at(keys, above)
        if len(above) == 1 and above[0] in _EMPTIED:
            parent[step] = {}
            continue
        del parent[step]
        if len(above) == 1 and above[0] in numbers:
            del numbers[str(above[0])][int(step)]
        if parent == []:
            del _at(keys, above[:-1])[above[-1]]


def _existing(keys: Json, location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """A location, or what holds it when nothing is there; a title is always missed.

    A ban less one of its keys would forbid more: it is set aside whole.
    """
    if location[-2:-1] and location[-2] in _WHOLE:
        location = location[:-1]
    if location[:1] in (("imposes",), ("interdits",)):
        location = location[:2]
    while location and location != ("titre",) and _at(keys, location) is _at(keys, location[:-1]):
        location = location[:-1]
    return location


def _too_deep(where: str) -> Fault:
    return Fault(where, "sections trop imbriquées", "n’imbriquez pas les sections")


_SYNTAX: Mapping[str, str] = {
    "Cannot overwrite": "la même clé figure deux fois",
    "Cannot declare": "la même section figure deux fois",
    "Unterminated string": "des guillemets ne sont pas refermés",
}


_HABITS = (
    (re.compile(r"=\s*\d{1,4}[-/]\d{1,2}[-/]\d{1,4}"), "une date s’écrit 2027-01-04, et existe"),
    (re.compile(r"=\s*(oui|non|vrai|faux)\b", re.IGNORECASE), "écrivez true (oui) ou false (non)"),
    (re.compile(r"[“”„]"), 'prenez des guillemets droits : "'),
)
"""What is often written in a line that cannot be read, and how to mend it."""


def _syntax_fault(where: str, text: str, message: str) -> Fault:
    """A TOML syntax error, with its line."""
    what = next((french for start, french in _SYNTAX.items() if message.startswith(start)), "")
    what = f"syntaxe TOML fautive{f' ({what})' if what else ''}"
    match = re.search(r"\(at line (\d+), column (\d+)\)", message)
    if not match:
        return Fault(where, f"{what}, à la fin du fichier", "corrigez la dernière ligne")
    line = text.replace("\r\n", "\n").split("\n")[int(match[1]) - 1].strip()
    mend = "corrigez-la ; textes, codes et heures vont entre guillemets"
    if "\\" in line:
        mend = "dans un chemin, écrivez / à la place de \\"
    mend = next((told for form, told in _HABITS if form.search(line)), mend)
    return Fault(where, f"{what}, ligne {match[1]}, colonne {match[2]} : {quoted(line)}", mend)
