"""The schema brought to what this version needs: one history of migrations for both engines."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from cybervault.storage.database import sql

REVISION: Final = sql(sa.text("SELECT version_num FROM alembic_version"))
# Whoever migrates holds it; every other name of a lock is hashed, so that none falls on this number but by accident.
POSTGRES_LOCK: Final = 4_242_000_001


class NewerSchemaError(Exception):
    """A newer version of the product has migrated already."""

    def __init__(self) -> None:
        super().__init__("a newer version of CyberVault wrote it")


def upgrade_sqlite(path: Path) -> None:
    """Migrate the file, which nobody else migrates now; `NewerSchemaError`."""
    engine = sa.create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            _upgrade(connection)
    finally:
        engine.dispose()


async def upgrade_postgres(connect: Callable[[], Awaitable[Any]]) -> None:
    """Migrate over a connection of asyncpg, one node after another; `NewerSchemaError`."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - a warm start does without it

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(POSTGRES_LOCK)))
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - a warm start does without the migration library
    from alembic.config import Config  # noqa: PLC0415 - same
    from alembic.util import CommandError  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", "cybervault.storage:schema")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise NewerSchemaError from error
