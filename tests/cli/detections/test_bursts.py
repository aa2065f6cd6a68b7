"""Correlations over files: told at the end, each once, where it began, and what could not be counted is said."""

from datetime import timedelta
from pathlib import Path

from cybervault.cli.detections.bursts import FileBursts
from cybervault.cli.detections.tally import Tally
from cybervault.detection.correlate.plan import plan_of
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.record import Record, Value
from tests.cli.detections.found import AT, a_rule
from tests.detection.correlation import correlation
from tests.detection.sigma import PROCESSES

BASE = a_rule("Base")
MANY = correlation({"rules": [BASE.id], "condition": {"gte": 2}, "timespan": "10m"})
FIRST, SECOND = Path("first.json"), Path("second.json")
PLAN = plan_of([MANY], [BASE])


def looked_through(bursts: FileBursts, *events: tuple[Path, int, dict[str, Value], float | None]) -> None:
    detector = Detector(Engine([BASE]), PLAN)
    for path, line, fields, minutes in events:
        at = None if minutes is None else AT + timedelta(minutes=minutes)
        record = Record(PROCESSES, {"Image": "C:\\x.exe"} | fields, at)
        bursts.add(path, line, detector.of_records([record]).signals)


def test_a_burst_over_two_files_is_one_match_where_it_began() -> None:
    bursts, tally = FileBursts(PLAN), Tally()
    looked_through(bursts, (FIRST, 7, {"User": "Ann"}, 5), (SECOND, 3, {"User": "ann"}, 1), (SECOND, 4, {}, 2))
    (kept,) = bursts.told(tally)
    assert (kept.rule.title, kept.path, kept.line) == (MANY.rule.title, SECOND, 3)
    assert (kept.user, kept.at) == ("ann", AT + timedelta(minutes=1))
    (seen,) = tally.ranked()
    assert dict(seen.samples[0].fields)["count"] == "2"
    assert (tally.events, tally.matched, tally.matches) == (0, 0, 1)
    assert bursts.left_out() == ("1 matches lack a field that a correlation goes by, so it does not count them.",)


def test_slow_events_are_no_burst() -> None:
    bursts = FileBursts(PLAN)
    looked_through(bursts, (FIRST, 1, {"User": "ann"}, 0), (FIRST, 2, {"User": "ann"}, 11))
    assert list(bursts.told(Tally())) == []
    assert bursts.left_out() == ()


def test_what_has_no_time_is_not_counted_and_said() -> None:
    bursts = FileBursts(PLAN)
    looked_through(bursts, (FIRST, 1, {"User": "ann"}, None), (FIRST, 2, {"User": "ann"}, 1))
    assert list(bursts.told(Tally())) == []
    assert bursts.left_out() == ("1 matches have no time, so no correlation counts them.",)
