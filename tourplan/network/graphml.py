"""GraphML files, as osmnx saves them, looked through before anything is made of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from tourplan.errors import InputError

if TYPE_CHECKING:
    import networkx as nx

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


MAX_BYTES = 512 * 2**20
MAX_ELEMENTS = 12_000_000
"""Most elements of a file: some ten an edge, so about a million edges."""
MAX_DEPTH = 16
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_SAVED = "enregistrez le graphe par ox.io.save_graphml(graphe, « fichier.graphml »)"
_CHUNK = 2**20


def read_graphml(path: Path) -> nx.MultiDiGraph:
    """A graph that ``osmnx.io.save_graphml`` wrote.

    The whole file is looked through before anything is made of it: a document type, and so any
    entity, is refused where it starts.

    Raises:
        InputError: missing, unreadable, larger than ``MAX_BYTES``, cut, or not GraphML of osmnx.
    """
    from xml.etree.ElementTree import ParseError

    import networkx
    import osmnx
    from shapely.errors import ShapelyError

    with _opened(path) as file:
        _check_xml(path, file)
    wrong = (
        *(ValueError, TypeError, KeyError, AttributeError, SyntaxError),
        *(ParseError, OSError, RecursionError, networkx.NetworkXException, ShapelyError),
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return osmnx.io.load_graphml(path)
    except wrong:
        raise InputError.of(str(path), "ce n’est pas un graphe d’osmnx", _SAVED) from None
    except MemoryError:
        raise InputError.of(
            str(path),
            "la mémoire de cet ordinateur ne suffit pas pour lire ce graphe",
            "prenez un territoire plus petit",
        ) from None


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file of the user's, open, of a size that is read.

    Raises:
        InputError: missing, a folder, unreadable, empty or too large.
    """
    place = str(path)
    try:
        if path.is_dir():
            raise InputError.of(place, "c’est un dossier", "donnez le fichier « .graphml »")
        size = path.stat().st_size
        if size > MAX_BYTES:
            what = f"le fichier dépasse {MAX_BYTES // 2**20} Mio, la taille permise"
            raise InputError.of(place, what, "prenez un territoire plus petit")
        if not size:
            raise InputError.of(place, "le fichier est vide", _SAVED)
        with path.open("rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError):
        raise InputError.of(place, "fichier introuvable", "vérifiez le nom") from None
    except OSError:
        mend = "fermez-le dans les autres programmes et vérifiez vos droits"
        raise InputError.of(place, "le fichier ne peut pas être lu", mend) from None
    except ValueError:
        raise InputError.of(place, "nom de fichier illisible", "vérifiez le nom") from None


class _RefusedError(Exception):
    """Something in a file that is not read, in French."""


class _Watch:
    """Looks at the elements of a file as they pass."""

    def __init__(self) -> None:
        self._elements = self._depth = 0

    def starts(self, name: str, _: object) -> None:
        """An element begins."""
        if not self._elements and name != f"{_NAMESPACE} graphml":
            raise _RefusedError("ce n’est pas du GraphML")
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS:
            raise _RefusedError(f"plus de {MAX_ELEMENTS // 10**6} millions d’éléments")
        if self._depth > MAX_DEPTH:
            raise _RefusedError(f"éléments emboîtés à plus de {MAX_DEPTH} niveaux")

    def ends(self, _: object) -> None:
        """An element ends."""
        self._depth -= 1

    def is_typed(self, *_: object) -> None:
        """A document type begins: the place where entities are made."""
        raise _RefusedError("il contient un DOCTYPE, qui n’est pas lu")


def _check_xml(path: Path, file: BinaryIO) -> None:
    """Look through a file without keeping anything of it.

    Raises:
        InputError: not whole XML, not GraphML, with a document type, too many or too deep.
    """
    watch = _Watch()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = watch.is_typed
    parser.StartElementHandler = watch.starts
    parser.EndElementHandler = watch.ends
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except _RefusedError as refused:
        raise InputError.of(str(path), str(refused), _SAVED) from None
    except (expat.ExpatError, ValueError) as error:
        line = getattr(error, "lineno", 0)
        raise InputError.of(
            f"{path}, ligne {line}" if line else str(path),
            "le fichier est coupé ou abîmé, ou ce n’est pas du XML",
            f"copiez-le de nouveau, ou {_SAVED}",
        ) from None
