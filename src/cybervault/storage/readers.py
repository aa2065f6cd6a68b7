"""Reading of the embedded database that may take long: on connections of its own, in threads, beside the event loop."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

from cybervault.storage.database import Row

READERS_MAX: Final = 4
"""So many look at once; who comes later waits its turn, and everything else goes on."""


class Readers:
    """Connections that read what was committed. One whose caller is cancelled stops looking."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], most: int = READERS_MAX) -> None:
        self._connect = connect
        self._free: list[sqlite3.Connection] = []
        self._places = asyncio.Semaphore(most)

    async def rows(self, text: str, values: Mapping[str, object]) -> list[Row]:
        """All rows of a statement that changes nothing; raises what SQLite raises."""
        async with self._places:
            connection = self._free.pop() if self._free else self._connect()
            look = asyncio.get_running_loop().run_in_executor(None, _look, connection, text, values)
            try:
                return await asyncio.shield(look)
            except asyncio.CancelledError:
                # Nobody else may use the connection before the thread has let go of it.
                connection.interrupt()
                await asyncio.wait((look,))
                look.exception()
                raise
            finally:
                self._free.append(connection)

    def close(self) -> None:
        """Close all connections; nobody looks any more."""
        for connection in self._free:
            connection.close()
        self._free.clear()


def _look(connection: sqlite3.Connection, text: str, values: Mapping[str, object]) -> list[Row]:
    return connection.execute(text, values).fetchall()
