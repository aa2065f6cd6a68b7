"""SARIF: results with what their rules say, whatever else the file holds."""

import io
import json
from typing import Any

import pytest

from cybervault.confinement.parsers.sarif import records
from tests.scans.sarifs import PARTS, in_parts, result, sarif

JSON = "application/json"
NONE = "It is no SARIF file of version 2.1.0."


def read(body: bytes, content_type: str = JSON) -> list[bytes | str]:
    return list(records(io.BytesIO(f"Content-Type: {content_type}\r\n\r\n".encode() + body)))


def one(*results: object, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - the parts of a file
    (raw,) = read(sarif(*results, **given))
    assert isinstance(raw, bytes), raw
    found: dict[str, Any] = json.loads(raw)
    return found


def test_a_result_says_tool_rule_place_and_message() -> None:
    assert one(result()) == {
        "tool": "Semgrep", "rule": "S1", "title": "S1", "level": "warning", "score": None, "vector": "",
        "message": "S1 in src/app.py", "asset": "src/app.py", "line": 7, "gone": False,
    }  # fmt: skip


@pytest.mark.parametrize("field", ["sarif", "other"])
def test_of_a_body_of_parts_the_field_counts(field: str) -> None:
    found = read(in_parts(sarif(result()), field), PARTS)
    assert found == (read(sarif(result())) if field == "sarif" else ["The form has no field `sarif`."])


RULE = {
    "id": "S1", "name": "sqli", "shortDescription": {"text": "SQL injection"},
    "defaultConfiguration": {"level": "error"}, "properties": {"security-severity": "9.1"},
}  # fmt: skip


@pytest.mark.parametrize("rules", [[RULE], [{"id": "S0"}, RULE]])
def test_what_the_rule_says_is_taken_by_id_or_by_place(rules: list[object]) -> None:
    by_place = result(ruleIndex=len(rules) - 1)
    for found in (one(result(), rules=rules), one(by_place, rules=rules)):
        assert (found["title"], found["level"], found["score"]) == ("SQL injection", "error", 9.1)
    nameless = {name: value for name, value in by_place.items() if name != "ruleId"}
    assert one(nameless, rules=rules)["rule"] == "S1"
    assert one(result(level="note", properties={"security-severity": 3}), rules=rules)["score"] == 3


def test_a_vector_in_the_place_of_a_score_is_given_as_it_is() -> None:
    rules = [RULE | {"properties": {"security-severity": "CVSS:3.1/AV:N"}}]
    found = one(result(), rules=rules)
    assert (found["score"], found["vector"]) == (None, "CVSS:3.1/AV:N")
    assert one(result(properties={"security-severity": "CVSS:4.0/AV:L"}), rules=rules)["vector"] == "CVSS:4.0/AV:L"
    for old in ("AV:N/AC:L", "(AV:N/AC:L)", "CVSS2#AV:N/AC:L"):
        assert one(result(properties={"security-severity": old}))["vector"] == old
    assert one(result(properties={"security-severity": ["CVSS:4.0"]}))["vector"] == ""


@pytest.mark.parametrize("said", ["high", None, [], "11", "-1", "nan", "inf"])
def test_an_odd_score_is_none(said: object) -> None:
    assert one(result(properties={"security-severity": said}))["score"] is None


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "notApplicable"}, {"kind": "pass", "suppressions": [{}]},
        {"suppressions": [{"kind": "inSource"}]}, {"suppressions": [{"status": "accepted"}]},
    ],
)  # fmt: skip
def test_what_is_no_finding_is_left_out(more: dict[str, Any]) -> None:
    assert read(sarif(result(**more))) == []


@pytest.mark.parametrize("more", [{"kind": "pass"}, {"baselineState": "absent"}])
def test_what_is_not_there_any_longer_is_told_as_such(more: dict[str, Any]) -> None:
    assert [one(result(**part))["gone"] for part in (more, {"baselineState": "unchanged"})] == [True, False]


@pytest.mark.parametrize("more", [{"kind": "fail"}, {"suppressions": []}, {"suppressions": [{"status": "rejected"}]}])
def test_what_is_one_is_not(more: dict[str, Any]) -> None:
    assert len(read(sarif(result(**more)))) == 1


@pytest.mark.parametrize(
    ("locations", "expected"),
    [
        ([], ("unknown", 0)),
        ([{"logicalLocations": [{"fullyQualifiedName": "10.1.0.7/23/tcp"}]}], ("10.1.0.7/23/tcp", 0)),
        ([{"logicalLocations": [{"name": "main"}]}], ("main", 0)),
        ([{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": "7"}}}], ("a.py", 0)),
        ([{"physicalLocation": {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 10**30}}}], ("a.py", 0)),
        ([{"physicalLocation": {"artifactLocation": {"index": 5}}}], ("unknown", 0)),
        ("everywhere", ("unknown", 0)),
    ],
)
def test_a_place_is_what_can_be_read_of_it(locations: object, expected: tuple[str, int]) -> None:
    found = one(result(locations=locations))
    assert (found["asset"], found["line"]) == expected


def test_a_file_may_be_named_by_its_place_among_the_artifacts() -> None:
    run = {
        "tool": {"driver": {"name": "x"}},
        "artifacts": [{"location": {"uri": "lib/b.c"}}],
        "results": [result(locations=[{"physicalLocation": {"artifactLocation": {"index": 0}}}])],
    }
    (raw,) = read(json.dumps({"version": "2.1.0", "runs": [run]}).encode())
    assert json.loads(raw)["asset"] == "lib/b.c"


def test_a_result_without_a_rule_is_a_fault_and_the_others_are_read() -> None:
    found = read(sarif({"message": {"text": "?"}}, "nonsense", result()))
    assert found[:2] == ["Result 1 names no rule.", "Result 2 names no rule."]
    assert len(found) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b"\xff\xfe", b'{"version": "2.0.0", "runs": []}', b'{"version": "2.1.0"}',
        b"[" * 100_000, b'{"version": "2.1.0", "runs": ' + b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_sarif_is_one_fault(body: bytes) -> None:
    assert read(body) == [NONE]


@pytest.mark.parametrize("runs", ["x", 7, {"results": 1}, [1], [{"results": "x"}], [{"tool": 1, "results": [1]}]])
def test_odd_forms_harm_nobody(runs: object) -> None:
    found = read(json.dumps({"version": "2.1.0", "runs": runs}).encode())
    assert all(isinstance(one, str) for one in found)
