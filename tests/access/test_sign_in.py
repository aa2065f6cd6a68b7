"""Sign-in: by password and second factor; what it tells to whom; how failures slow it down."""

import base64
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.passwords import Cost, Passwords
from cybervault.access.sign_in import Place, Proof, SignIn
from cybervault.access.totp import code_at, step_of
from cybervault.domain.principals import Member, MemberId, Plan, Principal, Role
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.conftest import raw
from tests.access.people import ELSEWHERE, HERE, PASSWORD, People, actor_of, people_on, told
from tests.fakes.clock import HandClock

WRONG = Proof(Secret("not the password"))
RIGHT = Proof(PASSWORD)
FAILED = (ProblemKind.UNAUTHENTICATED, "sign_in_failed")


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


@pytest.fixture
async def ana(people: People) -> Member:
    return await people.member("ana")


async def refused(awaited: Awaitable[object]) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await awaited
    return told(caught)


async def with_codes(people: People, member: Member) -> bytes:
    """Give the member one-time codes; the secret behind them."""
    begun = await people.second_factors.begin(member.id)
    secret = base64.b32decode(begun.secret.reveal().replace(" ", "").upper())
    code = code_at(secret, step_of(people.clock.now()))
    await people.second_factors.confirm(member.id, begun.ticket, code, actor=actor_of(member))
    people.clock.advance(30)
    return secret


def code_of(people: People, secret: bytes) -> str:
    return code_at(secret, step_of(people.clock.now()))


class TestWithPassword:
    async def test_the_right_password_begins_a_session(self, people: People, ana: Member) -> None:
        token, session = await people.sign_in.with_password(" ANA@acme.example ", RIGHT, HERE)
        principal = await people.sessions.resolve(token.reveal())
        assert (principal.member_id, principal.session_id, principal.role) == (ana.id, session.id, Role.OWNER)
        await people.sessions.require_fresh(principal)
        assert await people.last() == {
            "action": "sign_in.succeeded", "actor": f"member:{ana.id}", "target": ana.id,
            "details": {"how": "password", "session": session.id},
        }  # fmt: skip
        entry = (await people.audited())[-1]
        assert (entry.ip, entry.agent, entry.request_id) == ("192.0.2.7", "a browser", "req_1")
        assert entry.tenant_id == people.tenant.id

    async def test_each_sign_in_gets_a_cookie_of_its_own(self, people: People, ana: Member) -> None:
        found = [await people.sign_in.with_password(ana.email, RIGHT, HERE) for _ in range(2)]
        assert found[0][0] != found[1][0]
        assert len(await people.sessions.list(ana.id)) == 2

    async def test_wrong_unknown_suspended_removed_and_invited_are_told_the_same(
        self, people: People, ana: Member
    ) -> None:
        """Security: sign-in does not tell who is a member."""
        suspended, removed = await people.member("bo", Role.VIEWER), await people.member("cy", Role.VIEWER)
        await people.members.suspend(suspended.id, by=None, actor=OPERATOR)
        await people.members.remove(removed.id, by=None, actor=OPERATOR)
        wish = NewMember("di@acme.example", "Di", Role.VIEWER)
        invited, _ = await people.members.invite(people.tenant, wish, by=None, actor=OPERATOR)
        messages = set()
        for email, proof in [
            (ana.email, WRONG), (ana.email, Proof()), ("nobody@acme.example", RIGHT), ("no address at all", RIGHT),
            ("", RIGHT), ("x" * 10_000, RIGHT), (suspended.email, RIGHT), (removed.email, RIGHT),
            (invited.email, RIGHT),
        ]:  # fmt: skip
            with pytest.raises(Problem) as caught:
                await people.sign_in.with_password(email, proof, HERE)
            assert told(caught) == FAILED
            messages.add((caught.value.message, caught.value.detail, caught.value.retry_after_seconds))
        assert len(messages) == 1

    async def test_each_failure_is_audited_and_what_was_typed_is_not(self, people: People, ana: Member) -> None:
        """Somebody may have typed a password into the field for the address."""
        await refused(people.sign_in.with_password(ana.email, WRONG, HERE))
        await refused(people.sign_in.with_password("my secret password", RIGHT, HERE))
        wrong, unknown = (await people.audited())[-2:]
        assert (wrong.action, wrong.actor, wrong.targets, wrong.tenant_id, wrong.ip) == (
            "sign_in.failed", "anonymous", (ana.id,), ana.tenant_id, "192.0.2.7",
        )  # fmt: skip
        assert (unknown.targets, unknown.tenant_id) == (("unknown",), None)
        assert wrong.details == {"how": "password", "reason": "wrong"}
        assert "secret password" not in repr(unknown)

    async def test_the_sixth_failure_in_a_row_is_told_to_wait_even_with_the_right_password(
        self, people: People, ana: Member
    ) -> None:
        for _ in range(5):
            assert await refused(people.sign_in.with_password(ana.email, WRONG, HERE)) == FAILED
        with pytest.raises(Problem) as caught:
            await people.sign_in.with_password(ana.email, RIGHT, HERE)
        assert told(caught) == (ProblemKind.OVER_LIMIT, "too_many_attempts")
        assert caught.value.retry_after_seconds == 1
        people.clock.advance(1)
        await people.sign_in.with_password(ana.email, RIGHT, HERE)

    async def test_an_unknown_address_is_slowed_down_as_a_known_one(self, people: People, ana: Member) -> None:
        """Security: the slowing down does not tell who is a member either."""
        for email in (ana.email, "nobody@acme.example"):
            for _ in range(5):
                assert await refused(people.sign_in.with_password(email, WRONG, HERE)) == FAILED
            found = await refused(people.sign_in.with_password(email, WRONG, HERE))
            assert found == (ProblemKind.OVER_LIMIT, "too_many_attempts")

    async def test_a_stranger_who_fails_does_not_keep_a_member_out_where_it_has_been_before(
        self, people: People, ana: Member
    ) -> None:
        """Security: nobody can lock a member out from elsewhere."""
        await people.sign_in.with_password(ana.email, RIGHT, HERE)
        for _ in range(6):
            await refused(people.sign_in.with_password(ana.email, WRONG, ELSEWHERE))
        found = await refused(people.sign_in.with_password(ana.email, RIGHT, ELSEWHERE))
        assert found == (ProblemKind.OVER_LIMIT, "too_many_attempts")
        await people.sign_in.with_password(ana.email, RIGHT, HERE)

    async def test_a_password_kept_at_another_cost_is_hashed_anew(self, people: People, ana: Member) -> None:
        dearer = replace(people.doors, passwords=Passwords(cost=Cost(memory_kib=16, passes=1)))
        await SignIn(dearer, people.journal).with_password(ana.email, RIGHT, HERE)
        kept = await people.doors.members.password(ana.id)
        assert kept is not None
        assert "m=16" in kept
        await people.sign_in.with_password(ana.email, RIGHT, HERE)

    async def test_when_too_many_sign_in_at_once_nobody_is_held_guilty(self, people: People, ana: Member) -> None:
        people.doors.passwords._waiting = 18
        for _ in range(6):
            found = await refused(people.sign_in.with_password(ana.email, RIGHT, HERE))
            assert found == (ProblemKind.UNAVAILABLE, "service_unavailable")
        people.doors.passwords._waiting = 0
        await people.sign_in.with_password(ana.email, RIGHT, HERE)

    async def test_a_session_whose_audit_row_cannot_be_written_does_not_begin(
        self, people: People, ana: Member
    ) -> None:
        await people.database.run(raw("DROP TABLE audit"), {})
        found = await refused(people.sign_in.with_password(ana.email, RIGHT, HERE))
        assert found == (ProblemKind.UNAVAILABLE, "service_unavailable")
        assert await people.sessions.list(ana.id) == ()


class TestSecondFactor:
    async def test_who_has_one_needs_it_beside_the_password(self, people: People, ana: Member) -> None:
        secret = await with_codes(people, ana)
        found = await refused(people.sign_in.with_password(ana.email, RIGHT, HERE))
        assert found == (ProblemKind.UNAUTHENTICATED, "second_factor_required")
        proof = Proof(PASSWORD, code_of(people, secret))
        token, _ = await people.sign_in.with_password(ana.email, proof, HERE)
        assert (await people.sessions.resolve(token.reveal())).member_id == ana.id

    async def test_without_the_password_nobody_learns_that_there_is_one(self, people: People, ana: Member) -> None:
        secret = await with_codes(people, ana)
        for code in (None, code_of(people, secret)):
            proof = replace(WRONG, code=code)
            assert await refused(people.sign_in.with_password(ana.email, proof, HERE)) == FAILED

    async def test_a_wrong_code_is_refused_audited_and_slowed_down(self, people: People, ana: Member) -> None:
        """Security: a million codes are not enough protection by themselves."""
        await with_codes(people, ana)
        for _ in range(5):
            found = await refused(people.sign_in.with_password(ana.email, Proof(PASSWORD, "000000"), HERE))
            assert found == (ProblemKind.UNAUTHENTICATED, "wrong_code")
        assert (await people.last())["details"] == {"how": "second_factor", "reason": "wrong"}
        found = await refused(people.sign_in.with_password(ana.email, Proof(PASSWORD, "000000"), HERE))
        assert found == (ProblemKind.OVER_LIMIT, "too_many_attempts")

    async def test_the_password_alone_does_not_clear_the_failures_of_codes(self, people: People, ana: Member) -> None:
        await with_codes(people, ana)
        for _ in range(5):
            await refused(people.sign_in.with_password(ana.email, RIGHT, HERE))
            await refused(people.sign_in.with_password(ana.email, Proof(PASSWORD, "000000"), HERE))
        found = await refused(people.sign_in.with_password(ana.email, RIGHT, HERE))
        assert found == (ProblemKind.OVER_LIMIT, "too_many_attempts")

    async def test_a_code_counts_once(self, people: People, ana: Member) -> None:
        secret = await with_codes(people, ana)
        proof = Proof(PASSWORD, code_of(people, secret))
        await people.sign_in.with_password(ana.email, proof, HERE)
        found = await refused(people.sign_in.with_password(ana.email, proof, HERE))
        assert found == (ProblemKind.UNAUTHENTICATED, "wrong_code")


class TestNobody:
    async def test_a_key_has_nobody_to_prove(self, people: People) -> None:
        key = Principal(people.tenant.id, frozenset(), Plan.STARTER)
        for doing in (people.sign_in.prove(key, RIGHT, HERE), people.sign_in.sign_out(key, HERE)):
            assert await refused(doing) == (ProblemKind.UNAUTHENTICATED, "sign_in_required")


class TestOtherwise:
    async def test_who_was_proved_otherwise_gets_a_session(self, people: People, ana: Member) -> None:
        token, session = await people.sign_in.proved(ana.id, how="passkey", address=HERE.address, agent="a browser")
        assert (await people.sessions.resolve(token.reveal())).session_id == session.id
        assert (await people.last())["details"] == {"how": "passkey", "session": session.id}

    async def test_not_who_is_suspended_or_gone(self, people: People) -> None:
        bo = await people.member("bo", Role.VIEWER)
        await people.members.suspend(bo.id, by=None, actor=OPERATOR)
        for wanted in (bo.id, MemberId("usr_nobody")):
            proving = people.sign_in.proved(wanted, how="identity", address=None, agent=None)
            assert await refused(proving) == FAILED
        assert (await people.audited())[-2].targets == (bo.id,)
        assert (await people.last())["details"] == {"how": "identity", "reason": "not active"}

    async def test_who_was_refused_otherwise_is_audited(self, people: People, ana: Member) -> None:
        for wanted, target in ((ana.id, ana.id), (None, "unknown"), (MemberId("usr_nobody"), "unknown")):
            await people.sign_in.refused(
                how="passkey", reason="signature", member_id=wanted, address=HERE.address, agent=None
            )
            assert await people.last() == {
                "action": "sign_in.failed", "actor": "anonymous", "target": target,
                "details": {"how": "passkey", "reason": "signature"},
            }  # fmt: skip


class TestProve:
    async def test_a_right_password_or_code_is_a_fresh_proof(self, people: People, ana: Member) -> None:
        secret = await with_codes(people, ana)
        caller = await people.caller(ana)
        for is_code in (False, True):
            people.clock.advance(600)
            with pytest.raises(Problem):
                await people.sessions.require_fresh(caller)
            proof = Proof(code=code_of(people, secret)) if is_code else RIGHT
            token = await people.sign_in.prove(caller, proof, HERE)
            await people.sessions.require_fresh(caller)
            assert await people.sessions.resolve(token.reveal()) == caller
        assert (await people.last())["action"] == "session.proved"

    @pytest.mark.parametrize("proof", [WRONG, Proof(), Proof(code="000000"), Proof(Secret(""), "")])
    async def test_a_wrong_one_is_refused_audited_and_slowed_down(
        self, people: People, ana: Member, proof: Proof
    ) -> None:
        caller = await people.caller(ana)
        people.clock.advance(600)
        for _ in range(5):
            found = await refused(people.sign_in.prove(caller, proof, HERE))
            assert found == (ProblemKind.FORBIDDEN, "wrong_proof")
        assert (await people.last())["details"] == {"how": "proof", "reason": "wrong"}
        found = await refused(people.sign_in.prove(caller, RIGHT, HERE))
        assert found == (ProblemKind.OVER_LIMIT, "too_many_attempts")
        with pytest.raises(Problem):
            await people.sessions.require_fresh(caller)

    async def test_a_code_proves_nothing_for_who_has_no_second_factor(self, people: People, ana: Member) -> None:
        found = await refused(people.sign_in.prove(await people.caller(ana), Proof(code="123456"), HERE))
        assert found == (ProblemKind.FORBIDDEN, "wrong_proof")


class TestSignOut:
    async def test_the_session_ends_and_the_others_stay(self, people: People, ana: Member) -> None:
        token, session = await people.session(ana)
        other, _ = await people.session(ana, ELSEWHERE)
        await people.sign_in.sign_out(await people.sessions.resolve(token.reveal()), HERE)
        resolving = people.sessions.resolve(token.reveal())
        assert await refused(resolving) == (ProblemKind.UNAUTHENTICATED, "session_ended")
        await people.sessions.resolve(other.reveal())
        assert await people.last() == {
            "action": "sign_in.ended", "actor": f"member:{ana.id}", "target": ana.id,
            "details": {"session": session.id},
        }  # fmt: skip


def test_who_is_not_known_has_no_name_in_the_audit() -> None:
    assert Place().actor(None).name == "anonymous"
    assert Place().actor(None).ip is None
