"""Who calls: the resolved caller with its tenant, plan and scopes, and the kinds of keys that name one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from cybervault.domain.limits import LimitOverride

TenantId = NewType("TenantId", str)
MemberId = NewType("MemberId", str)
ServiceAccountId = NewType("ServiceAccountId", str)
KeyId = NewType("KeyId", str)
SessionId = NewType("SessionId", str)


class Environment(StrEnum):
    """Where a key works: on what is real, or on made-up data only."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"


class KeyKind(StrEnum):
    """What a key is, told by the prefix of its secret (contract 1.4.2)."""

    SERVICE_LIVE = "cv_live_sk_"
    SERVICE_TEST = "cv_test_sk_"
    SERVICE_READ = "cv_read_sk_"
    CLASSIC_LIVE = "cv_live_"
    CLASSIC_TEST = "cv_test_"
    PERSONAL_LIVE = "cbr_live_"
    PERSONAL_TEST = "cbr_test_"

    @property
    def environment(self) -> Environment:
        """Sandbox for test keys, production for all others."""
        return Environment.SANDBOX if "_test_" in self else Environment.PRODUCTION

    @property
    def is_read_only(self) -> bool:
        """Whether only reading is allowed, whatever the scopes say (contract 1.4.2)."""
        return self is KeyKind.SERVICE_READ

    @property
    def is_personal(self) -> bool:
        """Whether it belongs to a member and has that member's rights, rather than scopes of its own."""
        return self is KeyKind.PERSONAL_LIVE or self is KeyKind.PERSONAL_TEST


class Scope(StrEnum):
    """What a key may be allowed to do (contract 1.4.9); to write does not include to read."""

    THREAT_READ = "threat:read"
    THREAT_WRITE = "threat:write"
    RESPONSE_READ = "response:read"
    RESPONSE_WRITE = "response:write"
    INCIDENT_READ = "incident:read"
    INCIDENT_WRITE = "incident:write"
    SCAN_READ = "scan:read"
    SCAN_WRITE = "scan:write"
    SCAN_UPLOAD = "scan:upload"
    FINDINGS_READ = "findings:read"
    FINDINGS_WRITE = "findings:write"
    ASSET_READ = "asset:read"
    ASSET_WRITE = "asset:write"
    AUDIT_READ = "audit:read"
    KEYS_MANAGE = "keys:manage"


class Plan(StrEnum):
    """What a tenant has subscribed to."""

    STARTER = "starter"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"


class Role(StrEnum):
    """What a member may do in the tenant (contract 1.5.2)."""

    OWNER = "owner"
    ADMIN = "admin"
    BILLING_ADMIN = "billing_admin"
    MEMBER = "member"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of this installation: everything kept belongs to exactly one."""

    id: TenantId
    name: str
    plan: Plan
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a tenant. Removed is final; suspended can be taken back."""

    id: MemberId
    tenant_id: TenantId
    email: str
    name: str
    role: Role
    created_at: datetime
    suspended_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether neither suspended nor removed."""
        return self.suspended_at is None and self.removed_at is None


READING_SCOPES: Final = frozenset(scope for scope in Scope if scope.endswith(":read"))

_EVERY_SCOPE: Final = frozenset(Scope)
# Who runs the tenant may do everything, who pays for it nothing of what it does; members work, viewers look
# (contract 1.5.2). Containment, keys and the audit are for those who answer for the tenant.
SCOPES_OF_ROLE: Final[Mapping[Role, frozenset[Scope]]] = {
    Role.OWNER: _EVERY_SCOPE,
    Role.ADMIN: _EVERY_SCOPE,
    Role.BILLING_ADMIN: frozenset(),
    Role.MEMBER: _EVERY_SCOPE - {Scope.RESPONSE_WRITE, Scope.AUDIT_READ, Scope.KEYS_MANAGE},
    Role.VIEWER: READING_SCOPES - {Scope.AUDIT_READ},
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as it stands at this request: behind a key, or a person who has signed in.

    Of a key `key_id`, `kind` and `hint` are set, of a session `session_id`; `member_id` and `role` of a session and of
    a personal key. `scopes` are what it may do now: those of the key, or of the role, narrowed by the key.
    """

    tenant_id: TenantId
    scopes: frozenset[Scope]
    plan: Plan
    environment: Environment = Environment.PRODUCTION
    key_id: KeyId | None = None
    kind: KeyKind | None = None
    hint: str = ""
    # During a rotation: the older of the two secrets, which may change no keys.
    is_outgoing_secret: bool = False
    member_id: MemberId | None = None
    role: Role | None = None
    session_id: SessionId | None = None
    # The tenant's own numbers of calls.
    overrides: tuple[LimitOverride, ...] = ()

    @property
    def is_read_only(self) -> bool:
        """Whether the kind of the key allows reading only."""
        return self.kind is not None and self.kind.is_read_only

    def has_scope(self, scope: Scope) -> bool:
        """Whether the scope was given and the kind of the key allows it; the prefix is the upper bound."""
        return scope in self.scopes and (not self.is_read_only or scope in READING_SCOPES)
