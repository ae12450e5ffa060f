"""Until when to search, and how: what every call of the solvers is told."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypedDict


class Terms(TypedDict):
    """What every call of the solver is told."""

    deadline: float
    seed: int
    stop: threading.Event
    cores: int


@dataclass(frozen=True)
class Budget:
    """Until when to search (on the clock of ``time.monotonic``), and how."""

    deadline: float
    seed: int
    stop: threading.Event
    cores: int = 1

    def terms(self, share: float = 1.0) -> Terms:
        """The terms of one call, which gets a share of the time left."""
        return {
            "deadline": self.share(share).deadline,
            "seed": self.seed,
            "stop": self.stop,
            "cores": self.cores,
        }

    def share(self, part: float) -> Budget:
        """The same for a share of the time left."""
        now = monotonic()
        return replace(self, deadline=now + (self.deadline - now) * part)

    @property
    def over(self) -> bool:
        """Whether the search is to end."""
        return self.stop.is_set() or monotonic() >= self.deadline
