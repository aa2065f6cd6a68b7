"""Rows of failed proofs of identity, by subject."""

from datetime import UTC, datetime, timedelta

from cybervault.access.store.sign_in_failures import Failures, FailureStore
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, tzinfo=UTC)


async def test_what_is_held_against_a_subject_is_replaced_taken_back_and_forgotten(database: Database) -> None:
    store = FailureStore(database)
    assert await store.failures("account:a") is None
    async with store.transaction():
        await store.lock()
        await store.keep("account:a", Failures(1, NOW))
        await store.keep("account:a", Failures(2, NOW + timedelta(seconds=1)))
        await store.keep("account:b", Failures(7, NOW))
    assert await store.failures("account:a") == Failures(2, NOW + timedelta(seconds=1))
    await store.take_back("account:a")
    assert await store.failures("account:a") == Failures(1, NOW + timedelta(seconds=1))
    await store.forget("account:a")
    assert await store.failures("account:a") is None
    assert await store.failures("account:b") == Failures(7, NOW)


async def test_no_more_is_taken_back_than_there_was(database: Database) -> None:
    store = FailureStore(database)
    await store.keep("account:a", Failures(1, NOW))
    await store.take_back("account:a")
    await store.take_back("account:a")
    assert await store.failures("account:a") == Failures(0, NOW)
    await store.take_back("account:nobody")
    assert await store.failures("account:nobody") is None
