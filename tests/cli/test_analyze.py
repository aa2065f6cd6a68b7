"""`cybervault analyze`: what comes in, what comes out, and the exit status by verdict."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.upstream import Behaviour, UpstreamFarm

MALICIOUS, BENIGN, EICAR = "203.0.113.42", "8.8.8.8", "44d88612fea8a8f36de82e1278abb02f"


def test_one_indicator_for_people(run: Run) -> None:
    result = run("analyze", MALICIOUS, "--no-ai")
    assert result.exit_code == 30
    for expected in ("MALICIOUS", "203[.]0[.]113[.]42", "VirusTotal", "starting point", "sum"):
        assert expected in result.stdout


def test_the_words_of_the_model_are_shown_as_its_own(run: Run) -> None:
    result = run("analyze", MALICIOUS)
    assert "Written by a language model" in result.stdout


def test_many_indicators_become_one_table(run: Run) -> None:
    result = run("analyze", MALICIOUS, "evil[.]example", EICAR, "--no-ai")
    assert result.exit_code == 30
    for expected in ("evil[.]example", EICAR, "malicious"):
        assert expected in result.stdout


@pytest.mark.parametrize(("indicator", "status"), [(BENIGN, 0), ("198.51.100.77", 10), (MALICIOUS, 30)])
def test_the_exit_status_tells_the_verdict(run: Run, farm: UpstreamFarm, indicator: str, status: int) -> None:
    if status == 10:
        farm.set_default(Behaviour.NOT_FOUND)
    assert run("analyze", indicator, "--no-ai", "--json").exit_code == status


def test_the_worst_verdict_wins(run: Run) -> None:
    assert run("analyze", BENIGN, MALICIOUS, "--no-ai", "--json").exit_code == 30


def test_one_json_document_in_the_order_given(run: Run) -> None:
    results = document(run("analyze", MALICIOUS, BENIGN, "--no-ai", "--json"))["results"]
    assert [one["value"] for one in results] == [MALICIOUS, BENIGN]
    assert results[0]["verdict"] == "malicious"
    assert {source["name"] for source in results[0]["sources"]} >= {"local", "virustotal", "abuseipdb"}


def test_one_json_object_a_line(run: Run) -> None:
    lines = run("analyze", MALICIOUS, BENIGN, "--no-ai", "--ndjson").stdout.splitlines()
    assert {json.loads(line)["value"] for line in lines} == {MALICIOUS, BENIGN}


def test_lines_of_a_file_and_of_standard_input(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"# seen today\n\n{MALICIOUS}\n")
    from_file = document(run("analyze", "--file", str(listed), "--no-ai", "--json"))["results"]
    assert [one["input"] for one in from_file] == [MALICIOUS]
    for words in (("analyze", "-"), ("analyze",)):
        result = run(*words, "--no-ai", "--json", text=f"{BENIGN}\nevil[.]example\n")
        assert [one["value"] for one in document(result)["results"]] == [BENIGN, "evil.example"]


def test_a_line_that_cannot_be_read_loses_no_other(run: Run) -> None:
    result = run("analyze", "nothing", BENIGN, "--no-ai", "--json")
    bad, good = document(result)["results"]
    assert result.exit_code == 1
    assert set(bad) == {"input", "error"}
    assert good["verdict"] == "benign"


def test_nothing_to_analyse_is_said(run: Run) -> None:
    result = run("analyze", text="")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "nothing_to_analyze"


def test_only_the_named_source_is_asked(run: Run, farm: UpstreamFarm) -> None:
    run("analyze", MALICIOUS, "--source", "virustotal", "--no-ai", "--json")
    assert farm.calls("virustotal")
    assert not farm.calls("abuseipdb")


def test_a_source_nobody_has_is_named(run: Run) -> None:
    result = run("analyze", MALICIOUS, "--source", "virustotl")
    assert isinstance(result.exception, Problem)
    assert "virustotl" in result.exception.message


@pytest.mark.parametrize("marking", ["TLP:RED", "TLP:AMBER+STRICT"])
def test_what_must_not_leave_does_not_leave(run: Run, farm: UpstreamFarm, marking: str) -> None:
    result = run("analyze", MALICIOUS, "--tlp", marking, "--json")
    sources = document(result)["results"][0]["sources"]
    assert {one["outcome"] for one in sources if one["name"] != "local"} == {"skipped_tlp"}
    assert not any(farm.calls(name) for name in ("virustotal", "abuseipdb", "internetdb", "greynoise", "chat"))


def test_a_model_that_fails_does_not_cost_the_score(run: Run, farm: UpstreamFarm) -> None:
    farm.set("chat", Behaviour.UNAUTHORIZED)
    result = run("analyze", MALICIOUS, "--json")
    (report,) = document(result)["results"]
    assert report["verdict"] == "malicious"
    assert report["narrative"] is None
    assert report["narrative_error"]


def test_the_words_are_in_the_document(run: Run) -> None:
    (report,) = document(run("analyze", MALICIOUS, "--json", "--lang", "es"))["results"]
    assert "Veredicto" in report["narrative"]
