"""Runs a program that is not ours: nothing of ours around it, bounds to all that it takes, and gone when we go."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from cybervault.confinement import launch

_MIB: Final = 1024 * 1024
_PIECE_BYTES: Final = 64 * 1024
_SAID_BYTES: Final = 4 * 1024
_LOOK_SECONDS: Final = 0.01


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a program may take; `files` are descriptors, `file_bytes` the size of each file that it writes.

    Only one that `starts_programs` may have children: where the system has no such filter, they are ended with it. With
    a `port` it can connect to that one alone, by TCP, and with `NOWHERE` to none, where the system is Linux 6.7 or
    later with libseccomp. It reads what the system and the program itself are made of and `reads`, and writes in its
    folder alone, where the system is Linux 6.2 or later.
    """

    seconds: float = 60.0
    memory_bytes: int = 1024 * _MIB
    cpu_seconds: int = 60
    output_bytes: int = 16 * _MIB
    files: int = 256
    file_bytes: int = 64 * _MIB
    starts_programs: bool = False
    port: int | None = None
    reads: Path | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program wrote until its end, as hostile as whom it spoke to.

    `code` is its exit status, minus the signal that ended it, None where we did: then `stopped` says why. `said` is the
    end of its standard error in printable letters.
    """

    output: bytes
    said: str
    code: int | None
    stopped: str = ""

    @property
    def fault(self) -> str:
        """Why it did not come to an end of its own, as a clause; "" where it did, whatever its exit status."""
        if self.stopped:
            return self.stopped
        if self.code == -signal.SIGXCPU:
            return "it took more time of the processor than it may"
        if self.code == -signal.SIGXFSZ:
            return "it wrote a larger file than it may"
        if self.code is not None and self.code < 0:
            return f"it crashed ({signal.strsignal(-self.code)})"
        return f"it could not be started ({self.said})" if self.code == launch.EXIT_NOT_RUN else ""


class _Stopped(Exception):  # noqa: N818 - an expected end, no error of ours
    """Why a program was ended."""


async def run_program(command: Sequence[str], bounds: Bounds, *, folder: Path) -> Ended:
    """Run `command`, whose first word is a path, with `folder` as its home; then it and its group are gone.

    That holds too where this is cancelled. OSError where no process can be started. On Linux it dies with the thread
    that called this.
    """
    output = bytearray()
    with tempfile.TemporaryFile() as errors, _started(command, bounds, folder=folder, errors=errors) as child:
        stopped, code = "", None
        try:
            async with asyncio.timeout(bounds.seconds):
                await _hear(cast("IO[bytes]", child.stdout), output, bounds.output_bytes)
                code = await _ended(child)
        except TimeoutError:
            stopped = f"it took longer than {bounds.seconds:g} seconds"
        except _Stopped as stop:
            stopped = str(stop)
        finally:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the second of a group that is gone
                os.killpg(child.pid, signal.SIGKILL)
        return Ended(bytes(output[: bounds.output_bytes]), _said(errors), code, stopped)


def _started(command: Sequence[str], bounds: Bounds, *, folder: Path, errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    numbers = (os.getpid(), bounds.memory_bytes, bounds.cpu_seconds, bounds.files, bounds.file_bytes)
    starts = "starts" if bounds.starts_programs else launch.ALONE
    how = (*map(str, numbers), starts, str(bounds.port or launch.ANYWHERE), str(bounds.reads or ""))
    words = [sys.executable, "-I", "-X", "utf8", "-m", launch.__name__, *how, *command]
    return subprocess.Popen(  # noqa: S603 - a vector of words, and no shell
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, cwd=folder, start_new_session=True,
        env={"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip


async def _hear(pipe: IO[bytes], output: bytearray, most: int) -> None:
    """Take what it writes, as it comes; while we do not read, the full pipe makes it wait."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    try:
        while piece := await reader.read(_PIECE_BYTES):
            output += piece
            if len(output) > most:
                raise _Stopped(f"it wrote more than {most / _MIB:,.0f} MiB")
    finally:
        transport.close()


async def _ended(child: "subprocess.Popen[bytes]") -> int:
    while (code := child.poll()) is None:  # noqa: ASYNC110 - who closed its output is about to go, or is to be ended
        await asyncio.sleep(_LOOK_SECONDS)
    return code


def _said(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(size - _SAID_BYTES, 0))
    text = errors.read().decode(errors="replace")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
