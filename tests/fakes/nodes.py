"""Nodes on one database, each with its own connections, memory and clock, and some keys and sessions to revoke."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.access.epoch import StoredEpoch
from cybervault.access.store.epoch import EpochStore
from cybervault.access.subjects import Subject, of_key, of_member, of_session, of_tenant
from cybervault.access.sync import Sync
from cybervault.access.verify import Verifier
from cybervault.domain.clock import SystemClock
from cybervault.domain.ids import new_key_id
from cybervault.domain.principals import KeyId, MemberId, SessionId, TenantId
from cybervault.domain.secrets import Secret
from cybervault.storage.bus import PostgresHints, RedisHints
from cybervault.storage.database import Database, sql
from cybervault.storage.engines import database_at
from cybervault.storage.tables import KEY_SECRETS, KEYS, MEMBERS, SESSIONS, TENANTS
from tests.fakes.clock import HandClock

TENANT: Final = TenantId("tv_1")
OWNER: Final = MemberId("usr_1")
SESSION: Final = SessionId("ses_1")
COOKIE: Final = b"digest of a cookie"
# How long the other side of a real machine may take before a test says it hangs.
PATIENCE_SECONDS: Final = 10.0

_ENTRY: Final = sql(
    sa.select(KEYS.c.id, KEYS.c.scopes, KEYS.c.revoked_at, TENANTS.c.plan, TENANTS.c.suspended_at, MEMBERS.c.role)
    .join(KEYS, KEYS.c.id == KEY_SECRETS.c.key_id)
    .join(TENANTS, TENANTS.c.id == KEYS.c.tenant_id)
    .join(MEMBERS, MEMBERS.c.id == KEYS.c.owner_id)
    .where(KEY_SECRETS.c.digest == sa.bindparam("wanted"))
)
_SESSION_ENTRY: Final = sql(
    sa.select(SESSIONS.c.id, SESSIONS.c.ended_at).where(SESSIONS.c.digest == sa.bindparam("wanted"))
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a secret opens, as words that tell each change; `is_dead` where it opens nothing any more."""

    says: tuple[str, ...]
    is_dead: bool
    subjects: tuple[Subject, ...]


class KeyRows:
    """Keys as stores read them: in one statement, with all that decides."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = 0

    async def entry(self, digest: bytes) -> Opened | None:
        self.asked += 1
        rows = await self._database.rows(_ENTRY, {"wanted": digest})
        if not rows:
            return None
        key_id, scopes, revoked_at, plan, suspended_at, role = cast("Any", rows[0])
        subjects = (of_key(key_id), of_tenant(TENANT), of_member(OWNER))
        return Opened((scopes, plan, role), revoked_at is not None or suspended_at is not None, subjects)


class SessionRows:
    """Sessions, the same way."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def entry(self, digest: bytes) -> Opened | None:
        rows = await self._database.rows(_SESSION_ENTRY, {"wanted": digest})
        return Opened((), rows[0][1] is not None, (of_session(SESSION), of_member(OWNER))) if rows else None


@dataclass
class Node:
    """One node: its own connections to the database, its own memory, a clock in the test's hand."""

    database: Database
    clock: HandClock
    sync: Sync
    rows: KeyRows
    keys: Verifier[Opened]
    sessions: Verifier[Opened]

    async def opens(self, digest: bytes) -> bool:
        """Whether a request with this secret would pass."""
        entry = await self.keys.entry(digest)
        return entry is not None and not entry.is_dead

    async def change(self, statement: sa.Update | sa.Insert, *subjects: Subject, **values: object) -> None:
        """A change as services make it: one transaction, and the epoch last."""
        epoch = StoredEpoch(EpochStore(self.database), SystemClock(), self.sync.noted)
        async with self.database.transaction():
            await self.database.run(sql(statement), values)
            for subject in subjects:
                await epoch.note(subject)

    async def mint(self) -> tuple[bytes, KeyId]:
        """A key with one secret."""
        key_id, digest = new_key_id(), new_key_id().encode()
        key = {"id": key_id, "tenant_id": TENANT, "owner_id": OWNER, "kind": "cbr_live_", "name": key_id}
        await self.change(sa.insert(KEYS).values(**key, scopes="threat:read", networks="", created_at=0.0))
        secret = {"pepper_id": "", "key_id": key_id, "hint": "", "created_at": 0.0, "is_ended": False}
        insert = sa.insert(KEY_SECRETS).values(digest=sa.bindparam("digest"), **secret)
        await self.change(insert, digest=digest)
        return digest, key_id

    async def revoke(self, key_id: KeyId) -> None:
        await self.change(sa.update(KEYS).where(KEYS.c.id == key_id).values(revoked_at=1.0), of_key(key_id))


def node_on(database: Database, clock: HandClock, *hints: PostgresHints | RedisHints) -> Node:
    sync, rows = Sync(EpochStore(database), clock, hints), KeyRows(database)
    return Node(database, clock, sync, rows, sync.verifier(rows), sync.verifier(SessionRows(database)))


@asynccontextmanager
async def a_node(url: str, *hints: PostgresHints | RedisHints) -> AsyncIterator[Node]:
    clock = HandClock()
    database = database_at(Secret(url), clock)
    await database.open()
    try:
        yield node_on(database, clock, *hints)
    finally:
        await database.close()


async def people_of(database: Database) -> None:
    tenant = {"id": TENANT, "name": "acme", "plan": "professional", "created_at": 0.0}
    member = {"id": OWNER, "tenant_id": TENANT, "email": "a@b.example", "name": "A", "role": "admin", "created_at": 0.0}
    session = {"digest": sa.bindparam("digest"), "id": SESSION, "member_id": OWNER}
    times = dict.fromkeys(("created_at", "seen_at", "proved_at"), 0.0)
    await database.run(sql(sa.insert(TENANTS).values(**tenant)), {})
    await database.run(sql(sa.insert(MEMBERS).values(**member)), {})
    await database.run(sql(sa.insert(SESSIONS).values(**session, **times)), {"digest": COOKIE})


@asynccontextmanager
async def running(*nodes: Node) -> AsyncIterator[None]:
    """The loops that run beside a server."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(node.sync.run()) for node in nodes]
        yield
        for task in tasks:
            task.cancel()


async def until(is_so: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while not is_so():
        assert loop.time() - begun < PATIENCE_SECONDS
        await asyncio.sleep(0.001)
    return loop.time() - begun


class Told:
    """Follows a sync, and keeps what it was told to drop; the empty set stands for everything."""

    def __init__(self) -> None:
        self.drops: list[set[Subject]] = []

    def drop(self, subjects: Iterable[Subject]) -> None:
        self.drops.append(set(subjects))

    def drop_all(self) -> None:
        self.drops.append(set())


def remembered(node: Node) -> object:
    """What the node's memory of keys holds."""
    assert node.keys._cache is not None
    return node.keys._cache._found
