"""What is older than it may be goes, and nothing else."""

from typing import Final

import pytest

from cybervault.access.proofs.notes import Checkpoint
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.retention import Kept, RetentionStore
from cybervault.access.store.usage import UsageStore
from cybervault.storage.database import Database
from tests.access.statements import look, tamper
from tests.access.store.test_usage import row

ALL: Final = Kept(
    usage=100.0, sessions=100.0, invitations=100.0, replies=100.0, failures=100.0, events=100.0, checkpoints=0.0
)
NOTHING: Final = dict.fromkeys(("usage", "sessions", "invitations", "replies", "failures", "events", "checkpoints"), 0)
SESSION: Final = (
    "INSERT INTO sessions (digest, id, member_id, created_at, seen_at, proved_at, ended_at) "
    "VALUES (:digest, :id, 'usr_1', :created, 1.0, 1.0, :ended)"
)


async def left(database: Database, table: str, column: str) -> list[object]:
    return [value for (value,) in await look(database, f"SELECT {column} FROM {table} ORDER BY 1")]  # noqa: S608 - ours


async def test_an_empty_database_loses_nothing(database: Database) -> None:
    assert await RetentionStore(database).delete(ALL) == NOTHING


async def test_old_usage_goes_in_as_many_bites_as_it_takes(database: Database) -> None:
    await UsageStore(database).add([row(number, at=50.0) for number in range(2_100)] + [row(9_000, at=100.0)])
    assert await RetentionStore(database).delete(ALL) == NOTHING | {"usage": 2_100}
    assert await left(database, "key_usage", "id") == ["p9000"]


async def test_sessions_go_some_time_after_they_ended_or_could_have(database: Database) -> None:
    for name, created, ended in (("a", 1.0, 50.0), ("b", 1.0, 150.0), ("c", 50.0, None), ("d", 150.0, None)):
        await tamper(database, SESSION, digest=name.encode(), id=name, created=created, ended=ended)
    assert await RetentionStore(database).delete(ALL) == NOTHING | {"sessions": 2}
    assert await left(database, "sessions", "id") == ["b", "d"]


async def test_invitations_go_when_they_were_used_or_could_no_longer_be(database: Database) -> None:
    for name, expires, used in (("a", 50.0, None), ("b", 500.0, 50.0), ("c", 500.0, None), ("d", 50.0, 150.0)):
        await tamper(
            database,
            "INSERT INTO invitations (subject, digest, expires_at, used_at) VALUES (:name, :digest, :expires, :used)",
            name=name, digest=b"x", expires=expires, used=used,
        )  # fmt: skip
    assert await RetentionStore(database).delete(ALL) == NOTHING | {"invitations": 2}
    assert await left(database, "invitations", "subject") == ["c", "d"]


async def test_replies_and_wrong_passwords_go(database: Database) -> None:
    for number in (50.0, 150.0):
        await tamper(
            database,
            "INSERT INTO idempotent_replies (digest, body_digest, created_at) VALUES (:digest, :body, :at)",
            digest=str(number).encode(), body=b"x", at=number,
        )  # fmt: skip
        await tamper(
            database,
            "INSERT INTO sign_in_failures (subject, failures, last_at) VALUES (:subject, 1, :at)",
            subject=str(number), at=number,
        )  # fmt: skip
    assert await RetentionStore(database).delete(ALL) == NOTHING | {"replies": 1, "failures": 1}
    assert await left(database, "sign_in_failures", "subject") == ["150.0"]


async def test_security_events_go_but_the_newest_tells_how_far_everybody_is(database: Database) -> None:
    await tamper(database, "DELETE FROM epoch")
    await tamper(database, "INSERT INTO epoch (id, seq) VALUES (1, 3)")
    for seq in (1, 2, 3):
        await tamper(database, "INSERT INTO security_events (seq, subject, at) VALUES (:seq, 'key:k', 1.0)", seq=seq)
    assert await RetentionStore(database).delete(ALL) == NOTHING | {"events": 2}
    assert await left(database, "security_events", "seq") == [3]


async def test_of_old_checkpoints_the_last_of_each_day_stays(database: Database) -> None:
    store, day = AuditStore(database), 86_400.0
    for size, at in enumerate((1.0, 2.0, day, day + 1, 3 * day, 9 * day), start=1):
        await store.add_checkpoint(Checkpoint(size, b"root", str(size)), at)
    deleted = await RetentionStore(database).delete(
        Kept(usage=0.0, sessions=0.0, invitations=0.0, replies=0.0, failures=0.0, events=0.0, checkpoints=9 * day)
    )
    assert deleted == NOTHING | {"checkpoints": 2}
    assert await left(database, "audit_checkpoints", "size") == [2, 4, 5, 6]


@pytest.mark.parametrize("ip", ["192.0.2.7", "2001:db8::7"])
async def test_whole_addresses_are_found_until_they_are_cut(database: Database, ip: str) -> None:
    store = RetentionStore(database)
    await UsageStore(database).add([row(1, at=50.0, ip=ip), row(2, at=150.0, ip=ip), row(3, at=50.0, ip=None)])
    assert await store.whole_addresses(100.0) == (("p0001", ip),)
    async with store.transaction():
        await store.cut("p0001", "192.0.2.0/24")
    assert await store.whole_addresses(100.0) == ()
