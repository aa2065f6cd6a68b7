"""Read the body of a reply: decompressed, counted and by a deadline."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong, TransferEncodingError
from yarl import URL

from cybervault.egress.body import LostError, by, content, failure_of, timed
from cybervault.egress.decode import PIECE_BYTES_MAX
from cybervault.egress.message import EgressError, EgressFailure
from tests.egress.servers import CHUNKED, Answer, Asked, RawServer, ok, says, slowly


async def pieces_of(answer: Answer, bytes_max: int = 1_000_000, method: str = "GET") -> list[bytes]:
    async with (
        RawServer(answer) as server,
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.request(method, server.url()) as response,
    ):
        return [piece async for piece in content(response, bytes_max)]


async def failure_with(answer: Answer, bytes_max: int = 1_000_000) -> EgressError:
    with pytest.raises(EgressError) as caught:
        await pieces_of(answer, bytes_max)
    assert caught.value.__context__ is None
    return caught.value


class TestContent:
    async def test_gives_the_body_in_pieces_of_a_bounded_size(self) -> None:
        body = bytes(3 * PIECE_BYTES_MAX + 5)
        pieces = await pieces_of(says(ok(gzip.compress(body, mtime=0), b"Content-Encoding: gzip")))
        assert [len(piece) for piece in pieces] == [PIECE_BYTES_MAX] * 3 + [5]
        assert b"".join(pieces) == body

    async def test_unfolding_lets_others_run(self) -> None:
        """Between two full pieces the loop turns, so a bomb within its cap holds nobody up."""
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async with (
            RawServer(says(ok(gzip.compress(bytes(20 * PIECE_BYTES_MAX)), b"Content-Encoding: gzip"))) as server,
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.get(server.url()) as response,
            asyncio.TaskGroup() as group,
        ):
            await asyncio.sleep(0.05)
            counting = group.create_task(count())
            before = turns
            assert len([piece async for piece in content(response, 10_000_000)]) == 20
            counting.cancel()
        assert turns - before >= 19

    async def test_counts_what_comes_out_and_what_comes_in(self) -> None:
        packed = gzip.compress(bytes(5000))
        assert len(b"".join(await pieces_of(says(ok(packed, b"Content-Encoding: gzip")), 5000))) == 5000
        for answer, bytes_max in [
            (says(ok(packed, b"Content-Encoding: gzip")), 4999),
            (says(CHUNKED + b"5\r\nabcde\r\n0\r\n\r\n"), 4),
            (says(ok(gzip.compress(b"", mtime=0), b"Content-Encoding: gzip")), 10),
        ]:
            assert (await failure_with(answer, bytes_max)).failure is EgressFailure.TOO_LARGE

    async def test_an_announced_length_is_believed_when_it_is_too_long(self) -> None:
        error = await failure_with(slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", b"x" * 11), 10)
        assert (error.failure, error.reason) == (EgressFailure.TOO_LARGE, "the reply announces too many bytes")

    async def test_a_head_reply_has_no_body_to_be_too_long(self) -> None:
        assert await pieces_of(says(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n"), 10, "HEAD") == []

    async def test_a_body_cut_short_is_a_lost_connection(self) -> None:
        for start in (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", CHUNKED + b"5\r\nabc"):
            assert isinstance(await failure_with(slowly(start)), LostError)

    async def test_a_later_chunk_that_is_no_http_does_not_hang(self) -> None:
        error = await failure_with(slowly(CHUNKED + b"2\r\nok\r\n", b"zz\r\nabc\r\n"))
        assert error.failure is EgressFailure.BAD_ENCODING

    async def test_a_slow_body_is_waited_for(self) -> None:
        async def late(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            await asyncio.sleep(0.7)
            writer.write(b"late")
            return False

        assert await pieces_of(late) == [b"late"]

    async def test_codings_that_were_not_asked_for_are_named(self) -> None:
        for headers in ([b"Content-Encoding: br"], [b"Content-Encoding: gzip", b"Content-Encoding: gzip"]):
            assert (await failure_with(says(ok(b"x", *headers)))).failure is EgressFailure.BAD_ENCODING


class TestDeadlines:
    async def test_work_in_time_gives_its_result(self) -> None:
        assert await by(asyncio.get_running_loop().time() + 5, asyncio.sleep(0, "done")) == "done"

    async def test_work_out_of_time_is_cancelled(self) -> None:
        with pytest.raises(EgressError) as caught:
            await by(asyncio.get_running_loop().time() + 0.01, asyncio.Event().wait())
        assert caught.value.failure is EgressFailure.TIMEOUT
        assert (caught.value.__context__, caught.value.__cause__) == (None, None)

    async def test_the_first_piece_has_its_own_time(self) -> None:
        now = asyncio.get_running_loop().time()

        async def pieces(first: float, second: float) -> AsyncIterator[bytes]:
            await asyncio.sleep(first)
            yield b"1"
            await asyncio.sleep(second)
            yield b"2"

        assert [piece async for piece in timed(pieces(0.0, 0.5), now + 0.4, now + 5)] == [b"1", b"2"]
        for first, second, wanted in ((1.0, 0.0, []), (0.0, 1.0, [b"1"])):
            now = asyncio.get_running_loop().time()
            got: list[bytes] = []
            with pytest.raises(EgressError) as caught:
                async for piece in timed(pieces(first, second), now + 0.05, now + 0.1):
                    got.append(piece)  # noqa: PERF401 - what came before the fault counts
            assert (caught.value.failure, got) == (EgressFailure.TIMEOUT, wanted)

    async def test_after_the_deadline_nothing_is_begun(self) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            raise AssertionError
            yield b""

        now = asyncio.get_running_loop().time()
        with pytest.raises(EgressError) as caught:
            await anext(timed(pieces(), now - 1, now - 1))
        assert caught.value.failure is EgressFailure.TIMEOUT


def caused_by(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class TestNames:
    @pytest.mark.parametrize(
        ("error", "failure"),
        [
            (aiohttp.ClientPayloadError(), EgressFailure.UNREACHABLE),
            (aiohttp.ServerDisconnectedError(), EgressFailure.UNREACHABLE),
            (ConnectionResetError(), EgressFailure.UNREACHABLE),
            (TransferEncodingError("bad chunk"), EgressFailure.BAD_ENCODING),
            (BadHttpMessage("no HTTP"), EgressFailure.BAD_ENCODING),
            (aiohttp.InvalidURL(URL("https://127.1/")), EgressFailure.REFUSED),
            (caused_by(aiohttp.ClientConnectionError(), LineTooLong(b"X")), EgressFailure.TOO_LARGE),
        ],
    )
    def test_every_error_of_the_library_has_one(self, error: Exception, failure: EgressFailure) -> None:
        named = failure_of(error)
        assert named.failure is failure
        assert (named.__context__, named.__cause__) == (None, None)
