"""What stands at the foot of every page: which document this is, and how sure its times are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tourplan.export.french import capital, spaced
from tourplan.export.words import origin_words

if TYPE_CHECKING:
    from datetime import datetime

    from tourplan.plan import Plan


def foot(plan: Plan, now: datetime, *, times: bool = True) -> str:
    """Status, date, fingerprint and version; where times come from, unless they are not shown."""
    parts = [
        f"{capital(plan.status)}, empreinte {plan.fingerprint}, {plan.software}, imprimé le "
        f"{now:%d/%m/%Y}.",
        f"Temps de route : {origin_words(plan.origin)}." if times else "",
    ]
    return spaced(" ".join(filter(None, parts)))
