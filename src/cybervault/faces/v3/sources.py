"""The path of v3 by which the console tells how sources stand and how old the local knowledge is."""

from collections.abc import Callable
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.clock import Clock
from cybervault.enrichment.standing import QuotaLeft, SourceState, Standing, Standings
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.moments import spelled
from cybervault.intel.knowledge import Knowledge, KnowledgeState


class SourceQuotaReply(BaseModel):
    """What a source allows, and what is left of it."""

    limit: int
    seconds: int
    remaining: int = Field(description="0 too while the source says that it is used up.")
    resets_at: str

    @classmethod
    def of(cls, left: QuotaLeft) -> "SourceQuotaReply":
        """One window."""
        return cls(
            limit=left.limit,
            seconds=left.seconds,
            remaining=left.remaining,
            resets_at=spelled(left.resets_at),
        )


class SourceReply(BaseModel):
    """A source as the operator set it up."""

    name: str = Field(examples=["abuseipdb"])
    title: str
    homepage: str
    state: SourceState = Field(description="`failing`: it did not answer lately, as this process has seen.")
    key: Literal["none", "optional", "required"]
    has_key: bool = Field(description="Whether the operator gave one; callers may bring their own.")
    quotas: list[SourceQuotaReply] = Field(description="Of the operator's key; empty where nothing is counted.")

    @classmethod
    def of(cls, standing: Standing) -> "SourceReply":
        """How it stands."""
        source = standing.source
        return cls(
            name=source.name,
            title=source.title,
            homepage=source.homepage,
            state=standing.state,
            key=source.key.value,
            has_key=standing.has_key,
            quotas=list(map(SourceQuotaReply.of, standing.left)),
        )


class PackageReply(BaseModel):
    """A package of lists that the local knowledge was built from."""

    name: str
    version: str


class KnowledgeReply(BaseModel):
    """The lists that are kept here and asked without anybody hearing of it."""

    built_at: str
    packages: list[PackageReply]
    counts: dict[str, int] = Field(description="How much of each there is.")

    @classmethod
    def of(cls, state: KnowledgeState) -> "KnowledgeReply":
        """What is built."""
        return cls(
            built_at=spelled(state.built_at),
            packages=[PackageReply(name=name, version=version) for name, version in state.packages],
            counts=dict(state.counts),
        )


class SourcesReply(BaseModel):
    """Answer of `GET /v3/system/sources`."""

    at: str
    sources: list[SourceReply]
    knowledge: KnowledgeReply | None = Field(description="Null while it is first built.")


class SourcesPaths:
    """The endpoint; `knowledge` gives what is built at each call."""

    def __init__(self, standings: Standings, knowledge: Callable[[], Knowledge | None], clock: Clock) -> None:
        self._standings = standings
        self._knowledge = knowledge
        self._clock = clock

    def router(self) -> APIRouter:
        """Its path."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route("/v3/system/sources", self.sources, methods=["GET"], response_model=SourcesReply)
        return router

    async def sources(self, call: Call) -> Response:
        """How sources stand, what is left of their quotas, and how old the local knowledge is; nobody is asked."""
        await call.principal()
        knowledge = self._knowledge()
        reply = SourcesReply(
            at=spelled(self._clock.now()),
            sources=[SourceReply.of(one) for one in await self._standings.all()],
            knowledge=None if knowledge is None else KnowledgeReply.of(knowledge.describe()),
        )
        return json_response(200, reply.model_dump(mode="json"))
