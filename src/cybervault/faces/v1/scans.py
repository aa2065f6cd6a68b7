"""The paths of v1 by which scans are asked for, followed, cancelled and read."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.ids import ScanId
from cybervault.faces import scan_shapes as shapes
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors, PageSize
from cybervault.faces.v1.threat_shapes import Pagination
from cybervault.scans.scan import Scan
from cybervault.scans.scans import Scans

_PAGE: Final = PageSize(default=50, most=200)
_BASE: Final = "/v1/scans"


class ScanQuery(BaseModel):
    """Query of `GET /v1/scans`."""

    limit: str | None = Field(default=None, description="Items a page: 50 unless said, at most 200.", examples=["50"])
    cursor: str | None = Field(default=None, description="next_cursor of the page before.")


class ScanList(BaseModel):
    """Answer of `GET /v1/scans`, newest first."""

    data: list[shapes.ScanReply]
    pagination: Pagination


class ScanFindingList(BaseModel):
    """Answer of `GET /v1/scans/{scan_id}/findings`, the worst first."""

    data: list[shapes.ScanFindingReply]
    pagination: Pagination


class V1Scans:
    """The endpoints."""

    def __init__(self, scans: Scans, cursors: Cursors) -> None:
        self._scans = scans
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of scans."""
        router, one, wish = APIRouter(route_class=LeanRoute), f"{_BASE}/{{scan_id}}", body_of(shapes.ScanRequest)
        add = router.add_api_route
        add(
            f"{_BASE}/initialize", self.initialize, methods=["POST"], response_model=shapes.InitializedReply,
            status_code=202, openapi_extra=wish,
        )  # fmt: skip
        add(f"{_BASE}/preview", self.preview, methods=["POST"], response_model=shapes.PreviewReply, openapi_extra=wish)
        add(_BASE, self.listed, methods=["GET"], response_model=ScanList)
        add(one, self.show, methods=["GET"], response_model=shapes.ScanDetailReply)
        add(f"{one}/findings", self.findings, methods=["GET"], response_model=ScanFindingList)
        add(f"{one}/cancel", self.cancel, methods=["POST"], response_model=shapes.ScanReply, status_code=202)
        return router

    async def initialize(self, call: Call) -> Response:
        """Ask for a scan of networks, domains, cloud resources or images."""
        principal, request = await call.principal(), await call.body(shapes.ScanRequest)
        scan = await self._scans.initialize(principal.tenant_id, request.to_core(), actor=await call.actor())
        where = {"location": f"{_BASE}/{scan.id}"}
        return json_response(202, shapes.InitializedReply.of(scan).model_dump(), where)

    async def preview(self, call: Call) -> Response:
        """Say what a scan would look at, how long and how loud it would be; nothing is connected to."""
        principal, request = await call.principal(), await call.body(shapes.ScanRequest)
        preview = await self._scans.preview(principal.tenant_id, request.to_core())
        return json_response(200, shapes.PreviewReply.of(preview).model_dump(mode="json"))

    async def listed(self, call: Call, query: Annotated[ScanQuery, Query()]) -> Response:
        """The scans of the tenant, newest first."""
        principal, most = await call.principal(), _PAGE.of(query.limit)
        # One path with and without its closing slash.
        bound = (principal.tenant_id, _BASE)
        marks = self._cursors.read(query.cursor, *bound)
        behind = None if marks is None else (float(marks[0]), str(marks[1]))
        found = await self._scans.page(principal.tenant_id, most + 1, behind=behind)
        last = found[most - 1].place if len(found) > most else None
        cursor = self._cursors.write(last, *bound)
        rows = [await self._listed(call, scan) for scan in found[:most]]
        reply = ScanList(data=rows, pagination=Pagination(next_cursor=cursor, has_more=cursor is not None))
        return json_response(200, reply.model_dump(mode="json"))

    async def show(self, call: Call) -> Response:
        """One scan: how far it is, what it saw, what it looked at and what not."""
        scan = await self._found(call)
        reply = shapes.ScanDetailReply.of_all(
            scan, await self._scans.details(scan, shapes.FINDINGS_SHOWN), call.language
        )
        return json_response(200, reply.model_dump(mode="json"))

    async def findings(self, call: Call, query: Annotated[ScanQuery, Query()]) -> Response:
        """All that a scan saw, the worst first."""
        scan, most = await self._found(call), _PAGE.of(query.limit)
        bound = (scan.tenant_id, scan.id)
        marks = self._cursors.read(query.cursor, *bound)
        skipped = 0 if marks is None else int(marks[0])
        found = await self._scans.findings(scan.tenant_id, scan.id, skipped=skipped, most=most + 1)
        cursor = self._cursors.write((skipped + most,) if len(found) > most else None, *bound)
        rows = [shapes.ScanFindingReply.of(finding, call.language) for finding in found[:most]]
        reply = ScanFindingList(data=rows, pagination=Pagination(next_cursor=cursor, has_more=cursor is not None))
        return json_response(200, reply.model_dump(mode="json"))

    async def cancel(self, call: Call) -> Response:
        """Stop a scan; what it has seen stays."""
        found = await self._found(call)
        scan = await self._scans.cancel(found.tenant_id, found.id, actor=await call.actor())
        return json_response(202, (await self._listed(call, scan)).model_dump(mode="json"))

    async def _found(self, call: Call) -> Scan:
        principal = await call.principal()
        return await self._scans.find(principal.tenant_id, ScanId(call.path_params["scan_id"]))

    async def _listed(self, call: Call, scan: Scan) -> shapes.ScanReply:
        return shapes.ScanReply.of(scan, await self._scans.severities(scan), call.language)
