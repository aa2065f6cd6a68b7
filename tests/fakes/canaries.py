"""Made-up keys, and a searcher that finds them in whatever form and place they came out.

A canary is three runs of letters and digits joined by signs that every encoding writes differently, so a key that
was cut, masked in part or escaped is found as well. It looks like no known make of key: nothing here may be saved by
the filter of the logs.
"""

import base64
import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.fakes.processes import command_lines, family
from tests.fakes.sources import WIRES
from tests.fakes.upstream import UpstreamFarm

_PIECE_CHARACTERS: Final = 12
_SIGNS: Final = ("/+%", "&=~")
_WATCH_SECONDS: Final = 0.05
_SQLITE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Leak:
    """Which key came out where, and in which form."""

    key: str
    place: str
    form: str


def canary(name: str) -> str:
    """The made-up key of that name, the same on every run; fit for a header."""
    digest = base64.b32encode(hashlib.sha256(name.encode()).digest()).decode()
    # Small and large letters, so that one of the two was changed where either is found changed.
    mixed = "".join(sign.lower() if place % 2 else sign for place, sign in enumerate(digest))
    first, second, third = (mixed[start : start + _PIECE_CHARACTERS] for start in range(0, 3 * _PIECE_CHARACTERS, 12))
    return f"{first}{_SIGNS[0]}{second}{_SIGNS[1]}{third}"


def forms(text: str) -> Mapping[str, bytes]:
    """What to look for in content of small letters: every piece of twelve characters in every encoding."""
    found: dict[str, bytes] = {}
    cut = text
    for signs in _SIGNS:
        cut = cut.replace(signs, " ")
    for number, piece in enumerate(_pieces(cut), 1):
        for form, encoded in _encodings(piece):
            found[f"piece {number} {form}"] = encoded.translate(_ONE_ALPHABET).lower()
    return found


def _pieces(text: str) -> Iterator[str]:
    """What is shorter than a piece is left out at the end: the last four characters of a key may be shown."""
    for word in text.split():
        for start in range(0, len(word) - _PIECE_CHARACTERS + 1, _PIECE_CHARACTERS):
            yield word[start : start + _PIECE_CHARACTERS]


def _encodings(piece: str) -> Iterator[tuple[str, bytes]]:
    raw = piece.encode()
    yield "as it is", raw  # also URL-encoded, form-encoded, JSON-escaped, in HTML: those leave letters alone
    yield "backwards", raw[::-1]
    yield "in hex", raw.hex().encode()
    yield "in hex with colons", raw.hex(":").encode()
    yield "in hex with blanks", raw.hex(" ").encode()
    yield "in hex escapes", "".join(f"\\x{byte:02x}" for byte in raw).encode()
    yield "in percent signs", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "in JSON escapes", "".join(f"\\u{byte:04x}" for byte in raw).encode()
    yield "in HTML escapes", "".join(f"&#{byte};" for byte in raw).encode()
    yield "in UTF-16", piece.encode("utf-16-le")
    for offset in range(3):
        yield f"in base64 at {offset}", _inside_base64(raw, offset)


def _inside_base64(raw: bytes, offset: int) -> bytes:
    """The characters that depend on `raw` alone where it begins at that place of a group of three."""
    encoded = base64.b64encode(bytes(offset) + raw)
    start = -(-offset * 4 // 3)  # a character that also holds bits of what stands before says nothing
    end = (offset + len(raw)) * 8 // 6
    return encoded[start:end]


# The two alphabets of base64 differ in two signs; whatever else holds these is changed alike.
_ONE_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True)
class Canaries:
    """The keys of one proof, by name: made-up ones, and secrets that the product made by itself."""

    names: tuple[str, ...]
    made: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        assert name in self.names, name
        return canary(name)

    @cached_property
    def _wanted(self) -> tuple[tuple[str, str, bytes], ...]:
        keys = {name: canary(name) for name in self.names} | dict(self.made)
        return tuple((name, form, text) for name, key in keys.items() for form, text in forms(key).items())

    def leaks(self, place: str, content: bytes) -> list[Leak]:
        """Every key in the content, in any letter case."""
        reading = content.translate(_ONE_ALPHABET).lower()
        return [Leak(name, place, form) for name, form, text in self._wanted if text in reading]


@dataclass
class Traces:
    """Everything that came out of the product, by place."""

    contents: list[tuple[str, bytes]] = field(default_factory=list)

    def add(self, place: str, content: bytes) -> None:
        """Keep one thing that came out."""
        self.contents.append((place, content))

    def add_all(self, found: Iterable[tuple[str, bytes]]) -> None:
        """Keep several."""
        self.contents += found

    def leaks(self, canaries: Canaries) -> list[Leak]:
        """All leaks, those that everything of one place holds named once."""
        by_place: dict[str, list[bytes]] = {}
        for place, content in self.contents:
            by_place.setdefault(place, []).append(content)
        return [leak for place, parts in by_place.items() for leak in canaries.leaks(place, b"\n".join(parts))]


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder, databases by their bytes and by their values, and the names of the files."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        yield f"name of {name}", name.encode()
        if path.is_file():
            content = path.read_bytes()
            yield name, content
            if content.startswith(_SQLITE):
                yield f"values of {name}", in_database(path)


def in_database(path: Path) -> bytes:
    """All values of all tables: SQLite cuts a long value into pages, so its file alone may hide a match."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]  # noqa: S608 - its own names
    values = (value for row in rows for value in row)
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def in_urls(farm: UpstreamFarm) -> Iterator[tuple[str, bytes]]:
    """Paths and queries of everything that was asked upstream, and the names asked of resolvers."""
    for name in (*WIRES, "chat", "elsewhere"):
        for call in farm.calls(name):
            query = "&".join(f"{key}={value}" for key, value in call.query.items())
            yield f"URL at {name}", f"{call.path}?{query}".encode()
    for address in farm.resolvers:
        yield f"question to {address}", repr(farm.questions(address)).encode()


def in_requests(farm: UpstreamFarm, canaries: Canaries) -> Iterator[tuple[str, bytes]]:
    """Headers and bodies of everything that was asked upstream, without each key where it belongs."""
    for name in (*WIRES, "chat", "elsewhere"):
        rightful = "authorization" if name == "chat" else WIRES[name].key_header if name in WIRES else ""
        for call in farm.calls(name):
            for header, value in call.headers.items():
                own = _own_keys(canaries, name) if header == rightful else []
                rest = value
                for key in own:
                    rest = rest.replace(key, "")
                yield f"header {header} at {name}", f"{header}: {rest}".encode()
            yield f"body at {name}", call.body


def _own_keys(canaries: Canaries, source: str) -> list[str]:
    return [canary(name) for name in canaries.names if name.partition(" ")[2] == source]


class Watch:
    """Looks again and again, while used as a context manager, at what is gone before the end.

    That is the arguments of a process and its descendants, and the temporary files of a folder.
    """

    def __init__(self, pid: int, folder: Path) -> None:
        self._pid = pid
        self._folder = folder
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._seen: set[tuple[str, bytes]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()
        self._look_once()

    def seen(self) -> list[tuple[str, bytes]]:
        """What was seen, each thing once."""
        return sorted(self._seen)

    def _look(self) -> None:
        while not self._is_over.wait(_WATCH_SECONDS):
            self._look_once()

    def _look_once(self) -> None:
        self._seen.add(("command line", command_lines(family(self._pid))))
        for path in list(self._folder.rglob("*")):
            self._seen.add((f"temporary file {path.name}", path.name.encode()))
            try:
                self._seen.add((f"temporary file {path.name}", path.read_bytes()))
            except OSError:
                continue  # a folder, or gone again
