"""What other tools saw, uploaded to the whole server."""

from typing import Any

import pytest

from cybervault.domain.principals import KeyKind, Scope
from tests.fakes.threats import ThreatWorld
from tests.scans.sarifs import PARTS, in_parts, result, sarif

PATH = "/v1/scans/upload-sarif/"


async def uploaded(world: ThreatWorld, key: dict[str, str], body: bytes, content_type: str = PARTS) -> Any:  # noqa: ANN401 - the client's
    return await world.ask("POST", PATH, {**key, "Content-Type": content_type}, content=body)


async def test_check_136_a_sarif_file_uploaded_twice_doubles_no_finding(threats: ThreatWorld) -> None:
    key = await threats.key(Scope.SCAN_UPLOAD)
    body = in_parts(sarif(result("S1", level="error"), result("S2", "src/db.py", 12)))
    first = await uploaded(threats, key, body)
    assert first.status_code == 201, first.text
    assert first.headers["location"] == f"/v1/scans/{first.json()['scan_id']}"
    again = (await uploaded(threats, key, body)).json()
    assert (first.json()["findings"], first.json()["new"], again["findings"], again["new"]) == (2, 2, 2, 0)
    reader = await threats.key(Scope.SCAN_READ)
    standing = (await threats.ask("GET", "/v3/scans/findings", reader)).json()["data"]
    assert sorted((one["rule"], one["asset"], one["place"], one["severity"]) for one in standing) == [
        ("S1", "src/app.py", "line 7", "high"), ("S2", "src/db.py", "line 12", "medium"),
    ]  # fmt: skip
    assert {tuple(one["sources"]) for one in standing} == {("Semgrep",)}
    for scan in (first.json(), again):
        seen = (await threats.ask("GET", f"/v1/scans/{scan['scan_id']}/findings", reader)).json()["data"]
        assert [one["rule"] for one in seen] == ["S1", "S2"]
        shown = (await threats.ask("GET", f"/v1/scans/{scan['scan_id']}", reader)).json()
        assert (shown["status"], shown["targets"], shown["findings_total"]) == ("completed", ["sarif:Semgrep"], 2)


async def test_check_136_a_key_without_the_scope_is_refused(threats: ThreatWorld) -> None:
    key = await threats.key(*(scope for scope in Scope if scope is not Scope.SCAN_UPLOAD))
    reply = await uploaded(threats, key, in_parts(sarif(result())))
    assert (reply.status_code, reply.json()["error_code"]) == (403, "insufficient_permissions")


async def test_other_tenants_see_nothing_of_it(threats: ThreatWorld) -> None:
    made = (await uploaded(threats, await threats.key(Scope.SCAN_UPLOAD), sarif(result()), "application/json")).json()
    other = await threats.key(Scope.SCAN_READ, tenant="other")
    assert (await threats.ask("GET", "/v3/scans/findings", other)).json()["data"] == []
    assert (await threats.ask("GET", f"/v1/scans/{made['scan_id']}", other)).status_code == 404


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b"", "application/json", (400, "bad_sarif")),
        (b"{}", "application/sarif+json", (400, "bad_sarif")),
        (b"[" * 100_000, "application/json", (400, "bad_sarif")),
        (in_parts(sarif(result()), "other"), PARTS, (400, "bad_sarif")),
        (in_parts(sarif(result())), "multipart/form-data", (400, "bad_sarif")),
        (sarif(result()), "text/plain", (415, "unsupported_media_type")),
        (b"x" * (10 * 1024 * 1024 + 1), "application/json", (413, "payload_too_large")),
    ],
)
async def test_malformed(threats: ThreatWorld, body: bytes, content_type: str, expected: tuple[int, str]) -> None:
    reply = await uploaded(threats, await threats.key(Scope.SCAN_UPLOAD), body, content_type)
    assert (reply.status_code, reply.json()["error_code"]) == expected


async def test_a_test_key_uploads_nothing(threats: ThreatWorld) -> None:
    reply = await uploaded(threats, await threats.key(kind=KeyKind.SERVICE_TEST), sarif(result()), "application/json")
    assert (reply.status_code, reply.json()["error_code"]) == (403, "sandbox_restricted")


async def test_the_same_call_again_with_its_key_uploads_once(threats: ThreatWorld) -> None:
    key = await threats.key(Scope.SCAN_UPLOAD) | {"Idempotency-Key": "nightly-42"}
    replies = [await uploaded(threats, key, sarif(result()), "application/json") for _ in range(2)]
    assert replies[0].json() == replies[1].json()
