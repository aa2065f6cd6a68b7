"""Keys: minted once, resolved at each request, rotated, revoked; every change is one audited transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cybervault.access import tokens
from cybervault.access.audit import Actor, Audit, Change, Happening
from cybervault.access.entries import Entry, refuse_ended, refuse_place
from cybervault.access.life import Key, KeySecret, KeyState, Network, Rotate, Step, after
from cybervault.access.names import name_of
from cybervault.access.store.keys import KeyStore
from cybervault.access.tokens import Pepper
from cybervault.domain.clock import Clock
from cybervault.domain.ids import new_key_id
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyId, KeyKind, Principal, Scope, Tenant, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

# The use of one secret from one address is written at most this often: a busy key must not cost a write a call.
_USE_WRITTEN_EVERY: Final = timedelta(seconds=1)
_CHANGE_OF: Final = {
    Step.FINISH: Change.KEY_ROTATION_FINISHED,
    Step.CANCEL: Change.KEY_ROTATION_CANCELLED,
    Step.REVOKE: Change.KEY_REVOKED,
}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A wish for a key. No scopes, no rights; no networks, from anywhere; no expiry, until revoked."""

    kind: KeyKind
    name: str
    scopes: frozenset[Scope] = frozenset()
    networks: tuple[Network, ...] = ()
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A key with its new secret: the only value that carries one, to be shown once."""

    key: Key
    secret: Secret


class Keys:
    """The keys of all tenants.

    A key of another tenant than the actor's is not found (`Problem` NOT_FOUND `key_not_found`); what the life of
    a key does not allow is a CONFLICT (see `access.life.after`).
    """

    def __init__(self, store: KeyStore, clock: Clock, pepper: Pepper, *, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._pepper = pepper
        self._audit = audit

    def resolve(self, text: str, address: Address | None) -> Principal:
        """The caller whose secret this is, read anew: what was changed a moment ago holds.

        Raises `Problem` UNAUTHENTICATED `missing_api_key` (no text), `invalid_api_key`, `expired_api_key` or
        `revoked_api_key`; FORBIDDEN `ip_not_allowed`.
        """
        entry = self._entry(text)
        now = self._clock.now()
        refuse_ended(entry, now)
        self._note_use(entry.secret, now, address)
        refuse_place(entry, address)
        return entry.principal

    def succeeded(self, principal: Principal, address: Address | None) -> None:
        """Note where the last call that was answered with success came from."""
        self._store.succeeded(principal.key_id, _text(address))

    def mint(self, tenant: Tenant, wish: NewKey, *, actor: Actor) -> MintedKey:
        """A new key (contract 1.5.3).

        Raises `Problem` INVALID `invalid_name`, `invalid_expiry` or `kind_not_available`; CONFLICT `name_taken`.
        """
        now = self._clock.now()
        if wish.kind.is_personal:
            raise Problem(
                ProblemKind.INVALID,
                code="kind_not_available",
                message="Personal keys come with sign-in, which this version does not have.",
            )
        if wish.expires_at is not None and wish.expires_at <= now:
            raise Problem(ProblemKind.INVALID, code="invalid_expiry", message="The expiry must lie in the future.")
        secret, kept = self._new_secret(wish.kind, now)
        key = Key(
            new_key_id(), tenant.id, wish.kind, name_of(wish.name), wish.scopes, wish.networks,
            created_at=now, expires_at=wish.expires_at, revoked_at=None, secrets=(kept,),
        )  # fmt: skip
        with self._store.transaction():
            self._refuse_taken_name(key, now)
            self._store.add(key)
            self._audit.record(Happening(Change.KEY_CREATED, actor, key.id, key.tenant_id, _details(key)))
        return MintedKey(key, secret)

    def rotate(self, key_id: KeyId, *, actor: Actor) -> MintedKey:
        """Give the key a new secret; the old one works for 24 hours more, but never past the key's expiry."""
        with self._store.transaction():
            key, now = self._found(key_id, actor), self._clock.now()
            secret, kept = self._new_secret(key.kind, now)
            rotated = after(key, Rotate(kept), now)
            self._keep(rotated, Change.KEY_ROTATED, actor)
        return MintedKey(rotated, secret)

    def finish_rotation(self, key_id: KeyId, *, actor: Actor) -> Key:
        """End the old secret now."""
        return self._step(key_id, Step.FINISH, actor)

    def cancel_rotation(self, key_id: KeyId, *, actor: Actor) -> Key:
        """End the new secret now; the old one stays."""
        return self._step(key_id, Step.CANCEL, actor)

    def revoke(self, key_id: KeyId, *, actor: Actor) -> Key:
        """End the key and all its secrets, now and for good."""
        return self._step(key_id, Step.REVOKE, actor)

    def list(self, tenant_id: TenantId) -> tuple[Key, ...]:
        """All keys of a tenant, revoked ones too, newest first."""
        return self._store.all(tenant_id)

    def counts(self) -> tuple[int, int]:
        """How many keys there are, and how many secrets are lost because the pepper was another one."""
        return self._store.count(), self._store.count_of_other_peppers(self._pepper.id)

    def _entry(self, text: str) -> Entry:
        if not text:
            raise Problem(
                ProblemKind.UNAUTHENTICATED,
                code="missing_api_key",
                message="An API key is needed: send it as Authorization: Bearer.",
            )
        entry = None
        if tokens.parse(text) is not None:  # a typing mistake costs no look-up
            entry = self._store.entry(tokens.digest(Secret(text), self._pepper))
        if entry is None:
            raise Problem(
                ProblemKind.UNAUTHENTICATED, code="invalid_api_key", message="This is no API key of this installation."
            )
        return entry

    def _note_use(self, secret: KeySecret, now: datetime, address: Address | None) -> None:
        ip, before = _text(address), secret.last_used_at
        if before is None or ip != secret.last_used_ip or now - before >= _USE_WRITTEN_EVERY:
            self._store.used(secret.digest, now, ip)

    def _new_secret(self, kind: KeyKind, now: datetime) -> tuple[Secret, KeySecret]:
        minted = tokens.mint(kind)
        digest = tokens.digest(minted.secret, self._pepper)
        return minted.secret, KeySecret(digest, self._pepper.id, minted.hint, now)

    def _found(self, key_id: KeyId, actor: Actor) -> Key:
        key = self._store.find(key_id, actor.tenant_id)
        if key is None:
            raise Problem(ProblemKind.NOT_FOUND, code="key_not_found", message="There is no key of this id.")
        return key

    def _refuse_taken_name(self, wanted: Key, now: datetime) -> None:
        ended = {KeyState.REVOKED, KeyState.EXPIRED}
        if any(key.name == wanted.name and key.state(now) not in ended for key in self._store.all(wanted.tenant_id)):
            raise Problem(
                ProblemKind.CONFLICT, code="name_taken", message=f"There is a living key named {wanted.name} already."
            )

    def _step(self, key_id: KeyId, step: Step, actor: Actor) -> Key:
        with self._store.transaction():
            key = after(self._found(key_id, actor), step, self._clock.now())
            self._keep(key, _CHANGE_OF[step], actor)
        return key

    def _keep(self, key: Key, change: Change, actor: Actor) -> None:
        self._store.keep(key)
        self._audit.record(Happening(change, actor, key.id, key.tenant_id, _details(key)))


def _details(key: Key) -> dict[str, str]:
    """What the audit says of a key; the hint is public, no more of a secret is."""
    scopes = " ".join(sorted(scope.value for scope in key.scopes))
    networks = " ".join(str(network) for network in key.networks)
    expires_at = key.expires_at.isoformat() if key.expires_at else ""
    hint = key.secrets[-1].hint
    return {"name": key.name, "hint": hint, "scopes": scopes, "networks": networks, "expires_at": expires_at}


def _text(address: Address | None) -> str | None:
    return None if address is None else str(address)
