"""Advisories on disk: one SQLite file that is made anew beside the old one and then takes its place."""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from cybervault.domain.verdicts import Severity
from cybervault.scans.osv import Advisory
from cybervault.scans.versions import Span

FORMAT: Final = 1
_SCHEMA: Final = """
    CREATE TABLE loaded (ecosystem TEXT PRIMARY KEY, loaded_at REAL NOT NULL, advisories INTEGER NOT NULL);
    CREATE TABLE affected (
        ecosystem TEXT NOT NULL, name TEXT NOT NULL, advisory TEXT NOT NULL, vulnerability TEXT NOT NULL,
        severity TEXT, summary TEXT NOT NULL, spans BLOB NOT NULL, versions BLOB NOT NULL
    );
    CREATE INDEX ix_affected ON affected (ecosystem, name);
"""
_SPANS: Final = msgspec.msgpack.Decoder(tuple[Span, ...])
_VERSIONS: Final = msgspec.msgpack.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is there of one ecosystem ("Debian:12", "PyPI"), and since when."""

    ecosystem: str
    loaded_at: datetime
    advisories: int


@dataclass(frozen=True, slots=True)
class Concern:
    """What one advisory says of one package."""

    advisory: str
    vulnerability: str
    severity: Severity | None
    summary: str
    spans: tuple[Span, ...]
    versions: tuple[str, ...]


class Advisories:
    """Those of one installation; nothing until some were loaded. Each look opens the file that stands then."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    def loaded(self) -> tuple[Loaded, ...]:
        """Which ecosystems there are, by name; none for a file of another format."""
        with self._open() as connection:
            rows = connection.execute("SELECT * FROM loaded ORDER BY ecosystem") if connection else ()
            return tuple(Loaded(name, datetime.fromtimestamp(at, UTC), count) for name, at, count in rows)

    def about(self, ecosystem: str, names: Iterable[str]) -> dict[str, tuple[Concern, ...]]:
        """What is said of packages of one ecosystem, by their names."""
        with self._open() as connection:
            if connection is None:
                return {}
            text = (
                "SELECT advisory, vulnerability, severity, summary, spans, versions FROM affected"
                " WHERE ecosystem = ? AND name = ? ORDER BY vulnerability, advisory"
            )
            found = {name: tuple(map(_concern, connection.execute(text, (ecosystem, name)))) for name in set(names)}
            return {name: concerns for name, concerns in found.items() if concerns}

    def load(self, advisories: Iterable[Advisory], *, at: datetime) -> tuple[Loaded, ...]:
        """Take in advisories; those of every ecosystem that is among them are replaced, others stay."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        making = self._path.with_suffix(".new")
        making.unlink(missing_ok=True)
        before = self.loaded()
        with closing(sqlite3.connect(making)) as connection, connection:
            connection.executescript(f"PRAGMA user_version = {FORMAT}; {_SCHEMA}")
            counts = _fill(connection, advisories)
            rows = [(name, at.timestamp(), count) for name, count in counts.items()]
            kept = [one for one in before if one.ecosystem not in counts]
            if kept:
                _carry_over(connection, self._path, [one.ecosystem for one in kept])
            rows += [(one.ecosystem, one.loaded_at.timestamp(), one.advisories) for one in kept]
            connection.executemany("INSERT INTO loaded VALUES (?, ?, ?)", rows)
        os.replace(making, self._path)  # noqa: PTH105 - the same, and plainly atomic
        return tuple(one for one in self.loaded() if one.ecosystem in counts)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self._path.is_file():
            yield None
            return
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as connection:
            (form,) = connection.execute("PRAGMA user_version").fetchone()
            yield connection if form == FORMAT else None


def _fill(connection: sqlite3.Connection, advisories: Iterable[Advisory]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in advisories:
        for ecosystem in {affected.ecosystem for affected in one.affected}:
            counts[ecosystem] = counts.get(ecosystem, 0) + 1
        rows = [
            (
                affected.ecosystem,
                affected.name,
                one.id,
                one.group,
                affected.severity or one.severity,
                one.summary,
                msgspec.msgpack.encode(affected.spans),
                msgspec.msgpack.encode(affected.versions),
            )
            for affected in one.affected
        ]
        connection.executemany("INSERT INTO affected VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    return counts


def _carry_over(connection: sqlite3.Connection, path: Path, ecosystems: list[str]) -> None:
    connection.commit()
    connection.execute("ATTACH ? AS before", (f"{path.as_uri()}?mode=ro",))
    for name in ecosystems:
        connection.execute("INSERT INTO affected SELECT * FROM before.affected WHERE ecosystem = ?", (name,))
    connection.commit()
    connection.execute("DETACH before")


def _concern(row: tuple[str, str, str | None, str, bytes, bytes]) -> Concern:
    advisory, vulnerability, severity, summary, spans, versions = row
    return Concern(
        advisory, vulnerability, None if severity is None else Severity(severity), summary,
        _SPANS.decode(spans), _VERSIONS.decode(versions),
    )  # fmt: skip
