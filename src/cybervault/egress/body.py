"""Read the body of a reply: decompressed, counted and by a deadline, with every fault given its name."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Final, TypeVar

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from cybervault.egress.decode import PIECE_BYTES_MAX, decoder_for
from cybervault.egress.message import EgressError, EgressFailure

T = TypeVar("T")

_PULSE_SECONDS: Final = 0.5


class LostError(EgressError):
    """The connection was made and then lost, so asking again may help."""

    def __init__(self) -> None:
        super().__init__(EgressFailure.UNREACHABLE, "the connection was lost")


async def by(deadline: float, work: Awaitable[T]) -> T:
    """Wait for work until a time of the running loop's clock; raises `EgressError` TIMEOUT."""
    try:
        async with asyncio.timeout_at(deadline):
            return await work
    except TimeoutError:
        pass
    raise EgressError(EgressFailure.TIMEOUT)


async def timed(pieces: AsyncIterator[bytes], first: float, deadline: float) -> AsyncIterator[bytes]:
    """Pass pieces on: the first by one time, all by another; raises `EgressError` TIMEOUT."""
    loop = asyncio.get_running_loop()
    limit = first
    while loop.time() < limit:
        piece = await by(limit, anext(pieces, None))
        if piece is None:
            return
        yield piece
        limit = deadline
    raise EgressError(EgressFailure.TIMEOUT)


async def content(response: aiohttp.ClientResponse, bytes_max: int) -> AsyncIterator[bytes]:
    """Give the body, decompressed, in pieces of a bounded size; raises `EgressError`."""
    decoder = decoder_for(", ".join(response.headers.getall("Content-Encoding", ())))
    # A reply to HEAD announces the length of a body that does not come.
    if not response.content.at_eof() and (response.content_length or 0) > bytes_max:
        raise EgressError(EgressFailure.TOO_LARGE, "the reply announces too many bytes")
    raw_bytes = content_bytes = 0
    while raw := await _raw(response):
        raw_bytes += len(raw)
        for piece in decoder.feed(raw):
            content_bytes += len(piece)
            if content_bytes > bytes_max:
                break
            yield piece
            if len(piece) == PIECE_BYTES_MAX:
                await asyncio.sleep(0)  # Unfolding a bomb up to its cap must not hold up everyone else.
        # Raw bytes count too: a compressed stream can go on for ever without making content.
        if max(raw_bytes, content_bytes) > bytes_max:
            raise EgressError(EgressFailure.TOO_LARGE, "the reply has too many bytes")
    decoder.finish()


def failure_of(error: Exception) -> EgressError:
    """Name what went wrong; the error itself stays behind, because it holds the request with its headers."""
    if any(isinstance(cause, LineTooLong) for cause in _causes(error)):
        return EgressError(EgressFailure.TOO_LARGE, "a header that is too long")
    match error:
        case aiohttp.ClientPayloadError():
            return LostError()
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return EgressError(EgressFailure.BAD_ENCODING, "a reply that is no HTTP")
        case aiohttp.InvalidURL():
            return EgressError(EgressFailure.REFUSED, "a URL that HTTP cannot carry")
        case _:
            return EgressError(EgressFailure.UNREACHABLE, "no connection")


async def _raw(response: aiohttp.ClientResponse) -> bytes:
    try:
        while True:
            # aiohttp 3.14 wakes nobody when a later chunk is no HTTP: it closes, and the reader would wait for ever.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PULSE_SECONDS):
                    return await response.content.readany()
            if response.connection is not None and response.connection.transport is None:
                break
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        failure = failure_of(error)
    else:
        failure = EgressError(EgressFailure.BAD_ENCODING, "a body that is no HTTP")
    raise LostError if failure.failure is EgressFailure.UNREACHABLE else failure


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
