"""`cybervault rules test`: faults with file and line, cases beside rules, and rules tried on telemetry."""

import json
import zipfile
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run
from tests.cli.test_detect import CONNECTION, QUIET
from tests.detection.sigma import selecting, text_of

CONNECTIONS = {"logsource": {"product": "windows", "category": "network_connection"}}
RULE = text_of(selecting(DestinationPort=4444), title="Port", **CONNECTIONS)
CASE = {
    "source": {"product": "windows", "categories": ["network_connection"], "service": ""},
    "matching": [{"DestinationPort": "4444"}],
    "other": [{"DestinationPort": "443"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good rule and its case."""
    made = tmp_path / "own"
    made.mkdir()
    (made / "port.yml").write_text(RULE)
    (made / "port.json").write_text(json.dumps(CASE))
    return made


def test_good_rules_are_good(run: Run, folder: Path) -> None:
    result = run("rules", "test", str(folder))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 rules, 0 filters, no faults.\n"


def test_faults_have_their_file_and_line(run: Run, folder: Path) -> None:
    (folder / "broken.yml").write_text(
        "title: x\nlogsource: {product: a}\ndetection: {a: {F|expand: '%x%'}, condition: a}\n"
    )
    (folder / "list.yml").write_text("- x\n")
    (folder / "nowhere.yml").write_text(
        text_of(selecting(A="b"), id=None, title="Nowhere", logsource={"definition": "x"})
    )
    (folder / "port.json").write_text(json.dumps(CASE | {"other": [{"DestinationPort": "4444"}]}))
    result = run("rules", "test", str(folder))
    assert result.exit_code == 1
    for text in (
        f"{folder / 'broken.yml'}:3: F holds a placeholder that nobody has filled in (x)",
        f"{folder / 'list.yml'}:1: it is no rule",
        f"{folder / 'port.json'}:1: event 1 of `other` fires",
    ):
        assert text in result.stdout


def test_a_rule_whose_log_source_names_nothing_is_for_no_event(run: Run, tmp_path: Path) -> None:
    text = text_of(selecting(A="b"), logsource={"product": ""}, title="Nowhere")
    (tmp_path / "x.yml").write_text(text)
    result = run("rules", "test", str(tmp_path / "x.yml"))
    assert result.exit_code == 1
    assert f"{tmp_path / 'x.yml'}:" in result.stdout


def test_a_case_that_is_none_is_a_fault_and_an_empty_folder_too(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "port.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    result = run("rules", "test", str(folder / "port.yml"), str(tmp_path / "empty"))
    assert f"{folder / 'port.json'}:1: it is no case: it has no events" in result.stdout
    assert f"{tmp_path / 'empty'}:1: there is no rule in it" in result.stdout


def test_rules_are_tried_on_telemetry_under_the_filters_beside_them(run: Run, folder: Path, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text("\n".join([*map(json.dumps, [CONNECTION, QUIET, *[CONNECTION] * 11, {"what": "ever"}]), "x"]))
    (folder / "quiet.yml").write_text(text_of(selecting(DestinationPort=1), id="4b89abaa-99fe-4232-afdd-000000000001",
                                              title="Quiet", **CONNECTIONS))  # fmt: skip
    result = run("rules", "test", str(folder), "--events", str(events))
    assert result.exit_code == 0
    assert "events.ndjson: Port: fires on 12 of 13 events: lines 1, 3, 4, 5, 6, 7, 8, 9, 10, 11 …" in result.stdout
    assert "events.ndjson: Quiet: fires on none of 13 events" in result.stdout
    assert "2 events were not read" in result.stderr
    (folder / "filter.yml").write_text(
        "title: F\nlogsource: {product: windows}\nfilter: {rules: any, s: {Image|endswith: x.exe}, condition: not s}\n"
    )
    assert "Port: fires on none" in run("rules", "test", str(folder), "--events", str(events)).stdout


def test_what_cannot_be_read_is_told(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("x.yml", RULE * 50)
    raw = bytearray(broken.read_bytes())
    raw[60:90] = bytes(30)
    broken.write_bytes(raw)
    result = run("rules", "test", str(broken))
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "bad_rules"
