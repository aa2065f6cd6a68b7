"""The paths of v3 by which scans are asked for, watched live, cancelled and read."""

import json
from typing import Any

import pytest

from cybervault import __version__
from cybervault.access.audit import OPERATOR
from cybervault.domain.ids import ScanId
from cybervault.domain.principals import KeyKind, Role, Scope
from cybervault.scans.grants import NewGrant
from cybervault.scans.ledger import Ledger, PartKey
from cybervault.scans.scan import Chunk
from cybervault.scans.seen import Coverage, CoverageState, Report, Seen
from cybervault.scans.store.findings import ScanFindingStore
from cybervault.scans.store.scans import ScanStore
from cybervault.storage.outbox import Outbox
from tests.fakes.scanning import ended, personal_key
from tests.fakes.threats import ThreatWorld
from tests.scans.made import IMAGE, INVENTORY

PATH = "/v3/scans"
CLOUD = "arn:aws:s3:::bucket"
UNKNOWN = f"{PATH}/scan_0000000000"
ALL = (
    ("GET", PATH), ("POST", PATH), ("POST", f"{PATH}/preview"), ("GET", f"{PATH}/findings"), ("GET", UNKNOWN),
    ("GET", f"{PATH}/engines"),
    ("GET", f"{UNKNOWN}/findings"), ("GET", f"{UNKNOWN}/events"), ("GET", f"{UNKNOWN}/export"),
    ("GET", f"{UNKNOWN}/diff"),
    ("POST", f"{UNKNOWN}/cancel"),
)  # fmt: skip


def code_of(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    return reply.status_code, reply.json()["error"]["code"]


async def granted(threats: ThreatWorld) -> dict[str, str]:
    """A key of a tenant that may scan a bucket."""
    owner, key = await threats.tenant(), await threats.key()
    await threats.product.scanning.grants.give(owner.id, NewGrant(CLOUD, "tests"), actor=OPERATOR)
    return key


async def asked(threats: ThreatWorld, key: dict[str, str]) -> str:
    """The path of a new scan."""
    reply = await threats.ask("POST", PATH, key, json={"targets": [CLOUD]})
    assert reply.status_code == 202, reply.text
    assert (reply.json()["status"], reply.json()["targets"]) == ("queued", [CLOUD])
    where: str = reply.headers["location"]
    return where


async def see(threats: ThreatWorld, where: str, *rules: str) -> None:
    """Have a scan see these on one host."""
    database = threats.product.database
    scans, findings = ScanStore(database), ScanFindingStore(database)
    part = PartKey((await threats.tenant()).id, ScanId(where.rpartition("/")[2]), 99)
    report = Report(
        [Seen("10.1.0.7", rule, "services", "23/tcp") for rule in rules],
        [Coverage("10.1.0.7", "services", CoverageState.COVERED)],
    )
    await scans.plan(part.tenant_id, part.scan_id, [Chunk(part.number, "services", ("10.1.0.7",))])
    ledger = Ledger(scans, findings, events=Outbox(database), clock=threats.clock)
    await ledger.take_in(part, report, has_compliance_rules=False)


def events(text: str) -> list[tuple[str, str, Any]]:
    """Id, name and data of each event."""
    found = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            mark, name, data = block.split("\n")
            found.append(
                (mark.removeprefix("id: "), name.removeprefix("event: "), json.loads(data.removeprefix("data: ")))
            )
    return found


async def test_a_scan_is_asked_for_followed_and_read(threats: ThreatWorld) -> None:
    key = await granted(threats)
    where = await asked(threats, key)
    body = await ended(threats, where, key)
    assert (body["status"], body["coverage_counts"]["not_tested"]) == ("completed", 2)
    listed = (await threats.ask("GET", PATH, key)).json()
    assert [one["id"] for one in listed["data"]] == [body["id"]]
    assert code_of(await threats.ask("POST", f"{where}/cancel", key)) == (409, "scan_ended")


async def test_its_events_end_with_its_end_and_are_told_once(threats: ThreatWorld) -> None:
    key = await granted(threats)
    where = await asked(threats, key)
    stream = await threats.ask("GET", f"{where}/events", key)
    assert stream.headers["content-type"].startswith("text/event-stream")
    told = events(stream.text)
    assert [name for _, name, _ in told][-1] == "ended"
    assert {name for _, name, _ in told[:-1]} <= {"progress"}
    assert told[-1][2]["status"] == "completed"
    assert [one[2]["progress"] for one in told] == sorted(one[2]["progress"] for one in told)
    again = await threats.ask("GET", f"{where}/events", key | {"Last-Event-ID": told[-1][0]})
    assert again.text == ""


async def test_findings_of_one_scan_and_of_all_come_in_pages(threats: ThreatWorld) -> None:
    key = await granted(threats)
    where = await asked(threats, key)
    await ended(threats, where, key)
    await see(threats, where, "telnet_open", "service_open", "redis_without_password")
    for path in (f"{where}/findings", f"{PATH}/findings"):
        first = (await threats.ask("GET", f"{path}?limit=2", key)).json()
        cursor = first["pagination"]["next_cursor"]
        second = (await threats.ask("GET", f"{path}?limit=2&cursor={cursor}", key)).json()
        found = [one["rule"] for one in (*first["data"], *second["data"])]
        assert sorted(found) == ["redis_without_password", "service_open", "telnet_open"]
        assert second["pagination"]["has_more"] is False
    for query, rules in (
        ("severity=critical,high", {"redis_without_password", "telnet_open"}),
        ("severity=informational&asset=10.1.0.7", {"service_open"}),
        ("asset=10.1.0.8", set()),
        ("control=IA-2", {"redis_without_password", "telnet_open"}),
        ("control=CM", {"service_open", "telnet_open"}),
        ("control=nothing", set()),
    ):
        narrowed = (await threats.ask("GET", f"{where}/findings?{query}", key)).json()["data"]
        assert {one["rule"] for one in narrowed} == rules
    shown = (await threats.ask("GET", where, key)).json()
    assert shown["findings_by_severity"]["critical"] == 1
    assert [(one["asset"], one["worst"], one["findings"]) for one in shown["worst_assets"]] == [
        ("10.1.0.7", "critical", 3)
    ]
    worst = (await threats.ask("GET", f"{where}/findings?limit=1", key)).json()["data"]
    assert worst[0]["severity"] == "critical"
    threats.clock.advance(1)
    await see(threats, await asked(threats, key))
    resolved = (await threats.ask("GET", f"{PATH}/findings?status=resolved", key)).json()["data"]
    assert {one["status"] for one in resolved} == {"resolved"}
    assert len(resolved) == 3


async def test_what_it_saw_is_a_file(threats: ThreatWorld) -> None:
    key = await granted(threats)
    where = await asked(threats, key)
    await ended(threats, where, key)
    await see(threats, where, "telnet_open")
    sarif = await threats.ask("GET", f"{where}/export", key)
    assert sarif.headers["content-type"] == "application/sarif+json"
    assert [one["ruleId"] for one in sarif.json()["runs"][0]["results"]] == ["telnet_open"]
    table = await threats.ask("GET", f"{where}/export?format=csv", key)
    assert table.headers["content-disposition"].endswith('.csv"')
    assert table.text.startswith("id,severity,")
    page = await threats.ask("GET", f"{where}/export?format=html", key)
    assert page.headers["content-disposition"].endswith('.html"')
    assert "sandbox" in page.headers["content-security-policy"]
    assert "Switch telnet off and use SSH." in page.text
    pdf = await threats.ask("GET", f"{where}/export?format=pdf", key)
    if (await threats.ask("GET", f"{PATH}/engines", key)).json()["prints_pdf"]:
        assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
        assert pdf.headers["content-disposition"].endswith('.pdf"')
    else:
        assert code_of(pdf) == (503, "no_browser")
    assert code_of(await threats.ask("GET", f"{where}/export?format=odd", key)) == (400, "invalid_parameter")
    assert code_of(await threats.ask("GET", f"{where}/export?format=cyclonedx", key)) == (404, "no_packages")


async def test_the_packages_of_an_image_are_a_file(threats: ThreatWorld) -> None:
    owner, key = await threats.tenant(), await threats.key()
    await threats.product.scanning.grants.give(owner.id, NewGrant(IMAGE, "tests"), actor=OPERATOR)
    where = (await threats.ask("POST", PATH, key, json={"targets": [IMAGE]})).headers["location"]
    store = ScanStore(threats.product.database)
    await store.keep_inventory(owner.id, ScanId(where.rpartition("/")[2]), INVENTORY)
    file = await threats.ask("GET", f"{where}/export?format=cyclonedx", key)
    assert file.headers["content-type"] == "application/vnd.cyclonedx+json; version=1.6"
    assert file.headers["content-disposition"].endswith('.cdx.json"')
    assert len(file.json()["vulnerabilities"]) == 2
    other = await threats.key(tenant="other")
    assert code_of(await threats.ask("GET", f"{where}/export?format=cyclonedx", other)) == (404, "not_found")


async def test_what_changed_since_the_last_scan_of_the_same_targets(threats: ThreatWorld) -> None:
    key, ran = await granted(threats), []
    for rules in (("telnet_open", "service_open"), ("service_open", "ftp_cleartext")):
        ran.append(await asked(threats, key))
        await ended(threats, ran[-1], key)
        await see(threats, ran[-1], *rules)
        threats.clock.advance(60)
    first, second = ran
    body = (await threats.ask("GET", f"{second}/diff", key)).json()
    assert (body["before"]["id"], body["after"]["id"]) == (first.rpartition("/")[2], second.rpartition("/")[2])
    assert body["counts"] == {"new": 1, "gone": 1, "unchanged": 1, "unknown": 0}
    assert [[one["rule"] for one in body[name]] for name in ("new", "gone", "unchanged")] == [
        ["ftp_cleartext"],
        ["telnet_open"],
        ["service_open"],
    ]
    backwards = (await threats.ask("GET", f"{first}/diff?since={body['after']['id']}", key)).json()
    assert [one["rule"] for one in backwards["new"]] == ["telnet_open"]
    assert code_of(await threats.ask("GET", f"{first}/diff", key)) == (404, "no_earlier_scan")
    for odd in ("scan_0000000000", "odd"):
        assert code_of(await threats.ask("GET", f"{first}/diff?since={odd}", key)) == (404, "not_found")


async def test_lists_come_in_pages_newest_first(threats: ThreatWorld) -> None:
    key, made = await granted(threats), []
    for _ in range(3):
        made.append((await asked(threats, key)).rpartition("/")[2])
        threats.clock.advance(1)
    first = (await threats.ask("GET", f"{PATH}?limit=2", key)).json()
    second = (await threats.ask("GET", f"{PATH}?limit=2&cursor={first['pagination']['next_cursor']}", key)).json()
    assert [one["id"] for one in (*first["data"], *second["data"])] == made[::-1]
    standard = (await threats.ask("GET", f"{PATH}?profile=standard", key)).json()
    assert len(standard["data"]) == 3
    assert (await threats.ask("GET", f"{PATH}?status=timed_out&profile=pentest", key)).json()["data"] == []
    stale = f"{PATH}?profile=standard&cursor={first['pagination']['next_cursor']}"
    assert code_of(await threats.ask("GET", stale, key)) == (400, "invalid_cursor")


async def test_engines_are_told_with_what_brings_those_that_are_not_here(threats: ThreatWorld) -> None:
    rows = (await threats.ask("GET", f"{PATH}/engines", await threats.key())).json()["data"]
    found = {one["name"]: one for one in rows}
    assert list(found)[:2] == ["ports", "services"]
    ports, sslyze = found["ports"], found["sslyze"]
    assert (ports["state"], ports["version"], ports["command"]) == ("built_in", __version__, None)
    assert (sslyze["state"], sslyze["targets"], sslyze["licence"]) == ("missing", "network", "AGPL-3.0")
    assert sslyze["command"] == "cybervault scans engines install sslyze"
    assert sslyze["reason"].endswith(sslyze["command"])
    assert (found["nmap"]["version"], found["wapiti"]["attacks"], sslyze["attacks"]) == (None, True, False)


async def test_a_preview_asks_for_nothing(threats: ThreatWorld) -> None:
    key = await granted(threats)
    body = (await threats.ask("POST", f"{PATH}/preview", key, json={"targets": [CLOUD]})).json()
    assert [(one["engine"], one["command"]) for one in body["not_tested"]] == [
        ("prowler", "cybervault scans engines install prowler"),
        ("cloud", None),
    ]
    assert body["engines"] == ["cloud"]
    body = (await threats.ask("POST", f"{PATH}/preview", key, json={"targets": [CLOUD, "10.1.0.7"]})).json()
    assert [(one["target"], one["why"]) for one in body["refused"]] == [("10.1.0.7", "not_granted")]
    assert (await threats.ask("GET", PATH, key)).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"targets": []}, (400, "invalid_target")),
        ({"targets": [CLOUD], "more": 1}, (400, "invalid_parameter")),
        ({"targets": [CLOUD], "profile": "loud"}, (400, "invalid_parameter")),
        ({}, (400, "missing_parameter")),
    ],
)
async def test_malformed(threats: ThreatWorld, body: dict[str, object], expected: tuple[int, str]) -> None:
    key = await granted(threats)
    for path in (PATH, f"{PATH}/preview"):
        assert code_of(await threats.ask("POST", path, key, json=body)) == expected
    for odd in (f"{PATH}/findings?status=odd", f"{PATH}?status=odd", f"{PATH}?profile=odd"):
        assert code_of(await threats.ask("GET", odd, key)) == (400, "invalid_parameter")
    where = await asked(threats, key)
    assert code_of(await threats.ask("GET", f"{where}/findings?severity=odd", key)) == (400, "invalid_parameter")
    refused = await threats.ask("POST", PATH, key, json={"targets": ["10.1.0.7"]})
    assert code_of(refused) == (403, "target_not_authorized")


async def test_without_key(threats: ThreatWorld) -> None:
    for method, path in ALL:
        assert code_of(await threats.ask(method, path)) == (401, "missing_api_key")


async def test_key_lacks_scope(threats: ThreatWorld) -> None:
    reader, writer = await threats.key(Scope.SCAN_READ), await threats.key(Scope.SCAN_WRITE)
    for method, path in ALL:
        key = reader if method == "POST" else writer
        assert code_of(await threats.ask(method, path, key)) == (403, "invalid_scope")


async def test_a_test_key_scans_nothing_and_sees_nothing(threats: ThreatWorld) -> None:
    key = await threats.key(kind=KeyKind.SERVICE_TEST)
    for method, path in ALL:
        assert code_of(await threats.ask(method, path, key)) == (403, "sandbox_restricted")


async def test_members_scan_and_viewers_look(threats: ThreatWorld) -> None:
    await granted(threats)
    member, viewer = [await personal_key(threats, role) for role in (Role.MEMBER, Role.VIEWER)]
    where = await asked(threats, member)
    assert (await threats.ask("GET", where, viewer)).status_code == 200
    assert (await threats.ask("POST", PATH, viewer, json={"targets": [CLOUD]})).status_code == 403


async def test_other_tenant_sees_nothing(threats: ThreatWorld) -> None:
    where = await asked(threats, await granted(threats))
    other = await threats.key(tenant="other")
    for path in (PATH, f"{PATH}/findings"):
        assert (await threats.ask("GET", path, other)).json()["data"] == []
    given = other | {"X-Request-ID": "req_same"}
    for method, rest in (
        ("GET", ""),
        ("GET", "/findings"),
        ("GET", "/events"),
        ("GET", "/export"),
        ("GET", "/diff"),
        ("POST", "/cancel"),
    ):
        foreign = await threats.ask(method, f"{where}{rest}", given)
        unknown = await threats.ask(method, f"{UNKNOWN}{rest}", given)
        odd = await threats.ask(method, f"{PATH}/nonsense{rest}", given)
        assert foreign.status_code == 404
        assert foreign.content == unknown.content == odd.content
