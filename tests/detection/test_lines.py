"""Files of events: every event with its line, and what is none costs no other."""

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection import lines as module
from cybervault.detection.lines import BadLine, Event, Found, Reach, events_of
from cybervault.detection.packed import zstd
from tests.fakes.telemetry import repeated

EVTX = gzip.decompress((Path(__file__).parents[1] / "cases" / "evtx" / "certutil_drops_a_file.evtx.gz").read_bytes())


def read(tmp_path: Path, raw: bytes) -> list[Found]:
    path = tmp_path / "events"
    """What is found in a file, by its lines; the bytes of each are another test's."""
    path.write_bytes(raw)
    return [Event(one.line, one.content) if isinstance(one, Event) else one for one in events_of(path)]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
@pytest.mark.parametrize(
    "raw", [b'{"a":1}\n\n{"a":2}\n', b'{"a":1}\r\n\n{"a":2}', b'\n\n{"a":1}\n\n{"a":2}'], ids=["lines", "cr", "blank"]
)
def test_each_line_is_an_event_with_its_number(tmp_path: Path, raw: bytes, pack: Callable[[bytes], bytes]) -> None:
    found = read(tmp_path, pack(raw))
    assert [one.content for one in found if isinstance(one, Event)] == [{"a": 1}, {"a": 2}]
    assert found[-1].line - found[0].line == 2


@pytest.mark.parametrize("raw", [b'[{"a":1},{"a":2}]', b'[\n  {"a": 1},\n  {"a": 2}\n]\n'])
def test_an_array_is_its_events(tmp_path: Path, raw: bytes) -> None:
    assert read(tmp_path, raw) == [Event(1, {"a": 1}), Event(2, {"a": 2})]


def test_an_event_that_has_a_line_for_itself_has_its_bytes_too(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b'{"a":1}\n[{"a":2}]\n{"a":3}')
    found = [(one.line, one.raw) for one in events_of(path) if isinstance(one, Event)]
    assert found == [(1, b'{"a":1}\n'), (2, b""), (3, b'{"a":3}')]


def test_one_document_over_many_lines_is_one_event(tmp_path: Path) -> None:
    assert read(tmp_path, b'{\n "a": 1\n}\n') == [Event(1, {"a": 1})]


def test_documents_may_stand_one_behind_the_other(tmp_path: Path) -> None:
    assert read(tmp_path, b'{\n "a": 1\n}\n\n{\n "a": 2\n} {"a": 3}') == [
        Event(1, {"a": 1}),
        Event(5, {"a": 2}),
        Event(7, {"a": 3}),
    ]


def test_what_is_no_event_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    assert read(tmp_path, b'{"a":1}\nnonsense\n7\n{"a":2}\n') == [
        Event(1, {"a": 1}),
        BadLine(2, "It is no JSON."),
        BadLine(3, "It is no JSON object."),
        Event(4, {"a": 2}),
    ]
    assert read(tmp_path, b'{"a":\n{"a":2}\n') == [BadLine(1, "It is no JSON."), Event(2, {"a": 2})]
    assert read(tmp_path, b"nonsense\n") == [BadLine(1, "It is no JSON.")]
    assert read(tmp_path, b"") == []


def test_a_line_without_end_is_named_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINE_BYTES_MAX", 20)
    long = b'{"a":"' + b"x" * 100 + b'"}'
    found = read(tmp_path, b'{"a":1}\n' + long + b'\n{"a":2}\n')
    assert [one.line for one in found] == [1, 2, 3]
    assert isinstance(found[1], BadLine)
    assert "longer than" in found[1].reason


def test_a_broken_archive_gives_what_stood_before(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a":1}\n' * 1_000)
    found = read(tmp_path, whole[:-10])
    assert isinstance(found[-1], BadLine)
    assert "broken" in found[-1].reason
    assert all(isinstance(one, Event) for one in found[:-1])


def test_an_archive_is_read_up_to_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(zstd.compress(b'{"a":1}\n' * 1_000_000))
    *events, last = events_of(path, unpacked_max=1024 * 1024)
    assert last == BadLine(0, "The archive holds more than 1 MiB. What stood before was read.")
    assert events
    assert all(isinstance(one, Event) for one in events)


def test_a_long_file_whose_first_line_is_broken_is_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DOCUMENT_BYTES_MAX", 20)
    found = read(tmp_path, b'{"a":\n' + b'{"a":2}\n' * 9)
    assert found == [BadLine(1, "It is no JSON."), *(Event(line, {"a": 2}) for line in range(2, 11))]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd.compress])
def test_evtx_is_its_records_with_their_own_numbers(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    (event,) = read(tmp_path, pack(EVTX))
    assert isinstance(event, Event)
    assert event.line == 18792
    assert event.content["Event"]["EventData"]["TargetFilename"] == r"C:\Users\Public\7zip.exe"  # type: ignore[index]


def test_a_broken_archive_of_evtx_gives_what_stood_before(tmp_path: Path) -> None:
    broken = gzip.compress(EVTX + bytes(range(256)) * 4096, 0)[:-100_000]
    found = read(tmp_path, broken)
    assert isinstance(found[0], Event)
    assert isinstance(found[-1], BadLine)
    assert "broken" in found[-1].reason


def test_broken_evtx_is_named(tmp_path: Path) -> None:
    (found,) = read(tmp_path, EVTX[:100])
    assert isinstance(found, BadLine)
    assert "no EVTX file" in found.reason


def test_a_record_without_a_number_has_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "parsed", lambda *_: iter([b'{"Event":7}', b"[1]", b'{"Event":{"System":null}}']))
    assert read(tmp_path, EVTX) == [
        Event(1, {"Event": 7}),
        BadLine(2, "It is no JSON object."),
        Event(3, {"Event": {"System": None}}),
    ]


@pytest.mark.parametrize("deep", [b"[" * 50_000 + b"]" * 50_000, b"[" * 50_000])
def test_a_first_line_that_is_nested_too_deeply_is_named_and_the_next_is_read(tmp_path: Path, deep: bytes) -> None:
    assert read(tmp_path, b'{"a":' + deep + b'}\n{"a":2}\n') == [BadLine(1, "It is no JSON."), Event(2, {"a": 2})]


PIECES = st.sampled_from(
    [b'{"a":1}', b"{", b"}", b"[", b"]", b'"', b"\n", b"\r\n", b" ", b",", b"\0", b"\xff", b"\xef\xbb\xbf", b"NaN",
     b"1e999", b'"\\ud800"', b"\x1f\x8b", b"\x28\xb5\x2f\xfd", gzip.compress(b'{"a":1}\n')]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=60), st.lists(PIECES, max_size=12).map(b"".join)))
def test_any_bytes_are_events_and_lines_that_are_none(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for found in read(Path(folder), raw):
            assert isinstance(found, BadLine) or isinstance(found.content, dict)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_how_far_a_file_is_read_is_known_by_its_bytes_even_where_a_child_reads_it(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path, reach = tmp_path / "events", Reach()
    path.write_bytes(pack(repeated(EVTX, 300)))
    assert reach.share() == 0.0
    shares = [reach.share() for _ in events_of(path, reach=reach)]
    assert len(shares) == 300
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]  # how far ahead a child reads is up to the machine
    assert shares[-1] > 0.9
    assert reach.share() == 0.0


def test_how_far_lines_are_read_is_known(tmp_path: Path) -> None:
    path, reach = tmp_path / "events", Reach()
    path.write_bytes(b'{"a":"%b"}\n' % (b"x" * 90) * 30_000)
    shares = [reach.share() for _ in events_of(path, reach=reach)]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert 0.45 < shares[15_000] < 0.55
    assert shares[-1] == 1.0
