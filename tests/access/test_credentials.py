"""Passwords of members: chosen by a one-time token, changed, reset; each ends the other sessions."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.credentials import about, generated_password
from cybervault.access.members import NewMember
from cybervault.access.sign_in import Proof
from cybervault.domain.principals import Member, Role
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.people import ELSEWHERE, HERE, PASSWORD, People, people_on, told
from tests.fakes.clock import HandClock

NEWER = Secret("another good password")
INVALID_TOKEN = (ProblemKind.INVALID, "invalid_token")
WEAK = (ProblemKind.INVALID, "weak_password")
ENDED = (ProblemKind.UNAUTHENTICATED, "session_ended")


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


async def refused(awaited: Awaitable[object]) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await awaited
    return told(caught)


async def invited(people: People) -> tuple[Member, Secret]:
    wish = NewMember("bo@acme.example", "Bo Bothwell", Role.MEMBER)
    return await people.members.invite(people.tenant, wish, by=None, actor=OPERATOR)


class TestAccept:
    async def test_the_invited_signs_in_with_the_password_it_chose(self, people: People) -> None:
        member, token = await invited(people)
        assert await people.credentials.accept(token, NEWER, HERE) == member
        await people.sign_in.with_password(member.email, Proof(NEWER), HERE)
        chosen = (await people.audited())[-2]
        assert (chosen.action, chosen.actor, chosen.ip) == ("password.changed", f"member:{member.id}", "192.0.2.7")

    async def test_it_is_done_once(self, people: People) -> None:
        _, token = await invited(people)
        found = await asyncio.gather(
            *(people.credentials.accept(token, NEWER, HERE) for _ in range(2)), return_exceptions=True
        )
        assert [one.code for one in found if isinstance(one, Problem)] == ["invalid_token"]
        assert await refused(people.credentials.accept(token, NEWER, HERE)) == INVALID_TOKEN

    @pytest.mark.parametrize("text", ["short", "password", "bo@acme.example", "BO BOTHWELL"])
    async def test_a_weak_password_leaves_the_token_good(self, people: People, text: str) -> None:
        _, token = await invited(people)
        assert await refused(people.credentials.accept(token, Secret(text), HERE)) == WEAK
        await people.credentials.accept(token, NEWER, HERE)

    async def test_it_opens_no_session(self, people: People) -> None:
        """Security: by a token for another password nobody passes by the second factor."""
        member, token = await invited(people)
        await people.credentials.accept(token, NEWER, HERE)
        assert await people.sessions.list(member.id) == ()

    async def test_a_suspended_member_chooses_none(self, people: People) -> None:
        member, token = await invited(people)
        await people.members.suspend(member.id, by=None, actor=OPERATOR)
        assert await refused(people.credentials.accept(token, NEWER, HERE)) == INVALID_TOKEN

    async def test_a_token_that_is_for_something_else_is_refused(self, people: People) -> None:
        token = await people.setup.offer()
        assert token is not None
        assert await refused(people.credentials.accept(token, NEWER, HERE)) == INVALID_TOKEN
        await people.tokens.subject_of(token)

    async def test_who_had_a_password_and_sessions_has_neither_after_it(self, people: People) -> None:
        member = await people.member("ana")
        older, _ = await people.session(member)
        token = await people.members.new_token(member.id, by=None, actor=OPERATOR)
        await people.sessions.resolve(older.reveal())
        await people.credentials.accept(token, NEWER, HERE)
        assert await refused(people.sessions.resolve(older.reveal())) == ENDED
        assert await refused(people.sign_in.with_password(member.email, Proof(PASSWORD), HERE)) == (
            ProblemKind.UNAUTHENTICATED, "sign_in_failed",
        )  # fmt: skip


class TestChange:
    async def test_the_caller_stays_with_a_new_cookie_and_all_others_end(self, people: People) -> None:
        member = await people.member("ana")
        token, _ = await people.session(member)
        other, _ = await people.session(member, ELSEWHERE)
        caller = await people.sessions.resolve(token.reveal())
        newer = await people.credentials.change(caller, PASSWORD, NEWER, place=HERE)
        assert await people.sessions.resolve(newer.reveal()) == caller
        assert await refused(people.sessions.resolve(other.reveal())) == ENDED
        resolving = people.sessions.resolve(token.reveal())
        assert await refused(resolving) == (ProblemKind.UNAUTHENTICATED, "sign_in_required")
        await people.sign_in.with_password(member.email, Proof(NEWER), HERE)
        assert f"member:{member.id}" in await people.noted()

    async def test_without_the_present_password_nothing_changes(self, people: People) -> None:
        """Security: who finds an open session does not keep it."""
        member = await people.member("ana")
        caller = await people.caller(member)
        changing = people.credentials.change(caller, NEWER, NEWER, place=HERE)
        assert await refused(changing) == (ProblemKind.FORBIDDEN, "wrong_proof")
        await people.sign_in.with_password(member.email, Proof(PASSWORD), HERE)

    async def test_a_weak_one_is_refused(self, people: People) -> None:
        caller = await people.caller(await people.member("ana"))
        assert await refused(people.credentials.change(caller, PASSWORD, Secret("short"), place=HERE)) == WEAK


class TestReset:
    async def test_the_operator_gives_a_password_and_ends_all_sessions(self, people: People) -> None:
        member = await people.member("ana")
        token, _ = await people.session(member)
        password = generated_password()
        await people.credentials.reset(member, password, actor=OPERATOR)
        assert await refused(people.sessions.resolve(token.reveal())) == ENDED
        await people.sign_in.with_password(member.email, Proof(password), HERE)
        assert (await people.audited())[-2].actor == "operator"

    async def test_a_weak_one_is_refused(self, people: People) -> None:
        member = await people.member("ana")
        assert await refused(people.credentials.reset(member, Secret("ana@acme.example"), actor=OPERATOR)) == WEAK


def test_generated_passwords_are_long_and_never_the_same() -> None:
    texts = {generated_password().reveal() for _ in range(100)}
    assert len(texts) == 100
    assert {len(text) for text in texts} == {24}


def test_a_password_is_not_to_be_told_from_its_members_address_or_name() -> None:
    assert about("ana@acme.example", "Ana Lopez") == ("ana@acme.example", "ana", "Ana Lopez")
