"""Sign-in without a password: audited, slowed down by address, and open to active members only."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cybervault.access.passkeys import Presented
from cybervault.access.session_life import Session
from cybervault.access.sign_in import Place
from cybervault.domain.principals import Member, Role
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.storage.database import Database
from tests.access.passwordless import ORIGIN, OtherDoors, identities_of, other_doors_of
from tests.access.people import ELSEWHERE, HERE, People, actor_of, people_on, told
from tests.egress.asks import nowhere
from tests.fakes.authenticator import Authenticator
from tests.fakes.clock import HandClock
from tests.fakes.identity_provider import IdentityProvider


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


@pytest.fixture
async def ana(people: People) -> Member:
    await people.member("owner")
    return await people.member("ana", Role.MEMBER)


@pytest.fixture
async def outside(people: People) -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider(people.clock) as provider:
        yield provider


@pytest.fixture
async def doors(people: People, outside: IdentityProvider) -> AsyncIterator[OtherDoors]:
    async with Egress(Guard([outside.server.origin]), look_up=nowhere) as egress:
        yield other_doors_of(people, identities_of(people, outside, egress))


async def device_of(doors: OtherDoors, member: Member) -> Authenticator:
    """A device with a passkey of a member."""
    device = Authenticator(ORIGIN)
    begun = await doors.passkeys.options_to_register(member)
    presented = Presented(begun.ticket, device.make(begun.options))
    await doors.passkeys.register(member, presented, name="laptop", actor=actor_of(member))
    return device


def signed(doors: OtherDoors, device: Authenticator, **changed: Any) -> Presented:  # noqa: ANN401 - what a page puts in
    """What a browser comes back with."""
    begun = doors.passkeys.options_to_sign_in()
    return Presented(begun.ticket, device.sign(begun.options, **changed))


async def through(doors: OtherDoors, outside: IdentityProvider, place: Place = HERE) -> Session:
    """A sign-in through the identity provider."""
    begun = await doors.passwordless.leave()
    _, session = await doors.passwordless.come_back(begun.ticket, outside.approve(begun.url), place)
    return session


class TestPasskey:
    async def test_a_passkey_begins_a_session(self, people: People, doors: OtherDoors, ana: Member) -> None:
        device = await device_of(doors, ana)
        token, session = await doors.passwordless.with_passkey(signed(doors, device), HERE)
        principal = await people.sessions.resolve(token.reveal())
        assert (principal.member_id, principal.session_id) == (ana.id, session.id)
        assert session.ip == "192.0.2.7"
        assert await people.last() == {
            "action": "sign_in.succeeded",
            "actor": f"member:{ana.id}",
            "target": ana.id,
            "details": {"how": "passkey", "session": session.id},
        }

    async def test_a_wrong_one_is_written_down_and_slows_down_its_address(
        self, people: People, doors: OtherDoors, ana: Member
    ) -> None:
        device = await device_of(doors, ana)
        wrong = {"origin": "https://evil.example"}
        for _ in range(20):
            with pytest.raises(Problem) as caught:
                await doors.passwordless.with_passkey(signed(doors, device, **wrong), HERE)
            assert told(caught) == (ProblemKind.UNAUTHENTICATED, "passkey_refused")
        assert (await people.last())["details"] == {"how": "passkey", "reason": "passkey_refused"}
        rows = len(await people.audited())
        with pytest.raises(Problem) as caught:
            await doors.passwordless.with_passkey(signed(doors, device), HERE)
        assert told(caught) == (ProblemKind.OVER_LIMIT, "too_many_attempts")
        assert len(await people.audited()) == rows
        assert await doors.passwordless.with_passkey(signed(doors, device), ELSEWHERE)
        people.clock.advance(1)
        assert await doors.passwordless.with_passkey(signed(doors, device), HERE)

    async def test_what_says_nothing_of_the_caller_fills_no_audit(
        self, people: People, doors: OtherDoors, ana: Member
    ) -> None:
        await device_of(doors, ana)
        rows = len(await people.audited())
        with pytest.raises(Problem) as caught:
            await doors.passwordless.with_passkey(Presented("no ticket", {}), HERE)
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")
        none = other_doors_of(people, public_url="http://127.0.0.1:8000").passwordless
        for _ in range(30):
            with pytest.raises(Problem) as caught:
                await none.with_passkey(Presented("", {}), HERE)
            assert told(caught) == (ProblemKind.CONFLICT, "passkeys_unavailable")
        assert len(await people.audited()) == rows

    async def test_a_suspended_member_stays_out(self, people: People, doors: OtherDoors, ana: Member) -> None:
        device = await device_of(doors, ana)
        await people.members.suspend(ana.id, by=None, actor=actor_of(ana))
        with pytest.raises(Problem) as caught:
            await doors.passwordless.with_passkey(signed(doors, device), HERE)
        assert told(caught) == (ProblemKind.UNAUTHENTICATED, "sign_in_failed")


class TestProof:
    async def test_a_passkey_makes_a_session_fresh_again(self, people: People, doors: OtherDoors, ana: Member) -> None:
        device = await device_of(doors, ana)
        principal = await people.caller(ana)
        people.clock.advance(600)
        with pytest.raises(Problem, match="again"):
            await people.sessions.require_fresh(principal)
        token = await doors.passwordless.prove(principal, signed(doors, device), HERE)
        renewed = await people.sessions.resolve(token.reveal())
        assert renewed.session_id == principal.session_id
        await people.sessions.require_fresh(renewed)
        assert (await people.last())["action"] == "session.proved"

    async def test_another_members_or_a_wrong_one_proves_nothing(
        self, people: People, doors: OtherDoors, ana: Member
    ) -> None:
        ben = await people.member("ben", Role.MEMBER)
        theirs, mine = await device_of(doors, ben), await device_of(doors, ana)
        principal = await people.caller(ana)
        for presented in (signed(doors, theirs), signed(doors, mine, origin="https://evil.example")):
            with pytest.raises(Problem) as caught:
                await doors.passwordless.prove(principal, presented, HERE)
            assert told(caught) == (ProblemKind.FORBIDDEN, "wrong_proof")
        with pytest.raises(Problem) as caught:
            await doors.passwordless.prove(principal, Presented("", {}), HERE)
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")


class TestIdentity:
    async def test_who_comes_back_has_a_session(
        self, people: People, doors: OtherDoors, outside: IdentityProvider, ana: Member
    ) -> None:
        assert doors.passwordless.has_provider
        session = await through(doors, outside)
        assert session.member_id == ana.id
        assert (await people.last())["details"] == {"how": "identity", "session": session.id}

    async def test_a_refusal_is_written_down(
        self, people: People, doors: OtherDoors, outside: IdentityProvider, ana: Member
    ) -> None:
        outside.claims = {"nonce": "another"}
        with pytest.raises(Problem) as caught:
            await through(doors, outside)
        assert told(caught) == (ProblemKind.UNAUTHENTICATED, "identity_refused")
        assert (await people.last())["details"] == {"how": "identity", "reason": "identity_refused"}
        outside.claims = {"sub": "43", "email": "nobody@acme.example"}
        with pytest.raises(Problem) as caught:
            await through(doors, outside)
        assert told(caught) == (ProblemKind.FORBIDDEN, "identity_unknown")
        assert (await people.last())["target"] != ana.id

    @pytest.mark.usefixtures("ana")
    async def test_a_provider_that_fails_slows_nobody_down(
        self, people: People, doors: OtherDoors, outside: IdentityProvider
    ) -> None:
        await through(doors, outside)
        outside.faults = {"token": "500"}
        for _ in range(25):
            with pytest.raises(Problem) as caught:
                await through(doors, outside)
            assert told(caught) == (ProblemKind.UPSTREAM, "identity_provider_failed")
        outside.faults = {}
        assert (await through(doors, outside)).ended_at is None
        assert "sign_in.failed" not in {entry.action for entry in await people.audited()}

    async def test_without_a_provider_there_is_no_such_way(self, people: People) -> None:
        none = other_doors_of(people).passwordless
        assert not none.has_provider
        for ask in (none.leave, lambda: none.come_back("", {}, HERE)):
            with pytest.raises(Problem) as caught:
                await ask()
            assert told(caught) == (ProblemKind.NOT_FOUND, "identity_off")
