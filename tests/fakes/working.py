"""A worker as a process of its own, which a test may kill or freeze, and the file in which its job leaves effects.

Run as `python -m tests.fakes.working PLACE EFFECTS STEPS LEASE_SECONDS`: it works until it is ended.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from cybervault.domain.clock import SystemClock
from cybervault.domain.secrets import Secret
from cybervault.storage.dispatcher import Dispatcher, Handler, Pace
from cybervault.storage.engines import database_at
from cybervault.storage.job_run import JobRun
from cybervault.storage.jobs import Jobs
from cybervault.storage.outbox import Outbox
from tests.fakes.processes import environment

KIND: Final = "walk"
STEP_SECONDS: Final = 0.1
Worker: TypeAlias = "subprocess.Popen[bytes]"
_ROOT: Final = Path(__file__).parents[2]
_SCHEME: Final = "postgresql://"


@dataclass(frozen=True, slots=True)
class Effect:
    """One line: a step began or ended, in which process."""

    what: str
    step: int
    pid: int


def effects(file: Path) -> list[Effect]:
    """All that was done so far, in order."""
    if not file.exists():
        return []
    lines = [line.split() for line in file.read_text().splitlines()]
    return [Effect(what, int(step), int(pid)) for what, step, pid in lines]


@contextmanager
def working(place: Path | Secret, file: Path, steps: int, lease_seconds: float) -> Iterator[Worker]:
    """Start a worker, which loads its programs and waits for `let_go`; kill it at the end where it still lives."""
    where = place.reveal() if isinstance(place, Secret) else str(place)
    words = [sys.executable, "-m", "tests.fakes.working", where, str(file), str(steps), str(lease_seconds)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=_ROOT, env=environment(), stdin=pipe, stdout=pipe, bufsize=0) as process:
        try:
            yield process
        finally:
            process.kill()


def let_go(worker: Worker) -> None:
    """Let a worker begin."""
    assert worker.stdin is not None
    worker.stdin.write(b"\n")


async def _work(where: str, file: Path, steps: int, lease_seconds: float) -> None:
    clock = SystemClock()
    database = database_at(where if where.startswith(_SCHEME) else Path(where), clock)
    await asyncio.to_thread(sys.stdin.readline)
    await database.open()
    dispatcher = Dispatcher(
        Jobs(database), Outbox(database), handlers={KIND: _walk(file, steps)}, subscribers={}, clock=clock,
        pace=Pace(lease_seconds=lease_seconds, poll_seconds=0.05),
    )  # fmt: skip
    await dispatcher.run(asyncio.Event())


def _walk(file: Path, steps: int) -> Handler:
    async def walk(run: JobRun) -> None:
        for number in range(1, steps + 1):
            await run.step(f"step {number}", _step(file, number), progress=number / steps)

    return walk


def _step(file: Path, number: int) -> Callable[[], Awaitable[bytes]]:
    async def step() -> bytes:
        _note(file, "begin", number)
        await asyncio.sleep(STEP_SECONDS)
        _note(file, "end", number)
        return str(number).encode()

    return step


def _note(file: Path, what: str, number: int) -> None:
    with file.open("a") as out:
        out.write(f"{what} {number} {os.getpid()}\n")


if __name__ == "__main__":
    asyncio.run(_work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
