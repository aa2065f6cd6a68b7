"""Who calls: the resolved caller with its tenant, plan and scopes, and the kinds of keys that name one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

TenantId = NewType("TenantId", str)
KeyId = NewType("KeyId", str)


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
        return Environment.SANDBOX if "_test_" in self.value else Environment.PRODUCTION

    @property
    def is_read_only(self) -> bool:
        """Whether only reading is allowed, whatever the scopes say (contract 1.4.2)."""
        return self is KeyKind.SERVICE_READ

    @property
    def is_personal(self) -> bool:
        """Whether it belongs to a member and has that member's rights, rather than scopes of its own."""
        return self in {KeyKind.PERSONAL_LIVE, KeyKind.PERSONAL_TEST}


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


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer of this installation: everything kept belongs to exactly one."""

    id: TenantId
    name: str
    plan: Plan
    created_at: datetime


READING_SCOPES: Final = frozenset(scope for scope in Scope if scope.endswith(":read"))


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller behind a key, as it stands at this request."""

    tenant_id: TenantId
    key_id: KeyId
    kind: KeyKind
    scopes: frozenset[Scope]
    environment: Environment
    plan: Plan

    def has_scope(self, scope: Scope) -> bool:
        """Whether the scope was given and the kind of the key allows it; the prefix is the upper bound."""
        return scope in self.scopes and (not self.kind.is_read_only or scope in READING_SCOPES)
