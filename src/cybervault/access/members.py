"""Members of tenants: invited or created, given a role, suspended, removed; every change is one audited transaction."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.emails import email_of
from cybervault.access.journal import Journal
from cybervault.access.membership import refuse_unless_manages, refuse_without_owner
from cybervault.access.names import name_of
from cybervault.access.one_time import OneTimeTokens
from cybervault.access.store.members import MemberStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.subjects import of_member
from cybervault.domain.ids import new_member_id
from cybervault.domain.principals import KeyId, Member, MemberId, Principal, Role, Tenant, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

# Contract 1.5.2.
INVITATION: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NewMember:
    """A wish for a member; `password` is the hash of one, None where the member will choose one or needs none."""

    email: str
    name: str
    role: Role
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Belongings:
    """What hangs on a member: its sessions, its one-time token, and its personal keys.

    `revoke_keys` ends all personal keys of a member within the caller's transaction, and names them.
    """

    sessions: SessionStore
    tokens: OneTimeTokens
    revoke_keys: Callable[[MemberId, datetime], Awaitable[Sequence[KeyId]]]


class Members:
    """The members of all tenants.

    `by` is the caller whose role decides (see `access.membership`), None the operator; `actor` is how the audit names
    it. A member of another tenant than the actor's is not found (`Problem` NOT_FOUND `member_not_found`).
    """

    def __init__(self, store: MemberStore, belongings: Belongings, journal: Journal) -> None:
        self._store = store
        self._belongings = belongings
        self._journal = journal
        self._clock = journal.clock

    async def invite(
        self, tenant: Tenant, wish: NewMember, *, by: Principal | None, actor: Actor
    ) -> tuple[Member, Secret]:
        """A new member and the one-time token by which it chooses a password within a week.

        Raises `Problem` FORBIDDEN `insufficient_role`, INVALID `invalid_email` or `invalid_name`, CONFLICT
        `email_taken`.
        """
        refuse_unless_manages(by, wish.role)
        async with self._store.transaction():
            await self._store.lock()
            member = await self.enter(tenant.id, wish)
            token = await self._belongings.tokens.issue(member.id, INVITATION)
            await self._record(Change.MEMBER_INVITED, actor, member)
        return member, token

    async def create(self, tenant: Tenant, wish: NewMember, *, by: Principal | None, actor: Actor) -> Member:
        """A new member, without an invitation; fails as `invite`."""
        refuse_unless_manages(by, wish.role)
        async with self._store.transaction():
            await self._store.lock()
            member = await self.enter(tenant.id, wish)
            await self._record(Change.MEMBER_CREATED, actor, member)
        return member

    async def enter(self, tenant_id: TenantId, wish: NewMember) -> Member:
        """Keep a new member. The caller holds a transaction and the store's lock, and audits; fails as `invite`."""
        member = Member(
            new_member_id(), tenant_id, email_of(wish.email), name_of(wish.name), wish.role, self._clock.now()
        )
        if await self._store.find_by_email(member.email) is not None:
            # Across all tenants, since the address alone says who signs in.
            raise Problem(
                ProblemKind.CONFLICT, code="email_taken", message="There is a member with this e-mail address already."
            )
        await self._store.add(member, wish.password)
        return member

    async def find(self, member_id: MemberId, tenant_id: TenantId | None) -> Member:
        """The member of this id, of this tenant or (None) of any; `Problem` NOT_FOUND `member_not_found`."""
        member = await self._store.find(member_id, tenant_id)
        if member is None:
            raise _not_found()
        return member

    async def find_by_email(self, email: str) -> Member:
        """The member of this address; `Problem` NOT_FOUND `member_not_found`."""
        found = await self._store.find_by_email(email_of(email))
        if found is None:
            raise _not_found()
        return found[0]

    async def list(self, tenant_id: TenantId) -> tuple[Member, ...]:
        """The members of a tenant, oldest first."""
        return await self._store.all(tenant_id)

    async def rename(self, member_id: MemberId, name: str, *, by: Principal | None, actor: Actor) -> Member:
        """Another name; members may rename themselves. `Problem` INVALID `invalid_name`."""

        def renamed(member: Member) -> Member:
            if by is None or by.member_id != member.id:
                refuse_unless_manages(by, member.role)
            return replace(member, name=name_of(name))

        return await self._change(member_id, renamed, Change.MEMBER_CHANGED, actor=actor)

    async def change_role(self, member_id: MemberId, role: Role, *, by: Principal | None, actor: Actor) -> Member:
        """Another role, which holds at once for sessions and personal keys.

        Raises `Problem` FORBIDDEN `insufficient_role`, CONFLICT `last_owner`.
        """

        def changed(member: Member) -> Member:
            refuse_unless_manages(by, member.role, role)
            return replace(member, role=role)

        return await self._change(member_id, changed, Change.MEMBER_ROLE_CHANGED, actor=actor)

    async def suspend(self, member_id: MemberId, *, by: Principal | None, actor: Actor) -> Member:
        """End all sessions and let nothing of the member's work until it is resumed; fails as `change_role`."""

        def suspended(member: Member) -> Member:
            refuse_unless_manages(by, member.role)
            return replace(member, suspended_at=member.suspended_at or self._clock.now())

        return await self._change(member_id, suspended, Change.MEMBER_SUSPENDED, actor=actor)

    async def resume(self, member_id: MemberId, *, by: Principal | None, actor: Actor) -> Member:
        """Take a suspension back: personal keys work again, sessions are begun anew."""

        def resumed(member: Member) -> Member:
            refuse_unless_manages(by, member.role)
            return replace(member, suspended_at=None)

        return await self._change(member_id, resumed, Change.MEMBER_RESUMED, actor=actor)

    async def remove(self, member_id: MemberId, *, by: Principal | None, actor: Actor) -> Member:
        """End the membership for good, with all sessions and personal keys; fails as `change_role`."""

        def removed(member: Member) -> Member:
            refuse_unless_manages(by, member.role)
            return replace(member, removed_at=self._clock.now())

        return await self._change(member_id, removed, Change.MEMBER_REMOVED, actor=actor)

    async def new_token(self, member_id: MemberId, *, by: Principal | None, actor: Actor) -> Secret:
        """A one-time token by which a member chooses another password: the invitation was lost, or the password.

        What the member has until then works on. Fails as `change_role`.
        """
        async with self._store.transaction():
            await self._store.lock()
            member = await self.find(member_id, actor.tenant_id)
            refuse_unless_manages(by, member.role)
            token = await self._belongings.tokens.issue(member.id, INVITATION)
            await self._record(Change.MEMBER_INVITED, actor, member)
        return token

    async def _change(
        self, member_id: MemberId, step: Callable[[Member], Member], change: Change, *, actor: Actor
    ) -> Member:
        async with self._store.transaction():
            await self._store.lock()
            before = await self.find(member_id, actor.tenant_id)
            after = step(before)
            if after == before:
                return before
            if after.role is not Role.OWNER or not after.is_active:
                refuse_without_owner(before, await self._store.all(before.tenant_id))
            await self._store.keep(after)
            keys = await self._part(after)
            details = {} if before.role is after.role else {"role_before": before.role.value}
            await self._record(change, actor, after, **details, **({"revoked_keys": " ".join(keys)} if keys else {}))
        return after

    async def _part(self, member: Member) -> Sequence[KeyId]:
        """End what a suspended or removed member leaves behind; the personal keys that were revoked."""
        if member.is_active:
            return ()
        now = self._clock.now()
        await self._belongings.sessions.end_all(member.id, now)
        if member.removed_at is None:
            return ()
        await self._belongings.tokens.withdraw(member.id)
        return await self._belongings.revoke_keys(member.id, now)

    async def _record(self, change: Change, actor: Actor, member: Member, **more: str) -> None:
        details = {"email": member.email, "name": member.name, "role": member.role.value} | more
        await self._journal.record(Happening(change, actor, member.id, member.tenant_id, details), of_member(member.id))


def _not_found() -> Problem:
    return Problem(ProblemKind.NOT_FOUND, code="member_not_found", message="There is no member of this id or address.")
