"""The wire forms of service accounts, users, the audit and the tenant."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cybervault.access.audit import Listed
from cybervault.access.entries import Gate
from cybervault.access.limits.tables import CallClass, LimitOverride
from cybervault.access.proofs.notes import Checkpoint, Signer
from cybervault.access.proofs.payload import AuditEntry
from cybervault.access.service_accounts import AccountEdit, NewServiceAccount, RemovedAccount
from cybervault.access.store.service_accounts import ServiceAccount
from cybervault.domain.principals import KeyId, Member, MemberId, Plan, Role, Scope, ServiceAccountId, Tenant, TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.faces.bodies import read_body
from cybervault.faces.v3.management import shapes
from tests.access.conftest import PEPPER

NOW = datetime(2026, 11, 1, 12, 0, 30, 999_999, tzinfo=UTC)
TENANT = Tenant(TenantId("tv_1"), "acme", Plan.ENTERPRISE, NOW)
MEMBER = Member(MemberId("usr_1"), TENANT.id, "ana@acme.example", "Ana", Role.ADMIN, NOW)
ACCOUNT = ServiceAccount(
    ServiceAccountId("sva_1"),
    TENANT.id,
    "ci",
    "builds",
    frozenset({Scope.SCAN_WRITE, Scope.SCAN_READ}),
    "operator",
    NOW,
)


class TestServiceAccounts:
    def test_a_wish_is_read(self) -> None:
        request = read_body(shapes.NewServiceAccountRequest, b'{"name":"ci","scopes":["scan:read","scan:read"]}')
        assert request.to_core() == NewServiceAccount("ci", frozenset({Scope.SCAN_READ}), "")

    def test_what_is_left_out_of_a_change_stays(self) -> None:
        assert read_body(shapes.ServiceAccountEditRequest, b"{}").to_core() == AccountEdit()
        request = read_body(shapes.ServiceAccountEditRequest, b'{"scopes":[],"name":null,"description":""}')
        assert request.to_core() == AccountEdit(None, frozenset(), "")

    def test_it_is_shown_with_its_scopes_in_order(self) -> None:
        assert shapes.ServiceAccountReply.of(ACCOUNT).model_dump() == {
            "id": "sva_1", "name": "ci", "description": "builds", "scopes": ["scan:read", "scan:write"],
            "created_at": "2026-11-01T12:00:30Z", "created_by": "operator",
        }  # fmt: skip

    def test_what_went_names_its_keys(self) -> None:
        removed = RemovedAccount(ACCOUNT, (KeyId("key_1"), KeyId("key_2")))
        reply = shapes.RemovedAccountReply.of(removed)
        assert reply.model_dump() == {"id": "sva_1", "revoked_keys": ["key_1", "key_2"]}


class TestUsers:
    def test_a_wish_is_read(self) -> None:
        request = read_body(shapes.NewUserRequest, b'{"email":"a@b","name":"A","role":"billing_admin"}')
        wish = request.to_core()
        assert (wish.email, wish.name, wish.role, wish.password) == ("a@b", "A", Role.BILLING_ADMIN, None)

    @pytest.mark.parametrize("body", [b'{"name":"A"}', b'{"role":"owner"}', b'{"suspended":false}'])
    def test_one_thing_is_changed_at_a_time(self, body: bytes) -> None:
        read_body(shapes.UserEditRequest, body).refuse_unclear()

    @pytest.mark.parametrize("body", [b"{}", b'{"name":null}', b'{"name":"A","suspended":false}'])
    def test_what_could_be_done_by_half_is_refused(self, body: bytes) -> None:
        """Each change is a transaction of its own: of two, the first could hold and the second fail."""
        with pytest.raises(Problem, match="one thing at a time") as caught:
            read_body(shapes.UserEditRequest, body).refuse_unclear()
        assert caught.value.details[0][0] == "body"

    @pytest.mark.parametrize(
        ("changed", "state"),
        [({}, "active"), ({"suspended_at": NOW}, "suspended"), ({"suspended_at": NOW, "removed_at": NOW}, "removed")],
    )
    def test_the_state_is_told(self, changed: dict[str, Any], state: str) -> None:
        member = Member(**{field.name: getattr(MEMBER, field.name) for field in fields(MEMBER)} | changed)
        assert shapes.UserReply.of(member).state == state

    def test_an_invitation_holds_its_token_behind_the_hash_where_no_server_sees_it(self) -> None:
        reply = shapes.InvitedUserReply.shown(MEMBER, Secret("t0ken"), NOW, base_url="https://here")
        assert reply.invitation_url == "https://here/invitation#t0ken"
        assert (reply.invitation_token, reply.invitation_expires_at) == ("t0ken", "2026-11-08T12:00:30Z")
        assert (reply.email, reply.role) == ("ana@acme.example", "admin")


class TestAudit:
    def test_a_row_is_shown(self) -> None:
        entry = AuditEntry(
            NOW, "key.revoked", "member:usr_1", ("key_1",), "tv_1", "192.0.2.1", "curl", "req_1", {"reason": "left"}
        )
        assert shapes.AuditRowReply.of(Listed(7, entry)).model_dump() == {
            "number": 7, "occurred_at": "2026-11-01T12:00:30Z", "action": "key.revoked", "actor": "member:usr_1",
            "targets": ["key_1"], "ip": "192.0.2.1", "agent": "curl", "request_id": "req_1",
            "details": {"reason": "left"}, "is_erased": False,
        }  # fmt: skip

    def test_a_checkpoint_is_shown_and_its_absence_too(self) -> None:
        key = Signer(PEPPER).public_key
        none = shapes.CheckpointReply.of(None, key)
        assert (none.size, none.note, none.public_key) == (0, None, str(key))
        some = shapes.CheckpointReply.of(Checkpoint(3, b"r", "the note"), key)
        assert (some.size, some.note, some.origin) == (3, "the note", "cybervault/audit")


class TestTenant:
    def test_limits_are_those_in_force(self) -> None:
        own = LimitOverride("v3", CallClass.WRITE, minute=10, burst_percent=50)
        access = shapes.ApiAccessReply(personal_keys=True, other_keys=True, upgrade_url=Gate().upgrade_at)
        found = shapes.TenantReply.of(TENANT, access, (own,), []).model_dump()
        assert [(one["face"], one["call_class"]) for one in found["limits"]] == [
            ("v1", "any"), ("v2", "any"), ("v3", "read"), ("v3", "write"),
        ]  # fmt: skip
        assert [[window["limit"] for window in one["windows"]] for one in found["limits"]] == [
            [10_000], [500, 20_000], [1_000], [10],
        ]  # fmt: skip
        assert found["limits"][3]["windows"][0]["ceiling"] == 15


@pytest.mark.parametrize(
    "model",
    [
        shapes.NewServiceAccountRequest,
        shapes.ServiceAccountEditRequest,
        shapes.NewUserRequest,
        shapes.UserEditRequest,
    ],
)
def test_what_is_not_known_is_refused_and_not_repeated(model: type[BaseModel]) -> None:
    """Nobody sets a tenant, a plan or a role by a field that another endpoint has."""
    with pytest.raises(ValidationError) as caught:
        model.model_validate({"tenant_id": "tv_canary"})
    assert "extra_forbidden" in {error["type"] for error in caught.value.errors()}
    assert "tv_canary" not in str(caught.value)


def test_moments_are_told_in_utc() -> None:
    assert shapes.moment_of(NOW.astimezone(timezone(timedelta(hours=2)))) == "2026-11-01T12:00:30Z"
