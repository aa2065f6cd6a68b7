"""Keys as they are presented: the caller behind a secret, read anew; and as they are looked at."""

from dataclasses import dataclass
from typing import Final

import structlog

from cybervault.access import tokens
from cybervault.access.audit import Actor, Change, Happening
from cybervault.access.authority import may_see, may_see_all
from cybervault.access.entries import Entry, Gate, refuse_entry
from cybervault.access.keybook import KeyBook, not_found
from cybervault.access.life import Key, KeyState
from cybervault.access.store.keys import KeysWanted
from cybervault.access.subjects import of_key
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.verify import Verifying
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyId, MemberId, Principal, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

_LOG: Final = structlog.get_logger("cybervault.access.keys")
_AGENT_CHARACTERS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class KeyPage:
    """Some keys, newest first. Where `before` is set more follow: ask again with it."""

    keys: tuple[Key, ...]
    before: tuple[float, str] | None


class Keys:
    """The keys of all tenants; `entries` may remember what a secret opens as long as nobody can be harmed by it."""

    def __init__(self, book: KeyBook, peppers: Peppers, *, entries: Verifying[Entry], gate: Gate | None = None) -> None:
        self._book = book
        self._peppers = peppers
        self._entries = entries
        self._gate = gate or Gate()

    async def resolve(
        self, text: str, address: Address | None, *, is_fresh: bool = False, agent: str | None = None
    ) -> Principal:
        """The caller whose secret this is; `is_fresh`: as the database has it now, whatever is remembered.

        Raises `Problem` UNAUTHENTICATED `missing_api_key` (no text) or `invalid_api_key`; for the right secret that
        opens nothing now or from here a `RefusedKey`, as `access.entries.refuse_entry` says.
        """
        entry = await self._entry(text, is_fresh=is_fresh)
        if entry.is_decoy:
            await self._alarm(entry, address, agent)
            raise _unknown()
        refuse_entry(entry, self._book.now(), address, gate=self._gate)
        if entry.secret.pepper_id != self._peppers.current.id:
            await self._digest_again(entry, Secret(text))
        return entry.principal

    async def list(self, tenant_id: TenantId) -> tuple[Key, ...]:
        """All keys of a tenant, revoked ones too, newest first."""
        return await self._book.store.all(tenant_id)

    async def list_for(self, by: Principal) -> tuple[Key, ...]:
        """Those keys of the caller's tenant that it may look at."""
        return tuple(key for key in await self.list(by.tenant_id) if may_see(by, key))

    async def page_for(
        self,
        by: Principal,
        *,
        owner_id: MemberId | None = None,
        state: KeyState | None = None,
        before: tuple[float, str] | None = None,
        most: int = 50,
    ) -> KeyPage:
        """Those keys that the caller may look at, or the ones of a member or in a state among them, newest first."""
        if not may_see_all(by):
            if by.member_id is None or owner_id not in {None, by.member_id}:
                return KeyPage((), None)
            owner_id = by.member_id
        wanted = KeysWanted(by.tenant_id, owner_id, state)
        keys = await self._book.store.page(wanted, self._book.now(), before=before, most=most + 1)
        if len(keys) <= most:
            return KeyPage(keys, None)
        return KeyPage(keys[:most], (keys[most - 1].created_at.timestamp(), keys[most - 1].id))

    async def find_for(self, by: Principal, key_id: KeyId) -> Key:
        """The key, where the caller may look at it; else `Problem` NOT_FOUND `key_not_found`."""
        key = await self._book.store.find(key_id, by.tenant_id)
        if key is None or not may_see(by, key):
            raise not_found()
        return key

    async def count(self) -> int:
        """How many keys there are, of all tenants and in all states."""
        return await self._book.store.count()

    async def count_by_pepper(self) -> tuple[int, int, int]:
        """How many living secrets are kept under the pepper, the one before it, and others, which are lost."""
        counts = await self._book.store.count_by_pepper(self._book.now())
        current = counts.pop(self._peppers.current.id, 0)
        previous = counts.pop(self._peppers.previous.id, 0) if self._peppers.previous else 0
        return current, previous, sum(counts.values())

    async def pepper_rotated(self, pepper: Pepper, *, actor: Actor) -> None:
        """Write down that the installation has this pepper now."""
        async with self._book.store.transaction():
            await self._book.journal.record(Happening(Change.PEPPER_ROTATED, actor, pepper.id, None))

    async def _entry(self, text: str, *, is_fresh: bool) -> Entry:
        if not text:
            raise Problem(
                ProblemKind.UNAUTHENTICATED,
                code="missing_api_key",
                message="An API key is needed: send it as Authorization: Bearer.",
            )
        entry = None
        if tokens.is_token(text):  # a typing mistake costs no look-up
            entry = await self._found(Secret(text), is_fresh=is_fresh)
        if entry is None:
            raise _unknown()
        return entry

    async def _found(self, secret: Secret, *, is_fresh: bool) -> Entry | None:
        current = tokens.digest(secret, self._peppers.current)
        entry = await self._entries.entry(current, is_fresh=is_fresh)
        if entry is not None or self._peppers.previous is None:
            return entry
        entry = await self._entries.entry(tokens.digest(secret, self._peppers.previous), is_fresh=is_fresh)
        # Digested again by another node in between: what is remembered of the new digest is older than that.
        return entry or await self._entries.entry(current, is_fresh=True)

    async def _digest_again(self, entry: Entry, secret: Secret) -> None:
        """Keep a secret under the present pepper; a failure costs nothing, the next use tries again."""
        pepper, store = self._peppers.current, self._book.store
        try:
            async with store.transaction():
                if await store.digest_again(entry, tokens.digest(secret, pepper), pepper.id):
                    await self._book.journal.epoch.note(of_key(entry.key_id))
        except Problem as problem:
            _LOG.warning("secret not digested again", key_id=entry.key_id, reason=problem.detail or problem.message)

    async def _alarm(self, entry: Entry, address: Address | None, agent: str | None) -> None:
        ip = None if address is None else str(address)
        shown = None if agent is None else agent[:_AGENT_CHARACTERS_MAX]
        _LOG.warning("decoy key used", key_id=entry.key_id, hint=entry.secret.hint, address=ip, agent=shown)
        details = {"hint": entry.secret.hint, "ip": ip or "", "agent": shown or ""}
        actor = Actor("nobody", None, ip, shown)
        async with self._book.store.transaction():
            await self._book.journal.record(Happening(Change.DECOY_USED, actor, entry.key_id, entry.tenant_id, details))


def _unknown() -> Problem:
    return Problem(
        ProblemKind.UNAUTHENTICATED, code="invalid_api_key", message="This is no API key of this installation."
    )
