"""What became of all events: everything is counted, and single matches are kept within bounds."""

from pathlib import Path
from typing import Any

from cybervault.cli.detections.tally import (
    BAD_MAX,
    KEPT_MAX,
    SAMPLE_FIELDS_MAX,
    SAMPLE_VALUE_MAX,
    SAMPLES_MAX,
    Place,
    Tally,
)
from cybervault.detection.engine import Match
from cybervault.detection.lines import BadLine
from cybervault.detection.record import Record
from cybervault.domain.verdicts import Severity
from tests.cli.detections.found import AT, a_rule, add, tally_of
from tests.detection.sigma import PROCESSES


def test_rules_are_counted_with_their_first_and_last_time() -> None:
    one, other = a_rule("One"), a_rule("Other", level="critical")
    tally = tally_of([one], [one, Match(other, is_certain=False)], [])
    assert (tally.events, tally.matched, tally.matches) == (3, 2, 3)
    assert [(seen.rule.title, seen.count, seen.uncertain) for seen in tally.ranked()] == [
        ("Other", 1, 1),
        ("One", 2, 0),
    ]
    assert (tally.rules[one.id].first, tally.rules[one.id].last) == (AT, AT.replace(hour=9))
    assert [bar.total for bar in tally.moments.bars(2).bars] == [1, 1]


def test_an_event_without_a_time_is_counted_and_stands_last() -> None:
    tally = Tally()
    add(tally, [a_rule("One")], at=None)
    add(tally, [a_rule("Other")])
    assert [one.rule.title for one in tally.in_order()] == ["Other", "One"]
    assert (tally.rules[a_rule("One").id].first, tally.moments.bars(9).bars[0].total) == (None, 1)


def test_more_matches_than_are_kept_are_still_counted() -> None:
    tally, rule = Tally(), a_rule()
    for line in range(KEPT_MAX + 5):
        add(tally, [rule], line=line)
    assert (len(tally.kept), tally.matches, tally.rules[rule.id].count) == (KEPT_MAX, KEPT_MAX + 5, KEPT_MAX + 5)
    assert len(tally.rules[rule.id].samples) == SAMPLES_MAX


def test_of_an_event_the_fields_that_the_rule_asks_about_come_first() -> None:
    tally, rule = Tally(), a_rule()
    add(tally, [rule], CommandLine="x" * 5_000, Empty="", Gone=None, Many=("a", "b"))
    (sample,) = tally.rules[rule.id].samples
    assert sample.fields[0] == ("Image", "C:\\x.exe")
    assert sample.asked == 1
    assert dict(sample.fields)["CommandLine"] == "x" * SAMPLE_VALUE_MAX + "…"
    assert dict(sample.fields)["Many"] == "a, b"
    assert not {"Empty", "Gone"} & set(dict(sample.fields))


def test_an_event_of_very_many_fields_is_cut_and_says_so() -> None:
    tally, rule = Tally(), a_rule()
    fields: dict[str, Any] = {f"Field{number}": "x" for number in range(100)}
    add(tally, [rule], **fields)
    (sample,) = tally.rules[rule.id].samples
    assert (len(sample.fields), sample.left_out) == (SAMPLE_FIELDS_MAX, 103 - SAMPLE_FIELDS_MAX)


def test_room_for_samples_ends_and_counting_goes_on() -> None:
    tally, rule = Tally(letters=16_000_000), a_rule()
    add(tally, [rule])
    assert (tally.rules[rule.id].samples, tally.rules[rule.id].count) == ([], 1)


def test_hosts_are_counted_by_severity_and_further_ones_together() -> None:
    tally, rule = Tally(), a_rule()
    for number in range(10_005):
        add(tally, [rule], Computer=f"ws-{number}")
    assert tally.hosts["ws-1"] == {Severity.HIGH: 1}
    assert (len(tally.hosts), tally.hosts[""].total()) == (10_001, 5)


def test_lines_that_are_none_are_counted_and_the_first_are_named() -> None:
    tally = Tally()
    for line in range(BAD_MAX + 1):
        tally.bad_line(Path("a\x1b.json"), BadLine(line, "It is no JSON."))
    assert (tally.bad_count, len(tally.bad)) == (BAD_MAX + 1, BAD_MAX)
    assert tally.bad[0] == "a\\x1b.json: It is no JSON."


def test_the_fields_of_all_records_of_an_event_are_shown() -> None:
    tally, rule = Tally(), a_rule()
    records = (Record(PROCESSES, {"Image": "a"}), Record(PROCESSES, {"Image": "b", "Other": "c"}, AT))
    assert [one.at for one in tally.add(Place(Path("x"), 7, records), [Match(rule)])] == [AT]
    assert dict(tally.rules[rule.id].samples[0].fields) == {"Image": "a", "Other": "c"}
