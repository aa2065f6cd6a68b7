"""The wire forms of management that are not about keys: service accounts, users, the audit, the tenant."""

from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cybervault.access.audit import Change, Listed
from cybervault.access.consumption import Consumed
from cybervault.access.limits.tables import COUNTED, Counted, LimitOverride, Window, allowance_of
from cybervault.access.members import INVITATION, NewMember
from cybervault.access.proofs.notes import ORIGIN, Checkpoint, PublicKey
from cybervault.access.service_accounts import AccountEdit, NewServiceAccount, RemovedAccount
from cybervault.access.store.service_accounts import ServiceAccount
from cybervault.domain.principals import Member, Plan, Role, Scope, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.faces.v3.management.office import PageQuery, Pagination

TEXT_CHARACTERS_MAX: Final = 1_024
# One database cannot keep the character 0.
TEXT: Final = r"^[^\x00]*$"


class Request(BaseModel):
    """What a caller sends: nothing but the fields that are known, and none of them is repeated in an error."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NewServiceAccountRequest(Request):
    """Body of `POST /v3/service-accounts`."""

    name: str = Field(max_length=TEXT_CHARACTERS_MAX)
    scopes: frozenset[Scope] = Field(default=frozenset(), description="The most that each of its keys may have.")
    description: str = Field(default="", max_length=TEXT_CHARACTERS_MAX, pattern=TEXT)

    def to_core(self) -> NewServiceAccount:
        """The wish."""
        return NewServiceAccount(self.name, self.scopes, self.description)


class ServiceAccountEditRequest(Request):
    """Body of `PATCH /v3/service-accounts/{account_id}`; what is left out or null stays as it is."""

    name: str | None = Field(default=None, max_length=TEXT_CHARACTERS_MAX)
    scopes: frozenset[Scope] | None = None
    description: str | None = Field(default=None, max_length=TEXT_CHARACTERS_MAX, pattern=TEXT)

    def to_core(self) -> AccountEdit:
        """The wish."""
        return AccountEdit(self.name, self.scopes, self.description)


class ServiceAccountReply(BaseModel):
    """A service account."""

    id: str = Field(examples=["sva_4f1k9x2m7q0z"])
    name: str
    description: str
    scopes: list[str]
    created_at: str
    created_by: str = Field(description="Who made it, as the audit names them.")

    @classmethod
    def of(cls, account: ServiceAccount) -> "ServiceAccountReply":
        """The account."""
        return cls(
            id=account.id,
            name=account.name,
            description=account.description,
            scopes=sorted(scope.value for scope in account.scopes),
            created_at=moment_of(account.created_at),
            created_by=account.created_by,
        )


class ServiceAccountList(BaseModel):
    """Answer of `GET /v3/service-accounts`, oldest first."""

    data: list[ServiceAccountReply]
    pagination: Pagination


class RemovedAccountReply(BaseModel):
    """Answer of `DELETE /v3/service-accounts/{account_id}`."""

    id: str
    revoked_keys: list[str] = Field(description="The keys that were revoked with it.")

    @classmethod
    def of(cls, removed: RemovedAccount) -> "RemovedAccountReply":
        """What went."""
        return cls(id=removed.account.id, revoked_keys=list(removed.revoked))


class NewUserRequest(Request):
    """Body of `POST /v3/users`."""

    email: str = Field(max_length=TEXT_CHARACTERS_MAX)
    name: str = Field(max_length=TEXT_CHARACTERS_MAX)
    role: Role

    def to_core(self) -> NewMember:
        """The wish."""
        return NewMember(self.email, self.name, self.role)


class UserEditRequest(Request):
    """Body of `PATCH /v3/users/{user_id}`: exactly one of the three, so that it is done as a whole or not at all."""

    name: str | None = Field(default=None, max_length=TEXT_CHARACTERS_MAX)
    role: Role | None = None
    suspended: bool | None = None

    def refuse_unclear(self) -> None:
        """Raise `Problem` INVALID `invalid_parameter` for none or several."""
        if sum(wish is not None for wish in (self.name, self.role, self.suspended)) != 1:
            raise Problem(
                ProblemKind.INVALID,
                code="invalid_parameter",
                message="Change one thing at a time: name, role or suspended.",
                details=(("body", "must have exactly one of name, role and suspended"),),
            )


class UserReply(BaseModel):
    """A member of the tenant."""

    id: str = Field(examples=["usr_4f1k9x2m7q0z"])
    email: str
    name: str
    role: Literal["owner", "admin", "billing_admin", "member", "viewer"]
    state: Literal["active", "suspended", "removed"]
    created_at: str

    @classmethod
    def of(cls, member: Member) -> "UserReply":
        """The member."""
        return cls(
            id=member.id,
            email=member.email,
            name=member.name,
            role=member.role.value,
            state="removed" if member.removed_at else "suspended" if member.suspended_at else "active",
            created_at=moment_of(member.created_at),
        )


class UserList(BaseModel):
    """Answer of `GET /v3/users`, oldest first."""

    data: list[UserReply]
    pagination: Pagination


class InvitedUserReply(UserReply):
    """A member and the one-time token by which it chooses a password: shown this once, no mail is sent."""

    invitation_token: str
    invitation_url: str = Field(description="Where to choose a password; the token stands behind the #.")
    invitation_expires_at: str

    @classmethod
    def shown(cls, member: Member, token: Secret, now: datetime, *, base_url: str) -> "InvitedUserReply":
        """The answer that holds the token."""
        text = token.reveal()
        return cls(
            **UserReply.of(member).model_dump(),
            invitation_token=text,
            # What stands behind the # is sent to no server and stands in no log.
            invitation_url=f"{base_url}/invitation#{text}",
            invitation_expires_at=moment_of(now + INVITATION),
        )


class AuditQuery(PageQuery):
    """Query of `GET /v3/audit-log`."""

    action: Change | None = Field(default=None, description="One kind of change.")
    actor: str | None = Field(
        default=None, max_length=TEXT_CHARACTERS_MAX, description="Who changed: the id of a member or key."
    )
    since: str | None = Field(default=None, description="ISO 8601, from this moment on.")
    until: str | None = Field(default=None, description="ISO 8601, before this moment.")


class AuditRowReply(BaseModel):
    """One row of the audit; of an erased one only time and action are left."""

    number: int = Field(description="Its place in the chain, as `cybervault audit prove` takes it.")
    occurred_at: str
    action: str = Field(examples=["key.revoked"])
    actor: str
    targets: list[str]
    ip: str | None
    agent: str | None
    request_id: str | None
    details: dict[str, str]
    is_erased: bool

    @classmethod
    def of(cls, listed: Listed) -> "AuditRowReply":
        """The row."""
        entry = listed.entry
        return cls(
            number=listed.number,
            occurred_at=moment_of(entry.occurred_at),
            action=entry.action,
            actor=entry.actor,
            targets=list(entry.targets),
            ip=entry.ip,
            agent=entry.agent,
            request_id=entry.request_id,
            details=dict(entry.details),
            is_erased=listed.is_erased,
        )


class AuditList(BaseModel):
    """Answer of `GET /v3/audit-log`, newest first."""

    data: list[AuditRowReply]
    pagination: Pagination


class CheckpointReply(BaseModel):
    """Answer of `GET /v3/audit-log/checkpoint`: keep it elsewhere, it shows whether the end was cut off later."""

    origin: str
    size: int = Field(description="How many rows it covers, of all tenants.")
    note: str | None = Field(description="The signed note; null while there is no row.")
    public_key: str = Field(description="What checks its signature.")

    @classmethod
    def of(cls, checkpoint: Checkpoint | None, key: PublicKey) -> "CheckpointReply":
        """The newest checkpoint."""
        size, note = (0, None) if checkpoint is None else (checkpoint.size, checkpoint.text)
        return cls(origin=ORIGIN, size=size, note=note, public_key=str(key))


class WindowReply(BaseModel):
    """A limit over some time."""

    name: Literal["minute", "hour"]
    seconds: int
    limit: int = Field(description="As published, and as the headers say.")
    ceiling: int = Field(description="What passes with the burst; more never does.")


class LimitsReply(BaseModel):
    """The limits of one class of calls on one face, for each key."""

    face: Literal["v1", "v2", "v3"]
    call_class: Literal["read", "write", "any"]
    windows: list[WindowReply]

    @classmethod
    def of(cls, counted: Counted, windows: tuple[Window, ...]) -> "LimitsReply":
        """The windows, the shortest first."""
        return cls.model_validate(_counted_fields(counted) | {"windows": list(map(_window_fields, windows))})


class WindowUseReply(WindowReply):
    """A limit, and how much of it is used now."""

    used: int
    remaining: int = Field(description="Of `limit`; 0 while calls still pass by the burst.")


class KeyConsumptionReply(BaseModel):
    """What a key has used of one class of calls on one face."""

    key_id: str = Field(examples=["key_3k9x2m7q1p4w"])
    name: str
    face: Literal["v1", "v2", "v3"]
    call_class: Literal["read", "write", "any"]
    windows: list[WindowUseReply]

    @classmethod
    def of(cls, consumed: Consumed) -> "KeyConsumptionReply":
        """What the limiter counts."""
        return cls.model_validate(
            {
                "key_id": consumed.key.id,
                "name": consumed.key.name,
                **_counted_fields(consumed.counted),
                "windows": [
                    _window_fields(use.window)
                    | {"used": use.used, "remaining": max(0, use.window.published - use.used)}
                    for use in consumed.uses
                ],
            }
        )


class KeyLimits(BaseModel):
    """Answer of `GET /v3/keys/limits`: whatever counts a call now, the fullest first."""

    at: str
    data: list[KeyConsumptionReply]


class ApiAccessReply(BaseModel):
    """What the plan opens."""

    personal_keys: bool
    other_keys: bool = Field(description="Keys of service accounts, and classic ones.")
    upgrade_url: str = Field(description="Where to get a larger plan.")


class PlanReply(BaseModel):
    """What a plan gives, before any limits of a tenant's own."""

    plan: Literal["starter", "professional", "enterprise"]
    personal_keys: bool
    other_keys: bool
    limits: list[LimitsReply]


class TenantReply(BaseModel):
    """Answer of `GET /v3/tenant`."""

    id: str
    name: str
    plan: Literal["starter", "professional", "enterprise"]
    created_at: str
    api_access: ApiAccessReply
    limits: list[LimitsReply]
    plans: list[PlanReply] = Field(description="What each plan gives on this server, the smallest first.")

    @classmethod
    def of(  # noqa: PLR0917 - what it is made of
        cls, tenant: Tenant, access: ApiAccessReply, overrides: tuple[LimitOverride, ...], plans: list[PlanReply]
    ) -> "TenantReply":
        """The tenant with the limits that hold now."""
        return cls(
            id=tenant.id,
            name=tenant.name,
            plan=tenant.plan.value,
            created_at=moment_of(tenant.created_at),
            api_access=access,
            limits=limits_of(tenant.plan, overrides),
            plans=plans,
        )


def limits_of(plan: Plan, overrides: tuple[LimitOverride, ...]) -> list[LimitsReply]:
    """What a tenant is allowed, on every face that is counted."""
    return [
        LimitsReply.of(one, allowance_of(one.face, plan, one.call_class, overrides=overrides).windows)
        for one in COUNTED
    ]


def _counted_fields(counted: Counted) -> dict[str, object]:
    return {"face": counted.face, "call_class": counted.call_class.value}


def _window_fields(window: Window) -> dict[str, object]:
    return {"name": window.name, "seconds": window.seconds, "limit": window.published, "ceiling": window.ceiling}


def moment_of(moment: datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
