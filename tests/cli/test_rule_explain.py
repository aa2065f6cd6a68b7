"""`cybervault rules explain`: which event of a file, which rule, and why."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.cli.test_detect import CONNECTION, QUIET, RULE
from tests.detection.sigma import selecting, text_of


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Four lines: what is no telemetry, what does not fire, what does, and nonsense."""
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join([*map(json.dumps, [{"what": "ever"}, QUIET, CONNECTION]), "nonsense"]))
    return path


def test_the_event_that_fires_is_explained(run: Run, events: Path) -> None:
    shown = run("rules", "explain", RULE, str(events)).stdout
    assert "events.ndjson:3" in shown
    assert "It fires." in shown
    assert "✓ DestinationPort is 4444 — “4444”" in shown


def test_a_line_can_be_named(run: Run, events: Path) -> None:
    shown = run("rules", "explain", RULE, str(events), "--line", "2").stdout
    assert "It does not fire." in shown
    assert "✗ DestinationPort is" in shown


@pytest.mark.parametrize(
    ("line", "said"), [("1", "form of none"), ("4", "no JSON"), ("9", "no event that can be read")]
)
def test_a_line_that_is_no_event_says_why(run: Run, events: Path, line: str, said: str) -> None:
    result = run("rules", "explain", RULE, str(events), "--line", line)
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "event_not_found"
    assert said in result.exception.message


def test_the_whole_is_one_document(run: Run, events: Path) -> None:
    told = document(run("rules", "explain", RULE, str(events), "--json"))
    assert (told["line"], told["verdict"], told["condition"]["outcome"]) == (3, "fires", "true")


def test_a_rule_may_be_a_file_under_the_filters_in_force(run: Run, events: Path, tmp_path: Path, data: Path) -> None:
    source = {"product": "windows", "category": "network_connection"}
    own = tmp_path / "own.yml"
    own.write_text(text_of(selecting(DestinationPort=4444), logsource=source))
    assert document(run("rules", "explain", str(own), str(events), "--json"))["verdict"] == "fires"
    (data / "rules" / "packs").mkdir(parents=True)
    (data / "rules" / "packs" / "f.yml").write_text(
        "title: F\nlogsource: {product: windows}\nfilter: {rules: any, s: {Image|endswith: x.exe}, condition: not s}\n"
    )
    told = document(run("rules", "explain", str(own), str(events), "--json"))
    assert (told["verdict"], told["condition"]["of"][1]["name"]) == ("silent", "filter F")


def test_of_events_that_do_not_fire_the_closest_is_explained(run: Run, tmp_path: Path) -> None:
    excerpt = {"class_uid": 4001, "dst_endpoint": {"ip": "198.51.100.42"}, "direction_id": 2}
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(map(json.dumps, [QUIET, excerpt])))
    told = document(run("rules", "explain", RULE, str(path), "--json"))
    assert told["verdict"] in {"silent", "undecided"}


@pytest.mark.parametrize("text", ["- x", "---\n".join([text_of(selecting(A="b")), text_of(selecting(A="c"), id=None)])])
def test_a_file_of_not_just_one_rule_is_told(run: Run, events: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yml").write_text(text.replace("id: null\n", ""))
    result = run("rules", "explain", str(tmp_path / "own.yml"), str(events))
    assert isinstance(result.exception, Problem)
    assert "is no file of one rule" in result.exception.message
