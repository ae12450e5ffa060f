"""Who goes, and in what: the sections about agents and vehicles."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tourplan.fields import (
    ClockTime,
    Days,
    Depots,
    Flag,
    Hours,
    MonthWeek,
    Name,
    Section,
    ShortText,
    field,
)


class Agent(Section):
    """An agent; what is not given is as the scenario says for all."""

    name: ShortText = field("nom", "", "n’apparaît que si vous le demandez (sorties)", "")
    agencies: Depots = field(
        "agence", (), "commune de rattachement, ou liste : l’agent part de l’une d’elles", ""
    )
    trained: Flag = field("forme", True, "true : formé à l’accueil du public (voir equipe.formes)")
    weeks: tuple[MonthWeek, ...] | None = field(
        "semaines", None, "semaines du mois disponibles", ""
    )
    days: Days | None = field("jours", None, "jours travaillés ; sans valeur, tous", "")
    max_work_h: Hours | None = field(
        "travail_max_h", None, "travail par semaine ; sans valeur, celui de [semaine]", ""
    )
    max_day_work_h: Hours | None = field(
        "travail_jour_max_h", None, "travail par jour ; sans valeur, celui de [journee]", ""
    )
    max_amplitude_h: Hours | None = field(
        "amplitude_max_h", None, "du départ au retour ; sans valeur, celle de [journee]", ""
    )
    earliest_s: ClockTime | None = field(
        "depart_au_plus_tot", None, "sans valeur, celui de [journee]", ""
    )
    latest_s: ClockTime | None = field(
        "retour_au_plus_tard", None, "sans valeur, celui de [journee]", ""
    )


class Crew(Section):
    """Who must be there."""

    size: Annotated[int, Field(ge=1, le=20, strict=True)] = field(
        "agents", 2, "agents présents à chaque tournée", "texte du label France Services"
    )
    trained: Annotated[int, Field(ge=0, le=20, strict=True)] = field(
        "formes", 1, "dont agents formés, au moins"
    )


class Vehicle(Section):
    """A vehicle."""

    name: Name = field("nom", "Véhicule 1", "nom du véhicule ; chacun le sien", "")
    depots: Depots = field(
        "depot",
        (),
        "commune de départ, ou liste ; sans elle, celle des agents, sinon le point fixe le "
        "plus proche des communes",
    )
    weeks: tuple[MonthWeek, ...] | None = field(
        "semaines", None, "semaines du mois disponibles", ""
    )
    days: Days | None = field("jours", None, "jours disponibles ; sans valeur, tous", "")
    seats: Annotated[int, Field(ge=1, le=60, strict=True)] = field(
        "places", 5, "personnes, conducteur compris"
    )
    energy: Literal["thermique", "hybride", "électrique"] = field(
        "energie", "thermique", "thermique, hybride ou électrique"
    )
    range_km: Annotated[float, Field(gt=0, le=5000, strict=True)] | None = field(
        "autonomie_km", None, "distance la plus longue d’une journée", ""
    )
    noon_charge_km: Annotated[float, Field(ge=0, le=5000, strict=True)] = field(
        "recharge_midi_km",
        0.0,
        "autonomie regagnée pendant le repas dans un lieu qui a une borne (lieux)",
    )
    cost_eur_km: Annotated[float, Field(ge=0, le=100, strict=True)] = field(
        "cout_eur_km", 0.636, "coût au kilomètre", "hypothèse : barème fiscal 2023, 5 CV"
    )
    emissions_gco2_km: Annotated[float, Field(ge=0, le=5000, strict=True)] | None = field(
        "co2_g_km",
        None,
        "grammes de CO₂ au kilomètre à l’usage ; sans valeur, 190 (thermique), 130 (hybride) ou "
        "0 (électrique)",
    )

    @property
    def gco2_km(self) -> float:
        """Grams of CO₂ a kilometre, in use: the scenario's, else by energy (assumed)."""
        if self.emissions_gco2_km is not None:
            return self.emissions_gco2_km
        return {"thermique": 190.0, "hybride": 130.0, "électrique": 0.0}[self.energy]


def named(vehicles: tuple[Vehicle, ...]) -> tuple[Vehicle, ...]:
    """The vehicles, the n-th called ``Véhicule n`` unless it has a name."""
    return tuple(
        vehicle if "name" in vehicle.model_fields_set else _called(vehicle, f"Véhicule {number}")
        for number, vehicle in enumerate(vehicles, start=1)
    )


def _called(vehicle: Vehicle, name: str) -> Vehicle:
    """A vehicle under a name that the user did not write."""
    called = vehicle.model_copy(update={"name": name})
    called.model_fields_set.discard("name")
    return called
