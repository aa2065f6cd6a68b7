"""A tenant whose members have signed in, one of each role, made as an operator and the members themselves do it."""

import asyncio
from dataclasses import dataclass
from typing import Final

import httpx2

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.setup import NewAdmin
from cybervault.app.access import Access
from cybervault.app.product import open_access
from cybervault.domain.principals import Plan, Role
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings
from tests.fakes.serving import Running

PASSWORD: Final = "correct horse battery"
TENANT: Final = "Acme"


@dataclass(slots=True)
class Home:
    """The server, and the cookie of each member's session; `headers` are those of their own pages."""

    server: Running
    cookies: dict[Role, str]

    def ask(
        self, method: str, path: str, body: object = None, *, role: Role = Role.OWNER, cookie: str = ""
    ) -> httpx2.Response:
        """One request that a member's own page could make, in the session of this cookie."""
        headers = self._headers(cookie or self.cookies[role])
        with httpx2.Client(base_url=self.server.url, trust_env=False, timeout=30) as client:
            return client.request(method, path, json=body, headers=headers)

    def hand_in(self, content: bytes) -> str:
        """The id of a batch of telemetry that is looked through later."""
        headers = self._headers() | {"Content-Type": "application/octet-stream", "Prefer": "respond-async"}
        with httpx2.Client(base_url=self.server.url, trust_env=False, timeout=30) as client:
            asked = client.post("/v3/telemetry", content=content, headers=headers)
        assert asked.status_code == 202, asked.text
        id_: str = asked.json()["batch_id"]
        return id_

    def _headers(self, cookie: str = "") -> dict[str, str]:
        return {"Cookie": f"cybervault-local={cookie or self.cookies[Role.OWNER]}", "Sec-Fetch-Site": "same-origin"}


def email_of(role: Role) -> str:
    """The address of the member of this role."""
    return f"{role.value.replace('_', '.')}@acme.example"


def settled(server: Running) -> Home:
    """Members of each role in a tenant of the largest plan."""
    asyncio.run(_move_in(server.settings))
    return Home(server, {role: sign_in(server, email_of(role)) for role in Role})


async def newcomer(server: Running, role: Role, name: str) -> str:
    """A further member, for a test that changes what is theirs; gives their address."""
    email = f"{name.lower()}@acme.example"
    await asyncio.to_thread(lambda: asyncio.run(_let_in(server.settings, email, role, name)))
    return email


def sign_in(server: Running, email: str) -> str:
    """The cookie of a new session."""
    body = {"email": email, "password": PASSWORD}
    with httpx2.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        reply = client.post("/api/console/sign-in", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert reply.status_code == 200, reply.text
    return reply.cookies["cybervault-local"]


async def _move_in(settings: Settings) -> None:
    async with open_access(settings) as access:
        owner = NewAdmin(email_of(Role.OWNER), "Ada Owner", Secret(PASSWORD), TENANT, Plan.ENTERPRISE)
        await access.people.setup.create_admin(owner, actor=OPERATOR)
        for role in (role for role in Role if role is not Role.OWNER):
            await _add(access, email_of(role), role, f"Bo {role.name.title()}")


async def _let_in(settings: Settings, email: str, role: Role, name: str) -> None:
    async with open_access(settings) as access:
        await _add(access, email, role, name)


async def _add(access: Access, email: str, role: Role, name: str) -> None:
    kept = await access.people.passwords.hash(Secret(PASSWORD))
    wish = NewMember(email, name, role, kept)
    await access.people.members.create(await access.tenants.find(TENANT), wish, by=None, actor=OPERATOR)
