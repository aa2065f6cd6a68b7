"""A release of rules from where it is published: one archive over HTTP, never larger than we are ready to hold."""

from collections.abc import Callable
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import origin_of
from cybervault.egress.message import EgressError, OutgoingRequest

SIGMAHQ_URL: Final = "https://github.com/SigmaHQ/sigma/releases/latest/download/sigma_all_rules.zip"
ARCHIVE_BYTES_MAX: Final = 64 * 1024 * 1024
_SECONDS_MAX: Final = 600.0
# Where GitHub keeps what belongs to a release: the first until 2025, the second since.
REDIRECT_HOSTS: Final = frozenset(
    {"github.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com"}
)
_OK: Final = 200
# GitHub says either where an address asked too often.
_TOO_OFTEN: Final = frozenset({403, 429})


async def fetch_release(egress: Egress, url: str, report: Callable[[int, int], None]) -> bytes:
    """The archive at an address; `report` is told how many bytes came, and of how many (0: nobody knows).

    Raises `Problem` UPSTREAM `rules_not_fetched`.
    """
    request = OutgoingRequest(
        url=url,
        redirect_hosts=REDIRECT_HOSTS | {origin_of(url).host},
        timeout_seconds=_SECONDS_MAX,
        body_bytes_max=ARCHIVE_BYTES_MAX,
    )
    body = bytearray()
    try:
        async with egress.stream(request) as reply:
            if reply.status in _TOO_OFTEN:
                raise _not_fetched(url, _asked_too_often(reply.header("retry-after")))
            if reply.status != _OK:
                raise _not_fetched(url, f"the answer is {reply.status}")
            size = reply.header("content-length")
            async for piece in reply.chunks():
                body += piece
                report(len(body), int(size) if size.isdecimal() else 0)
    except EgressError as error:
        raise _not_fetched(url, f"{error.failure.value}: {error.reason}" if error.reason else error.failure) from None
    return bytes(body)


def _asked_too_often(seconds: str) -> str:
    wait = f"in {seconds} seconds" if seconds.isascii() and seconds.isdecimal() else "in an hour"
    return f"it was asked too often from this address, or may not be asked at all; try again {wait}"


def _not_fetched(url: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.UPSTREAM,
        code="rules_not_fetched",
        message=f"{url} cannot be fetched ({reason}). Offline, give the archive with --from FILE.",
    )
