"""Takes from a program all ways into the network but one: TCP to a single port, at which a guard of ours listens."""

import errno
import sys
from collections.abc import Iterator
from typing import Any, Final

from cybervault.confinement import landlock
from cybervault.confinement.landlock import BIND, CONNECT, VERSION_OF_TCP, At

# socket(2). Landlock knows TCP alone, so that whatever is not TCP is refused where it would begin.
_UNIX, _IPV4, _IPV6 = 1, 2, 10
_KIND_BITS: Final = 0xF
_OTHER_KINDS: Final = (2, 3, 4, 5, 6, 10)
"""Datagrams, raw and the like: all but the stream, which is 1."""
_TCP: Final = 6
NOWHERE: Final = -1
"""No port at all."""


def leave_only(port: int) -> bool:
    """From here on this thread, and what comes from it, connects by TCP to `port` alone; whether the machine holds it.

    `NOWHERE` leaves it no way at all.

    It needs Linux 6.7 and libseccomp. No new privileges must be allowed before. Nobody can take it back.
    """
    if sys.platform != "linux":
        return False
    return _only_tcp_to(port) and _only_streams()


def _only_tcp_to(port: int) -> bool:
    if landlock.version() < VERSION_OF_TCP:
        return False
    return landlock.lay([At(CONNECT, port)] if port != NOWHERE else [], network=BIND | CONNECT)


def _only_streams() -> bool:
    """No sockets but those of TCP and of this machine itself."""
    try:
        import pyseccomp  # type: ignore[import-untyped] # noqa: PLC0415 - Linux only, and only with libseccomp

        allowed = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
        refused = pyseccomp.ERRNO(errno.EACCES)
        for rule in _unwanted(pyseccomp):
            allowed.add_rule(refused, "socket", *rule)
        # What is asked for in its ring is seen by no filter.
        allowed.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "io_uring_setup")
        allowed.load()
    except (ImportError, RuntimeError, OSError):
        return False
    return True


def _unwanted(seccomp: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - the library brings no types
    yield (seccomp.Arg(0, seccomp.GT, _IPV6),)
    for family in range(_IPV6 + 1):
        if family in {_IPV4, _IPV6}:
            ours = seccomp.Arg(0, seccomp.EQ, family)
            for kind in _OTHER_KINDS:
                yield ours, seccomp.Arg(1, seccomp.MASKED_EQ, _KIND_BITS, kind)
            # Streams of other protocols too: SCTP, and TCP over many paths, which older kernels do not take for TCP.
            yield ours, seccomp.Arg(2, seccomp.GT, _TCP)
        elif family != _UNIX:
            yield (seccomp.Arg(0, seccomp.EQ, family),)
