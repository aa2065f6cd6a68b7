"""The whole server in this process, with tenants, keys of every kind and a clock to be moved."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from fastapi import FastAPI

from cybervault.access.audit import OPERATOR
from cybervault.access.minting import NewKey
from cybervault.app.product import Product, put_together
from cybervault.app.server import create_app
from cybervault.domain.principals import KeyKind, Plan, Scope, Tenant
from cybervault.faces.http import Frame
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer
from tests.fakes.serving import SOURCES, Setup
from tests.fakes.upstream import UpstreamFarm

BAD: Final = "203.0.113.42"
"""The address that the sources call malicious."""

SEED: Final = {
    "type": "endpoint_telemetry",
    "payload": {
        "process_name": "svchost.exe",
        "pid": 4892,
        "network_connections": [{"dst_ip": "198.51.100.42", "port": 4444, "protocol": "TCP"}],
        "hash_sha256": "a]b]c]...",
    },
}
"""The body that the document of v3 prints, odd hash and all."""

Headers = Mapping[str, str]


@dataclass(slots=True)
class ThreatWorld:
    """The server, the operator's hands on its state, and the sources it asks."""

    frame: Frame
    product: Product
    farm: UpstreamFarm
    clock: HandClock
    tenants: dict[str, Tenant] = field(default_factory=dict)

    async def tenant(self, name: str = "acme", plan: Plan = Plan.ENTERPRISE) -> Tenant:
        """The tenant of this name."""
        if name not in self.tenants:
            self.tenants[name] = await self.product.access.tenants.create(name, plan, actor=OPERATOR)
        return self.tenants[name]

    async def key(
        self, *scopes: Scope, kind: KeyKind = KeyKind.SERVICE_LIVE, tenant: str = "acme", plan: Plan = Plan.ENTERPRISE
    ) -> dict[str, str]:
        """The header of a new key with these scopes, or with all that its kind may have."""
        owner = await self.tenant(tenant, plan)
        may = {scope for scope in Scope if not kind.is_read_only or scope.endswith(":read")}
        name = f"key {len(await self.product.access.keys.list(owner.id))}"
        wish = NewKey(kind, name, scopes=frozenset(scopes or may))
        minted = await self.product.access.minting.mint(owner, wish, by=None, actor=OPERATOR)
        return bearer(minted.secret.reveal())

    async def ask(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        json: object = None,
        **given: Any,  # noqa: ANN401 - those of the client
    ) -> httpx2.Response:
        """One request."""
        transport = httpx2.ASGITransport(app=self.frame, client=("192.0.2.1", 1), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="https://here") as client:
            return await client.request(method, path, headers=dict(headers or {}), json=json, **given)

    def calls(self) -> int:
        """How many requests the sources have seen."""
        return sum(len(self.farm.calls(name)) for name in SOURCES)


@asynccontextmanager
async def threat_world(setup: Setup) -> AsyncIterator[ThreatWorld]:
    """A server on a folder of its own."""
    clock, settings = HandClock(), setup.settings()
    frame = create_app(settings, clock)
    assert isinstance(frame, Frame)
    app = frame._app
    assert isinstance(app, FastAPI)
    async with app.router.lifespan_context(app), put_together(settings, clock) as product:
        yield ThreatWorld(frame, product, setup.farm, clock)
