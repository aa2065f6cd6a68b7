"""One-time codes and recovery codes over HTTP: for who has signed in and proved it a short while ago."""

import base64

import pytest

from cybervault.access.totp import code_at, step_of
from tests.faces.console.browsing import Browser, House, code_of

CHANGES = [
    ("POST", "/api/console/totp/begin"),
    ("POST", "/api/console/totp/confirm"),
    ("DELETE", "/api/console/totp"),
    ("POST", "/api/console/recovery-codes"),
]


def code_now(house: House, secret: str) -> str:
    """What an authenticator with this secret shows."""
    return code_at(base64.b32decode(secret), step_of(house.people.clock.now()))


async def enrolled(house: House, browser: Browser) -> list[str]:
    """Set up one-time codes; the recovery codes."""
    begun = (await browser.post("/api/console/totp/begin")).json()
    body = {"ticket": begun["ticket"], "code": code_now(house, begun["secret"])}
    reply = await browser.post("/api/console/totp/confirm", body)
    assert reply.status_code == 200
    return list(reply.json()["recovery_codes"])


async def test_a_member_sets_up_codes_in_two_steps(house: House) -> None:
    browser = await house.signed_in()
    begun = await browser.post("/api/console/totp/begin")
    assert begun.status_code == 200
    assert begun.headers["cache-control"] == "no-store"
    assert begun.json()["secret"] in begun.json()["uri"]
    body = {"ticket": begun.json()["ticket"], "code": code_now(house, begun.json()["secret"])}
    confirmed = await browser.post("/api/console/totp/confirm", body)
    assert confirmed.headers["cache-control"] == "no-store"
    assert len(confirmed.json()["recovery_codes"]) == 10
    state = await browser.ask("GET", "/api/console/second-factors")
    assert state.json() == {"totp": True, "passkeys": 0, "recovery_codes": 10}
    actor = (await house.people.audited())[-1]
    assert (actor.action, actor.actor) == ("second_factor.added", f"member:{house.ana.id}")


async def test_what_is_shown_once_is_not_given_again(house: House) -> None:
    """A repeat with the same Idempotency-Key gets nothing from memory, and none of it lies in the database."""
    browser = await house.signed_in()
    replies = [await browser.ask("POST", "/api/console/totp/begin", {}, Idempotency_Key="one") for _ in range(2)]
    assert replies[0].json()["secret"] != replies[1].json()["secret"]
    codes = await enrolled(house, browser)
    again = await browser.ask("POST", "/api/console/recovery-codes", {}, Idempotency_Key="two")
    repeated = await browser.ask("POST", "/api/console/recovery-codes", {}, Idempotency_Key="two")
    assert not set(again.json()["recovery_codes"]) & {*repeated.json()["recovery_codes"], *codes}


async def test_new_recovery_codes_end_the_old_and_removal_ends_all(house: House) -> None:
    browser = await house.signed_in()
    old = await enrolled(house, browser)
    new = (await browser.post("/api/console/recovery-codes")).json()["recovery_codes"]
    assert len(new) == 10
    assert not await house.people.second_factors.check(house.ana.id, old[0])
    removed = await browser.ask("DELETE", "/api/console/totp")
    assert (removed.status_code, removed.content) == (204, b"")
    assert code_of(await browser.ask("DELETE", "/api/console/totp")) == (404, "second_factor_not_found")
    assert code_of(await browser.post("/api/console/recovery-codes")) == (409, "second_factor_missing")
    state = await browser.ask("GET", "/api/console/second-factors")
    assert state.json() == {"totp": False, "passkeys": 0, "recovery_codes": 0}


@pytest.mark.parametrize(("method", "path"), [*CHANGES, ("GET", "/api/console/second-factors")])
async def test_nobody_does_it_without_a_session(house: House, method: str, path: str) -> None:
    assert code_of(await house.browser().ask(method, path)) == (401, "sign_in_required")
    key = {"Authorization": "Bearer cv_live_sk_whatever"}
    assert code_of(await house.browser().ask(method, path, **key)) == (403, "session_required")


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_an_old_session_has_to_prove_itself_first(house: House, method: str, path: str) -> None:
    """A cookie that somebody stole is not enough to put another device into the account."""
    browser = await house.signed_in()
    house.people.clock.advance(300)
    assert code_of(await browser.ask(method, path)) == (403, "reauth_required")


@pytest.mark.parametrize(("method", "path"), CHANGES)
async def test_another_sites_page_cannot_do_it(house: House, method: str, path: str) -> None:
    browser = await house.signed_in()
    assert code_of(await browser.ask(method, path, Sec_Fetch_Site="cross-site")) == (403, "cross_site_request")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "missing_parameter"),
        ({"ticket": "x", "code": 123456}, "invalid_parameter"),
        ({"ticket": "x", "code": "1", "more": 1}, "invalid_parameter"),
        ({"ticket": "x" * 5_000, "code": "1"}, "invalid_parameter"),
        ({"ticket": "x", "code": "123456"}, "attempt_expired"),
    ],
)
async def test_a_malformed_confirmation_is_refused(house: House, body: object, code: str) -> None:
    browser = await house.signed_in()
    assert code_of(await browser.post("/api/console/totp/confirm", body)) == (400, code)


async def test_a_wrong_code_is_refused(house: House) -> None:
    browser = await house.signed_in()
    begun = (await browser.post("/api/console/totp/begin")).json()
    reply = await browser.post("/api/console/totp/confirm", {"ticket": begun["ticket"], "code": "abcdef"})
    assert code_of(reply) == (400, "code_mismatch")
