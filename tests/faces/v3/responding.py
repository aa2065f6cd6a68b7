"""The paths of response and detection behind the real frame, on SQLite and a clock that a test moves."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from fastapi import FastAPI

from cybervault.access.audit import OPERATOR
from cybervault.access.store.audit import Wanted
from cybervault.detection.rule import Rule
from cybervault.domain.jobs import Happened
from cybervault.domain.principals import KeyKind, Plan, Role, Scope
from cybervault.faces.http import Desk, Frame
from cybervault.faces.paging import Cursors
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v3.detection import DetectionPaths
from cybervault.faces.v3.response import ResponsePaths
from cybervault.faces.v3.routes import V3, face
from cybervault.response.actions import Actions
from cybervault.response.store import ActionStore
from tests.access.conftest import PEPPER
from tests.detection.chosen import choices_on
from tests.faces.framed import BASE, Framed, framed_on
from tests.fakes.keys import bearer


@dataclass(slots=True)
class Told:
    """The subjects of the events that were appended."""

    subjects: list[str] = field(default_factory=list)

    async def append(self, event: Happened) -> None:
        assert (event.topic, bool(event.tenant_id), bool(event.payload)) == ("action.recorded", True, True)
        self.subjects.append(event.subject)


@dataclass(frozen=True, slots=True)
class Responding:
    """The application, and what was told of its actions."""

    framed: Framed
    frame: Frame
    told: Told

    async def ask(self, method: str, path: str, headers: Mapping[str, str], *, json: object = None) -> httpx2.Response:
        """One request."""
        return await self.framed.ask(method, path, headers, json=json, frame=self.frame)

    async def key(self, *scopes: Scope, kind: KeyKind = KeyKind.SERVICE_LIVE) -> dict[str, str]:
        """The headers of a new key with these scopes."""
        name = f"key {len(await self.framed.world.keys.list(self.framed.world.tenant.id))}"
        return bearer((await self.framed.world.mint(name, kind, scopes=frozenset(scopes))).secret.reveal())

    async def stranger(self) -> dict[str, str]:
        """The headers of an Owner's browser, of another tenant."""
        tenant = await self.framed.world.tenants.create("other", Plan.PROFESSIONAL, actor=OPERATOR)
        return await self.framed.cookie(await self.framed.world.member(Role.OWNER, tenant_id=tenant.id))

    async def audited(self, change: str = "action.requested") -> list[dict[str, str]]:
        """What the audit of our tenant says of such changes, newest first."""
        wanted = Wanted(tenant_id=self.framed.world.tenant.id, action=change)
        rows = (await self.framed.world.audit.page(wanted)).rows
        return [dict(row.entry.details) | {"id": row.entry.targets[0], "by": row.entry.actor} for row in rows]


@asynccontextmanager
async def responding_on(file: Path, *, rules: Sequence[Rule] = ()) -> AsyncIterator[Responding]:
    """The parts, on a SQLite file that has all tables."""

    async def is_healthy() -> bool:
        return True

    async with framed_on(file) as framed:
        told = Told()
        actions = Actions(ActionStore(framed.world.database), (), framed.world.journal, events=told)
        app = FastAPI(openapi_url=None, redirect_slashes=False)
        app.router.routes.extend(V3(is_healthy, framed.clock).router().routes)
        app.router.routes.extend(ResponsePaths(actions, Cursors(PEPPER.key)).router().routes)
        choices = choices_on(framed.world, rules)
        app.router.routes.extend(DetectionPaths(choices, Cursors(PEPPER.key)).router().routes)
        desk = Desk(framed.callers, Rights(ROUTES), framed.idempotency)
        frame = Frame(app, (face(BASE),), outside=face(BASE), desk=desk, surroundings=framed.surroundings)
        yield Responding(framed, frame, told)
