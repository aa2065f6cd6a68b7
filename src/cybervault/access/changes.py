"""What happens to a key after it was made: a rotation ends, it is edited, it is revoked."""

import ipaddress
from dataclasses import dataclass, replace
from typing import Final

from cybervault.access import authority
from cybervault.access.audit import Actor, Change
from cybervault.access.entries import is_within
from cybervault.access.keybook import KeyBook
from cybervault.access.life import Edit, Key, KeySecret, Step, after
from cybervault.access.minting import refuse_beyond_account
from cybervault.access.names import name_of
from cybervault.domain.principals import KeyId, Principal
from cybervault.domain.problems import Problem, ProblemKind

_REASON_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class FinishedRotation:
    """A key whose rotation was finished, and the old secret with its last use: whether anybody still needed it."""

    key: Key
    old: KeySecret


class KeyChanges:
    """Changes keys. `by` is the caller whose rights decide; None is the operator.

    A key of another tenant than the caller's is not found (`Problem` NOT_FOUND `key_not_found`); what the life of a
    key does not allow is a CONFLICT (`access.life.after`), what the caller may not do FORBIDDEN (`authority`). Of two
    who change a key at once, one gets CONFLICT `conflict`.
    """

    def __init__(self, book: KeyBook) -> None:
        self._book = book

    async def finish(self, key_id: KeyId, *, by: Principal | None, actor: Actor) -> FinishedRotation:
        """End the old secret now."""
        async with self._book.store.transaction():
            key, now = await self._changeable(key_id, by, actor), self._book.now()
            finished = after(key, Step.FINISH, now)
            old = key.living(now)[0]
            kept = await self._book.enter(finished, Change.KEY_ROTATION_FINISHED, actor)
        return FinishedRotation(kept, old)

    async def cancel(self, key_id: KeyId, *, by: Principal | None, actor: Actor) -> Key:
        """End the new secret now; the old one stays."""
        async with self._book.store.transaction():
            key = await self._changeable(key_id, by, actor)
            cancelled = after(key, Step.CANCEL, self._book.now())
            return await self._book.enter(cancelled, Change.KEY_ROTATION_CANCELLED, actor)

    async def revoke(self, key_id: KeyId, *, by: Principal | None, actor: Actor, reason: str = "") -> Key:
        """End the key and all its secrets, now and for good.

        `Problem` INVALID `reason_required` for the personal key of somebody else without a reason.
        """
        async with self._book.store.transaction():
            key = await self._changeable(key_id, by, actor)
            authority.refuse_without_reason(by, key, reason)
            revoked = after(key, Step.REVOKE, self._book.now())
            why = {"reason": reason.strip()[:_REASON_CHARACTERS_MAX]} if reason.strip() else {}
            return await self._book.enter(revoked, Change.KEY_REVOKED, actor, **why)

    async def edit(
        self, key_id: KeyId, edit: Edit, *, by: Principal | None, actor: Actor, may_lock_out: bool = False
    ) -> Key:
        """Change name, expiry, scopes or networks.

        Networks that leave out the place where the change is asked from are a CONFLICT `would_lock_out`, unless that
        is wanted. Raises also INVALID `invalid_name`, `invalid_expiry`, `invalid_scopes`; CONFLICT `name_taken`.
        """
        if edit.name is not None:
            edit = replace(edit, name=name_of(edit.name))
        if not may_lock_out:
            _refuse_lock_out(edit, actor)
        async with self._book.store.transaction():
            key, now = await self._changeable(key_id, by, actor), self._book.now()
            holder = await self._book.holder(key)
            changed = after(key, edit, now)
            authority.refuse_widening(by, key, edit, role=holder.role)
            if edit.scopes is not None:
                refuse_beyond_account(edit.scopes, holder)
            if changed.name != key.name:
                await self._book.store.lock_names(key.tenant_id)
                await self._book.refuse_taken_name(changed, now)
            return await self._book.enter(changed, Change.KEY_CHANGED, actor)

    async def _changeable(self, key_id: KeyId, by: Principal | None, actor: Actor) -> Key:
        key = await self._book.found(key_id, by=by, actor=actor)
        authority.refuse_change(by, key)
        return key


def _refuse_lock_out(edit: Edit, actor: Actor) -> None:
    if edit.networks and actor.ip is not None and not is_within(ipaddress.ip_address(actor.ip), edit.networks):
        raise Problem(
            ProblemKind.CONFLICT,
            code="would_lock_out",
            message=f"Your own address {actor.ip} is in none of these networks. Confirm that this is wanted.",
        )
