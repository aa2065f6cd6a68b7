"""The wire forms of sign-in: strict, and without a word of what was sent."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel, ValidationError

from cybervault.access.session_life import Session
from cybervault.access.setup import NewAdmin
from cybervault.access.sign_in import Proof
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    Member,
    MemberId,
    Plan,
    Principal,
    Role,
    SessionId,
    Tenant,
    TenantId,
)
from cybervault.domain.secrets import Secret
from cybervault.faces.console import shapes

NOW = datetime(2026, 11, 1, 12, 30, 15, 999_999, tzinfo=UTC)
SESSION = Session(SessionId("ses_1"), MemberId("usr_1"), NOW, NOW + timedelta(minutes=1), NOW, None, "192.0.2.7", None)
MEMBER = Member(MemberId("usr_1"), TenantId("tv_1"), "ana@acme.example", "Ana", Role.VIEWER, NOW)


def test_requests_become_what_the_core_takes() -> None:
    sign_in = shapes.SignInRequest(email="a@b", password="p", code="123456")
    assert sign_in.to_core() == Proof(Secret("p"), "123456")
    assert shapes.ProofRequest(code="1").to_core() == Proof(None, "1")
    assert shapes.ProofRequest(password="p").to_core() == Proof(Secret("p"))
    setup = shapes.SetupRequest(token="t", email="a@b", name="A", password="p", tenant="acme", plan="starter")
    assert setup.to_core() == NewAdmin("a@b", "A", Secret("p"), "acme", Plan.STARTER)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (shapes.SignInRequest, {"email": "a@b", "password": "hidden", "role": "owner"}),
        (shapes.SignInRequest, {"email": "a@b", "password": "hidden" * 200}),
        (shapes.ProofRequest, {"password": "hidden", "member": "usr_2"}),
        (shapes.SetupRequest, {"token": "hidden", "email": "a", "name": "b", "password": "c", "plan": "gold"}),
        (shapes.InvitationRequest, {"token": "hidden"}),
        (shapes.PasswordRequest, {"current": "hidden"}),
    ],
)
def test_what_is_unknown_too_long_or_missing_is_refused_without_being_repeated(
    model: type[BaseModel], values: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    assert "hidden" not in str(caught.value)


def test_a_session_tells_when_it_ends_and_whether_it_is_this_one() -> None:
    reply = shapes.SessionReply.of(SESSION, SESSION.id)
    assert reply.model_dump() == {
        "id": "ses_1",
        "created_at": "2026-11-01T12:30:15Z",
        "seen_at": "2026-11-01T12:31:15Z",
        "expires_at": "2026-11-01T13:01:15Z",
        "proved_until": "2026-11-01T12:35:15Z",
        "ip": "192.0.2.7",
        "agent": None,
        "is_current": True,
    }
    assert not shapes.SessionReply.of(SESSION, SessionId("ses_2")).is_current


def test_a_member_sees_its_own_tenant_rights_and_session() -> None:
    principal = Principal(
        MEMBER.tenant_id, SCOPES_OF_ROLE[Role.VIEWER], Plan.STARTER, member_id=MEMBER.id, session_id=SESSION.id
    )
    tenant = Tenant(MEMBER.tenant_id, "acme", Plan.STARTER, NOW)
    reply = shapes.MeReply.of(principal, MEMBER, tenant, SESSION)
    assert reply.member == shapes.MemberReply(id="usr_1", email="ana@acme.example", name="Ana", role="viewer")
    assert reply.tenant.model_dump() == {"id": "tv_1", "name": "acme", "plan": "starter"}
    assert reply.scopes == sorted(SCOPES_OF_ROLE[Role.VIEWER])
    assert reply.session.is_current
