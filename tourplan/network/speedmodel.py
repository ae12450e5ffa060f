"""The figures that travel times rest on, and how a scenario changes them.

``docs/vitesses.md`` gives every figure with its source, in French.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from tourplan.errors import Fault, InputError, one_of, quoted

UNCERTAINTY_PCT = 15
"""How far a time may be from a real drive without traffic; see ``docs/vitesses.md``."""
EARTH_RADIUS_M = 6_371_009.0
SLOWEST_KMH, MAX_KMH = 1.0, 150.0
"""Between these, a speed is possible."""
SLOWEST_BEND_KMH = 15.0
BEND_RADIUS_M = 50.0
"""The radius that the row ``virage`` is about."""
REACH_M = 10.0
"""A bend is measured with points at least this far before and after: closer ones are noise."""
SHORTEST_ARM_M = 3.0
LONGEST_ARM_M = 80.0
SLOWED_M = 30.0
"""How far from a bend it still slows the car down, at most half of the piece."""

HYPOTHESIS = "hypothèse"
PRACTISED_90 = "ONISR 2020 : 86,2 km/h en moyenne sur les routes limitées à 90"


@dataclass(frozen=True)
class Row:
    """A row of the table that planners edit: what it is about, km/h, where the figure is from.

    ``winter`` is the share of the speed kept in winter; none where the road's own share counts.
    """

    key: str
    highways: tuple[str, ...]
    kmh: float
    winter: float | None
    label: str
    source: str


LINKS = ("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link")
ROWS = (
    Row("autoroute", ("motorway",), 118, 0.95, "autoroute", HYPOTHESIS),
    Row("voie_rapide", ("trunk",), 100, 0.95, "voie rapide, route nationale", HYPOTHESIS),
    Row("grande_departementale", ("primary",), 84, 0.90, "grande départementale", PRACTISED_90),
    Row("departementale", ("secondary",), 70, 0.87, "départementale", HYPOTHESIS),
    Row("petite_departementale", ("tertiary",), 58, 0.83, "petite départementale", HYPOTHESIS),
    Row("communale", ("unclassified",), 45, 0.75, "route communale", HYPOTHESIS),
    Row("bretelle", LINKS, 50, 0.90, "bretelle d’échangeur", HYPOTHESIS),
    Row("rue", ("residential",), 30, 0.85, "rue de village ou de lotissement", HYPOTHESIS),
    Row(
        "zone_de_rencontre",
        ("living_street", "pedestrian"),
        15,
        0.85,
        "zone de rencontre (limite 20)",
        HYPOTHESIS,
    ),
    Row("acces", ("service",), 18, 0.80, "accès, parking", HYPOTHESIS),
    Row("piste", ("track",), 15, 0.60, "piste, chemin", HYPOTHESIS),
    Row("autre", ("road",), 40, 0.80, "autre route", HYPOTHESIS),
    Row("bac", (), 8, 0.95, "bac, sans l’attente", HYPOTHESIS),
    Row(
        "agglomeration",
        (),
        44,
        None,
        "au plus, dans un village ou une ville",
        "ONISR 2021 : 51,3 km/h dans les petites agglomérations, 41,0 en centre-ville",
    ),
    Row("voie_etroite", (), 42, None, "au plus, à une seule voie pour deux sens", HYPOTHESIS),
    Row("rond_point", (), 30, None, "au plus, sur un rond-point", HYPOTHESIS),
    Row("virage", (), 40, 0.85, "virage de 50 m de rayon", HYPOTHESIS),
    Row(
        "limite_hors_agglomeration",
        (),
        80,
        None,
        "limite là où la carte n’en dit rien (90 si le département l’a relevée)",
        "Code de la route, R413-2 ; CGCT, L3221-4-1",
    ),
)
KEYS = tuple(row.key for row in ROWS)
KEY_OF_HIGHWAY = {highway: row.key for row in ROWS for highway in row.highways}
LABEL_OF_KEY = {row.key: row.label for row in ROWS}
OTHER = "autre"

SURFACE_KMH = {
    "concrete:plates": 50.0,
    "concrete:lanes": 40.0,
    "paving_stones": 45.0,
    "bricks": 45.0,
    "compacted": 45.0,
    "fine_gravel": 40.0,
    "metal": 40.0,
    "wood": 40.0,
    "sett": 35.0,
    "gravel": 30.0,
    "unpaved": 30.0,
    "cobblestone": 25.0,
    "pebblestone": 25.0,
    "dirt": 20.0,
    "earth": 20.0,
    "ground": 20.0,
    "grass_paver": 20.0,
    "unhewn_cobblestone": 20.0,
    "clay": 15.0,
    "grass": 15.0,
    "mud": 10.0,
    "rock": 10.0,
    "sand": 10.0,
    "stone": 10.0,
}
SMOOTHNESS_KMH = {
    "intermediate": 60.0,
    "bad": 35.0,
    "very_bad": 20.0,
    "horrible": 10.0,
    "very_horrible": 5.0,
    "impassable": 5.0,
}
TRACKTYPE_KMH = {"grade1": 45.0, "grade2": 30.0, "grade3": 20.0, "grade4": 15.0, "grade5": 10.0}
DELAY_S = {
    "feu": 10.0,
    "stop": 8.0,
    "cedez_le_passage": 4.0,
    "carrefour": 4.0,
    "mini_giratoire": 3.0,
    "passage_a_feu": 3.0,
    "passage_pieton": 1.0,
    "peage": 20.0,
}
"""Seconds lost at a point of a road, on average; ``carrefour``: giving way without any sign."""


@dataclass(frozen=True)
class SpeedModel:
    """Every figure that a travel time depends on.

    Attributes:
        kmh: km/h by key of ``ROWS``.
        winter_share: share of the speed kept in winter, by key.
        limit_share: share of the legal limit that is really driven.
        surface_kmh, smoothness_kmh, tracktype_kmh: fastest speed by value of the OSM tag.
        delay_s: seconds lost, by key of ``DELAY_S``.
        factor: what every time is multiplied by.
        winter: whether the times are those of winter.
    """

    kmh: Mapping[str, float]
    winter_share: Mapping[str, float]
    limit_share: float = 0.95
    surface_kmh: Mapping[str, float] = field(default_factory=lambda: dict(SURFACE_KMH))
    smoothness_kmh: Mapping[str, float] = field(default_factory=lambda: dict(SMOOTHNESS_KMH))
    tracktype_kmh: Mapping[str, float] = field(default_factory=lambda: dict(TRACKTYPE_KMH))
    delay_s: Mapping[str, float] = field(default_factory=lambda: dict(DELAY_S))
    factor: float = 1.0
    winter: bool = False

    @classmethod
    def default(cls) -> SpeedModel:
        """The figures of ``docs/vitesses.md``."""
        return cls(
            kmh={row.key: float(row.kmh) for row in ROWS},
            winter_share={row.key: row.winter for row in ROWS if row.winter is not None},
        )

    def with_changes(
        self, speeds: Mapping[str, object], factor: float = 1.0, *, winter: bool = False
    ) -> SpeedModel:
        """This model with the speeds of a scenario (French keys or values of ``highway``).

        Raises:
            InputError: every unknown key and absurd value at once.
        """
        faults = [*_speed_faults(speeds), *_factor_faults(factor)]
        if faults:
            raise InputError(faults)
        given = {_key(name): float(str(value)) for name, value in speeds.items()}
        return replace(self, kmh={**self.kmh, **given}, factor=float(factor), winter=winter)

    def keeps(self, key: str) -> float:
        """The share of the speed of a row that the season leaves."""
        return self.winter_share.get(key, 1.0) if self.winter else 1.0

    def table(self) -> tuple[SpeedLine, ...]:
        """The rows as a reader sees them."""
        return tuple(self._line(row) for row in ROWS)

    def _line(self, row: Row) -> SpeedLine:
        kmh, share = self.kmh[row.key], self.winter_share.get(row.key)
        source = row.source if kmh == row.kmh else "votre scénario"
        return SpeedLine(row.key, row.label, kmh, share and kmh * share, source)

    def fingerprint(self) -> str:
        """Canonical JSON of every figure: two models with the same text give the same times."""
        shape = [EARTH_RADIUS_M, SLOWEST_BEND_KMH, BEND_RADIUS_M, REACH_M, SHORTEST_ARM_M]
        content = {"regles": 1, "virages": [*shape, LONGEST_ARM_M, SLOWED_M], **asdict(self)}
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def sentence(self) -> str:
        """What the times rest on, in one French sentence."""
        parts = ["vitesses pratiquées par type de route, virages et carrefours compris"]
        parts += ["conditions d’hiver"] if self.winter else []
        changed = [f"{row.label} {_text(self.kmh[row.key])} km/h" for row in self._changed()]
        parts += [f"vitesses du scénario ({', '.join(changed)})"] if changed else []
        parts += [f"temps multipliés par {_text(self.factor)}"] if self.factor != 1 else []
        return f"{', '.join(parts)}, sans embouteillage"

    def _changed(self) -> list[Row]:
        return [row for row in ROWS if self.kmh[row.key] != row.kmh]


@dataclass(frozen=True)
class SpeedLine:
    """A row of the table with its figures; ``winter_kmh`` is none where the road decides."""

    key: str
    label: str
    kmh: float
    winter_kmh: float | None
    source: str


def _text(value: float) -> str:
    return f"{value:g}".replace(".", ",")


def _key(name: str) -> str:
    return KEY_OF_HIGHWAY.get(name, name)


def _number(value: object) -> float:
    """A finite number, or nan for anything else (true is not a speed)."""
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(str(value)) if fits else math.nan


def _speed_faults(speeds: Mapping[str, object]) -> list[Fault]:
    faults = [fault for name, value in speeds.items() for fault in _row_faults(name, value)]
    return faults + _twice(list(speeds))


def _row_faults(name: str, value: object) -> list[Fault]:
    where = f"reseau.vitesses.{name}"
    if _key(name) not in KEYS:
        return [Fault(where, "route inconnue", one_of(name, KEYS))]
    if not SLOWEST_KMH <= _number(value) <= MAX_KMH:
        what = f"{quoted(value)} n’est pas une vitesse possible"
        return [Fault(where, what, "attendu un nombre de km/h, de 1 à 150")]
    return []


def _twice(names: list[str]) -> list[Fault]:
    first: dict[str, str] = {}
    faults = []
    for name in names:
        same = first.setdefault(_key(name), name)
        if same != name:
            what = f"même ligne que « {same} »"
            faults.append(Fault(f"reseau.vitesses.{name}", what, "gardez l’une des deux"))
    return faults


def _factor_faults(factor: object) -> list[Fault]:
    if 0.5 <= _number(factor) <= 3:
        return []
    what = f"{quoted(factor)} ne peut pas multiplier les temps"
    return [Fault("reseau.facteur", what, "attendu un nombre entre 0.5 et 3")]
