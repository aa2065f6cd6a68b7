"""The keys as their changes see them: found for who asks, and every change kept, audited and told to all nodes."""

from dataclasses import dataclass
from datetime import datetime

from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.journal import Journal
from cybervault.access.life import Key
from cybervault.access.store.keys import Holder, KeyStore
from cybervault.access.subjects import of_key
from cybervault.domain.principals import KeyId, Principal
from cybervault.domain.problems import Problem, ProblemKind


@dataclass(frozen=True, slots=True)
class KeyBook:
    """What the services of keys share. All but `now` and `found` want the caller's transaction."""

    store: KeyStore
    journal: Journal

    def now(self) -> datetime:
        """The time that all nodes agree on."""
        return self.journal.clock.now()

    async def found(self, key_id: KeyId, *, by: Principal | None, actor: Actor) -> Key:
        """The key; one of another tenant is as unknown as any: `Problem` NOT_FOUND `key_not_found`."""
        key = await self.store.find(key_id, actor.tenant_id if by is None else by.tenant_id)
        if key is None:
            raise not_found()
        return key

    async def holder(self, key: Key) -> Holder:
        """Whose the key is, as it stands now; `Problem` NOT_FOUND `tenant_not_found`."""
        holder = await self.store.holder(
            key.tenant_id, owner_id=key.owner_id, service_account_id=key.service_account_id
        )
        if holder is None:
            raise Problem(ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no tenant of this id.")
        return holder

    async def refuse_taken_name(self, key: Key, now: datetime) -> None:
        """Raise `Problem` CONFLICT `name_taken`; `lock_names` was called before."""
        if await self.store.is_name_taken(key, now):
            raise Problem(
                ProblemKind.CONFLICT, code="name_taken", message=f"There is a living key named {key.name} already."
            )

    async def enter(self, key: Key, change: Change, actor: Actor, **more: str) -> Key:
        """Keep a changed key; `Problem` CONFLICT `conflict` where somebody else was faster."""
        kept = await self.store.keep(key)
        await self.record(kept, change, actor, **more)
        return kept

    async def record(self, key: Key, change: Change, actor: Actor, **more: str) -> None:
        """Audit a change of a key, and tell all nodes."""
        happening = Happening(change, actor, key.id, key.tenant_id, details_of(key) | more)
        await self.journal.record(happening, of_key(key.id))


def not_found() -> Problem:
    """There is no such key for who asks."""
    return Problem(ProblemKind.NOT_FOUND, code="key_not_found", message="There is no key of this id.")


def details_of(key: Key) -> dict[str, str]:
    """What the audit says of a key; the hint is public, no more of a secret is."""
    details = {
        "name": key.name,
        "hint": key.secrets[-1].hint,
        "scopes": " ".join(sorted(scope.value for scope in key.scopes)),
        "networks": " ".join(str(network) for network in key.networks),
        "expires_at": key.expires_at.isoformat() if key.expires_at else "",
    }
    more = {
        "owner_id": key.owner_id,
        "service_account_id": key.service_account_id,
        "is_decoy": "yes" if key.is_decoy else None,
    }
    return details | {name: value for name, value in more.items() if value}
