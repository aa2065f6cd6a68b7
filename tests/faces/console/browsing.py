"""The paths of second factors, passkeys and the identity provider behind the real frame, and a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from fastapi import FastAPI

from cybervault.access.idempotency import Idempotency
from cybervault.access.store.idempotency import IdempotencyStore
from cybervault.domain.principals import Member, Role
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.faces.caller import Callers
from cybervault.faces.console.doorway import Doorway
from cybervault.faces.console.identity import IdentityPaths
from cybervault.faces.console.passkeys import PasskeyPaths
from cybervault.faces.console.second_factors import SecondFactorPaths
from cybervault.faces.http import Desk, Face, Frame, Surroundings, routes_of
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v3.shapes import ErrorForm
from cybervault.storage.engines import database_at
from tests.access.conftest import world_on
from tests.access.passwordless import ORIGIN, identities_of, other_doors_of
from tests.access.people import PEPPERS, People, people_on
from tests.egress.asks import nowhere
from tests.fakes.clock import HandClock
from tests.fakes.identity_provider import IdentityProvider

FORM: Final = ErrorForm(ORIGIN)
CONSOLE: Final = Face("/api/console", FORM.response, has_rights=True)
OWN_PAGE: Final = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """Somebody's browser: it keeps cookies, and says which page it asks from."""

    frame: Frame
    base: str = ORIGIN
    peer: str = "192.0.2.7"
    cookies: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> httpx2.Response:
        """One request from a page of ours; a header is named with _ for -."""
        own = {**OWN_PAGE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            own["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        transport = httpx2.ASGITransport(app=self.frame, client=(self.peer, 1), raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url=self.base) as client:
            reply = await client.request(method, path, headers=own, json=body)
        for text in reply.headers.get_list("set-cookie"):
            name, _, value = text.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return reply

    async def post(self, path: str, body: object = None) -> httpx2.Response:
        """A POST from a page of ours."""
        return await self.ask("POST", path, {} if body is None else body)


@dataclass
class House:
    """The server's side."""

    people: People
    outside: IdentityProvider
    frame: Frame
    ana: Member

    def browser(self, **given: Any) -> Browser:  # noqa: ANN401 - the fields of a browser
        """A browser in which nobody has signed in."""
        return Browser(self.frame, **given)

    async def signed_in(self, member: Member | None = None) -> Browser:
        """A browser in which a member has just signed in with a password."""
        token, _ = await self.people.session(member or self.ana)
        return Browser(self.frame, cookies={"__Host-cybervault": token.reveal()})


@asynccontextmanager
async def house_on(
    file: Path, folder: Path, *, has_provider: bool = True, public_url: str = ORIGIN
) -> AsyncIterator[House]:
    """All of it on a SQLite file that has all tables."""
    clock = HandClock()
    database = database_at(file, clock)
    await database.open()
    try:
        people = await people_on(database, clock, folder)
        async with (
            IdentityProvider(clock) as outside,
            Egress(Guard([outside.server.origin]), look_up=nowhere) as egress,
        ):
            identities = identities_of(people, outside, egress) if has_provider else None
            world = await world_on(database, clock=clock)
            doors = other_doors_of(people, identities, public_url)
            doorway = Doorway(None, ORIGIN)
            routers = (
                SecondFactorPaths(people.second_factors).router(),
                PasskeyPaths(doors.passkeys, doors.passwordless, members=people.members, doorway=doorway).router(),
                IdentityPaths(doors.passwordless, doorway=doorway, name="Acme ID").router(),
            )
            app = FastAPI(openapi_url=None, redirect_slashes=False)
            app.router.routes.extend(route for router in routers for route in router.routes)
            found = set(routes_of((CONSOLE,), app.router.routes))
            rights = Rights(rule for rule in ROUTES if (rule.method, rule.template) in found)
            rights.refuse_gaps(found)
            callers = Callers(world.keys, sessions=people.sessions, own_origin=ORIGIN)
            desk = Desk(callers, rights, Idempotency(IdempotencyStore(database), clock, PEPPERS))
            frame = Frame(app, (CONSOLE,), outside=Face("", FORM.response), desk=desk, surroundings=Surroundings(clock))
            await people.member("owner")
            yield House(people, outside, frame, await people.member("ana", Role.MEMBER))
    finally:
        await database.close()


def code_of(reply: httpx2.Response) -> tuple[int, str]:
    """Status and code of a failure."""
    return reply.status_code, reply.json()["error"]["code"]
