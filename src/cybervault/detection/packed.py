"""Files that may be packed with gzip or zstd, read as what they hold: a piece at a time, and only up to a bound."""

import gzip
import io
import os
import sys
import zlib
from typing import Final

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["BrokenArchive", "unpacked", "zstd"]  # the tests pack with the same zstd, wherever it comes from

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_PIECE_BYTES: Final = 256 * 1024
_MIB: Final = 1024 * 1024
# Logs shrink ten- to a hundredfold; what shrank more, and to more than this, was made to harm.
_RATIO_MAX: Final = 500
_FREE_BYTES: Final = 1024 * _MIB


class BrokenArchive(Exception):  # noqa: N818 - an expected failure, as a Problem is
    """Why an archive is read no further, as a sentence."""


def unpacked(file: io.BufferedReader, bytes_max: int | None = None) -> io.BufferedReader:
    """The same file where it is not packed; else what it holds, whose reading raises BrokenArchive."""
    head = file.peek(len(_ZSTD))
    if head.startswith(_GZIP):
        packed: io.BufferedIOBase = gzip.GzipFile(fileobj=file)
    elif head.startswith(_ZSTD):
        packed = zstd.ZstdFile(file)
    else:
        return file
    size = os.fstat(file.fileno()).st_size
    return io.BufferedReader(_Unpacking(packed, bytes_max or max(_FREE_BYTES, _RATIO_MAX * size)), _PIECE_BYTES)


class _Unpacking(io.RawIOBase):
    def __init__(self, packed: io.BufferedIOBase, bytes_max: int) -> None:
        super().__init__()
        self._packed = packed
        self._max = self._left = bytes_max

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override] # what BufferedReader gives
        try:
            piece = self._packed.read1(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError):
            raise BrokenArchive("The archive ends before its end or is broken.") from None
        self._left -= len(piece)
        if self._left < 0:
            raise BrokenArchive(f"The archive holds more than {self._max / _MIB:,.0f} MiB.")
        buffer[: len(piece)] = piece
        return len(piece)
