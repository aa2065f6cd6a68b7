"""How keys and secrets stand in their rows."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from cybervault.access.life import Key, KeySecret, Network
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Scope, ServiceAccountId, TenantId
from cybervault.storage.database import Row


def columns_of(key: Key) -> dict[str, object]:
    """The row of a key."""
    return {
        "id": key.id,
        "tenant_id": key.tenant_id,
        "kind": key.kind.value,
        "created_at": key.created_at.timestamp(),
        "last_ip": key.last_ip,
        "owner_id": key.owner_id,
        "service_account_id": key.service_account_id,
        "created_by": key.created_by,
        "is_decoy": key.is_decoy,
        "exposed_at": seconds(key.exposed_at),
        "exposed_where": key.exposed_where,
    } | changing_columns_of(key)


def changing_columns_of(key: Key) -> dict[str, object]:
    """The part of its row that steps of its life change."""
    return {
        "name": key.name,
        "scopes": words(key.scopes),
        "networks": words(str(network) for network in key.networks),
        "expires_at": seconds(key.expires_at),
        "revoked_at": seconds(key.revoked_at),
        "version": key.version,
    }


def columns_of_secret(key: Key, secret: KeySecret, number: int) -> dict[str, object]:
    """The row of a secret; `number` is its place among the secrets of its key, from 1."""
    return {
        "digest": secret.digest,
        "pepper_id": secret.pepper_id,
        "key_id": key.id,
        "hint": secret.hint,
        "created_at": secret.created_at.timestamp(),
        "ends_at": seconds(secret.ends_at),
        "is_ended": secret.is_ended,
        "last_used_at": seconds(secret.last_used_at),
        "last_used_ip": secret.last_used_ip,
        "number": number,
    }


def key_of(row: Row, secrets: Iterable[KeySecret]) -> Key:
    """The key of a row, with its secrets in their order."""
    (
        key_id, tenant_id, kind, name, scopes, networks, created_at, expires_at, revoked_at, last_ip,
        owner_id, account_id, created_by, is_decoy, exposed_at, exposed_where, version,
    ) = cast("Any", row)  # fmt: skip
    return Key(
        KeyId(key_id), TenantId(tenant_id), KeyKind(kind), name, scopes_of(scopes), networks_of(networks),
        datetime.fromtimestamp(created_at, UTC), moment(expires_at), moment(revoked_at), tuple(secrets), last_ip,
        owner_id and MemberId(owner_id), account_id and ServiceAccountId(account_id), created_by, bool(is_decoy),
        moment(exposed_at), exposed_where, version,
    )  # fmt: skip


def secret_of(row: Row) -> tuple[str, KeySecret]:
    """The secret of a row, after the id of its key."""
    digest, pepper_id, key_id, hint, created_at, ends_at, is_ended, used_at, used_ip, _number = cast("Any", row)
    created = datetime.fromtimestamp(created_at, UTC)
    return key_id, KeySecret(
        bytes(digest), pepper_id, hint, created, moment(ends_at), bool(is_ended), moment(used_at), used_ip
    )  # fmt: skip


def words(texts: Iterable[str]) -> str:
    """A list in one column."""
    return " ".join(sorted(texts))


# The same few lists are read at every request.
@lru_cache(maxsize=4_096)
def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes of a column."""
    return frozenset(Scope(word) for word in text.split())


@lru_cache(maxsize=4_096)
def networks_of(text: str) -> tuple[Network, ...]:
    """The networks of a column."""
    return tuple(ipaddress.ip_network(word) for word in text.split())


def seconds(moment: datetime | None) -> float | None:
    """Unix seconds."""
    return None if moment is None else moment.timestamp()


def moment(seconds: float | None) -> datetime | None:
    """The moment of Unix seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
