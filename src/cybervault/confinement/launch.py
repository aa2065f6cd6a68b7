"""The program that turns into one that is not ours: sets limits and goes with its parent, then becomes the other.

`python -I -m cybervault.confinement.launch PARENT MEMORY_BYTES CPU_SECONDS FILES FILE_BYTES STARTS PORT READS PROGRAM
...` where STARTS is `alone` for a program that may start no other, PORT the only one that it may connect to (0: it may
to any), and READS what it may read besides what it is made of ("": nothing). Its folder is the one that it is started
in. It writes nothing unless PROGRAM cannot be run.
"""

import errno
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from cybervault.confinement.reach import leave_alone, leave_files
from cybervault.confinement.walls import SetLimit, bind_to_parent, limit
from cybervault.confinement.ways import leave_only

Execute: TypeAlias = Callable[[str, list[str]], object]

ALONE: Final = "alone"
ANYWHERE: Final = "0"
EXIT_NOT_RUN: Final = 127
_CLONE_THREAD: Final = 0x00010000


def main(
    arguments: Sequence[str], *, execute: Execute = os.execv, set_limit: SetLimit = resource.setrlimit
) -> int:  # fmt: skip
    """Become the program; a status only where that failed."""
    parent, memory_bytes, cpu_seconds, files, file_bytes, starts, port, reads, *command = arguments
    bind_to_parent()
    if os.getppid() != int(parent):
        return EXIT_NOT_RUN  # it died before we were bound to it
    for what, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_CORE, "0"),
    ):
        limit(what, int(value), set_limit)
    # Python ignores it, and what is ignored stays so: a program whose reader has gone would write for ever.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    leave_alone()
    if port != ANYWHERE:
        leave_only(int(port))
    if starts == ALONE:
        forbid_children()
    # Last, for the library of those before is a file too.
    leave_files(Path(command[0]), Path.cwd(), Path(reads) if reads else None)
    try:
        execute(command[0], command)
    except OSError as error:
        sys.stderr.write(f"{command[0]} cannot be run: {error.strerror}\n")
    return EXIT_NOT_RUN


def forbid_children() -> bool:
    """From here on threads may be started, and processes not; whether the machine can forbid it."""
    try:
        import pyseccomp  # type: ignore[import-untyped] # noqa: PLC0415 - Linux only, and only with libseccomp

        allowed = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        refused = pyseccomp.ERRNO(errno.EPERM)
        for call in ("fork", "vfork"):
            allowed.add_rule(refused, call)
        allowed.add_rule(refused, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
        # Its flags lie in memory, where no filter sees them; without it C libraries take clone.
        allowed.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
        allowed.load()
    except (ImportError, RuntimeError, OSError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
