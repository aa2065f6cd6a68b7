"""A published file over HTTP, written as it comes; who waits is told how far it is."""

from collections.abc import Callable
from typing import BinaryIO, Final

from cybervault.egress.client import Egress
from cybervault.egress.message import EgressError, OutgoingRequest

_OK: Final = 200
# GitHub says either where an address asked too often.
_TOO_OFTEN: Final = frozenset({403, 429})


class DownloadError(Exception):
    """Why a file did not come whole, in our own words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def download(
    egress: Egress, request: OutgoingRequest, *, into: BinaryIO, report: Callable[[int, int], None]
) -> None:
    """Write a file into another; `report` is told how many bytes came, and of how many (0: nobody knows).

    Raises `DownloadError`; what came until then was written.
    """
    count = 0
    try:
        async with egress.stream(request) as reply:
            if reply.status in _TOO_OFTEN:
                raise DownloadError(_asked_too_often(reply.header("retry-after")))
            if reply.status != _OK:
                raise DownloadError(f"the answer is {reply.status}")
            size = reply.header("content-length")
            async for piece in reply.chunks():
                count += into.write(piece)
                report(count, int(size) if size.isdecimal() else 0)
    except EgressError as error:
        raise DownloadError(f"{error.failure.value}: {error.reason}" if error.reason else error.failure.value) from None


def _asked_too_often(seconds: str) -> str:
    wait = f"in {seconds} seconds" if seconds.isascii() and seconds.isdecimal() else "in an hour"
    return f"it was asked too often from this address, or may not be asked at all; try again {wait}"
