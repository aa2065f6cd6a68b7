"""Whether asking once more may help: as a table, and as a server sees it."""

import pytest

from cybervault.egress.message import EgressFailure, IncomingReply, OutgoingRequest
from cybervault.egress.retry import PAUSE_SECONDS, pause_before_retry
from tests.egress.asks import egress_to
from tests.egress.servers import GZIPPED, Answer, RawServer, hanging, in_turn, ok, reply, reset, says


class TestPause:
    @pytest.mark.parametrize(
        ("status", "wished", "pause"),
        [
            (502, None, PAUSE_SECONDS),
            (503, "0", PAUSE_SECONDS),
            (504, "1", 1.0),
            (503, "2", None),
            (503, "-1", None),
            (503, "1.5", None),
            (503, "٣", None),
            (503, "", PAUSE_SECONDS),
            (429, "1", 1.0),
            (429, None, None),
            (200, "1", None),
            (404, None, None),
            (500, None, None),
            (0, None, None),
        ],
    )
    def test_status_and_wish_decide(self, status: int, wished: str | None, pause: float | None) -> None:
        headers = (("date", "today"),) if wished is None else (("retry-after", wished),)
        got = IncomingReply(status=status, headers=headers)
        request = OutgoingRequest(url="https://source.test/")
        assert pause_before_retry(request, got, is_lost=False) == pause
        assert pause_before_retry(request, IncomingReply(), is_lost=True) == PAUSE_SECONDS

    @pytest.mark.parametrize("wish", [{"retries": 0}, {"method": "POST"}, {"method": "HEAD"}])
    def test_a_request_that_must_not_come_twice_does_not(self, wish: dict[str, object]) -> None:
        request = OutgoingRequest(url="https://source.test/", **wish)  # type: ignore[arg-type]
        assert pause_before_retry(request, IncomingReply(), is_lost=True) is None
        assert pause_before_retry(request, IncomingReply(status=503), is_lost=False) is None


class TestRetries:
    @pytest.mark.parametrize(
        "first",
        [
            reset(),
            says(b""),
            says(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"),
            says(reply(502)),
            says(reply(503)),
            says(reply(503, b"", b"Retry-After: 1")),
            says(reply(504)),
            says(reply(429, b"", b"Retry-After: 0")),
        ],
    )
    async def test_what_may_pass_is_tried_once_more(self, first: Answer) -> None:
        async with RawServer(in_turn(first, says(ok()))) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url()))
            assert (got.status, len(server.asked)) == (200, 2)

    @pytest.mark.parametrize(
        ("answer", "wish"),
        [
            (says(reply(503)), {"retries": 0}),
            (reset(), {"retries": 0}),
            (reset(), {"method": "POST"}),
            (reset(), {"method": "PUT"}),
            (says(reply(503)), {"method": "POST"}),
            (says(reply(500)), {}),
            (says(reply(401)), {}),
            (says(reply(404)), {}),
            (says(reply(429)), {}),
            (says(reply(429, b"", b"Retry-After: 2")), {}),
            (says(reply(503, b"", b"Retry-After: 3600")), {}),
            (says(reply(503, b"", b"Retry-After: Fri, 01 Jan 2027 00:00:00 GMT")), {}),
            (says(GZIPPED + b"no gzip"), {}),
        ],
    )
    async def test_everything_else_is_sent_exactly_once(self, answer: Answer, wish: dict[str, object]) -> None:
        """A metered call is never spent twice, not by the library either."""
        async with RawServer(answer) as server, egress_to(server) as egress:
            await egress.fetch(OutgoingRequest(url=server.url(), **wish))  # type: ignore[arg-type]
            assert len(server.asked) == 1

    async def test_the_second_failure_stands(self) -> None:
        async with RawServer(in_turn(says(reply(503)), says(reply(502)), says(ok()))) as server:
            async with egress_to(server) as egress:
                got = await egress.fetch(OutgoingRequest(url=server.url(), retries=5))
            assert (got.status, len(server.asked)) == (502, 2)

    async def test_a_retry_has_no_time_of_its_own(self) -> None:
        async with RawServer(in_turn(says(reply(503)), hanging)) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), timeout_seconds=1.0))
            assert (got.failure, len(server.asked)) == (EgressFailure.TIMEOUT, 2)
