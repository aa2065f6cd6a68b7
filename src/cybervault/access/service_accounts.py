"""Service accounts: what programs call with; their scopes are the most that any of their keys may have."""

from dataclasses import dataclass, replace
from typing import Final

from cybervault.access import authority
from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.minting import account_not_found
from cybervault.access.names import name_of
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.service_accounts import ServiceAccount, ServiceAccountStore
from cybervault.access.subjects import of_service_account
from cybervault.domain.ids import new_service_account_id
from cybervault.domain.principals import KeyId, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

DESCRIPTION_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class NewServiceAccount:
    """A wish for one."""

    name: str
    scopes: frozenset[Scope]
    description: str = ""


@dataclass(frozen=True, slots=True)
class AccountEdit:
    """What is to be changed; None leaves a part as it is."""

    name: str | None = None
    scopes: frozenset[Scope] | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class RemovedAccount:
    """An account that is gone, and the keys that were revoked with it."""

    account: ServiceAccount
    revoked: tuple[KeyId, ...]


class ServiceAccounts:
    """The service accounts of all tenants. `by` is the caller whose rights decide; None is the operator.

    Whoever manages keys makes and changes them, with no scope that they lack themselves: `Problem` FORBIDDEN as
    `access.authority` says. One of another tenant is NOT_FOUND `service_account_not_found`.
    """

    def __init__(self, store: ServiceAccountStore, keys: KeyStore, journal: Journal) -> None:
        self._store = store
        self._keys = keys
        self._journal = journal

    async def create(
        self, tenant_id: TenantId, wish: NewServiceAccount, *, by: Principal | None, actor: Actor
    ) -> ServiceAccount:
        """A new account; `Problem` INVALID `invalid_name` or `invalid_description`, CONFLICT `name_taken`."""
        authority.refuse_managing(by, tenant_id)
        authority.refuse_beyond(by, wish.scopes)
        account = ServiceAccount(
            new_service_account_id(), tenant_id, name_of(wish.name), _description_of(wish.description), wish.scopes,
            created_by=actor.name, created_at=self._journal.clock.now(),
        )  # fmt: skip
        async with self._store.transaction():
            await self._store.lock(tenant_id)
            await self._refuse_taken_name(account)
            await self._store.add(account)
            await self._record(account, Change.SERVICE_ACCOUNT_CREATED, actor)
        return account

    async def find(self, id_or_name: str, tenant_id: TenantId) -> ServiceAccount:
        """The account of this id or name."""
        account = await self._store.find(id_or_name, tenant_id)
        if account is None:
            raise account_not_found()
        return account

    async def list(self, tenant_id: TenantId) -> tuple[ServiceAccount, ...]:
        """Those that were not removed, oldest first."""
        return await self._store.all(tenant_id)

    async def edit(
        self, account: ServiceAccount, edit: AccountEdit, *, by: Principal | None, actor: Actor
    ) -> ServiceAccount:
        """Change name, description or scopes; fewer scopes cap all its keys at once, more give them nothing."""
        authority.refuse_managing(by, account.tenant_id)
        async with self._store.transaction():
            await self._store.lock(account.tenant_id)
            before = await self.find(account.id, account.tenant_id)
            after = _edited(before, edit)
            authority.refuse_beyond(by, after.scopes - before.scopes)
            if after.name != before.name:
                await self._refuse_taken_name(after)
            await self._store.keep(after)
            await self._record(after, Change.SERVICE_ACCOUNT_CHANGED, actor)
        return after

    async def remove(self, account: ServiceAccount, *, by: Principal | None, actor: Actor) -> RemovedAccount:
        """Remove it for good, and revoke all its keys in the same moment."""
        authority.refuse_managing(by, account.tenant_id)
        now = self._journal.clock.now()
        async with self._store.transaction():
            await self._store.lock(account.tenant_id)
            removed = replace(await self.find(account.id, account.tenant_id), removed_at=now)
            await self._store.keep(removed)
            revoked = await self._keys.revoke_all_of_account(removed.id, now)
            await self._record(removed, Change.SERVICE_ACCOUNT_REMOVED, actor, revoked_keys=" ".join(revoked))
        return RemovedAccount(removed, revoked)

    async def _refuse_taken_name(self, account: ServiceAccount) -> None:
        if await self._store.find(account.name, account.tenant_id) is not None:
            raise Problem(
                ProblemKind.CONFLICT,
                code="name_taken",
                message=f"There is a service account named {account.name} already.",
            )

    async def _record(self, account: ServiceAccount, change: Change, actor: Actor, **more: str) -> None:
        scopes = " ".join(sorted(scope.value for scope in account.scopes))
        happening = Happening(
            change, actor, account.id, account.tenant_id, {"name": account.name, "scopes": scopes} | more
        )
        await self._journal.record(happening, of_service_account(account.id))


def _edited(account: ServiceAccount, edit: AccountEdit) -> ServiceAccount:
    return replace(
        account,
        name=account.name if edit.name is None else name_of(edit.name),
        scopes=account.scopes if edit.scopes is None else edit.scopes,
        description=account.description if edit.description is None else _description_of(edit.description),
    )


def _description_of(text: str) -> str:
    text = text.strip()
    if len(text) > DESCRIPTION_CHARACTERS_MAX:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_description",
            message=f"A description has at most {DESCRIPTION_CHARACTERS_MAX} characters.",
        )
    return text
