"""Keys and the digests of their secrets: found by digest at each request, by id and tenant for every change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.entries import Account, Entry, Owner
from cybervault.access.life import Key, KeySecret, KeyState
from cybervault.access.store import key_rows as kept
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Plan, Role, ServiceAccountId, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database, Row, sql, upsert
from cybervault.storage.tables import KEY_SECRETS, KEYS, LIMIT_OVERRIDES, MEMBERS, SERVICE_ACCOUNTS, TENANTS

_WANTED = KEYS.c.id == sa.bindparam("wanted")
_IS_LIVING = KEYS.c.revoked_at.is_(None) & (KEYS.c.expires_at.is_(None) | (KEYS.c.expires_at > sa.bindparam("now")))
_IS_THEIRS = (
    (KEYS.c.tenant_id == sa.bindparam("tenant_id"))
    & KEYS.c.owner_id.is_not_distinct_from(sa.bindparam("owner_id"))
    & KEYS.c.service_account_id.is_not_distinct_from(sa.bindparam("service_account_id"))
)
_SECRET_ORDER = (KEY_SECRETS.c.created_at, KEY_SECRETS.c.number)

_ADD: Final = sql(sa.insert(KEYS))
_KEEP: Final = sql(
    sa.update(KEYS)
    .values({name: sa.bindparam(f"new_{name}") for name in ("name", "scopes", "networks", "expires_at", "revoked_at")})
    .values(version=KEYS.c.version + 1)
    .where(_WANTED, KEYS.c.version == sa.bindparam("seen_version"))
)
_KEEP_SECRET: Final = upsert(KEY_SECRETS, at=["digest"], change=["ends_at", "is_ended"])
_FIND: Final = sql(sa.select(KEYS).where(_WANTED))
_ALL: Final = sql(
    sa.select(KEYS).where(KEYS.c.tenant_id == sa.bindparam("tenant_id")).order_by(KEYS.c.created_at.desc(), KEYS.c.id)
)
_works_still = (
    sa.select(sa.func.count())
    .select_from(KEY_SECRETS)
    .where(
        KEY_SECRETS.c.key_id == KEYS.c.id,
        KEY_SECRETS.c.is_ended == sa.false(),
        KEY_SECRETS.c.ends_at.is_(None) | (KEY_SECRETS.c.ends_at > sa.bindparam("now")),
    )
    .scalar_subquery()
)
# As `Key.state` has it, so that a page of one state is found without reading all others.
_state = sa.case(
    (KEYS.c.revoked_at.is_not(None), KeyState.REVOKED.value),
    (KEYS.c.expires_at <= sa.bindparam("now"), KeyState.EXPIRED.value),
    (_works_still > 1, KeyState.ROTATING.value),
    else_=KeyState.ACTIVE.value,
)
_page = (
    sa.select(KEYS)
    .where(
        KEYS.c.tenant_id == sa.bindparam("tenant_id"),
        sa.or_(sa.bindparam("owner_id", type_=sa.Text) == "", KEYS.c.owner_id == sa.bindparam("owner_id")),
        sa.or_(sa.bindparam("state", type_=sa.Text) == "", _state == sa.bindparam("state", type_=sa.Text)),
        sa.or_(
            KEYS.c.created_at < sa.bindparam("at"),
            sa.and_(KEYS.c.created_at == sa.bindparam("at"), KEYS.c.id > sa.bindparam("behind")),
        ),
    )
    .order_by(KEYS.c.created_at.desc(), KEYS.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
    .offset(0)
)
_PAGE: Final = sql(_page)
_PAGE_SECRETS: Final = sql(
    sa.select(KEY_SECRETS).where(KEY_SECRETS.c.key_id.in_(_page.with_only_columns(KEYS.c.id))).order_by(*_SECRET_ORDER)
)
_SECRETS: Final = sql(
    sa.select(KEY_SECRETS)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .where(KEYS.c.tenant_id == sa.bindparam("tenant_id"))
    .order_by(*_SECRET_ORDER)
)
_SECRETS_OF: Final = sql(
    sa.select(KEY_SECRETS).where(KEY_SECRETS.c.key_id == sa.bindparam("wanted")).order_by(*_SECRET_ORDER)
)
_OWNER = (MEMBERS.c.id, MEMBERS.c.role, MEMBERS.c.suspended_at, MEMBERS.c.removed_at)
_ACCOUNT = (SERVICE_ACCOUNTS.c.id, SERVICE_ACCOUNTS.c.scopes, SERVICE_ACCOUNTS.c.removed_at)
# Not its use: who is let in by it depends on nothing of that.
_SECRET = tuple(KEY_SECRETS.c[name] for name in ("digest", "pepper_id", "hint", "created_at", "ends_at", "is_ended"))
_LIMITS = tuple(LIMIT_OVERRIDES.c[name] for name in ("face", "call_class", "minute", "hour", "burst_percent"))
# A row for each limit of the tenant's own, one where there is none.
_ENTRY: Final = sql(
    sa.select(
        KEYS.c.id, KEYS.c.tenant_id, KEYS.c.kind, KEYS.c.scopes, KEYS.c.networks, KEYS.c.expires_at,
        KEYS.c.revoked_at, KEYS.c.is_decoy, KEYS.c.owner_id, KEYS.c.service_account_id, TENANTS.c.plan,
        TENANTS.c.suspended_at, *_OWNER, *_ACCOUNT, *_SECRET, *_LIMITS,
    )
    .select_from(KEY_SECRETS)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .join(TENANTS, TENANTS.c.id == KEYS.c.tenant_id)
    .outerjoin(MEMBERS, MEMBERS.c.id == KEYS.c.owner_id)
    .outerjoin(SERVICE_ACCOUNTS, SERVICE_ACCOUNTS.c.id == KEYS.c.service_account_id)
    .outerjoin(LIMIT_OVERRIDES, LIMIT_OVERRIDES.c.tenant_id == KEYS.c.tenant_id)
    .where(KEY_SECRETS.c.digest == sa.bindparam("wanted"))
)  # fmt: skip
_HOLDER: Final = sql(
    sa.select(TENANTS.c.plan, *_OWNER, *_ACCOUNT)
    .select_from(TENANTS)
    .outerjoin(
        MEMBERS, (MEMBERS.c.tenant_id == TENANTS.c.id) & (MEMBERS.c.id == sa.bindparam("owner_id", type_=sa.Text))
    )
    .outerjoin(
        SERVICE_ACCOUNTS,
        (SERVICE_ACCOUNTS.c.tenant_id == TENANTS.c.id)
        & (SERVICE_ACCOUNTS.c.id == sa.bindparam("service_account_id", type_=sa.Text)),
    )
    .where(TENANTS.c.id == sa.bindparam("tenant_id"))
)
_SAME_NAME: Final = sql(sa.select(KEYS.c.id).where(_IS_THEIRS, KEYS.c.name == sa.bindparam("name"), _IS_LIVING))
_COUNT_OWN: Final = sql(
    sa.select(sa.func.count()).select_from(KEYS).where(KEYS.c.owner_id == sa.bindparam("owner_id"), _IS_LIVING)
)
_LIVING_OF_OWNER: Final = sql(
    sa.select(KEYS.c.id)
    .where(KEYS.c.owner_id == sa.bindparam("owner_id"), KEYS.c.revoked_at.is_(None))
    .order_by(KEYS.c.id)
)
_LIVING_OF_ACCOUNT: Final = sql(
    sa.select(KEYS.c.id)
    .where(KEYS.c.service_account_id == sa.bindparam("owner_id"), KEYS.c.revoked_at.is_(None))
    .order_by(KEYS.c.id)
)
_REVOKE: Final = sql(
    sa.update(KEYS)
    .values(revoked_at=sa.bindparam("at"), version=KEYS.c.version + 1)
    .where(_WANTED, KEYS.c.revoked_at.is_(None))
)
_EXPOSE: Final = sql(
    sa.update(KEYS)
    .values(exposed_at=sa.bindparam("at"), exposed_where=sa.bindparam("place"))
    .where(_WANTED, KEYS.c.exposed_at.is_(None))
)
_TOUCH: Final = sql(sa.update(KEYS).values(version=KEYS.c.version + 1).where(_WANTED))
_DIGEST_AGAIN: Final = sql(
    sa.update(KEY_SECRETS)
    .values(digest=sa.bindparam("new_digest"), pepper_id=sa.bindparam("new_pepper_id"))
    .where(KEY_SECRETS.c.digest == sa.bindparam("old_digest"))
)
_COUNT: Final = sql(sa.select(sa.func.count()).select_from(KEYS))
_BY_PEPPER: Final = sql(
    sa.select(KEY_SECRETS.c.pepper_id, sa.func.count())
    .select_from(KEY_SECRETS)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .where(
        KEY_SECRETS.c.is_ended == sa.false(),
        KEY_SECRETS.c.ends_at.is_(None) | (KEY_SECRETS.c.ends_at > sa.bindparam("now")),
        _IS_LIVING,
    )
    .group_by(KEY_SECRETS.c.pepper_id)
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a key is or is to be, as it stands now; None for an owner or account that the tenant does not have."""

    plan: Plan
    owner: Owner | None
    account: Account | None

    @property
    def role(self) -> Role | None:
        """The role of the owner."""
        return None if self.owner is None else self.owner.role


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """Which keys of a tenant: all, or those of one member, or those that stand so now."""

    tenant_id: TenantId
    owner_id: MemberId | None = None
    state: KeyState | None = None


class KeyStore:
    """The rows of keys and secrets; `transaction` holds several calls together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock_names(self, tenant_id: TenantId) -> None:
        """Within a transaction: nobody else gives a key of this tenant a name, so that what was looked up stays so."""
        await self._database.lock(f"key names {tenant_id}")

    async def add(self, key: Key) -> None:
        """Keep a new key with its secrets."""
        await self._database.run(_ADD, kept.columns_of(key))
        await self._keep_secrets(key)

    async def keep(self, key: Key) -> Key:
        """Keep what a step changed; `Problem` CONFLICT `conflict` where somebody else changed the key meanwhile."""
        changed = {f"new_{name}": value for name, value in kept.changing_columns_of(key).items() if name != "version"}
        if not await self._database.run(_KEEP, changed | {"wanted": key.id, "seen_version": key.version}):
            raise Problem(
                ProblemKind.CONFLICT,
                code="conflict",
                message="Somebody else changed this key at the same moment. Look at it again.",
            )
        await self._keep_secrets(key)
        return replace(key, version=key.version + 1)

    async def find(self, key_id: KeyId, tenant_id: TenantId | None) -> Key | None:
        """The key of this id; None when it is another tenant's (`tenant_id` None: any tenant's will do)."""
        rows = await self._database.rows(_FIND, {"wanted": key_id})
        if not rows:
            return None
        secrets = map(kept.secret_of, await self._database.rows(_SECRETS_OF, {"wanted": key_id}))
        key = kept.key_of(rows[0], (secret for _, secret in secrets))
        return key if tenant_id in {None, key.tenant_id} else None

    async def all(self, tenant_id: TenantId) -> tuple[Key, ...]:
        """All keys of a tenant, newest first."""
        wanted = {"tenant_id": tenant_id}
        rows = await self._database.rows(_ALL, wanted)
        return _keys(rows, await self._database.rows(_SECRETS, wanted))

    async def page(
        self, wanted: KeysWanted, now: datetime, *, before: tuple[float, str] | None, most: int
    ) -> tuple[Key, ...]:
        """At most so many keys, newest first, from behind one that was created at a moment and has an id."""
        at, behind = before or (float("inf"), "")
        values: dict[str, object] = {
            "tenant_id": wanted.tenant_id,
            "owner_id": "" if wanted.owner_id is None else wanted.owner_id,
            "state": "" if wanted.state is None else wanted.state.value,
            "now": now.timestamp(),
            "at": at,
            "behind": behind,
            "most": most,
        }
        rows = await self._database.rows(_PAGE, values)
        return _keys(rows, await self._database.rows(_PAGE_SECRETS, values))

    async def entry(self, digest: bytes) -> Entry | None:
        """What a secret opens, in one read."""
        rows = await self._database.rows(_ENTRY, {"wanted": digest})
        return _entry(rows) if rows else None

    async def holder(
        self,
        tenant_id: TenantId,
        *,
        owner_id: MemberId | None = None,
        service_account_id: ServiceAccountId | None = None,
    ) -> Holder | None:
        """Whose a key of this tenant is; None for a tenant that is not there."""
        wanted = {"tenant_id": tenant_id, "owner_id": owner_id, "service_account_id": service_account_id}
        rows = await self._database.rows(_HOLDER, wanted)
        if not rows:
            return None
        plan, *rest = cast("Any", rows[0])
        return Holder(Plan(plan), _owner(rest[:4]), _account(rest[4:]))

    async def is_name_taken(self, key: Key, now: datetime) -> bool:
        """Whether another living key of the same owner, service account or tenant has this key's name."""
        wanted = {"tenant_id": key.tenant_id, "owner_id": key.owner_id, "service_account_id": key.service_account_id}
        found = await self._database.rows(_SAME_NAME, wanted | {"name": key.name, "now": now.timestamp()})
        return any(row[0] != key.id for row in found)

    async def count_of(self, owner_id: MemberId, now: datetime) -> int:
        """How many living keys a member has."""
        return _number(await self._database.rows(_COUNT_OWN, {"owner_id": owner_id, "now": now.timestamp()}))

    async def revoke_all_of(self, member_id: MemberId, at: datetime) -> tuple[KeyId, ...]:
        """Revoke every personal key of a member, within the caller's transaction; those that were not yet."""
        return await self._revoke(await self._database.rows(_LIVING_OF_OWNER, {"owner_id": member_id}), at)

    async def revoke_all_of_account(self, account_id: ServiceAccountId, at: datetime) -> tuple[KeyId, ...]:
        """Revoke every key of a service account, within the caller's transaction; those that were not yet."""
        return await self._revoke(await self._database.rows(_LIVING_OF_ACCOUNT, {"owner_id": account_id}), at)

    async def expose(self, key_id: KeyId, at: datetime, where: str) -> bool:
        """Note that the text of a key was seen in the open; whether this is the first time."""
        return bool(await self._database.run(_EXPOSE, {"wanted": key_id, "at": at.timestamp(), "place": where}))

    async def digest_again(self, entry: Entry, digest: bytes, pepper_id: str) -> bool:
        """Keep a secret under a newer pepper's digest, within the caller's transaction; False: already done.

        It counts as a change of the key: who has read its secrets under the old digest must read them again.
        """
        if not await self._database.run(_TOUCH, {"wanted": entry.key_id}):
            return False
        values = {"old_digest": entry.secret.digest, "new_digest": digest, "new_pepper_id": pepper_id}
        return bool(await self._database.run(_DIGEST_AGAIN, values))

    async def count(self) -> int:
        """How many keys there are, of all tenants and in all states."""
        return _number(await self._database.rows(_COUNT, {}))

    async def count_by_pepper(self, now: datetime) -> dict[str, int]:
        """How many secrets that nobody ended are kept under each pepper's id."""
        rows = await self._database.rows(_BY_PEPPER, {"now": now.timestamp()})
        return {str(pepper_id): int(str(count)) for pepper_id, count in rows}

    async def _keep_secrets(self, key: Key) -> None:
        for number, secret in enumerate(key.secrets, start=1):
            await self._database.run(_KEEP_SECRET, kept.columns_of_secret(key, secret, number))

    async def _revoke(self, rows: Sequence[Row], at: datetime) -> tuple[KeyId, ...]:
        found = tuple(KeyId(str(row[0])) for row in rows)
        for key_id in found:
            await self._database.run(_REVOKE, {"wanted": key_id, "at": at.timestamp()})
        return found


def _keys(rows: Sequence[Row], secret_rows: Sequence[Row]) -> tuple[Key, ...]:
    secrets: dict[str, list[KeySecret]] = {}
    for key_id, secret in map(kept.secret_of, secret_rows):
        secrets.setdefault(key_id, []).append(secret)
    # A key that came between the two reads is left out, like one that comes after them.
    return tuple(kept.key_of(row, secrets[str(row[0])]) for row in rows if str(row[0]) in secrets)


def _entry(rows: Sequence[Row]) -> Entry:
    (
        key_id, tenant_id, kind, scopes, networks, expires_at, revoked_at, is_decoy, owner_id, account_id, plan,
        suspended_at, *rest,
    ) = cast("Any", rows[0])  # fmt: skip
    member, account, secret = rest[:4], rest[4:7], rest[7:13]
    return Entry(
        KeyId(key_id), TenantId(tenant_id), KeyKind(kind), Plan(plan), kept.scopes_of(scopes),
        kept.networks_of(networks), kept.moment(expires_at), kept.moment(revoked_at), _secret(secret),
        # What is not there any more opens nothing.
        owner=owner_id and (_owner(member) or Owner(MemberId(owner_id), Role.VIEWER, is_removed=True)),
        account=account_id and (_account(account) or Account(account_id, frozenset(), is_removed=True)),
        is_tenant_suspended=suspended_at is not None,
        is_decoy=bool(is_decoy),
        overrides=tuple(_override(row[25:]) for row in cast("Any", rows) if row[25] is not None),
    )  # fmt: skip


def _secret(columns: Sequence[Any]) -> KeySecret:
    digest, pepper_id, hint, created_at, ends_at, is_ended = columns
    created = datetime.fromtimestamp(created_at, UTC)
    return KeySecret(bytes(digest), pepper_id, hint, created, kept.moment(ends_at), bool(is_ended))


def _owner(columns: Sequence[Any]) -> Owner | None:
    member_id, role, suspended_at, removed_at = columns
    if member_id is None:
        return None
    return Owner(MemberId(member_id), Role(role), suspended_at is not None, removed_at is not None)


def _account(columns: Sequence[Any]) -> Account | None:
    account_id, scopes, removed_at = columns
    if account_id is None:
        return None
    return Account(ServiceAccountId(account_id), kept.scopes_of(scopes), removed_at is not None)


def _override(columns: Sequence[Any]) -> LimitOverride:
    face, call_class, minute, hour, burst_percent = columns
    return LimitOverride(face, CallClass(call_class), minute, hour, burst_percent)


def _number(rows: Sequence[Row]) -> int:
    return int(str(rows[0][0]))
