"""The path of v3 by which threats leave as one file, sent while it is read."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from cybervault.assessments.exports import Form, exported
from cybervault.assessments.selection import Selection
from cybervault.assessments.threats import Environments
from cybervault.domain.principals import Environment, Principal
from cybervault.domain.sandbox import sandboxed
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.openapi import answers_of
from cybervault.faces.v3.filters import read_filter, read_sort


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    media_type: str


_FILES: Final[Mapping[Form, _File]] = {
    Form.NDJSON: _File("threats.ndjson", "application/x-ndjson"),
    Form.CSV: _File("threats.csv", "text/csv; charset=utf-8"),
    Form.STIX: _File("threats.stix.json", "application/stix+json;version=2.1"),
}


class ExportQuery(BaseModel):
    """Query of `GET /v3/threats/export`."""

    format: Form = Field(default=Form.NDJSON, description="How the threats are written.")
    sort: str | None = Field(
        default=None,
        description="created_at, last_seen_at, score or severity, a colon, asc or desc.",
        examples=["created_at:desc"],
    )
    filter: str | None = Field(
        default=None,
        description="A JSON object: a value, or eq, in, gte, lte, contains.",
        examples=['{"severity":"high"}'],
    )


class ExportPaths:
    """The endpoint."""

    def __init__(self, threats: Environments) -> None:
        self._threats = threats

    def router(self) -> APIRouter:
        """Its path, which stands before that of one threat."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route(
            "/v3/threats/export", self.export, methods=["GET"], response_model=None, openapi_extra=_answers()
        )
        return router

    async def export(self, call: Call, query: Annotated[ExportQuery, Query()]) -> Response:
        """All threats that the filter shows, as one file."""
        principal, (order, is_descending) = await call.principal(), read_sort(query.sort)
        selection = Selection(read_filter(query.filter), order, is_descending)
        book, file = self._threats.of(principal).findings, _FILES[query.format]
        parts = exported(book, principal.tenant_id, selection, form=query.format)
        # Before the head is sent, while a failure can still be told.
        first = await anext(parts)
        headers = {"content-disposition": f'attachment; filename="{file.name}"', "cache-control": "no-store"}
        return StreamingResponse(_sent(call, first, parts), headers=headers, media_type=file.media_type)


async def _sent(call: Call, first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    principal = await call.principal()
    async with call.guarded(), aclosing(rest):
        part: bytes | None = first
        while part is not None:
            yield part
            part = await _next(rest, principal)


async def _next(parts: AsyncGenerator[bytes], principal: Principal) -> bytes | None:
    """Read within the sandbox for a test key: the endpoint, which was in it, has long ended."""
    with sandboxed() if principal.environment is Environment.SANDBOX else nullcontext():
        return await anext(parts, None)


def _answers() -> dict[str, Any]:
    """The three media types; the bundle alone is one JSON document."""
    content = {file.media_type: {"schema": {"type": "string"}} for file in _FILES.values()}
    content[_FILES[Form.STIX].media_type] = {"schema": {"type": "object"}}
    answers = answers_of(_FILES[Form.NDJSON].media_type)
    answers["responses"]["200"]["content"] = content
    return answers
