"""Actions: each written once, by id and in pages of a tenant, newest first."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.actions import ActionId, ActionType
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database, Row, sql
from cybervault.storage.threat_tables import ACTIONS

_OF_TENANT = ACTIONS.c.tenant_id == sa.bindparam("tenant_id")
_PAGE = (
    sa.select(ACTIONS)
    .where(_OF_TENANT)
    .order_by(ACTIONS.c.created_at.desc(), ACTIONS.c.id.desc())
    .limit(sa.bindparam("most"))
)
_COLUMNS: Final = tuple(ACTIONS.c.keys())

_ADD: Final = sql(sa.insert(ACTIONS))
_FIND: Final = sql(sa.select(ACTIONS).where(_OF_TENANT, ACTIONS.c.id == sa.bindparam("wanted")))
_FIRST: Final = sql(_PAGE)
_NEXT: Final = sql(
    _PAGE.where(
        sa.tuple_(ACTIONS.c.created_at, ACTIONS.c.id)
        < sa.tuple_(sa.bindparam("at", type_=sa.Float), sa.bindparam("behind", type_=sa.Text))
    )
)


class ActionState(StrEnum):
    """What became of an action."""

    CHECKED = "checked"
    """A dry run: it would be taken, and nothing was done."""
    RECORDED = "recorded"
    """Written down; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody asked to be done; `details` are what the executor says of it."""

    id: ActionId
    tenant_id: TenantId
    type: ActionType
    target: str
    reason: str
    is_dry_run: bool
    state: ActionState
    executor: str
    created_at: datetime
    created_by: str
    finding_id: FindingId | None = None
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[float, str]:
        """Where it stands in a list by time."""
        return self.created_at.timestamp(), self.id


class ActionStore:
    """The rows of actions, each of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def add(self, action: Action) -> None:
        """Keep a new action."""
        row = {name: getattr(action, name) for name in _COLUMNS}
        row |= {
            "type": action.type.value,
            "state": action.state.value,
            "created_at": action.created_at.timestamp(),
            "details": json.dumps(dict(action.details)),
        }
        await self._database.run(_ADD, row)

    async def find(self, tenant_id: TenantId, action_id: ActionId) -> Action | None:
        """The action of this id."""
        rows = await self._database.rows(_FIND, {"tenant_id": tenant_id, "wanted": action_id})
        return _action(rows[0]) if rows else None

    async def page(
        self, tenant_id: TenantId, most: int, *, behind: tuple[float, str] | None = None
    ) -> tuple[Action, ...]:
        """Newest first, from behind a place."""
        values: dict[str, object] = {"tenant_id": tenant_id, "most": most}
        if behind is None:
            rows = await self._database.rows(_FIRST, values)
        else:
            rows = await self._database.rows(_NEXT, values | {"at": behind[0], "behind": behind[1]})
        return tuple(map(_action, rows))


def _action(row: Row) -> Action:
    columns = dict(zip(_COLUMNS, cast("Any", row), strict=True))
    return Action(
        **columns
        | {
            "id": ActionId(columns["id"]),
            "type": ActionType(columns["type"]),
            "is_dry_run": bool(columns["is_dry_run"]),
            "state": ActionState(columns["state"]),
            "created_at": datetime.fromtimestamp(columns["created_at"], UTC),
            "details": json.loads(columns["details"]),
        }
    )
