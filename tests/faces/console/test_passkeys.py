"""Passkeys over HTTP: registered by who has signed in, and a sign-in of their own."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.principals import Role
from tests.access.passwordless import ORIGIN
from tests.faces.console.browsing import Browser, House, code_of, house_on
from tests.fakes.authenticator import Authenticator

BASE = "/api/console/passkeys"


async def add(browser: Browser, name: str = "laptop") -> tuple[Authenticator, dict[str, Any]]:
    """Register a device in a browser that has signed in."""
    begun = (await browser.post(f"{BASE}/register/options")).json()
    device = Authenticator(ORIGIN)
    body = {"ticket": begun["ticket"], "credential": device.make(begun["options"]), "name": name}
    reply = await browser.post(f"{BASE}/register", body)
    assert reply.status_code == 201
    assert reply.headers["cache-control"] == "no-store"
    return device, reply.json()


async def signed(browser: Browser, device: Authenticator) -> dict[str, Any]:
    """What the browser sends for a sign-in or a proof."""
    begun = (await browser.post(f"{BASE}/sign-in/options")).json()
    return {"ticket": begun["ticket"], "credential": device.sign(begun["options"])}


async def test_a_member_registers_lists_and_removes_passkeys(house: House) -> None:
    browser = await house.signed_in()
    _, first = await add(browser)
    assert len(first["recovery_codes"]) == 10
    house.people.clock.advance(1)
    _, second = await add(browser, "phone")
    assert second["recovery_codes"] == []
    listed = (await browser.ask("GET", BASE)).json()["passkeys"]
    assert listed == [first["passkey"], second["passkey"]]
    assert listed[0] | {"id": ""} == {
        "id": "", "name": "laptop", "created_at": "2026-11-01T00:00:00Z", "last_used_at": None,
    }  # fmt: skip
    gone = await browser.ask("DELETE", f"{BASE}/{first['passkey']['id']}")
    assert gone.status_code == 204
    assert code_of(await browser.ask("DELETE", f"{BASE}/{first['passkey']['id']}")) == (404, "second_factor_not_found")
    assert len((await browser.ask("GET", BASE)).json()["passkeys"]) == 1


async def test_a_passkey_signs_in_a_browser_that_knows_nobody(house: House) -> None:
    device, _ = await add(await house.signed_in())
    browser = house.browser()
    reply = await browser.post(f"{BASE}/sign-in", await signed(browser, device))
    assert reply.status_code == 200
    assert (reply.json()["is_current"], reply.json()["ip"]) == (True, "192.0.2.7")
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith("__Host-cybervault=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    listed = (await browser.ask("GET", BASE)).json()["passkeys"]
    assert listed[0]["last_used_at"] == "2026-11-01T00:00:00Z"


async def test_a_passkey_proves_again_who_it_is(house: House) -> None:
    browser = await house.signed_in()
    device, _ = await add(browser)
    house.people.clock.advance(600)
    assert code_of(await browser.post(f"{BASE}/register/options")) == (403, "reauth_required")
    before = browser.cookies["__Host-cybervault"]
    reply = await browser.post(f"{BASE}/proof", await signed(browser, device))
    assert reply.status_code == 204
    assert browser.cookies["__Host-cybervault"] != before
    assert (await browser.post(f"{BASE}/register/options")).status_code == 200


async def test_another_members_passkey_proves_nothing(house: House) -> None:
    ben = await house.people.member("ben", Role.MEMBER)
    device, _ = await add(await house.signed_in(ben))
    browser = await house.signed_in()
    assert code_of(await browser.post(f"{BASE}/proof", await signed(browser, device))) == (403, "wrong_proof")


async def test_another_members_passkeys_are_as_if_they_were_not(house: House) -> None:
    ben = await house.people.member("ben", Role.MEMBER)
    _, theirs = await add(await house.signed_in(ben))
    browser = await house.signed_in()
    assert (await browser.ask("GET", BASE)).json() == {"passkeys": []}
    for name in (theirs["passkey"]["id"], "AAAA", "%2e%2e"):
        assert code_of(await browser.ask("DELETE", f"{BASE}/{name}"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/register"), ("POST", "/register/options"), ("POST", "/proof"), ("DELETE", "/AAAA")],
)
async def test_nobody_does_it_without_a_session(house: House, method: str, path: str) -> None:
    assert code_of(await house.browser().ask(method, BASE + path)) == (401, "sign_in_required")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/register"), ("POST", "/register/options"), ("DELETE", "/AAAA")]
)
async def test_an_old_session_has_to_prove_itself_first(house: House, method: str, path: str) -> None:
    browser = await house.signed_in()
    house.people.clock.advance(300)
    assert code_of(await browser.ask(method, BASE + path)) == (403, "reauth_required")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/options"])
async def test_sign_in_is_not_for_other_sites_and_not_over_plain_http(house: House, path: str) -> None:
    """Another site's page cannot sign its visitor in as somebody else."""
    reply = await house.browser().ask("POST", BASE + path, {}, Sec_Fetch_Site="cross-site")
    assert code_of(reply) == (403, "cross_site_request")
    assert code_of(await house.browser(base="http://vault.example").post(BASE + path)) == (403, "https_required")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "missing_parameter")),
        ({"ticket": "x", "credential": "x"}, (400, "invalid_parameter")),
        ({"ticket": "x", "credential": {}}, (400, "attempt_expired")),
        ({"ticket": "x", "credential": {}, "member": "usr_1"}, (400, "invalid_parameter")),
    ],
)
async def test_a_malformed_sign_in_is_refused(house: House, body: object, expected: tuple[int, str]) -> None:
    assert code_of(await house.browser().post(f"{BASE}/sign-in", body)) == expected


async def test_an_unknown_passkey_is_refused(house: House) -> None:
    browser = house.browser()
    reply = await browser.post(f"{BASE}/sign-in", await signed(browser, Authenticator(ORIGIN, user_handle=b"usr_1")))
    assert code_of(reply) == (401, "passkey_refused")
    assert browser.cookies == {}


async def test_without_a_name_over_https_the_reason_is_told(sqlite_file: Path, tmp_path: Path) -> None:
    async with house_on(sqlite_file, tmp_path, public_url="http://10.0.0.5:8000") as house:
        reply = await house.browser().post(f"{BASE}/sign-in/options")
    assert code_of(reply) == (409, "passkeys_unavailable")
    assert "address" in reply.json()["error"]["message"]
