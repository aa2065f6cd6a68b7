"""Answers that are given again to a repeated request; never a secret among them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import sqlalchemy as sa

from cybervault.domain.principals import KeyId
from cybervault.storage.database import Database, sql, upsert
from cybervault.storage.tables import IDEMPOTENT_REPLIES

_WANTED = IDEMPOTENT_REPLIES.c.digest == sa.bindparam("wanted")
_ADD: Final = upsert(IDEMPOTENT_REPLIES, at=("digest",), change=(), columns=("digest", "body_digest", "created_at"))
_FIND: Final = sql(
    sa.select(
        IDEMPOTENT_REPLIES.c.body_digest, IDEMPOTENT_REPLIES.c.created_at, IDEMPOTENT_REPLIES.c.status,
        IDEMPOTENT_REPLIES.c.headers, IDEMPOTENT_REPLIES.c.body, IDEMPOTENT_REPLIES.c.shown_key_id,
    ).where(_WANTED)
)  # fmt: skip
_KEEP: Final = sql(
    sa.update(IDEMPOTENT_REPLIES)
    .values(
        status=sa.bindparam("new_status"),
        headers=sa.bindparam("new_headers"),
        body=sa.bindparam("new_body"),
        shown_key_id=sa.bindparam("new_shown"),
    )
    .where(_WANTED)
)
_FORGET: Final = sql(sa.delete(IDEMPOTENT_REPLIES).where(_WANTED))
_FORGET_OLD: Final = sql(
    sa.delete(IDEMPOTENT_REPLIES).where(_WANTED, IDEMPOTENT_REPLIES.c.created_at <= sa.bindparam("until"))
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was given."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """What is kept of a request: one digest to find it by, one to tell whether a repeat is the same."""

    digest: bytes
    content_digest: bytes


@dataclass(frozen=True, slots=True)
class KeptReply:
    """What is known of a request of before; no reply while it is running, and none where it showed a secret."""

    content_digest: bytes
    created_at: datetime
    reply: Reply | None = None
    shown_key_id: KeyId | None = None


class IdempotencyStore:
    """The rows of answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    async def find(self, digest: bytes) -> KeptReply | None:
        """What is kept under a digest."""
        rows = await self._database.rows(_FIND, {"wanted": digest})
        return _kept(rows[0]) if rows else None

    async def add(self, request: KeptRequest, at: datetime) -> bool:
        """Note that a request is running; False where somebody else has done so first."""
        values = {"digest": request.digest, "body_digest": request.content_digest, "created_at": at.timestamp()}
        return await self._database.run(_ADD, values) == 1

    async def keep(self, digest: bytes, reply: Reply, shown: KeyId | None) -> None:
        """Note how it ended."""
        await self._database.run(
            _KEEP,
            {
                "wanted": digest,
                "new_status": reply.status,
                "new_headers": json.dumps(reply.headers),
                "new_body": reply.body,
                "new_shown": shown,
            },
        )

    async def forget_old(self, digest: bytes, until: datetime) -> None:
        """Let go of a request that is as old as this or older; one that began since then is another's."""
        await self._database.run(_FORGET_OLD, {"wanted": digest, "until": until.timestamp()})

    async def forget(self, digest: bytes) -> None:
        """Let go of a request."""
        await self._database.run(_FORGET, {"wanted": digest})


def _kept(row: tuple[object, ...]) -> KeptReply:
    content_digest, created_at, status, headers, body, shown = cast("Any", row)
    reply = None
    if status is not None and shown is None:
        pairs = tuple((str(name), str(value)) for name, value in json.loads(headers))
        reply = Reply(status, pairs, bytes(body))
    shown_key_id = None if shown is None else KeyId(shown)
    return KeptReply(bytes(content_digest), datetime.fromtimestamp(created_at, UTC), reply, shown_key_id)
