"""Statements of somebody who has the database and is not the product."""

from cybervault.storage.database import Database, Sql


async def tamper(database: Database, text: str, **values: object) -> int:
    """Run a statement as it stands; values are named in both engines as `:name`."""
    postgres = text
    for place, name in enumerate(values, start=1):
        postgres = postgres.replace(f":{name}", f"${place}")
    return await database.run(Sql(text, postgres, tuple(values)), values)


async def look(database: Database, text: str) -> list[tuple[object, ...]]:
    """The rows of a statement as it stands."""
    return await database.rows(Sql(text, text, ()), {})
