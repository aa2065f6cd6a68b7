"""The paths of v3 by which batches of telemetry are looked through: at once, or later where they are large."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.datastructures import Headers
from starlette.responses import Response

from cybervault.assessments.rule_questions import RuleQuestions
from cybervault.assessments.telemetry_batches import TelemetryBatches
from cybervault.domain.ids import BatchId
from cybervault.domain.jobs import Job
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import Piece, body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.queued import PREFER, accepted, wants_async
from cybervault.faces.v3 import telemetry_shapes as shapes
from cybervault.faces.v3.explain_shapes import ExplainedReply, ExplainRequest
from cybervault.faces.v3.management.office import PageQuery, id_in, pagination_of, wish_of

_BASE: Final = "/v3/telemetry"
_LINES: Final = ("application/x-ndjson", "application/jsonl")
_TYPES: Final = (*_LINES, "application/json", "application/octet-stream", "application/gzip", "application/zstd")
_ENCODINGS: Final = frozenset({"identity", "gzip", "zstd"})
_CHARSET: Final = re.compile(r'\s*charset\s*=\s*"?utf-8"?\s*', re.IGNORECASE)
_BODY: Final[Piece] = {
    "requestBody": {
        "required": True,
        "description": "An event on each line, a JSON array of them, or an EVTX file; plain, gzip or zstd.",
        "content": {
            "application/json": {
                "schema": {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "object"}]}
            },
            **{media: {"schema": {"type": "string"}} for media in _LINES},
            **{media: {"schema": {"type": "string", "format": "binary"}} for media in _TYPES[3:]},
        },
    },
    "parameters": [PREFER],
}


class TelemetryPaths:
    """The endpoints."""

    def __init__(self, batches: TelemetryBatches, questions: RuleQuestions, cursors: Cursors) -> None:
        self._batches = batches
        self._questions = questions
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of telemetry."""
        router, one = APIRouter(route_class=LeanRoute), f"{_BASE}/{{batch_id}}"
        add = router.add_api_route
        add(
            _BASE, self.take, methods=["POST"], response_model=shapes.TelemetryReply, openapi_extra=_BODY,
            responses={202: {"model": shapes.BatchReply}},
        )  # fmt: skip
        add(_BASE, self.listed, methods=["GET"], response_model=shapes.BatchList)
        add(
            f"{_BASE}/explain", self.explain, methods=["POST"], response_model=ExplainedReply,
            openapi_extra=body_of(ExplainRequest),
        )  # fmt: skip
        add(one, self.batch, methods=["GET"], response_model=shapes.BatchReply)
        add(f"{one}/cancel", self.cancel, methods=["POST"], response_model=shapes.BatchReply)
        add(one, self.remove, methods=["DELETE"], status_code=204)
        add(f"{one}/matches", self.matches, methods=["GET"], response_model=shapes.MatchList)
        return router

    async def take(self, call: Call) -> Response:
        """Ask the detection rules about a batch of events; a large one is looked through later."""
        refuse_other_types(call.headers)
        content = await call.content()
        if not content or content.isspace():
            raise _empty()
        found = await self._batches.take(content, actor=await call.actor(), is_later=wants_async(call.headers))
        if isinstance(found, Job):
            return accepted(shapes.BatchReply.of_job(found, language=call.language), f"{_BASE}/{found.reference}")
        return json_response(200, shapes.TelemetryReply.of_looked(found, call.language).model_dump())

    async def batch(self, call: Call) -> Response:
        """How a large batch stands, and what came of it."""
        principal = await call.principal()
        job, report = await self._batches.find(principal.tenant_id, _batch_id(call))
        return json_response(200, shapes.BatchReply.of_job(job, report, call.language).model_dump())

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The batches that were looked through later, the newest first."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors)
        behind = None if wish.after is None else (float(wish.after[0]), str(wish.after[1]))
        found = await self._batches.listed(principal.tenant_id, most=wish.most + 1, behind=behind)
        page = found[: wish.most]
        last = page[-1].place if len(found) > wish.most else None
        reply = shapes.BatchList(
            data=[shapes.ListedBatchReply.of_listed(one, call.language) for one in page],
            pagination=pagination_of(wish, last, self._cursors),
        )
        return json_response(200, reply.model_dump())

    async def cancel(self, call: Call) -> Response:
        """End a batch that waits, or within two seconds one that is looked through; what it found is gone."""
        principal = await call.principal()
        job, report = await self._batches.cancel(principal.tenant_id, _batch_id(call), actor=await call.actor())
        return json_response(200, shapes.BatchReply.of_job(job, report, call.language).model_dump())

    async def remove(self, call: Call) -> Response:
        """Delete a batch that has ended, with its matches and the events that were kept with them."""
        principal = await call.principal()
        await self._batches.remove(principal.tenant_id, _batch_id(call), actor=await call.actor())
        return Response(status_code=204)

    async def explain(self, call: Call) -> Response:
        """Why a rule fires on an event, or why not, part by part; the event is not kept."""
        request = await call.body(ExplainRequest)
        found = await self._questions.explain(request.rule_id, request.event)
        return json_response(200, ExplainedReply.of(found).model_dump())

    async def matches(self, call: Call, query: Annotated[shapes.MatchesQuery, Query()]) -> Response:
        """The matches of a completed batch in the order of its lines, the first 10,000, and then its correlations."""
        principal, rule_id = await call.principal(), query.rule_id
        wish = await wish_of(call, query, self._cursors, rule_id=rule_id)
        first = 0 if wish.after is None else int(wish.after[0])
        page = await self._batches.hits(
            principal.tenant_id, _batch_id(call), first=first, most=wish.most, rule_id=rule_id
        )
        last = None if page.next is None else (page.next,)
        reply = shapes.MatchList(
            data=[shapes.MatchReply.of(hit, page.rules) for hit in page.hits],
            pagination=pagination_of(wish, last, self._cursors),
        )
        return json_response(200, reply.model_dump())


def refuse_other_types(headers: Headers) -> None:
    """Raise `Problem` INVALID `unsupported_media_type` for what holds no telemetry; what it is, its bytes tell."""
    types = headers.getlist("content-type")
    media, _, rest = "".join(types).partition(";")
    charsets = [part for part in rest.split(";") if part.strip().lower().startswith("charset")]
    is_known = len(types) == 1 and media.strip().lower() in _TYPES
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if not is_known or encoding not in _ENCODINGS or not all(_CHARSET.fullmatch(part) for part in charsets):
        raise Problem(
            ProblemKind.INVALID,
            code="unsupported_media_type",
            message=f"Send the batch as one of {', '.join(_TYPES)}, in UTF-8 where it is text; "
            "plain, or packed with gzip or zstd.",
        )


def _batch_id(call: Call) -> BatchId:
    return BatchId(id_in(call.path_params, "batch_id"))


def _empty() -> Problem:
    return Problem(ProblemKind.INVALID, code="missing_parameter", message="The body holds no events.")
