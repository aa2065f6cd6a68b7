"""Which member somebody is whom an identity provider vouches for: known, recognised by address, or let in anew."""

from dataclasses import dataclass
from typing import Final, Protocol

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.members import NewMember
from cybervault.access.store.identities import IdentityStore
from cybervault.access.store.members import MemberStore
from cybervault.domain.principals import Member, MemberId, Role, Tenant, TenantId
from cybervault.domain.problems import Problem, ProblemKind

_ACTOR: Final = "identity provider"


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in: `subject` never changes at this issuer; `email` only where the provider verified it, else empty."""

    issuer: str
    subject: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class NewcomerRule:
    """Whom the operator lets in without an invitation: verified addresses of these domains, into this tenant."""

    tenant: str = ""
    domains: frozenset[str] = frozenset()
    role: Role = Role.VIEWER

    def takes(self, email: str) -> bool:
        """Whether this verified address may become a member; a domain does not speak for those below it."""
        domain = email.rpartition("@")[2].lower()
        return bool(self.tenant) and domain in {one.lower().lstrip("@") for one in self.domains}


class Entrance(Protocol):
    """Where members come in."""

    async def enter(self, tenant_id: TenantId, wish: NewMember) -> Member:
        """Keep a new member within the caller's transaction and lock."""


class KnownTenants(Protocol):
    """What is needed of the tenants."""

    async def find(self, id_or_name: str) -> Tenant:
        """The tenant of this id or name; `Problem` NOT_FOUND `tenant_not_found`."""


@dataclass(frozen=True, slots=True)
class Newcomers:
    """Where those go whom nobody invited."""

    entrance: Entrance
    tenants: KnownTenants
    rule: NewcomerRule


class Arrivals:
    """Finds the member, and keeps the link by which it is found from then on."""

    def __init__(self, store: IdentityStore, members: MemberStore, *, newcomers: Newcomers, journal: Journal) -> None:
        self._store = store
        self._members = members
        self._newcomers = newcomers
        self._journal = journal

    async def member_of(self, person: Person) -> MemberId:
        """The member; `Problem` FORBIDDEN `identity_unknown` for nobody of ours. Opens its own transaction."""
        known = await self._store.find(person.issuer, person.subject)
        if known is not None:
            return known
        if not person.email:
            raise _unknown("no verified e-mail address")
        async with self._store.transaction():
            await self._members.lock()
            # Of two first visits at once one has waited here for the other.
            known = await self._store.find(person.issuer, person.subject)
            if known is not None:
                return known
            member = await self._recognised(person)
            if not await self._store.link(member.id, person.issuer, person.subject):
                raise _unknown("the member is somebody else at the provider")
            details = {"issuer": person.issuer, "email": member.email}
            await self._record(Change.IDENTITY_LINKED, member, details)
        return member.id

    async def _recognised(self, person: Person) -> Member:
        found = await self._members.find_by_email(person.email.lower())
        if found is not None:
            return found[0]
        if not self._newcomers.rule.takes(person.email):
            raise _unknown("no member has this address, and its domain is not let in")
        tenant = await self._newcomers.tenants.find(self._newcomers.rule.tenant)
        name = person.name or person.email.partition("@")[0]
        wish = NewMember(person.email, name, self._newcomers.rule.role)
        member = await self._newcomers.entrance.enter(tenant.id, wish)
        details = {"email": member.email, "role": member.role.value}
        await self._record(Change.MEMBER_CREATED, member, details)
        return member

    async def _record(self, change: Change, member: Member, details: dict[str, str]) -> None:
        actor = Actor(_ACTOR, member.tenant_id)
        await self._journal.record(Happening(change, actor, member.id, member.tenant_id, details))


def _unknown(detail: str) -> Problem:
    return Problem(
        ProblemKind.FORBIDDEN,
        code="identity_unknown",
        message="The identity provider knows you, but you are no member here. Ask an administrator to invite you.",
        detail=detail,
    )
