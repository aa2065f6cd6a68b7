"""The life of a key as a pure function: minted, rotated with an overlap, changed, expired, revoked; all rules here."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final, TypeAlias

from cybervault.domain.principals import (
    KeyId,
    KeyKind,
    MemberId,
    Scope,
    ServiceAccountId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

OVERLAP: Final = timedelta(hours=24)
Network: TypeAlias = IPv4Network | IPv6Network


class KeyState(StrEnum):
    """How a key stands at one moment."""

    ACTIVE = "active"
    ROTATING = "rotating"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Step(StrEnum):
    """What can be done to a key that needs no more words."""

    FINISH = "finish"
    CANCEL = "cancel"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class KeySecret:
    """What is kept of one secret of a key: its digest and its use, never its text.

    `ends_at` is the end of an overlap. `is_ended` says that somebody ended it; it holds however the clock is set.
    """

    digest: bytes
    pepper_id: str
    hint: str
    created_at: datetime
    ends_at: datetime | None = None
    is_ended: bool = False
    last_used_at: datetime | None = None
    last_used_ip: str | None = None

    def works_at(self, now: datetime) -> bool:
        """Whether this secret has not ended; from the very moment of its end it has."""
        return not self.is_ended and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class NewExpiry:
    """An expiry that was asked for; `at` None means never."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Rotate:
    """The step that gives a key a new secret beside its old one; without `expiry` the key keeps its own."""

    secret: KeySecret
    expiry: NewExpiry | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The step that changes what a key is called and what it may; None leaves a part as it is."""

    name: str | None = None
    expiry: NewExpiry | None = None
    scopes: frozenset[Scope] | None = None
    networks: tuple[Network, ...] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept; `secrets` are all it ever had, oldest first. No `networks` means from anywhere.

    A personal key has an `owner_id`; no `scopes` then means all that its owner may, any narrow it to those.
    Every change raises `version`.
    """

    id: KeyId
    tenant_id: TenantId
    kind: KeyKind
    name: str
    scopes: frozenset[Scope]
    networks: tuple[Network, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    secrets: tuple[KeySecret, ...]
    last_ip: str | None = None
    owner_id: MemberId | None = None
    service_account_id: ServiceAccountId | None = None
    created_by: str = ""
    is_decoy: bool = False
    exposed_at: datetime | None = None
    exposed_where: str | None = None
    version: int = 1

    def state(self, now: datetime) -> KeyState:
        """Expiry and the end of an overlap are compared here at each request: no job can be late."""
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and now >= self.expires_at:
            return KeyState.EXPIRED
        return KeyState.ROTATING if len(self.living(now)) > 1 else KeyState.ACTIVE

    def is_living(self, now: datetime) -> bool:
        """Whether neither expired nor revoked."""
        return self.state(now) not in {KeyState.EXPIRED, KeyState.REVOKED}

    def living(self, now: datetime) -> tuple[KeySecret, ...]:
        """The secrets that have not ended, oldest first: one, or two during a rotation."""
        return tuple(secret for secret in self.secrets if secret.works_at(now))


def after(key: Key, step: Step | Rotate | Edit, now: datetime) -> Key:
    """The key after a step.

    Raises `Problem` CONFLICT: `key_revoked`, `key_expired`, `rotation_in_progress`, `no_rotation`; INVALID
    `invalid_expiry`.
    """
    _refuse_ended(key.state(now), step)
    match step:
        case Rotate(secret=new, expiry=expiry):
            return _rotated(_with_expiry(key, expiry, now), new, now)
        case Edit():
            return _edited(key, step, now)
        case Step.REVOKE:
            return replace(key, revoked_at=now)
        case Step.FINISH | Step.CANCEL:
            return _decided(key, step, now)


def refuse_past(expires_at: datetime | None, now: datetime) -> None:
    """Raise `Problem` INVALID `invalid_expiry` where the expiry is not in the future."""
    if expires_at is not None and expires_at <= now:
        raise Problem(ProblemKind.INVALID, code="invalid_expiry", message="The expiry must lie in the future.")


def _refuse_ended(state: KeyState, step: Step | Rotate | Edit) -> None:
    if state is KeyState.REVOKED:
        raise Problem(ProblemKind.CONFLICT, code="key_revoked", message="The key is revoked, which is final.")
    if state is KeyState.EXPIRED and step is not Step.REVOKE:
        raise Problem(ProblemKind.CONFLICT, code="key_expired", message="The key has expired; create a new one.")


def _rotated(key: Key, new: KeySecret, now: datetime) -> Key:
    *older, current = key.living(now)
    if older:
        raise Problem(
            ProblemKind.CONFLICT,
            code="rotation_in_progress",
            message=f"A rotation is open until {older[0].ends_at:%Y-%m-%dT%H:%M:%SZ}; finish or cancel it first.",
        )
    ends_at = now + OVERLAP if key.expires_at is None else min(now + OVERLAP, key.expires_at)
    return replace(key, secrets=(*_with(key, replace(current, ends_at=ends_at)), new))


def _decided(key: Key, step: Step, now: datetime) -> Key:
    """One of the two secrets ends now: the old one when finished, the new one when cancelled."""
    living = key.living(now)
    if len(living) == 1:
        raise Problem(ProblemKind.CONFLICT, code="no_rotation", message="There is no open rotation of this key.")
    old, new = living
    if step is Step.FINISH:
        return replace(key, secrets=_with(key, replace(old, is_ended=True)))
    kept = replace(key, secrets=_with(key, replace(old, ends_at=None)))
    return replace(key, secrets=_with(kept, replace(new, is_ended=True)))


def _edited(key: Key, edit: Edit, now: datetime) -> Key:
    scopes = key.scopes if edit.scopes is None else edit.scopes
    return replace(
        _with_expiry(key, edit.expiry, now),
        name=key.name if edit.name is None else edit.name,
        scopes=scopes,
        networks=key.networks if edit.networks is None else edit.networks,
    )


def _with_expiry(key: Key, expiry: NewExpiry | None, now: datetime) -> Key:
    """An earlier expiry shortens an open overlap too; a later one does not lengthen it."""
    if expiry is None:
        return key
    refuse_past(expiry.at, now)
    return replace(key, expires_at=expiry.at, secrets=tuple(_until(secret, expiry.at) for secret in key.secrets))


def _until(secret: KeySecret, end: datetime | None) -> KeySecret:
    return replace(secret, ends_at=end) if end and secret.ends_at and end < secret.ends_at else secret


def _with(key: Key, changed: KeySecret) -> tuple[KeySecret, ...]:
    return tuple(changed if secret.digest == changed.digest else secret for secret in key.secrets)
