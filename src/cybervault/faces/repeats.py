"""Requests that carry an Idempotency-Key: carried out once, their repeats answered from memory."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

import structlog
from starlette.responses import Response

from cybervault.access.idempotency import Idempotency, Repeatable
from cybervault.access.store.idempotency import Reply
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.visit import Visit

_LOG: Final = structlog.get_logger("cybervault.http")
_KEPT_HEADERS: Final = ("content-type", "location")

Answering: TypeAlias = Callable[[], Awaitable[Response]]


def content_of(path: str, query: str, body: bytes) -> bytes:
    """All that makes a request this one and no other; JSON keeps path and query apart."""
    return json.dumps([path, query]).encode() + b"\n" + body


def value_of(values: Sequence[str]) -> str:
    """The value of the header; of several none, which is refused like an empty one."""
    return values[0] if len(values) == 1 else ""


async def answered_once(visit: Visit, idempotency: Idempotency, request: Repeatable, *, answer: Answering) -> Response:
    """The answer of the endpoint, or the one that was given to the same request before.

    Raises `Problem` as `Idempotency.begin` does.
    """
    kept = await idempotency.begin(request)
    if kept is not None:
        return Response(kept.body, kept.status, {**dict(kept.headers), "idempotency-replayed": "true"})
    try:
        response = await answer()
    except Problem as problem:
        # Where a part of ours failed nobody knows whether the change had been made by then.
        if problem.kind is not ProblemKind.UNAVAILABLE:
            await idempotency.forget(request)
        raise
    headers: Mapping[str, str] = response.headers
    chosen = tuple((name, headers[name]) for name in _KEPT_HEADERS if name in headers)
    reply = Reply(response.status_code, chosen, bytes(response.body))
    try:
        await idempotency.keep(request, reply, shown=visit.shown_key_id)
    except Problem as problem:  # it is done: a repeat is told that its outcome is not known
        _LOG.warning("an answer is not kept", code=problem.code, detail=problem.detail)
    return response
