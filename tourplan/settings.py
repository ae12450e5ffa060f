"""What is settled commune by commune (``[[reglages]]``), held against the territory."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from tourplan.errors import Fault, counted
from tourplan.places import CommuneSettings
from tourplan.scenario import Scenario
from tourplan.territory import Territory

_KEYS = {
    name: field.alias or name
    for name, field in CommuneSettings.model_fields.items()
    if name not in ("communes", "epcis")
}
"""French key of each setting."""
_AGAINST: Mapping[str, tuple[str, ...]] = {
    "sessions": ("sessions", "min_sessions", "max_sessions"),
    "min_sessions": ("sessions", "min_sessions"),
    "max_sessions": ("sessions", "max_sessions"),
}
"""Settings that cannot be given again elsewhere; any other, only itself."""

Givers = dict[str, dict[str, int]]
"""By commune and setting, the position of the section that gives it, from 1."""


def settings_of(
    scenario: Scenario, territory: Territory, candidates: Collection[str]
) -> dict[str, CommuneSettings]:
    """What is settled for each candidate commune named, all its sections together."""
    found: dict[str, dict[str, object]] = {}
    for _, codes, given in _sections(scenario, territory, candidates):
        for code in codes:
            found.setdefault(code, {}).update(given)
    return {code: CommuneSettings().model_copy(update=given) for code, given in found.items()}


def required_codes(
    scenario: Scenario, territory: Territory, candidates: Collection[str]
) -> frozenset[str]:
    """The communes to serve every cycle: ``a_desservir``, and those with a least number."""
    settled = settings_of(scenario, territory, candidates)
    return frozenset(scenario.communes.required).union(
        code for code, one in settled.items() if (one.sessions or one.min_sessions or 0) > 0
    )


def settings_faults(
    scenario: Scenario, territory: Territory, candidates: Collection[str]
) -> Iterator[Fault]:
    """Settings given twice to a commune, or that no plan can keep."""
    givers: Givers = {}
    twice: dict[tuple[int, str, int], list[str]] = {}
    for number, codes, given in _sections(scenario, territory, candidates):
        for code in codes:
            before = givers.setdefault(code, {})
            for name in given:
                other = _given_before(before, name, number)
                if other is None:
                    before[name] = number
                else:
                    twice.setdefault((number, name, other), []).append(code)
    for (number, name, other), codes in twice.items():
        yield Fault(
            f"reglages.{number}.{_KEYS[name]}",
            f"déjà réglé par reglages.{other} pour {told(codes, territory)}",
            "gardez-le dans une seule des deux sections",
        )
    if not twice:
        yield from _number_faults(scenario, territory, candidates, givers)


def _sections(
    scenario: Scenario, territory: Territory, candidates: Collection[str]
) -> Iterator[tuple[int, list[str], dict[str, object]]]:
    """Each section: its number, the candidates it settles, what it gives."""
    known = set(candidates)
    for number, one in enumerate(scenario.settings, start=1):
        codes = {*one.communes, *(code for epci in one.epcis for code in territory.of_epci(epci))}
        given = {name: getattr(one, name) for name in _KEYS if name in one.model_fields_set}
        given = {name: value for name, value in given.items() if value is not None}
        yield number, sorted(codes & known), given


def _given_before(before: Mapping[str, int], name: str, number: int) -> int | None:
    """The other section that settles the same thing."""
    others = (before[other] for other in _AGAINST.get(name, (name,)) if other in before)
    return next((other for other in others if other != number), None)


def _number_faults(
    scenario: Scenario, territory: Territory, candidates: Collection[str], givers: Givers
) -> Iterator[Fault]:
    """Numbers of sessions that contradict a_desservir, one another, or the cycle."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for code, one in settings_of(scenario, territory, candidates).items():
        for name, what, mend in _impossible(scenario, code, one):
            number = givers[code][name]
            found.setdefault((f"reglages.{number}.{_KEYS[name]}", what, mend), []).append(code)
    for (where, what, mend), codes in found.items():
        yield Fault(where, f"{told(codes, territory)} : {what}", mend)


def _impossible(
    scenario: Scenario, code: str, one: CommuneSettings
) -> Iterator[tuple[str, str, str]]:
    """What a commune is asked and cannot have: the setting, what is wrong, how to mend it."""
    least = "sessions" if one.sessions is not None else "min_sessions"
    most = "sessions" if one.sessions is not None else "max_sessions"
    asked, allowed = getattr(one, least) or 0, getattr(one, most)
    if code in scenario.communes.required and allowed == 0:
        mend = "retirez la commune de communes.a_desservir, ou donnez 1 ou plus"
        yield most, "à desservir, mais aucun passage n’est permis", mend
    if allowed is not None and asked > allowed:
        what = f"{asked} passages au moins, mais {allowed} au plus"
        yield least, what, "donnez un passages_min qui ne dépasse pas passages_max"
    weeks = {week for week in one.weeks or range(1, 5) if week <= scenario.cycle.weeks}
    days = set(scenario.cycle.days) - set(one.refused_days)
    room = len(weeks) * (1 if scenario.cycle.same_slot else len(days))
    if days and weeks and asked > room:
        what = f"{counted(asked, 'passage')} par cycle, mais {room} au plus "
        if scenario.cycle.same_slot:
            what += "au même créneau d’une semaine à l’autre"
            yield least, what, "réduisez ce nombre, ou écrivez meme_creneau = false dans [cycle]"
        else:
            yield least, f"{what}à raison d’un par jour", "réduisez ce nombre"


def told(codes: list[str], territory: Territory) -> str:
    """``Le Caylar (34064)``, or how many communes with it."""
    first = f"{territory.name(codes[0])} ({codes[0]})"
    return first if len(codes) == 1 else f"{first} et {counted(len(codes) - 1, 'autre commune')}"
