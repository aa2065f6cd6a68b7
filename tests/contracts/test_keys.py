"""Keys as people and programs manage them over HTTP: checks 119 to 121, 124 to 127, 129 to 133 and 156."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx2
import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.credentials import about
from cybervault.access.members import NewMember
from cybervault.app.access import Access
from cybervault.app.product import put_together
from cybervault.domain.principals import KeyKind, Member, Plan, Role, Tenant
from cybervault.domain.secrets import Secret
from cybervault.faces.v3.management.key_shapes import KINDS
from tests.fakes.fixtures import Serve
from tests.fakes.keys import bearer
from tests.fakes.processes import NO_TLS
from tests.fakes.serving import Reply, Running

HEALTH: Final = "/v3/system/health"
PASSWORD: Final = Secret("correct horse battery staple")
# Behind a proxy on this machine, who calls from where.
HERE, ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}, {"X-Forwarded-For": "198.51.100.9"}
DAY: Final = 86_400

every_kind = pytest.mark.parametrize("kind", list(KINDS))


@dataclass(frozen=True, slots=True)
class Browser:
    """One in which a member has signed in."""

    http: httpx2.Client
    member: Member

    def ask(self, method: str, path: str, **body: object) -> Reply:
        """A request with a JSON body, where there is one."""
        reply = self.http.request(method, path, json=body or None)
        return Reply(reply.status_code, reply.headers, reply.text)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """What a GET that works answers."""
        reply = self.ask("GET", path)
        assert reply.status == 200, reply.text
        return reply.json

    def new_key(self, name: str = "ci", **wish: object) -> dict[str, Any]:
        """A new key, with its secret."""
        reply = self.ask("POST", "/v3/keys", name=name, **wish)
        assert reply.status == 201, reply.text
        found: dict[str, Any] = reply.json
        return found

    def step(self, key: dict[str, Any], what: str, **body: object) -> Reply:
        """Something is done to a key."""
        return self.ask("POST", f"/v3/keys/{key['id']}/{what}", **body)

    def sign_in(self) -> None:
        """Begin a session."""
        reply = self.ask("POST", "/api/console/sign-in", email=self.member.email, password=PASSWORD.reveal())
        assert reply.status == 200, reply.text


@dataclass(frozen=True, slots=True)
class Site:
    """A running server with one tenant, and the operator's hands on its state."""

    server: Running
    access: Access
    tenant: Tenant
    stack: ExitStack = field(default_factory=ExitStack)

    async def browser(self, role: Role = Role.OWNER) -> Browser:
        """A new member who signs in over HTTP."""
        members = self.access.people.members
        email = f"{role.value}{len(await members.list(self.tenant.id))}@acme.example"
        password = await self.access.people.passwords.hash(PASSWORD, about=about(email, "A"))
        wish = NewMember(email, "Ana", role, password)
        member = await members.create(self.tenant, wish, by=None, actor=OPERATOR)
        headers = {"Sec-Fetch-Site": "same-origin"} | HERE
        http = httpx2.Client(base_url=self.server.url, headers=headers, timeout=30, trust_env=False, verify=NO_TLS)
        browser = Browser(self.stack.enter_context(http), member)
        browser.sign_in()
        return browser

    def health(self, secret: str) -> tuple[int, str]:
        """How a key is answered: status, and the code of an error."""
        return told(self.server.get(HEALTH, bearer(secret)))

    async def plan(self, plan: Plan) -> None:
        """Another plan for the tenant."""
        await self.access.tenants.set_plan(self.tenant.id, plan, actor=OPERATOR)


def told(reply: Reply) -> tuple[int, str]:
    """Status, and the code of an error."""
    return reply.status, reply.json.get("error", {}).get("code", "") if reply.text else ""


@asynccontextmanager
async def site_on(server: Running) -> AsyncIterator[Site]:
    async with put_together(server.settings, server.clock) as product:
        tenant = await product.access.tenants.create("Acme", Plan.PROFESSIONAL, actor=OPERATOR)
        site = Site(server, product.access, tenant)
        with site.stack:
            yield site


@pytest.fixture
async def site(serve: Serve) -> AsyncIterator[Site]:
    async with site_on(serve(given={"trusted_proxies": ("127.0.0.0/8",)})) as site:
        yield site


@pytest.fixture
async def owner(site: Site) -> Browser:
    return await site.browser()


class TestCreate:
    async def test_check_119_a_starter_is_told_to_upgrade_and_has_service_keys(self, site: Site) -> None:
        await site.plan(Plan.STARTER)
        owner = await site.browser()
        refused = owner.ask("POST", "/v3/keys", name="mine")
        assert told(refused) == (403, "plan_upgrade_required")
        billing = f"{site.server.settings.base_url}/settings/billing"
        assert billing in refused.json["error"]["message"]
        # What the console shows its hint by, before anybody has tried.
        assert owner.get("/v3/tenant")["api_access"] == {
            "personal_keys": False, "other_keys": True, "upgrade_url": billing,
        }  # fmt: skip
        key = owner.new_key(kind="service_live")
        assert key["secret"].startswith("cv_live_sk_")
        assert site.health(key["secret"]) == (200, "")

    async def test_check_120_a_secret_is_shown_once_and_kept_nowhere(self, site: Site, owner: Browser) -> None:
        key = owner.new_key("github-actions-prod")
        secret = key["secret"]
        assert re.fullmatch("cbr_live_[0-9A-Za-z]{38}", secret)
        assert site.health(secret) == (200, "")
        for path in (f"/v3/keys/{key['id']}", "/v3/keys", "/v3/audit-log"):
            text = owner.ask("GET", path).text
            assert "github-actions-prod" in text
            assert secret not in text
        hidden = secret[len("cbr_live_") : -4]
        files = [path for path in site.server.settings.folder.glob("cybervault.db*") if path.is_file()]
        assert files
        assert not [path for path in files if hidden.encode() in path.read_bytes()]

    async def test_check_121_a_name_is_needed_and_an_expiry_lies_ahead(self, owner: Browser) -> None:
        assert told(owner.ask("POST", "/v3/keys", scopes=[])) == (400, "missing_parameter")
        assert told(owner.ask("POST", "/v3/keys", name="")) == (400, "invalid_name")
        assert told(owner.ask("POST", "/v3/keys", name="a", expires_at="2020-01-01")) == (400, "invalid_expiry")
        assert owner.new_key("a")["expires_at"] is None

    @every_kind
    async def test_check_124_a_key_works_until_its_expiry(self, site: Site, owner: Browser, kind: str) -> None:
        expires_at = (site.server.clock.now() + timedelta(hours=1)).isoformat()
        key = owner.new_key(kind=kind, expires_at=expires_at)
        site.server.clock.advance(3_599)
        assert site.health(key["secret"]) == (200, "")
        site.server.clock.advance(1)
        assert site.health(key["secret"]) == (401, "expired_api_key")


class TestLife:
    """Check 156: the same for every kind of key."""

    @every_kind
    async def test_check_125_156_after_a_rotation_both_secrets_work_for_a_day(
        self, site: Site, owner: Browser, kind: str
    ) -> None:
        key = owner.new_key(kind=kind)
        rotated = owner.step(key, "rotate")
        old, new = key["secret"], rotated.json["secret"]
        assert (rotated.status, old != new) == (201, True)
        assert new not in owner.ask("GET", f"/v3/keys/{key['id']}").text
        works, ended = (200, ""), (401, "revoked_api_key")
        for passed, expected in ((0, works), (DAY - 60, works), (61, ended)):
            site.server.clock.advance(passed)
            assert (site.health(old), site.health(new)) == (expected, works)

    @every_kind
    async def test_check_126_156_finishing_ends_the_old_secret_at_once(
        self, site: Site, owner: Browser, kind: str
    ) -> None:
        key = owner.new_key(kind=kind)
        new = owner.step(key, "rotate").json["secret"]
        assert site.health(key["secret"]) == (200, "")
        finished = owner.step(key, "finish-rotation")
        assert finished.status == 200
        assert finished.json["old_secret"]["last_use"].startswith("old secret last used")
        assert (site.health(key["secret"]), site.health(new)) == ((401, "revoked_api_key"), (200, ""))

    @every_kind
    async def test_check_127_156_a_rotation_is_not_begun_twice_nor_finished_unbegun(
        self, owner: Browser, kind: str
    ) -> None:
        key = owner.new_key(kind=kind)
        assert told(owner.step(key, "finish-rotation")) == (409, "no_rotation")
        assert owner.step(key, "rotate").status == 201
        assert told(owner.step(key, "rotate")) == (409, "rotation_in_progress")

    @every_kind
    async def test_check_129_156_revoking_is_final_and_ends_both_secrets(
        self, site: Site, owner: Browser, kind: str
    ) -> None:
        key = owner.new_key(kind=kind)
        new = owner.step(key, "rotate").json["secret"]
        assert owner.step(key, "revoke").json["state"] == "revoked"
        for secret in (key["secret"], new):
            assert site.health(secret) == (401, "revoked_api_key")
        for what in ("rotate", "finish-rotation", "cancel-rotation", "revoke"):
            assert told(owner.step(key, what)) == (409, "key_revoked")
        edits: tuple[dict[str, object], ...] = ({"name": "new"}, {"expires_at": None}, {"scopes": []})
        for edit in edits:
            assert told(owner.ask("PATCH", f"/v3/keys/{key['id']}", **edit)) == (409, "key_revoked")
        assert [(row["id"], row["state"]) for row in owner.get("/v3/keys")["data"]] == [(key["id"], "revoked")]
        assert site.health(new) == (401, "revoked_api_key")


class TestRights:
    async def test_a_personal_key_has_the_rights_of_its_owner_now(self, site: Site, owner: Browser) -> None:
        """What check 123 says of roles, on the paths that there are: a Viewer's key reads, and writes with the role."""
        viewer = await site.browser(Role.VIEWER)
        key = bearer(viewer.new_key("mine")["secret"])

        def make() -> tuple[int, str]:
            with httpx2.Client(base_url=site.server.url, trust_env=False, verify=NO_TLS, headers=key) as http:
                reply = http.post("/v3/service-accounts", json={"name": "made"})
            return told(Reply(reply.status_code, reply.headers, reply.text))

        def as_(role: str) -> int:
            return owner.ask("PATCH", f"/v3/users/{viewer.member.id}", role=role).status

        assert site.server.get(HEALTH, key).status == 200
        assert make() == (403, "invalid_scope")
        assert as_("admin") == 200
        assert make() == (201, "")
        assert as_("viewer") == 200
        assert make() == (403, "invalid_scope")
        assert owner.ask("DELETE", f"/v3/users/{viewer.member.id}").status == 200
        assert told(site.server.get(HEALTH, key)) == (401, "revoked_api_key")

    async def test_check_130_who_may_revoke_and_only_after_a_fresh_proof(self, site: Site, owner: Browser) -> None:
        mine, other = await site.browser(Role.MEMBER), await site.browser(Role.MEMBER)
        admin, key = await site.browser(Role.ADMIN), mine.new_key()
        assert told(other.step(key, "revoke", reason="I want to")) == (403, "insufficient_role")
        site.server.clock.advance(301)
        for browser in (admin, mine, owner):
            assert told(browser.step(key, "revoke", reason="left")) == (403, "reauth_required")
        assert site.health(key["secret"]) == (200, "")
        assert admin.ask("POST", "/api/console/proof", password=PASSWORD.reveal()).status == 204
        assert told(admin.step(key, "revoke")) == (400, "reason_required")
        assert admin.step(key, "revoke", reason="left").status == 200
        assert site.health(key["secret"]) == (401, "revoked_api_key")
        row = owner.get("/v3/audit-log?action=key.revoked")["data"][0]
        assert (row["actor"], row["details"]["reason"]) == (f"member:{admin.member.id}", "left")

    async def test_check_133_a_smaller_plan_suspends_personal_keys_alone(self, site: Site, owner: Browser) -> None:
        personal, service = owner.new_key()["secret"], owner.new_key(kind="service_live")["secret"]
        assert (site.health(personal), site.health(service)) == ((200, ""), (200, ""))
        await site.plan(Plan.STARTER)
        assert (site.health(personal), site.health(service)) == ((403, "plan_upgrade_required"), (200, ""))
        await site.plan(Plan.PROFESSIONAL)
        assert (site.health(personal), site.health(service)) == ((200, ""), (200, ""))


class TestUse:
    async def test_check_131_a_row_shows_the_last_use_and_where_the_last_success_came_from(
        self, site: Site, owner: Browser
    ) -> None:
        expires_at = "2027-01-31T00:00:00Z"
        key = owner.new_key(kind="service_live", expires_at=expires_at)
        headers = bearer(key["secret"])
        assert site.server.get(HEALTH, headers | HERE).status == 200
        site.server.clock.advance(60)
        assert site.server.get("/v3/users", headers | ELSEWHERE).status == 403
        (row,) = owner.get("/v3/keys")["data"]
        assert (row["created_at"], row["expires_at"]) == ("2026-11-01T00:00:00Z", expires_at)
        assert (row["last_used_at"], row["last_used_ip"]) == ("2026-11-01T00:01:00Z", "198.51.100.9")
        assert row["last_ip"] == "192.0.2.7"

    async def test_check_132_every_call_is_listed_in_pages_and_not_for_other_members(self, site: Site) -> None:
        member, other = await site.browser(Role.MEMBER), await site.browser(Role.MEMBER)
        key = member.new_key()
        for path in (HEALTH, "/v3/users", HEALTH):
            site.server.get(path, bearer(key["secret"]) | ELSEWHERE)
            site.server.clock.advance(1)
        site.server.get(HEALTH, bearer(key["secret"]) | ELSEWHERE, method="POST")
        calls = list(_pages(member, f"/v3/keys/{key['id']}/usage?limit=3"))
        assert [(row["at"], row["method"], row["path"], row["status"], row["ip"]) for row in calls] == [
            ("2026-11-01T00:00:03Z", "POST", "(no such path)", 405, "198.51.100.9"),
            ("2026-11-01T00:00:02Z", "GET", HEALTH, 200, "198.51.100.9"),
            ("2026-11-01T00:00:01Z", "GET", "/v3/users", 403, "198.51.100.9"),
            ("2026-11-01T00:00:00Z", "GET", HEALTH, 200, "198.51.100.9"),
        ]
        for path in (f"/v3/keys/{key['id']}/usage", f"/v3/keys/{key['id']}"):
            assert told(other.ask("GET", path)) == (404, "key_not_found")


def _pages(browser: Browser, path: str) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = browser.get(path + cursor)
        yield from page["data"]
        if not page["pagination"]["has_more"]:
            return
        cursor = f"&cursor={page['pagination']['next_cursor']}"


def test_every_kind_of_key_is_among_those_that_are_tried() -> None:
    assert set(KINDS.values()) == set(KeyKind)
