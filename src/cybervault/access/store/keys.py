"""Keys and the digests of their secrets: found by digest at each request, by id and tenant for every change."""

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from cybervault.access.entries import Entry
from cybervault.access.life import Key, KeySecret, Network
from cybervault.domain.principals import KeyId, KeyKind, Plan, Scope, TenantId
from cybervault.storage.database import Database, sql
from cybervault.storage.tables import KEY_SECRETS, KEYS, TENANTS

_OF_TENANT = KEYS.c.tenant_id == sa.bindparam("tenant_id")

_ADD: Final = sql(sa.insert(KEYS))
_insert_secret = insert(KEY_SECRETS)
_KEEP_SECRET: Final = sql(
    _insert_secret.on_conflict_do_update(
        index_elements=["digest"], set_={name: _insert_secret.excluded[name] for name in ("ends_at", "is_ended")}
    )
)
_REVOKE: Final = sql(
    sa.update(KEYS).values(revoked_at=sa.bindparam("revoked")).where(KEYS.c.id == sa.bindparam("wanted"))
)
_FIND: Final = sql(sa.select(KEYS).where(KEYS.c.id == sa.bindparam("wanted")))
_ALL: Final = sql(sa.select(KEYS).where(_OF_TENANT).order_by(KEYS.c.created_at.desc(), KEYS.c.id))
_SECRETS: Final = sql(
    sa.select(KEY_SECRETS)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .where(_OF_TENANT)
    .order_by(KEY_SECRETS.c.created_at, sa.literal_column("key_secrets.rowid"))
)
_SECRETS_OF: Final = sql(
    sa.select(KEY_SECRETS)
    .where(KEY_SECRETS.c.key_id == sa.bindparam("wanted"))
    .order_by(KEY_SECRETS.c.created_at, sa.literal_column("key_secrets.rowid"))
)
_ENTRY: Final = sql(
    sa.select(
        KEYS.c.id, KEYS.c.tenant_id, KEYS.c.kind, TENANTS.c.plan, KEYS.c.scopes, KEYS.c.networks, KEYS.c.expires_at,
        KEYS.c.revoked_at, KEY_SECRETS,
    )
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .join(TENANTS, TENANTS.c.id == KEYS.c.tenant_id)
    .where(KEY_SECRETS.c.digest == sa.bindparam("wanted"))
)  # fmt: skip
_USED: Final = sql(
    sa.update(KEY_SECRETS)
    .values(last_used_at=sa.bindparam("at"), last_used_ip=sa.bindparam("ip"))
    .where(
        KEY_SECRETS.c.digest == sa.bindparam("wanted"),
        sa.func.coalesce(KEY_SECRETS.c.last_used_at, sa.literal_column("0")) <= sa.bindparam("at"),
    )
)
_OTHER_PEPPERS: Final = sql(
    sa.select(sa.func.count())
    .select_from(KEY_SECRETS)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .where(
        KEY_SECRETS.c.pepper_id != sa.bindparam("pepper_id"),
        KEY_SECRETS.c.is_ended == sa.false(),
        KEY_SECRETS.c.ends_at.is_(None),
        KEYS.c.revoked_at.is_(None),
    )
)
_COUNT: Final = sql(sa.select(sa.func.count()).select_from(KEYS))
_LAST_IP: Final = sql(sa.select(KEYS.c.last_ip).where(KEYS.c.id == sa.bindparam("wanted")))
_SUCCEEDED: Final = sql(sa.update(KEYS).values(last_ip=sa.bindparam("ip")).where(KEYS.c.id == sa.bindparam("wanted")))


class KeyStore:
    """The rows of keys and secrets; `transaction` holds several calls together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def add(self, key: Key) -> None:
        """Keep a new key with its secrets."""
        self._database.run(
            _ADD,
            {
                "id": key.id,
                "tenant_id": key.tenant_id,
                "kind": key.kind.value,
                "name": key.name,
                "scopes": _words(scope.value for scope in key.scopes),
                "networks": _words(str(network) for network in key.networks),
                "created_at": key.created_at.timestamp(),
                "expires_at": _seconds(key.expires_at),
                "revoked_at": _seconds(key.revoked_at),
                "last_ip": key.last_ip,
            },
        )
        self._keep_secrets(key)

    def keep(self, key: Key) -> None:
        """Keep what a step changed: new and ended secrets, and the end of the key."""
        if key.revoked_at is not None:
            self._database.run(_REVOKE, {"wanted": key.id, "revoked": key.revoked_at.timestamp()})
        self._keep_secrets(key)

    def find(self, key_id: KeyId, tenant_id: TenantId | None) -> Key | None:
        """The key of this id; None when it is another tenant's (`tenant_id` None: any tenant's will do)."""
        rows = self._database.rows(_FIND, {"wanted": key_id})
        if not rows:
            return None
        secrets = (secret for _, secret in map(_secret, self._database.rows(_SECRETS_OF, {"wanted": key_id})))
        key = _key(rows[0], tuple(secrets))
        return key if tenant_id in {None, key.tenant_id} else None

    def all(self, tenant_id: TenantId) -> tuple[Key, ...]:
        """All keys of a tenant, newest first."""
        secrets: dict[str, list[KeySecret]] = {}
        for key_id, secret in map(_secret, self._database.rows(_SECRETS, {"tenant_id": tenant_id})):
            secrets.setdefault(key_id, []).append(secret)
        rows = self._database.rows(_ALL, {"tenant_id": tenant_id})
        return tuple(_key(row, tuple(secrets[str(row[0])])) for row in rows)

    def entry(self, digest: bytes) -> Entry | None:
        """What a secret opens, in one read."""
        rows = self._database.rows(_ENTRY, {"wanted": digest})
        if not rows:
            return None
        key_id, tenant_id, kind, plan, scopes, networks, expires_at, revoked_at, *secret = cast("Any", rows[0])
        return Entry(
            KeyId(key_id), TenantId(tenant_id), KeyKind(kind), Plan(plan), _scopes(scopes), _networks(networks),
            _moment(expires_at), _moment(revoked_at), _secret(tuple(secret))[1],
        )  # fmt: skip

    def used(self, digest: bytes, at: datetime, ip: str | None) -> None:
        """Note the use of a secret, never an earlier one over a later."""
        self._database.run(_USED, {"wanted": digest, "at": at.timestamp(), "ip": ip})

    def succeeded(self, key_id: KeyId, ip: str | None) -> None:
        """Note where the last successful call came from; written only where it differs."""
        if self._database.rows(_LAST_IP, {"wanted": key_id}) != [(ip,)]:
            self._database.run(_SUCCEEDED, {"wanted": key_id, "ip": ip})

    def count(self) -> int:
        """How many keys there are, of all tenants and in all states."""
        return int(str(self._database.rows(_COUNT, {})[0][0]))

    def count_of_other_peppers(self, pepper_id: str) -> int:
        """How many secrets nobody can use though nobody ended them, because they were digested with another pepper."""
        return int(str(self._database.rows(_OTHER_PEPPERS, {"pepper_id": pepper_id})[0][0]))

    def _keep_secrets(self, key: Key) -> None:
        for secret in key.secrets:
            self._database.run(_KEEP_SECRET, _columns(secret) | {"key_id": key.id})


def _columns(secret: KeySecret) -> dict[str, object]:
    return {
        "digest": secret.digest,
        "pepper_id": secret.pepper_id,
        "hint": secret.hint,
        "created_at": secret.created_at.timestamp(),
        "ends_at": _seconds(secret.ends_at),
        "is_ended": secret.is_ended,
        "last_used_at": _seconds(secret.last_used_at),
        "last_used_ip": secret.last_used_ip,
    }


def _secret(row: tuple[object, ...]) -> tuple[str, KeySecret]:
    digest, pepper_id, key_id, hint, created_at, ends_at, is_ended, used_at, used_ip = cast("Any", row)
    created = datetime.fromtimestamp(created_at, UTC)
    return key_id, KeySecret(
        digest, pepper_id, hint, created, _moment(ends_at), bool(is_ended), _moment(used_at), used_ip
    )  # fmt: skip


def _key(row: tuple[object, ...], secrets: tuple[KeySecret, ...]) -> Key:
    key_id, tenant_id, kind, name, scopes, networks, created_at, expires_at, revoked_at, last_ip = cast("Any", row)
    return Key(
        KeyId(key_id), TenantId(tenant_id), KeyKind(kind), name, _scopes(scopes), _networks(networks),
        datetime.fromtimestamp(created_at, UTC), _moment(expires_at), _moment(revoked_at), secrets, last_ip,
    )  # fmt: skip


def _words(texts: Iterable[str]) -> str:
    return " ".join(sorted(texts))


# The same few lists are read at every request.
@lru_cache(maxsize=4_096)
def _scopes(text: str) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in text.split())


@lru_cache(maxsize=4_096)
def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(word) for word in text.split())


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
