"""Plan, prove and publish the tours of itinerant public counters.

The public API is what ``__all__`` lists; no name in it is that of a module of the package.
Names load their module on first use, so that ``import tourplan`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tourplan.plan import Plan
    from tourplan.planner import solve
    from tourplan.prepare import Case
    from tourplan.scenario import Scenario
    from tourplan.starter import example
    from tourplan.study.coverage import coverage
    from tourplan.study.evaluate import evaluate
    from tourplan.study.explain import explain
    from tourplan.study.prices import prices
    from tourplan.study.rounds import rounds
    from tourplan.study.sensitivity import sensitivity
    from tourplan.study.tradeoff import tradeoff
    from tourplan.study.waiting import waiting

_HOMES = {
    "Case": "tourplan.prepare",
    "Plan": "tourplan.plan",
    "Scenario": "tourplan.scenario",
    "coverage": "tourplan.study.coverage",
    "evaluate": "tourplan.study.evaluate",
    "example": "tourplan.starter",
    "explain": "tourplan.study.explain",
    "prices": "tourplan.study.prices",
    "rounds": "tourplan.study.rounds",
    "sensitivity": "tourplan.study.sensitivity",
    "solve": "tourplan.planner",
    "tradeoff": "tourplan.study.tradeoff",
    "waiting": "tourplan.study.waiting",
}

__all__ = [
    "Case",
    "Plan",
    "Scenario",
    "__version__",
    "coverage",
    "evaluate",
    "example",
    "explain",
    "prices",
    "rounds",
    "sensitivity",
    "solve",
    "tradeoff",
    "waiting",
]


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'tourplan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
