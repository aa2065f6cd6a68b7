"""Findings as files: lines of JSON, a table for spreadsheets, and a STIX 2.1 bundle; written page by page."""

import csv
import io
import json
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from cybervault.assessments.findings import FindingBook
from cybervault.assessments.selection import Selection, marks_of
from cybervault.domain.findings import Finding, Status
from cybervault.domain.observables import Kind
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Verdict

StixObject: TypeAlias = dict[str, Any]

PAGE_FINDINGS: Final = 500
"""So many findings are read, and written, at once."""

NAMESPACE: Final = uuid.UUID("6d0b2c52-3c0e-4f0e-9a57-5f1c1b7f6a3e")
"""Ids of STIX objects are UUIDs of version 5 in it: the same finding is the same object in every bundle."""

# A cell that begins so is run as a formula by spreadsheets.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_IDENTITY_SINCE: Final = "2025-01-01T00:00:00Z"
# STIX 2.1, 4.14: count is at most so.
_SIGHTINGS_MAX: Final = 999_999_999


class Form(StrEnum):
    """How findings are written."""

    NDJSON = "ndjson"
    CSV = "csv"
    STIX = "stix"


async def exported(
    book: FindingBook, tenant_id: TenantId, selection: Selection, *, form: Form
) -> AsyncGenerator[bytes]:
    """All findings that the selection shows, whatever its `most`; each part has PAGE_FINDINGS of them, the last fewer.

    In the order of `created_at` each finding is written once; in another one that changes meanwhile may be missed or
    come twice.
    """
    page, text = replace(selection, offset=0, most=PAGE_FINDINGS), head_of(tenant_id, selection, form=form)
    while True:
        found = await book.select(tenant_id, page)
        text += b"".join(written(finding, form=form) for finding in found)
        if len(found) < PAGE_FINDINGS:
            yield text + tail_of(form)
            return
        yield text
        page, text = replace(page, behind=marks_of(found[-1], page.order)), b""


def head_of(tenant_id: TenantId, selection: Selection, *, form: Form) -> bytes:
    """What stands before the first finding."""
    match form:
        case Form.NDJSON:
            return b""
        case Form.CSV:
            return _row(FIELDS)
        case Form.STIX:
            bundle_id = _id("bundle", f"{tenant_id} {selection}")
            return f'{{"type":"bundle","id":"{bundle_id}","objects":[\n{_json(IDENTITY)}'.encode()


def written(finding: Finding, *, form: Form) -> bytes:
    """One finding."""
    match form:
        case Form.NDJSON:
            return f"{_json(document_of(finding))}\n".encode()
        case Form.CSV:
            return _row([_cell(value) for value in document_of(finding).values()])
        case Form.STIX:
            return "".join(f",\n{_json(one)}" for one in stix_objects(finding)).encode()


def tail_of(form: Form) -> bytes:
    """What stands behind the last finding."""
    return b"\n]}\n" if form is Form.STIX else b""


def document_of(finding: Finding) -> dict[str, str | int | list[str] | None]:
    """All fields of a finding; the columns of the table are the same."""
    return {
        "id": finding.id,
        "tenant_id": finding.tenant_id,
        "created_at": _spelled(finding.created_at),
        "last_seen_at": _spelled(finding.last_seen_at),
        "updated_at": _spelled(finding.updated_at),
        "updated_by": finding.updated_by,
        "type": finding.type.value,
        "severity": finding.severity.value,
        "score": finding.score,
        "verdict": finding.verdict.value,
        "status": finding.status.value,
        "kind": finding.kind,
        "value": finding.value,
        "source_ip": finding.source_ip,
        "sightings": finding.sightings,
        "assessment_id": finding.assessment_id,
        "indicators": list(finding.indicators),
        "techniques": list(finding.techniques),
    }


FIELDS: Final = (
    "id", "tenant_id", "created_at", "last_seen_at", "updated_at", "updated_by", "type", "severity", "score",
    "verdict", "status", "kind", "value", "source_ip", "sightings", "assessment_id", "indicators", "techniques",
)  # fmt: skip


def _cell(value: str | int | list[str] | None) -> str:
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    text = value if isinstance(value, str) else " ".join(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


def stix_objects(finding: Finding) -> tuple[StixObject, ...]:
    """An indicator and its sighting; a note where what was found has no pattern, such as a record of telemetry."""
    pattern = pattern_of(finding.kind, finding.value)
    if pattern is None:
        return (_note(finding),)
    indicator = _indicator(finding, pattern)
    return indicator, _sighting(finding, indicator["id"])


def pattern_of(kind: str, value: str) -> str | None:
    """A STIX pattern that matches this target; None for one that no pattern can match."""
    text = value.replace("\\", "\\\\").replace("'", "\\'")
    match kind:
        case Kind.CIDR:
            return f"[{'ipv6' if ':' in value else 'ipv4'}-addr:value ISSUBSET '{text}']"
        case Kind.ASN:
            return f"[autonomous-system:number = {int(value.removeprefix('AS'))}]"
        case _:
            path = _PATHS.get(kind)
            return None if path is None else f"[{path} = '{text}']"


_SHA256_PATH: Final = "file:hashes.'SHA-256'"
_PATHS: Final[Mapping[str, str]] = {
    Kind.IPV4: "ipv4-addr:value",
    Kind.IPV6: "ipv6-addr:value",
    Kind.DOMAIN: "domain-name:value",
    Kind.URL: "url:value",
    Kind.EMAIL: "email-addr:value",
    Kind.MD5: "file:hashes.MD5",
    Kind.SHA1: "file:hashes.'SHA-1'",
    Kind.SHA256: _SHA256_PATH,
    Kind.SHA512: "file:hashes.'SHA-512'",
    # Of a payload the SHA-256 is kept.
    "payload": _SHA256_PATH,
}
_INDICATOR_TYPES: Final = {
    Verdict.MALICIOUS: "malicious-activity",
    Verdict.SUSPICIOUS: "anomalous-activity",
    Verdict.BENIGN: "benign",
    Verdict.UNKNOWN: "unknown",
}


def _id(kind: str, name: str) -> str:
    return f"{kind}--{uuid.uuid5(NAMESPACE, f'{kind} {name}')}"


IDENTITY: Final[StixObject] = {
    "type": "identity",
    "spec_version": "2.1",
    "id": _id("identity", "CyberVault"),
    "created": _IDENTITY_SINCE,
    "modified": _IDENTITY_SINCE,
    "name": "CyberVault",
    "identity_class": "system",
}
"""Who says it, of every object in a bundle."""


def _common(kind: str, finding: Finding) -> StixObject:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": _id(kind, f"{finding.tenant_id} {finding.id}"),
        "created_by_ref": IDENTITY["id"],
        "created": _spelled(finding.created_at),
        # A sighting and a change each make another version of the object.
        "modified": _spelled(max(finding.created_at, finding.last_seen_at, finding.updated_at)),
        "labels": [finding.type.value, finding.severity.value, finding.status.value],
        "confidence": finding.score,
        "external_references": _references(finding),
    }


def _indicator(finding: Finding, pattern: str) -> StixObject:
    is_mistake = finding.status is Status.FALSE_POSITIVE
    verdict = Verdict.BENIGN if is_mistake else finding.verdict
    indicator = _common("indicator", finding) | {
        "name": f"{finding.kind} {finding.value}",
        "description": _facts(finding),
        "indicator_types": [_INDICATOR_TYPES[verdict]],
        "pattern": pattern,
        "pattern_type": "stix",
        "valid_from": _spelled(finding.created_at),
    }
    # Who has loaded it before lets go of it: a revoked object is no longer valid.
    return indicator | {"revoked": True} if is_mistake else indicator


def _sighting(finding: Finding, indicator_id: str) -> StixObject:
    return _common("sighting", finding) | {
        "first_seen": _spelled(finding.created_at),
        "last_seen": _spelled(max(finding.created_at, finding.last_seen_at)),
        "count": min(finding.sightings, _SIGHTINGS_MAX),
        "sighting_of_ref": indicator_id,
        "where_sighted_refs": [IDENTITY["id"]],
    }


def _note(finding: Finding) -> StixObject:
    return _common("note", finding) | {
        "abstract": f"{finding.kind} {finding.value}",
        "content": _facts(finding),
        "object_refs": [IDENTITY["id"]],
    }


def _facts(finding: Finding) -> str:
    seen = f"seen {finding.sightings} times, last at {_spelled(finding.last_seen_at)}"
    facts = [f"{finding.verdict}, {finding.type}, severity {finding.severity}, score {finding.score}", seen]
    if finding.source_ip is not None:
        facts.append(f"from {finding.source_ip}")
    if finding.indicators:
        facts.append(f"indicators {' '.join(finding.indicators)}")
    return "; ".join(facts)


def _references(finding: Finding) -> list[dict[str, str]]:
    own = {"source_name": "cybervault", "external_id": finding.id}
    return [own, *(_attack_reference(technique_id) for technique_id in finding.techniques)]


def _attack_reference(technique_id: str) -> dict[str, str]:
    where = technique_id.replace(".", "/")
    return {
        "source_name": "mitre-attack",
        "external_id": technique_id,
        "url": f"https://attack.mitre.org/techniques/{where}/",
    }


def _spelled(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _json(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
