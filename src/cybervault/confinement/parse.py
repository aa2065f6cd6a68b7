"""Has a child parse a file, and gives what it wrote piece by piece; whatever becomes of the child, it is told here."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, Final, Self, TypeAlias, cast

from cybervault.confinement import child as program
from cybervault.confinement.parsers import EVTX, Parser
from cybervault.confinement.walls import Wall
from cybervault.domain.clock import SystemClock

_MIB: Final = 1024 * 1024
_PIECE_BYTES: Final = 256 * 1024
_GRACE_SECONDS: Final = 2.0
_SAID_CHARACTERS_MAX: Final = 200
# What allocators of Rust and C++ say before they abort.
_OUT_OF_MEMORY: Final = ("memory allocation of", "std::bad_alloc")
_CLOCK: Final = SystemClock()


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a child may take. `wait_seconds` is how long it may keep us waiting, not how long we take it over."""

    memory_bytes: int = 512 * _MIB
    cpu_seconds: int = 60
    wait_seconds: float = 120.0
    output_bytes: int = 256 * _MIB
    line_bytes: int = 16 * _MIB

    @classmethod
    def for_size(cls, size: int) -> Self:
        """What a file of so many bytes may cost; EVTX grows some threefold and 20 MiB of it take a second."""
        seconds = 60 + size // _MIB
        return cls(cpu_seconds=seconds, wait_seconds=2.0 * seconds, output_bytes=256 * _MIB + 32 * size)


@dataclass(frozen=True, slots=True)
class ParseFault:
    """What could not be read, as a sentence; after the one that `is_final` nothing more was."""

    reason: str
    is_final: bool = False


Parsed: TypeAlias = bytes | ParseFault
_Child: TypeAlias = "subprocess.Popen[bytes]"


class _Stopped(Exception):  # noqa: N818 - an expected end, no error of ours
    """Why a child was given up."""


def parsed(parser: Parser, file: BinaryIO, limits: Limits | None = None) -> Iterator[Parsed]:
    """The records of a file that has a descriptor, from its first byte; OSError where no child can be started.

    Bytes that come out are as untrusted as those that went in. On Linux the child dies with the thread that began.
    """
    limits = limits or Limits.for_size(os.fstat(file.fileno()).st_size)
    try:
        with _running(parser, file, limits) as child:
            for line in _lines(child, limits):
                match line[:1]:
                    case program.RECORD:
                        yield line[1:]
                    case program.FAULT:
                        yield ParseFault(line[1:].decode(errors="replace"))
                    case program.END:
                        return
    except _Stopped as stop:
        yield ParseFault(str(stop), is_final=True)


def standing_walls() -> frozenset[Wall]:
    """The walls that children have on this machine, by asking one; none where it cannot even start."""
    limits = Limits()
    with suppress(OSError, _Stopped), Path(os.devnull).open("rb") as nothing, _running(EVTX, nothing, limits) as child:
        first = next(_lines(child, limits))
        return frozenset(Wall(name) for name in first.removeprefix(program.WALLS).decode().split())
    return frozenset()


@contextmanager
def _running(parser: Parser, file: BinaryIO, limits: Limits) -> Iterator[_Child]:
    """A child with nothing of ours but this file; at the end it and all that came from it are gone."""
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    arguments = (parser.place, parser.folder, str(limits.memory_bytes), str(limits.cpu_seconds))
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-X", "utf8", "-m", program.__name__, *arguments],
        stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
        env={}, cwd="/", start_new_session=True,
    ) as child:  # fmt: skip
        try:
            yield child
        finally:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the second of a group that is gone
                os.killpg(child.pid, signal.SIGKILL)


def _lines(child: _Child, limits: Limits) -> Iterator[bytes]:
    """What the child writes, line by line, until nobody wants more; a child that ends before that was stopped."""
    begun = bytearray()
    for piece in _pieces(child, limits):
        first, *others = piece.split(b"\n")
        begun += first
        if len(begun) > limits.line_bytes:
            raise _Stopped(f"One of its records is longer than {limits.line_bytes / _MIB:,.0f} MiB.")
        if others:
            yield bytes(begun)
            yield from others[:-1]
            begun = bytearray(others[-1])
    raise _Stopped(_death(child, limits))


def _pieces(child: _Child, limits: Limits) -> Iterator[bytes]:
    """What the child writes, as it comes; while we do not ask, the full pipe makes it wait."""
    out = cast("IO[bytes]", child.stdout).fileno()
    ready = select.poll()
    ready.register(out, select.POLLIN)
    seconds_left, bytes_left = limits.wait_seconds, limits.output_bytes
    while True:
        begun = _CLOCK.seconds()
        if not ready.poll(max(seconds_left, 0.0) * 1000):
            raise _Stopped(f"Parsing it took longer than {limits.wait_seconds:g} seconds.")
        seconds_left -= _CLOCK.seconds() - begun
        piece = os.read(out, _PIECE_BYTES)
        if not piece:
            return
        bytes_left -= len(piece)
        if bytes_left < 0:
            raise _Stopped(f"It holds more than {limits.output_bytes / _MIB:,.0f} MiB of records.")
        yield piece


def _death(child: _Child, limits: Limits) -> str:
    """Why a child ended that did not come to the end of its file."""
    try:
        code = child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        return "Its parser fell silent."
    said = _said(child)
    if code == program.EXIT_MEMORY or (code < 0 and any(words in said for words in _OUT_OF_MEMORY)):
        return f"Parsing it needed more than {limits.memory_bytes / _MIB:,.0f} MiB of memory."
    if code == -signal.SIGXCPU:
        return f"Parsing it needed more than {limits.cpu_seconds} seconds of computing."
    if code < 0:
        return f"Its parser crashed ({signal.strsignal(-code)})."
    last = next(iter(said.splitlines()[-1:]), "it did not say why")
    return f"Its parser broke off: {last[:_SAID_CHARACTERS_MAX].rstrip('.')}."


def _said(child: _Child) -> str:
    """Its standard error, which may hold words of whoever made the file: bounded by the pipe, and printable."""
    error = cast("IO[bytes]", child.stderr)
    os.set_blocking(error.fileno(), False)
    raw = error.read(_PIECE_BYTES) or b""
    return "".join(letter for letter in raw.decode(errors="replace").strip() if letter.isprintable() or letter == "\n")
