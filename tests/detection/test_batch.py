"""Batches of telemetry: every line is counted once, and a batch goes on where it was left."""

import gzip
import json
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from cybervault.detection import batch as module
from cybervault.detection.batch import (
    Batch,
    BatchDetector,
    Fault,
    Fired,
    Hit,
    LeadingDetector,
    Portion,
    Room,
    Tally,
)
from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.correlate.signals import Signal
from cybervault.detection.engine import Engine
from cybervault.detection.record import Record
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.detection.sightings import Sighting
from tests.detection.correlation import correlation
from tests.detection.sigma import PROCESSES, rule, selecting
from tests.fakes.clock import HandClock
from tests.fakes.telemetry import repeated

EVTX = gzip.decompress((Path(__file__).parents[1] / "cases" / "evtx" / "certutil_drops_a_file.evtx.gz").read_bytes())
WHOAMI = rule(selecting(Image__endswith="\\whoami.exe"))
DROPPED = rule(
    selecting(Image__endswith="\\certutil.exe"),
    id="4b89abaa-99fe-4232-afdd-000000000001",
    logsource={"product": "windows", "category": "file_event"},
)


MANY = correlation({"rules": [WHOAMI.id], "group-by": ["Image"]})
PLAN = plan_of([MANY], [WHOAMI])
ROOM = Room(hits=1_000, signals=100_000)
Opened = Callable[..., Batch]


def process(image: str, **more: str) -> dict[str, Any]:
    known = {
        "EventID": "1",
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Provider_Name": "Microsoft-Windows-Sysmon",
    }
    return known | {"Image": image, "Computer": "finance-07", "User": "ACME\\eve"} | more


def lines(*events: object) -> bytes:
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in events)


BAD, GOOD = process("C:\\Windows\\whoami.exe", UtcTime="2026-01-31 12:00:00.000"), process("C:\\notepad")


@pytest.fixture
def detector() -> BatchDetector:
    made = BatchDetector()
    made.use(Engine([WHOAMI]))
    return made


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def opened(clock: HandClock) -> Iterator[Opened]:
    """Opens batches, and closes them when the test is over."""
    made = list[Batch]()

    def open_(content: bytes, detector: BatchDetector, *, by: HandClock = clock) -> Batch:
        made.append(Batch(content, detector, clock=by))
        made[-1].open()
        return made[-1]

    yield open_
    for batch in made:
        batch.close()


def whole(content: bytes, detector: BatchDetector, room: Room = ROOM) -> Portion:
    batch = Batch(content, detector, clock=HandClock())
    batch.open()
    portion = batch.portion(room)
    assert portion.is_last
    batch.close()
    return portion


def test_every_line_is_an_event_or_named_with_its_number(detector: BatchDetector) -> None:
    portion = whole(lines(GOOD, b"{broken", b"", b"17", {"what": "ever"}, BAD), detector)
    tally = portion.tally
    assert (portion.lines, tally.events, tally.matched, tally.unread, tally.unrecognised) == (5, 3, 1, 2, 1)
    assert [fault.line for fault in tally.faults] == [2, 4, 5]
    assert all(fault.reason.endswith(".") for fault in tally.faults)
    (hit,) = portion.hits
    assert hit == Hit(6, WHOAMI.id, datetime(2026, 1, 31, 12, tzinfo=UTC), "finance-07", "ACME\\eve", is_certain=True)
    assert portion.sightings == [Sighting(hit.rule_id, hit.host, hit.user, True, 1, hit.at, hit.at)]  # noqa: FBT003
    (fired,) = tally.rules.values()
    assert (fired.title, fired.count, fired.first, fired.last) == (WHOAMI.title, 1, hit.at, hit.at)


def test_a_portion_comes_back_whole_from_where_it_is_kept(detector: BatchDetector) -> None:
    portion = whole(lines(BAD, b"x"), detector)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(portion), type=Portion) == portion


def test_an_array_a_packed_batch_and_an_evtx_file_are_read_by_what_they_are(detector: BatchDetector) -> None:
    for content in (json.dumps([GOOD, BAD]).encode(), gzip.compress(lines(GOOD, BAD))):
        assert whole(content, detector).tally.matched == 1
    detector.use(Engine([DROPPED]))
    assert whole(EVTX, detector).tally.matched > 0


def test_a_broken_archive_gives_what_stood_before_and_says_so(detector: BatchDetector) -> None:
    noise = Random(7).randbytes(400_000)  # noqa: S311 - what does not shrink
    content = gzip.compress(lines(BAD) + noise)[:-200_000]
    tally = whole(content, detector).tally
    assert tally.matched == 1
    assert [fault.line for fault in tally.faults[:2]] == [0, 2]


def test_an_archive_that_unpacks_to_too_much_is_read_to_the_bound(
    detector: BatchDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNPACKED_BYTES_MAX", 1_000_000)
    bomb = gzip.compress(lines(BAD) + b" " * 900_000 + b"\n" + b" " * 200_000)
    tally = whole(bomb, detector).tally
    assert (tally.matched, tally.unread) == (1, 1)
    assert "more than" in tally.faults[0].reason


class TestPortions:
    def test_they_are_together_what_the_whole_is(
        self, detector: BatchDetector, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = lines(*([GOOD, BAD, b"x"] * 7))
        at_once, together, hits = whole(content, detector), Tally(), list[Hit]()
        monkeypatch.setattr(module, "PORTION_LINES", 4)
        batch = opened(content, detector)
        for place in range(0, 24, 4):
            portion = batch.portion(ROOM)
            assert (portion.lines, portion.is_last) == (min(4, 21 - place), place == 20)
            together.add(portion.tally)
            hits += portion.hits
        assert (together, hits) == (at_once.tally, at_once.hits)

    def test_one_goes_on_behind_the_lines_that_were_read_before(self, detector: BatchDetector, opened: Opened) -> None:
        batch = opened(lines(BAD, BAD, b"x", GOOD, BAD), detector)
        batch.skip_to(3)
        portion = batch.portion(ROOM)
        assert (portion.lines, [hit.line for hit in portion.hits], batch.read) == (2, [5], 5)
        batch.skip_to(9)
        assert batch.read == 5

    def test_hits_beyond_the_room_are_counted(self, detector: BatchDetector) -> None:
        portion = whole(lines(*[BAD] * 5), detector, Room(hits=2, signals=0))
        assert (len(portion.hits), portion.tally.matches, portion.tally.rules[WHOAMI.id].count) == (2, 5, 5)

    def test_the_event_is_kept_of_the_first_hits_of_a_rule(self, detector: BatchDetector) -> None:
        content, before = lines(*[BAD] * 12), {WHOAMI.id: Fired.of(WHOAMI).again(3, None, None)}
        hits = whole(content, detector, Room(hits=99, signals=0, events=99_999, rules=before)).hits
        assert [bool(hit.event) for hit in hits] == [True] * 7 + [False] * 5
        assert json.loads(hits[0].event) == BAD

    def test_events_take_so_many_bytes_and_a_long_one_is_left_out(self, detector: BatchDetector) -> None:
        length = len(json.dumps(BAD))
        content = lines(BAD | {"CommandLine": "x" * module.EVENT_BYTES_MAX}, BAD, BAD)
        portion = whole(content, detector, Room(hits=99, signals=0, events=length))
        assert [len(hit.event) for hit in portion.hits] == [0, length, 0]
        assert portion.event_bytes == length

    def test_an_event_of_an_array_is_kept_by_itself_unless_it_holds_what_is_no_text(
        self, detector: BatchDetector
    ) -> None:
        content = json.dumps([BAD, BAD | {"More": "\ud800"}], indent=1).encode()
        first, second = whole(content, detector, Room(hits=99, signals=0, events=99_999)).hits
        assert (json.loads(first.event), second.event) == (BAD, b"")

    def test_when_matches_were_is_counted_by_level(self, detector: BatchDetector) -> None:
        timeless = {name: value for name, value in BAD.items() if name != "UtcTime"}
        timeline = whole(lines(BAD, timeless, BAD), detector).tally.timeline
        assert [*timeline] == [(datetime(2026, 1, 31, 12, tzinfo=UTC), {WHOAMI.level: 2})]

    def test_many_hits_end_a_portion(
        self, detector: BatchDetector, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PORTION_HITS", 2)
        batch = opened(lines(*[BAD] * 5), detector)
        assert [batch.portion(ROOM).lines for _ in range(3)] == [2, 2, 1]

    def test_a_second_ends_a_portion_and_one_line_is_always_read(self, detector: BatchDetector, opened: Opened) -> None:
        class Fleeting(HandClock):
            def seconds(self) -> float:
                self.advance(10)
                return super().seconds()

        batch = opened(lines(GOOD, GOOD), detector, by=Fleeting())
        assert [batch.portion(ROOM).lines for _ in range(2)] == [1, 1]

    def test_faults_are_counted_all_and_told_at_first(self, detector: BatchDetector) -> None:
        tally = whole(b"x\n" * 250, detector).tally
        assert (tally.unread, len(tally.faults), tally.faults[-1].line) == (250, 100, 100)
        tally.add(Tally(unread=1, faults=[Fault(251, "It is no JSON.")]))
        assert (tally.unread, len(tally.faults)) == (251, 100)


class TestLooks:
    def test_length_counts_unpacked(self, detector: BatchDetector, opened: Opened) -> None:
        for content in (b"x" * 5_000_000, gzip.compress(b"x" * 5_000_000)):
            batch = opened(content, detector)
            assert batch.is_longer(4_999_999)
            assert not batch.is_longer(5_000_000)

    @pytest.mark.parametrize("content", [lines(*[GOOD] * 3_000), gzip.compress(lines(*[GOOD] * 90_000))])
    def test_how_much_of_it_is_read_is_known_by_its_bytes(
        self, detector: BatchDetector, opened: Opened, monkeypatch: pytest.MonkeyPatch, content: bytes
    ) -> None:
        monkeypatch.setattr(module, "PORTION_LINES", 1_000)
        batch = opened(content, detector)
        assert batch.share() == 0.0
        batch.portion(ROOM)
        assert 0.1 < batch.share() <= 1.0

    def test_of_an_evtx_file_too(
        self, detector: BatchDetector, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PORTION_LINES", 100)
        batch = opened(repeated(EVTX, 300), detector)
        shares = []
        for _ in range(3):
            batch.portion(ROOM)
            shares.append(batch.share())
        assert shares == sorted(shares)
        assert 0.2 < shares[0] < 1.0

    @pytest.mark.parametrize(
        ("content", "is_document"),
        [
            (b'[\n{"a":1}\n' + b" " * 300, True),
            (b'{"a":\n1}' + b" " * 300, True),
            (b'{"a":1}\n' * 100, False),
            (b"text\n" * 100, False),
            (b'{"a":\n1}', False),
            (EVTX, False),
            (gzip.compress(b"[\n" + b" " * 300, mtime=0), True),
        ],
    )
    def test_a_long_document_is_told_from_lines(
        self,
        detector: BatchDetector,
        opened: Opened,
        monkeypatch: pytest.MonkeyPatch,
        *,
        content: bytes,
        is_document: bool,
    ) -> None:
        monkeypatch.setattr(module, "DOCUMENT_BYTES_MAX", 200)
        batch = opened(content, detector)
        assert batch.is_long_document() is is_document


class TestClosing:
    def test_a_closed_batch_reads_nothing_more(self, detector: BatchDetector, opened: Opened) -> None:
        batch = opened(lines(BAD), detector)
        batch.close()
        assert batch.portion(ROOM).lines == 0
        batch.skip_to(1)
        assert batch.read == 0

    def test_one_that_was_never_opened_is_not_read(self, detector: BatchDetector, clock: HandClock) -> None:
        batch = Batch(lines(BAD), detector, clock=clock)
        with pytest.raises(ValueError, match="opened before"):
            batch.portion(ROOM)
        batch.close()

    def test_one_that_is_opened_after_it_was_closed_leaves_no_file_open(
        self, detector: BatchDetector, clock: HandClock
    ) -> None:
        batch = Batch(lines(BAD), detector, clock=clock)
        batch.close()
        batch.open()
        assert batch.portion(ROOM).lines == 0

    def test_it_may_be_closed_while_another_thread_reads(self, detector: BatchDetector, clock: HandClock) -> None:
        reached, closed = threading.Event(), threading.Event()

        class Slow(BatchDetector):
            def of_records(self, records: tuple[Record, ...], choice: Choice = EVERYTHING) -> Any:  # noqa: ANN401 - what rules say
                reached.set()
                closed.wait(10)
                return detector.of_records(records, choice)

        batch, portions = Batch(lines(BAD, BAD), Slow(), clock=clock), list[Portion]()
        batch.open()
        reader = threading.Thread(target=lambda: portions.append(batch.portion(ROOM)))
        reader.start()
        assert reached.wait(10)
        batch.close()
        closed.set()
        reader.join(10)
        assert [portion.lines for portion in portions] == [1]

    def test_no_file_of_it_has_a_name(
        self, detector: BatchDetector, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing of a batch outlives the process, however that ends."""
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        batch = opened(lines(BAD), detector)
        assert list(tmp_path.iterdir()) == []
        assert batch.portion(ROOM).lines == 1


class TestRules:
    def test_those_of_calls_are_those_of_batches(self) -> None:
        follower = BatchDetector()
        leading = LeadingDetector(follower)
        assert whole(lines(BAD), follower).tally.matched == 0
        leading.use(Engine([WHOAMI]))
        assert whole(lines(BAD), follower).tally.matched == 1
        event = Record(PROCESSES, {"Image": "C:\\whoami.exe"})
        assert leading.of_records([event]).matches == follower.of_records((event,)).matches

    def test_what_batches_count_together_is_silent_in_them_and_told_to_calls(self) -> None:
        follower = BatchDetector()
        leading = LeadingDetector(follower)
        leading.use(Engine([WHOAMI]), PLAN)
        assert follower.plan is PLAN
        portion = whole(lines(BAD, GOOD, BAD), follower)
        assert (portion.tally.matched, portion.tally.silenced, portion.hits) == (0, 2, [])
        at = datetime(2026, 1, 31, 12, tzinfo=UTC)
        assert portion.signals == [
            Signal(WHOAMI.id, line, at, {"Image": ("c:\\windows\\whoami.exe",)}) for line in ("1", "3")
        ]
        assert len(leading.of_records([Record(PROCESSES, {"Image": "C:\\whoami.exe"})]).matches) == 1

    def test_what_has_no_room_until_the_end_is_counted(self, detector: BatchDetector) -> None:
        detector.use(Engine([WHOAMI]), PLAN)
        portion = whole(lines(BAD, BAD, BAD), detector, Room(hits=9, signals=300))
        assert (len(portion.signals), portion.tally.uncounted) == (2, 1)
        assert portion.letters <= 300

    def test_much_to_be_counted_ends_a_portion(
        self, detector: BatchDetector, opened: Opened, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PORTION_SIGNAL_BYTES", 150)
        detector.use(Engine([WHOAMI]), PLAN)
        batch = opened(lines(*[BAD] * 5), detector)
        assert [batch.portion(ROOM).lines for _ in range(3)] == [2, 2, 1]

    def test_many_threads_are_told_what_one_is_told(self, detector: BatchDetector) -> None:
        events = [process(f"C:\\{number % 50}\\whoami.exe" if number % 3 else f"C:\\{number}") for number in range(600)]
        content = lines(*events)
        alone, found = whole(content, detector), list[Portion]()
        threads = [threading.Thread(target=lambda: found.append(whole(content, detector))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert found == [alone] * 4

    def test_times_are_the_first_and_the_last_that_are_told(self) -> None:
        early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
        fired = Fired.of(WHOAMI).again(1, None, None)
        assert (fired.count, fired.first, fired.last) == (1, None, None)
        fired = fired.again(1, late, late).again(2, early, early)
        assert (fired.count, fired.first, fired.last) == (4, early, late)


@pytest.mark.parametrize(
    "hostile",
    [
        b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000,
        b'{"EventID":' + b"9" * 5_000 + b"}", b'{"Image":"\\ud800"}', b"null",
    ],
)  # fmt: skip
def test_a_hostile_line_costs_none_of_the_others(detector: BatchDetector, hostile: bytes) -> None:
    portion = whole(lines(BAD, hostile, BAD), detector)
    assert [hit.line for hit in portion.hits] == [1, 3]
    assert portion.tally.unread + portion.tally.unrecognised == 1
    assert portion.tally.faults[0].line == 2


def test_a_rule_in_force_is_found_by_its_id(detector: BatchDetector) -> None:
    assert detector.rule(WHOAMI.id) == WHOAMI
    assert detector.rule(DROPPED.id) is None
    assert BatchDetector().rule(WHOAMI.id) is None
