"""The wire forms of sign-in: what the console sends, and what it is told."""

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.access.session_life import FRESH, Session
from cybervault.access.setup import NewAdmin
from cybervault.access.sign_in import Proof
from cybervault.domain.principals import Member, Plan, Principal, SessionId, Tenant
from cybervault.domain.secrets import Secret

_LONG: Final = 1_024


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SignInRequest(_Request):
    """Body of `POST /api/console/sign-in`."""

    email: str = Field(max_length=_LONG)
    password: str = Field(max_length=_LONG)
    code: str | None = Field(default=None, max_length=64, description="Of the second factor, where there is one.")

    def to_core(self) -> Proof:
        """What is shown besides the address."""
        return Proof(Secret(self.password), self.code)


class ProofRequest(_Request):
    """Body of `POST /api/console/proof`: either of the two."""

    password: str | None = Field(default=None, max_length=_LONG)
    code: str | None = Field(default=None, max_length=64)

    def to_core(self) -> Proof:
        """What is shown."""
        return Proof(None if self.password is None else Secret(self.password), self.code)


class SetupRequest(_Request):
    """Body of `POST /api/console/setup`."""

    token: str = Field(max_length=_LONG, description="The one-time token that the server printed.")
    email: str = Field(max_length=_LONG)
    name: str = Field(max_length=_LONG)
    password: str = Field(max_length=_LONG)
    tenant: str | None = Field(default=None, max_length=_LONG)
    plan: Literal["starter", "professional", "enterprise"] = "enterprise"

    def to_core(self) -> NewAdmin:
        """The wish."""
        return NewAdmin(self.email, self.name, Secret(self.password), self.tenant, Plan(self.plan))


class InvitationRequest(_Request):
    """Body of `POST /api/console/invitation`."""

    token: str = Field(max_length=_LONG)
    password: str = Field(max_length=_LONG)


class PasswordRequest(_Request):
    """Body of `POST /api/console/password`."""

    current: str = Field(max_length=_LONG)
    new: str = Field(max_length=_LONG)


class SetupState(BaseModel):
    """Answer of `GET /api/console/setup`."""

    is_open: bool = Field(description="Whether the first administrator is still to be made.")


class MemberReply(BaseModel):
    """A member, as the member itself may see it."""

    id: str = Field(examples=["usr_4f1k9x2m7q0z"])
    email: str
    name: str
    role: Literal["owner", "admin", "billing_admin", "member", "viewer"]

    @classmethod
    def of(cls, member: Member) -> "MemberReply":
        return cls(id=member.id, email=member.email, name=member.name, role=member.role.value)


class SessionReply(BaseModel):
    """One session."""

    id: str = Field(examples=["ses_4f1k9x2m7q0z"])
    created_at: str
    seen_at: str = Field(description="The last use, to the minute.")
    expires_at: str = Field(description="When it ends if it is not used again.")
    proved_until: str = Field(description="Until when changes of keys and members need no new proof.")
    ip: str | None
    agent: str | None
    is_current: bool

    @classmethod
    def of(cls, session: Session, current: SessionId | None) -> "SessionReply":
        return cls(
            id=session.id,
            created_at=_moment(session.created_at),
            seen_at=_moment(session.seen_at),
            expires_at=_moment(session.expires_at),
            proved_until=_moment(session.proved_at + FRESH),
            ip=session.ip,
            agent=session.agent,
            is_current=session.id == current,
        )


class SessionList(BaseModel):
    """Answer of `GET /api/console/sessions`, newest first."""

    sessions: list[SessionReply]


class EndedReply(BaseModel):
    """Answer of `POST /api/console/sessions/end-others`."""

    ended: int


class TenantReply(BaseModel):
    """The member's tenant."""

    id: str
    name: str
    plan: Literal["starter", "professional", "enterprise"]


class MeReply(BaseModel):
    """Answer of `GET /api/console/me`: who has signed in, and what that allows."""

    member: MemberReply
    tenant: TenantReply
    scopes: list[str]
    session: SessionReply

    @classmethod
    def of(cls, principal: Principal, member: Member, tenant: Tenant, session: Session) -> "MeReply":  # noqa: PLR0917 - what it is made of
        return cls(
            member=MemberReply.of(member),
            tenant=TenantReply(id=tenant.id, name=tenant.name, plan=tenant.plan.value),
            scopes=sorted(scope.value for scope in principal.scopes),
            session=SessionReply.of(session, principal.session_id),
        )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
