"""What contradicts itself in the sections about agents and vehicles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tourplan.errors import Fault, counted, listed, quoted
from tourplan.hours import clock, duration
from tourplan.scenario import Scenario
from tourplan.teams import Agent, Vehicle
from tourplan.times import LEGAL_WEEK_H

LEGAL_DAY_H, LEGAL_AMPLITUDE_H = 10.0, 13.0


def team_faults(s: Scenario) -> list[Fault]:
    """The faults of agents and vehicles, each alone, then of the crews they can make."""
    faults = [*_crew_faults(s), *_name_faults(s)]
    for number, agent in enumerate(s.agents, start=1):
        faults += [*_presence_faults(f"agents.{number}", "cet agent", agent, s)]
        faults += [*_limit_faults(f"agents.{number}", agent, s)]
        faults += [*_hours_faults(f"agents.{number}", agent, s)]
    for number, vehicle in enumerate(s.vehicles, start=1):
        faults += [*_presence_faults(f"vehicules.{number}", "ce véhicule", vehicle, s)]
        faults += [*_energy_faults(f"vehicules.{number}", vehicle)]
    return [*faults, *_depot_faults(s), *_week_faults(s)]


def _crew_faults(s: Scenario) -> Iterator[Fault]:
    if s.crew.trained > s.crew.size:
        yield Fault(
            "equipe.formes",
            f"{counted(s.crew.trained, 'agent formé')} sur {s.crew.size} présents",
            f"donnez {s.crew.size} ou moins, ou augmentez equipe.agents",
        )


def _name_faults(s: Scenario) -> Iterator[Fault]:
    """Names given twice: nobody could tell who is meant."""
    sections = {
        "agents": [agent.name for agent in s.agents],
        "vehicules": [vehicle.name for vehicle in s.vehicles],
    }
    for section, names in sections.items():
        for number, name in enumerate(names, start=1):
            if name and name in names[: number - 1]:
                what = f"le nom {quoted(name)} est déjà pris"
                yield Fault(f"{section}.{number}.nom", what, "donnez un autre nom")


def _presence_faults(where: str, who: str, one: Agent | Vehicle, s: Scenario) -> Iterator[Fault]:
    """Someone who is never there, or a depot written twice."""
    if one.weeks is not None and not one.weeks:
        mend = f"donnez par exemple {list(s.cycle.month_weeks)}"
        yield Fault(f"{where}.semaines", f"{who} n’a aucune semaine", mend)
    if one.days is not None and not one.days:
        mend = "donnez au moins un jour, ou retirez cette clé"
        yield Fault(f"{where}.jours", f"{who} n’a aucun jour", mend)
    codes = one.agencies if isinstance(one, Agent) else one.depots
    key = "agence" if isinstance(one, Agent) else "depot"
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield Fault(f"{where}.{key}", f"« {code} » figure deux fois", "gardez-en un")


def _limit_faults(where: str, agent: Agent, s: Scenario) -> Iterator[Fault]:
    """Limits of an agent beyond the law, and beyond what the scenario already says for all."""
    limits = (
        ("travail_max_h", agent.max_work_h, LEGAL_WEEK_H, "par semaine", "L3121-20"),
        (
            "travail_jour_max_h",
            agent.max_day_work_h,
            max(LEGAL_DAY_H, s.day.max_work_h),
            "par jour",
            "L3121-18",
        ),
        (
            "amplitude_max_h",
            agent.max_amplitude_h,
            max(LEGAL_AMPLITUDE_H, s.day.max_amplitude_h),
            "du départ au retour",
            "repos de 11 h",
        ),
    )
    for key, given, most, span, law in limits:
        if given is not None and given > most:
            yield Fault(
                f"{where}.{key}",
                f"{given:g} h dépassent les {most:g} h permises {span}",
                f"donnez {most:g} ou moins (Code du travail, {law})",
            )


def _hours_faults(where: str, agent: Agent, s: Scenario) -> Iterator[Fault]:
    """Hours of an agent that leave no day, or too short a night."""
    if agent.earliest_s is None and agent.latest_s is None:
        return
    earliest_s = s.day.earliest_s if agent.earliest_s is None else agent.earliest_s
    latest_s = s.day.latest_s if agent.latest_s is None else agent.latest_s
    if latest_s <= earliest_s:
        yield Fault(
            f"{where}.retour_au_plus_tard",
            f"{clock(latest_s)} ne vient pas après le départ à {clock(earliest_s)}",
            "donnez un retour plus tardif que le départ",
        )
        return
    rest_s = 24 * 3600 - latest_s + earliest_s
    if rest_s < s.week.min_rest_h * 3600:
        yield Fault(
            where,
            f"revenir à {clock(latest_s)} et repartir à {clock(earliest_s)} laisse "
            f"{duration(rest_s)} de repos, moins que {s.week.min_rest_h:g} h",
            "avancez retour_au_plus_tard ou retardez depart_au_plus_tot",
        )


def _energy_faults(where: str, vehicle: Vehicle) -> Iterator[Fault]:
    if vehicle.energy == "électrique" and vehicle.range_km is None:
        what = "un véhicule électrique a besoin de son autonomie"
        yield Fault(f"{where}.autonomie_km", what, "donnez-la en km, pour l’hiver")
    elif vehicle.noon_charge_km and vehicle.range_km is None:
        what = "sans autonomie_km, il n’y a rien à regagner pendant le repas"
        yield Fault(f"{where}.recharge_midi_km", what, "donnez autonomie_km, ou retirez cette clé")


def _depot_faults(s: Scenario) -> Iterator[Fault]:
    """Agents whom no vehicle can take, as none leaves from their agency."""
    if not all(vehicle.depots for vehicle in s.vehicles):
        return
    depots = sorted({code for vehicle in s.vehicles for code in vehicle.depots})
    for number, agent in enumerate(s.agents, start=1):
        if agent.agencies and not set(agent.agencies) & set(depots):
            theirs, known = (listed(f"« {code} »" for code in c) for c in (agent.agencies, depots))
            yield Fault(
                f"agents.{number}.agence",
                f"aucun véhicule ne part de {theirs} (dépôts : {known})",
                "équipe et véhicule partent ensemble : donnez un dépôt d’un véhicule, ou ajoutez "
                "cette agence à depot",
            )


# Whether, each week of the month, some crew and some vehicle can leave together.


@dataclass(frozen=True)
class _Crew:
    """Those who can leave together: one day, one depot, one vehicle."""

    agents: int
    trained: int
    seats: int

    def enough(self, s: Scenario) -> bool:
        return (
            self.agents >= s.crew.size
            and self.trained >= s.crew.trained
            and self.seats >= s.crew.size
        )


def _week_faults(s: Scenario) -> list[Fault]:
    """What lacks each week for a crew to leave; weeks that lack the same are told together."""
    gaps: dict[tuple[str, str, str], list[int]] = {}
    for week in sorted(set(s.cycle.month_weeks)):
        for gap in _week_gaps(s, week):
            gaps.setdefault(gap, []).append(week)
    return [
        Fault(where, f"semaine{'s' * (len(weeks) > 1)} {listed(weeks)} : {what}", mend)
        for (where, what, mend), weeks in gaps.items()
    ]


def _week_gaps(s: Scenario, week: int) -> Iterator[tuple[str, str, str]]:
    """What lacks in a week: whom, then in what, then together; where, what, how to mend it."""
    agents = [agent for agent in s.agents if agent.weeks is None or week in agent.weeks]
    vehicles = [v for v in s.vehicles if v.weeks is None or week in v.weeks]
    trained = sum(agent.trained for agent in agents)
    seats = max((vehicle.seats for vehicle in vehicles), default=0)
    add = "ajoutez un {0}, complétez les semaines d’un {0}, ou revoyez cycle.semaines_du_mois"
    one = "vehicules.1" if len(s.vehicles) == 1 else "vehicules"
    if len(agents) < s.crew.size:
        what = f"{counted(len(agents), 'agent disponible')}, il en faut {s.crew.size}"
        yield "agents", what, add.format("agent")
    elif s.crew.trained > s.crew.size:
        return  # told already
    elif trained < s.crew.trained:
        what = f"{counted(trained, 'agent formé')}, il en faut {s.crew.trained}"
        yield "agents", what, "faites venir un agent formé, ou réduisez equipe.formes"
    if not vehicles:
        where = f"{one}.semaines" if len(s.vehicles) == 1 else one
        yield where, "aucun véhicule disponible", add.format("véhicule")
    elif seats < s.crew.size:
        where = f"{one}.places" if len(s.vehicles) == 1 else one
        what = (
            f"{counted(seats, 'place')} au plus dans un véhicule, l’équipe en prend {s.crew.size}"
        )
        yield where, what, "prenez un véhicule plus grand, ou réduisez equipe.agents"
    if len(agents) < s.crew.size or trained < s.crew.trained or seats < s.crew.size:
        return
    if s.cycle.days and not any(crew.enough(s) for crew in _crews(s, agents, vehicles)):
        if next(_depot_faults(s), None):
            return  # told already, agent by agent
        yield "agents", *_apart(s, agents, vehicles)


def _crews(s: Scenario, agents: Sequence[Agent], vehicles: Sequence[Vehicle]) -> Iterator[_Crew]:
    """Every crew at its largest: by tour day, vehicle and depot."""
    for day in s.cycle.days:
        there = [agent for agent in agents if agent.days is None or day in agent.days]
        for vehicle in vehicles:
            if vehicle.days is not None and day not in vehicle.days:
                continue
            agencies = {code for agent in there for code in agent.agencies}
            for depot in vehicle.depots or sorted(agencies) or [""]:
                crew = [a for a in there if not a.agencies or depot in a.agencies]
                yield _Crew(len(crew), sum(agent.trained for agent in crew), vehicle.seats)


def _apart(s: Scenario, agents: Sequence[Agent], vehicles: Sequence[Vehicle]) -> tuple[str, str]:
    """Why agents and vehicles that are there do not meet: days, or depots."""
    asked = counted(s.crew.size, "agent") + (
        f" dont {counted(s.crew.trained, 'formé')}" if s.crew.trained else ""
    )
    anywhere = [agent.model_copy(update={"agencies": ()}) for agent in agents]
    free = [vehicle.model_copy(update={"depots": ()}) for vehicle in vehicles]
    if not any(crew.enough(s) for crew in _crews(s, anywhere, free)):
        what = f"aucun jour de tournée ne réunit {asked} et un véhicule qui les porte"
        return what, "revoyez jours de [[agents]], de [[vehicules]] et de [cycle]"
    what = f"aucun lieu de départ ne réunit {asked} et un véhicule le même jour"
    return what, "donnez une agence commune aux agents, ou ajoutez-la à depot d’un véhicule"
