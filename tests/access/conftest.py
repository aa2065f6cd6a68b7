"""All parts of access on one database, a clock that a test moves, and callers of every role."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from cybervault.access.audit import OPERATOR, Actor, Audit, actor_of
from cybervault.access.changes import KeyChanges
from cybervault.access.entries import Gate
from cybervault.access.epoch import StoredEpoch
from cybervault.access.exposure import Exposure
from cybervault.access.journal import Journal
from cybervault.access.keybook import KeyBook
from cybervault.access.keys import Keys
from cybervault.access.minting import MintedKey, Minting, NewKey
from cybervault.access.service_accounts import ServiceAccounts
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.epoch import EpochStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.service_accounts import ServiceAccountStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.tenants import Tenants
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.verify import Verifier
from cybervault.domain.ids import new_member_id
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    KeyKind,
    Member,
    Plan,
    Principal,
    Role,
    Scope,
    SessionId,
    Tenant,
)
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database, Sql
from tests.fakes.clock import HandClock

PEPPER = Pepper.of(Secret("a pepper that is long enough for tests"))


@dataclass(frozen=True, slots=True)
class World:
    """All parts of access on one database."""

    database: Database
    clock: HandClock
    journal: Journal
    audit: Audit
    store: KeyStore
    members: MemberStore
    tenants: Tenants
    keys: Keys
    minting: Minting
    changes: KeyChanges
    exposure: Exposure
    accounts: ServiceAccounts
    tenant: Tenant

    async def mint(
        self,
        name: str = "ci",
        kind: KeyKind = KeyKind.SERVICE_LIVE,
        *,
        owner: Member | None = None,
        **wish: Any,  # noqa: ANN401 - the fields of NewKey
    ) -> MintedKey:
        """A key that may read threats, made by the operator; a personal one is its owner's."""
        if kind.is_personal:
            owner = owner or await self.member()
            wish = {"owner_id": owner.id} | wish
        else:
            wish = {"scopes": frozenset({Scope.THREAT_READ})} | wish
        return await self.minting.mint(self.tenant, NewKey(kind, name, **wish), by=None, actor=OPERATOR)

    async def member(self, role: Role = Role.MEMBER, **changed: Any) -> Member:  # noqa: ANN401 - the fields of Member
        """A new member of the tenant."""
        member_id = new_member_id()
        member = Member(member_id, self.tenant.id, f"{member_id}@example.org", "M", role, self.clock.now())
        member = replace(member, **changed)
        await self.members.add(member, None)
        return member

    async def plan(self, plan: Plan) -> None:
        """Give the tenant another plan."""
        await self.tenants.set_plan(self.tenant.id, plan, actor=OPERATOR)

    async def events(self) -> list[str]:
        """The subjects that all nodes were told of, in their order."""
        return [event.subject for event in await EpochStore(self.database).after(0)]

    async def happened(self) -> list[str]:
        """The words of all changes in the audit, in their order."""
        rows = await self.database.rows(raw("SELECT action FROM audit ORDER BY number"), {})
        return [str(row[0]) for row in rows]

    async def last_payload(self) -> str:
        """What the newest row of the audit says."""
        rows = await self.database.rows(raw("SELECT payload FROM audit ORDER BY number DESC LIMIT 1"), {})
        payload = rows[0][0]
        assert isinstance(payload, bytes)
        return payload.decode()


def raw(text: str, names: Mapping[str, object] | None = None) -> Sql:
    """A statement of a test's own, the same in both dialects."""
    return Sql(text, text, tuple(names or ()))


def session_of(member: Member, plan: Plan = Plan.PROFESSIONAL) -> Principal:
    """The caller that a member is after signing in."""
    return Principal(
        member.tenant_id,
        SCOPES_OF_ROLE[member.role],
        plan,
        member_id=member.id,
        role=member.role,
        session_id=SessionId("ses_1"),
    )


def actor(principal: Principal, ip: str | None = None) -> Actor:
    """How the audit names this caller."""
    return actor_of(principal, ip=ip, agent=None, request_id=None)


async def world_on(
    database: Database, peppers: Pepper | Peppers = PEPPER, *, clock: HandClock | None = None, gate: Gate | None = None
) -> World:
    """Put the parts together, with one tenant."""
    peppers = peppers if isinstance(peppers, Peppers) else Peppers(peppers)
    clock = clock or HandClock()
    audit = Audit(AuditStore(database), clock, peppers)
    journal = Journal(clock, audit, StoredEpoch(EpochStore(database), clock))
    store = KeyStore(database)
    book = KeyBook(store, journal)
    tenants = Tenants(TenantStore(database), journal)
    found = await tenants.list()
    return World(
        database,
        clock,
        journal,
        audit,
        store,
        MemberStore(database),
        tenants,
        Keys(book, peppers, entries=Verifier(store, clock), gate=gate),
        Minting(book, peppers, gate=gate),
        KeyChanges(book),
        Exposure(book, peppers),
        ServiceAccounts(ServiceAccountStore(database), store, journal),
        found[0] if found else await tenants.create("acme", Plan.PROFESSIONAL, actor=OPERATOR),
    )


@pytest.fixture
async def world(database: Database) -> World:
    return await world_on(database)
