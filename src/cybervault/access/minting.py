"""New keys and new secrets: the only two places where a readable secret comes from, to be shown once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cybervault.access import authority, tokens
from cybervault.access.audit import Actor, Change
from cybervault.access.entries import Gate, rights_of
from cybervault.access.keybook import KeyBook
from cybervault.access.life import Key, KeySecret, Network, NewExpiry, Rotate, after, refuse_past
from cybervault.access.names import name_of
from cybervault.access.store.keys import Holder
from cybervault.access.tokens import Peppers
from cybervault.domain.ids import new_key_id
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Principal, Scope, ServiceAccountId, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

KEYS_OF_MEMBER_MAX: Final = 25
_OF_ACCOUNTS: Final = frozenset({KeyKind.SERVICE_LIVE, KeyKind.SERVICE_TEST, KeyKind.SERVICE_READ})


@dataclass(frozen=True, slots=True)
class NewKey:
    """A wish for a key. No networks, from anywhere; no expiry, until revoked.

    A personal key has an owner, and without scopes all rights of that owner; any other has no rights but its scopes.
    A decoy looks like any other, opens nothing, and raises an alarm when it is used.
    """

    kind: KeyKind
    name: str
    scopes: frozenset[Scope] = frozenset()
    networks: tuple[Network, ...] = ()
    expires_at: datetime | None = None
    owner_id: MemberId | None = None
    service_account_id: ServiceAccountId | None = None
    is_decoy: bool = False


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A key with its new secret: the only value that carries one, to be shown once."""

    key: Key
    secret: Secret


class Minting:
    """Makes keys and rotates them. `by` is the caller whose rights decide; None is the operator."""

    def __init__(self, book: KeyBook, peppers: Peppers, *, gate: Gate | None = None) -> None:
        self._book = book
        self._peppers = peppers
        self._gate = gate or Gate()

    async def mint(self, tenant: Tenant, wish: NewKey, *, by: Principal | None, actor: Actor) -> MintedKey:
        """A new key (contract 1.5.3).

        Raises `Problem` INVALID `invalid_name`, `invalid_expiry`, `invalid_scopes` or `invalid_owner`; FORBIDDEN as
        `authority` says, or `plan_upgrade_required`; NOT_FOUND `owner_not_found`, `service_account_not_found` or
        `tenant_not_found`; CONFLICT `name_taken` or `too_many_keys`.
        """
        authority.refuse_minting(by, wish.kind, owner_id=wish.owner_id)
        now = self._book.now()
        _refuse_wish(wish, now)
        secret, kept = self._new_secret(wish.kind, now)
        key = Key(
            new_key_id(), tenant.id, wish.kind, name_of(wish.name), wish.scopes, wish.networks,
            created_at=now, expires_at=wish.expires_at, revoked_at=None, secrets=(kept,), owner_id=wish.owner_id,
            service_account_id=wish.service_account_id, created_by=actor.name, is_decoy=wish.is_decoy,
        )  # fmt: skip
        async with self._book.store.transaction():
            await self._book.store.lock_names(tenant.id)
            await self._refuse_new(key, by, now)
            await self._book.store.add(key)
            await self._book.record(key, Change.KEY_CREATED, actor)
        return MintedKey(key, secret)

    async def rotate(
        self, key_id: KeyId, *, by: Principal | None, actor: Actor, expiry: NewExpiry | None = None
    ) -> MintedKey:
        """Give the key a new secret; the old one works for 24 hours more, but never past the key's expiry.

        The expiry stays as it is unless one is given. Raises what `access.life.after` and `authority` do.
        """
        async with self._book.store.transaction():
            key, now = await self._book.found(key_id, by=by, actor=actor), self._book.now()
            authority.refuse_change(by, key)
            holder = await self._book.holder(key)
            authority.refuse_giving(by, key, role=holder.role)
            authority.refuse_own_renewal(by, key, expiry)
            secret, kept = self._new_secret(key.kind, now)
            rotated = await self._book.enter(after(key, Rotate(kept, expiry), now), Change.KEY_ROTATED, actor)
        return MintedKey(rotated, secret)

    async def _refuse_new(self, key: Key, by: Principal | None, now: datetime) -> None:
        if by is not None and by.tenant_id != key.tenant_id:
            raise Problem(ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no tenant of this id.")
        holder = await self._book.holder(key)
        _refuse_holder(key, holder)
        self._gate.refuse_plan(key.kind, holder.plan)
        authority.refuse_beyond(by, rights_of(key.kind, key.scopes, role=holder.role) | key.scopes)
        if key.owner_id is not None and await self._book.store.count_of(key.owner_id, now) >= KEYS_OF_MEMBER_MAX:
            raise Problem(
                ProblemKind.CONFLICT,
                code="too_many_keys",
                message=f"A member has at most {KEYS_OF_MEMBER_MAX} living keys. Revoke one that is not used.",
            )
        await self._book.refuse_taken_name(key, now)

    def _new_secret(self, kind: KeyKind, now: datetime) -> tuple[Secret, KeySecret]:
        minted, pepper = tokens.mint(kind), self._peppers.current
        return minted.secret, KeySecret(tokens.digest(minted.secret, pepper), pepper.id, minted.hint, now)


def _refuse_wish(wish: NewKey, now: datetime) -> None:
    refuse_past(wish.expires_at, now)
    if wish.kind.is_personal is (wish.owner_id is None):
        raise _invalid_owner("A personal key needs a member who owns it, and no other key has one.")
    if wish.service_account_id is not None and wish.kind not in _OF_ACCOUNTS:
        raise _invalid_owner(
            "Only keys that begin with cv_live_sk_, cv_test_sk_ or cv_read_sk_ have a service account."
        )


def _refuse_holder(key: Key, holder: Holder) -> None:
    owner, account = holder.owner, holder.account
    if key.owner_id is not None and (owner is None or owner.is_removed or owner.is_suspended):
        raise Problem(
            ProblemKind.NOT_FOUND, code="owner_not_found", message="There is no active member of this id or address."
        )
    if key.service_account_id is not None and (account is None or account.is_removed):
        raise account_not_found()
    refuse_beyond_account(key.scopes, holder)


def refuse_beyond_account(scopes: frozenset[Scope], holder: Holder) -> None:
    """Raise `Problem` INVALID `invalid_scopes` where the key's service account has not all of these scopes."""
    beyond = sorted(scopes - holder.account.scopes) if holder.account is not None else []
    if beyond:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_scopes",
            message=f"The service account has not {', '.join(beyond)}, so its keys cannot have it.",
        )


def account_not_found() -> Problem:
    """There is no such service account for who asks."""
    return Problem(
        ProblemKind.NOT_FOUND,
        code="service_account_not_found",
        message="There is no service account of this id or name.",
    )


def _invalid_owner(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="invalid_owner", message=message)
