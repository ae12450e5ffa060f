"""Every fault of a scenario held against its territory, at once."""

from __future__ import annotations

import difflib
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import Fault, InputError, one_of, quoted
from tourplan.measures import BEYOND, MEASURES, number, threshold
from tourplan.names import nearest_codes, recognise
from tourplan.places import Venue
from tourplan.residents import ResidentPoint, Residents, bounded, read_residents
from tourplan.scenario import Scenario
from tourplan.settings import settings_faults
from tourplan.tables import plain
from tourplan.territory import (
    Commune,
    Counter,
    Territory,
    read_communes,
    read_territory,
)

FAR_COUNTER_M = 2_000
"""A counter's point this far outside its commune is taken for a mistake."""
FAR_VENUE_M = 500
"""A room may stand a little out of an outline that is simplified, not farther."""
FAR_POINT_M = 2_000
"""A resident point this far outside its commune is taken for a mistake; a cell's centre may stand
out of an outline that is simplified."""
OUTLINE_SLACK_M = 10
"""How far rounded outlines may leave a commune's point out."""
MAX_UNKNOWN = 20
"""Unknown codes told one by one; more of them is a file of another place."""


def territory_of(scenario: Scenario) -> Territory:
    """The territory a scenario asks for.

    Raises:
        InputError: every fault of the files it names.
    """
    return _read(scenario, scenario.counters.files, scenario.counters.excluded)


def residents_of(scenario: Scenario, territory: Territory) -> Residents:
    """Whose access counts: points sorted by commune.

    They are those of the user's file, with the weights that its goals ask for, else a point a
    commune: the population of every commune of the intercommunalités named, or else of those the
    scenario's communes belong to.

    Raises:
        InputError: the file of residents is faulty.
    """
    if scenario.residents.file:
        columns = sorted({goal.kind[1] for goal in scenario.goals} - {"habitants"})
        return read_residents(scenario.base / scenario.residents.file, columns)
    codes = sorted(_counted(scenario, territory))
    return Residents(tuple(ResidentPoint(code, territory[code].population) for code in codes))


def candidate_codes(scenario: Scenario, territory: Territory) -> tuple[str, ...]:
    """The communes that may be served, those required included, sorted."""
    wanted = {*scenario.communes.required, *scenario.communes.candidates}
    for epci in scenario.communes.candidate_epcis:
        wanted.update(territory.of_epci(epci))
    return tuple(sorted(wanted - set(scenario.communes.excluded)))


def territory_faults(scenario: Scenario, territory: Territory) -> list[Fault]:
    """The faults that only show against the territory."""
    c = scenario.communes
    faults = []
    for key, codes in (
        ("communes.a_desservir", c.required),
        ("communes.candidates", c.candidates),
        ("communes.exclues", c.excluded),
        ("habitants.communes", scenario.residents.communes),
        *((f"agents.{n}.agence", a.agencies) for n, a in enumerate(scenario.agents, start=1)),
        *((f"vehicules.{n}.depot", v.depots) for n, v in enumerate(scenario.vehicles, start=1)),
        *((f"reglages.{n}.communes", r.communes) for n, r in enumerate(scenario.settings, start=1)),
    ):
        faults += [f for code in codes if (f := _code_fault(key, code, territory))]
    for key, epcis in (
        ("communes.candidates_epci", c.candidate_epcis),
        ("habitants.epci", scenario.residents.epcis),
        *((f"reglages.{n}.epci", r.epcis) for n, r in enumerate(scenario.settings, start=1)),
    ):
        faults += [f for code in epcis if (f := _epci_fault(key, code, territory))]
    faults += [*_choice_faults(scenario, territory), *_operator_faults(scenario, territory)]
    faults += [*_room_faults(scenario, territory)]
    for venue in scenario.venues:
        fault = _venue_fault(venue, territory)
        faults += [fault] if fault else []
    return faults


def _choice_faults(scenario: Scenario, territory: Territory) -> Iterator[Fault]:
    """Communes that are settled, imposed or forbidden, and are no candidates."""
    candidates = set(candidate_codes(scenario, territory))
    named = [
        *(
            (f"reglages.{position}.communes", code)
            for position, one in enumerate(scenario.settings, start=1)
            for code in one.communes
            if code in territory
        ),
        *((f"imposes.{n}.commune", p.commune) for n, p in enumerate(scenario.pins, start=1)),
        *((f"interdits.{n}.commune", p.commune) for n, p in enumerate(scenario.bans, start=1)),
    ]
    for where, code in named:
        if code is None or code in candidates:
            continue
        unknown = _code_fault(where, code, territory)
        what = f"{territory.name(code)} ({code}) n’est pas candidate"
        yield unknown or Fault(where, what, "ajoutez-la à communes.candidates, ou retirez-la ici")
    epcis = territory.epcis()
    served = {territory[code].epci_code for code in candidates if code in territory}
    for position, one in enumerate(scenario.settings, start=1):
        for epci in one.epcis:
            if epci in epcis and epci not in served:
                what = f"aucune commune de {epcis[epci]} n’est candidate"
                mend = "ajoutez ses communes aux candidates, ou retirez-la ici"
                yield Fault(f"reglages.{position}.epci", what, mend)
    yield from settings_faults(scenario, territory, candidates)


def _operator_faults(scenario: Scenario, territory: Territory) -> Iterator[Fault]:
    """Goals for an operator that no fixed counter is said to hold."""
    known = {plain(name): name for one in territory.counters for name in one.operators}
    for operator in dict.fromkeys(goal.operator for goal in scenario.goals if goal.operator):
        if territory.counters and plain(operator) not in known:
            what = f"aucun point fixe n’a l’opérateur {quoted(operator)}"
            mend = "nommez dans [points_fixes] fichiers un tableau qui a la colonne operateurs"
            if known:
                mend = one_of(operator, sorted(known.values())[:MAX_UNKNOWN])
            yield Fault("acces", what, mend)


def _room_faults(scenario: Scenario, territory: Territory) -> Iterator[Fault]:
    """Communes to serve whose rooms all lack, by the user's word, what every room must offer."""
    rooms = scenario.rooms
    for code in scenario.communes.required:
        venues = [venue for venue in scenario.venues if venue.code == code]
        if venues and all(venue.public is False for venue in venues):
            what = f"aucun lieu donné pour {territory.name(code)} ({code}) ne reçoit le public"
            yield Fault("lieux.ouvert_au_public", what, "ajoutez un lieu à [[lieux]]")
        for key, asked, offers in (
            ("exiger_acces_pmr", rooms.require_accessible, [v.accessible for v in venues]),
            ("exiger_confidentialite", rooms.require_private, [v.private for v in venues]),
        ):
            if asked and offers and all(offer is False for offer in offers):
                what = f"aucun lieu donné pour {territory.name(code)} ({code}) n’y répond"
                yield Fault(f"salles.{key}", what, "ajoutez un lieu à [[lieux]], ou n’exigez rien")


def _venue_fault(venue: Venue, territory: Territory) -> Fault | None:
    """The fault of a room in no known commune, or that stands far from its own."""
    where = f"lieu {quoted(venue.name)}"
    fault = _code_fault(where, venue.code, territory)
    if fault or venue.lon is None or venue.lat is None:
        return fault
    away_m = _metres_outside(territory[venue.code], venue.lon, venue.lat)
    if away_m <= FAR_VENUE_M:
        return None
    what = f"placé à {_length(away_m)} hors de sa commune, {territory.name(venue.code)}"
    return Fault(where, what, "vérifiez lon, lat et code_insee")


def order_faults(scenario: Scenario) -> list[Fault]:
    """The faults of the order of objectives."""
    order = scenario.order()
    faults = unknown_levels("objectifs.ordre", order, scenario)
    if len(set(order)) < len(order):
        faults.append(Fault("objectifs.ordre", "un objectif figure deux fois", "gardez le premier"))
    if not order:
        faults.append(
            Fault("objectifs.ordre", "aucun objectif", "retirez cette clé pour l’ordre usuel")
        )
    return faults


def unknown_levels(where: str, names: Iterable[str], scenario: Scenario) -> list[Fault]:
    """The faults of the names that are no level of the scenario."""
    known = {goal.level for goal in scenario.goals} | {measure.name for measure in MEASURES}
    offered = sorted(known | {f"{BEYOND}{minutes}" for minutes in (30, 20, 15)})
    return [
        Fault(where, f"{quoted(name)} inconnu", one_of(name, offered))
        for name in names
        if name not in known and threshold(name) is None
    ]


def file_faults(scenario: Scenario, territory: Territory) -> list[Fault]:
    """The faults of the user's own communes, counters and residents."""
    own = {code for name in scenario.land.files for code in read_communes(scenario.base / name)}
    faults = [f for code in sorted(own) if (f := _commune_fault(territory[code]))]
    embedded = set(read_territory().counters) if scenario.counters.files else set()
    faults += [
        fault
        for counter in territory.counters
        if scenario.counters.files and counter not in embedded
        if (fault := _counter_fault(counter, territory))
    ]
    if scenario.residents.file:
        faults += _residents_faults(scenario, territory)
    return faults


def empty_faults(scenario: Scenario, territory: Territory) -> list[Fault]:
    """The faults of a scenario, sound otherwise, that leaves nowhere to go or nobody to count."""
    faults = []
    if not candidate_codes(scenario, territory):
        mend = "revoyez communes.exclues"
        faults.append(Fault("communes", "toutes les communes sont dans exclues", mend))
    elif not any(point.weight for point in residents_of(scenario, territory).points):
        mend = "donnez habitants.epci, habitants.communes ou un fichier d’habitants"
        faults.append(Fault("habitants", "aucun habitant n’est compté", mend))
    return faults


def checked(scenario: Scenario, faults: list[Fault]) -> Territory:
    """The territory of a scenario that has no fault.

    Args:
        scenario: the scenario, what was faulty in its form set aside.
        faults: the faults of its form.

    Raises:
        InputError: all those and the faults that the territory shows.
    """
    faults = [*faults, *order_faults(scenario)]
    territory = _best_territory(scenario, faults)
    if territory is not None:
        faults += territory_faults(scenario, territory)
        faults += file_faults(scenario, territory)
        faults += [] if faults else empty_faults(scenario, territory)
    if faults or territory is None:
        raise InputError(dict.fromkeys(faults))
    return territory


def _best_territory(scenario: Scenario, faults: list[Fault]) -> Territory | None:
    """The territory, less what is faulty in it so that the rest is checked; adds the faults."""
    counters = scenario.counters
    for files, without in ((counters.files, counters.excluded), (counters.files, ()), ((), ())):
        try:
            return _read(scenario, files, without)
        except InputError as error:
            faults += error.faults
    return None


def _read(scenario: Scenario, counter_files: Sequence[str], without: Sequence[str]) -> Territory:
    """The territory with the scenario's own communes and these files of counters."""
    return read_territory(
        [scenario.base / name for name in scenario.land.files],
        [scenario.base / name for name in counter_files],
        embedded_counters=scenario.counters.embedded,
        without=without,
    )


def _counted(scenario: Scenario, territory: Territory) -> set[str]:
    """The communes whose residents count when no file says."""
    epcis = set(scenario.residents.epcis)
    if not epcis:
        codes = candidate_codes(scenario, territory)
        epcis = {territory[code].epci_code for code in codes if code in territory}
    counted = {code for code in scenario.residents.communes if code in territory}
    for epci in epcis - {""}:
        counted.update(territory.of_epci(epci))
    return counted


def _code_fault(where: str, code: str, territory: Territory) -> Fault | None:
    """The fault of a code that is no commune: unknown, or a name in its place."""
    if code in territory:
        return None
    posted = tuple(c for c in territory.communes.values() if code in c.postcodes.split(";"))
    if posted:
        what = f"{quoted(code)} est un code postal, attendu un code INSEE"
        return Fault(where, what, _nearest(posted))
    if any(character.isdigit() for character in code):
        near = nearest_codes(code, territory.communes)
        return Fault(where, f"code INSEE {quoted(code)} inconnu", _nearest(near))
    match = recognise(code, territory.communes)
    near = match.communes or match.nearest
    mend = f'écrivez "{near[0].code}" ({near[0].name})' if len(near) == 1 else _nearest(near)
    return Fault(where, f"{quoted(code)} n’est pas un code INSEE", mend)


def _nearest(near: tuple[Commune, ...]) -> str:
    if not near:
        return "communes connues : Hérault, Charente et Hautes-Alpes, ou les vôtres (territoire)"
    return "vouliez-vous " + ", ".join(f"{c.code} ({c.name})" for c in near[:4]) + " ?"


def _epci_fault(where: str, code: str, territory: Territory) -> Fault | None:
    """The fault of a code that is no intercommunalité."""
    epcis = territory.epcis()
    if code in epcis:
        return None
    names = {plain(name): key for key, name in epcis.items()}
    near = difflib.get_close_matches(plain(code), [*names, *epcis], n=2, cutoff=0.5)
    found = [names.get(name, name) for name in near]
    mend = ", ".join(f"{key} ({epcis[key]})" for key in found)
    return Fault(
        where,
        f"intercommunalité {quoted(code)} inconnue",
        f"vouliez-vous {mend} ?" if mend else "donnez son numéro SIREN à 9 chiffres",
    )


def _commune_fault(commune: Commune) -> Fault | None:
    """The fault of a commune whose outline cannot be read, or whose point lies outside it."""
    where = f"commune {commune.code} ({commune.name})"
    if commune.geometry is not None and _outline(commune) is None:
        return Fault(where, "contour illisible", "donnez des anneaux fermés, en degrés (WGS 84)")
    away_m = _metres_outside(commune, commune.lon, commune.lat)
    if away_m <= OUTLINE_SLACK_M:
        return None
    what = f"son point est à {_length(away_m)} hors de la commune"
    return Fault(where, what, "corrigez point_lon et point_lat")


def _counter_fault(counter: Counter, territory: Territory) -> Fault | None:
    """The fault of a counter that stands far from its commune."""
    if counter.lon is None or counter.lat is None:
        return None
    away_m = _metres_outside(territory[counter.code], counter.lon, counter.lat)
    if away_m <= FAR_COUNTER_M:
        return None
    return Fault(
        f"point fixe « {counter.id} »",
        f"placé à {_length(away_m)} de sa commune, {territory.name(counter.code)}",
        "vérifiez ses coordonnées et son code INSEE",
    )


def _residents_faults(scenario: Scenario, territory: Territory) -> list[Fault]:
    """The faults of the user's residents; one for all when most of the file is elsewhere."""
    try:
        points = residents_of(scenario, territory).points
    except InputError as error:
        return list(error.faults)
    where = "habitants.fichier"
    faults = bounded(list(_stray_faults(points, territory)), where, "points")
    return [*_unknown_faults(points, territory, where), *faults]


def _unknown_faults(
    points: Sequence[ResidentPoint], territory: Territory, where: str
) -> list[Fault]:
    """The faults of points in no known commune."""
    unknown = list(dict.fromkeys(p.code for p in points if p.code not in territory))
    if len(unknown) <= MAX_UNKNOWN:
        return [f for code in unknown if (f := _code_fault(where, code, territory))]
    what = f"{len(unknown)} codes INSEE inconnus, dont {', '.join(unknown[:5])}"
    return [Fault(where, what, "ne gardez que des communes connues")]


def _stray_faults(points: Sequence[ResidentPoint], territory: Territory) -> Iterator[Fault]:
    """The faults of points that stand far from their commune, those of a commune at once."""
    placed = (point for point in points if point.lon is not None and point.code in territory)
    for code, group in itertools.groupby(placed, key=lambda point: point.code):
        commune, mine = territory[code], list(group)
        away_m = metres_outside(commune, [(point.lon, point.lat) for point in mine])
        for point, metres in zip(mine, away_m.tolist(), strict=True):
            if metres <= FAR_POINT_M:
                continue
            name = f" ({point.name})" if point.name else ""
            swapped = metres_outside(commune, [(point.lat, point.lon)])[0] <= FAR_POINT_M
            yield Fault(
                "habitants.fichier",
                f"point {point.lon:g}, {point.lat:g}{name} placé à {_length(metres)} hors de sa "
                f"commune, {commune.name} ({code})",
                "lon et lat sont inversées" if swapped else "vérifiez lon, lat et code_insee",
            )


def _length(metres: float) -> str:
    """``486 km``, ``3,2 km`` or ``120 m``."""
    if metres < 1000:
        return f"{metres:.0f} m"
    return f"{number(metres / 1000, 1 if metres < 10_000 else 0)} km"


def _metres_outside(commune: Commune, lon: float, lat: float) -> float:
    """Metres from a point to its commune, 0 inside or where the outline is unknown."""
    return float(metres_outside(commune, [(lon, lat)])[0])


def metres_outside(commune: Commune, lonlat: Sequence[tuple[Any, Any]]) -> NDArray[np.float64]:
    """Metres from points to their commune, 0 inside or where the outline is unknown.

    Degrees are scaled at the commune's latitude (111,195 m a degree), right within 1 % at the
    distances that matter here.
    """
    import shapely
    from shapely import affinity

    outline = _outline(commune)
    if outline is None:
        return np.zeros(len(lonlat))
    scale = np.array([111_195 * np.cos(np.radians(commune.lat)), 111_195])
    scaled = affinity.scale(outline, *scale.tolist(), origin=(0, 0))
    shapely.prepare(scaled)
    points = shapely.points(np.array(lonlat, dtype=np.float64) * scale)
    away: NDArray[np.float64] = shapely.distance(points, scaled)
    return away


def _outline(commune: Commune) -> Any:
    """The outline of a commune, ``None`` where it is unknown or cannot be read."""
    import shapely

    outline = shapely.from_geojson(json.dumps(commune.geometry), on_invalid="ignore")
    if outline is None or outline.is_empty:
        return None
    west, south, east, north = outline.bounds
    return outline if west >= -180 and east <= 180 and south >= -90 and north <= 90 else None
