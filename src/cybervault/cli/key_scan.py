"""`cybervault keys scan`: our own keys found in files, for a hook before a commit or a look at a disk."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from cybervault.access.exposure import BODY_CHARACTERS, PREFIXES, ExposedKey, FoundKey, find_keys
from cybervault.app.access import Access
from cybervault.cli.access import with_access
from cybervault.cli.documents import print_json
from cybervault.cli.keys import keys
from cybervault.cli.options import AsJson, Data

EXIT_FOUND: Final = 1
_SKIPPED: Final = frozenset({".git", ".hg", ".svn", ".venv", "node_modules", "__pycache__"})
_PIECE_BYTES: Final = 1 << 20
# What is read again with the next piece, so that no key is cut in two.
_OVERLAP_BYTES: Final = len(PREFIXES[0]) + BODY_CHARACTERS - 1


@dataclass(frozen=True, slots=True)
class _Sighting:
    path: Path
    line: int
    found: FoundKey


@keys.command(epilog="Example: cybervault keys scan . --json")
def scan(  # noqa: PLR0917 - each argument is an option of the command
    place: Annotated[Path, typer.Argument(metavar="PATH", exists=True, help="A folder, or a single file.")],
    mark: Annotated[
        bool, typer.Option("--mark", help="Note those of this installation as exposed, in the audit of their tenant.")
    ] = False,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Find API keys of CyberVault in files, by their form and check; exit status 1 when there is one.

    Nothing is asked of a server, and no secret is printed. Folders of version control and of installed packages are
    left out.
    """
    sightings = [one for path in _files(place) for one in _sightings(path)]
    ours = with_access(data, lambda access: _marked(access, sightings)) if mark and sightings else {}
    if as_json:
        print_json({"found": [_document(one, ours) for one in sightings]})
    else:
        for one in sightings:
            typer.echo(f"{one.path}:{one.line}: {one.found.token.hint}{_told(one, ours)}")
    if sightings:
        raise typer.Exit(EXIT_FOUND)


async def _marked(access: Access, sightings: list[_Sighting]) -> dict[str, ExposedKey]:
    """Those that work here, by their hint."""
    found = [await access.exposure.seen_key(one.found, f"{one.path}:{one.line}") for one in sightings]
    return {key.hint: key for key in found if key is not None}


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path


def _sightings(path: Path) -> Iterator[_Sighting]:
    try:
        with path.open("rb") as file:
            yield from _in_file(path, file)
    except OSError as error:
        typer.echo(f"{path}: not read: {error.strerror}", err=True)


def _in_file(path: Path, file: BinaryIO) -> Iterator[_Sighting]:
    line, kept, known = 1, "", 0
    while piece := file.read(_PIECE_BYTES):
        text = kept + piece.decode("latin-1")
        for found in find_keys(text):
            end = found.start + len(found.token.kind.value) + BODY_CHARACTERS
            if end > known:  # else it was found at the end of the piece before
                yield _Sighting(path, line + text.count("\n", 0, found.start), found)
        kept, known = text[-_OVERLAP_BYTES:], min(len(text), _OVERLAP_BYTES)
        line += text.count("\n", 0, len(text) - len(kept))


def _document(one: _Sighting, ours: dict[str, ExposedKey]) -> dict[str, object]:
    key = ours.get(one.found.token.hint)
    return {
        "path": str(one.path),
        "line": one.line,
        "prefix": one.found.token.kind.value,
        "hint": one.found.token.hint,
        "key_id": key and key.key_id,
    }


def _told(one: _Sighting, ours: dict[str, ExposedKey]) -> str:
    key = ours.get(one.found.token.hint)
    return f" ({key.key_id}, marked as exposed)" if key else ""
