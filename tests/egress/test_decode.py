"""Undo a reply's content encoding piece by piece."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.egress.decode import PIECE_BYTES_MAX, decoder_for
from cybervault.egress.message import EgressError, EgressFailure


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush()


ENCODED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    " GZIP ": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
}


def decoded(encoding: str, raw: bytes, size: int = 7) -> bytes:
    decoder = decoder_for(encoding)
    content = b"".join(piece for start in range(0, len(raw), size) for piece in decoder.feed(raw[start : start + size]))
    decoder.finish()
    return content


def failure(encoding: str, raw: bytes) -> EgressFailure:
    with pytest.raises(EgressError) as caught:
        decoded(encoding, raw)
    assert caught.value.__context__ is None
    return caught.value.failure


@pytest.mark.parametrize("encoding", ENCODED)
@given(content=st.binary(max_size=300), size=st.integers(1, 50))
def test_what_was_encoded_comes_back_however_it_is_cut(encoding: str, content: bytes, size: int) -> None:
    assert decoded(encoding, ENCODED[encoding](content), size) == content


def test_a_body_of_several_gzip_members_is_one_body() -> None:
    assert decoded("gzip", gzip.compress(b"one ", mtime=0) + gzip.compress(b"two")) == b"one two"


def test_no_body_at_all_is_no_error() -> None:
    assert decoded("gzip", b"") == b""


def test_a_bomb_comes_in_small_pieces() -> None:
    """64 KiB of gzip hold 64 MiB; whoever counts between pieces can stop at any of them."""
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    pieces = decoder_for("gzip").feed(bomb)
    assert [len(next(pieces)) for _ in range(3)] == [PIECE_BYTES_MAX] * 3


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "gzip, deflate", "compress", "nonsense"])
def test_only_what_was_asked_for_is_decoded(encoding: str) -> None:
    assert failure(encoding, b"x") is EgressFailure.BAD_ENCODING


@pytest.mark.parametrize(
    ("encoding", "raw"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", zlib.compress(b"zlib")),
        ("gzip", gzip.compress(b"x" * 100, mtime=0)[:-1]),
        ("gzip", gzip.compress(b"whole", mtime=0) + b"and more"),
        ("gzip", gzip.compress(b"a", mtime=0)[:-8] + b"\0" * 8),
        ("deflate", b"\x78\x9cgarbage"),
        ("deflate", zlib.compress(b"x" * 100)[:-5]),
        ("deflate", zlib.compress(b"one") + zlib.compress(b"two")),
    ],
)
def test_what_does_not_decode_is_named_so(encoding: str, raw: bytes) -> None:
    assert failure(encoding, raw) is EgressFailure.BAD_ENCODING


def test_a_flood_of_tiny_gzip_members_is_stopped() -> None:
    """Each member costs a set-up of its own, so a megabyte of empty ones would cost a second."""
    assert failure("gzip", gzip.compress(b"", mtime=0) * 65) is EgressFailure.BAD_ENCODING
    assert decoded("gzip", gzip.compress(b"a", mtime=0) * 64) == b"a" * 64


@given(raw=st.binary(max_size=200), encoding=st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_decode_or_are_named(raw: bytes, encoding: str) -> None:
    failure_of_it = None
    try:
        decoded(encoding, raw)
    except EgressError as error:
        failure_of_it = error.failure
    assert failure_of_it in {None, EgressFailure.BAD_ENCODING}
