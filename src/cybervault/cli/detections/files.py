"""Which files are looked through: those that are named, those of events in folders, and standard input."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import typer

from cybervault.pages.visible import named, visible

STANDARD_INPUT: Final = Path("/dev/stdin")
_DASH: Final = Path("-")
_KINDS: Final = (".evtx", ".json", ".jsonl", ".ndjson")
_PACKED: Final = (".gz", ".zst")
_ENDINGS: Final = tuple(kind + packed for kind in _KINDS for packed in ("", *_PACKED))


class Gathered(NamedTuple):
    """The files in their order, each once, and sentences on what of folders is not among them."""

    files: tuple[Path, ...]
    said: tuple[str, ...]


def gathered(places: Sequence[Path]) -> Gathered:
    """What is named is read whatever its name; of folders, the folders in them too, what has a name of events."""
    found, others, closed = dict[Path, None](), 0, list[str]()
    for place in places:
        if place == _DASH or not place.is_dir():
            found[_file(place)] = None
            continue
        files = [*_files_in(place, closed)]
        events = [file for file in files if file.name.lower().endswith(_ENDINGS)]
        if not events and not closed:
            raise typer.BadParameter(
                f"folder {visible(str(place))!r} holds no file of events ({', '.join(_KINDS)}, also with "
                f"{' or '.join(_PACKED)}). A file that is named is read whatever its name.",
                param_hint="files",
            )
        others += len(files) - len(events)
        found |= dict.fromkeys(events)
    said = [f"Folder {visible(name)} cannot be read." for name in closed]
    if others:
        files_are = "1 file" if others == 1 else f"{others:,} files"
        said.append(f"{files_are} of other kinds in folders left out: name what shall be read too.")
    return Gathered((*found,), (*said,))


def _file(place: Path) -> Path:
    if place == _DASH:
        return STANDARD_INPUT
    if not place.exists():
        raise typer.BadParameter(f"file {visible(str(place))!r} does not exist.", param_hint="files")
    return place


def labels_of(files: Sequence[Path]) -> Mapping[Path, str]:
    """How each is called: by its name, and where several have it by the folders that tell them apart."""
    count = Counter(file.name for file in files)
    alike = [file for file in files if count[file.name] > 1]
    above = os.path.commonpath([file.absolute().parent for file in alike]) if alike else ""
    return {
        file: named(file) if count[file.name] == 1 else visible(str(file.absolute().relative_to(above)))
        for file in files
    }


def _files_in(folder: Path, closed: list[str]) -> Iterator[Path]:
    def cannot(error: OSError) -> None:
        closed.append(str(error.filename))

    for name, folders, files in os.walk(folder, onerror=cannot):
        folders.sort()
        yield from (Path(name) / file for file in sorted(files))
