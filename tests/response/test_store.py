"""The rows of actions."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.domain.actions import ActionId, ActionType
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.response.store import Action, ActionState, ActionStore
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 123456, tzinfo=UTC)
TENANT, STRANGER = TenantId("tv_1"), TenantId("tv_2")
BLOCK = Action(
    ActionId("act_1"), TENANT, ActionType.BLOCK_IP, "198.51.100.42", "C2 «beacon»", False, ActionState.RECORDED,  # noqa: FBT003 - in the order of its fields
    "recorder", NOW, "operator", FindingId("thr_1"), {"message": "Nothing was changed."},
)  # fmt: skip
TRIAL = replace(
    BLOCK, id=ActionId("act_2"), is_dry_run=True, state=ActionState.CHECKED, finding_id=None, details={},
)  # fmt: skip
LATER = replace(BLOCK, id=ActionId("act_0"), created_at=NOW + timedelta(microseconds=1))
THEIRS = replace(BLOCK, id=ActionId("act_3"), tenant_id=STRANGER)


@pytest.fixture
async def store(database: Database) -> ActionStore:
    store = ActionStore(database)
    async with store.transaction():
        for action in (BLOCK, TRIAL, LATER, THEIRS):
            await store.add(action)
    return store


async def test_what_is_kept_comes_back_whole(store: ActionStore) -> None:
    for action in (BLOCK, TRIAL, LATER):
        assert await store.find(TENANT, action.id) == action


async def test_another_tenant_finds_nothing(store: ActionStore) -> None:
    assert await store.find(STRANGER, BLOCK.id) is None
    assert await store.find(TENANT, THEIRS.id) is None
    assert await store.page(STRANGER, 10) == (THEIRS,)


async def test_pages_are_newest_first_and_go_on_behind_a_place(store: ActionStore) -> None:
    """Actions of one moment are in the order of their ids, so that none is left out or shown twice."""
    assert await store.page(TENANT, 10) == (LATER, TRIAL, BLOCK)
    first = await store.page(TENANT, 2)
    assert first == (LATER, TRIAL)
    newest = replace(BLOCK, id=ActionId("act_9"), created_at=NOW + timedelta(hours=1))
    await store.add(newest)
    assert await store.page(TENANT, 2, behind=first[-1].place) == (BLOCK,)
    assert await store.page(TENANT, 2, behind=BLOCK.place) == ()
