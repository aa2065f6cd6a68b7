"""A repeated request is answered from memory: what may not be done twice is done at most once."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cybervault.access.exposure import find_keys
from cybervault.access.store.idempotency import IdempotencyStore, KeptReply, KeptRequest, Reply
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.clock import Clock
from cybervault.domain.principals import KeyId, Principal
from cybervault.domain.problems import Problem, ProblemKind

KEPT_FOR: Final = timedelta(hours=24)
VALUE_CHARACTERS_MAX: Final = 255
# No request takes longer; one without an answer by then has lost its process or its database.
RUNNING_AT_MOST: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request with a value that its repeats carry too.

    `content` is all that makes it this request (path, query, body) and only digested; `principal` has been verified.
    """

    principal: Principal
    method: str
    route: str
    value: str
    content: bytes


class Idempotency:
    """Remembers the answers of requests for 24 hours, by tenant, caller, method, route and value."""

    def __init__(self, store: IdempotencyStore, clock: Clock, peppers: Peppers) -> None:
        self._store = store
        self._clock = clock
        self._peppers = peppers

    async def begin(self, request: Repeatable) -> Reply | None:
        """The answer that was given before, or None: then the request may be carried out, and it is noted that it is.

        Raises `Problem` INVALID `invalid_idempotency_key`, or `idempotency_key_reused` for the value of another
        request; CONFLICT `request_in_progress`, `outcome_unknown` for one that ended without an answer, and
        `secret_already_shown` where the answer held a secret.
        """
        _refuse_value(request.value)
        now = self._clock.now()
        marks = list(self._marks(request))
        async with self._store.transaction():
            for mark in marks:
                kept = await self._store.find(mark.digest)
                if kept is not None and now < kept.created_at + KEPT_FOR:
                    return _replayed(kept, mark, now)
            await self._store.forget_old(marks[0].digest, now - KEPT_FOR)
            if await self._store.add(marks[0], now):
                return None
        raise _in_progress()  # another node was first by a moment

    async def keep(self, request: Repeatable, reply: Reply, *, shown: KeyId | None = None) -> None:
        """Remember the answer; of one that shows a secret only that it did, and of which key."""
        mark = next(self._marks(request))
        if shown is None and find_keys(reply.body.decode("utf-8", "replace")):
            shown = KeyId("")  # whoever built the answer did not say so: the text of a key is never kept
        await self._store.keep(mark.digest, Reply(reply.status) if shown is not None else reply, shown)

    async def forget(self, request: Repeatable) -> None:
        """The request was refused and nothing was done: a repeat is a new try."""
        await self._store.forget(next(self._marks(request)).digest)

    def _marks(self, request: Repeatable) -> Iterator[KeptRequest]:
        """Under what a request is kept: as new ones are, then as before the pepper was changed."""
        principal = request.principal
        caller = principal.key_id or principal.member_id or ""
        scope = json.dumps([principal.tenant_id, caller, request.method, request.route, request.value]).encode()
        for pepper in (self._peppers.current, self._peppers.previous):
            if pepper is not None:
                yield KeptRequest(_digest(scope, pepper), _digest(request.content, pepper))


def _digest(content: bytes, pepper: Pepper) -> bytes:
    return hashlib.blake2b(content, digest_size=32, key=pepper.key, person=b"cv-idempotency").digest()


def _refuse_value(value: str) -> None:
    if not (1 <= len(value) <= VALUE_CHARACTERS_MAX and value.isascii() and value.isprintable()):
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_idempotency_key",
            message=f"Idempotency-Key must be 1 to {VALUE_CHARACTERS_MAX} printable ASCII characters, sent once.",
        )


def _replayed(kept: KeptReply, mark: KeptRequest, now: datetime) -> Reply:
    if kept.content_digest != mark.content_digest:
        raise Problem(
            ProblemKind.INVALID,
            code="idempotency_key_reused",
            message="This Idempotency-Key was sent with another request before. Use a new value for each.",
        )
    if kept.shown_key_id is not None:
        raise Problem(
            ProblemKind.CONFLICT,
            code="secret_already_shown",
            message="This was done, and its secret was shown once. "
            f"It is that of {kept.shown_key_id or 'what the list shows'}; if it was lost, ask for a new one.",
        )
    if kept.reply is None:
        raise _in_progress() if now < kept.created_at + RUNNING_AT_MOST else _outcome_unknown()
    return kept.reply


def _in_progress() -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="request_in_progress",
        message="The first request with this Idempotency-Key is still running.",
        retry_after_seconds=1,
    )


def _outcome_unknown() -> Problem:
    return Problem(
        ProblemKind.CONFLICT,
        code="outcome_unknown",
        message="The first request with this Idempotency-Key ended without an answer. Look whether it was done; "
        "if it was not, send it with a new value.",
    )
