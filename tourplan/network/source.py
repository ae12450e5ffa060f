"""What every output says of the travel times: where from, how old, how sure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkSource:
    """Where travel times come from.

    Attributes:
        label: what they are made of, in French.
        date: when the roads were gathered.
        credit: who to name.
        uncertainty: how sure they are, in French.
        uncertainty_pct: half-width of the band around a threshold within which a time is « à la
            limite », in per cent of the time.
        schematic: whether roads are drawn as straight links.
        speeds: the speed model, in French; empty where times are given.
    """

    label: str
    date: str
    credit: str
    uncertainty: str
    uncertainty_pct: int
    schematic: bool
    speeds: str = ""
