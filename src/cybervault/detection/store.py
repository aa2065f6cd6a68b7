"""What tenants chose among the rules: a level each, and the rules that are disabled. A number tells each change."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.detection.rules.choice import Choice, Switch
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.threat_tables import RULE_CHOICES, RULE_FILTERS, RULE_SWITCHES

_OF_TENANT: Final[sa.BindParameter[str]] = sa.bindparam("tenant_id")
_RAISE: Final = upsert(
    RULE_CHOICES, at=["tenant_id"], change=lambda _: {"revision": RULE_CHOICES.c.revision + 1}
)  # fmt: skip
_LEVEL: Final = sql(
    sa.update(RULE_CHOICES).values(least=sa.bindparam("new_least")).where(RULE_CHOICES.c.tenant_id == _OF_TENANT)
)
_CHOICE: Final = sql(
    sa.select(RULE_CHOICES.c.revision, RULE_CHOICES.c.least).where(RULE_CHOICES.c.tenant_id == _OF_TENANT)
)
_SWITCHED: Final = sql(
    sa.select(RULE_SWITCHES.c.rule_id, RULE_SWITCHES.c.reason, RULE_SWITCHES.c.at, RULE_SWITCHES.c.by).where(
        RULE_SWITCHES.c.tenant_id == _OF_TENANT
    )
)
_OFF: Final = upsert(RULE_SWITCHES, at=["tenant_id", "rule_id"], change=["reason", "at", "by"])
_ON: Final = sql(
    sa.delete(RULE_SWITCHES).where(
        RULE_SWITCHES.c.tenant_id == _OF_TENANT, RULE_SWITCHES.c.rule_id == sa.bindparam("rule_id")
    )
)


_FILTERS: Final = sql(
    sa.select(
        RULE_FILTERS.c.id, RULE_FILTERS.c.title, RULE_FILTERS.c.text, RULE_FILTERS.c.at, RULE_FILTERS.c.by
    )
    .where(RULE_FILTERS.c.tenant_id == _OF_TENANT)
    .order_by(RULE_FILTERS.c.at, RULE_FILTERS.c.id)
)  # fmt: skip
_ADD_FILTER: Final = upsert(RULE_FILTERS, at=["tenant_id", "id"], change=["title", "text", "at", "by"])
_REMOVE_FILTER: Final = sql(
    sa.delete(RULE_FILTERS).where(RULE_FILTERS.c.tenant_id == _OF_TENANT, RULE_FILTERS.c.id == sa.bindparam("id"))
)


@dataclass(frozen=True, slots=True)
class OwnFilter:
    """A filter as a tenant wrote it, when and by whom."""

    id: str
    title: str
    text: str
    at: datetime
    by: str


class ChoiceStore:
    """The rows of choices."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def raise_revision(self, tenant_id: TenantId) -> None:
        """Within a transaction, before anything else: tell a change, and have others of this tenant wait for it."""
        await self._database.run(_RAISE, {"tenant_id": tenant_id, "revision": 1, "least": None})

    async def revision(self, tenant_id: TenantId) -> tuple[int, Severity | None]:
        """The number of the newest change, 0 before the first, and the level that was chosen."""
        rows = await self._database.rows(_CHOICE, {"tenant_id": tenant_id})
        if not rows:
            return 0, None
        number, least = cast("Any", rows[0])
        return int(number), None if least is None else Severity(least)

    async def choice(self, tenant_id: TenantId) -> Choice:
        """All that a tenant chose."""
        _, least = await self.revision(tenant_id)
        rows = await self._database.rows(_SWITCHED, {"tenant_id": tenant_id})
        return Choice(least, dict(_switch(cast("Any", row)) for row in rows))

    async def set_level(self, tenant_id: TenantId, least: Severity | None) -> None:
        """Keep the level of a tenant, behind `raise_revision`."""
        await self._database.run(_LEVEL, {"tenant_id": tenant_id, "new_least": least and least.value})

    async def switch_off(self, tenant_id: TenantId, rule_id: str, switch: Switch) -> None:
        """Disable a rule; one that is disabled already has the newer reason."""
        row = {"reason": switch.reason, "at": switch.at.timestamp(), "by": switch.by}
        await self._database.run(_OFF, row | {"tenant_id": tenant_id, "rule_id": rule_id})

    async def switch_on(self, tenant_id: TenantId, rule_id: str) -> bool:
        """Enable a rule again; whether it was disabled."""
        return await self._database.run(_ON, {"tenant_id": tenant_id, "rule_id": rule_id}) > 0

    async def filters(self, tenant_id: TenantId) -> tuple[OwnFilter, ...]:
        """The filters of a tenant, oldest first."""
        rows = await self._database.rows(_FILTERS, {"tenant_id": tenant_id})
        return tuple(_filter(cast("Any", row)) for row in rows)

    async def add_filter(self, tenant_id: TenantId, one: OwnFilter) -> None:
        """Keep a filter, instead of the one of its id."""
        row = {"id": one.id, "title": one.title, "text": one.text, "at": one.at.timestamp(), "by": one.by}
        await self._database.run(_ADD_FILTER, row | {"tenant_id": tenant_id})

    async def remove_filter(self, tenant_id: TenantId, filter_id: str) -> bool:
        """Forget a filter; whether there was one."""
        return await self._database.run(_REMOVE_FILTER, {"tenant_id": tenant_id, "id": filter_id}) > 0


def _filter(row: tuple[str, str, str, float, str]) -> OwnFilter:
    id_, title, text, at, by = row
    return OwnFilter(id_, title, text, datetime.fromtimestamp(at, UTC), by)


def _switch(row: tuple[str, str, float, str]) -> tuple[str, Switch]:
    rule_id, reason, at, by = row
    return rule_id, Switch(reason, datetime.fromtimestamp(at, UTC), by)
