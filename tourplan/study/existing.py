"""An existing tour under a scenario: every time that its file leaves out is worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tourplan.assemble import assemble
from tourplan.check import candidate_codes
from tourplan.errors import Fault, InputError, listed, quoted
from tourplan.export.words import team_words
from tourplan.measures import level_of
from tourplan.plan import Day, Plan
from tourplan.prepare import Case, prepare
from tourplan.problem import Problem
from tourplan.study.changes import DayTimer, Slot
from tourplan.study.goers import crews_of_tour, site_of, with_vehicles
from tourplan.study.tours import Visit, read_tour, refuse_more_weeks, tour_path
from tourplan.timeline import Opening, build_day, team_names

Held = dict[Slot, tuple[int, Visit]]
"""The site and the visit of each slot of a tour."""


@dataclass(frozen=True)
class ExistingTour:
    """A tour read from a file, under the rules and times of a scenario.

    Attributes:
        case: the scenario's facts, the communes of the tour among the candidates.
        visits: what the file says.
        held: where each visit stands.
        plan: the tour with every time worked out; its levels carry no bound.
    """

    case: Case
    visits: tuple[Visit, ...]
    held: Held
    plan: Plan


def existing_tour(case: Case, tour: str | Path) -> ExistingTour:
    """The tour of a CSV file, or an embedded one, under the facts of ``case``.

    Raises:
        InputError: every fault of the tour.
    """
    visits = _visits(case, tour)
    wide = _widened(case, visits)
    held = _held(wide.problem, with_vehicles(wide.problem, visits))
    added = listed(outside(case, visits))
    told = [f"pour juger cette tournée, ajoutée aux communes du scénario : {added}"] * bool(added)
    told += [*_place_notes(wide.problem, held), *_team_notes(wide.problem, held)]
    wide = replace(wide, notes=(*wide.notes, *told))
    days = _days(wide.problem, held)
    levels = tuple(level_of(wide.problem, days, name) for name in wide.problem.objectives)
    return ExistingTour(wide, visits, held, assemble(wide, days, levels, "évalué"))


def tour_of_today(case: Case) -> ExistingTour | None:
    """The tour that the scenario is compared to; ``None`` where it names none.

    Raises:
        InputError: every fault of the tour.
    """
    tour = case.scenario.comparison.tour
    return existing_tour(case, tour_path(tour, case.scenario.base)) if tour else None


def readable_tour_of_today(case: Case) -> ExistingTour | None:
    """The same for a map, which does without a tour that has faults."""
    try:
        return tour_of_today(case)
    except InputError:
        return None


def layout_of(held: Held) -> dict[Slot, int]:
    """The site of each slot."""
    return {slot: site for slot, (site, _) in held.items()}


def _visits(case: Case, tour: str | Path) -> tuple[Visit, ...]:
    """The visits of a tour.

    Raises:
        InputError: every fault of its file.
    """
    sessions = tuple(slot.name for slot in case.problem.sessions)
    vehicles = tuple(vehicle.name for vehicle in case.problem.vehicles)
    visits = read_tour(tour_path(str(tour)), case.territory, sessions, vehicles)
    refuse_more_weeks(visits, case.problem.weeks)
    return visits


def _widened(case: Case, visits: Sequence[Visit]) -> Case:
    """The case with the tour's communes among the candidates."""
    codes = {visit.code for visit in visits}
    missing = codes - set(case.problem.demand_index)
    if not missing:
        return case
    communes = case.scenario.communes
    wide = communes.model_copy(
        update={
            "candidates": tuple(sorted({*communes.candidates, *missing})),
            "excluded": tuple(code for code in communes.excluded if code not in missing),
        }
    )
    residents = case.scenario.residents
    if not (residents.epcis or residents.file):
        candidates = candidate_codes(case.scenario, case.territory)
        epcis = {case.territory[code].epci_code for code in candidates} - {""}
        residents = residents.model_copy(update={"epcis": tuple(sorted(epcis))})
    changed = {"communes": wide, "residents": residents}
    return prepare(case.scenario.model_copy(update=changed))


def outside(case: Case, visits: Sequence[Visit]) -> list[str]:
    """The communes visited that the scenario does not name."""
    codes = dict.fromkeys(visit.code for visit in visits)
    return [case.territory.name(code) for code in codes if code not in case.problem.demand_index]


def _held(problem: Problem, visits: Sequence[Visit]) -> Held:
    """Where the visits of a tour stand, their vehicles being known.

    Raises:
        InputError: no crew can go, or a commune has no room fit for a session.
    """
    crews = crews_of_tour(problem, visits)
    names = [slot.name for slot in problem.sessions]
    held: Held = {}
    faults = []
    for visit in visits:
        crew = crews[visit.week, visit.weekday, visit.vehicle]
        site = site_of(problem, visit, crew)
        if site is None:
            mend = "ajoutez-la dans [[lieux]], ou changez [salles]"
            faults.append(Fault("itinéraire", f"{visit.code} : aucune salle ne convient", mend))
        else:
            held[crew, visit.weekday, names.index(visit.session)] = site, visit
        if visit.closed and not problem.sessions[names.index(visit.session)].whole_day:
            what = f"{visit.code} : pause donnée, mais {quoted(visit.session)} n’en a pas"
            mend = "videz pause_de et pause_a, ou donnez une permanence de journee_entiere"
            faults.append(Fault("itinéraire", what, mend))
    if faults:
        raise InputError(faults)
    return held


def _place_notes(problem: Problem, held: Held) -> list[str]:
    """The places of the tour that the scenario does not know, and what is taken instead."""
    found = {
        (problem.sites[site].name, visit.place, problem.sites[site].venue)
        for site, visit in held.values()
        if visit.place and visit.place != problem.sites[site].venue
    }
    return [
        f"{name} : lieu {quoted(place)} inconnu du scénario, {quoted(venue)} est pris à sa place"
        for name, place, venue in sorted(found)
    ]


def _team_notes(problem: Problem, held: Held) -> list[str]:
    """The teams of the tour that cannot go, and those that are taken instead."""
    found = {
        (visit.team, team_words(team_names(problem, problem.crew_weeks[crew])))
        for (crew, _, _), (_, visit) in held.items()
        if visit.team
    }
    return [
        f"équipe {quoted(asked)} impossible selon le scénario, {quoted(taken)} est prise à sa place"
        for asked, taken in sorted(found)
        if asked != taken
    ]


def _days(problem: Problem, held: Held) -> tuple[Day, ...]:
    """The days of the tour: hours given are kept, the others worked out."""
    timer = DayTimer(problem)
    days = []
    for (crew, weekday), openings in timer.openings(layout_of(held)).items():
        kept = [_as_given(o, held[crew, weekday, o.session][1]) for o in openings]
        days.append(build_day(problem, crew, weekday, kept))
    return tuple(sorted(days, key=lambda day: (day.week, day.weekday, day.vehicle)))


def _as_given(opening: Opening, visit: Visit) -> Opening:
    """The opening with the hours of the file where it gives them."""
    return replace(
        opening,
        opening_s=opening.opening_s if visit.opening_s is None else visit.opening_s,
        closing_s=opening.closing_s if visit.closing_s is None else visit.closing_s,
        closed=visit.closed,
    )
