"""Parsers that do what none may do; a child imports them from this folder."""

import ctypes
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

Parts = Iterator[bytes | str]


def shows_the_file(file: BinaryIO) -> Parts:
    yield file.read()


def shows_both_kinds(_: BinaryIO) -> Parts:
    yield b"one\nrecord"
    yield "a fault\nof two lines"
    yield b"another"


def shows_what_it_has(_: BinaryIO) -> Parts:
    yield repr(sorted(os.environ)).encode()  # noqa: TID251 - whether it can is the question
    yield repr(sys.argv).encode()


def shows_its_descriptors(_: BinaryIO) -> Parts:
    """Reads nothing from a folder, which it may not open: it tries each number."""
    for number in range(64):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.strerror != "Bad file descriptor":
                yield str(number).encode()
        else:
            yield str(number).encode()


def opens_a_file(_: BinaryIO) -> Parts:
    yield Path("/etc/passwd").read_bytes()


def writes_a_file(_: BinaryIO) -> Parts:
    Path("/var/tmp/cybervault-planted").write_bytes(b"planted")  # noqa: S108 - it must not come to be
    yield b"written"


def removes_a_file(_: BinaryIO) -> Parts:
    Path("/var/tmp/cybervault-no-such-file").unlink()  # noqa: S108 - a wall is met before
    yield b"removed"


def writes_into_its_own(file: BinaryIO) -> Parts:
    os.write(file.fileno(), b"planted")
    yield b"written"


def makes_a_socket(_: BinaryIO) -> Parts:
    with socket.socket():
        yield b"made"


def starts_a_program(_: BinaryIO) -> Parts:
    yield subprocess.run(["/bin/echo", "started"], capture_output=True, check=True).stdout


def becomes_a_program(_: BinaryIO) -> Parts:
    os.execv("/bin/echo", ["echo", "=started"])  # noqa: S606 - it must not come to be
    yield b""


def forks(_: BinaryIO) -> Parts:
    yield str(os.fork()).encode()


def starts_a_thread(_: BinaryIO) -> Parts:
    thread = threading.Thread(target=print)
    thread.start()
    yield b"started"


def signals_its_parent(_: BinaryIO) -> Parts:
    os.kill(os.getppid(), signal.SIGTERM)
    yield b"signalled"


def makes_machine_code(_: BinaryIO) -> Parts:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    yield b"made"


def takes_the_walls_down(_: BinaryIO) -> Parts:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    yield b"taken down"


def takes_memory(_: BinaryIO) -> Parts:
    yield b"before"
    taken = bytearray(1024 * 1024 * 1024)
    yield str(len(taken)).encode()


def finds_no_memory(_: BinaryIO) -> Parts:
    yield b"before"
    raise MemoryError


def takes_memory_in_a_library(_: BinaryIO) -> Parts:
    os.write(2, b"memory allocation of 1073741824 bytes failed\n")
    yield b"before"
    os.abort()


def runs_forever(_: BinaryIO) -> Parts:
    yield b"before"
    while True:
        pass


def waits_forever(_: BinaryIO) -> Parts:
    yield b"before"
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def writes_forever(_: BinaryIO) -> Parts:
    while True:
        yield b"x" * 100_000


def writes_one_line_forever(_: BinaryIO) -> Parts:
    while True:
        os.write(1, b"x" * 100_000)
        yield from ()


def complains_forever(_: BinaryIO) -> Parts:
    for _round in range(100):
        try:
            os.write(2, b"complaint\n" * 1_000)
        except BlockingIOError:
            break
    yield b"not held up"


def crashes(_: BinaryIO) -> Parts:
    yield b"before"
    ctypes.string_at(0)


def breaks_off(_: BinaryIO) -> Parts:
    yield b"before"
    raise ValueError("made by whoever\x1b[31m made the file")


def leaves_silently(_: BinaryIO) -> Parts:
    yield b"before"
    os._exit(1)


def closes_its_mouth(_: BinaryIO) -> Parts:
    os.close(1)
    while True:
        pass
    yield b""
