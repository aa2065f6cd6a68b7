"""The path of v3 by which threats leave as one file."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest
from starlette.types import Message

from cybervault.access.audit import OPERATOR
from cybervault.assessments.exports import PAGE_FINDINGS
from cybervault.assessments.mock import COUNT
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.findings import Finding
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import KeyKind, Scope
from tests.assessments.made import FINDING
from tests.fakes.threats import ThreatWorld

EXPORT = "/v3/threats/export"


async def found(threats: ThreatWorld, count: int = 1) -> list[Finding]:
    """Findings of acme."""
    tenant, store = await threats.tenant(), FindingStore(threats.product.database)
    made = [
        replace(FINDING, id=FindingId(f"thr_{number:010}"), tenant_id=tenant.id, value=f"203.0.113.{number % 250}")
        for number in range(count)
    ]
    async with store.transaction():
        for finding in made:
            await store.add(finding)
    return made


@dataclass(slots=True)
class Client:
    """Reads an export part by part, over the frame itself."""

    threats: ThreatWorld
    messages: list[Message]
    after_first: "asyncio.Event"
    go_on: "asyncio.Event"

    async def get(self, headers: dict[str, str]) -> None:
        """Ask, and wait behind the first part until told to go on."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
            "scheme": "https", "path": EXPORT, "raw_path": EXPORT.encode(), "query_string": b"", "root_path": "",
            "headers": [(b"host", b"here"), *raw], "client": ("192.0.2.1", 1), "server": ("here", 443),
        }  # fmt: skip
        await self.threats.frame(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: Message) -> None:
        self.messages.append(message)
        if message["type"] == "http.response.body" and not self.after_first.is_set():
            self.after_first.set()
            await self.go_on.wait()

    def lines(self) -> Sequence[bytes]:
        return b"".join(one.get("body", b"") for one in self.messages).splitlines()


@pytest.fixture
async def client(threats: ThreatWorld) -> Client:
    return Client(threats, [], asyncio.Event(), asyncio.Event())


class TestExport:
    async def test_answers(self, threats: ThreatWorld) -> None:
        key, [finding] = await threats.key(), await found(threats)
        lines = await threats.ask("GET", EXPORT, key)
        table = await threats.ask("GET", f"{EXPORT}?format=csv", key)
        bundle = await threats.ask("GET", f"{EXPORT}?format=stix", key)
        assert json.loads(lines.text)["id"] == finding.id
        assert [row[0] for row in csv.reader(io.StringIO(table.text))] == ["id", finding.id]
        assert [one["type"] for one in bundle.json()["objects"]] == ["identity", "indicator", "sighting"]
        assert [reply.headers["content-type"] for reply in (lines, table, bundle)] == [
            "application/x-ndjson", "text/csv; charset=utf-8", "application/stix+json;version=2.1",
        ]  # fmt: skip
        assert [reply.headers["content-disposition"] for reply in (lines, table, bundle)] == [
            f'attachment; filename="threats.{end}"' for end in ("ndjson", "csv", "stix.json")
        ]

    async def test_it_is_sorted_and_narrowed_as_the_list_is(self, threats: ThreatWorld) -> None:
        key, made = await threats.key(), await found(threats, 3)
        wanted = quote(json.dumps({"id": {"in": [made[0].id, made[2].id]}}))
        reply = await threats.ask("GET", f"{EXPORT}?filter={wanted}&sort=created_at:asc", key)
        assert [json.loads(line)["id"] for line in reply.text.splitlines()] == [made[0].id, made[2].id]

    async def test_without_key(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", EXPORT)).status_code == 401

    async def test_key_lacks_scope(self, threats: ThreatWorld) -> None:
        assert (await threats.ask("GET", EXPORT, await threats.key(Scope.THREAT_WRITE))).status_code == 403

    async def test_other_tenant_sees_nothing(self, threats: ThreatWorld) -> None:
        await found(threats)
        reply = await threats.ask("GET", EXPORT, await threats.key(tenant="other"))
        assert (reply.status_code, reply.content) == (200, b"")

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("format=xml", "invalid_parameter"),
            ("filter={", "invalid_filter"),
            ("sort=foo:asc", "invalid_sort"),
        ],
    )
    async def test_malformed(self, threats: ThreatWorld, query: str, code: str) -> None:
        reply = await threats.ask("GET", f"{EXPORT}?{query}", await threats.key())
        assert (reply.status_code, reply.json()["error"]["code"]) == (400, code)

    async def test_a_test_key_takes_made_up_threats_away(self, threats: ThreatWorld) -> None:
        """Nothing real is read for it, neither at first nor while the file is sent."""
        [finding] = await found(threats)
        reply = await threats.ask("GET", EXPORT, await threats.key(kind=KeyKind.SERVICE_TEST))
        lines = reply.text.splitlines()
        assert len(lines) == COUNT
        assert finding.id not in reply.text

    async def test_more_than_a_page_is_sent_while_it_is_read(self, threats: ThreatWorld, client: Client) -> None:
        key, made = await threats.key(), await found(threats, PAGE_FINDINGS + 1)
        client.go_on.set()
        await client.get(key)
        bodies = [one for one in client.messages if one["type"] == "http.response.body" and one["body"]]
        assert [len(one["body"].splitlines()) for one in bodies] == [PAGE_FINDINGS, 1]
        assert {json.loads(line)["id"] for line in client.lines()} == {one.id for one in made}

    async def test_it_is_cut_when_its_key_is_revoked(self, threats: ThreatWorld, client: Client) -> None:
        """Who lost the right meanwhile does not get the rest."""
        key = await threats.key()
        await found(threats, PAGE_FINDINGS + 1)
        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            asking = group.create_task(client.get(key))
            await client.after_first.wait()
            access, tenant = threats.product.access, await threats.tenant()
            [kept] = await access.keys.list(tenant.id)
            await access.key_changes.revoke(kept.id, by=None, actor=OPERATOR)
            await asyncio.wait([asking])
        assert len(client.lines()) == PAGE_FINDINGS
        assert all(one.get("more_body", True) for one in client.messages if one["type"] == "http.response.body")
