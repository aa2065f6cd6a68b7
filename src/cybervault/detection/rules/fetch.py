"""A release of rules from where it is published: one archive over HTTP, never larger than we are ready to hold."""

import io
from collections.abc import Callable
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.download import DownloadError, download
from cybervault.egress.guard import origin_of
from cybervault.egress.message import OutgoingRequest

SIGMAHQ_URL: Final = "https://github.com/SigmaHQ/sigma/releases/latest/download/sigma_all_rules.zip"
ARCHIVE_BYTES_MAX: Final = 64 * 1024 * 1024
_SECONDS_MAX: Final = 600.0
# Where GitHub keeps what belongs to a release: the first until 2025, the second since.
REDIRECT_HOSTS: Final = frozenset(
    {"github.com", "objects.githubusercontent.com", "release-assets.githubusercontent.com"}
)


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
    body = io.BytesIO()
    try:
        await download(egress, request, into=body, report=report)
    except DownloadError as error:
        raise not_fetched(url, error.reason) from None
    return body.getvalue()


def not_fetched(url: str, reason: str) -> Problem:
    """Why a release did not come, and what to do without a network."""
    return Problem(
        ProblemKind.UPSTREAM,
        code="rules_not_fetched",
        message=f"{url} cannot be fetched ({reason}). Offline, give the archive with --from FILE.",
    )
