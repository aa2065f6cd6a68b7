"""What people see in a terminal."""

from io import StringIO

import pytest
from rich.console import Console
from rich.table import Table

from cybervault.cli.detections.shown import rules_table, tell, tell_incidents, timeline
from cybervault.cli.detections.tally import Tally
from cybervault.detection.engine import Match
from tests.cli.detections.found import AT, HOSTILE, a_bad_one, a_rule, add, tally_of


def printed(table: Table) -> list[str]:
    file = StringIO()
    Console(file=file, width=160, markup=False).print(table)
    return file.getvalue().splitlines()


def test_a_rule_has_a_row_with_its_technique_and_its_doubts() -> None:
    rule = a_rule("Shell", "t1059")
    (_, row) = printed(rules_table(tally_of([Match(rule, is_certain=False)]).ranked()))
    assert row.split() == ["high", "1", "T1059", "2026-11-01", "08:00", "Shell", "(1", "not", "certain)"]


def test_matches_stand_in_the_order_of_their_time_with_host_user_and_place() -> None:
    tally = tally_of([a_rule("First", level="low")], [Match(a_rule("Second"), is_certain=False)])
    add(tally, [a_rule("Third")], at=None)
    (head, *rows) = printed(timeline(tally))
    assert head.split() == ["time", "level", "rule", "host", "user", "where"]
    assert [" ".join(row.split()) for row in rows] == [
        "2026-11-01 08:00:00 low First ws-1 anna events.ndjson:1",
        "2026-11-01 09:00:00 high Second (not certain) ws-1 anna events.ndjson:2",
        "high Third ws-1 anna events.ndjson:1",
    ]


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    tally = tally_of([a_rule(HOSTILE)], Computer=HOSTILE, User=HOSTILE)
    text = "".join([*printed(timeline(tally)), *printed(rules_table(tally.ranked()))])
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_sum_and_what_was_not_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(events=10, matched=2, bad_count=9, bad=[f"x:{line}" for line in range(9)])
    tally.unknown["Why."] = 3
    tell(tally, 2.0)
    assert capsys.readouterr().err.splitlines() == [
        "10 events, 5 a second; 2 with a match, 0 rules.",
        "3 events were not looked at: Why.",
        "9 lines are no events:",
        *(f"  x:{line}" for line in range(5)),
    ]
    tell(Tally(), 0.0)
    assert capsys.readouterr().err == "0 events; 0 with a match, 0 rules.\n"


def test_hosts_and_users_that_are_incidents_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    rules = [a_rule("One", "impact"), a_rule("Two", "execution")]
    tell_incidents(tally_of(rules[:1]).entities(AT))
    assert capsys.readouterr().err == ""
    tell_incidents(tally_of(rules, Computer="\x1bpc").entities(AT))
    first, second = capsys.readouterr().err.splitlines()
    assert second == "Incident: user anna, risk 146, execution, impact."
    assert "\x1b" not in first
    many = tally_of()
    for number in range(8):
        add(many, rules, Computer=f"pc-{number}")
    tell_incidents(many.entities(AT))
    assert capsys.readouterr().err.splitlines()[-1] == "4 more hosts and users are incidents; --json has them."


def test_bad_indicators_stand_behind_the_rules_and_in_the_timeline_at_each_host() -> None:
    tally = tally_of([a_rule("Shell")])
    tally.indicators = [a_bad_one("198.51.100.42", "pc-7", HOSTILE, at=AT.replace(hour=7)), a_bad_one("evil.example")]
    (_, _, first, second) = printed(rules_table(tally.ranked(), tally.indicators))
    assert first.split()[:6] == ["critical", "4", "Malicious", "ipv4", "198.51.100.42", "(on"]
    assert second.split() == ["critical", "1", "Malicious", "domain", "evil.example"]
    (_, *rows) = printed(timeline(tally))
    assert [row.split()[2:6] for row in rows] == [
        *[["critical", "Malicious", "ipv4", "198.51.100.42"]] * 2,
        ["high", "Shell", "ws-1", "anna"],
        ["domain", "evil.example"],
    ]
    assert "pc-7" in rows[0]
    assert "\x1b" not in "".join([first, *rows])


def test_how_many_were_looked_up_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Tally(looked_up=1200, indicators=[a_bad_one()]), 0.0)
    said = "1,200 addresses, domains and hashes were looked up; 1 known to be bad."
    assert capsys.readouterr().err.splitlines()[1:] == [said]


def test_one_is_spoken_of_as_one_and_files_without_an_event_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(events=1, silent_files=[f"{number}.json" for number in range(7)])
    tally.unknown["Why."] = 1
    tell(tally, 0.5)
    assert capsys.readouterr().err.splitlines() == [
        "1 event; 0 with a match, 0 rules.",
        "No event in 0.json, 1.json, 2.json, 3.json, 4.json and 2 more.",
        "1 event was not looked at: Why.",
    ]
