"""What prowler says of resources of AWS, as rules of ours where we have the same, else by its own checks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Severity
from cybervault.scans.engines import PROWLER
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen, shown
from cybervault.scans.targets import Target, TargetKind, parse_target

_MIB: Final = 1024 * 1024
BOUNDS: Final = Bounds(
    seconds=600.0, memory_bytes=3072 * _MIB, cpu_seconds=300, output_bytes=32 * _MIB,
    reads=Path(__file__).parent / "prowler_driver",
)  # fmt: skip
SERVICES: Final = (
    "s3", "ec2", "iam", "rds", "dynamodb", "kms", "sqs", "sns", "awslambda", "cloudtrail", "ecr", "vpc", "guardduty",
    "securityhub", "config", "eks", "ecs", "elb", "elbv2", "secretsmanager", "cloudwatch",
)  # fmt: skip
"""Those of a whole account that it is asked about, one at a time."""
# Its checks that ask what a rule of ours asks, with the place of the resource at which ours stands.
_OURS: Final = {
    "s3_bucket_level_public_access_block": ("cloud_bucket_without_block", "public access block"),
    "s3_bucket_secure_transport_policy": ("cloud_bucket_allows_plain_http", "transport"),
    "s3_bucket_object_versioning": ("cloud_bucket_without_versions", "versioning"),
    "s3_bucket_server_access_logging_enabled": ("cloud_bucket_without_log", "logging"),
    "s3_bucket_default_encryption": ("cloud_storage_unencrypted", "encryption"),
    "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22": ("cloud_ssh_open", "inbound rules"),
    "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389": ("cloud_rdp_open", "inbound rules"),
    "ec2_instance_imdsv2_enabled": ("cloud_instance_old_metadata", "metadata service"),
    "ec2_instance_public_ip": ("cloud_instance_public", "public address"),
    "rds_instance_no_public_access": ("cloud_database_public", "public access"),
    "rds_instance_storage_encrypted": ("cloud_database_unencrypted", "storage"),
    "rds_instance_backup_enabled": ("cloud_database_without_backups", "backups"),
    "kms_cmk_rotation_enabled": ("cloud_key_not_rotated", "rotation"),
    "dynamodb_tables_pitr_enabled": ("cloud_table_without_recovery", "recovery"),
    "sqs_queues_not_publicly_accessible": ("cloud_queue_public", "policy"),
    "sqs_queues_server_side_encryption_enabled": ("cloud_messages_unencrypted", "encryption"),
    "sns_topics_not_publicly_accessible": ("cloud_topic_public", "policy"),
    "sns_topics_kms_encryption_at_rest_enabled": ("cloud_messages_unencrypted", "encryption"),
    "awslambda_function_not_publicly_accessible": ("cloud_function_public", "policy"),
    "cloudtrail_log_file_validation_enabled": ("cloud_trail_without_validation", "validation"),
    "ecr_repositories_not_publicly_accessible": ("cloud_repository_public", "policy"),
    "ecr_repositories_tag_immutability": ("cloud_repository_mutable_tags", "tags"),
}
_GRAVE: Final = frozenset({Severity.CRITICAL, Severity.HIGH})
_RESULTS_MAX: Final = 20_000


class _Line(msgspec.Struct, frozen=True):
    """A result, or at the end how far it came."""

    check: str = ""
    status: str = ""
    arn: str = ""
    severity: str = ""
    title: str = ""
    said: str = ""
    percent: float = -1.0


_LINES: Final = msgspec.json.Decoder(_Line)


def judge(output: bytes, target: Target, *, has_compliance_rules: bool) -> Report:
    """What came of it (pure): findings, and for each resource the checks that it answered, one place each.

    Without the rules of compliance only what is critical or high counts. What belongs to no account of the target's is
    kept for the target itself. `coverage` says at its end how far it came, as a line of no place.
    """
    report, percent = Report(), -1.0
    covered: dict[str, list[str]] = {}
    for line in _lines(output):
        percent = max(percent, line.percent)
        severity = _severity(line.severity)
        if not line.check or severity is None or not (has_compliance_rules or severity in _GRAVE):
            continue
        asset = _asset(line.arn, target)
        rule, place = _OURS.get(line.check, (f"aws_{shown(line.check, 100)}", shown(line.check, 100)))
        if line.status in {"PASS", "FAIL"}:
            covered.setdefault(asset, []).append(place)
        if line.status == "FAIL":
            report.seen.append(_seen(line, severity, asset=asset, rule=rule, place=place))
    for asset, places in covered.items():
        report.coverage.append(Coverage(asset, PROWLER, CoverageState.COVERED, "", tuple(dict.fromkeys(places))))
    fault = _fault(percent, is_empty=not covered)
    if fault:
        report.coverage.append(Coverage(target.value, PROWLER, CoverageState.FAILED, fault, ("checks",)))
    return report


def _lines(output: bytes) -> Iterator[_Line]:
    for raw in output.split(b"\n", _RESULTS_MAX)[:_RESULTS_MAX]:
        if raw.startswith(b"{"):
            try:
                yield _LINES.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue  # it broke off: its last line, that says how far it came, is missing too


def _seen(line: _Line, severity: Severity, *, asset: str, rule: str, place: str) -> Seen:
    evidence = shown(line.said, 1_000)
    if line.check in _OURS:
        return Seen(asset, rule, PROWLER, place, evidence)
    # Its titles say how it should be.
    return Seen(asset, rule, PROWLER, place, evidence, severity, f"Not so: {shown(line.title, 300)}")


def _asset(arn: str, target: Target) -> str:
    try:
        found = parse_target(arn)
    except Problem:
        return target.value
    is_ours = found.kind is TargetKind.CLOUD and found.account in {None, target.account or found.account}
    return found.value if is_ours else target.value


def _severity(text: str) -> Severity | None:
    try:
        return Severity(text.lower())
    except ValueError:
        return None


def _fault(percent: float, *, is_empty: bool) -> str:
    if percent < 0:
        return "it broke off"
    if percent < 100:  # noqa: PLR2004 - all of it; with less it left checks out, and says nothing of them
        return f"it came to {percent:.0f} % of its checks" if percent else "it knows no check for this"
    return "it said nothing about this" if is_empty else ""
