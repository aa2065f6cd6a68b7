"""Findings as files: every form is whole and well formed, and none of them makes a program run anything."""

import csv
import io
import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cybervault.assessments.exports import (
    FIELDS,
    IDENTITY,
    NAMESPACE,
    PAGE_FINDINGS,
    Form,
    document_of,
    exported,
    pattern_of,
    stix_objects,
    written,
)
from cybervault.assessments.findings import Findings
from cybervault.assessments.mock import COUNT, MockFindings
from cybervault.assessments.selection import Condition, Field, Operator, Order, Selection
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.findings import Finding, Status
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Verdict
from cybervault.storage.database import Database
from cybervault.storage.outbox import Outbox
from tests.access.conftest import world_on
from tests.assessments.made import FINDING

REQUIRED = {
    "identity": {"name"},
    "indicator": {"pattern", "pattern_type", "valid_from", "indicator_types"},
    "sighting": {"sighting_of_ref", "count", "first_seen", "last_seen"},
    "note": {"content", "object_refs"},
}


async def whole(form: Form, selection: Selection | None = None) -> str:
    """The export of what a test key sees."""
    parts = exported(MockFindings(), FINDING.tenant_id, selection or Selection(), form=form)
    return b"".join([part async for part in parts]).decode()


def cells(finding: Finding) -> dict[str, str]:
    """The row of a finding in the table."""
    [row] = csv.reader(io.StringIO(written(finding, form=Form.CSV).decode(), newline=""))
    return dict(zip(FIELDS, row, strict=True))


def refuse_malformed(objects: Sequence[dict[str, Any]]) -> None:
    """What STIX 2.1 demands of the objects that we write."""
    ids = {one["id"] for one in objects}
    assert len(ids) == len(objects)
    for one in objects:
        kind, _, number = one["id"].partition("--")
        assert kind == one["type"]
        assert uuid.UUID(number).version == 5
        assert one["spec_version"] == "2.1"
        assert one["created"] <= one["modified"]
        assert REQUIRED[kind] <= one.keys()
        references = [one.get("created_by_ref"), one.get("sighting_of_ref"), *one.get("object_refs", ())]
        assert {reference for reference in references if reference} <= ids


class TestLines:
    def test_a_line_holds_every_field_in_the_words_of_people(self) -> None:
        assert json.loads(written(FINDING, form=Form.NDJSON)) == {
            "id": "thr_0123456789",
            "tenant_id": "tv_1",
            "created_at": "2027-01-31T12:00:00Z",
            "last_seen_at": "2027-01-31T12:00:00Z",
            "updated_at": "2027-01-31T12:00:00Z",
            "updated_by": "key:key_1",
            "type": "command_and_control",
            "severity": "high",
            "score": 80,
            "verdict": "malicious",
            "status": "new",
            "kind": "ipv4",
            "value": "203.0.113.42",
            "source_ip": "203.0.113.42",
            "sightings": 1,
            "assessment_id": "asm_0000000001",
            "indicators": ["ip:203.0.113.42"],
            "techniques": ["T1571"],
        }

    def test_no_field_of_a_finding_is_left_out(self) -> None:
        assert tuple(document_of(FINDING)) == FIELDS
        assert {*FIELDS} == {*Finding.__dataclass_fields__}

    async def test_an_export_is_one_line_a_finding(self) -> None:
        lines = (await whole(Form.NDJSON)).splitlines()
        assert len({json.loads(line)["id"] for line in lines}) == len(lines) == COUNT


class TestTable:
    @pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
    def test_a_spreadsheet_runs_nothing(self, first: str) -> None:
        """What an attacker chose as a target or a name is text to a spreadsheet, never a formula."""
        text = f"{first}HYPERLINK(1)"
        row = cells(replace(FINDING, value=text, updated_by=text, source_ip=text, indicators=(text, "x")))
        assert {row[name] for name in ("value", "updated_by", "source_ip")} == {f"'{text}"}
        assert row["indicators"] == f"'{text} x"

    def test_what_is_harmless_stays_as_it_is(self) -> None:
        row = cells(replace(FINDING, value='a,"b"\nc=d', source_ip=None, techniques=("T1571", "T1027")))
        assert (row["value"], row["source_ip"], row["score"]) == ('a,"b"\nc=d', "", "80")
        assert row["techniques"] == "T1571 T1027"

    async def test_an_export_begins_with_the_names_of_its_columns(self) -> None:
        head, *rows = csv.reader(io.StringIO(await whole(Form.CSV), newline=""))
        assert tuple(head) == FIELDS
        assert len(rows) == COUNT


class TestStix:
    async def test_an_export_is_one_bundle_that_stix_allows(self) -> None:
        bundle = json.loads(await whole(Form.STIX))
        assert bundle.keys() == {"type", "id", "objects"}
        assert bundle["id"].startswith("bundle--")
        assert bundle["objects"][0] == IDENTITY
        refuse_malformed(bundle["objects"])
        assert [one["type"] for one in bundle["objects"]] == ["identity", *["indicator", "sighting"] * COUNT]

    async def test_a_bundle_without_findings_is_one_too(self) -> None:
        nothing = Condition(Field.KIND, Operator.IS, ("asn",))
        assert json.loads(await whole(Form.STIX, Selection((nothing,))))["objects"] == [IDENTITY]

    async def test_the_same_finding_is_the_same_object_in_every_bundle(self) -> None:
        first, second = [await whole(Form.STIX) for _ in range(2)]
        assert first == second
        mine, theirs = [stix_objects(replace(FINDING, tenant_id=TenantId(name)))[0]["id"] for name in ("tv_1", "tv_2")]
        assert mine != theirs
        assert mine == f"indicator--{uuid.uuid5(NAMESPACE, f'indicator tv_1 {FINDING.id}')}"

    def test_an_indicator_says_what_is_bad_and_its_sighting_how_often_it_was_seen(self) -> None:
        later = FINDING.created_at + timedelta(hours=1)
        finding = replace(FINDING, last_seen_at=later, sightings=7, techniques=("T1571", "T1059.001"))
        indicator, sighting = stix_objects(finding)
        assert indicator["pattern"] == "[ipv4-addr:value = '203.0.113.42']"
        assert (indicator["valid_from"], indicator["modified"]) == ("2027-01-31T12:00:00Z", "2027-01-31T13:00:00Z")
        assert (indicator["indicator_types"], indicator["confidence"]) == (["malicious-activity"], 80)
        assert [one["external_id"] for one in indicator["external_references"]] == [FINDING.id, "T1571", "T1059.001"]
        assert indicator["external_references"][2]["url"] == "https://attack.mitre.org/techniques/T1059/001/"
        assert (sighting["count"], sighting["sighting_of_ref"]) == (7, indicator["id"])
        assert (sighting["first_seen"], sighting["last_seen"]) == ("2027-01-31T12:00:00Z", "2027-01-31T13:00:00Z")

    def test_what_is_only_suspicious_is_not_called_malicious(self) -> None:
        indicator, _ = stix_objects(replace(FINDING, verdict=Verdict.SUSPICIOUS))
        assert indicator["indicator_types"] == ["anomalous-activity"]

    def test_a_false_positive_is_taken_back(self) -> None:
        """Nobody who loads the bundle blocks what people here found to be harmless."""
        indicator, _ = stix_objects(replace(FINDING, status=Status.FALSE_POSITIVE))
        assert (indicator["revoked"], indicator["indicator_types"]) == (True, ["benign"])
        assert "revoked" not in stix_objects(FINDING)[0]

    @pytest.mark.parametrize("kind", ["endpoint_telemetry", "network_traffic", "cve"])
    def test_what_has_no_pattern_becomes_a_note(self, kind: str) -> None:
        [note] = stix_objects(replace(FINDING, kind=kind, value="ab" * 32, source_ip=None, indicators=()))
        refuse_malformed([IDENTITY, note])
        assert note["object_refs"] == [IDENTITY["id"]]
        assert "score 80" in note["content"]
        [note] = stix_objects(replace(FINDING, kind=kind))
        assert "from 203.0.113.42; indicators ip:203.0.113.42" in note["content"]

    @pytest.mark.parametrize(
        ("kind", "value", "pattern"),
        [
            ("ipv6", "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"),
            ("domain", "evil.example", "[domain-name:value = 'evil.example']"),
            ("url", r"http://evil.example/'\x", r"[url:value = 'http://evil.example/\'\\x']"),
            ("url", "http://e/'] OR [a:b = '", r"[url:value = 'http://e/\'] OR [a:b = \'']"),
            ("email", "a@evil.example", "[email-addr:value = 'a@evil.example']"),
            ("cidr", "203.0.113.0/24", "[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
            ("cidr", "2001:db8::/32", "[ipv6-addr:value ISSUBSET '2001:db8::/32']"),
            ("asn", "AS64496", "[autonomous-system:number = 64496]"),
            ("md5", "ab" * 16, f"[file:hashes.MD5 = '{'ab' * 16}']"),
            ("sha1", "ab" * 20, f"[file:hashes.'SHA-1' = '{'ab' * 20}']"),
            ("sha256", "ab" * 32, f"[file:hashes.'SHA-256' = '{'ab' * 32}']"),
            ("sha512", "ab" * 64, f"[file:hashes.'SHA-512' = '{'ab' * 64}']"),
            ("payload", "ab" * 32, f"[file:hashes.'SHA-256' = '{'ab' * 32}']"),
            ("cve", "CVE-2021-44228", None),
        ],
    )
    def test_a_pattern_matches_the_target_and_nothing_else(self, kind: str, value: str, pattern: str | None) -> None:
        assert pattern_of(kind, value) == pattern


class TestPages:
    @pytest.mark.parametrize("order", [Order.CREATED_AT, Order.SEVERITY])
    async def test_more_than_a_page_comes_whole_in_order_and_only_of_the_own_tenant(
        self, database: Database, order: Order
    ) -> None:
        store, count = FindingStore(database), 2 * PAGE_FINDINGS
        async with store.transaction():
            for number in range(count):
                at = FINDING.created_at + timedelta(seconds=number // 3)
                await store.add(replace(FINDING, id=FindingId(f"thr_{number:010}"), created_at=at))
            await store.add(replace(FINDING, id=FindingId("thr_foreign000"), tenant_id=TenantId("tv_2")))
        book = Findings(store, (await world_on(database)).journal, Outbox(database))
        selection = Selection(order=order, is_descending=False, most=3)
        parts = [part async for part in exported(book, FINDING.tenant_id, selection, form=Form.NDJSON)]
        lines = [part.splitlines() for part in parts]
        assert [len(part) for part in lines] == [PAGE_FINDINGS, PAGE_FINDINGS, 0]
        ids = [json.loads(line)["id"] for part in lines for line in part]
        assert ids == [f"thr_{number:010}" for number in range(count)]

    async def test_conditions_narrow_it(self) -> None:
        closed = Condition(Field.STATUS, Operator.IS, ("closed",))
        lines = (await whole(Form.NDJSON, Selection((closed,)))).splitlines()
        assert {json.loads(line)["status"] for line in lines} == {"closed"}
