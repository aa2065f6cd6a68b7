"""The paths of sign-in over the real frame: cookies, the cross-site rule, HTTPS, and one form of failures."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.store.tenants import TenantStore
from cybervault.access.tenants import Tenants
from cybervault.access.totp import code_at, step_of
from cybervault.domain.principals import KeyKind, Member, Role
from cybervault.faces.caller import Callers
from cybervault.faces.console.doorway import Doorway
from cybervault.faces.console.sign_in import Reception, SignInPaths, face
from cybervault.faces.http import Desk, Face, Frame, Surroundings, routes_of
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v3.shapes import ErrorForm
from cybervault.storage.engines import database_at
from tests.access.conftest import PEPPER, World, world_on
from tests.access.people import PASSWORD, People, actor_of, people_on
from tests.fakes.clock import HandClock
from tests.fakes.keys import bearer

BASE: Final = "https://cv.example"
FORM: Final = ErrorForm(BASE)
OWN: Final = {"Sec-Fetch-Site": "same-origin"}
BROWSER: Final = {"User-Agent": "a browser", **OWN}
CREDENTIALS: Final = {"email": "ana@acme.example", "password": PASSWORD.reveal()}
NEWER: Final = "another good password"


@dataclass(slots=True)
class Site:
    """The paths behind the frame, and browsers that visit them."""

    people: People
    world: World
    frame: Frame

    def browser(self, base: str = BASE, peer: str = "192.0.2.7", **headers: str) -> httpx2.AsyncClient:
        """One that keeps its cookies."""
        transport = httpx2.ASGITransport(app=self.frame, client=(peer, 1), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url=base, headers=headers or BROWSER)

    async def signed_in(self) -> httpx2.AsyncClient:
        """A browser in which Ana has signed in."""
        browser = self.browser()
        reply = await browser.post("/api/console/sign-in", json=CREDENTIALS)
        assert reply.status_code == 200, reply.text
        return browser


def framed(people: People, world: World, public_url: str | None) -> Frame:
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    tenants = Tenants(TenantStore(people.database), people.journal)
    reception = Reception(tenants, people.members, people.sessions, people.sign_in, people.credentials, people.setup)
    app.router.routes.extend(SignInPaths(reception, Doorway(public_url, BASE)).router().routes)
    faces = (face(FORM.response),)
    rights = Rights(
        rule for rule in ROUTES if rule.template in {path for _, path in routes_of(faces, app.router.routes)}
    )
    rights.refuse_gaps(routes_of(faces, app.router.routes))
    callers = Callers(world.keys, sessions=people.sessions, public_url=public_url, own_origin=BASE)
    return Frame(
        app, faces, outside=Face("", FORM.response), desk=Desk(callers, rights), surroundings=Surroundings(people.clock)
    )


@pytest.fixture
async def site(sqlite_file: Path, tmp_path: Path) -> AsyncIterator[Site]:
    clock = HandClock()
    database = database_at(sqlite_file, clock)
    await database.open()
    world = await world_on(database, PEPPER, clock=clock)
    people = await people_on(database, clock, tmp_path)
    yield Site(people, world, framed(people, world, None))
    await database.close()


@pytest.fixture
async def ana(site: Site) -> Member:
    return await site.people.member("ana")


def told(reply: httpx2.Response) -> tuple[int, str]:
    """Status and code; every failure has the one form."""
    error = reply.json()["error"]
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    assert error["docs_url"] == f"{BASE}/api/docs/problems/{error['code']}"
    return reply.status_code, error["code"]


async def with_codes(people: People, member: Member) -> bytes:
    begun = await people.second_factors.begin(member.id)
    secret = base64.b32decode(begun.secret.reveal().replace(" ", "").upper())
    code = code_at(secret, step_of(people.clock.now()))
    await people.second_factors.confirm(member.id, begun.ticket, code, actor=actor_of(member))
    people.clock.advance(30)
    return secret


class TestSignIn:
    async def test_answers(self, site: Site, ana: Member) -> None:
        reply = await site.browser().post("/api/console/sign-in", json=CREDENTIALS)
        session = reply.json()
        assert reply.status_code == 200
        assert (session["ip"], session["agent"], session["is_current"]) == ("192.0.2.7", "a browser", True)
        assert (session["created_at"], session["expires_at"], session["proved_until"]) == (
            "2026-11-01T00:00:00Z", "2026-11-01T00:30:00Z", "2026-11-01T00:05:00Z",
        )  # fmt: skip
        name, _, rest = reply.headers["set-cookie"].partition("=")
        assert name == "__Host-cybervault"
        assert rest.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure"
        assert reply.headers["cache-control"] == "no-store"
        assert [one.member_id for one in await site.people.sessions.list(ana.id)] == [ana.id]

    @pytest.mark.usefixtures("ana")
    async def test_the_token_stands_in_the_cookie_and_nowhere_else(self, site: Site) -> None:
        """Contract check 155: no script and no browser storage ever sees it."""
        reply = await site.browser().post("/api/console/sign-in", json=CREDENTIALS)
        token = reply.headers["set-cookie"].partition("=")[2].partition(";")[0]
        assert len(token) == 43
        assert token not in reply.text

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize("email", ["ana@acme.example", "nobody@acme.example", "no address"])
    async def test_a_failure_does_not_tell_who_is_a_member(self, site: Site, email: str) -> None:
        reply = await site.browser().post("/api/console/sign-in", json={"email": email, "password": "wrong one"})
        assert told(reply) == (401, "sign_in_failed")
        assert "set-cookie" not in reply.headers
        assert reply.json()["error"]["message"] == "The e-mail address or the password is not right."

    @pytest.mark.usefixtures("ana")
    async def test_over_limit(self, site: Site) -> None:
        browser, wrong = site.browser(), CREDENTIALS | {"password": "wrong one"}
        for _ in range(5):
            assert told(await browser.post("/api/console/sign-in", json=wrong)) == (401, "sign_in_failed")
        reply = await browser.post("/api/console/sign-in", json=CREDENTIALS)
        assert told(reply) == (429, "too_many_attempts")
        assert reply.headers["retry-after"] == "1"

    async def test_a_second_factor_is_asked_for(self, site: Site, ana: Member) -> None:
        secret = await with_codes(site.people, ana)
        browser = site.browser()
        assert told(await browser.post("/api/console/sign-in", json=CREDENTIALS)) == (401, "second_factor_required")
        code = code_at(secret, step_of(site.people.clock.now()))
        assert (await browser.post("/api/console/sign-in", json=CREDENTIALS | {"code": code})).status_code == 200

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize(
        "body", [{}, {"email": "ana@acme.example"}, CREDENTIALS | {"role": "owner"}, {"email": 1, "password": 2}]
    )
    async def test_malformed(self, site: Site, body: dict[str, Any]) -> None:
        reply = await site.browser().post("/api/console/sign-in", json=body)
        assert reply.status_code == 400
        assert PASSWORD.reveal() not in reply.text

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("sign-in", CREDENTIALS),
            ("setup", {"token": "t", "name": "x", **CREDENTIALS}),
            ("invitation", {"token": "t", "password": NEWER}),
        ],
    )
    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
    async def test_not_from_another_sites_page(
        self, site: Site, headers: dict[str, str], path: str, body: dict[str, str]
    ) -> None:
        """Security: nobody is signed in here under a stranger's name without knowing it."""
        reply = await site.browser(**headers).post(f"/api/console/{path}", json=body)
        assert told(reply) == (403, "cross_site_request")

    @pytest.mark.usefixtures("ana")
    async def test_a_script_without_these_headers_may_sign_in(self, site: Site) -> None:
        browser = site.browser(**{"User-Agent": "curl"})
        assert (await browser.post("/api/console/sign-in", json=CREDENTIALS)).status_code == 200

    @pytest.mark.usefixtures("ana")
    async def test_over_plain_http_from_elsewhere_no_password_is_looked_at(self, site: Site) -> None:
        browser = site.browser("http://cv.example")
        assert told(await browser.post("/api/console/sign-in", json=CREDENTIALS)) == (403, "https_required")

    @pytest.mark.usefixtures("ana")
    async def test_on_the_machine_itself_a_cookie_of_another_name_is_enough(self, site: Site) -> None:
        browser = site.browser("http://localhost:8000", "127.0.0.1")
        reply = await browser.post("/api/console/sign-in", json=CREDENTIALS)
        assert reply.headers["set-cookie"].startswith("cybervault-local=")
        assert "Secure" not in reply.headers["set-cookie"]
        assert (await browser.get("/api/console/me")).status_code == 200

    async def test_behind_a_proxy_that_speaks_https_the_public_address_tells_so(self, site: Site, ana: Member) -> None:
        site.frame = framed(site.people, site.world, BASE)
        reply = await site.browser("http://10.0.0.1:8000").post("/api/console/sign-in", json=CREDENTIALS)
        assert reply.headers["set-cookie"].startswith("__Host-cybervault=")
        assert len(await site.people.sessions.list(ana.id)) == 1


class TestMe:
    async def test_answers(self, site: Site, ana: Member) -> None:
        reply = (await (await site.signed_in()).get("/api/console/me")).json()
        assert reply["member"] == {"id": ana.id, "email": "ana@acme.example", "name": "Ana", "role": "owner"}
        assert reply["tenant"] == {"id": site.people.tenant.id, "name": "acme", "plan": "professional"}
        assert "keys:manage" in reply["scopes"]
        assert reply["session"]["is_current"]

    async def test_without_a_session(self, site: Site) -> None:
        assert told(await site.browser().get("/api/console/me")) == (401, "sign_in_required")

    @pytest.mark.usefixtures("ana")
    async def test_a_key_does_not_open_it(self, site: Site) -> None:
        minted = await site.world.mint("ci", KeyKind.SERVICE_LIVE)
        reply = await site.browser().get("/api/console/me", headers=bearer(minted.secret.reveal()))
        assert told(reply) == (403, "session_required")

    @pytest.mark.usefixtures("ana")
    async def test_an_ended_session(self, site: Site) -> None:
        browser = await site.signed_in()
        site.people.clock.advance(1_800)
        assert told(await browser.get("/api/console/me")) == (401, "session_ended")

    @pytest.mark.usefixtures("ana")
    async def test_reading_from_another_sites_page_needs_no_rule(self, site: Site) -> None:
        browser = await site.signed_in()
        reply = await browser.get("/api/console/me", headers={"Sec-Fetch-Site": "cross-site"})
        assert reply.status_code == 200
        assert "access-control-allow-origin" not in reply.headers


class TestSignOut:
    @pytest.mark.usefixtures("ana")
    async def test_answers(self, site: Site) -> None:
        browser = await site.signed_in()
        kept = dict(browser.cookies)
        reply = await browser.post("/api/console/sign-out")
        assert reply.status_code == 204
        assert "Max-Age=0" in reply.headers["set-cookie"]
        assert told(await browser.get("/api/console/me")) == (401, "sign_in_required")
        again = site.browser()
        again.cookies.update(kept)
        assert told(await again.get("/api/console/me")) == (401, "session_ended")

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])
    async def test_not_from_another_sites_page(self, site: Site, headers: dict[str, str]) -> None:
        browser = await site.signed_in()
        for path in ("sign-out", "sessions/end-others", "proof", "password"):
            reply = await browser.post(f"/api/console/{path}", headers=headers, json={})
            assert told(reply) == (403, "cross_site_request")
        assert (await browser.get("/api/console/me")).status_code == 200


class TestProof:
    @pytest.mark.usefixtures("ana")
    async def test_answers(self, site: Site) -> None:
        browser = await site.signed_in()
        site.people.clock.advance(600)
        before = dict(browser.cookies)
        reply = await browser.post("/api/console/proof", json={"password": PASSWORD.reveal()})
        assert reply.status_code == 204
        me = (await browser.get("/api/console/me")).json()
        assert me["session"]["proved_until"] == "2026-11-01T00:15:00Z"
        again = site.browser()
        again.cookies.update(before)
        assert told(await again.get("/api/console/me")) == (401, "sign_in_required")

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize("body", [{}, {"password": "wrong one"}, {"code": "123456"}])
    async def test_a_wrong_one(self, site: Site, body: dict[str, str]) -> None:
        reply = await (await site.signed_in()).post("/api/console/proof", json=body)
        assert told(reply) == (403, "wrong_proof")
        assert "set-cookie" not in reply.headers


class TestSessions:
    async def test_answers(self, site: Site, ana: Member) -> None:
        other, browser = await site.signed_in(), await site.signed_in()
        found = (await browser.get("/api/console/sessions")).json()["sessions"]
        assert [one["is_current"] for one in found].count(True) == 1
        (strange,) = [one["id"] for one in found if not one["is_current"]]
        assert (await browser.delete(f"/api/console/sessions/{strange}")).status_code == 204
        assert told(await other.get("/api/console/me")) == (401, "session_ended")
        assert len(await site.people.sessions.list(ana.id)) == 1

    @pytest.mark.usefixtures("ana")
    async def test_the_own_session_goes_with_its_cookie(self, site: Site) -> None:
        browser = await site.signed_in()
        own = (await browser.get("/api/console/me")).json()["session"]["id"]
        reply = await browser.delete(f"/api/console/sessions/{own}")
        assert "Max-Age=0" in reply.headers["set-cookie"]

    @pytest.mark.usefixtures("ana")
    async def test_other_member_sees_nothing(self, site: Site) -> None:
        bo = await site.people.member("bo", Role.VIEWER)
        _, session = await site.people.session(bo)
        browser = await site.signed_in()
        for wanted in (session.id, "ses_nobody"):
            reply = await browser.delete(f"/api/console/sessions/{wanted}")
            assert told(reply) == (404, "session_not_found")
        assert len((await browser.get("/api/console/sessions")).json()["sessions"]) == 1

    @pytest.mark.usefixtures("ana")
    async def test_all_others_end(self, site: Site) -> None:
        other, browser = await site.signed_in(), await site.signed_in()
        assert (await browser.post("/api/console/sessions/end-others")).json() == {"ended": 1}
        assert told(await other.get("/api/console/me")) == (401, "session_ended")
        assert (await browser.get("/api/console/me")).status_code == 200


class TestPassword:
    @pytest.mark.usefixtures("ana")
    async def test_answers(self, site: Site) -> None:
        other, browser = await site.signed_in(), await site.signed_in()
        body = {"current": PASSWORD.reveal(), "new": NEWER}
        assert (await browser.post("/api/console/password", json=body)).status_code == 204
        assert (await browser.get("/api/console/me")).status_code == 200
        assert told(await other.get("/api/console/me")) == (401, "session_ended")
        reply = await site.browser().post("/api/console/sign-in", json=CREDENTIALS | {"password": NEWER})
        assert reply.status_code == 200

    @pytest.mark.usefixtures("ana")
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({"current": "wrong one", "new": NEWER}, (403, "wrong_proof")),
            ({"current": PASSWORD.reveal(), "new": "short"}, (400, "weak_password")),
            ({"new": NEWER}, (400, "missing_parameter")),
        ],
    )
    async def test_refused(self, site: Site, body: dict[str, str], expected: tuple[int, str]) -> None:
        assert told(await (await site.signed_in()).post("/api/console/password", json=body)) == expected


class TestInvitation:
    async def test_answers(self, site: Site) -> None:
        wish = NewMember("bo@acme.example", "Bo", Role.MEMBER)
        _, token = await site.people.members.invite(site.people.tenant, wish, by=None, actor=OPERATOR)
        body = {"token": token.reveal(), "password": NEWER}
        reply = await site.browser().post("/api/console/invitation", json=body)
        assert (reply.status_code, reply.json()["email"]) == (200, "bo@acme.example")
        assert "set-cookie" not in reply.headers
        signed_in = await site.browser().post("/api/console/sign-in", json={"email": wish.email, "password": NEWER})
        assert signed_in.status_code == 200
        assert told(await site.browser().post("/api/console/invitation", json=body)) == (400, "invalid_token")


class TestSetup:
    async def test_answers(self, site: Site) -> None:
        browser = site.browser()
        assert (await browser.get("/api/console/setup")).json() == {"is_open": True}
        token = await site.people.setup.offer()
        assert token is not None
        body = {"token": token.reveal(), "name": "Ana", "plan": "starter", **CREDENTIALS}
        reply = await browser.post("/api/console/setup", json=body)
        assert (reply.status_code, reply.json()["role"]) == (201, "owner")
        assert (await browser.post("/api/console/sign-in", json=CREDENTIALS)).status_code == 200
        assert (await browser.get("/api/console/setup")).json() == {"is_open": False}
        assert told(await browser.post("/api/console/setup", json=body)) == (409, "already_set_up")

    async def test_without_the_token(self, site: Site) -> None:
        """Security: who finds the page first gets nothing."""
        await site.people.setup.offer()
        body = {"token": "guess", "name": "Eve", **CREDENTIALS}
        assert told(await site.browser().post("/api/console/setup", json=body)) == (400, "invalid_token")


@pytest.mark.usefixtures("ana")
async def test_a_path_that_is_not_there_is_told_in_the_same_form(site: Site) -> None:
    assert told(await site.browser().get("/api/console/nothing")) == (404, "not_found")
