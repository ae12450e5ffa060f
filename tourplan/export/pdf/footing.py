"""What stands at the foot of every page: which document this is, and how sure its times are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tourplan.export.french import capital, spaced
from tourplan.export.words import origin_words

if TYPE_CHECKING:
    from datetime import datetime

    from tourplan.plan import Plan


def foot(plan: Plan, now: datetime) -> str:
    """Status, fingerprint, version and date; where times come from."""
    return spaced(
        f"{capital(plan.status)}, empreinte {plan.fingerprint}, {plan.software}, imprimé le "
        f"{now:%d/%m/%Y}. Temps de route : {origin_words(plan.origin)}."
    )
