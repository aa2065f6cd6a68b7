"""The path that says who stands behind the ids in histories and in the audit."""

from collections.abc import Collection, Mapping
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.v3.management.office import Office

IDS_MAX: Final = 100

Kind = Literal["member", "key", "service_account"]
_KINDS: Final[Mapping[str, Kind]] = {"usr": "member", "key": "key", "sva": "service_account"}


class ActorsQuery(BaseModel):
    """Query of `GET /v3/tenant/actors`."""

    ids: str = Field(
        description=f"Ids of users, keys and service accounts, at most {IDS_MAX}, separated by commas.",
        examples=["usr_7d2m5x9k1c4v,key_4f1k9x2m7q0z"],
    )


class ActorReply(BaseModel):
    """Who somebody is."""

    id: str = Field(examples=["usr_7d2m5x9k1c4v"])
    kind: Kind
    name: str = Field(examples=["Ana Ruiz"])


class ActorList(BaseModel):
    """Answer of `GET /v3/tenant/actors`: of each id that was asked for and is the tenant's, the name it has now."""

    data: list[ActorReply]


class ActorPaths:
    """The endpoint."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def router(self) -> APIRouter:
        """The path."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route("/v3/tenant/actors", self.named, methods=["GET"], response_model=ActorList)
        return router

    async def named(self, call: Call, query: Annotated[ActorsQuery, Query()]) -> Response:
        """The names of users, keys and service accounts of the tenant by their ids; who is gone has none."""
        ids = list(dict.fromkeys(filter(None, map(str.strip, query.ids.split(",")))))
        if not 0 < len(ids) <= IDS_MAX:
            message = f"ids names 1 to {IDS_MAX} ids, separated by commas; these were {len(ids)}."
            raise Problem(ProblemKind.INVALID, code="invalid_parameter", message=message)
        names = await self._names((await call.principal()).tenant_id, {_kind_of(one) for one in ids})
        rows = [ActorReply(id=one, kind=_KINDS[_kind_of(one)], name=names[one]) for one in ids if one in names]
        return json_response(200, ActorList(data=rows).model_dump())

    async def _names(self, tenant_id: TenantId, kinds: Collection[str]) -> Mapping[str, str]:
        found = dict[str, str]()
        if "usr" in kinds:
            found |= {one.id: one.name for one in await self._office.members.list(tenant_id)}
        if "key" in kinds:
            found |= {one.id: one.name for one in await self._office.keys.list(tenant_id)}
        if "sva" in kinds:
            found |= {one.id: one.name for one in await self._office.service_accounts.list(tenant_id)}
        return found


def _kind_of(actor_id: str) -> str:
    return actor_id.partition("_")[0]
