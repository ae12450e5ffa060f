"""What a car may use: the rules on OpenStreetMap tags, the same for every source of roads."""

from __future__ import annotations

from collections.abc import Mapping

DRIVEN = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "road",
    "service",
    "track",
)
"""Values of ``highway`` that cars drive on. Any other is none of ours: paths and pedestrian
streets, bus lanes, stairs, via ferrata, escape ramps, roads planned or being built."""

NO_SERVICE = (
    "driveway",
    "parking_aisle",
    "parking",
    "drive-through",
    "emergency_access",
    "private",
)
"""Values of ``service`` that lead nowhere the public goes."""

ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
"""Tags that say who may pass, the most specific first."""

_ALLOWED = {"yes", "designated", "permissive", "destination", "public", "official"}
_DENIED = {
    "no",
    "private",
    "customers",
    "delivery",
    "agricultural",
    "forestry",
    "military",
    "residents",
    "permit",
    "employees",
    "members",
    "emergency",
    "bus",
    "psv",
    "restricted",
}
_CLOSED_BARRIERS = {
    "block",
    "bollard",
    "bus_trap",
    "chain",
    "cycle_barrier",
    "debris",
    "ditch",
    "fence",
    "full-height_turnstile",
    "horse_stile",
    "jersey_barrier",
    "kissing_gate",
    "log",
    "motorcycle_barrier",
    "planter",
    "rope",
    "stile",
    "sump_buster",
    "turnstile",
    "wall",
    "wedge",
}
_HIDDEN = ("tunnel", "bridge")
OBSTACLES = {"waterway": ("river", "canal"), "railway": ("rail",)}
"""Tags of what cannot be crossed but by a bridge, with their values."""


def drivable(tags: Mapping[str, str]) -> bool:
    """Whether any driver may use a way: its kind, then its use, then who may pass.

    The most specific access tag decides (``motorcar``, ``motor_vehicle``, ``vehicle``, ``access``);
    none, or one that says nothing known, lets pass. « destination » passes: a stop is one. Ferries,
    areas, and ways marked abandoned are out, whatever else they say.
    """
    return (
        tags.get("highway") in DRIVEN
        and tags.get("area") != "yes"
        and tags.get("route") != "ferry"
        and tags.get("service") not in NO_SERVICE
        and tags.get("abandoned") != "yes"
        and tags.get("disused") != "yes"
        and allowed(tags) is not False
    )


def closed(tags: Mapping[str, str]) -> bool:
    """Whether a point of a road stops cars.

    Its access tags decide where it has a barrier and they say something. Without them a barrier
    that never opens stops (bollard, block, chain, stile…), a gate when it is locked, and every
    other passes (gate, lift gate, cattle grid, toll booth, border, height limit, unknown kinds).
    """
    barrier = tags.get("barrier")
    if barrier is None:
        return False
    said = allowed(tags)
    if said is not None:
        return not said
    return barrier in _CLOSED_BARRIERS or tags.get("locked") == "yes"


def obstacle(tags: Mapping[str, str]) -> bool:
    """Whether a way is a river, a canal or a railway on open ground."""
    return any(tags.get(key) in values for key, values in OBSTACLES.items()) and not any(
        tags.get(key, "no") != "no" for key in _HIDDEN
    )


def allowed(tags: Mapping[str, str]) -> bool | None:
    """What the access tags say of cars; None when they say nothing known.

    Of several values (« agricultural;destination ») one that lets pass is enough.
    """
    for key in ACCESS_KEYS:
        values = {value.strip() for value in tags.get(key, "").split(";")}
        if values & _ALLOWED:
            return True
        if values & _DENIED:
            return False
    return None
