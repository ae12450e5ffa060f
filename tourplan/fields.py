"""What the values of a scenario may be: codes, hours, days and texts, each with its bounds.

Each key says what it is (``description``) and where its default comes from (``source``).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
)

from tourplan.errors import quoted
from tourplan.hours import WeekHours, parse_clock
from tourplan.tables import plain

HYPOTHESIS = "hypothèse"
MAX_COMMUNES = 2_000
LABEL = "règle des maisons de services au public"


class UnfitError(ValueError):
    """A value refused: what it is, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.mend = mend


def _clock(value: object) -> int:
    if isinstance(value, str):
        with suppress(ValueError):
            return parse_clock(value)
    raise UnfitError(f"{quoted(value)} n’est pas une heure", 'écrivez-la ainsi : "09:45"')


def _text_code(value: object) -> object:
    if isinstance(value, int) and 0 < value < 10**9 and not isinstance(value, bool):
        raise UnfitError(f"code {value} sans guillemets", f'écrivez "{value:05d}"')
    return value


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise UnfitError(f"{quoted(value)} n’est pas une date", "écrivez-la ainsi : 2027-01-04")


def whole(value: object) -> object:
    """Python holds 1.0 and true equal to 1; a number of weeks is neither."""
    if type(value) is not int:
        raise UnfitError(f"{quoted(value)} inconnu", "attendu 1, 2 ou 4")
    return value


def _several(value: object) -> object:
    """One code stands for a list of one."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return (_text_code(value),)
    return value


def _one_or_several(codes: tuple[str, ...]) -> str | list[str]:
    return codes[0] if len(codes) == 1 else list(codes)


def _readable_hours(text: str) -> str:
    try:
        WeekHours.parse(text)
    except ValueError as error:
        mend = 'écrivez-les ainsi : "Mo-Fr 09:00-12:00,13:30-17:00; Sa 09:00-12:00"'
        raise UnfitError(str(error), mend) from None
    return text


def _word(text: str) -> str:
    """A text that names something: what is compared without its marks must not be empty."""
    if not plain(text):
        raise UnfitError(f"{quoted(text)} n’a ni lettre ni chiffre", "donnez un nom")
    return text


Code = Annotated[str, BeforeValidator(_text_code), Field(min_length=1, max_length=100)]
ClockTime = Annotated[int, BeforeValidator(_clock)]
Day = Annotated[date, BeforeValidator(_day)]
Flag = Annotated[bool, Field(strict=True)]
Minutes = Annotated[int, Field(ge=0, le=1440, strict=True)]
Hours = Annotated[float, Field(ge=0, le=168, strict=True)]
MonthWeek = Annotated[int, Field(ge=1, le=4, strict=True)]
DayName = Literal["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
Codes = Annotated[tuple[Code, ...], Field(max_length=MAX_COMMUNES)]
Depots = Annotated[
    tuple[Code, ...],
    BeforeValidator(_several),
    PlainSerializer(_one_or_several),
    Field(max_length=20),
]
"""Codes, of which a single one is written without brackets."""
ShortText = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_word)]
HoursText = Annotated[str, Field(max_length=500), AfterValidator(_readable_hours)]
Weeks = Annotated[tuple[MonthWeek, ...], Field(max_length=4)]
Days = Annotated[tuple[DayName, ...], Field(max_length=7)]
Sessions = Annotated[int, Field(ge=0, le=20, strict=True)]


class Section(BaseModel):
    """A table of the scenario: frozen, no unknown key."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, allow_inf_nan=False
    )


def field(alias: str, default: Any, description: str, source: str = HYPOTHESIS) -> Any:
    """A key with a default: its French name, what it means, where the default comes from."""
    return Field(
        alias=alias, default=default, description=description, json_schema_extra={"source": source}
    )
