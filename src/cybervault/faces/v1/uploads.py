"""The path of v1 by which programs upload what other tools saw."""

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.faces.bodies import refuse_media_type
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import Piece
from cybervault.scans.uploads import Upload, Uploads

_BASE: Final = "/v1/scans"
_PARTS: Final = "multipart/form-data"
_BODY: Final[Piece] = {
    "requestBody": {
        "required": True,
        "description": "A SARIF 2.1.0 file, as the body or in the field `sarif` of a form; at most 10 MiB.",
        "content": {
            _PARTS: {
                "schema": {
                    "type": "object",
                    "properties": {"sarif": {"type": "string", "format": "binary"}},
                    "required": ["sarif"],
                }
            },
            "application/sarif+json": {"schema": {"type": "object"}},
            "application/json": {"schema": {"type": "object"}},
        },
    }
}


class UploadReply(BaseModel):
    """What became of a file."""

    scan_id: str = Field(examples=["scan_9x4m2k1pq7"], description="The scan that it is kept as.")
    status: str = Field(examples=["completed"])
    findings: int = Field(description="How many it names; a rule at a line of a file is one.")
    new: int = Field(description="How many of them were not known, or had been resolved.")
    resolved: int = Field(description="How many that only this tool had seen it says are gone (absent, or pass).")
    faults: list[str] = Field(description="What of it could not be read; the first 20.")

    @classmethod
    def of(cls, upload: Upload) -> "UploadReply":
        """The upload."""
        return cls(
            scan_id=upload.scan.id,
            status=upload.scan.state.value,
            findings=upload.findings,
            new=upload.opened,
            resolved=upload.resolved,
            faults=list(upload.faults),
        )


class V1Uploads:
    """The endpoint."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def router(self) -> APIRouter:
        """All paths of uploads."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route(
            f"{_BASE}/upload-sarif", self.sarif, methods=["POST"], response_model=UploadReply, status_code=201,
            openapi_extra=_BODY,
        )  # fmt: skip
        return router

    async def sarif(self, call: Call) -> Response:
        """Take in what another tool saw; the same file again doubles nothing."""
        principal, media = await call.principal(), call.headers.get("content-type", "")
        if media.partition(";")[0].strip().lower() != _PARTS:
            refuse_media_type(call.headers)
        upload = await self._uploads.sarif(principal.tenant_id, await call.content(), media, actor=await call.actor())
        where = {"location": f"{_BASE}/{upload.scan.id}"}
        return json_response(201, UploadReply.of(upload).model_dump(), where)
