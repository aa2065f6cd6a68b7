"""SARIF files of strangers, read behind walls."""

import json
from typing import Any

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.scans.sarif import RESULTS_MAX, read_sarif, tools_of
from tests.scans.sarifs import PARTS, in_parts, result, sarif

JSON = "application/json"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def code_of(body: bytes, content_type: str = JSON) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        read_sarif(body, content_type)
    return caught.value.kind, caught.value.code


def test_results_come_out_as_they_are_told() -> None:
    file = read_sarif(sarif(result(), result("S2", line=0, locations=[])), JSON)
    assert [(one.engine, one.rule, one.asset, one.place) for one in file.results] == [
        ("Semgrep", "S1", "src/app.py", "line 7"), ("Semgrep", "S2", "unknown", ""),
    ]  # fmt: skip
    assert tools_of(file.results) == ("Semgrep",)
    assert read_sarif(in_parts(sarif(result())), PARTS).results == file.results[:1]


@pytest.mark.parametrize(
    ("more", "severity"),
    [
        ({"level": "error"}, Severity.HIGH),
        ({}, Severity.MEDIUM),
        ({"level": "note"}, Severity.LOW),
        ({"level": "none"}, Severity.INFORMATIONAL),
        ({"level": "awful"}, Severity.INFORMATIONAL),
        ({"level": "error", "properties": {"security-severity": "9.5"}}, Severity.CRITICAL),
        ({"level": "error", "properties": {"security-severity": "7.5"}}, Severity.HIGH),
        ({"level": "note", "properties": {"security-severity": V4}}, Severity.CRITICAL),
        ({"level": "note", "properties": {"security-severity": "CVSS:4.0/AV:N"}}, Severity.LOW),
        ({"level": "note", "properties": {"security-severity": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}}, Severity.HIGH),
        ({"level": "error", "properties": {"security-severity": "5.0"}}, Severity.MEDIUM),
        ({"level": "error", "properties": {"security-severity": "3.0"}}, Severity.LOW),
        ({"level": "error", "properties": {"security-severity": "1.0"}}, Severity.INFORMATIONAL),
    ],
)
def test_severities_are_those_of_the_contract(more: dict[str, Any], severity: Severity) -> None:
    (one,) = read_sarif(sarif(result(**more)), JSON).results
    assert one.severity is severity


def test_what_strangers_write_is_shown_safely() -> None:
    odd = result("\x1b[31mred\x00", "a\nb\u202e.py", message={"text": "<script>" + "x" * 10_000})
    (one,) = read_sarif(sarif(odd, tool="to\x07ol"), JSON).results
    assert all(text.isprintable() for text in (one.engine, one.rule, one.title, one.asset, one.evidence))
    assert len(one.evidence) <= 1_000


@pytest.mark.parametrize("body", [b"", b"{}", b"[" * 200_000, sarif({"message": {}}), b'{"a":' * 100_000])
def test_what_is_no_sarif_is_told(body: bytes) -> None:
    assert code_of(body) == (ProblemKind.INVALID, "bad_sarif")


def test_what_could_not_be_read_of_it_is_told_beside_the_rest() -> None:
    file = read_sarif(sarif(*[{}] * 30, result()), JSON)
    assert len(file.results) == 1
    assert len(file.faults) == 20
    assert "names no rule" in file.faults[0]


def test_there_is_a_most() -> None:
    many = [result(line=number) for number in range(1, RESULTS_MAX + 2)]
    assert code_of(sarif(*many)) == (ProblemKind.TOO_LARGE, "payload_too_large")
    assert len(read_sarif(sarif(*many[:-1]), JSON).results) == RESULTS_MAX


def test_an_empty_run_is_a_file_without_results() -> None:
    assert read_sarif(sarif(), JSON).results == ()
    assert read_sarif(json.dumps({"version": "2.1.0", "runs": []}).encode(), JSON).results == ()


def test_a_head_of_the_callers_own_does_not_begin_the_body() -> None:
    assert code_of(b"nonsense", f"text/plain\r\n\r\n{sarif(result()).decode()}") == (ProblemKind.INVALID, "bad_sarif")
