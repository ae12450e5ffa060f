"""Reading with bounds, writing all or nothing, and where the embedded data stands."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from tourplan.errors import InputError

MAX_TEXT_BYTES = 64 * 2**20


def data_file(name: str) -> Path:
    """The path of an embedded data file, from a wheel or from a checkout."""
    package = Path(__file__).parent
    for folder in (package / "_data", package.parent / "data"):
        if (folder / name).is_file():
            return folder / name
    raise FileNotFoundError(name)


def read_text(path: Path, where: str = "") -> str:
    """The text of a user's file: UTF-8 (BOM or not), else Windows-1252, as Excel writes.

    Raises:
        InputError: the file is missing, a folder, unreadable, binary or over 64 MiB.
    """
    place = where or str(path)
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError.of(place, f"« {path} » est un dossier", "donnez un fichier")
        if size > MAX_TEXT_BYTES:
            raise InputError.of(
                place,
                f"« {path.name} » pèse {size / 2**20:.0f} Mio, plus que les 64 Mio permis",
                "réduisez le fichier",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise InputError.of(
            place, f"le fichier « {path} » est introuvable", "vérifiez le nom et le dossier"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError.of(place, f"« {path} » ne peut pas être lu ({error})") from None
    if b"\0" in raw:
        raise InputError.of(
            place, f"« {path.name} » n’est pas un fichier texte", "enregistrez-le en texte (UTF-8)"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        raise InputError.of(
            place,
            f"« {path.name} » n’est ni en UTF-8 ni en Windows-1252",
            "enregistrez-le en UTF-8",
        ) from None


def write_text(path: Path, text: str, *, bom: bool = False) -> None:
    """Write ``text`` at ``path`` so that a reader sees the old file or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig" if bom else "utf-8", newline="") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@contextmanager
def dated_folder(parent: Path, label: str, now: datetime) -> Iterator[tuple[Path, Path]]:
    """Yield ``(work, final)``: files written in ``work`` appear together as ``final``.

    ``final`` is ``parent/YYYY-MM-DD_HHMMSS_label``, with ``_2``, ``_3``… when it is taken. When
    the block fails or is interrupted nothing is left.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(dir=parent, prefix=".tourplan-"))
    except OSError as error:
        raise InputError.of(
            "--sortie",
            f"le dossier « {parent} » ne peut pas recevoir de fichiers ({error.strerror})",
            "choisissez un dossier où vous avez le droit d’écrire",
        ) from None
    work.chmod(0o755)
    base = f"{now:%Y-%m-%d_%H%M%S}_{label}"
    final = parent / base
    number = 1
    try:
        while final.exists():
            number += 1
            final = parent / f"{base}_{number}"
        yield work, final
        work.rename(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
