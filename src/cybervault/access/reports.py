"""What somebody should look at: idle keys, keys without an end, secrets still in use, use that looks odd."""

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol

from cybervault.access.life import Key, KeySecret, KeyState
from cybervault.domain.principals import KeyId

_IDLE_DAYS: Final = (90, 60, 30)
_NEW: Final = timedelta(days=1)
_SOON: Final = timedelta(days=14)
_MINUTES_BETWEEN_NETWORKS: Final = timedelta(minutes=5)
# Two addresses of one such network count as one place.
_NETWORK_BITS: Final = {4: 16, 6: 32}
_UNAUTHENTICATED: Final = 401
_FORBIDDEN: Final = 403


class Matter(StrEnum):
    """Why a key is in the report, the most urgent first."""

    EXPOSED = "exposed"
    REFUSED = "refused"
    TWO_NETWORKS = "two_networks"
    OLD_SECRET_IN_USE = "old_secret_in_use"  # noqa: S105 - the name of a matter
    EXPIRES_SOON = "expires_soon"
    UNUSED = "unused"
    NEVER_USED = "never_used"
    NO_EXPIRY = "no_expiry"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about one key, in words that hold nothing but public parts of it."""

    key_id: KeyId
    name: str
    matter: Matter
    text: str


class Call(Protocol):
    """What the report wants to know of a call."""

    @property
    def key_id(self) -> KeyId: ...
    @property
    def when(self) -> datetime: ...
    @property
    def status(self) -> int: ...
    @property
    def ip(self) -> str | None: ...


def remarks_on(keys: Sequence[Key], calls: Sequence[Call], now: datetime) -> tuple[Remark, ...]:
    """All remarks on the living keys among these, by urgency; `calls` are those of the last days, in any order."""
    found: list[Remark] = []
    calls_of: dict[KeyId, list[Call]] = {}
    for call in calls:
        calls_of.setdefault(call.key_id, []).append(call)
    for key in keys:
        if key.is_decoy or key.state(now) in {KeyState.REVOKED, KeyState.EXPIRED}:
            continue
        own = sorted(calls_of.get(key.id, ()), key=lambda call: call.when)
        for matter, text in (*_of_life(key, now), *_of_use(key, now), *_of_calls(own, now)):
            found.append(Remark(key.id, key.name, matter, text))
    order = list(Matter)
    return tuple(sorted(found, key=lambda remark: order.index(remark.matter)))


def readiness(old: KeySecret, now: datetime) -> str:
    """Whether a rotation may be finished: how the old secret was last used."""
    if old.last_used_at is None:
        return "old secret never used"
    place = f" from {old.last_used_ip}" if old.last_used_ip else ""
    return f"old secret last used {ago(now - old.last_used_at)} ago{place}"


def ago(passed: timedelta) -> str:
    """How long that is, in the largest whole unit."""
    seconds = max(0, int(passed.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("min", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 and unit != 'min' else ''}"
    return f"{seconds} s"


def _of_life(key: Key, now: datetime) -> Iterator[tuple[Matter, str]]:
    if key.exposed_at is not None:
        where = f" in {key.exposed_where}" if key.exposed_where else ""
        yield Matter.EXPOSED, f"seen in the open{where}, {ago(now - key.exposed_at)} ago: revoke it"
    if key.expires_at is None:
        yield Matter.NO_EXPIRY, "never expires"
    elif key.expires_at - now <= _SOON:
        yield Matter.EXPIRES_SOON, f"expires in {ago(key.expires_at - now)}"


def _of_use(key: Key, now: datetime) -> Iterator[tuple[Matter, str]]:
    old, *newer = key.living(now)
    if newer and old.last_used_at is not None and old.last_used_at >= newer[0].created_at:
        yield Matter.OLD_SECRET_IN_USE, f"being rotated, and its {readiness(old, now)}"
    last = max((secret.last_used_at for secret in key.secrets if secret.last_used_at), default=None)
    if last is None:
        if now - key.created_at >= _NEW:
            yield Matter.NEVER_USED, f"never used since it was created {ago(now - key.created_at)} ago"
        return
    idle = next((days for days in _IDLE_DAYS if now - last >= timedelta(days=days)), None)
    if idle is not None:
        yield Matter.UNUSED, f"unused for more than {idle} days"


def _of_calls(calls: Sequence[Call], now: datetime) -> Iterator[tuple[Matter, str]]:
    refused = [call for call in calls if call.status in {_UNAUTHENTICATED, _FORBIDDEN}]
    if refused:
        last = refused[-1]
        place = f", from {last.ip}" if last.ip else ""
        yield Matter.REFUSED, f"right secret but refused {_times(len(refused))}, last {ago(now - last.when)} ago{place}"
    pairs = list(_pairs(calls))
    if pairs:
        one, other = pairs[-1]
        yield (
            Matter.TWO_NETWORKS,
            f"used from {one.ip} and from {other.ip} within {ago(other.when - one.when)} ({_times(len(pairs))})",
        )


def _pairs(calls: Sequence[Call]) -> Iterator[tuple[Call, Call]]:
    """Calls that came shortly one after the other from two networks."""
    placed = [call for call in calls if call.ip]
    for one, other in pairwise(placed):
        if other.when - one.when <= _MINUTES_BETWEEN_NETWORKS and _network(one.ip) != _network(other.ip):
            yield one, other


def _network(ip: str | None) -> str:
    try:
        address = ipaddress.ip_address(ip or "")
    except ValueError:  # cut to its network already
        return ip or ""
    return str(ipaddress.ip_network(f"{address}/{_NETWORK_BITS[address.version]}", strict=False))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
