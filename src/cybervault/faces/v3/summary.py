"""The path of v3 by which threats are told in numbers, for dashboards."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.assessments.summary import Summary
from cybervault.assessments.threats import Environments
from cybervault.domain.findings import Status
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.moments import spelled
from cybervault.faces.v3.threat_shapes import TechniqueReply, spelled_severity

_DAYS: Final = 14
_DAYS_MOST: Final = 90


class SummaryQuery(BaseModel):
    """Query of `GET /v3/threats/summary`."""

    days: str | None = Field(default=None, description="How many days are told, 14 unless given, at most 90.")

    def to_core(self) -> int:
        """The number of days; `Problem` INVALID `invalid_parameter`."""
        if self.days is None:
            return _DAYS
        is_number = self.days.isascii() and self.days.isdigit() and len(self.days) <= len(str(_DAYS_MOST))
        if not is_number or not 1 <= int(self.days) <= _DAYS_MOST:
            reason = f"is a whole number from 1 to {_DAYS_MOST}"
            raise Problem(
                ProblemKind.INVALID, code="invalid_parameter", message=f"days {reason}.", details=(("days", reason),)
            )
        return int(self.days)


class OpenReply(BaseModel):
    """Threats that somebody still has to do something about, by severity."""

    total: int
    critical: int
    high: int
    medium: int
    low: int
    info: int


class StatusReply(BaseModel):
    """Threats by status."""

    new: int
    acknowledged: int
    investigating: int
    mitigated: int
    false_positive: int
    closed: int
    ignored: int


class DayReply(BaseModel):
    """One day in UTC."""

    day: str = Field(examples=["2027-01-31"])
    count: int = Field(description="How many threats were opened on it.")


class ShownTechnique(TechniqueReply):
    """A technique that open threats show."""

    count: int = Field(description="How many of them show it.")


class SummaryReply(BaseModel):
    """Answer of `GET /v3/threats/summary`."""

    at: str
    open: OpenReply
    by_status: StatusReply
    opened_by_day: list[DayReply] = Field(description="Oldest first; the last is today, as far as it has come.")
    open_techniques: list[ShownTechnique] = Field(description="The ten most frequent of open threats.")

    @classmethod
    def of(cls, summary: Summary) -> "SummaryReply":
        """The numbers."""
        by_severity = {spelled_severity(severity): summary.open_of(severity) for severity in Severity}
        return cls(
            at=spelled(summary.at),
            open=OpenReply(total=sum(by_severity.values()), **by_severity),
            by_status=StatusReply(**{status.value: summary.of_status(status) for status in Status}),
            opened_by_day=[DayReply(day=day.isoformat(), count=count) for day, count in summary.days],
            open_techniques=[
                ShownTechnique(**TechniqueReply.of(technique_id).model_dump(), count=count)
                for technique_id, count in summary.techniques
            ],
        )


class SummaryPaths:
    """The endpoint."""

    def __init__(self, threats: Environments) -> None:
        self._threats = threats

    def router(self) -> APIRouter:
        """Its path, which stands before that of one threat."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route("/v3/threats/summary", self.summary, methods=["GET"], response_model=SummaryReply)
        return router

    async def summary(self, call: Call, query: Annotated[SummaryQuery, Query()]) -> Response:
        """Threats in numbers."""
        principal, days = await call.principal(), query.to_core()
        found = await self._threats.of(principal).findings.summary(principal.tenant_id, days)
        return json_response(200, SummaryReply.of(found).model_dump())
