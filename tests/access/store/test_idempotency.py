"""The rows of answers that are given again, on both engines."""

import asyncio
from datetime import UTC, datetime, timedelta

from cybervault.access.store.idempotency import IdempotencyStore, KeptReply, KeptRequest, Reply
from cybervault.domain.principals import KeyId
from cybervault.storage.database import Database

NOW = datetime(2026, 11, 1, 12, 30, 0, 250_000, tzinfo=UTC)
REQUEST = KeptRequest(b"d" * 32, b"c" * 32)
REPLY = Reply(201, (("content-type", "application/json"), ("location", "/x")), b'{"a":"\xc3\xb1"}')


async def test_a_request_is_running_until_it_has_an_answer(database: Database) -> None:
    store = IdempotencyStore(database)
    assert await store.find(REQUEST.digest) is None
    assert await store.add(REQUEST, NOW)
    assert await store.find(REQUEST.digest) == KeptReply(b"c" * 32, NOW)
    await store.keep(REQUEST.digest, REPLY, None)
    assert await store.find(REQUEST.digest) == KeptReply(b"c" * 32, NOW, REPLY)


async def test_of_two_the_first_stays(database: Database) -> None:
    store = IdempotencyStore(database)
    assert await store.add(REQUEST, NOW)
    assert not await store.add(KeptRequest(REQUEST.digest, b"e" * 32), NOW)
    kept = await store.find(REQUEST.digest)
    assert kept is not None
    assert kept.content_digest == b"c" * 32


async def test_of_many_at_once_exactly_one_is_the_first(database: Database) -> None:
    store = IdempotencyStore(database)
    assert sorted(await asyncio.gather(*(store.add(REQUEST, NOW) for _ in range(8)))) == [False] * 7 + [True]


async def test_of_an_answer_that_showed_a_secret_only_the_key_is_told(database: Database) -> None:
    store = IdempotencyStore(database)
    for shown in (KeyId("key_1"), KeyId("")):
        await store.add(REQUEST, NOW)
        await store.keep(REQUEST.digest, Reply(201), shown)
        assert await store.find(REQUEST.digest) == KeptReply(b"c" * 32, NOW, None, shown)
        await store.forget(REQUEST.digest)


async def test_only_what_is_old_is_let_go_of_by_age(database: Database) -> None:
    """Between the look at an old row and its end another node may have begun anew."""
    store = IdempotencyStore(database)
    await store.add(REQUEST, NOW)
    await store.forget_old(REQUEST.digest, NOW - timedelta(microseconds=1))
    assert await store.find(REQUEST.digest) is not None
    await store.forget_old(REQUEST.digest, NOW)
    assert await store.find(REQUEST.digest) is None


async def test_what_was_let_go_of_is_gone(database: Database) -> None:
    store = IdempotencyStore(database)
    await store.add(REQUEST, NOW)
    await store.forget(REQUEST.digest)
    assert await store.find(REQUEST.digest) is None
