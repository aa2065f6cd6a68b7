"""To the identity provider and back, with a browser that keeps cookies."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.access.people import actor_of
from tests.faces.console.browsing import Browser, House, code_of, house_on

BASE = "/api/console/identity"
COOKIE = "__Host-cybervault-identity"


async def left(house: House, browser: Browser) -> str:
    """Go to the provider and sign in there; the path by which the browser comes back."""
    reply = await browser.ask("GET", f"{BASE}/start", Sec_Fetch_Site="none")
    assert reply.status_code == 303
    return f"{BASE}/return?{urlencode(house.outside.approve(reply.headers['location']))}"


async def test_a_browser_goes_there_and_comes_back_signed_in(house: House) -> None:
    browser = house.browser()
    started = await browser.ask("GET", f"{BASE}/start")
    assert started.headers["location"].startswith(f"{house.outside.url}/authorize?")
    assert started.headers["cache-control"] == "no-store"
    cookie = started.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    parts = {part.strip() for part in cookie.split(";")}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= parts
    answer = house.outside.approve(started.headers["location"])
    back = await browser.ask("GET", f"{BASE}/return?{urlencode(answer)}", Sec_Fetch_Site="cross-site")
    assert (back.status_code, back.headers["location"]) == (303, "/")
    assert back.headers["referrer-policy"] == "no-referrer"
    assert set(browser.cookies) == {"__Host-cybervault"}
    principal = await house.people.sessions.resolve(browser.cookies["__Host-cybervault"])
    assert principal.member_id == house.ana.id


async def test_another_browser_cannot_come_back_in_its_place(house: House) -> None:
    """Nobody is signed in as the attacker by a link."""
    path = await left(house, house.browser())
    assert code_of(await house.browser().ask("GET", path)) == (400, "attempt_expired")
    other = house.browser()
    await left(house, other)
    reply = await other.ask("GET", path)
    assert code_of(reply) == (401, "identity_refused")
    assert "__Host-cybervault" not in other.cookies


async def test_coming_back_twice_counts_once(house: House) -> None:
    browser = house.browser()
    path = await left(house, browser)
    ticket = browser.cookies[COOKIE]
    assert (await browser.ask("GET", path)).status_code == 303
    browser.cookies = {COOKIE: ticket}
    assert code_of(await browser.ask("GET", path)) == (400, "attempt_expired")


@pytest.mark.parametrize("added", ["&state=x", "&code=x", "&error=access_denied", "&iss=https%3A%2F%2Fevil.example"])
async def test_a_repeated_or_strange_parameter_lets_nobody_in(house: House, added: str) -> None:
    browser = house.browser()
    path = await left(house, browser)
    assert code_of(await browser.ask("GET", path + added)) == (401, "identity_refused")


async def test_a_suspended_member_stays_out(house: House) -> None:
    browser = house.browser()
    path = await left(house, browser)
    await house.people.members.suspend(house.ana.id, by=None, actor=actor_of(house.ana))
    assert code_of(await browser.ask("GET", path)) == (401, "sign_in_failed")


async def test_the_name_of_the_provider_is_told(house: House) -> None:
    assert (await house.browser().ask("GET", BASE)).json() == {"name": "Acme ID"}


async def test_a_provider_that_fails_is_told(house: House) -> None:
    house.outside.faults = {"discovery": "500"}
    assert code_of(await house.browser().ask("GET", f"{BASE}/start")) == (502, "identity_provider_failed")


@pytest.mark.parametrize("path", ["/start", "/return"])
async def test_it_is_not_for_plain_http(house: House, path: str) -> None:
    browser = house.browser(base="http://vault.example")
    assert code_of(await browser.ask("GET", BASE + path)) == (403, "https_required")


async def test_on_this_machine_the_cookie_has_another_name(house: House) -> None:
    browser = house.browser(base="http://localhost:8000", peer="127.0.0.1")
    path = await left(house, browser)
    assert set(browser.cookies) == {"cybervault-identity-local"}
    assert (await browser.ask("GET", path)).status_code == 303
    assert set(browser.cookies) == {"cybervault-local"}


async def test_without_a_provider_there_is_nothing(sqlite_file: Path, tmp_path: Path) -> None:
    async with house_on(sqlite_file, tmp_path, has_provider=False) as house:
        assert (await house.browser().ask("GET", BASE)).json() == {"name": None}
        for path in ("/start", "/return"):
            assert code_of(await house.browser().ask("GET", BASE + path)) == (404, "identity_off")
