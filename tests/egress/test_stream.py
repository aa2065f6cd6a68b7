"""A reply that is read as it comes."""

import asyncio
import zlib

import pytest

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.stream import ERROR_BODY_BYTES_MAX
from tests.egress.asks import egress_to, streamed
from tests.egress.servers import SSE, Answer, Gate, RawServer, chunk, endless, reply, reset, says, to


class TestStream:
    async def test_pieces_arrive_as_they_are_sent(self) -> None:
        gate = Gate(SSE, chunk(b"data: 1\n\n"), chunk(b"data: 2\n\n"), b"0\r\n\r\n")
        async with streamed(gate, method="POST", body=b"{}") as (_, stream):
            assert (stream.status, stream.header("Content-Type")) == (200, "text/event-stream")
            got = []
            gate.go.release()
            async for piece in stream.chunks():
                got.append(piece)
                gate.go.release()
        assert got == [b"data: 1\n\n", b"data: 2\n\n"]

    async def test_a_compressed_stream_is_readable_at_once(self) -> None:
        packer = zlib.compressobj(wbits=31)
        pieces = [packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH) for text in (b"one", b"two")]
        gate = Gate(SSE.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), *map(chunk, pieces))
        async with streamed(gate) as (_, stream):
            chunks = stream.chunks()
            for wanted in (b"one", b"two"):
                gate.go.release()
                assert await anext(chunks) == wanted

    async def test_leaving_early_closes_the_connection_at_once(self) -> None:
        gate = Gate(SSE, chunk(b"one"))
        gate.go.release()
        async with RawServer(gate) as server, egress_to(server) as egress:
            async with egress.stream(OutgoingRequest(url=server.url())) as stream:
                assert await anext(stream.chunks()) == b"one"
                assert not server.gone.is_set()
            async with asyncio.timeout(2):
                await server.gone.wait()

    @pytest.mark.parametrize("start", [b"", SSE, SSE + chunk(b"one")])
    async def test_a_cancelled_reader_closes_the_connection_within_two_seconds(self, start: bytes) -> None:
        """Contract check 50, at each stage: before the head, before the body, within the body."""
        async with RawServer(Gate(start)) as server, egress_to(server) as egress:

            async def read() -> None:
                async with egress.stream(OutgoingRequest(url=server.url())) as stream:
                    async for _ in stream.chunks():
                        pass

            async with asyncio.TaskGroup() as group:
                reading = group.create_task(read())
                await server.called.wait()
                await asyncio.sleep(0.05)
                reading.cancel()
            async with asyncio.timeout(2):
                await server.gone.wait()

    @pytest.mark.parametrize("start", [b"", SSE])
    async def test_the_first_byte_has_a_time_of_its_own(self, start: bytes) -> None:
        async with RawServer(Gate(start)) as server, egress_to(server) as egress:
            with pytest.raises(EgressError) as caught:
                async with egress.stream(OutgoingRequest(url=server.url()), first_byte_seconds=0.1) as stream:
                    await stream.read()
        assert caught.value.failure is EgressFailure.TIMEOUT

    async def test_after_the_first_byte_only_the_whole_counts(self) -> None:
        gate = Gate(SSE, chunk(b"one"), chunk(b"two"))
        gate.go.release()
        async with streamed(gate, first_byte_seconds=0.6) as (_, stream):
            chunks = stream.chunks()
            assert await anext(chunks) == b"one"
            asyncio.get_running_loop().call_later(0.8, gate.go.release)
            assert await anext(chunks) == b"two"

    async def test_the_whole_stream_is_bounded(self) -> None:
        gate = Gate(SSE, chunk(b"one"))
        gate.go.release()
        async with RawServer(gate) as server, egress_to(server) as egress:
            with pytest.raises(EgressError) as caught:
                async with egress.stream(OutgoingRequest(url=server.url(), timeout_seconds=0.2)) as stream:
                    async for _ in stream.chunks():
                        pass
        assert caught.value.failure is EgressFailure.TIMEOUT

    async def test_a_stream_that_nobody_reads_is_closed_at_its_timeout(self) -> None:
        async with streamed(Gate(SSE + chunk(b"one")), timeout_seconds=0.5) as (server, stream):
            async with asyncio.timeout(2):
                await server.gone.wait()
            with pytest.raises(EgressError) as caught:
                await stream.read()
        assert caught.value.failure is EgressFailure.TIMEOUT

    @pytest.mark.parametrize(
        ("answer", "failure"),
        [
            (reset(), EgressFailure.UNREACHABLE),
            (reset(SSE + chunk(b"one")), EgressFailure.UNREACHABLE),
            (says(SSE + chunk(b"one") + b"xyz\r\n"), EgressFailure.BAD_ENCODING),
            (endless(SSE, chunk(b"x" * 1000)), EgressFailure.TOO_LARGE),
            (to("https://other.test/"), EgressFailure.REFUSED),
        ],
    )
    async def test_a_failure_is_raised_with_its_name(self, answer: Answer, failure: EgressFailure) -> None:
        async with RawServer(answer) as server, egress_to(server) as egress:
            with pytest.raises(EgressError) as caught:
                async with egress.stream(OutgoingRequest(url=server.url(), body_bytes_max=50_000)) as stream:
                    async for _ in stream.chunks():
                        pass
            assert len(server.asked) == 1
        assert caught.value.failure is failure

    async def test_what_is_shown_of_a_stream_can_be_masked(self) -> None:
        key = SecretHeader("Authorization", Secret("a/key+of/no=make"), "Bearer ")
        async with streamed(says(SSE), secret_headers=(key,)) as (_, stream):
            assert stream.masked("no “a/key+of/no=make”") == "no “•••”"

    async def test_an_error_body_is_read_up_to_its_bound(self) -> None:
        async with streamed(says(reply(429, b"slow down", b"Retry-After: 5"))) as (_, stream):
            assert (stream.status, stream.header("retry-after"), stream.header("absent")) == (429, "5", "")
            assert await stream.read() == b"slow down"
        async with streamed(endless(SSE, chunk(b"x" * 1000))) as (_, stream):
            assert len(await stream.read()) == ERROR_BODY_BYTES_MAX
