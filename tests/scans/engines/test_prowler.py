"""What prowler says, as rules of ours or by its own checks: from what it wrote about a bucket of a made-up AWS."""

import json
from typing import Any, Final

import pytest

from cybervault.domain.verdicts import Severity
from cybervault.scans.engines.prowler import _OURS, SERVICES, judge
from cybervault.scans.rules import scan_rules
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.targets import Target, parse_target
from tests.architecture.tree import ROOT
from tests.fakes.aws import ACCOUNT

BUCKET: Final = parse_target("arn:aws:s3:::bucket-one")
WHOLE: Final = parse_target(f"arn:aws:iam::{ACCOUNT}:root")
RECORDED: Final = (ROOT / "tests" / "cases" / "prowler" / "bucket.jsonl").read_bytes()
DONE: Final = b'{"percent": 100.0}\n'


def result(check: str = "s3_bucket_object_lock", status: str = "FAIL", **more: Any) -> bytes:  # noqa: ANN401 - its fields
    one = {
        "check": check,
        "status": status,
        "arn": BUCKET.value,
        "severity": "low",
        "title": "Locked",
        "said": "It is not.",
    }
    return json.dumps(one | more).encode() + b"\n"


def judged(output: bytes, target: Target = BUCKET, *, has_compliance_rules: bool = True) -> Report:
    return judge(output, target, has_compliance_rules=has_compliance_rules)


def test_what_it_wrote_about_a_bucket_is_a_finding_for_each_check_that_fails() -> None:
    """Those that ask what a rule of ours asks stand where ours stands: two engines, one finding."""
    report = judged(RECORDED)
    found = {(one.asset, one.rule, one.place) for one in report.seen}
    assert (BUCKET.value, "cloud_bucket_without_versions", "versioning") in found
    assert (BUCKET.value, "aws_s3_bucket_object_lock", "s3_bucket_object_lock") in found
    assert len(found) == len(report.seen) == 13
    (own,) = [one for one in report.seen if one.rule == "aws_s3_bucket_object_lock"]
    assert (own.severity, own.title) == (Severity.LOW, "Not so: S3 bucket has Object Lock enabled")
    assert own.evidence == "S3 Bucket bucket-one has Object Lock disabled."
    assert {line.state for line in report.coverage} == {CoverageState.COVERED}
    places = {line.asset: line.places for line in report.coverage}[BUCKET.value]
    assert "s3_bucket_public_write_acl" in places  # it passes, and was looked at
    assert {one.place for one in report.seen if one.asset == BUCKET.value} <= set(places)


def test_without_the_rules_of_compliance_only_what_is_grave_counts_and_is_covered() -> None:
    report = judged(RECORDED, has_compliance_rules=False)
    assert {one.severity for one in report.seen} <= {Severity.CRITICAL, Severity.HIGH, None}
    places = {place for line in report.coverage for place in line.places}
    assert "s3_bucket_object_lock" not in places
    assert "s3_bucket_public_access" in places


def test_rules_that_are_ours_are_there() -> None:
    assert {rule for rule, _ in _OURS.values()} <= set(scan_rules())
    assert len(set(SERVICES)) == len(SERVICES)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (b"", "it broke off"),
        (result(), "it broke off"),
        (result() + b'{"check": "s3_', "it broke off"),
        (b"Traceback (most recent call last):\n[1]\n{]\n\xff\n" + b"{" * 10_000, "it broke off"),
        (result() + b'{"percent": 86.4}\n', "it came to 86 % of its checks"),
        (b'{"percent": 0.0}\n', "it knows no check for this"),
        (DONE, "it said nothing about this"),
        (result(status="MANUAL") + DONE, "it said nothing about this"),
        (result(severity="grim") + DONE, "it said nothing about this"),
    ],
)
def test_what_is_not_whole_is_never_clean(output: bytes, reason: str) -> None:
    line = judged(output).coverage[-1]
    assert (line.asset, line.state, line.reason) == (BUCKET.value, CoverageState.FAILED, reason)


def test_what_it_found_before_it_broke_off_is_kept() -> None:
    assert [one.rule for one in judged(result()).seen] == ["aws_s3_bucket_object_lock"]


def test_names_are_those_of_strangers_and_other_accounts_are_not_spoken_of() -> None:
    arns = ("\x1b[2J", "10.0.0.1", "arn:aws:sqs:eu-west-1:999999999999:q", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q")
    output = b"".join(result(f"check_{number}", arn=arn) for number, arn in enumerate(arns))
    report = judged(output + result(said="x\x07" * 9_000, title="\x1b]0;x" * 900) + DONE, WHOLE)
    assert [one.asset for one in report.seen][:4] == [WHOLE.value] * 3 + [arns[3]]
    assert all((one.evidence + one.title).isprintable() and len(one.evidence) <= 1_000 for one in report.seen)
