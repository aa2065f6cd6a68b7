"""The paths of v3 by which a tenant looks at the detection rules, and says which of them count for it."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from cybervault.detection.choices import Choices
from cybervault.detection.rules.choice import EVERYTHING, Choice
from cybervault.domain.principals import Environment, Principal
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.openapi import body_of
from cybervault.faces.paging import Cursors
from cybervault.faces.v3 import detection_shapes as shapes
from cybervault.faces.v3.management.office import pagination_of, wish_of

_RULES: Final = "/v3/detection/rules"
_PROFILE: Final = "/v3/detection/profile"
_FILTERS: Final = "/v3/detection/filters"


class DetectionPaths:
    """The endpoints. A test key sees the rules of the installation, and nothing that somebody chose."""

    def __init__(self, choices: Choices, cursors: Cursors) -> None:
        self._choices = choices
        self._cursors = cursors

    def router(self) -> APIRouter:
        """All paths of detection."""
        router, one = APIRouter(route_class=LeanRoute), f"{_RULES}/{{rule_id}}"
        add = router.add_api_route
        add(_RULES, self.listed, methods=["GET"], response_model=shapes.RuleList)
        add(one, self.rule, methods=["GET"], response_model=shapes.RuleReply)
        add(
            one, self.change, methods=["PATCH"], response_model=shapes.RuleReply,
            openapi_extra=body_of(shapes.RuleEdit),
        )  # fmt: skip
        add(_PROFILE, self.profile, methods=["GET"], response_model=shapes.ProfileReply)
        add(
            _PROFILE, self.change_profile, methods=["PATCH"], response_model=shapes.ProfileReply,
            openapi_extra=body_of(shapes.ProfileEdit),
        )  # fmt: skip
        add(_FILTERS, self.filters, methods=["GET"], response_model=shapes.FilterList)
        add(
            _FILTERS, self.add_filter, methods=["POST"], response_model=shapes.FilterReply, status_code=201,
            openapi_extra=body_of(shapes.FilterRequest),
        )  # fmt: skip
        add(f"{_FILTERS}/{{filter_id}}", self.remove_filter, methods=["DELETE"], status_code=204)
        return router

    async def listed(self, call: Call, query: Annotated[shapes.RulesQuery, Query()]) -> Response:
        """The rules, by title, each with whether it counts for the caller's tenant."""
        principal, wish = await call.principal(), await wish_of(call, query, self._cursors, **query.narrowed())
        found = self._choices.catalogue.select(query.to_core(), await self._choice(principal))
        rest = [known for known in found if wish.after is None or known.mark > tuple(map(str, wish.after))]
        page = rest[: wish.most]
        last = page[-1].mark if len(rest) > wish.most else None
        reply = shapes.RuleList(
            data=[shapes.RuleReply.of(known) for known in page], pagination=pagination_of(wish, last, self._cursors)
        )
        return json_response(200, reply.model_dump(mode="json"))

    async def rule(self, call: Call) -> Response:
        """One rule."""
        choice = await self._choice(await call.principal())
        known = self._choices.catalogue.find(call.path_params["rule_id"], choice)
        return json_response(200, shapes.RuleReply.of(known).model_dump(mode="json"))

    async def change(self, call: Call) -> Response:
        """Enable or disable a rule for the caller's tenant, from the next event on."""
        principal, request = await call.principal(), await call.body(shapes.RuleEdit)
        tenant_id, rule_id, actor = principal.tenant_id, call.path_params["rule_id"], await call.actor()
        if request.enabled:
            known = await self._choices.enable(tenant_id, rule_id, actor=actor)
        else:
            known = await self._choices.disable(tenant_id, rule_id, request.reason, actor=actor)
        return json_response(200, shapes.RuleReply.of(known).model_dump(mode="json"))

    async def profile(self, call: Call) -> Response:
        """From which level on rules count for the caller's tenant, and the packs that there are."""
        return self._profile_of(await self._choice(await call.principal()))

    async def change_profile(self, call: Call) -> Response:
        """Have rules count from a level on."""
        principal, request = await call.principal(), await call.body(shapes.ProfileEdit)
        actor = await call.actor()
        return self._profile_of(await self._choices.set_level(principal.tenant_id, request.to_core(), actor=actor))

    async def filters(self, call: Call) -> Response:
        """The filters that the caller's tenant has of its own, oldest first."""
        principal = await call.principal()
        is_made_up = principal.environment is Environment.SANDBOX
        found = () if is_made_up else await self._choices.filters(principal.tenant_id)
        reply = shapes.FilterList(data=[shapes.FilterReply.of(one) for one in found])
        return json_response(200, reply.model_dump())

    async def add_filter(self, call: Call) -> Response:
        """Keep a filter in the form of Sigma, instead of the one of its id, from the next event on."""
        principal, request = await call.principal(), await call.body(shapes.FilterRequest)
        made = await self._choices.add_filter(principal.tenant_id, request.text, actor=await call.actor())
        return json_response(201, shapes.FilterReply.of(made).model_dump())

    async def remove_filter(self, call: Call) -> Response:
        """Forget a filter."""
        principal, actor = await call.principal(), await call.actor()
        await self._choices.remove_filter(principal.tenant_id, call.path_params["filter_id"], actor=actor)
        return Response(status_code=204)

    def _profile_of(self, choice: Choice) -> Response:
        reply = shapes.ProfileReply.of(choice, self._choices.catalogue)
        return json_response(200, reply.model_dump())

    async def _choice(self, principal: Principal) -> Choice:
        if principal.environment is Environment.SANDBOX:
            return EVERYTHING
        return await self._choices.of(principal.tenant_id)
