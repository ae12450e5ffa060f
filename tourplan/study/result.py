"""What studies give back: a table, sentences and plain data; a plan that was looked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from tourplan.errors import InputError, NoPlanError, Repair
from tourplan.export.itinerary import CsvForm, csv_bytes, french_csv
from tourplan.plan import Plan


class Result(ABC):
    """What a study found, as a table under ``columns``, as sentences and as plain data."""

    columns: ClassVar[tuple[str, ...]]

    @abstractmethod
    def rows(self) -> Iterator[tuple[str, ...]]:
        """Its rows, under ``columns``."""

    @abstractmethod
    def sentences(self) -> list[str]:
        """What it says, in French; details are set back by spaces."""

    def for_everyone(self) -> list[str]:
        """``sentences``, without those on the hours of who runs the tour, for the public map."""
        return self.sentences()

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The same as plain data under French keys."""

    def to_csv(self) -> str:
        """The table as text, see ``french_csv``."""
        return french_csv(self.columns, self.rows())

    def to_csv_bytes(self, form: CsvForm) -> bytes:
        """The table as a file, see ``csv_bytes``."""
        return csv_bytes(self.columns, self.rows(), form)

    def to_frame(self) -> Any:
        """A pandas DataFrame, with the rows and columns of the CSV file."""
        import pandas as pd

        return pd.DataFrame(list(self.rows()), columns=list(self.columns))

    def _repr_html_(self) -> str:
        from tourplan.export.markup import items, text

        return items(text(line.strip()) for line in self.sentences())


@dataclass(frozen=True, eq=False, kw_only=True)
class Sought:
    """What is asked with a plan, or why there is none.

    Attributes:
        plan: the best plan; ``None`` where there is none, or none was found in time.
        impossible: whether there is none.
        why_not: why there is no plan, in French.
        repairs: the requirements that clash.
        others: changes of means that would do.
    """

    plan: Plan | None = None
    impossible: bool = False
    why_not: str = ""
    repairs: tuple[Repair, ...] = ()
    others: tuple[Repair, ...] = ()

    def found(self, find: Callable[[], Plan]) -> Self:
        """The same with what ``find`` gives, or why it gives none."""
        try:
            return replace(self, plan=find())
        except NoPlanError as error:
            return self.clashing(error)
        except InputError as error:
            why = " ; ".join(fault.what for fault in error.faults)
            return replace(self, why_not=f"pas de réponse ({why})")

    def clashing(self, error: NoPlanError) -> Self:
        """The same, where there is no plan."""
        return replace(
            self,
            impossible=True,
            why_not=error.message,
            repairs=error.repairs,
            others=error.others,
        )
