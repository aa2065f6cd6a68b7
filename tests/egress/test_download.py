"""A published file comes whole, and who waits is told how far; else it is told why not."""

import io

import pytest

from cybervault.egress.download import DownloadError, download
from cybervault.egress.message import OutgoingRequest
from tests.egress.asks import egress_to
from tests.egress.servers import Answer, RawServer, reply, says

BODY = b"x" * 200_000


async def fetched(answer: Answer, **wish: object) -> tuple[bytes, list[tuple[int, int]]]:
    """What came of it, and what was told meanwhile."""
    into, told = io.BytesIO(), list[tuple[int, int]]()
    async with RawServer(answer) as server, egress_to(server) as egress:
        request = OutgoingRequest(url=server.url(), **wish)  # type: ignore[arg-type]
        await download(egress, request, into=into, report=lambda done, total: told.append((done, total)))
    return into.getvalue(), told


async def test_it_comes_whole_and_who_waits_is_told_how_far() -> None:
    body, told = await fetched(says(reply(200, BODY)))
    assert body == BODY
    assert told[-1] == (len(BODY), len(BODY))


@pytest.mark.parametrize(
    ("answer", "wish", "reason"),
    [
        (says(reply(404)), {}, "the answer is 404"),
        (says(reply(403)), {}, "try again in an hour"),
        (says(reply(429, b"", b"Retry-After: 60")), {}, "try again in 60 seconds"),
        (says(reply(429, b"", b"Retry-After: soon")), {}, "try again in an hour"),
        (says(reply(200, BODY)), {"body_bytes_max": 1_000}, "too_large"),
    ],
)
async def test_why_it_does_not_come_is_told(answer: Answer, wish: dict[str, object], reason: str) -> None:
    with pytest.raises(DownloadError) as caught:
        await fetched(answer, **wish)
    assert reason in caught.value.reason
