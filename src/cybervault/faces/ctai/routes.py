"""The paths of CyberThreat AI: the documented stream, the richer one of our console, models and liveness."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Final, cast

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.access.limits.fixed import FixedWindows, caller_of
from cybervault.assessments.assess import Assess, Heard, Inquiry, Weighed
from cybervault.domain.ids import RequestId
from cybervault.domain.observables import Observable, parse_observable
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.faces.ctai.documented import Analysis, event_stream
from cybervault.faces.ctai.rich import rich_events
from cybervault.faces.ctai.shapes import CHAT_KEY_HEADER, KEY_HEADERS, SOURCES, Asked, read_indicator, text_of
from cybervault.faces.http import Call, Face, LeanRoute, json_response, status_of
from cybervault.faces.openapi import answers_of

_TOO_MANY: Final = "Too many requests"


@dataclass(frozen=True, slots=True)
class ModelList:
    """The models on offer: id, label and provider of each, and which one answers when none is named."""

    offered: Sequence[Mapping[str, str]]
    default: str

    def resolve(self, wanted: str | None) -> str:
        """The wanted model if it is on offer, else the default."""
        return next((model["id"] for model in self.offered if model["id"] == wanted), self.default)


def problem_response(problem: Problem | None, _request_id: RequestId) -> Response:
    """The face's error body: `error`, and for a crash its `stage`."""
    if problem is None:
        return json_response(500, {"error": text_of("crash", "es"), "stage": "unknown"})
    known = {"not_found", "method_not_allowed"}
    message = text_of(problem.code, "es") if problem.code in known else problem.message
    return json_response(status_of(problem), {"error": message})


FACE: Final = Face("/api/ctai", problem_response)
HEALTH_FACE: Final = Face("/api/health", problem_response)


class Ctai:
    """The endpoints, in the order of the document."""

    def __init__(self, assess: Assess, limits: FixedWindows, *, models: ModelList, language: str) -> None:
        self._assess = assess
        self._limits = limits
        self._models = models
        self._language = language

    def router(self) -> APIRouter:
        """All paths of the face."""
        router = APIRouter(route_class=LeanRoute)
        events = answers_of()
        router.add_api_route("/api/ctai", self.analyze, methods=["GET"], response_model=None, openapi_extra=events)
        router.add_api_route(
            "/api/ctai/stream", self.stream, methods=["GET"], response_model=None, openapi_extra=events
        )
        router.add_api_route("/api/ctai/models", self.models, methods=["GET"], response_model=None)
        router.add_api_route("/api/health", self.health, methods=["GET"], response_model=None)
        return router

    async def analyze(self, call: Call, asked: Annotated[Asked, Query()]) -> Response:
        """Analyse one indicator; the documented five events, or the documented error."""
        refused = self._over_limit(call)
        if refused is not None:
            return refused
        language = self._language_of(asked)
        inquiry = self._inquiry(call, asked, read_indicator(asked.ioc, language), is_documented=True)
        analysis = await self._assess_all(inquiry, asked.ioc or "")
        return await analysis.response(call.headers.get("accept", ""))

    async def stream(self, call: Call, asked: Annotated[Asked, Query()]) -> Response:
        """Analyse one indicator of any kind, defanged or not: every answer as it comes, with a running score."""
        refused = self._over_limit(call)
        if refused is not None:
            return refused
        language = self._language_of(asked)
        if not asked.ioc:
            return json_response(400, {"error": text_of("missing_ioc", language), "code": "missing_ioc"})
        try:
            observable = parse_observable(asked.ioc)
        except Problem as problem:
            return json_response(400, {"error": text_of("unknown_ioc", language), "code": problem.code})
        inquiry = self._inquiry(call, asked, observable, is_documented=False)
        return event_stream(rich_events(self._assess, inquiry, text=asked.ioc, request_id=call.request_id))

    async def models(self, _call: Call) -> Response:
        """The models on offer, and whether a verdict in words works without the caller's own key."""
        ai = "configured" if self._assess.has_chat_key(None) else "key_required"
        return json_response(200, {"default": self._models.default, "models": list(self._models.offered), "ai": ai})

    async def health(self, _call: Call) -> Response:
        """Liveness."""
        return json_response(200, {"status": "ok"})

    def _over_limit(self, call: Call) -> Response | None:
        admission = self._limits.admit(caller_of(call.address))
        if admission.is_allowed:
            return None
        seconds = admission.retry_after_seconds
        headers = {
            "Retry-After": str(seconds),
            "X-RateLimit-Limit": str(self._limits.limit.calls),
            "X-RateLimit-Window": str(self._limits.limit.seconds),
        }
        return json_response(429, {"error": _TOO_MANY, "retryAfterSeconds": seconds}, headers)

    def _language_of(self, asked: Asked) -> str:
        return asked.lang if asked.lang in {"es", "en"} else self._language

    def _inquiry(self, call: Call, asked: Asked, observable: Observable, *, is_documented: bool) -> Inquiry:
        return Inquiry(
            observable,
            model=self._models.resolve(asked.model),
            language=self._language_of(asked),
            keys={name: key for header, name in KEY_HEADERS.items() if (key := _key(call, header)) is not None},
            chat_key=_key(call, CHAT_KEY_HEADER),
            names=SOURCES if is_documented else None,
            wants_counterfactuals=not is_documented,
        )

    async def _assess_all(self, inquiry: Inquiry, text: str) -> Analysis:
        heard: dict[str, Heard] = {}
        weighed: Weighed | None = None
        async with aclosing(self._assess.gather(inquiry)) as parts:
            async for part in parts:
                match part:
                    case Heard():
                        heard[part.answer.source] = part
                    case Weighed():
                        weighed = part
        ordered = [heard[source.name] for source in self._assess.sources(inquiry)]
        return Analysis(self._assess, inquiry, ordered, cast("Weighed", weighed).weighing, text)


def _key(call: Call, header: str) -> Secret | None:
    """The caller's own key; an empty header counts as missing (contract 1.1.3)."""
    text = call.headers.get(header, "").strip()
    return Secret(text) if text else None
