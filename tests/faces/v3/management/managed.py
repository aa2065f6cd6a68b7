"""The paths of management behind the real frame, on SQLite and a clock that a test moves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2
from fastapi import FastAPI

from cybervault.access.audit import OPERATOR
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.consumption import Consumption
from cybervault.access.entries import Gate
from cybervault.access.members import Belongings, Members
from cybervault.access.one_time import OneTimeTokens
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.invitations import InvitationStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.sessions import SessionStore
from cybervault.access.store.usage import UsageStore
from cybervault.access.tokens import Peppers
from cybervault.access.usage import Usage
from cybervault.domain.principals import KeyKind, Member, Plan, Role, Scope, Tenant
from cybervault.faces.http import Desk, Frame
from cybervault.faces.paging import Cursors
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v3.management.office import Office
from cybervault.faces.v3.management.routes import management_routes
from cybervault.faces.v3.routes import face
from tests.access.conftest import PEPPER, World
from tests.faces.framed import BASE, Framed, framed_on
from tests.fakes.keys import bearer

Headers = Mapping[str, str]
UPGRADE: Final = f"{BASE}/settings/billing"


@dataclass(frozen=True, slots=True)
class Managed:
    """The application, its parts, and one tenant, `world.tenant`, beside which `stranger` makes another."""

    framed: Framed
    office: Office
    frame: Frame

    @property
    def world(self) -> World:
        return self.framed.world

    async def ask(
        self,
        method: str,
        path: str,
        headers: Headers | None = None,
        *,
        json: object = None,
        **given: Any,  # noqa: ANN401 - those of `Framed.ask`
    ) -> httpx2.Response:
        """One request."""
        return await self.framed.ask(method, path, headers or {}, json=json, frame=self.frame, **given)

    async def get(self, path: str, headers: Headers) -> Any:  # noqa: ANN401 - JSON
        """What a GET that works answers."""
        reply = await self.ask("GET", path, headers)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def signed_in(self, role: Role = Role.OWNER) -> tuple[Member, dict[str, str]]:
        """A new member of the role, and the headers of its browser, which has proved a moment ago who it is."""
        member = await self.world.member(role)
        return member, await self.framed.cookie(member)

    async def owner(self) -> dict[str, str]:
        """The headers of an Owner's browser."""
        return (await self.signed_in())[1]

    async def stranger(self, role: Role = Role.OWNER) -> tuple[Member, dict[str, str]]:
        """Somebody of another tenant, and the headers of their browser."""
        tenant = await self.other_tenant()
        member = await self.world.member(role, tenant_id=tenant.id)
        return member, await self.framed.cookie(member)

    async def other_tenant(self) -> Tenant:
        """A tenant beside ours."""
        found = {tenant.name: tenant for tenant in await self.world.tenants.list()}
        return found.get("other") or await self.world.tenants.create("other", Plan.PROFESSIONAL, actor=OPERATOR)

    async def manager(self, *scopes: Scope) -> dict[str, str]:
        """The headers of a key that manages keys, or has these scopes."""
        minted = await self.world.mint(
            f"manager {len(await self.world.keys.list(self.world.tenant.id))}",
            KeyKind.SERVICE_LIVE,
            scopes=frozenset(scopes) or frozenset({Scope.KEYS_MANAGE, Scope.THREAT_READ}),
        )
        return bearer(minted.secret.reveal())


@asynccontextmanager
async def managed_on(file: Path) -> AsyncIterator[Managed]:
    """The parts, on a SQLite file that has all tables."""
    async with framed_on(file) as framed:
        office = _office(framed, file.parent)
        app = FastAPI(openapi_url=None, redirect_slashes=False)
        app.router.routes.extend(management_routes(office))
        desk = Desk(framed.callers, Rights(ROUTES), framed.idempotency)
        surroundings = replace(framed.surroundings, usage=office.usage)
        frame = Frame(app, (face(BASE),), outside=face(BASE), desk=desk, surroundings=surroundings)
        yield Managed(framed, office, frame)


def _office(framed: Framed, folder: Path) -> Office:
    world = framed.world
    database, clock, peppers = world.database, world.clock, Peppers(PEPPER)
    tokens = OneTimeTokens(InvitationStore(database), clock, peppers)
    usage = Usage(UsageStore(database), clock)
    belongings = Belongings(SessionStore(database), tokens, KeyStore(database).revoke_all_of)
    return Office(
        clock=clock,
        base_url=BASE,
        cursors=Cursors(PEPPER.key),
        tenants=world.tenants,
        gate=Gate(upgrade_at=UPGRADE),
        keys=world.keys,
        minting=world.minting,
        key_changes=world.changes,
        service_accounts=world.accounts,
        members=Members(MemberStore(database), belongings, world.journal),
        usage=usage,
        consumption=Consumption(world.keys, usage=usage, limiter=framed.limits._limiter, clock=clock),
        audit=world.audit,
        checkpoints=Checkpoints(
            world.audit, AuditStore(database), clock, peppers=peppers, file=folder / "checkpoints.txt"
        ),
    )


def told(reply: httpx2.Response) -> tuple[int, str]:
    """Status and code of a failure, which has all of v3's form."""
    assert set(reply.json()) == {"error"}, reply.text
    error = reply.json()["error"]
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    assert error["request_id"] == reply.headers["x-request-id"]
    assert error["docs_url"] == f"{BASE}/api/docs/problems/{error['code']}"
    return reply.status_code, error["code"]


def alike(one: httpx2.Response, other: httpx2.Response) -> bool:
    """Whether two answers differ in nothing but their request id."""
    texts = [reply.text.replace(reply.headers["x-request-id"], "") for reply in (one, other)]
    return texts[0] == texts[1] and one.status_code == other.status_code
