"""A reply that is read as it comes: an AI's words, or a feed too large to hold."""

from collections.abc import AsyncIterator, Callable
from typing import Final

FIRST_BYTE_SECONDS: Final = 30.0
ERROR_BODY_BYTES_MAX: Final = 64 * 1024


class StreamReply:
    """Status, headers (names in lower case) and a body still to come: take it by `chunks` or by `read`, once."""

    def __init__(
        self,
        status: int,
        headers: tuple[tuple[str, str], ...],
        *,
        pieces: AsyncIterator[bytes],
        mask: Callable[[bytes], bytes],
    ) -> None:
        self.status = status
        self.headers = headers
        self._pieces = pieces
        self._mask = mask

    def header(self, name: str) -> str:
        """The first value of a header (any letter case), or nothing."""
        return next((value for key, value in self.headers if key == name.lower()), "")

    def masked(self, text: str) -> str:
        """A text from the body with the keys of the request masked, for what is shown or kept of it."""
        return self._mask(text.encode()).decode()

    def chunks(self) -> AsyncIterator[bytes]:
        """The body, decompressed, as it comes; raises `EgressError` when it does not come to its end."""
        return self._pieces

    async def read(self) -> bytes:
        """The first `ERROR_BODY_BYTES_MAX` bytes, keys masked: for replies that say why there is no stream."""
        body = bytearray()
        async for piece in self._pieces:
            body += piece
            if len(body) >= ERROR_BODY_BYTES_MAX:
                break
        return self._mask(bytes(body[:ERROR_BODY_BYTES_MAX]))
