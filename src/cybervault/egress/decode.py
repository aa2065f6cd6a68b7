"""Undo a reply's content encoding piece by piece, so that a few bytes can never become many at once.

gzip and deflate only; the client asks for nothing else, and another coding is refused.
"""

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

from cybervault.egress.message import EgressError, EgressFailure

ACCEPTED: Final = "gzip, deflate"
PIECE_BYTES_MAX: Final = 256 * 1024
"""The most that one piece of output holds; the caller counts between pieces."""

_MEMBERS_MAX: Final = 64
"""A gzip body may be several joined (RFC 1952); each costs a set-up, so their number is bounded."""

_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_ZLIB_METHOD: Final = 8


class Decoder(Protocol):
    """Turns raw body bytes into content; both methods raise `EgressError` BAD_ENCODING."""

    def feed(self, raw: bytes) -> Iterator[bytes]:
        """Content that the bytes make readable, in bounded pieces."""

    def finish(self) -> None:
        """Say that the body is over, which must be at an end of its coding."""


def decoder_for(content_encoding: str) -> Decoder:
    """Choose by the Content-Encoding header; raises `EgressError` BAD_ENCODING for what we did not ask for."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip":
            return _Inflater(is_gzip=True)
        case "deflate":
            return _Inflater(is_gzip=False)
        case _:
            raise EgressError(EgressFailure.BAD_ENCODING, "a content encoding that was not asked for")


class _Plain:
    def feed(self, raw: bytes) -> Iterator[bytes]:
        yield raw

    def finish(self) -> None:
        """Any end is an end."""


class _Inflater:
    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._stream: zlib._Decompress | None = None
        self._members = 0

    def feed(self, raw: bytes) -> Iterator[bytes]:
        while raw:
            if self._stream is None or self._stream.eof:
                self._stream = self._begin(raw)
            try:
                piece = self._stream.decompress(raw, PIECE_BYTES_MAX)
            except zlib.error:
                piece = None
            if piece is None:
                raise EgressError(EgressFailure.BAD_ENCODING, "a body that does not decompress")
            raw = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> None:
        if self._stream is not None and not self._stream.eof:
            raise EgressError(EgressFailure.BAD_ENCODING, "a compressed body that is cut short")

    def _begin(self, raw: bytes) -> "zlib._Decompress":
        self._members += 1
        if self._members > (_MEMBERS_MAX if self._is_gzip else 1):
            raise EgressError(EgressFailure.BAD_ENCODING, "a compressed body followed by something else")
        if self._is_gzip:
            return zlib.decompressobj(_GZIP_BITS)
        # "deflate" means zlib (RFC 9110), yet some servers send the bare stream; zlib's first byte names method 8.
        return zlib.decompressobj(zlib.MAX_WBITS if raw[0] & 0x0F == _ZLIB_METHOD else -zlib.MAX_WBITS)
