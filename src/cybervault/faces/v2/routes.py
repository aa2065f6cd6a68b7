"""The paths of v2, in the order of its document."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.assessments.selection import Condition, Field, Operator, Selection
from cybervault.assessments.threats import Environments
from cybervault.domain.ids import FindingId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.moments import seconds_of
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import PageSize
from cybervault.faces.severities import ranks_in
from cybervault.faces.v2 import threat_shapes as shapes

_PAGE: Final = PageSize(default=25, most=100)
# What a database can skip at all.
_OFFSET_DIGITS_MAX: Final = 15


class V2:
    """The endpoints."""

    def __init__(self, threats: Environments) -> None:
        self._threats = threats

    def router(self) -> APIRouter:
        """All paths of the face."""
        router, base = APIRouter(route_class=LeanRoute), "/v2/threats"
        router.add_api_route(f"{base}/recent", self.recent, methods=["GET"], response_model=shapes.RecentReply)
        router.add_api_route(
            f"{base}/analyze", self.analyze, methods=["POST"], response_model=shapes.AnalyzeReply,
            openapi_extra=body_of(shapes.AnalyzeRequest),
        )  # fmt: skip
        router.add_api_route(
            f"{base}/{{threat_id}}/status", self.change, methods=["PATCH"], response_model=shapes.ChangedThreat,
            openapi_extra=body_of(shapes.StatusRequest),
        )  # fmt: skip
        return router

    async def recent(self, call: Call, query: Annotated[shapes.RecentQuery, Query()]) -> Response:
        """Threats that were detected, newest first."""
        principal, findings = await call.principal(), self._threats.of(await call.principal()).findings
        conditions, most, offset = _conditions(query), _PAGE.of(query.limit), _offset(query.offset)
        found = await findings.select(principal.tenant_id, Selection(conditions, offset=offset, most=most))
        total = await findings.count(principal.tenant_id, conditions)
        reply = shapes.RecentReply(
            data=[shapes.ThreatItem.of(finding) for finding in found],
            meta=shapes.RecentMeta(total=total, limit=most, offset=offset),
        )
        return json_response(200, reply.model_dump())

    async def analyze(self, call: Call) -> Response:
        """Assess a hash, an address, a URL, a domain or a raw payload."""
        principal, request = await call.principal(), await call.body(shapes.AnalyzeRequest)
        submission = await request.to_core(call.request_id)
        assessment = await self._threats.of(principal).analyst.analyze(submission, actor=await call.actor())
        return json_response(200, shapes.AnalyzeReply.of(assessment).model_dump())

    async def change(self, call: Call) -> Response:
        """Set the status of a threat: false positive, acknowledged, closed and the like."""
        principal, request = await call.principal(), await call.body(shapes.StatusRequest)
        finding_id = FindingId(call.path_params["threat_id"].replace("\x00", ""))
        changed = await self._threats.of(principal).findings.change(
            finding_id, request.to_core(), by=principal, actor=await call.actor()
        )
        return json_response(200, shapes.ChangedThreat.of(changed).model_dump())


def _conditions(query: shapes.RecentQuery) -> tuple[Condition, ...]:
    since, until = seconds_of("since", query.since), seconds_of("until", query.until)
    return (
        Condition(Field.SEVERITY, Operator.IN, ranks_in(query.severity)),
        *((Condition(Field.CREATED_AT, Operator.AFTER, (since,)),) if since is not None else ()),
        *((Condition(Field.CREATED_AT, Operator.TO, (until,)),) if until is not None else ()),
        *((Condition(Field.TYPE, Operator.IS, (query.type.value,)),) if query.type is not None else ()),
    )


def _offset(text: str | None) -> int:
    """How many to skip; `Problem` INVALID `invalid_parameter`."""
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit()):
        reason = "must be a whole number from 0 upwards"
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message=f"offset {reason}.",
            details=(("offset", reason),),
        )
    return int(text[:_OFFSET_DIGITS_MAX])
