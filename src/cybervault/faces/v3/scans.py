"""The paths of v3 by which scans are asked for, watched live, cancelled and read."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from cybervault.domain.assessments import severity_of_rank
from cybervault.domain.ids import ScanId
from cybervault.domain.jobs import JobState
from cybervault.domain.verdicts import Severity
from cybervault.faces import scan_shapes as shapes
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import Piece, answers_of, body_of
from cybervault.faces.page import BASE_HEADERS
from cybervault.faces.paging import Cursors
from cybervault.faces.scan_difference import DifferenceReply
from cybervault.faces.severities import ranks_in
from cybervault.faces.v3.management.office import PageQuery, Pagination, id_in, pagination_of, wish_of
from cybervault.pages.sheet import POLICY
from cybervault.scans.exports import Form
from cybervault.scans.profiles import ProfileName
from cybervault.scans.rules import rules_of_control
from cybervault.scans.scan import FindingStatus, Scan, ScanSelection, SeenSelection
from cybervault.scans.scans import Scans
from cybervault.scans.targets import TARGET_CHARACTERS_MAX

_BASE: Final = "/v3/scans"
_LOOK_SECONDS: Final = 0.5
_SILENCE_LOOKS: Final = 30
_STREAM: Final = "text/event-stream"
_FILES: Final = {
    Form.SARIF: "application/sarif+json",
    Form.CSV: "text/csv; charset=utf-8",
    Form.HTML: "text/html; charset=utf-8",
    Form.PDF: "application/pdf",
    Form.CYCLONEDX: "application/vnd.cyclonedx+json; version=1.6",
}
_FILES_ANSWERED: Final[Piece] = {
    "responses": {
        "200": {
            "content": {
                media: {"schema": {"type": "object" if media.partition(";")[0].endswith("json") else "string"}}
                for media in _FILES.values()
            }
        }
    }
}
# A page that is opened where it is, and not kept as a file, may no more than one on a disk.
_FILE_HEADERS: Final = {**BASE_HEADERS, "content-security-policy": f"{POLICY}; sandbox; frame-ancestors 'none'"}
_HEADERS: Final = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}


class ScanRequest(shapes.ScanRequest):
    """Body of `POST /v3/scans` and of its preview; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ScanList(BaseModel):
    """Answer of `GET /v3/scans`, newest first."""

    data: list[shapes.ScanReply]
    pagination: Pagination


class ScanQuery(PageQuery):
    """Query of `GET /v3/scans`."""

    status: shapes.State | None = Field(default=None, description="How they stand.")
    profile: ProfileName | None = None

    def to_core(self) -> ScanSelection:
        """The wish."""
        return ScanSelection(None if self.status is None else JobState(self.status), self.profile)


class SeenQuery(PageQuery):
    """Query of `GET /v3/scans/{scan_id}/findings`."""

    severity: str | None = Field(default=None, description="One or several, joined by commas.", examples=["high"])
    asset: str | None = Field(default=None, max_length=TARGET_CHARACTERS_MAX, examples=["10.1.0.7"])
    control: str | None = Field(
        default=None, max_length=20, description="A control of NIST SP 800-53, or a family of them.", examples=["SC-8"]
    )

    def to_core(self) -> SeenSelection:
        """The wish; `Problem` INVALID `invalid_parameter` for a severity that there is not."""
        ranks = ranks_in(self.severity, tuple(Severity)) if self.severity else ()
        rules = rules_of_control(self.control) if self.control else None
        return SeenSelection(frozenset(map(severity_of_rank, ranks)), self.asset or "", rules)


class FindingQuery(PageQuery):
    """Query of `GET /v3/scans/findings`."""

    status: Literal["open", "resolved"] = "open"


class ExportQuery(BaseModel):
    """Query of `GET /v3/scans/{scan_id}/export`."""

    format: Form = Field(
        default=Form.SARIF,
        description="SARIF 2.1.0, a table, a page to read and to print, the same as PDF where this server has a "
        "browser, or the packages of an image (CycloneDX 1.6).",
    )
    image: str = Field(
        default="",
        max_length=TARGET_CHARACTERS_MAX,
        description="Of which image the packages are wanted, where the scan looked at several.",
        examples=["oci://registry.example/app:1.4"],
    )


class DiffQuery(BaseModel):
    """Query of `GET /v3/scans/{scan_id}/diff`."""

    since: str | None = Field(
        default=None,
        max_length=64,
        description="The scan to compare with; unless said, the last one before it of the same targets.",
        examples=["scan_9x4m2k1pq7"],
    )


class ScanFindingList(BaseModel):
    """Answer of what lists findings of scans."""

    data: list[shapes.ScanFindingReply]
    pagination: Pagination


class ScanPaths:
    """The endpoints."""

    def __init__(self, scans: Scans, cursors: Cursors) -> None:
        self._scans = scans
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of scans; those of grants come before, whose path would be an id."""
        router, one, wish = APIRouter(route_class=LeanRoute), f"{_BASE}/{{scan_id}}", body_of(ScanRequest)
        add = router.add_api_route
        add(_BASE, self.listed, methods=["GET"], response_model=ScanList)
        add(_BASE, self.ask, methods=["POST"], response_model=shapes.ScanReply, status_code=202, openapi_extra=wish)
        add(f"{_BASE}/preview", self.preview, methods=["POST"], response_model=shapes.PreviewReply, openapi_extra=wish)
        add(f"{_BASE}/engines", self.engines, methods=["GET"], response_model=shapes.EngineList)
        add(f"{_BASE}/findings", self.all_findings, methods=["GET"], response_model=ScanFindingList)
        add(one, self.show, methods=["GET"], response_model=shapes.ScanDetailReply)
        add(f"{one}/findings", self.findings, methods=["GET"], response_model=ScanFindingList)
        add(f"{one}/events", self.events, methods=["GET"], response_model=None, openapi_extra=answers_of(_STREAM))
        add(f"{one}/export", self.export, methods=["GET"], response_model=None, openapi_extra=_FILES_ANSWERED)
        add(f"{one}/diff", self.diff, methods=["GET"], response_model=DifferenceReply)
        add(f"{one}/cancel", self.cancel, methods=["POST"], response_model=shapes.ScanReply, status_code=202)
        return router

    async def listed(self, call: Call, query: Annotated[ScanQuery, Query()]) -> Response:
        """The scans of the tenant, newest first."""
        principal = await call.principal()
        wish = await wish_of(call, query, self._cursors, status=query.status, profile=query.profile)
        behind = None if wish.after is None else (float(wish.after[0]), str(wish.after[1]))
        found = await self._scans.page(principal.tenant_id, wish.most + 1, behind=behind, wanted=query.to_core())
        page = found[: wish.most]
        last = page[-1].place if len(found) > wish.most else None
        rows = [await self._listed(call, scan) for scan in page]
        reply = ScanList(data=rows, pagination=pagination_of(wish, last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def ask(self, call: Call) -> Response:
        """Ask for a scan."""
        principal, request = await call.principal(), await call.body(ScanRequest)
        scan = await self._scans.initialize(principal.tenant_id, request.to_core(), actor=await call.actor())
        reply = shapes.ScanReply.of(scan, {}).model_dump(mode="json")
        return json_response(202, reply, {"location": f"{_BASE}/{scan.id}"})

    async def preview(self, call: Call) -> Response:
        """Say what a scan would look at, how long and how loud it would be; nothing is connected to."""
        principal, request = await call.principal(), await call.body(ScanRequest)
        preview = await self._scans.preview(principal.tenant_id, request.to_core())
        return json_response(200, shapes.PreviewReply.of(preview).model_dump(mode="json"))

    async def engines(self, call: Call) -> Response:
        """What this server looks with, in which versions, what it has not and how it gets that."""
        await call.principal()
        found = await asyncio.to_thread(self._scans.engines)
        reply = shapes.EngineList(data=[shapes.EngineReply.of(one) for one in found], prints_pdf=self._scans.prints)
        return json_response(200, reply.model_dump(mode="json"))

    async def show(self, call: Call) -> Response:
        """One scan: how far it is, what it saw, what it looked at and what not."""
        scan = await self._found(call)
        reply = shapes.ScanDetailReply.of_all(
            scan, await self._scans.details(scan, shapes.FINDINGS_SHOWN), call.language
        )
        return json_response(200, reply.model_dump(mode="json"))

    async def findings(self, call: Call, query: Annotated[SeenQuery, Query()]) -> Response:
        """All that one scan saw, the worst first."""
        scan, wanted = await self._found(call), query.to_core()
        narrowed = {"severity": query.severity, "asset": query.asset, "control": query.control}
        wish = await wish_of(call, query, self._cursors, **narrowed)
        skipped, most = 0 if wish.after is None else int(wish.after[0]), wish.most + 1
        found = await self._scans.findings(scan.tenant_id, scan.id, skipped=skipped, most=most, wanted=wanted)
        last = (skipped + wish.most,) if len(found) > wish.most else None
        rows = [shapes.ScanFindingReply.of(finding, call.language) for finding in found[: wish.most]]
        reply = ScanFindingList(data=rows, pagination=pagination_of(wish, last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def all_findings(self, call: Call, query: Annotated[FindingQuery, Query()]) -> Response:
        """What stands open over all scans, or was resolved; the last seen first."""
        principal = await call.principal()
        wish = await wish_of(call, query, self._cursors, status=query.status)
        behind = None if wish.after is None else (float(wish.after[0]), str(wish.after[1]))
        status = FindingStatus(query.status)
        found = await self._scans.all_findings(principal.tenant_id, status, wish.most + 1, behind=behind)
        page = found[: wish.most]
        last = page[-1].mark if len(found) > wish.most else None
        rows = [shapes.ScanFindingReply.of(finding, call.language) for finding in page]
        reply = ScanFindingList(data=rows, pagination=pagination_of(wish, last, self._cursors))
        return json_response(200, reply.model_dump(mode="json"))

    async def events(self, call: Call) -> Response:
        """How far a scan is, live: an event for each change, `ended` the last; `Last-Event-ID` goes on there."""
        scan = await self._found(call)
        stream = self._told(call, scan, call.headers.get("last-event-id", ""))
        return StreamingResponse(stream, headers=_HEADERS, media_type=_STREAM)

    async def export(self, call: Call, query: Annotated[ExportQuery, Query()]) -> Response:
        """All that a scan saw as one file, in all but CSV what it did not look at, too; or an image's packages."""
        scan, form = await self._found(call), query.format
        content = await self._scans.file(scan, form, image=query.image)
        named = {"content-disposition": f'attachment; filename="{scan.id}.{form.ending}"'}
        return Response(content, headers={**_FILE_HEADERS, **named}, media_type=_FILES[form])

    async def diff(self, call: Call, query: Annotated[DiffQuery, Query()]) -> Response:
        """What is new, gone and unchanged since another scan, and what one of them cannot speak of."""
        principal, scan_id = await call.principal(), ScanId(id_in(call.path_params, "scan_id"))
        since = None if query.since is None else ScanId(query.since)
        found = await self._scans.compared(principal.tenant_id, scan_id, since)
        return json_response(200, DifferenceReply.of(found, call.language).model_dump(mode="json"))

    async def cancel(self, call: Call) -> Response:
        """Stop a scan; what it has seen stays."""
        found = await self._found(call)
        scan = await self._scans.cancel(found.tenant_id, found.id, actor=await call.actor())
        return json_response(202, (await self._listed(call, scan)).model_dump(mode="json"))

    async def _told(self, call: Call, scan: Scan, known: str) -> AsyncGenerator[bytes]:
        silent = 0
        async with call.guarded():
            while True:
                listed = await self._listed(call, scan)
                # Its state in words, so that whoever comes back is told what it has missed and nothing twice.
                mark = f"{listed.status}-{listed.progress}-{listed.findings_total}"
                if mark != known:
                    yield _event(mark, "ended" if scan.state.is_final else "progress", listed)
                    known, silent = mark, 0
                if scan.state.is_final:
                    return
                await asyncio.sleep(_LOOK_SECONDS)
                silent += 1
                if silent % _SILENCE_LOOKS == 0:
                    yield b": still here\n\n"
                scan = await self._scans.find(scan.tenant_id, scan.id)

    async def _found(self, call: Call) -> Scan:
        principal = await call.principal()
        return await self._scans.find(principal.tenant_id, ScanId(id_in(call.path_params, "scan_id")))

    async def _listed(self, call: Call, scan: Scan) -> shapes.ScanReply:
        return shapes.ScanReply.of(scan, await self._scans.severities(scan), call.language)


def _event(mark: str, name: str, listed: shapes.ScanReply) -> bytes:
    data = json.dumps(listed.model_dump(mode="json"), ensure_ascii=False)
    return f"id: {mark}\nevent: {name}\ndata: {data}\n\n".encode()
