"""The paths of v1, in the order of its document."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.assessments.analyses import not_found
from cybervault.assessments.selection import Condition, Field, Operator, Order, Selection, marks_of
from cybervault.assessments.threats import Environments
from cybervault.domain.jobs import Job
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.moments import seconds_of
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors, PageSize
from cybervault.faces.queued import PREFER, accepted, wants_async
from cybervault.faces.request_ids import is_request_id
from cybervault.faces.severities import ranks_in
from cybervault.faces.v1 import threat_shapes as shapes

_PAGE: Final = PageSize(default=50, most=200)


class V1:
    """The endpoints of threats."""

    def __init__(self, threats: Environments, cursors: Cursors) -> None:
        self._threats = threats
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of the face."""
        router, base = APIRouter(route_class=LeanRoute), "/v1/threats"
        router.add_api_route(
            f"{base}/analyze", self.analyze, methods=["POST"], response_model=shapes.AnalyzeReply,
            openapi_extra=body_of(shapes.AnalyzeRequest, headers=[PREFER]),
            responses={202: {"model": shapes.QueuedAnalysis}},
        )  # fmt: skip
        router.add_api_route(
            f"{base}/analyses/{{request_id}}", self.analysis, methods=["GET"],
            response_model=shapes.AnalysisReply | shapes.QueuedAnalysis,
        )  # fmt: skip
        router.add_api_route(f"{base}/feed", self.feed, methods=["GET"], response_model=shapes.FeedReply)
        return router

    async def analyze(self, call: Call) -> Response:
        """Assess an address, a domain, a URL, a hash or a raw payload."""
        threats, request = self._threats.of(await call.principal()), await call.body(shapes.AnalyzeRequest)
        submission, actor = await request.to_core(call.request_id), await call.actor()
        if threats.queue is not None and wants_async(call.headers):
            job = await threats.queue.ask(request.handed(), submission, actor=actor)
            return accepted(shapes.QueuedAnalysis.of(job, call.language), f"/v1/threats/analyses/{call.request_id}")
        assessment = await threats.analyst.analyze(submission, actor=actor)
        return json_response(200, shapes.AnalyzeReply.of(assessment).model_dump())

    async def analysis(self, call: Call) -> Response:
        """What an earlier request came to, with its evidence and tags; or how it stands, until it has come to that."""
        principal, request_id = await call.principal(), call.path_params["request_id"]
        if not is_request_id(request_id):
            raise not_found()
        found = await self._threats.of(principal).of_request(principal.tenant_id, request_id)
        if isinstance(found, Job):
            return json_response(200, shapes.QueuedAnalysis.of(found, call.language).model_dump())
        return json_response(200, shapes.AnalysisReply.of(found).model_dump())

    async def feed(self, call: Call, query: Annotated[shapes.FeedQuery, Query()]) -> Response:
        """Threats that were detected, newest first; new ones do not move the pages."""
        principal, most = await call.principal(), _PAGE.of(query.limit)
        bound = (principal.tenant_id, call.url.path, query.severity or "", query.since or "")
        behind = self._cursors.read(query.cursor, *bound)
        selection = Selection(_conditions(query), Order.CREATED_AT, behind=behind, most=most + 1)
        found = await self._threats.of(principal).findings.select(principal.tenant_id, selection)
        last = marks_of(found[most - 1], Order.CREATED_AT) if len(found) > most else None
        cursor = self._cursors.write(last, *bound)
        reply = shapes.FeedReply(
            data=[shapes.FeedItem.of(finding) for finding in found[:most]],
            pagination=shapes.Pagination(next_cursor=cursor, has_more=cursor is not None),
        )
        return json_response(200, reply.model_dump())


def _conditions(query: shapes.FeedQuery) -> tuple[Condition, ...]:
    since = seconds_of("since", query.since)
    ranks = None if query.severity is None else ranks_in(query.severity)
    return (
        *((Condition(Field.SEVERITY, Operator.IN, ranks),) if ranks is not None else ()),
        *((Condition(Field.CREATED_AT, Operator.AFTER, (since,)),) if since is not None else ()),
    )
