"""Sockets on loopback that have their port before anything serves on them."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from itertools import repeat
from typing import Final

HOST: Final = "127.0.0.1"
_TRIES: Final = 100
_BACKLOG: Final = 512


class Ports:
    """Gives out ports: free ones when `first` is 0; else that very one, and then free ones behind it."""

    def __init__(self, first: int) -> None:
        self._first = first
        self._numbers: Iterator[int] = iter(range(first, min(first + _TRIES, 65_536))) if first else repeat(0)

    def stream(self, sockets: contextlib.ExitStack, *, listens: bool = True) -> socket.socket:
        """A TCP socket; one that does not listen holds its port and refuses every connection."""
        for number in self._numbers:
            with contextlib.ExitStack() as tried:
                found = tried.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    found.bind((HOST, number))
                except OSError:
                    if number in {0, self._first}:
                        raise
                    continue
                if listens:
                    found.listen(_BACKLOG)
                sockets.enter_context(tried.pop_all())
                return found
        raise OSError(errno.EADDRINUSE, "no port is free")

    def pair(self, sockets: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
        """A TCP and a UDP socket with one number, as a name server has them."""
        for _ in range(_TRIES):
            with contextlib.ExitStack() as tried:
                stream = self.stream(tried)
                datagram = tried.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                with contextlib.suppress(OSError):  # the number is free for TCP only: take another
                    datagram.bind(stream.getsockname())
                    sockets.enter_context(tried.pop_all())
                    return stream, datagram
        raise OSError(errno.EADDRINUSE, "no port is free for both TCP and UDP")


def place_of(bound: socket.socket) -> str:
    """Host and port as people write them."""
    host, port = bound.getsockname()
    return f"{host}:{port}"
