"""Takes from a program all files but those of the system, its own and those in its folder; and its neighbours."""

import errno
import mimetypes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cybervault.confinement import landlock
from cybervault.confinement.landlock import EXECUTE, LIST, READ, VERSION_OF_TRUNCATION, WRITE, Below

# What programs are made of. Not all of /usr: who keeps something there of one's own keeps it elsewhere below.
_LIBRARIES: Final = ("lib", "lib32", "lib64", "libexec", "share")
_SYSTEM: Final = tuple(
    Path(root, name) for root in ("/", "/usr", "/usr/local") for name in ("bin", "sbin", *_LIBRARIES)
)  # fmt: skip
# What everybody may know of a machine: how names and ports are found, whom it trusts, what time it is.
_SETTINGS: Final = tuple(
    Path("/etc", name)
    for name in (
        "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "resolv.conf", "hosts", "host.conf", "gai.conf", "nsswitch.conf",
        "services", "protocols", "localtime", "timezone", "fonts", "ssl/certs", "ssl/openssl.cnf", "ca-certificates",
        "pki/tls/certs", "pki/tls/cert.pem", "pki/tls/openssl.cnf", "pki/ca-trust/extracted", "crypto-policies",
    )
)  # fmt: skip
_DEVICES: Final = tuple(Path("/dev", name) for name in ("null", "zero", "full", "random", "urandom"))
_VERSION_OF_NEIGHBOURS: Final = 6
_NEIGHBOURS: Final = 3
"""Sockets without a path, and signals, of whoever is not within the same rules."""
_ENVIRONMENT_MARK: Final = "pyvenv.cfg"
_UNIX: Final = 1
# Who owns a file may change who else reads it, and rules for files say nothing of that.
_OF_OWNERS: Final = (
    "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat",
    "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
)  # fmt: skip


def leave_files(program: Path, folder: Path, reads: Path | None = None) -> bool:
    """From here on this thread, and what comes from it, reads what `program` needs, and writes in `folder` alone.

    `reads` is another file or folder that it may read. Nothing of that is for a process that is not its own: neither
    its memory nor a signal. Whether the system holds all of it, which needs Linux 6.2; from 5.13 on it keeps what is
    read and written, but could empty files. No new privileges must be allowed before. Nobody can take it back.
    """
    version = landlock.version() if sys.platform == "linux" else 0
    if version == 0:
        return False
    read = [*_SYSTEM, *_SETTINGS, *map(Path, mimetypes.knownfiles), *places_of(program), *([reads] if reads else [])]
    rules = [Below(READ | LIST | EXECUTE, place) for place in read]
    rules += [Below(READ | WRITE, place) for place in _DEVICES]
    rules.append(Below(landlock.written_by(version), folder))
    scoped = _NEIGHBOURS if version >= _VERSION_OF_NEIGHBOURS else 0
    return landlock.lay(rules, files=landlock.files_of(version), scoped=scoped) and version >= VERSION_OF_TRUNCATION


def places_of(program: Path) -> Iterator[Path]:
    """What a program is made of: its file, what lies beside the folder `bin` that it is in, a Python environment."""
    found = program.resolve()
    yield found
    if found.parent.name in {"bin", "sbin"}:
        yield from (found.parent.parent / name for name in _LIBRARIES)
    environment = program.parent.parent
    if (environment / _ENVIRONMENT_MARK).is_file():
        yield environment


def leave_alone() -> bool:
    """From here on there are no sockets of this machine, and files keep who may read them; whether the machine can.

    A database or a daemon behind such a socket may let in whoever is of the server's user.
    """
    try:
        import pyseccomp  # type: ignore[import-untyped] # noqa: PLC0415 - Linux only, and only with libseccomp

        allowed = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        allowed.add_rule(pyseccomp.ERRNO(errno.EACCES), "socket", pyseccomp.Arg(0, pyseccomp.EQ, _UNIX))
        for call in _OF_OWNERS:
            allowed.add_rule(pyseccomp.ERRNO(errno.EPERM), call)
        # What is asked for in its ring is seen by no filter.
        allowed.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "io_uring_setup")
        allowed.load()
    except (ImportError, RuntimeError, OSError):
        return False
    return True
