"""Which engine keeps the rows: a file of ours, or the server that the operator names."""

from pathlib import Path

from cybervault.domain.clock import Clock
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.sqlite import Sqlite


def database_at(place: Path | Secret | str, clock: Clock) -> Database:
    """SQLite in the file, or PostgreSQL at the address (postgresql://...); nothing is opened yet."""
    if isinstance(place, Path):
        return Sqlite(place, clock)
    from cybervault.storage.postgres import Postgres  # noqa: PLC0415 - the embedded default does without its driver

    return Postgres(Secret(place) if isinstance(place, str) else place)
