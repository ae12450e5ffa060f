"""Where sessions are held, in which rooms, and for whom: the sections about places."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tourplan.fields import (
    Code,
    Codes,
    Days,
    Flag,
    HoursText,
    Name,
    Section,
    Sessions,
    ShortText,
    Weeks,
    field,
)
from tourplan.hours import WeekHours

PerMonth = Annotated[float, Field(ge=0, le=100_000, strict=True)]
VisitMinutes = Annotated[int, Field(ge=1, le=480, strict=True)]


TOWN_HALL = "Mairie"
"""The place that a session is held at unless another is told."""


class Communes(Section):
    """Where sessions are held."""

    required: Codes = field("a_desservir", (), "codes INSEE à desservir à chaque cycle", "")
    candidates: Codes = field("candidates", (), "codes INSEE qui peuvent être desservis", "")
    candidate_epcis: Codes = field(
        "candidates_epci", (), "intercommunalités dont toutes les communes sont candidates", ""
    )
    excluded: Codes = field("exclues", (), "codes INSEE à ne jamais desservir", "")


class Residents(Section):
    """Whose access counts."""

    epcis: Codes = field(
        "epci", (), "vide : les intercommunalités des communes ci-dessus", "règle du projet"
    )
    communes: Codes = field("communes", (), "communes comptées en plus", "")
    file: ShortText = field(
        "fichier",
        "",
        "CSV code_insee;habitants (et lon;lat), à la place de la population INSEE 2023",
        "",
    )
    hamlet_kmh: Annotated[int, Field(ge=1, le=130, strict=True)] = field(
        "vitesse_hameaux_km_h",
        30,
        "sans vraies routes, d’un point du fichier au chef-lieu de sa commune, à vol d’oiseau",
    )


class Counters(Section):
    """Which fixed counters count."""

    embedded: Flag = field(
        "integres", True, "compter la liste nationale des France Services", "ANCT, août 2024"
    )
    files: tuple[ShortText, ...] = field(
        "fichiers", (), "vos points d’accueil (CSV, colonnes de data/points_fixes.csv)", ""
    )
    excluded: Codes = field("exclus", (), "identifiants de points fixes à ne pas compter", "")


class Land(Section):
    """Your own communes."""

    files: tuple[ShortText, ...] = field(
        "fichiers", (), "vos communes (GeoJSON, colonnes de data/communes.geojson)", ""
    )


class CommuneSettings(Section):
    """What holds for some communes only; what is not given stays as for all."""

    communes: Codes = field("communes", (), "codes INSEE des communes réglées", "")
    epcis: Codes = field("epci", (), "ou toutes les candidates de ces intercommunalités", "")
    sessions: Sessions | None = field(
        "passages", None, "nombre exact de permanences par cycle, pour chacune", ""
    )
    min_sessions: Sessions | None = field(
        "passages_min",
        None,
        "permanences par cycle au moins ; dès 1, la commune est à desservir",
        "",
    )
    max_sessions: Sessions | None = field(
        "passages_max",
        None,
        "permanences par cycle au plus ; sans valeur, une, ou passages_min",
        "",
    )
    weeks: Weeks | None = field("semaines", None, "semaines du cycle où y aller", "")
    refused_days: Days = field("jours_refuses", (), "jours où ne pas y aller", "")
    market_days: Days = field(
        "jours_marche", (), "jours de marché : préférés, si ordre nomme marches", ""
    )
    visits_per_month: PerMonth | None = field(
        "visites_par_mois", None, "visites attendues par mois, rendez-vous compris", ""
    )
    appointments_per_month: PerMonth | None = field(
        "rendez_vous_par_mois", None, "dont rendez-vous ; sans valeur, la part de [besoin]", ""
    )


class Venue(Section):
    """A room where sessions can be held, in the place of the mairie of its commune."""

    code: Code = Field(alias="code_insee", description="commune du lieu")
    name: Name = Field(alias="nom", description="nom du lieu")
    address: ShortText = field("adresse", "", "adresse du lieu", "")
    lon: Annotated[float, Field(ge=-180, le=180, strict=True)] | None = field(
        "lon", None, "longitude en degrés (WGS 84) ; sans elle, le point de la commune", ""
    )
    lat: Annotated[float, Field(ge=-90, le=90, strict=True)] | None = field(
        "lat", None, "latitude en degrés (WGS 84)", ""
    )
    hours_text: HoursText = field(
        "horaires", "", "quand le lieu est ouvert, comme dans OpenStreetMap", ""
    )
    accessible: Flag | None = field(
        "acces_pmr", None, "accès de plain-pied ou par rampe ; sans valeur, on ne sait pas", ""
    )
    private: Flag | None = field(
        "confidentiel", None, "entretiens à l’abri des oreilles ; sans valeur, on ne sait pas", ""
    )
    public: Flag | None = field(
        "ouvert_au_public", None, "false : le public n’y est pas reçu, le lieu est écarté", ""
    )
    charger: Flag = field("borne", False, "true : le véhicule peut s’y recharger", "")

    @property
    def hours(self) -> WeekHours | None:
        """When the venue is open; ``None`` when that is not known."""
        return WeekHours.parse(self.hours_text)


class Rooms(Section):
    """What a room must offer."""

    require_accessible: Flag = field(
        "exiger_acces_pmr",
        False,
        "true : écarter les lieux dits sans accès de plain-pied (acces_pmr)",
        "",
    )
    require_private: Flag = field(
        "exiger_confidentialite", False, "true : écarter les lieux dits non confidentiels", ""
    )
    survey_file: ShortText = field(
        "reconnaissance",
        "",
        "CSV rempli sur place (tourplan export --format reconnaissance) : ce que les lieux offrent",
        "",
    )


class Need(Section):
    """How many people are expected, and the time that each takes."""

    visits_per_month_1000: Annotated[float, Field(ge=0, le=1_000, strict=True)] = field(
        "visites_par_mois_1000_hab",
        10.0,
        "visites attendues par mois pour 1 000 habitants",
        "hypothèse : 55 visites par semaine pour 24 000 habitants",
    )
    appointments_pct: Annotated[float, Field(ge=0, le=100, strict=True)] = field(
        "part_rendez_vous_pct", 30.0, "part des visites sur rendez-vous, en %"
    )
    minutes_per_visit: VisitMinutes = field("minutes_par_visite", 20, "durée d’une visite")
    minutes_per_appointment: VisitMinutes = field(
        "minutes_par_rendez_vous", 45, "durée d’un rendez-vous"
    )
    max_occupancy_pct: Annotated[float, Field(gt=0, le=100, strict=True)] = field(
        "occupation_max_pct", 80.0, "part du temps d’ouverture prise par le public, en %"
    )
    sessions_by_need: Flag = field(
        "passages_selon_besoin",
        False,
        "true : le nombre de permanences de chaque candidate suit son besoin",
        "",
    )
