"""A server that goes through scans and does parts of them, as a process of its own, which a test may kill.

Run as `python -m tests.fakes.helping PLACE LOG LEASE_SECONDS`: it says when it is ready, and works from a line of its
standard input until it is ended.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from cybervault.scans import hands, worker
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher, Pace
from cybervault.storage.engines import database_at
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox
from tests.fakes.processes import environment
from tests.scans.desk import Desk, desk_on

PARTS_AT_ONCE: Final = 3
_ROOT: Final = Path(__file__).parents[2]
_SCHEME: Final = "postgresql://"


@contextmanager
def helping(place: Path | Secret, log: Path, lease_seconds: float) -> Iterator["subprocess.Popen[bytes]"]:
    """Start one, and kill it at the end where it still lives."""
    where = place.reveal() if isinstance(place, Secret) else str(place)
    words = [sys.executable, "-m", "tests.fakes.helping", where, str(log), str(lease_seconds)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=_ROOT, env=environment(), stdin=pipe, stdout=pipe, bufsize=0) as process:
        try:
            yield process
        finally:
            process.kill()


async def let_go(*helpers: "subprocess.Popen[bytes]") -> None:
    """Let them begin at the same time."""
    for one in helpers:
        assert one.stdout is not None
        await asyncio.to_thread(one.stdout.readline)
    for one in helpers:
        assert one.stdin is not None
        one.stdin.write(b"\n")


def dispatchers(database: Database, desk: Desk, lease_seconds: float = 15.0) -> tuple[Dispatcher, Dispatcher]:
    """Those of a server: one goes through scans, the other does parts."""
    jobs, outbox, clock = Jobs(database), Outbox(database), SystemClock()
    pace = Pace(at_once=2, lease_seconds=lease_seconds, poll_seconds=0.05)
    handlers = ({worker.KIND: desk.worker.work}, {hands.KIND: desk.worker.take})
    first, second = (Dispatcher(jobs, outbox, handlers=one, subscribers={}, clock=clock, pace=pace) for one in handlers)
    return first, second


async def _work(where: str, log: Path, lease_seconds: float) -> None:
    database = database_at(where if where.startswith(_SCHEME) else Path(where), SystemClock())
    await database.open()
    desk = await desk_on(database, 80, parts_at_once=PARTS_AT_ONCE)
    desk.zone.log = log
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    async with asyncio.TaskGroup() as group:
        for one in dispatchers(database, desk, lease_seconds):
            group.create_task(one.run(asyncio.Event()))


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))
