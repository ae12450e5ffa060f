"""What a command leaves behind."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """Exit code, stdout, stderr."""

    code: int
    out: str
    err: str
