"""Every fault of a scenario held against its territory, at once."""

from __future__ import annotations

from pathlib import Path

from tourplan.errors import Fault, InputError
from tourplan.measures import BEYOND, MEASURES, measure
from tourplan.names import nearest_codes, nearest_names, recognise
from tourplan.scenario import Scenario, one_of
from tourplan.territory import (
    Commune,
    ResidentPoint,
    Territory,
    read_residents,
    read_territory,
)

FAR_COUNTER_M = 2_000
"""A counter's point this far outside its commune is taken for a mistake."""


def territory_of(scenario: Scenario) -> Territory:
    """The territory a scenario asks for.

    Raises:
        InputError: every fault of the files it names.
    """
    return read_territory(
        [scenario.base / name for name in scenario.land.files],
        [scenario.base / name for name in scenario.counters.files],
        embedded_counters=scenario.counters.embedded,
        without=scenario.counters.excluded,
    )


def residents_of(scenario: Scenario, territory: Territory) -> tuple[ResidentPoint, ...]:
    """Whose access counts: a point a commune, sorted by code.

    They are the residents of the user's file, else the population of every commune of the
    intercommunalités named, or else of those the scenario's communes belong to.

    Raises:
        InputError: the file of residents is faulty.
    """
    weights: dict[str, int] = {}
    if scenario.residents.file:
        for point in read_residents(scenario.base / scenario.residents.file):
            weights[point.code] = weights.get(point.code, 0) + point.weight
    else:
        weights = {c: territory[c].population for c in _counted(scenario, territory)}
    return tuple(ResidentPoint(code, weight) for code, weight in sorted(weights.items()))


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
    ):
        faults += [f for code in codes if (f := _code_fault(key, code, territory))]
    for key, epcis in (
        ("communes.candidates_epci", c.candidate_epcis),
        ("habitants.epci", scenario.residents.epcis),
    ):
        faults += [f for code in epcis if (f := _epci_fault(key, code, territory))]
    if scenario.vehicle.depot:
        fault = _code_fault("vehicule.depot", scenario.vehicle.depot, territory)
        faults += [fault] if fault else []
    for number, agent in enumerate(scenario.agents, start=1):
        if agent.agency:
            fault = _code_fault(f"agents.{number}.agence", agent.agency, territory)
            faults += [fault] if fault else []
    return faults


def order_faults(scenario: Scenario) -> list[Fault]:
    """The faults of the order of objectives."""
    faults = []
    order = scenario.order()
    for name in order:
        try:
            measure(name)
        except KeyError:
            known = [*(m.name for m in MEASURES), *(f"{BEYOND}{m}" for m in (30, 20, 15))]
            faults.append(
                Fault("objectifs.ordre", f"« {name} » inconnu", one_of(name, sorted(known)))
            )
    if len(set(order)) < len(order):
        faults.append(Fault("objectifs.ordre", "un objectif figure deux fois", "gardez le premier"))
    if not order:
        faults.append(Fault("objectifs.ordre", "aucun objectif", "retirez la clé : ordre usuel"))
    return faults


def file_faults(scenario: Scenario, territory: Territory) -> list[Fault]:
    """The faults of the user's own communes, counters and residents."""
    faults = []
    own = {code for name in scenario.land.files for code in _codes_in(scenario.base / name)}
    for code in sorted(own):
        faults += _point_faults(territory[code])
    embedded = {c.id for c in read_territory().counters} if scenario.counters.files else set()
    for counter in territory.counters:
        if counter.id not in embedded and counter.lon is not None and counter.lat is not None:
            away_m = _metres_outside(territory[counter.code], counter.lon, counter.lat)
            if away_m > FAR_COUNTER_M:
                faults.append(
                    Fault(
                        f"point fixe « {counter.id} »",
                        f"placé à {away_m / 1000:.0f} km de {territory.name(counter.code)}",
                        "vérifiez ses coordonnées et son code INSEE",
                    )
                )
    for point in residents_of(scenario, territory):
        fault = _code_fault("habitants", point.code, territory)
        faults += [fault] if fault else []
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
    try:
        territory = territory_of(scenario)
    except InputError as error:
        raise InputError([*faults, *error.faults]) from None
    faults += territory_faults(scenario, territory)
    try:
        faults += file_faults(scenario, territory)
    except InputError as error:
        faults += error.faults
    if faults:
        raise InputError(faults)
    return territory


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
    if any(character.isdigit() for character in code):
        near = nearest_codes(code, territory.communes)
        return Fault(where, f"code INSEE « {code} » inconnu", _nearest(near))
    match = recognise(code, territory.communes)
    near = match.communes or nearest_names(code, territory.communes.values())
    mend = f'écrivez "{near[0].code}" ({near[0].name})' if len(near) == 1 else _nearest(near)
    return Fault(where, f"« {code} » est un nom, attendu un code INSEE", mend)


def _nearest(near: tuple[Commune, ...]) -> str:
    if not near:
        return "communes connues : Hérault, Charente et Hautes-Alpes, ou les vôtres (territoire)"
    return "vouliez-vous " + ", ".join(f"{c.code} ({c.name})" for c in near[:4]) + " ?"


def _epci_fault(where: str, code: str, territory: Territory) -> Fault | None:
    """The fault of a code that is no intercommunalité."""
    import difflib

    from tourplan.tables import plain

    epcis = territory.epcis()
    if code in epcis:
        return None
    names = {plain(name): key for key, name in epcis.items()}
    near = difflib.get_close_matches(plain(code), [*names, *epcis], n=2, cutoff=0.5)
    found = [names.get(name, name) for name in near]
    mend = ", ".join(f"{key} ({epcis[key]})" for key in found)
    return Fault(
        where,
        f"intercommunalité « {code} » inconnue",
        f"vouliez-vous {mend} ?" if mend else "donnez son numéro SIREN à 9 chiffres",
    )


def _codes_in(path: Path) -> list[str]:
    from tourplan.territory import read_communes

    return list(read_communes(path))


def _point_faults(commune: Commune) -> list[Fault]:
    """The fault of a commune whose point lies outside it."""
    away_m = _metres_outside(commune, commune.lon, commune.lat)
    if away_m <= 0:
        return []
    return [
        Fault(
            f"commune {commune.code} ({commune.name})",
            f"son point est à {away_m / 1000:.1f} km hors de la commune",
            "corrigez point_lon et point_lat",
        )
    ]


def _metres_outside(commune: Commune, lon: float, lat: float) -> float:
    """Metres from a point to its commune, 0 inside or where the outline is unknown.

    Degrees are scaled at the commune's latitude (111,195 m a degree), right within 1 % at the
    distances that matter here.
    """
    from math import cos, radians

    from shapely import affinity
    from shapely.geometry import Point, shape

    if commune.geometry is None:
        return 0.0
    east, north = 111_195 * cos(radians(commune.lat)), 111_195
    outline = affinity.scale(shape(commune.geometry), east, north, origin=(0, 0))
    return float(outline.distance(Point(lon * east, lat * north)))
