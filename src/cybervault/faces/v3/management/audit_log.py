"""The paths by which the audit of a tenant is read."""

from typing import Annotated, cast

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.access.store.audit import Wanted
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.moments import moment_in
from cybervault.faces.v3.management import shapes
from cybervault.faces.v3.management.office import Office, pagination_of, wish_of


class AuditLogPaths:
    """The endpoints: rows of the caller's tenant only, and the signed checkpoint over those of all."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def router(self) -> APIRouter:
        """All paths of the audit."""
        router, base = APIRouter(route_class=LeanRoute), "/v3/audit-log"
        router.add_api_route(base, self.listed, methods=["GET"], response_model=shapes.AuditList)
        router.add_api_route(
            f"{base}/checkpoint", self.checkpoint, methods=["GET"], response_model=shapes.CheckpointReply
        )
        return router

    async def listed(self, call: Call, query: Annotated[shapes.AuditQuery, Query()]) -> Response:
        """Who changed what and when, newest first. A page may be short, or empty, where more follows all the same."""
        office, principal = self._office, await call.principal()
        filters = {"action": query.action, "actor": query.actor, "since": query.since, "until": query.until}
        wish = await wish_of(call, query, office.cursors, **filters)
        wanted, before = _wanted(principal.tenant_id, query), cast("tuple[int] | None", wish.after)
        page = await office.audit.page(
            wanted, actor=query.actor, before=None if before is None else before[0], most=wish.most
        )
        rows = [shapes.AuditRowReply.of(row) for row in page.rows]
        last = None if page.before is None else (page.before,)
        reply = shapes.AuditList(data=rows, pagination=pagination_of(wish, last, office.cursors))
        return json_response(200, reply.model_dump())

    async def checkpoint(self, _call: Call) -> Response:
        """The signed checkpoint of all that was written until now."""
        checkpoints = self._office.checkpoints
        reply = shapes.CheckpointReply.of(await checkpoints.seal(), checkpoints.public_key)
        return json_response(200, reply.model_dump())


def _wanted(tenant_id: TenantId, query: shapes.AuditQuery) -> Wanted:
    bounds = {"since": _seconds("since", query.since), "until": _seconds("until", query.until)}
    action = None if query.action is None else query.action.value
    return Wanted(tenant_id, action, **{name: at for name, at in bounds.items() if at is not None})


def _seconds(field: str, text: str | None) -> float | None:
    moment = None if text is None else moment_in(text)
    if text is not None and moment is None:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_parameter",
            message=f"{field} is a date, or a time with its zone, such as 2027-01-31T12:00:00Z.",
            details=((field, "is not valid"),),
        )
    return None if moment is None else moment.timestamp()
