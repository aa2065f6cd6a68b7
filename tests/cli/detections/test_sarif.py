"""The matches as SARIF: what the format requires, and nothing that breaks a reader."""

import json
from pathlib import Path
from typing import Any

from cybervault.cli.detections.sarif import link_of, log_of
from cybervault.cli.detections.tally import KEPT_MAX, Place, Tally
from cybervault.detection.engine import Match
from cybervault.detection.lines import BadLine
from tests.cli.detections.found import HOSTILE, a_bad_one, a_rule, add, tally_of


def run_of(tally: Tally) -> dict[str, Any]:
    log = json.loads(json.dumps(log_of(tally)))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_each_rule_is_described_and_each_match_points_to_its_rule_and_line() -> None:
    rule = a_rule(
        "Shell", "execution", "t1059.001", "t9999", author="Ann", references=["ftp://x", "https://a.example"]
    )  # fmt: skip
    run = run_of(tally_of([a_rule("Low", level="low")], [rule, a_rule("Mid", level="medium")]))
    driver = run["tool"]["driver"]
    shell, middle, low = driver["rules"]
    assert (shell["id"], shell["helpUri"], shell["shortDescription"]) == (
        rule.id,
        "https://a.example",
        {"text": "Shell"},
    )
    assert shell["properties"]["tags"] == ["security", "T1059.001 PowerShell", "T9999"]
    assert (shell["properties"]["author"], shell["properties"]["security-severity"]) == ("Ann", "8.0")
    assert [one["defaultConfiguration"]["level"] for one in (shell, middle, low)] == ["error", "warning", "note"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
    match = run["results"][1]
    assert match["message"]["text"] == "Shell on ws-1 by anna at 2026-11-01T09:00:00Z."
    (place,) = match["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "events.ndjson"}, "region": {"startLine": 2}}


def test_a_place_is_a_uri_and_lines_count_from_one() -> None:
    tally, rule = Tally(), a_rule()
    for path in ("/data/ä b.json", "sub folder/x#1.json"):
        for _ in tally.add(Place(Path(path), 0), [Match(rule, is_certain=False)]):
            pass
    places = [one["locations"][0]["physicalLocation"] for one in run_of(tally)["results"]]
    assert [one["artifactLocation"]["uri"] for one in places] == [
        "file:///data/%C3%A4%20b.json",
        "sub%20folder/x%231.json",
    ]
    assert places[0]["region"] == {"startLine": 1}
    assert run_of(tally)["results"][0]["message"]["text"] == "A rule. What would exclude it was not told."


def test_what_was_not_read_and_what_is_left_out_is_said() -> None:
    tally, rule = Tally(), a_rule()
    for line in range(KEPT_MAX + 1):
        add(tally, [rule], line=line)
    tally.unknown["It has no form."] += 2
    tally.bad_line(Path("x.json"), BadLine(3, "It is no JSON."))
    run = run_of(tally)
    texts = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts == [
        "2 events were not looked at: It has no form.",
        "Not an event: x.json:3: It is no JSON.",
        "The first 10,000 of 10,001 matches are in this log.",
    ]
    assert (run["properties"]["matchesShown"], len(run["results"])) == (KEPT_MAX, KEPT_MAX)


def test_hostile_text_is_written_as_text() -> None:
    run = run_of(tally_of([a_rule(HOSTILE, author=HOSTILE)], Computer=HOSTILE, User="\ud800"))
    assert "\\x1b[31m\\u202e" in run["results"][0]["message"]["text"]
    assert json.dumps(run, ensure_ascii=False).encode()


def test_only_an_address_of_the_web_is_a_link() -> None:
    assert link_of(["javascript:alert(1)", "https://a\nb"]) == ""


def test_bad_indicators_are_results_on_hosts() -> None:
    tally = tally_of([a_rule()])
    both = a_bad_one("198.51.100.42", "pc-7", "pc-8")
    tally.indicators = [both, a_bad_one("198.51.100.43"), a_bad_one("evil.example")]
    run = run_of(tally)
    assert [one["id"] for one in run["tool"]["driver"]["rules"][1:]] == ["malicious_ipv4", "malicious_domain"]
    first, second, third = run["results"][1:]
    assert (first["ruleId"], third["ruleId"], first["level"]) == ("malicious_ipv4", "malicious_domain", "error")
    assert first["message"]["text"] == "Malicious ipv4 198.51.100.42, named by 4 events on pc-7, pc-8. As it is."
    assert [one["name"] for one in first["locations"][0]["logicalLocations"]] == ["pc-7", "pc-8"]
    assert second["locations"] == []
