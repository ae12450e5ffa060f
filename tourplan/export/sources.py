"""Where what the page says is from: data, assumptions, the program and its version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from tourplan.errors import listed
from tourplan.export.french import capital, counted, number, when
from tourplan.export.markup import (
    element,
    items,
    text,
)
from tourplan.export.words import (
    origin_words,
)
from tourplan.places import TOWN_HALL

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.prepare import Case


STATUS = {
    "brouillon": "document de travail, ni proposé ni validé",
    "proposé": "soumis à la décision, pas encore validé",
    "validé": "adopté",
}


def rates_words(case: Case) -> str:
    """What a kilometre costs and emits, and whether these are hypotheses."""
    vehicles = case.scenario.vehicles
    cost = _span([vehicle.cost_eur_km for vehicle in vehicles], 3)
    emitted = _span([vehicle.gco2_km for vehicle in vehicles], 0)
    given = {name for vehicle in vehicles for name in vehicle.model_fields_set}
    sure = {"cost_eur_km", "emissions_gco2_km"} <= given
    whose = "valeurs du scénario" if sure else "hypothèses, sauf ce que donne le scénario"
    return f"{cost} € et {emitted} g de CO₂ par kilomètre ({whose})."


def _span(values: Sequence[float], decimals: int) -> str:
    """``0,636``, or ``130 à 190`` where vehicles differ."""
    ends = [number(min(values), decimals), number(max(values), decimals)]
    return " à ".join(dict.fromkeys(ends))


def sources(plan: Plan, case: Case) -> str:
    """Where every figure comes from, how old and how sure it is."""
    entries = [
        (
            "Temps et distances",
            f"{origin_words(plan.origin)}. Temps de chef-lieu à chef-lieu.",
        ),
        ("Habitants", residents_source(case)),
        ("Points fixes", counters_source(case)),
        (
            "Communes et mairies",
            f"{communes_source(case)}. {rooms_source(plan)}",
        ),
        ("Coût et CO₂ des trajets", rates_words(case)),
    ]
    rows = (
        element("dt", text(name)) + element("dd", text(capital(words))) for name, words in entries
    )
    return element("dl", "".join(rows), class_="fiche")


def rooms_source(plan: Plan) -> str:
    """Where sessions are held."""
    places = {stop.place for day in plan.days for stop in day.stops}
    supposed = "supposées tenues à la mairie ou près d’elle."
    if not places - {"", TOWN_HALL}:
        return f"Les permanences sont {supposed}"
    given = "Les permanences sont tenues dans les lieux donnés avec le scénario"
    return f"{given}.{f' Celles qui n’en ont pas sont {supposed}' if TOWN_HALL in places else ''}"


def residents_source(case: Case) -> str:
    """Whose figures of residents the plan counts."""
    if case.scenario.residents.file:
        return "chiffres fournis avec le scénario."
    counted = set(case.resident_codes)
    return f"{_given_or(case, counted, 'INSEE, population municipale 2023')}."


def communes_source(case: Case) -> str:
    """Where contours, names, addresses and hours come from."""
    shown = {*case.resident_codes, *case.problem.demand_index, *case.depot_codes}
    official = (
        "contours IGN Admin Express, noms et intercommunalités INSEE, adresses et horaires des "
        "mairies DILA (Licence Ouverte 2.0)"
    )
    return _given_or(case, shown, official)


def _given_or(case: Case, codes: set[str], official: str) -> str:
    """The official source, unless communes come from the scenario's own files: some, or all."""
    own = codes & case.territory.own_codes()
    if not own:
        return official
    given = "données fournies avec le scénario"
    return given if own == codes else f"{given} pour {len(own)} communes, sinon {official}"


def counters_source(case: Case) -> str:
    """Which fixed counters count, and which are unknown."""
    counters = case.scenario.counters
    parts = []
    if counters.embedded:
        parts.append(
            "liste nationale des France Services d’août 2024 (ANCT, Licence Ouverte 2.0), "
            "structures fixes seulement"
        )
    if counters.files:
        parts.append("points d’accueil fournis avec le scénario")
    listed_ = " ; ".join(parts) or "aucun n’est compté"
    return f"{listed_}. Les points fixes hors du département sont inconnus."


def notes(plan: Plan) -> str:
    """What was assumed, when something was."""
    if not plan.notes:
        return ""
    return element("h3", "Remarques") + items([text(capital(note)) for note in plan.notes])


def identity(plan: Plan, case: Case, fingerprint: str, made: date | None) -> str:
    """Status, date, author, fingerprint and software: which document this is."""
    entries = [
        ("Statut", f"{plan.status} ({STATUS[plan.status]})"),
        ("Date", when(made.isoformat()) if made else ""),
        ("Auteur", plan.author),
        (
            "Équipe" if len(plan.vehicles) == 1 else "Équipes",
            f"{counted(case.problem.crew_size, 'agent')}, {plan.vehicles[0]}"
            if len(plan.vehicles) == 1
            else f"{counted(case.problem.crew_size, 'agent')} par véhicule : "
            f"{listed(plan.vehicles)}",
        ),
        ("Agences de départ" if len(plan.depots) > 1 else "", listed(list(plan.depots.values()))),
        ("Empreinte du plan", fingerprint),
        ("Empreinte des données", plan.inputs_fingerprint),
        ("Logiciel", plan.software),
    ]
    rows = (
        element("dt", text(name)) + element("dd", text(words))
        for name, words in entries
        if name and words
    )
    return element("dl", "".join(rows), class_="fiche")
