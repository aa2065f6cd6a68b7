"""Sessions: begun, resolved with the rights of now, proved again, listed and ended."""

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.session_life import SessionEntry
from cybervault.access.sessions import Sessions
from cybervault.access.store.sessions import SessionStore
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.verify import Verifier
from cybervault.domain.principals import (
    READING_SCOPES,
    SCOPES_OF_ROLE,
    Plan,
    Principal,
    Role,
    Scope,
    SessionId,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.people import ELSEWHERE, HERE, PEPPERS, People, actor_of, people_on, told
from tests.fakes.clock import HandClock

MINUTE = 60


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


async def refused(people: People, token: Secret | str) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await people.sessions.resolve(token if isinstance(token, str) else token.reveal())
    return told(caught)


ENDED = (ProblemKind.UNAUTHENTICATED, "session_ended")
UNKNOWN = (ProblemKind.UNAUTHENTICATED, "sign_in_required")


class TestResolve:
    async def test_a_cookie_names_its_member_with_the_rights_of_the_role(self, people: People) -> None:
        member = await people.member(role=Role.MEMBER)
        token, session = await people.session(member)
        principal = await people.sessions.resolve(token.reveal())
        assert principal == Principal(
            people.tenant.id, SCOPES_OF_ROLE[Role.MEMBER], Plan.PROFESSIONAL,
            member_id=member.id, role=Role.MEMBER, session_id=session.id,
        )  # fmt: skip
        assert (session.ip, session.agent) == ("192.0.2.7", "a browser")

    @pytest.mark.parametrize("text", ["", "x", "x" * 43, "x" * 129, "cv_live_sk_x", "ñandú"])
    async def test_what_is_no_cookie_of_ours_names_nobody(self, people: People, text: str) -> None:
        await people.session(await people.member())
        assert await refused(people, text) == UNKNOWN

    async def test_it_ends_when_it_is_not_used_for_thirty_minutes(self, people: People) -> None:
        token, _ = await people.session(await people.member())
        for _ in range(3):
            people.clock.advance(30 * MINUTE - 1)
            await people.sessions.resolve(token.reveal())
        people.clock.advance(30 * MINUTE)
        assert await refused(people, token) == ENDED

    async def test_it_ends_after_twelve_hours(self, people: People) -> None:
        token, _ = await people.session(await people.member())
        for _ in range(12 * 4 - 1):
            people.clock.advance(15 * MINUTE)
            await people.sessions.resolve(token.reveal())
        people.clock.advance(15 * MINUTE)
        assert await refused(people, token) == ENDED

    async def test_its_use_is_written_once_a_minute(self, people: People) -> None:
        member = await people.member()
        token, session = await people.session(member)
        start = people.clock.now()
        people.clock.advance(MINUTE - 1)
        await people.sessions.resolve(token.reveal())
        assert (await people.sessions.list(member.id))[0].seen_at == start
        people.clock.advance(1)
        await people.sessions.resolve(token.reveal())
        assert (await people.sessions.list(member.id))[0].seen_at == people.clock.now()
        assert session.id.startswith("ses_")

    async def test_a_changed_role_and_a_removal_hold_at_once(self, people: People) -> None:
        """Security: rights are never those of the moment of signing in (contract check 123)."""
        await people.member("bo")
        member = await people.member()
        token, _ = await people.session(member)
        await people.members.change_role(member.id, Role.VIEWER, by=None, actor=OPERATOR)
        assert (await people.sessions.resolve(token.reveal())).scopes == READING_SCOPES - {Scope.AUDIT_READ}
        await people.members.remove(member.id, by=None, actor=OPERATOR)
        assert await refused(people, token) == ENDED

    async def test_a_session_from_before_a_change_of_pepper_still_works(self, people: People) -> None:
        token, _ = await people.session(await people.member())
        store = SessionStore(people.database)
        peppers = Peppers(Pepper.of(Secret("another pepper that is long enough")), PEPPERS.current)
        changed = Sessions(store, Verifier(store, people.clock), journal=people.journal, peppers=peppers)
        assert (await changed.resolve(token.reveal())).session_id is not None

    async def test_the_text_of_the_cookie_is_not_kept(self, people: People) -> None:
        token, session = await people.session(await people.member())
        assert token.reveal() not in repr(await SessionStore(people.database).find(session.id))
        assert len(token.reveal()) == 43


class Remembering:
    """What a node remembers of sessions: read once, and again only where somebody asks for it."""

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._kept: dict[bytes, SessionEntry | None] = {}
        self.reads = 0

    async def entry(self, digest: bytes, *, is_fresh: bool = False) -> SessionEntry | None:
        if is_fresh or digest not in self._kept:
            self.reads += 1
            self._kept[digest] = await self._store.entry(digest)
        return self._kept[digest]


class TestWithMemory:
    """As in a cluster, where what is read is remembered for a while."""

    async def test_one_that_is_used_here_does_not_end_and_is_not_written_at_each_use(self, people: People) -> None:
        store = SessionStore(people.database)
        node = Remembering(store)
        sessions = Sessions(store, node, journal=people.journal, peppers=PEPPERS)
        token, session = await people.session(await people.member())
        for _ in range(9):
            people.clock.advance(10 * MINUTE)
            await sessions.resolve(token.reveal())
        assert node.reads == 1
        written = people.clock.now()
        people.clock.advance(30)
        await sessions.resolve(token.reveal())
        found = await store.find(session.id)
        assert found is not None
        assert found.seen_at == written

    async def test_one_that_was_used_on_another_node_has_not_ended_here(self, people: People) -> None:
        store = SessionStore(people.database)
        node = Remembering(store)
        here = Sessions(store, node, journal=people.journal, peppers=PEPPERS)
        token, _ = await people.session(await people.member())
        await here.resolve(token.reveal())
        people.clock.advance(25 * MINUTE)
        await people.sessions.resolve(token.reveal())
        people.clock.advance(10 * MINUTE)
        await here.resolve(token.reveal())
        assert node.reads == 2

    async def test_what_it_remembers_of_uses_is_bounded(self, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cybervault.access.sessions._REMEMBERED_MAX", 2)
        member = await people.member()
        tokens = [(await people.session(member))[0] for _ in range(4)]
        people.clock.advance(MINUTE)
        for token in tokens:
            await people.sessions.resolve(token.reveal())
        assert len(people.sessions._seen) == 2


class TestPresent:
    async def test_a_caller_sees_its_own_session(self, people: People) -> None:
        token, session = await people.session(await people.member())
        assert await people.sessions.present(await people.sessions.resolve(token.reveal())) == session

    async def test_who_has_none_or_a_gone_one_is_asked_to_sign_in(self, people: People) -> None:
        caller = await people.caller(await people.member())
        for strange in (replace(caller, session_id=None), replace(caller, session_id=SessionId("ses_gone"))):
            with pytest.raises(Problem) as caught:
                await people.sessions.present(strange)
            assert told(caught) == UNKNOWN


class TestFresh:
    async def test_five_minutes_after_signing_in_a_proof_is_asked_for(self, people: People) -> None:
        """Security: who finds an open session changes no keys by it (contract check 130)."""
        member = await people.member()
        caller = await people.caller(member)
        people.clock.advance(5 * MINUTE - 1)
        await people.sessions.require_fresh(caller)
        people.clock.advance(1)
        with pytest.raises(Problem) as caught:
            await people.sessions.require_fresh(caller)
        assert told(caught) == (ProblemKind.FORBIDDEN, "reauth_required")

    async def test_a_proof_renews_it_and_puts_a_new_cookie_in_the_place_of_the_old(self, people: People) -> None:
        member = await people.member()
        token, _ = await people.session(member)
        caller = await people.sessions.resolve(token.reveal())
        people.clock.advance(10 * MINUTE)
        newer = await people.sessions.prove_again(caller, actor=actor_of(member))
        await people.sessions.require_fresh(caller)
        assert await people.sessions.resolve(newer.reveal()) == caller
        assert await refused(people, token) == UNKNOWN
        assert (await people.last())["action"] == "session.proved"
        assert (await people.noted())[-1] == f"session:{caller.session_id}"

    async def test_a_key_proves_nothing(self, people: People) -> None:
        key = Principal(people.tenant.id, frozenset(Scope), Plan.STARTER)
        with pytest.raises(Problem) as caught:
            await people.sessions.require_fresh(key)
        assert told(caught) == (ProblemKind.FORBIDDEN, "reauth_required")
        with pytest.raises(Problem) as caught:
            await people.sessions.prove_again(key, actor=OPERATOR)
        assert told(caught) == UNKNOWN

    async def test_a_session_that_is_gone_is_not_fresh(self, people: People) -> None:
        caller = replace(await people.caller(await people.member()), session_id=SessionId("ses_gone"))
        with pytest.raises(Problem):
            await people.sessions.require_fresh(caller)


class TestEnd:
    async def test_an_ended_session_names_nobody_from_then_on(self, people: People) -> None:
        member = await people.member()
        token, session = await people.session(member)
        caller = await people.sessions.resolve(token.reveal())
        await people.sessions.end(session.id, by=caller, actor=actor_of(member))
        assert await refused(people, token) == ENDED
        assert await people.sessions.list(member.id) == ()
        assert await people.last() == {
            "action": "session.ended", "actor": f"member:{member.id}", "target": member.id,
            "details": {"session": session.id},
        }  # fmt: skip
        assert (await people.noted())[-1] == f"session:{session.id}"

    async def test_another_members_session_is_not_found(self, people: People) -> None:
        """Security: not even whether it exists is told."""
        _, session = await people.session(await people.member())
        bo = await people.member("bo")
        for wanted in (session.id, SessionId("ses_nobody")):
            with pytest.raises(Problem) as caught:
                await people.sessions.end(wanted, by=await people.caller(bo), actor=actor_of(bo))
            assert told(caught) == (ProblemKind.NOT_FOUND, "session_not_found")

    async def test_all_others_end_and_the_present_one_stays(self, people: People) -> None:
        member, bo = await people.member(), await people.member("bo")
        token, session = await people.session(member)
        other, _ = await people.session(member, ELSEWHERE)
        bos, _ = await people.session(bo)
        caller = await people.sessions.resolve(token.reveal())
        assert await people.sessions.end_others(caller, actor=actor_of(member)) == 1
        assert [one.id for one in await people.sessions.list(member.id)] == [session.id]
        await people.sessions.resolve(token.reveal())
        await people.sessions.resolve(bos.reveal())
        assert await refused(people, other) == ENDED

    async def test_all_of_a_member_end(self, people: People) -> None:
        member = await people.member()
        tokens = [(await people.session(member))[0] for _ in range(3)]
        assert await people.sessions.end_all(member, actor=OPERATOR) == 3
        assert [await refused(people, token) for token in tokens] == [ENDED] * 3
        assert (await people.noted())[-1] == f"member:{member.id}"
        assert (await people.last())["details"] == {"sessions": "3", "kept": ""}

    async def test_who_has_no_session_has_no_others(self, people: People) -> None:
        with pytest.raises(Problem) as caught:
            await people.sessions.end_others(Principal(people.tenant.id, frozenset(), Plan.STARTER), actor=OPERATOR)
        assert told(caught) == UNKNOWN

    async def test_what_has_run_out_is_not_listed(self, people: People) -> None:
        member = await people.member()
        await people.session(member)
        people.clock.advance(20 * MINUTE)
        _, later = await people.session(member, replace(HERE, address=None, agent=None))
        people.clock.advance(15 * MINUTE)
        assert [one.id for one in await people.sessions.list(member.id)] == [later.id]
        assert (later.ip, later.agent) == (None, None)

    async def test_a_long_name_of_a_browser_is_cut(self, people: People) -> None:
        _, session = await people.sessions.begin(
            (await people.member()).id, address=ipaddress.ip_address("2001:db8::1"), agent="x" * 1_000
        )
        assert session.agent == "x" * 256
