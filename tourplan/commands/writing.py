"""Writing what commands make: all the files of a dated folder, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_files(output: Path, label: str, files: Mapping[str, bytes]) -> Path:
    """Write files together in a new dated folder; the folder.

    Args:
        output: where the folder stands.
        label: what its name ends with.
        files: by path inside it.
    """
    from datetime import datetime

    from tourplan.files import dated_folder, write_bytes

    with dated_folder(output, label, datetime.now()) as (work, final):
        for name, content in files.items():
            write_bytes(work / name, content)
    return final
