"""The rows of usage, written many at a time, and what each key and secret keeps of its last use."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.usage_steps import Tally
from cybervault.domain.principals import KeyId, TenantId
from cybervault.storage.database import Database, Row, sql
from cybervault.storage.tables import KEY_SECRETS, KEY_USAGE, KEYS

# So many rows go into one statement; more would not be faster.
_ROWS_AT_ONCE: Final = 50
_NAMES: Final = tuple(KEY_USAGE.c.keys())


def _insert(count: int) -> sa.Insert:
    """Insert so many rows; the values of the third have `_2` behind their names."""
    return sa.insert(KEY_USAGE).values(
        [
            {name: sa.bindparam(f"{name}_{number}", type_=KEY_USAGE.c[name].type) for name in _NAMES}
            for number in range(count)
        ]
    )


_ADD: Final = sql(_insert(1))
_ADD_MANY: Final = sql(_insert(_ROWS_AT_ONCE))
_HAS: Final = sql(sa.select(KEY_USAGE.c.id).where(KEY_USAGE.c.id == sa.bindparam("wanted")))
_USED: Final = sql(
    sa.update(KEY_SECRETS)
    .values(last_used_at=sa.bindparam("at"), last_used_ip=sa.bindparam("ip"))
    .where(
        KEY_SECRETS.c.key_id == sa.bindparam("wanted"),
        # Two secrets of one key that end alike would share their last use; one in 15 million pairs does.
        KEY_SECRETS.c.hint == sa.bindparam("secret"),
        sa.func.coalesce(KEY_SECRETS.c.last_used_at, 0.0) <= sa.bindparam("at"),
    )
)
_SUCCEEDED: Final = sql(
    sa.update(KEYS)
    .values(last_ip=sa.bindparam("ip"))
    .where(
        KEYS.c.id == sa.bindparam("wanted"),
        ~sa.exists().where(
            KEY_USAGE.c.key_id == sa.bindparam("wanted"),
            KEY_USAGE.c.at > sa.bindparam("at"),
            KEY_USAGE.c.status < sa.bindparam("refused"),
        ),
    )
)
_PAGE: Final = sql(
    sa.select(KEY_USAGE)
    .where(
        KEY_USAGE.c.key_id == sa.bindparam("wanted"),
        KEY_USAGE.c.tenant_id == sa.bindparam("tenant_id"),
        sa.or_(
            KEY_USAGE.c.at < sa.bindparam("at"),
            sa.and_(KEY_USAGE.c.at == sa.bindparam("at"), KEY_USAGE.c.id < sa.bindparam("before")),
        ),
    )
    .order_by(KEY_USAGE.c.at.desc(), KEY_USAGE.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    .offset(0)
)
_RECENT: Final = sql(
    sa.select(KEY_USAGE)
    .where(KEY_USAGE.c.at >= sa.bindparam("since"), KEY_USAGE.c.tenant_id == sa.bindparam("tenant_id"))
    .order_by(KEY_USAGE.c.at.desc(), KEY_USAGE.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    .offset(0)
)
# Neither engine has a floor for certain, and they round halves in different ways: this moves steps by 4 microseconds.
_PASSED: Final = KEY_USAGE.c.at / sa.bindparam("length", type_=sa.Float)
_NUMBER: Final = sa.cast(sa.func.round(_PASSED - sa.literal_column("0.499999999")), sa.Integer).label("number")
_IS_OLD: Final = (KEY_USAGE.c.hint != sa.bindparam("present")).label("is_old_secret")
_TALLY: Final = sql(
    sa.select(_NUMBER, KEY_USAGE.c.status, _IS_OLD, sa.func.count().label("calls"))
    .where(
        KEY_USAGE.c.key_id == sa.bindparam("wanted"),
        KEY_USAGE.c.tenant_id == sa.bindparam("tenant_id"),
        KEY_USAGE.c.at >= sa.bindparam("since"),
    )
    .group_by(sa.text("1"), KEY_USAGE.c.status, sa.text("3"))
)


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One call as it is kept; `hint` tells which secret of the key, `at` is in Unix seconds."""

    id: str
    tenant_id: TenantId
    key_id: KeyId
    at: float
    hint: str
    method: str
    route: str
    status: int
    milliseconds: int
    ip: str | None
    agent: str | None
    request_id: str
    is_test: bool

    @property
    def when(self) -> datetime:
        """`at` as a date."""
        return datetime.fromtimestamp(self.at, UTC)


class UsageStore:
    """The rows of usage."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def add(self, rows: Sequence[UsageRow]) -> None:
        """Keep rows; the caller holds the transaction where they go together."""
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        for start in range(0, whole, _ROWS_AT_ONCE):
            await self._database.run(_ADD_MANY, _values(rows[start : start + _ROWS_AT_ONCE]))
        for row in rows[whole:]:
            await self._database.run(_ADD, _values([row]))

    async def has(self, row_id: str) -> bool:
        """Whether this row is kept."""
        return bool(await self._database.rows(_HAS, {"wanted": row_id}))

    async def used(self, key_id: KeyId, hint: str, *, at: float, ip: str | None) -> None:
        """Note the last use of a secret, never an earlier one over a later."""
        await self._database.run(_USED, {"wanted": key_id, "secret": hint, "at": at, "ip": ip})

    async def succeeded(self, key_id: KeyId, *, at: float, ip: str | None, refused: int) -> None:
        """Note where the last successful call came from, unless a later one is kept (of any node)."""
        await self._database.run(_SUCCEEDED, {"wanted": key_id, "at": at, "ip": ip, "refused": refused})

    async def page(
        self, tenant_id: TenantId, key_id: KeyId, *, before: tuple[float, str] | None, most: int
    ) -> tuple[UsageRow, ...]:
        """Calls of a key, newest first, from before a moment and row."""
        at, row_id = before or (float("inf"), "")
        values = {"tenant_id": tenant_id, "wanted": key_id, "at": at, "before": row_id, "most": most}
        return tuple(map(_row, await self._database.rows(_PAGE, values)))

    async def tally(
        self, tenant_id: TenantId, key_id: KeyId, *, since: float, length: float, present: str
    ) -> Sequence[Tally]:
        """How many calls of a key ended how in each step of `length` seconds; `present` is the hint of its secret."""
        values = {"tenant_id": tenant_id, "wanted": key_id, "since": since, "length": length, "present": present}
        found = cast("Sequence[tuple[int, int, bool, int]]", await self._database.rows(_TALLY, values))
        return [Tally(number, status, bool(is_old), calls) for number, status, is_old, calls in found]

    async def recent(self, tenant_id: TenantId, *, since: float, most: int) -> tuple[UsageRow, ...]:
        """Calls with any key of a tenant, newest first."""
        values = {"tenant_id": tenant_id, "since": since, "most": most}
        return tuple(map(_row, await self._database.rows(_RECENT, values)))


def _values(rows: Sequence[UsageRow]) -> dict[str, object]:
    return {f"{name}_{number}": getattr(row, name) for number, row in enumerate(rows) for name in _NAMES}


def _row(values: Row) -> UsageRow:
    named = dict(zip(_NAMES, cast("Any", values), strict=True))
    return UsageRow(
        **{field.name: named[field.name] for field in fields(UsageRow)} | {"is_test": bool(named["is_test"])}
    )
