"""Telling all nodes: with the date of this node, and this node itself before the commit."""

from cybervault.access.epoch import StoredEpoch
from cybervault.access.store.epoch import EpochStore, SecurityEvent
from cybervault.access.subjects import Epoch, Subject
from cybervault.storage.database import Database
from tests.fakes.clock import HandClock

KEY = Subject("key:key_1")


async def test_a_note_is_an_event_of_this_moment(database: Database) -> None:
    clock = HandClock()
    epoch: Epoch = StoredEpoch(EpochStore(database), clock)
    async with database.transaction():
        await epoch.note(KEY)
    assert await EpochStore(database).after(0) == (SecurityEvent(1, KEY, clock.now().timestamp()),)


async def test_this_node_is_told_the_number_within_the_transaction(database: Database) -> None:
    told: list[int] = []
    epoch = StoredEpoch(EpochStore(database), HandClock(), told.append)
    async with database.transaction():
        await epoch.note(KEY)
        await epoch.note(KEY)
        assert told == [1, 2]
