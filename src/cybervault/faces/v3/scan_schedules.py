"""The paths of v3 by which scans are asked for again and again."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from cybervault.domain.ids import ScheduleId
from cybervault.faces import scan_schedule_shapes as shapes
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.v3.management.office import PageQuery, Pagination, id_in, page_of, pagination_of, wish_of
from cybervault.scans.schedule import Schedule
from cybervault.scans.schedules import Schedules

_BASE: Final = "/v3/scans/schedules"


class ScheduleList(BaseModel):
    """Answer of `GET /v3/scans/schedules`, oldest first."""

    data: list[shapes.ScheduleReply]
    pagination: Pagination


class ScanSchedulePaths:
    """The endpoints."""

    def __init__(self, schedules: Schedules, cursors: Cursors) -> None:
        self._schedules = schedules
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of schedules."""
        router, one, reply = APIRouter(route_class=LeanRoute), f"{_BASE}/{{schedule_id}}", shapes.ScheduleReply
        new, edit = body_of(shapes.ScheduleRequest), body_of(shapes.ScheduleEditRequest)
        add = router.add_api_route
        add(_BASE, self.listed, methods=["GET"], response_model=ScheduleList)
        add(_BASE, self.create, methods=["POST"], response_model=reply, status_code=201, openapi_extra=new)
        add(one, self.show, methods=["GET"], response_model=reply)
        add(one, self.edit, methods=["PATCH"], response_model=reply, openapi_extra=edit)
        add(one, self.remove, methods=["DELETE"], status_code=204)
        return router

    async def listed(self, call: Call, query: Annotated[PageQuery, Query()]) -> Response:
        """The schedules of the tenant, oldest first."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors)
        page = page_of(await self._schedules.list(principal.tenant_id), _place, wish)
        rows = [shapes.ScheduleReply.of(schedule, call.language) for schedule in page.items]
        reply = ScheduleList(data=rows, pagination=pagination_of(wish, page.last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def create(self, call: Call) -> Response:
        """Ask for a scan at each of these times, as long as all of it may be scanned."""
        principal, request = await call.principal(), await call.body(shapes.ScheduleRequest)
        made = await self._schedules.create(principal.tenant_id, request.to_core(), actor=await call.actor())
        return json_response(201, _spelled(made, call), {"location": f"{_BASE}/{made.id}"})

    async def show(self, call: Call) -> Response:
        """One schedule, with how its last turn went."""
        principal = await call.principal()
        return json_response(200, _spelled(await self._schedules.find(principal.tenant_id, _schedule_id(call)), call))

    async def edit(self, call: Call) -> Response:
        """Change, pause or resume one."""
        principal, request = await call.principal(), await call.body(shapes.ScheduleEditRequest)
        edited = await self._schedules.edit(
            principal.tenant_id, _schedule_id(call), request.to_core(), actor=await call.actor()
        )
        return json_response(200, _spelled(edited, call))

    async def remove(self, call: Call) -> Response:
        """Remove one; the scans that it began stay."""
        principal = await call.principal()
        await self._schedules.remove(principal.tenant_id, _schedule_id(call), actor=await call.actor())
        return Response(status_code=204)


def _schedule_id(call: Call) -> ScheduleId:
    return ScheduleId(id_in(call.path_params, "schedule_id"))


def _spelled(schedule: Schedule, call: Call) -> dict[str, object]:
    return shapes.ScheduleReply.of(schedule, call.language).model_dump(mode="json")


def _place(schedule: Schedule) -> tuple[float, str]:
    return schedule.created_at.timestamp(), schedule.id
