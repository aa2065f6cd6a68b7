"""The first administrator: made on the command line, or by a one-time token that only the operator has seen."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.credentials import about
from cybervault.access.journal import Journal
from cybervault.access.members import Members, NewMember
from cybervault.access.names import name_of
from cybervault.access.one_time import OneTimeTokens, invalid_token
from cybervault.access.passwords import Passwords
from cybervault.access.sign_in import Place
from cybervault.access.store.members import MemberStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.subjects import of_member
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.principals import Member, Plan, Role, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

LIFETIME: Final = timedelta(minutes=60)
# One subject, so one row: of two who come with the token at once, one finds it used.
_SUBJECT: Final = "setup"
_DEFAULT_TENANT: Final = "main"


@dataclass(frozen=True, slots=True)
class NewAdmin:
    """A wish for an Owner; `tenant` is the id or name of one that stands or a name for a new one with this plan.

    None stands for the only tenant there is, or a new one.
    """

    email: str
    name: str
    password: Secret
    tenant: str | None = None
    plan: Plan = Plan.ENTERPRISE


@dataclass(frozen=True, slots=True)
class Ground:
    """What an administrator is made of."""

    members: Members
    member_rows: MemberStore
    tenants: TenantStore
    tokens: OneTimeTokens
    passwords: Passwords


class Setup:
    """Makes Owners without a caller's rights: the operator may, and who holds the token while nobody is there.

    `token_file` is where the operator's copy of the token lies, removed once it is used.
    """

    def __init__(self, ground: Ground, journal: Journal, token_file: Path) -> None:
        self._ground = ground
        self._journal = journal
        self.token_file = token_file

    async def is_open(self) -> bool:
        """Whether there is no member yet."""
        return not await self._ground.member_rows.is_any()

    async def offer(self) -> Secret | None:
        """A new one-time token, good for an hour and in the place of any older one; None once there is a member."""
        if not await self.is_open():
            return None
        return await self._ground.tokens.issue(_SUBJECT, LIFETIME)

    async def complete(self, token: Secret, wish: NewAdmin, place: Place) -> Member:
        """The first Owner.

        Raises `Problem` CONFLICT `already_set_up`; INVALID `invalid_token`, `weak_password`, `invalid_email` or
        `invalid_name`, after which the token stays good.
        """
        await self._refuse_once_done()
        self._refuse_other(await self._ground.tokens.subject_of(token))  # before anybody makes us hash
        kept = await self._hash(wish)
        async with self._ground.member_rows.transaction():
            await self._ground.member_rows.lock()
            await self._refuse_once_done()
            self._refuse_other(await self._ground.tokens.redeem(token))
            member = await self._enter(wish, kept, place.actor(None))
        self.token_file.unlink(missing_ok=True)
        return member

    async def create_admin(self, wish: NewAdmin, *, actor: Actor) -> Member:
        """A further or the first Owner; fails as `complete`, and with CONFLICT `email_taken`."""
        kept = await self._hash(wish)
        async with self._ground.member_rows.transaction():
            await self._ground.member_rows.lock()
            await self._ground.tokens.withdraw(_SUBJECT)
            member = await self._enter(wish, kept, actor)
        self.token_file.unlink(missing_ok=True)
        return member

    async def _refuse_once_done(self) -> None:
        if not await self.is_open():
            raise Problem(
                ProblemKind.CONFLICT, code="already_set_up", message="There is a member already: sign in instead."
            )

    @staticmethod
    def _refuse_other(subject: str) -> None:
        if subject != _SUBJECT:
            raise invalid_token()

    async def _hash(self, wish: NewAdmin) -> str:
        return await self._ground.passwords.hash(wish.password, about=about(wish.email, wish.name))

    async def _enter(self, wish: NewAdmin, kept: str, actor: Actor) -> Member:
        tenant = await self._tenant(wish, actor)
        member = await self._ground.members.enter(tenant.id, NewMember(wish.email, wish.name, Role.OWNER, kept))
        details = {"email": member.email, "name": member.name, "role": member.role.value}
        happening = Happening(Change.MEMBER_CREATED, actor, member.id, tenant.id, details)
        await self._journal.record(happening, of_member(member.id))
        return member

    async def _tenant(self, wish: NewAdmin, actor: Actor) -> Tenant:
        tenants = self._ground.tenants
        if wish.tenant is None:
            standing = await tenants.all()
            if len(standing) == 1:
                return standing[0]
            if standing:
                raise Problem(
                    ProblemKind.INVALID,
                    code="tenant_required",
                    message="There are several tenants: say which one, by id or name.",
                )
        name = name_of(wish.tenant or _DEFAULT_TENANT)
        found = await tenants.find(name)
        if found is not None:
            return found
        tenant = Tenant(new_tenant_id(), name, wish.plan, self._journal.clock.now())
        await tenants.add(tenant)
        details = {"name": tenant.name, "plan": tenant.plan.value}
        await self._journal.record(Happening(Change.TENANT_CREATED, actor, tenant.id, tenant.id, details))
        return tenant
