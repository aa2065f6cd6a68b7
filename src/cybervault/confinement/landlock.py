"""Rules of Linux for files and the network that a thread lays on itself, by three system calls (landlock(7))."""

import ctypes
import os
import stat
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

# Numbers of system calls that are the same on every machine.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446
_ASK_VERSION: Final = 1
_RULE_OF_FOLDER, _RULE_OF_PORT = 1, 2

VERSION_OF_TRUNCATION: Final = 3
"""Linux 6.2: before, files that may not be written could still be emptied."""
VERSION_OF_TCP: Final = 4
"""Linux 6.7."""

EXECUTE, WRITE, READ, LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE: Final = 1 << 14
# Devices and the like, which nobody needs to make.
_NODES: Final = (1 << 6) | (1 << 9) | (1 << 10) | (1 << 11)
_OF_FILES: Final = EXECUTE | WRITE | READ | TRUNCATE | (1 << 15)
BIND, CONNECT = 1, 2


class _Ruled(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Below(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("what", ctypes.c_uint64), ("place", ctypes.c_int32))


class _At(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("what", ctypes.c_uint64), ("port", ctypes.c_uint64))


@dataclass(frozen=True, slots=True)
class Below:
    """What may be done with a file, or with everything below a folder; one that is not there allows nothing."""

    what: int
    place: Path


@dataclass(frozen=True, slots=True)
class At:
    """What of TCP may be done with a port."""

    what: int
    port: int


Rule: TypeAlias = Below | At


def version() -> int:
    """What the system can rule, in the numbers of landlock(7); 0 where it has no such rules."""
    return max(_syscall()(_CREATE_RULESET, None, 0, _ASK_VERSION), 0) if sys.platform == "linux" else 0


def files_of(version: int) -> int:
    """All that such a version rules of files: names moved between folders from 2, 3 emptied, 5 asked as devices."""
    return (1 << (13 + (version >= 2) + (version >= VERSION_OF_TRUNCATION) + (version >= 5))) - 1  # noqa: PLR2004 - said above


def written_by(version: int) -> int:
    """What its own folder is for: everything but to be run, and nodes of devices."""
    return files_of(version) & ~(EXECUTE | _NODES)


def lay(rules: Sequence[Rule], *, files: int = 0, network: int = 0, scoped: int = 0) -> bool:
    """From here on this thread, and what comes from it, does of what is named only what rules allow.

    No new privileges must be allowed before. Whether it holds; nobody can take it back.
    """
    call = _syscall()
    ruled = _Ruled(files, network, scoped)
    ruleset = call(_CREATE_RULESET, ctypes.byref(ruled), ctypes.sizeof(ruled), 0)
    if ruleset < 0:
        return False
    try:
        return all(_added(call, ruleset, rule) for rule in rules) and call(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def _added(call: Any, ruleset: int, rule: Rule) -> bool:  # noqa: ANN401 - a function of C
    if isinstance(rule, At):
        return bool(call(_ADD_RULE, ruleset, _RULE_OF_PORT, ctypes.byref(_At(rule.what, rule.port)), 0) == 0)
    with suppress(OSError):
        place = os.open(rule.place, os.O_PATH | os.O_CLOEXEC)
        try:
            what = rule.what if stat.S_ISDIR(os.fstat(place).st_mode) else rule.what & _OF_FILES
            return bool(call(_ADD_RULE, ruleset, _RULE_OF_FOLDER, ctypes.byref(_Below(what, place)), 0) == 0)
        finally:
            os.close(place)
    return True


def _syscall() -> Any:  # noqa: ANN401 - a function of C
    return ctypes.CDLL(None, use_errno=True).syscall
