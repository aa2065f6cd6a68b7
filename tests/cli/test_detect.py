"""`cybervault detect`: rules on files of telemetry, for people and for machines."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from cybervault.cli.detect import EXIT_INTERRUPTED, EXIT_MATCHED
from cybervault.cli.detections import tally
from cybervault.detection.lines import Found
from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.detection.sigma import selecting, text_of
from tests.fakes.processes import environment
from tests.fakes.threats import BAD

CONNECTION = {
    "Channel": "Microsoft-Windows-Sysmon/Operational",
    "EventID": 3,
    "UtcTime": "2026-11-01 08:00:00.000",
    "EventTime": "2026-11-01T08:00:00Z",
    "Image": "C:\\Temp\\x.exe",
    "Initiated": "true",
    "DestinationIp": "198.51.100.42",
    "DestinationPort": "4444",
}
QUIET = CONNECTION | {"DestinationPort": "443"}
RULE = "Outgoing connection to a default port of a remote access tool"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    lines = [CONNECTION, QUIET, CONNECTION, {"what": "ever"}]
    path.write_text("\n".join([*map(json.dumps, lines), "nonsense"]))
    return path


def test_rules_that_fire_are_shown_with_how_often_and_what_was_not_read(run: Run, events: Path) -> None:
    result = run("detect", str(events))
    assert result.exit_code == EXIT_MATCHED
    (line,) = [line for line in result.stdout.splitlines() if RULE in line]
    assert line.split()[:3] == ["high", "2", "T1571"]
    assert "4 events" in result.stderr
    assert "2 with a match" in result.stderr
    assert "1 event was not looked at: The event has the form of none" in result.stderr
    assert "events.ndjson:5: It is no JSON." in result.stderr


def test_each_match_is_a_line_for_machines(run: Run, events: Path) -> None:
    result = run("detect", str(events), "--ndjson")
    matches = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["file"], one["line"], one["title"]) for one in matches] == [
        ("events.ndjson", 1, RULE),
        ("events.ndjson", 3, RULE),
    ]
    assert (matches[0]["author"], matches[0]["at"]) == ("CyberVault", "2026-11-01T08:00:00Z")


def test_what_is_not_certain_is_said_and_so_is_a_missing_time(run: Run, tmp_path: Path) -> None:
    excerpt = {"class_uid": 4001, "dst_endpoint": {"ip": "198.51.100.42", "port": 4444}, "direction_id": 2}
    own = text_of(
        {"a": {"DestinationPort": 4444}, "condition": "a"}, title="Own", logsource={"category": "network_connection"}
    )
    (tmp_path / "own.yml").write_text(own)
    (tmp_path / "events.json").write_text(json.dumps(excerpt))
    result = run("detect", str(tmp_path / "events.json"), "--rules", str(tmp_path / "own.yml"), "--ndjson")
    assert [json.loads(line)["at"] for line in result.stdout.splitlines()] == [None] * len(result.stdout.splitlines())


def test_the_whole_is_one_document(run: Run, events: Path) -> None:
    found = document(run("detect", str(events), "--json"))
    assert (found["events"], found["events_matched"]) == (4, 2)
    assert (found["lines_not_read"], found["events_not_recognised"]) == (1, 1)
    assert [(one["title"], one["count"]) for one in found["rules"]] == [(RULE, 2)]
    assert found["entities"] == []


def test_several_processes_give_the_same_answers_in_the_same_order(run: Run, events: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.ndjson"
    more.write_text("\n".join(json.dumps([CONNECTION, QUIET][number % 3 > 0]) for number in range(1200)))
    for form in ("--json", "--ndjson", "--timeline"):
        alone, together = (run("detect", str(events), str(more), form, *more_) for more_ in ((), ("--workers", "2")))
        assert together.stdout == alone.stdout
        assert together.exit_code == alone.exit_code == EXIT_MATCHED
        said = [line for line in alone.stderr.splitlines() if "a second" not in line]
        assert [line for line in together.stderr.splitlines() if "a second" not in line] == said
    assert "1,204 events" in together.stderr


def test_hosts_and_users_are_told_by_their_risk(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "named.ndjson"
    path.write_text(json.dumps(CONNECTION | {"Computer": "finance-07"}))
    (one,) = document(run("detect", str(path), "--json"))["entities"]
    assert (one["kind"], one["name"], one["risk_score"], one["is_incident"]) == ("host", "finance-07", 73.0, False)
    assert (one["at"], one["matches"], one["tactics"]) == ("2026-11-01T08:00:00Z", 1, ["command-and-control"])
    assert [part["points"] for part in one["breakdown"]] == [73.0]


def test_own_rules_come_beside_those_that_ship_and_their_faults_are_told(
    run: Run, events: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    own = text_of(selecting(Image__endswith="\\x.exe"), title="Own", logsource={"category": "network_connection"})
    (tmp_path / "own" / "own.yml").write_text(own)
    (tmp_path / "own" / "broken.yml").write_text("- x")
    result = run("detect", str(events), "--rules", str(tmp_path / "own"), "--json")
    assert {one["title"] for one in json.loads(result.stdout)["rules"]} == {RULE, "Own"}
    assert "own: broken.yml:1: it is no rule" in result.stderr


def test_only_rules_from_the_wanted_level_are_asked(run: Run, events: Path) -> None:
    result = run("detect", str(events), "--from", "critical", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["rules"] == []


def test_rules_that_are_not_there_are_a_problem(run: Run, events: Path, tmp_path: Path) -> None:
    result = run("detect", str(events), "--rules", str(tmp_path / "gone"))
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "bad_rules"


def test_matches_are_shown_by_time_with_their_place(run: Run, events: Path) -> None:
    result = run("detect", str(events), "--timeline")
    rows = [line for line in result.stdout.splitlines() if RULE[:20] in line]
    assert [row.split()[:3] for row in rows] == [["2026-11-01", "08:00:00", "high"]] * 2
    assert "events.ndjson:3" in rows[1]


def test_all_reports_are_written_of_one_run(run: Run, events: Path, tmp_path: Path) -> None:
    html, layer, log = tmp_path / "a.html", tmp_path / "layer.json", tmp_path / "a.sarif"
    html.write_text("old")
    result = run("detect", str(events), "--html", str(html), "--navigator", str(layer), "--sarif", str(log))
    assert result.exit_code == EXIT_MATCHED
    assert RULE in html.read_text()
    (technique,) = json.loads(layer.read_text())["techniques"]
    assert (technique["techniqueID"], technique["tactic"], technique["score"]) == ("T1571", "command-and-control", 2)
    assert len(json.loads(log.read_text())["runs"][0]["results"]) == 2
    assert not list(tmp_path.glob("*.part"))


def test_a_report_that_cannot_be_written_is_said_before_the_work(run: Run, events: Path, tmp_path: Path) -> None:
    result = run("detect", str(events), "--html", str(tmp_path / "gone" / "a.html"))
    assert result.exit_code == 2
    assert "Invalid value for --html" in result.stderr
    assert "No such file or directory" in " ".join(result.stderr.split())
    assert "events" not in result.stdout


def test_a_report_never_replaces_telemetry(run: Run, events: Path) -> None:
    before = events.read_bytes()
    assert run("detect", str(events), "--sarif", str(events)).exit_code == 2
    assert events.read_bytes() == before


def test_rules_that_cannot_be_read_leave_no_part_of_a_report(run: Run, events: Path, tmp_path: Path) -> None:
    run("detect", str(events), "--html", str(tmp_path / "a.html"), "--rules", str(tmp_path / "gone"))
    assert not list(tmp_path.glob("a.html*"))


def test_several_files_are_one_run(run: Run, events: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps(CONNECTION))
    found = document(run("detect", str(events), str(other), "--json"))
    (rule,) = found["rules"]
    assert (rule["count"], rule["first"], rule["last"]) == (3, "2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z")


def test_a_very_long_timeline_says_that_it_is_cut(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (import_module("cybervault.cli.detect"), tally):
        monkeypatch.setattr(place, "KEPT_MAX", 3)
    path = tmp_path / "many.ndjson"
    path.write_text((json.dumps(CONNECTION) + "\n") * 4)
    result = run("detect", str(path), "--timeline")
    assert "The first 3 of 4 matches are shown." in result.stderr
    assert result.stdout.count("high") == 3


def test_what_was_asked_before_and_is_bad_is_found_in_every_form(run: Run, tmp_path: Path) -> None:
    path, html, log = tmp_path / "named.ndjson", tmp_path / "a.html", tmp_path / "a.sarif"
    lines = [QUIET | {"DestinationIp": to, "Computer": "finance-07"} for to in (BAD, "198.51.100.7", BAD)]
    path.write_text("\n".join(map(json.dumps, lines)))
    before = run("detect", str(path))
    assert before.exit_code == 0
    assert "were not looked up: no answer about any is remembered" in before.stderr
    run("analyze", BAD, "--no-ai")
    found = run("detect", str(path), "--html", str(html), "--sarif", str(log))
    assert found.exit_code == EXIT_MATCHED
    (row,) = [line for line in found.stdout.splitlines() if BAD in line]
    assert row.split()[1:5] == ["2", "Malicious", "ipv4", BAD]
    assert "2 addresses, domains and hashes were looked up; 1 known to be bad." in found.stderr
    whole = document(run("detect", str(path), "--json"))
    assert whole["indicators_looked_up"] == 2
    (indicator,), (entity,) = whole["indicators"], whole["entities"]
    assert indicator["hosts"] == [{"name": "finance-07", "at": "2026-11-01T08:00:00Z"}]
    assert entity["breakdown"] == [
        {"rule_id": None, "points": indicator["score"], "verdict": "malicious", "indicator": "ipv4"}
    ]
    assert document(run("detect", str(path), "--json", "--workers", "2")) == whole
    (line,) = run("detect", str(path), "--ndjson").stdout.splitlines()
    assert json.loads(line) == indicator
    assert BAD in run("detect", str(path), "--timeline").stdout
    assert BAD in html.read_text()
    assert json.loads(log.read_text())["runs"][0]["results"][0]["ruleId"] == "malicious_ipv4"
    left = run("detect", str(path), "--no-knowledge", "--json")
    assert left.exit_code == 0
    assert document(left)["indicators_looked_up"] is None
    assert "looked up" not in left.stderr


def test_folders_are_looked_through_and_what_is_left_out_is_said(run: Run, events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    for host in ("a", "b"):
        (folder / host).mkdir(parents=True)
        (folder / host / "sysmon.NDJSON").write_text(json.dumps(CONNECTION))
    (folder / "notes.txt").write_text("hello")
    found = run("detect", str(folder), str(events), "--ndjson")
    names = [json.loads(line)["file"] for line in found.stdout.splitlines()]
    assert names == ["a/sysmon.NDJSON", "b/sysmon.NDJSON", "events.ndjson", "events.ndjson"]
    assert "1 file of other kinds in folders left out" in found.stderr


def test_a_file_without_an_event_is_named(run: Run, events: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_bytes(b"")
    result = run("detect", str(events), str(tmp_path / "empty.json"))
    assert "No event in empty.json." in result.stderr
    quiet = run("detect", str(tmp_path / "empty.json"))
    assert quiet.stdout == "No rule fired.\n"
    assert "0 events; 0 with a match" in quiet.stderr


def test_a_file_that_cannot_be_read_stops_none_of_the_others(run: Run, events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "gone.json").symlink_to(tmp_path / "nowhere")
    result = run("detect", str(folder), str(events))
    assert result.exit_code == EXIT_MATCHED
    assert "gone.json: It cannot be read: No such file or directory." in result.stderr


def test_an_interrupt_shows_what_was_found_until_then(
    run: Run, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("cybervault.cli.detect")
    read = module.events_of

    def interrupted(path: Path) -> Iterator[Found]:
        if path.name == "later.json":
            raise KeyboardInterrupt
        yield from read(path)

    monkeypatch.setattr(module, "events_of", interrupted)
    (tmp_path / "later.json").write_text(json.dumps(CONNECTION))
    html = tmp_path / "a.html"
    result = run("detect", str(events), str(tmp_path / "later.json"), "--html", str(html))
    assert result.exit_code == EXIT_INTERRUPTED
    assert RULE in result.stdout
    said = "Interrupted: 1 of 2 files were looked through to the end, and correlations were not counted. No report"
    assert said in result.stderr
    assert not list(tmp_path.glob("a.html*"))


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
def test_a_report_without_room_costs_nothing_that_was_found(run: Run, events: Path, tmp_path: Path) -> None:
    (tmp_path / "a.html.part").symlink_to("/dev/full")
    result = run("detect", str(events), "--html", str(tmp_path / "a.html"))
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "report_not_written"
    assert RULE in result.stdout


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", ["--ndjson", "--timeline"])
def test_a_full_disk_is_said_in_one_line(events: Path, data: Path, form: str) -> None:
    command = [sys.executable, "-m", "cybervault", "detect", str(events), form, "--data", str(data)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True, env=environment())
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "cybervault: the output cannot be written: No space left on device."
    assert "Traceback" not in done.stderr


def test_standard_input_is_read_and_evtx_there_too(data: Path) -> None:
    command = [sys.executable, "-m", "cybervault", "detect", "-", "--json", "--data", str(data)]
    evtx = gzip.decompress((Path(__file__).parents[1] / "cases/evtx/certutil_drops_a_file.evtx.gz").read_bytes())
    for content in (json.dumps(CONNECTION).encode(), evtx):
        done = subprocess.run(command, check=False, input=content, capture_output=True, env=environment())
        assert json.loads(done.stdout)["events"] == 1


def test_rules_that_were_installed_and_cannot_be_used_are_counted_only(run: Run, events: Path, data: Path) -> None:
    pack = data / "rules" / "packs" / "own"
    pack.mkdir(parents=True)
    (pack / "broken.yml").write_text("- x")
    result = run("detect", str(events))
    assert "1 rule in force cannot be used: `cybervault rules list` says which." in result.stderr
    assert "broken.yml" not in result.stderr
