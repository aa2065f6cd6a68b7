"""Service accounts: by id, and by name among those of a tenant that were not removed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.store import key_rows as kept
from cybervault.domain.principals import Scope, ServiceAccountId, TenantId
from cybervault.storage.database import Database, Row, sql
from cybervault.storage.tables import SERVICE_ACCOUNTS

_WANTED = (SERVICE_ACCOUNTS.c.tenant_id == sa.bindparam("tenant_id")) & SERVICE_ACCOUNTS.c.removed_at.is_(None)

_ADD: Final = sql(sa.insert(SERVICE_ACCOUNTS))
_KEEP: Final = sql(
    sa.update(SERVICE_ACCOUNTS)
    .values({name: sa.bindparam(f"new_{name}") for name in ("name", "description", "scopes", "removed_at")})
    .where(SERVICE_ACCOUNTS.c.id == sa.bindparam("wanted"))
)
_FIND: Final = sql(
    sa.select(SERVICE_ACCOUNTS).where(
        _WANTED,
        (SERVICE_ACCOUNTS.c.id == sa.bindparam("wanted")) | (SERVICE_ACCOUNTS.c.name == sa.bindparam("wanted")),
    )
)
_ALL: Final = sql(
    sa.select(SERVICE_ACCOUNTS).where(_WANTED).order_by(SERVICE_ACCOUNTS.c.created_at, SERVICE_ACCOUNTS.c.id)
)


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What a program calls with: it owns keys, and `scopes` are the most that each of them may have."""

    id: ServiceAccountId
    tenant_id: TenantId
    name: str
    description: str
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    removed_at: datetime | None = None


class ServiceAccountStore:
    """The rows of service accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def lock(self, tenant_id: TenantId) -> None:
        """Within a transaction: one change of a tenant's accounts after another."""
        await self._database.lock(f"service accounts {tenant_id}")

    async def add(self, account: ServiceAccount) -> None:
        """Keep a new account."""
        fixed = {"id": account.id, "tenant_id": account.tenant_id, "created_by": account.created_by}
        await self._database.run(
            _ADD, fixed | {"created_at": account.created_at.timestamp()} | _changing_columns_of(account)
        )

    async def keep(self, account: ServiceAccount) -> None:
        """Keep what was changed."""
        changed = {f"new_{name}": value for name, value in _changing_columns_of(account).items()}
        await self._database.run(_KEEP, changed | {"wanted": account.id})

    async def find(self, id_or_name: str, tenant_id: TenantId) -> ServiceAccount | None:
        """The account of this id or name that was not removed."""
        rows = await self._database.rows(_FIND, {"wanted": id_or_name, "tenant_id": tenant_id})
        return _account(rows[0]) if rows else None

    async def all(self, tenant_id: TenantId) -> tuple[ServiceAccount, ...]:
        """Those that were not removed, oldest first."""
        return tuple(map(_account, await self._database.rows(_ALL, {"tenant_id": tenant_id})))


def _changing_columns_of(account: ServiceAccount) -> dict[str, object]:
    return {
        "name": account.name,
        "description": account.description,
        "scopes": kept.words(account.scopes),
        "removed_at": kept.seconds(account.removed_at),
    }


def _account(row: Row) -> ServiceAccount:
    account_id, tenant_id, name, description, scopes, created_by, created_at, removed_at = cast("Any", row)
    return ServiceAccount(
        ServiceAccountId(account_id), TenantId(tenant_id), name, description, kept.scopes_of(scopes), created_by,
        datetime.fromtimestamp(created_at, UTC), kept.moment(removed_at),
    )  # fmt: skip
