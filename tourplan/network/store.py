"""The cache: what was read and computed once, by content, in the user's own cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

FOLDER_VARIABLE = "TOURPLAN_CACHE"
MAX_BYTES = 4 * 2**30
"""Larger arrays are not read back."""
MAX_KEPT = 4 * 2**30
"""When more is kept, the oldest goes."""
KINDS = ("rues", "temps")
_ANSWERS = "overpass"


@dataclass(frozen=True)
class Entry:
    """A file of the cache: its kind, size in bytes and when it was written."""

    kind: str
    path: Path
    size: int
    written: datetime


@dataclass(frozen=True)
class Store:
    """A folder of arrays by kind and key. What cannot be written or read back is done again."""

    folder: Path

    @classmethod
    def default(cls) -> Store:
        """The user's cache folder, or the folder that ``TOURPLAN_CACHE`` names."""
        given = os.environ.get(FOLDER_VARIABLE, "").strip()
        if given:
            return cls(Path(given))
        from platformdirs import user_cache_path

        return cls(user_cache_path("tourplan", appauthor=False))

    @property
    def answers(self) -> Path:
        """Where the answers of Overpass servers are kept."""
        return self.folder / _ANSWERS

    def load(self, kind: str, key: str) -> Arrays | None:
        """The arrays saved under a key; ``None`` where there are none, or none that can be read."""
        path = self._path(kind, key)
        if not path.is_file():
            return None
        try:
            with zipfile.ZipFile(path) as parts:
                if sum(part.file_size for part in parts.infolist()) > MAX_BYTES:
                    raise ValueError(path)
            with np.load(path, allow_pickle=False) as saved:
                return {name: saved[name] for name in saved.files}
        except _UNREADABLE:
            with suppress(OSError):
                path.unlink()
            return None

    def save(self, kind: str, key: str, arrays: Arrays) -> bool:
        """Save arrays under a key, whole or not at all; whether it could be done."""
        path = self._path(kind, key)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]
            draft.replace(path)
            self._forget(path)
        except OSError:
            return False
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        return True

    def entries(self) -> tuple[Entry, ...]:
        """Everything kept, by kind and then the oldest first."""
        found = []
        patterns = {kind: f"{kind}-{_HEX}.npz" for kind in KINDS}
        for kind, pattern in {**patterns, _ANSWERS: f"{_ANSWERS}/carreau-*/**/*"}.items():
            for path in self.folder.glob(pattern):
                with suppress(OSError):
                    if path.is_file():
                        known = path.stat()
                        written = datetime.fromtimestamp(known.st_mtime).astimezone()
                        found.append(Entry(kind, path, known.st_size, written))
        return tuple(sorted(found, key=lambda e: (e.kind, e.written)))

    def clear(self) -> int:
        """Delete everything kept, and nothing else of the folder; bytes freed."""
        freed = 0
        for entry in self.entries():
            with suppress(OSError):
                entry.path.unlink()
                freed += entry.size
        return freed

    def _forget(self, but: Path) -> None:
        """Delete the oldest arrays while more than ``MAX_KEPT`` is kept."""
        kept = [entry for entry in self.entries() if entry.kind in KINDS and entry.path != but]
        size = sum(entry.size for entry in kept)
        for entry in sorted(kept, key=lambda e: e.written):
            if size <= MAX_KEPT:
                return
            entry.path.unlink()
            size -= entry.size

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / f"{kind}-{key}.npz"


_HEX = "[0-9a-f]" * 24
_UNREADABLE = (
    *(OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error),
    *(MemoryError, RuntimeError, NotImplementedError),
)
"""What damaged arrays raise."""


def key_of(*parts: object) -> str:
    """A key for what was made of some parts (plain data or text), by this very code."""
    text = json.dumps([_code(), *parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """SHA-256 of the modules that times depend on: what another tourplan wrote is not read."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(p for part in ("network", "travel") for p in (package / part).glob("*.py")):
        digest.update(path.read_bytes())
    digest.update((package / "routing.py").read_bytes())
    return digest.hexdigest()


def content_of(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_text(value: Mapping[str, Any]) -> NDArray[np.uint8]:
    """Plain data as an array."""
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), dtype=np.uint8)


def from_text(array: NDArray[np.uint8]) -> dict[str, Any]:
    """Plain data back."""
    found: dict[str, Any] = json.loads(array.tobytes())
    return found
