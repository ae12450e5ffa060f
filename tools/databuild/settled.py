"""Decisions on findings, kept in ``tools/settled.csv``: one dated row with its reason for each.

A decision holds for one finding with one measure. When a source changes, the measure changes, and
the finding has to be looked at again: nothing is settled by silence.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from databuild.checks import Finding

TABLE = Path(__file__).parent.parent / "settled.csv"
KEEP, REPLACE = "keep", "replace"


@dataclass(frozen=True)
class Settlement:
    """What was decided on a finding: keep the data as they are, or replace them by ``value``."""

    finding: Finding
    name: str
    decision: str
    value: str
    reason: str
    date: str


class Settlements:
    """The decisions, found by the finding they settle."""

    def __init__(self, rows: Iterable[Settlement]) -> None:
        self._by_finding = {row.finding: row for row in rows}

    @classmethod
    def load(cls, path: Path = TABLE) -> Settlements:
        """The decisions of a table; a row without decision, reason or date is refused."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        settlements = [
            Settlement(
                Finding(row["check"], row["subject"], row["measure"]),
                row["name"],
                row["decision"],
                row["value"],
                row["reason"],
                row["date"],
            )
            for row in rows
        ]
        for row in settlements:
            if row.decision not in {KEEP, REPLACE} or not row.reason or not row.date:
                raise ValueError(f"{path.name}: incomplete row: {row.finding}")
        if len({row.finding for row in settlements}) != len(settlements):
            raise ValueError(f"{path.name}: a finding is settled twice")
        return cls(settlements)

    def of(self, finding: Finding) -> Settlement | None:
        """The decision on a finding, if there is one."""
        return self._by_finding.get(finding)

    def replacements(self, check: str) -> dict[str, str]:
        """The values that replace, by subject, for one check."""
        return {
            row.finding.subject: row.value
            for row in self._by_finding.values()
            if row.finding.check == check and row.decision == REPLACE
        }

    def unsettled(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings nobody decided on."""
        return [finding for finding in findings if finding not in self._by_finding]

    def not_kept(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings in the built data that no decision keeps: a correction was not applied."""
        kept = {row.finding for row in self._by_finding.values() if row.decision == KEEP}
        return [finding for finding in findings if finding not in kept]

    def needless(self, findings: Iterable[Finding]) -> list[Settlement]:
        """Decisions on what is no longer found: to be removed from the table."""
        found = set(findings)
        return [row for finding, row in self._by_finding.items() if finding not in found]
