"""What may be scanned, as v3 spells it."""

from dataclasses import replace
from datetime import UTC, datetime

from cybervault.domain.ids import GrantId
from cybervault.domain.principals import TenantId
from cybervault.faces.v3.scan_grant_shapes import GrantReply, GrantRequest
from cybervault.scans.grant import Basis, Grant
from cybervault.scans.grants import NewGrant
from cybervault.scans.targets import parse_target

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WAITING = Grant(
    GrantId("sgr_1"), TenantId("tv_1"), parse_target("example.com"), Basis.PROOF, "", False,  # noqa: FBT003 - in the order of its fields
    "cybervault-challenge=x", None, None, NOW, "member:usr_1",
)  # fmt: skip


def test_a_wish_says_what_it_wants() -> None:
    request = GrantRequest(target="example.com", note="n", allow_pentest=True, days=2)
    assert request.to_core() == NewGrant("example.com", "n", allows_pentest=True, days=2)


def test_what_waits_says_where_its_proof_is_looked_for() -> None:
    reply = GrantReply.of(WAITING)
    assert (reply.granted, reply.granted_at, reply.expires_at) == (False, None, None)
    assert reply.challenge is not None
    assert reply.challenge.txt_record == "_cybervault-challenge.example.com"
    assert reply.challenge.file == "https://example.com/.well-known/cybervault-challenge.txt"
    assert reply.challenge.text == "cybervault-challenge=x"


def test_what_counts_says_from_when_to_when() -> None:
    reply = GrantReply.of(replace(WAITING, challenge=None, granted_at=NOW, expires_at=NOW))
    assert (reply.granted, reply.challenge, reply.granted_at, reply.expires_at) == (
        True, None, "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z",
    )  # fmt: skip
