"""The rows of what tenants chose, on each engine."""

from datetime import UTC, datetime, timedelta

import pytest

from cybervault.detection.rules.choice import Choice, Switch
from cybervault.detection.store import ChoiceStore, OwnFilter
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity
from cybervault.storage.database import Database

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
WHY = Switch("Too «loud».", datetime(2026, 11, 1, 12, 30, 0, 250_000, tzinfo=UTC), "key:key_1")


@pytest.fixture
def store(database: Database) -> ChoiceStore:
    return ChoiceStore(database)


async def test_before_the_first_choice_there_is_none(store: ChoiceStore) -> None:
    assert await store.revision(OURS) == (0, None)
    assert await store.choice(OURS) == Choice()


async def test_what_was_chosen_comes_back_and_belongs_to_its_tenant(store: ChoiceStore) -> None:
    async with store.transaction():
        await store.raise_revision(OURS)
        await store.set_level(OURS, Severity.HIGH)
        await store.switch_off(OURS, "one", Switch("First.", WHY.at, WHY.by))
        await store.switch_off(OURS, "one", WHY)
    assert await store.choice(OURS) == Choice(Severity.HIGH, {"one": WHY})
    assert await store.choice(THEIRS) == Choice()
    async with store.transaction():
        await store.raise_revision(THEIRS)
        assert not await store.switch_on(THEIRS, "one")
        await store.raise_revision(OURS)
        assert await store.switch_on(OURS, "one")
        await store.set_level(OURS, None)
    assert await store.choice(OURS) == Choice()


async def test_each_change_has_a_number_of_its_own(store: ChoiceStore) -> None:
    for number in (1, 2, 3):
        async with store.transaction():
            await store.raise_revision(OURS)
        assert await store.revision(OURS) == (number, None)
    assert await store.revision(THEIRS) == (0, None)


async def test_filters_come_back_oldest_first_and_belong_to_their_tenant(store: ChoiceStore) -> None:
    first = OwnFilter("b", "First", "text «ä»", WHY.at, WHY.by)
    second = OwnFilter("a", "Second", "text", WHY.at + timedelta(seconds=1), WHY.by)
    async with store.transaction():
        for one in (second, OwnFilter("b", "Before", "x", WHY.at, WHY.by), first):
            await store.add_filter(OURS, one)
    assert await store.filters(OURS) == (first, second)
    assert await store.filters(THEIRS) == ()
    async with store.transaction():
        assert not await store.remove_filter(THEIRS, "a")
        assert await store.remove_filter(OURS, "a")
    assert await store.filters(OURS) == (first,)
