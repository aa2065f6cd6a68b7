"""The path that tells a tenant what its plan gives: limits, and which keys it opens."""

from fastapi import APIRouter
from starlette.responses import Response

from cybervault.domain.principals import KeyKind, Plan
from cybervault.domain.problems import Problem
from cybervault.faces.call import Call, LeanRoute
from cybervault.faces.face import json_response
from cybervault.faces.v3.management import shapes
from cybervault.faces.v3.management.office import Office


class TenantPaths:
    """The endpoint."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def router(self) -> APIRouter:
        """The path."""
        router = APIRouter(route_class=LeanRoute)
        router.add_api_route("/v3/tenant", self.show, methods=["GET"], response_model=shapes.TenantReply)
        return router

    async def show(self, call: Call) -> Response:
        """The caller's tenant: its plan, the limits that hold now, and which keys the plan opens."""
        tenant = await self._office.tenants.find((await call.principal()).tenant_id)
        access = shapes.ApiAccessReply(
            personal_keys=self._opens(KeyKind.PERSONAL_LIVE, tenant.plan),
            other_keys=self._opens(KeyKind.SERVICE_LIVE, tenant.plan),
            upgrade_url=self._office.gate.upgrade_at,
        )
        plans = [self._plan(plan) for plan in Plan]
        reply = shapes.TenantReply.of(tenant, access, await self._office.tenants.limits(tenant.id), plans)
        return json_response(200, reply.model_dump())

    def _plan(self, plan: Plan) -> shapes.PlanReply:
        return shapes.PlanReply(
            plan=plan.value,
            personal_keys=self._opens(KeyKind.PERSONAL_LIVE, plan),
            other_keys=self._opens(KeyKind.SERVICE_LIVE, plan),
            limits=shapes.limits_of(plan, ()),
        )

    def _opens(self, kind: KeyKind, plan: Plan) -> bool:
        try:
            self._office.gate.refuse_plan(kind, plan)
        except Problem:
            return False
        return True
