"""Server-sent events: the same events whatever the split of the bytes, and the oddities that servers are known for."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.verdict.sse import EventReader

PIECES = st.sampled_from(
    [
        b"data", b"data:", b"data: ", b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"\r\n\r\n", b": still here",
        b"event: error", b"id: 7", b"retry: 10", "señal 😀".encode(), b"{", b"}", b"[DONE]", b"\xef\xbb\xbf", b"\xff",
        b"x:y",
    ]
)  # fmt: skip
STREAMS = st.lists(PIECES, max_size=40).map(b"".join)


def events_of(*pieces: bytes) -> list[str]:
    reader = EventReader()
    return [data for piece in pieces for data in reader.feed(piece)] + reader.finish()


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: a\n\ndata: b\n\n", ["a", "b"]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
        (b"data: a\r\rdata: b\r\r", ["a", "b"]),
        (b"data:a\n\n", ["a"]),
        (b"data:  a\n\n", [" a"]),
        (b"data: one\ndata: two\n\n", ["one\ntwo"]),
        (b"data: one\r\ndata: two\r\n\r\n", ["one\ntwo"]),
        (b": OPENROUTER PROCESSING\n\ndata: a\n\n: again\n\n", ["a"]),
        (b"event: error\nid: 1\nretry: 5\ndata: a\n\n", ["a"]),
        (b"data\n\ndata:\n\ndata: \n\n", []),
        (b"data: a\ndata\n\n", ["a\n"]),
        (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
        (b"datum: a\n\nx\n\n", []),
        (b"\n\n\n\n", []),
        (b"", []),
        ("data: señal 😀\n\n".encode(), ["señal 😀"]),
        (b"data: \xff\n\n", ["\ufffd"]),
    ],
)
def test_gives_the_data_of_each_event(stream: bytes, events: list[str]) -> None:
    reader = EventReader()
    assert reader.feed(stream) == events
    assert events_of(*(bytes([byte]) for byte in stream)) == events
    assert events_of(*(piece for byte in stream for piece in (b"", bytes([byte])))) == events


@pytest.mark.parametrize(
    ("stream", "tail"),
    [(b"data: a\n\ndata: b\n", ["b"]), (b"data: a\n\ndata: b", ["b"]), (b"data: a\n\n", []), (b"data: a\n\n: b", [])],
)
def test_the_event_that_the_end_cuts_is_given_by_finish(stream: bytes, tail: list[str]) -> None:
    reader = EventReader()
    assert reader.feed(stream) == ["a"]
    assert reader.finish() == tail
    assert reader.finish() == []


@given(STREAMS, st.lists(st.integers(0, 400)))
def test_any_split_gives_the_same_events(stream: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    assert events_of(*(stream[start:end] for start, end in pairwise(places))) == events_of(stream)


@given(st.lists(st.text(min_size=1), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.integers(1, 7))
def test_what_is_sent_as_json_arrives(texts: list[str], end: str, size: int) -> None:
    stream = "".join(f"data: {json.dumps(text, ensure_ascii=False)}{end}{end}" for text in texts).encode()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert [json.loads(data) for data in events_of(*pieces)] == texts


def test_a_long_line_in_small_pieces_is_read_in_linear_time() -> None:
    reader = EventReader()
    assert not any(reader.feed(piece) for piece in [b"data: ", *[b"x" * 10] * 200_000])
    assert len(reader.feed(b"\n\n")[0]) == 2_000_000
