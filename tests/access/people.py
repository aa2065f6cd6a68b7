"""Members, sessions and sign-in on a database of a test, with one tenant."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from cybervault.access.audit import OPERATOR, Actor, Audit
from cybervault.access.credentials import Credentials
from cybervault.access.epoch import StoredEpoch
from cybervault.access.journal import Journal
from cybervault.access.members import Belongings, Members, NewMember
from cybervault.access.one_time import OneTimeTokens
from cybervault.access.passwords import Cost, Passwords
from cybervault.access.proofs.payload import AuditEntry
from cybervault.access.sealing import Sealer
from cybervault.access.second_factors import SecondFactors
from cybervault.access.session_life import Session
from cybervault.access.sessions import Sessions
from cybervault.access.setup import Ground, Setup
from cybervault.access.sign_in import Doors, Place, SignIn
from cybervault.access.store.audit import AuditStore, Wanted
from cybervault.access.store.epoch import EpochStore
from cybervault.access.store.invitations import InvitationStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.second_factors import SecondFactorStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.store.sign_in_failures import FailureStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.store.tickets import TicketStore
from cybervault.access.throttle import Throttle
from cybervault.access.tickets import Tickets
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.verify import Verifier
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.principals import Member, Plan, Principal, Role, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

PEPPERS: Final = Peppers(Pepper.of(Secret("a pepper that is long enough for tests")))
PASSWORD: Final = Secret("correct horse battery")
HERE: Final = Place(ipaddress.ip_address("192.0.2.7"), "a browser", "req_1")
ELSEWHERE: Final = Place(ipaddress.ip_address("198.51.100.9"), "another browser", "req_2")
CHEAP: Final = Cost(memory_kib=8, passes=1)
# Made once: it costs little, and most tests need it.
_KEPT: Final[dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class People:
    """All parts of sign-in on one database."""

    database: Database
    clock: HandClock
    journal: Journal
    epoch: EpochStore
    tenant: Tenant
    tokens: OneTimeTokens
    members: Members
    doors: Doors
    second_factors: SecondFactors
    sign_in: SignIn
    credentials: Credentials
    setup: Setup

    @property
    def sessions(self) -> Sessions:
        return self.doors.sessions

    async def member(self, name: str = "ana", role: Role = Role.OWNER, tenant: Tenant | None = None) -> Member:
        """A member whose password is `PASSWORD`."""
        if not _KEPT:
            _KEPT["password"] = await self.doors.passwords.hash(PASSWORD)
        wish = NewMember(f"{name}@acme.example", name.title(), role, _KEPT["password"])
        return await self.members.create(tenant or self.tenant, wish, by=None, actor=OPERATOR)

    async def session(self, member: Member, place: Place = HERE) -> tuple[Secret, Session]:
        """A session begun without looking at a password."""
        return await self.sessions.begin(member.id, address=place.address, agent=place.agent)

    async def caller(self, member: Member) -> Principal:
        """The member, signed in."""
        token, _ = await self.session(member)
        return await self.sessions.resolve(token.reveal())

    async def audited(self) -> list[AuditEntry]:
        """What the audit tells, oldest first."""
        page = await self.journal.audit.page(Wanted(None), most=500)
        return [row.entry for row in reversed(page.rows)]

    async def last(self) -> Mapping[str, Any]:
        """The newest row of the audit: its action, actor, target and details."""
        entry = (await self.audited())[-1]
        return {
            "action": entry.action,
            "actor": entry.actor,
            "target": entry.targets[0],
            "details": dict(entry.details),
        }

    async def noted(self) -> list[str]:
        """Whose remembered rights have ended, in order."""
        return [event.subject for event in await self.epoch.after(0)]


async def people_on(database: Database, clock: HandClock, folder: Path, peppers: Peppers = PEPPERS) -> People:
    """Put the parts together as `app` does, with passwords that cost little."""
    epoch = EpochStore(database)
    journal = Journal(clock, Audit(AuditStore(database), clock, peppers), StoredEpoch(epoch, clock))
    tenants, rows, session_rows = TenantStore(database), MemberStore(database), SessionStore(database)
    tokens = OneTimeTokens(InvitationStore(database), clock, peppers)
    sessions = Sessions(session_rows, Verifier(session_rows, clock), journal=journal, peppers=peppers)
    passwords = Passwords(cost=CHEAP)
    sealer = Sealer(peppers)
    second_factors = SecondFactors(
        SecondFactorStore(database), Tickets(TicketStore(database), sealer, clock), sealer=sealer, journal=journal
    )
    throttle = Throttle(FailureStore(database), clock)
    doors = Doors(rows, session_rows, sessions, passwords, throttle, second_factors)
    members = Members(rows, Belongings(session_rows, tokens, KeyStore(database).revoke_all_of), journal)
    sign_in = SignIn(doors, journal)
    credentials = Credentials(doors, sign_in, tokens=tokens, journal=journal)
    setup = Setup(Ground(members, rows, tenants, tokens, passwords), journal, folder / "setup-token")
    found = await tenants.find("acme")
    if found is None:
        found = Tenant(new_tenant_id(), "acme", Plan.PROFESSIONAL, clock.now())
        await tenants.add(found)
    return People(
        database, clock, journal, epoch, found, tokens, members, doors, second_factors, sign_in, credentials, setup
    )


def told(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    """Kind and code of a problem."""
    return caught.value.kind, caught.value.code


def actor_of(member: Member) -> Actor:
    """A member as the audit names it."""
    return HERE.actor(member)
