"""The paths of v3 by which telemetry is assessed, and threats are read and handled."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.assessments.selection import Selection, marks_of
from cybervault.assessments.store.assessments import Behind
from cybervault.assessments.targets import canonical_text
from cybervault.assessments.threats import Environments
from cybervault.domain.ids import AssessmentId, FindingId
from cybervault.domain.jobs import Job
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.language import ENGLISH
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.queued import PREFER, accepted, wants_async
from cybervault.faces.v3 import threat_shapes as shapes
from cybervault.faces.v3.comparison_shapes import ComparisonQuery, ComparisonReply
from cybervault.faces.v3.filters import read_filter, read_sort, spelled_filter
from cybervault.faces.v3.management.office import id_from, id_in, pagination_of, wish_of

_BASE: Final = "/v3/threats"


class ThreatPaths:
    """The endpoints."""

    def __init__(self, threats: Environments, cursors: Cursors) -> None:
        self._threats = threats
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of threats."""
        router, one = APIRouter(route_class=LeanRoute), f"{_BASE}/{{threat_id}}"
        kept = f"{_BASE}/assessments"
        add = router.add_api_route
        add(
            f"{_BASE}/analyze", self.analyze, methods=["POST"], status_code=201, response_model=shapes.AssessmentReply,
            openapi_extra=body_of(shapes.AnalyzeRequest, headers=[PREFER]),
            responses={202: {"model": shapes.QueuedAssessment}},
        )  # fmt: skip
        add(kept, self.assessments, methods=["GET"], response_model=shapes.AssessmentList)
        # Before the paths of one assessment, or it would be taken for an id.
        add(f"{kept}/compare", self.comparison, methods=["GET"], response_model=ComparisonReply)
        add(
            f"{kept}/{{assessment_id}}", self.assessment, methods=["GET"],
            response_model=shapes.AssessmentReply | shapes.QueuedAssessment,
        )  # fmt: skip
        add(_BASE, self.listed, methods=["GET"], response_model=shapes.ThreatList)
        add(one, self.threat, methods=["GET"], response_model=shapes.ThreatReply)
        add(
            one, self.change, methods=["PATCH"], response_model=shapes.ThreatReply,
            openapi_extra=body_of(shapes.ThreatEdit),
        )  # fmt: skip
        add(f"{one}/history", self.history, methods=["GET"], response_model=shapes.HistoryReply)
        add(
            f"{one}/comments", self.comment, methods=["POST"], status_code=201, response_model=shapes.StepReply,
            openapi_extra=body_of(shapes.CommentRequest),
        )  # fmt: skip
        return router

    async def analyze(self, call: Call) -> Response:
        """Assess a record of endpoint telemetry, of network traffic, or the hash of a file."""
        threats, request = self._threats.of(await call.principal()), await call.body(shapes.AnalyzeRequest)
        submission, actor = await request.to_core(call.request_id), await call.actor()
        if threats.queue is not None and wants_async(call.headers):
            job = await threats.queue.ask(request.handed(), submission, actor=actor)
            return accepted(shapes.QueuedAssessment.of(job, call.language), f"{_BASE}/assessments/{submission.id}")
        assessment = await threats.analyst.analyze(submission, actor=actor)
        where = {"location": f"{_BASE}/assessments/{assessment.id}"}
        return json_response(201, shapes.AssessmentReply.of(assessment, call.language).model_dump(), where)

    async def assessments(self, call: Call, query: Annotated[shapes.AssessmentsQuery, Query()]) -> Response:
        """What was assessed, newest first."""
        principal, target = await call.principal(), canonical_text(query.target)
        wish = await wish_of(call, query, self._cursors, target=target)
        behind = None if wish.after is None else Behind(float(wish.after[0]), str(wish.after[1]))
        analyst = self._threats.of(principal).analyst
        found = await analyst.page(principal.tenant_id, wish.most + 1, behind=behind, target=target)
        page = found[: wish.most]
        last = (page[-1].created_at.timestamp(), page[-1].id) if len(found) > wish.most else None
        reply = shapes.AssessmentList(
            data=[shapes.AssessmentReply.of(one, call.language) for one in page],
            pagination=pagination_of(wish, last, self._cursors),
        )
        return json_response(200, reply.model_dump())

    async def assessment(self, call: Call) -> Response:
        """One assessment, with its evidence, which never changes; or how it stands, until it is there."""
        principal = await call.principal()
        wanted = AssessmentId(id_in(call.path_params, "assessment_id"))
        found = await self._threats.of(principal).find(principal.tenant_id, wanted)
        if isinstance(found, Job):
            return json_response(200, shapes.QueuedAssessment.of(found, call.language).model_dump())
        suffix = "" if call.language == ENGLISH else f"-{call.language}"
        tag = {"etag": f'"{found.id}{suffix}"', "vary": "Accept-Language"}
        if call.headers.get("if-none-match") == tag["etag"]:
            return Response(status_code=304, headers=tag)
        return json_response(200, shapes.AssessmentReply.of(found, call.language).model_dump(), tag)

    async def comparison(self, call: Call, query: Annotated[ComparisonQuery, Query()]) -> Response:
        """Two assessments, and what became of the evidence of each source."""
        principal = await call.principal()
        threats = self._threats.of(principal)
        before, after = [
            await threats.find(principal.tenant_id, AssessmentId(id_from(one))) for one in (query.before, query.after)
        ]
        return json_response(200, ComparisonReply.of(before, after, call.language).model_dump())

    async def listed(self, call: Call, query: Annotated[shapes.ThreatsQuery, Query()]) -> Response:
        """Threats, sorted and filtered; new ones do not move the pages."""
        principal, conditions = await call.principal(), read_filter(query.filter)
        order, is_descending = read_sort(query.sort)
        bound = {"filter": spelled_filter(conditions), "sort": f"{order}:{is_descending}"}
        wish = await wish_of(call, query, self._cursors, **bound)
        selection = Selection(conditions, order, is_descending, wish.after, most=wish.most + 1)
        found = await self._threats.of(principal).findings.select(principal.tenant_id, selection)
        page = found[: wish.most]
        last = marks_of(page[-1], order) if len(found) > wish.most else None
        reply = shapes.ThreatList(
            data=[shapes.ThreatReply.of(one) for one in page], pagination=pagination_of(wish, last, self._cursors)
        )
        return json_response(200, reply.model_dump())

    async def threat(self, call: Call) -> Response:
        """One threat."""
        principal = await call.principal()
        found = await self._threats.of(principal).findings.find(principal.tenant_id, _finding_id(call))
        return json_response(200, shapes.ThreatReply.of(found).model_dump())

    async def change(self, call: Call) -> Response:
        """Set the status of a threat."""
        principal, request = await call.principal(), await call.body(shapes.ThreatEdit)
        changed = await self._threats.of(principal).findings.change(
            _finding_id(call), request.to_core(), by=principal, actor=await call.actor()
        )
        return json_response(200, shapes.ThreatReply.of(changed).model_dump())

    async def history(self, call: Call) -> Response:
        """What happened to a threat and who did it, oldest first."""
        principal = await call.principal()
        steps = await self._threats.of(principal).findings.steps(principal.tenant_id, _finding_id(call))
        return json_response(200, shapes.HistoryReply(data=[shapes.StepReply.of(one) for one in steps]).model_dump())

    async def comment(self, call: Call) -> Response:
        """Add a comment to the history of a threat."""
        principal, request = await call.principal(), await call.body(shapes.CommentRequest)
        step = await self._threats.of(principal).findings.comment(
            _finding_id(call), request.comment, by=principal, actor=await call.actor()
        )
        return json_response(201, shapes.StepReply.of(step).model_dump())


def _finding_id(call: Call) -> FindingId:
    return FindingId(id_in(call.path_params, "threat_id"))
