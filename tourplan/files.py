"""Reading with bounds, writing all or nothing, and where the embedded data stands."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import sleep

from tourplan.errors import InputError

MAX_TEXT_BYTES = 64 * 2**20
RENAME_TRIES = 15

_REASONS = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.EROFS: "accès refusé",
    errno.ENOSPC: "disque plein",
    errno.ENAMETOOLONG: "nom trop long",
    errno.ENOENT: "dossier introuvable",
    errno.ENOTDIR: "un dossier du chemin est un fichier",
    errno.EEXIST: "un fichier porte ce nom",
    errno.EISDIR: "un dossier porte ce nom",
}


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
    raw = read_bytes(path, place, MAX_TEXT_BYTES)
    if b"\0" in raw:
        raise InputError.of(
            place, f"« {path.name} » n’est pas un fichier texte", "enregistrez-le en texte (UTF-8)"
        )
    for encoding in ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    raise InputError.of(
        place,
        f"« {path.name} » n’est ni en UTF-8 ni en Windows-1252",
        "enregistrez-le en UTF-8",
    )


def read_bytes(path: Path, where: str, most: int) -> bytes:
    """The bytes of a user's file.

    Raises:
        InputError: the file is missing, a folder, unreadable or over ``most`` bytes.
    """
    raw = _read_bytes(path, where)
    if len(raw) > most:
        what = f"« {path.name} » dépasse {most // 2**20} Mio, la taille permise"
        raise InputError.of(where, what, "réduisez le fichier")
    return raw


def _read_bytes(path: Path, place: str) -> bytes:
    """The bytes of a user's file, one more than the most allowed if it has them.

    Raises:
        InputError: the file is missing, a folder or unreadable.
    """
    try:
        if path.is_dir():
            raise InputError.of(place, f"« {path} » est un dossier", "donnez un fichier")
        with path.open("rb") as file:
            return file.read(MAX_TEXT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError.of(
            place, f"le fichier « {path} » est introuvable", "vérifiez le nom et le dossier"
        ) from None
    except OSError as error:
        raise InputError.of(
            place,
            f"« {path} » ne peut pas être lu ({_reason(error)})",
            "fermez-le dans les autres programmes et vérifiez vos droits",
        ) from None
    except ValueError:
        raise InputError.of(place, "nom de fichier illisible", "vérifiez le nom") from None


def write_text(path: Path, text: str, *, bom: bool = False) -> None:
    """Write ``text`` at ``path``, as ``write_bytes`` does."""
    write_bytes(path, text.encode("utf-8-sig" if bom else "utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` at ``path`` so that a reader sees the old file or the new, never half.

    Raises:
        InputError: the file cannot be written there.
    """
    draft = path.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as file:
            file.write(content)
        draft.replace(path)
    except OSError as error:
        mend = "fermez ce fichier s’il est ouvert, ou choisissez un autre dossier"
        if error.errno == errno.ENOSPC:
            mend = "libérez de la place, ou choisissez un autre dossier"
        what = f"écriture impossible ({_reason(error)})"
        raise InputError.of(str(path), what, mend) from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def dated_folder(parent: Path, label: str, now: datetime) -> Iterator[tuple[Path, Path]]:
    """Yield ``(work, final)``: files written in ``work`` appear together as ``final``.

    ``final`` is ``parent/YYYY-MM-DD_HHMMSS_label``, with ``_2``, ``_3``… when it is taken; it is
    reserved at once, so that two runs of the same second do not meet. When the block fails or is
    interrupted nothing is left.

    Raises:
        InputError: nothing can be written under ``parent``.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True)
        final = _reserved(parent, f"{now:%Y-%m-%d_%H%M%S}_{label}")
        work = _reserved(parent, f".tourplan-{os.getpid()}")
    except OSError as error:
        raise InputError.of(
            "--sortie",
            f"le dossier « {parent} » ne peut pas recevoir de fichiers ({_reason(error)})",
            "choisissez un dossier où vous avez le droit d’écrire",
        ) from None
    try:
        yield work, final
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        with suppress(OSError):
            final.rmdir()
        raise
    _renamed(work, final)


def _renamed(work: Path, final: Path) -> None:
    """Give ``work`` the name of the empty folder ``final``; on Windows others may hold a file yet.

    Raises:
        InputError: the folder cannot be renamed; it is kept, and named.
    """
    for attempt in range(RENAME_TRIES):
        try:
            if final.exists():
                final.rmdir()
            work.rename(final)
        except OSError:
            sleep(0.02 * attempt)
        else:
            return
    raise InputError.of(
        "--sortie",
        f"les fichiers sont écrits, mais dans « {work} », qui n’a pas pu être renommé",
        "fermez ce qui tient ces fichiers ouverts (antivirus, aperçu), puis renommez-le",
    )


def _reserved(parent: Path, name: str) -> Path:
    """A new empty folder of that name, or of the first free of ``name_2``, ``name_3``."""
    number, folder = 1, parent / name
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            folder = parent / f"{name}_{number}"
        else:
            return folder


def _reason(error: OSError) -> str:
    """Why the system refused, in French."""
    return _REASONS.get(error.errno or 0, f"erreur {error.errno} du système")


def write_new_text(path: Path, text: str) -> None:
    """Write ``text`` at ``path`` unless something is there already.

    Raises:
        InputError: the file exists, or cannot be written.
    """
    if path.is_dir():
        raise InputError.of(str(path), "c’est un dossier", "donnez le nom d’un fichier à écrire")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise InputError.of(
            str(path), "ce fichier existe déjà, il n’est pas écrasé", "donnez un autre nom"
        ) from None
    except OSError as error:
        raise InputError.of(
            str(path), f"écriture impossible ({_reason(error)})", "choisissez un autre dossier"
        ) from None


def slug(title: str) -> str:
    """A short folder name made of a title, of plain letters, digits and hyphens."""
    decomposed = unicodedata.normalize("NFKD", title).casefold()
    words = "".join(
        c if c.isascii() and c.isalnum() else " "
        for c in decomposed
        if not unicodedata.combining(c)
    ).split()
    return "-".join(words)[:40].strip("-") or "plan"
