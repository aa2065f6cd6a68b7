"""Where files of rules come from: a folder, a ZIP archive, or one file."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE_BYTES_MAX: Final = 1024 * 1024
_SUFFIXES: Final = (".yml", ".yaml")
_MANIFEST: Final = "pack.yml"


def files_of(place: Path) -> Iterator[tuple[str, bytes]]:
    """The rule files of a folder, a ZIP archive, or a single file, sorted by their path in it. OSError, BadZipFile."""
    if place.is_dir():
        for path in sorted(path for path in place.rglob("*") if _is_rule_file(path.name)):
            if path.is_file():
                with path.open("rb") as file:
                    yield path.relative_to(place).as_posix(), file.read(FILE_BYTES_MAX + 1)
    elif zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            for name in sorted(name for name in archive.namelist() if _is_rule_file(name)):
                with archive.open(name) as file:
                    yield name, file.read(FILE_BYTES_MAX + 1)
    else:
        with place.open("rb") as file:
            yield place.name, file.read(FILE_BYTES_MAX + 1)


def _is_rule_file(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.endswith(_SUFFIXES) and last != _MANIFEST and not last.startswith(".")
