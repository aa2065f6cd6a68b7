"""Sign-in through a real identity provider on loopback, and everything that somebody may try on the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cybervault.access.identity import ATTEMPT_SECONDS, Identities
from cybervault.access.tickets import Purpose
from cybervault.domain.principals import Member
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.storage.database import Database
from tests.access.passwordless import identities_of, tickets_of
from tests.access.people import People, people_on, told
from tests.egress.asks import nowhere
from tests.fakes.clock import HandClock
from tests.fakes.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, Signing, key_of, public_pem

REFUSED = (ProblemKind.UNAUTHENTICATED, "identity_refused")


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


@pytest.fixture
async def ana(people: People) -> Member:
    return await people.member("ana")


@pytest.fixture
async def outside(people: People) -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider(people.clock) as provider:
        yield provider


@pytest.fixture
async def identities(people: People, outside: IdentityProvider) -> AsyncIterator[Identities]:
    async with Egress(Guard([outside.server.origin]), look_up=nowhere) as egress:
        yield identities_of(people, outside, egress)


async def visit(identities: Identities, outside: IdentityProvider, **changed: Any) -> str:  # noqa: ANN401 - parameters
    """A whole sign-in; `changed` are parameters with which the browser comes back (None leaves one out)."""
    begun = await identities.start()
    answer = {name: value for name, value in (outside.approve(begun.url) | changed).items() if value is not None}
    return await identities.finish(begun.ticket, answer)


async def refused(identities: Identities, outside: IdentityProvider, **changed: Any) -> str:  # noqa: ANN401 - same
    with pytest.raises(Problem) as caught:
        await visit(identities, outside, **changed)
    assert told(caught) == REFUSED
    return caught.value.detail


async def test_a_member_comes_in_again_and_again(
    identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    assert await visit(identities, outside) == ana.id
    assert await visit(identities, outside) == ana.id
    assert outside.asked == ["discovery", "token", "keys", "token"]


async def test_another_node_may_finish_what_one_began(
    people: People, identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    begun = await identities.start()
    async with Egress(Guard([outside.server.origin]), look_up=nowhere) as egress:
        assert await identities_of(people, outside, egress).finish(begun.ticket, outside.approve(begun.url)) == ana.id


async def test_nothing_that_is_secret_stands_in_the_address_or_readable_in_the_cookie(
    identities: Identities, outside: IdentityProvider
) -> None:
    begun = await identities.start()
    assert CLIENT_SECRET not in begun.url
    assert outside.approve(begun.url)["state"] not in begun.ticket
    assert len(begun.ticket) < 1_000


async def test_what_one_browser_began_another_cannot_finish(
    identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    """Nobody is signed in as the attacker, nor the attacker as somebody."""
    mine, theirs = await identities.start(), await identities.start()
    with pytest.raises(Problem) as caught:
        await identities.finish(mine.ticket, outside.approve(theirs.url))
    assert told(caught) == REFUSED
    with pytest.raises(Problem) as caught:
        await identities.finish("", outside.approve(theirs.url))
    assert told(caught) == (ProblemKind.INVALID, "attempt_expired")
    assert await identities.finish(theirs.ticket, outside.approve(theirs.url)) == ana.id


async def test_an_attempt_counts_once_and_for_ten_minutes(
    people: People, identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    begun = await identities.start()
    assert await identities.finish(begun.ticket, outside.approve(begun.url)) == ana.id
    late = await identities.start()
    people.clock.advance(ATTEMPT_SECONDS)
    for one in (begun, late):
        with pytest.raises(Problem) as caught:
            await identities.finish(one.ticket, outside.approve(one.url))
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")


async def test_a_ticket_for_something_else_is_none(
    people: People, identities: Identities, outside: IdentityProvider
) -> None:
    other = tickets_of(people).issue(Purpose.PASSKEY_SIGN_IN, {"state": "s", "nonce": "n", "verifier": "v"})
    with pytest.raises(Problem) as caught:
        await identities.finish(other, {"state": "s", "code": "c"})
    assert told(caught) == (ProblemKind.INVALID, "attempt_expired")
    assert outside.asked == []


@pytest.mark.parametrize(
    "changed",
    [
        {"state": None},
        {"state": ""},
        {"state": "é"},
        {"code": None},
        {"code": ""},
        {"code": "another"},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
    ],
)
async def test_a_wrong_answer_lets_nobody_in(
    identities: Identities, outside: IdentityProvider, ana: Member, changed: dict[str, Any]
) -> None:
    await refused(identities, outside, **changed)
    assert await visit(identities, outside, iss=outside.url) == ana.id


async def test_a_provider_that_always_names_itself_has_to(
    identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    outside.discovery = {"authorization_response_iss_parameter_supported": True}
    assert "another provider" in await refused(identities, outside)
    assert await visit(identities, outside, iss=outside.url) == ana.id


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"aud": "another client"}, "audience"),
        ({"aud": [CLIENT_ID, "other"]}, "party"),
        ({"nonce": "another"}, "attempt"),
        ({"nonce": None}, "attempt"),
        ({"exp": 0}, "expired"),
        ({"iat": 0}, "long ago"),
        ({"sub": None}, "subject"),
    ],
)
async def test_a_token_that_says_the_wrong_thing_lets_nobody_in(
    identities: Identities, outside: IdentityProvider, ana: Member, claims: dict[str, Any], reason: str
) -> None:
    outside.claims = claims
    assert reason in await refused(identities, outside)
    outside.claims = {}
    assert await visit(identities, outside) == ana.id


@pytest.mark.parametrize(
    "signing",
    [
        Signing("none"),
        Signing("HS256", header={"kid": "RS256-1"}, key=public_pem(key_of("RS256"))),
        Signing("RS256", key=key_of("RS256", 9)),
        Signing("RS256", number=9),
        Signing("ES256"),
        Signing("RS256", header={"typ": "at+jwt"}),
    ],
    ids=["none", "shared secret", "foreign key", "unknown key", "unknown algorithm's key", "access token"],
)
@pytest.mark.usefixtures("ana")
async def test_a_token_that_is_signed_wrongly_lets_nobody_in(
    people: People, identities: Identities, outside: IdentityProvider, signing: Signing
) -> None:
    outside.signing = signing
    assert "ID token" in await refused(identities, outside)
    assert [entry.action for entry in await people.audited()] == ["member.created"]


async def test_a_provider_may_change_its_keys(
    people: People, identities: Identities, outside: IdentityProvider, ana: Member
) -> None:
    assert await visit(identities, outside) == ana.id
    outside.published, outside.signing = [("RS256", 2)], Signing(number=2)
    assert "no key" in await refused(identities, outside)
    people.clock.advance(60)
    assert await visit(identities, outside) == ana.id
    outside.signing = Signing(number=1)
    assert "no key" in await refused(identities, outside)


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize("place", ["discovery", "keys", "token"])
async def test_a_provider_that_fails_is_told_apart(
    identities: Identities, outside: IdentityProvider, place: str
) -> None:
    outside.faults = {place: "html"}
    with pytest.raises(Problem) as caught:
        await visit(identities, outside)
    assert told(caught) == (ProblemKind.UPSTREAM, "identity_provider_failed")


async def test_whom_the_provider_knows_and_we_do_not_is_told(
    people: People, identities: Identities, outside: IdentityProvider
) -> None:
    await people.member("somebody")
    with pytest.raises(Problem) as caught:
        await visit(identities, outside)
    assert told(caught) == (ProblemKind.FORBIDDEN, "identity_unknown")
