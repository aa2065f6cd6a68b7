"""The walls that a process raises around itself before the first untrusted byte; it cannot take them down again."""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeAlias


class Wall(StrEnum):
    """What the walls keep a parser from."""

    MEMORY = "memory"
    TIME = "time"
    FILES = "files"
    NETWORK = "network"
    PROGRAMS = "programs"


SetLimit: TypeAlias = Callable[[int, tuple[int, int]], None]

# prctl(2): the process dies with its parent, and no program that it started could gain rights.
_SET_DEATH_SIGNAL: Final = 1
_SET_NO_NEW_PRIVILEGES: Final = 38

# What a parser needs that has its file open and its libraries loaded. Whatever is not here fails with EPERM.
_CALLS: Final = (
    "read", "readv", "write", "writev", "lseek", "close",
    "munmap", "mremap", "madvise", "brk",
    "futex", "sched_yield", "clock_gettime", "getrandom", "getpid", "gettid",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    "exit", "exit_group",
)  # fmt: skip
# Memory may be asked for, but not memory with new machine code in it: PROT_EXEC in the third argument.
_MAPPING_CALLS: Final = ("mmap", "mprotect")
_PROT_EXEC: Final = 4


def raise_walls(memory_bytes: int, cpu_seconds: int, set_limit: SetLimit = resource.setrlimit) -> frozenset[Wall]:
    """Raise what the machine has, and say what stands. All that is needed must be imported and open already.

    The filter of system calls holds for the calling thread and what comes from it.
    """
    allowed = _filter()  # its library is looked for with programs and files
    bind_to_parent()
    standing = set(_limited(memory_bytes, cpu_seconds, set_limit))
    if allowed is not None and _loaded(allowed):
        standing |= {Wall.FILES, Wall.NETWORK, Wall.PROGRAMS}
    return frozenset(standing)


def _limited(memory_bytes: int, cpu_seconds: int, set_limit: SetLimit) -> list[Wall]:
    """Limits that every Unix has; macOS has that of memory too, but does not hold to it."""
    memory = limit(resource.RLIMIT_AS, memory_bytes, set_limit) and sys.platform == "linux"
    time = limit(resource.RLIMIT_CPU, cpu_seconds, set_limit)
    # Without descriptors there is no socket. Files can still be removed, so that wall needs the filter.
    network = limit(resource.RLIMIT_NOFILE, 0, set_limit)
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
        limit(what, 0, set_limit)
    return [wall for wall, stands in ((Wall.MEMORY, memory), (Wall.TIME, time), (Wall.NETWORK, network)) if stands]


def limit(what: int, value: int, set_limit: SetLimit = resource.setrlimit) -> bool:
    """Set a limit of this process, or a lower one where it has that already; whether it stands."""
    _, hard = resource.getrlimit(what)
    roof = sys.maxsize if hard == resource.RLIM_INFINITY else hard
    least = min(value, roof)
    # At the lower limit of time the system sends SIGXCPU, which says why; SIGKILL a second later.
    upper = min(least + (what == resource.RLIMIT_CPU), roof)
    try:
        set_limit(what, (least, upper))
    except (OSError, ValueError):
        return False
    return True


def bind_to_parent() -> None:
    """Die with the thread that began this process, and let nothing that it starts gain rights; on Linux."""
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None).prctl
        prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL), 0, 0, 0)
        prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def _filter() -> Any | None:  # noqa: ANN401 - the library brings no types
    """The list of system calls that are allowed; None where the machine has no such filter."""
    try:
        import pyseccomp  # type: ignore[import-untyped] # noqa: PLC0415 - Linux only, and only with libseccomp
    except (ImportError, RuntimeError):
        return None
    allowed = pyseccomp.SyscallFilter(pyseccomp.ERRNO(1))
    for call in _CALLS:
        allowed.add_rule(pyseccomp.ALLOW, call)
    for call in _MAPPING_CALLS:
        allowed.add_rule(pyseccomp.ALLOW, call, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0))
    # A library that gives up raises SIGABRT against itself; nobody else may be signalled.
    allowed.add_rule(pyseccomp.ALLOW, "tgkill", pyseccomp.Arg(0, pyseccomp.EQ, os.getpid()))
    return allowed


def _loaded(allowed: Any) -> bool:  # noqa: ANN401 - the library brings no types
    try:
        allowed.load()
    except OSError:  # a kernel without it
        return False
    return True
