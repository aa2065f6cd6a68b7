"""Members: invited, created, changed and removed, each by whom and with what consequences."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.members import NewMember
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.principals import KeyKind, Member, MemberId, Plan, Principal, Role, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.conftest import World, raw
from tests.access.people import HERE, PASSWORD, People, actor_of, people_on, told
from tests.fakes.clock import HandClock

Change: TypeAlias = Callable[[People, MemberId, Principal | None], Awaitable[object]]
LACKS = (ProblemKind.FORBIDDEN, "insufficient_role")
UNKNOWN = (ProblemKind.NOT_FOUND, "member_not_found")
ENDED = (ProblemKind.UNAUTHENTICATED, "session_ended")


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


def change_role(role: Role) -> Change:
    return lambda people, wanted, by: people.members.change_role(wanted, role, by=by, actor=OPERATOR)


def suspend(people: People, wanted: MemberId, by: Principal | None) -> Awaitable[object]:
    return people.members.suspend(wanted, by=by, actor=OPERATOR)


def remove(people: People, wanted: MemberId, by: Principal | None) -> Awaitable[object]:
    return people.members.remove(wanted, by=by, actor=OPERATOR)


def resume(people: People, wanted: MemberId, by: Principal | None) -> Awaitable[object]:
    return people.members.resume(wanted, by=by, actor=OPERATOR)


def rename(people: People, wanted: MemberId, by: Principal | None) -> Awaitable[object]:
    return people.members.rename(wanted, "Another", by=by, actor=OPERATOR)


def new_token(people: People, wanted: MemberId, by: Principal | None) -> Awaitable[object]:
    return people.members.new_token(wanted, by=by, actor=OPERATOR)


EVERY_CHANGE = [change_role(Role.VIEWER), suspend, remove, resume, rename, new_token]


async def refused(awaited: Awaitable[object]) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await awaited
    return told(caught)


async def state_of(people: People, member: Member) -> tuple[ProblemKind, str] | None:
    """How a new look at a member's session ends."""
    token, _ = await people.session(member)
    try:
        await people.sessions.resolve(token.reveal())
    except Problem as problem:
        return problem.kind, problem.code
    return None


class TestInvite:
    async def test_the_invited_chooses_a_password_by_a_one_time_token(self, people: People) -> None:
        wish = NewMember(" Bo@Acme.example ", " Bo ", Role.MEMBER)
        member, token = await people.members.invite(people.tenant, wish, by=None, actor=OPERATOR)
        assert (member.email, member.name, member.role, member.is_active) == (
            "bo@acme.example",
            "Bo",
            Role.MEMBER,
            True,
        )
        assert await people.tokens.subject_of(token) == member.id
        assert (await people.last())["action"] == "member.invited"
        people.clock.advance(7 * 86_400)
        assert await refused(people.tokens.subject_of(token)) == (ProblemKind.INVALID, "invalid_token")

    async def test_an_address_is_one_members_in_all_tenants(self, people: People) -> None:
        await people.member("ana")
        other = Tenant(new_tenant_id(), "other", Plan.STARTER, people.clock.now())
        await TenantStore(people.database).add(other)
        wish = NewMember("ANA@acme.example", "Ana", Role.VIEWER)
        for tenant in (people.tenant, other):
            inviting = people.members.invite(tenant, wish, by=None, actor=OPERATOR)
            assert await refused(inviting) == (ProblemKind.CONFLICT, "email_taken")

    async def test_of_two_invitations_to_one_address_at_once_one_is_refused(self, people: People) -> None:
        wish = NewMember("bo@acme.example", "Bo", Role.VIEWER)
        found = await asyncio.gather(
            *(people.members.invite(people.tenant, wish, by=None, actor=OPERATOR) for _ in range(2)),
            return_exceptions=True,
        )
        assert [one.code for one in found if isinstance(one, Problem)] == ["email_taken"]
        assert len(await people.members.list(people.tenant.id)) == 1

    @pytest.mark.parametrize(
        ("email", "name", "code"),
        [("bo", "Bo", "invalid_email"), ("bo@acme.example", " ", "invalid_name"), ("", "Bo", "invalid_email")],
    )
    async def test_a_bad_address_or_name_is_refused(self, people: People, email: str, name: str, code: str) -> None:
        inviting = people.members.invite(people.tenant, NewMember(email, name, Role.VIEWER), by=None, actor=OPERATOR)
        assert await refused(inviting) == (ProblemKind.INVALID, code)
        assert await people.audited() == []

    @pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
    async def test_an_admin_invites_all_but_owners(self, people: People, role: Role) -> None:
        admin = await people.caller(await people.member("ad", Role.ADMIN))
        for verb in (people.members.invite, people.members.create):
            acting = verb(people.tenant, NewMember(f"{verb.__name__}@b.example", "Bo", role), by=admin, actor=OPERATOR)
            if role is Role.OWNER:
                assert await refused(acting) == LACKS
            else:
                await acting

    async def test_a_lost_invitation_is_replaced_by_a_newer_one(self, people: People) -> None:
        wish = NewMember("bo@acme.example", "Bo", Role.MEMBER)
        member, older = await people.members.invite(people.tenant, wish, by=None, actor=OPERATOR)
        newer = await people.members.new_token(member.id, by=None, actor=OPERATOR)
        assert await people.tokens.subject_of(newer) == member.id
        assert await refused(people.tokens.subject_of(older)) == (ProblemKind.INVALID, "invalid_token")


class TestFind:
    async def test_members_are_found_by_id_and_address_and_listed_oldest_first(self, people: People) -> None:
        ana = await people.member("ana")
        people.clock.advance(1)
        bo = await people.member("bo", Role.VIEWER)
        assert await people.members.find(ana.id, people.tenant.id) == ana
        assert await people.members.find_by_email(" BO@acme.example") == bo
        assert await people.members.list(people.tenant.id) == (ana, bo)

    async def test_who_is_not_there_or_of_another_tenant_is_not_found_alike(self, people: People) -> None:
        ana = await people.member("ana")
        assert await refused(people.members.find(ana.id, new_tenant_id())) == UNKNOWN
        assert await refused(people.members.find(MemberId("usr_nobody"), None)) == UNKNOWN
        assert await refused(people.members.find_by_email("nobody@acme.example")) == UNKNOWN

    async def test_another_tenants_member_cannot_be_changed(self, people: People) -> None:
        """Security: whoever asks learns not even that there is one."""
        ana = await people.member("ana")
        stranger = HERE.actor(Member(MemberId("usr_x"), new_tenant_id(), "x@x", "X", Role.OWNER, people.clock.now()))
        assert await refused(people.members.suspend(ana.id, by=None, actor=stranger)) == UNKNOWN
        assert await refused(people.members.new_token(ana.id, by=None, actor=stranger)) == UNKNOWN


class TestRights:
    @pytest.mark.parametrize("role", [Role.BILLING_ADMIN, Role.MEMBER, Role.VIEWER])
    @pytest.mark.parametrize("change", EVERY_CHANGE)
    async def test_who_runs_nothing_changes_nobody(self, people: People, role: Role, change: Change) -> None:
        await people.member("ana")
        caller = await people.caller(await people.member("cy", role))
        bo = await people.member("bo", Role.VIEWER)
        assert await refused(change(people, bo.id, caller)) == LACKS
        assert await people.members.find(bo.id, None) == bo

    @pytest.mark.parametrize("change", EVERY_CHANGE)
    async def test_an_admin_changes_no_owner(self, people: People, change: Change) -> None:
        """Security: a one-time token for an Owner's password would be the Owner's rights."""
        ana = await people.member("ana")
        admin = await people.caller(await people.member("ad", Role.ADMIN))
        assert await refused(change(people, ana.id, admin)) == LACKS

    @pytest.mark.parametrize("role", [one for one in Role if one is not Role.OWNER])
    async def test_nobody_but_owners_makes_owners_not_even_of_themselves(self, people: People, role: Role) -> None:
        member = await people.member("cy", role)
        caller = await people.caller(member)
        assert await refused(change_role(Role.OWNER)(people, member.id, caller)) == LACKS

    async def test_an_owner_may_do_it_all(self, people: People) -> None:
        owner = await people.caller(await people.member("ana"))
        bo = await people.member("bo", Role.VIEWER)
        for change in (change_role(Role.OWNER), suspend, resume, rename, new_token, remove):
            await change(people, bo.id, owner)

    async def test_members_rename_themselves_and_nobody_else(self, people: People) -> None:
        bo = await people.member("bo", Role.VIEWER)
        caller = await people.caller(bo)
        renamed = await people.members.rename(bo.id, " Bo B. ", by=caller, actor=actor_of(bo))
        assert renamed.name == (await people.members.find(bo.id, None)).name == "Bo B."
        renaming = people.members.rename(bo.id, "", by=caller, actor=actor_of(bo))
        assert await refused(renaming) == (ProblemKind.INVALID, "invalid_name")


class TestLastOwner:
    @pytest.mark.parametrize("change", [change_role(Role.ADMIN), suspend, remove])
    async def test_a_tenant_keeps_an_active_owner(self, people: People, change: Change) -> None:
        ana = await people.member("ana")
        await people.member("ad", Role.ADMIN)
        assert await refused(change(people, ana.id, None)) == (ProblemKind.CONFLICT, "last_owner")
        assert await people.members.find(ana.id, None) == ana
        await people.member("bo")
        await change(people, ana.id, None)

    async def test_of_two_owners_who_step_down_at_once_one_stays(self, people: People) -> None:
        """Two nodes at once see each other's change."""
        owners = [await people.member("ana"), await people.member("bo")]
        steps = (change_role(Role.VIEWER)(people, one.id, None) for one in owners)
        found = await asyncio.gather(*steps, return_exceptions=True)
        assert [one.code for one in found if isinstance(one, Problem)] == ["last_owner"]


class TestConsequences:
    async def test_a_changed_role_is_audited_and_told_to_all_nodes(self, people: People) -> None:
        await people.member("ana")
        bo = await people.member("bo", Role.MEMBER)
        changed = await people.members.change_role(bo.id, Role.ADMIN, by=None, actor=OPERATOR)
        assert changed == await people.members.find(bo.id, None)
        assert await people.last() == {
            "action": "member.role_changed", "actor": "operator", "target": bo.id,
            "details": {"email": bo.email, "name": "Bo", "role": "admin", "role_before": "member"},
        }  # fmt: skip
        assert (await people.noted())[-1] == f"member:{bo.id}"

    async def test_what_changes_nothing_leaves_nothing_behind(self, people: People) -> None:
        ana = await people.member("ana")
        rows = len(await people.audited())
        assert await people.members.resume(ana.id, by=None, actor=OPERATOR) == ana
        assert await people.members.change_role(ana.id, Role.OWNER, by=None, actor=OPERATOR) == ana
        assert len(await people.audited()) == rows

    async def test_a_suspended_member_has_no_session_until_it_is_resumed(self, people: People) -> None:
        await people.member("ana")
        bo = await people.member("bo", Role.MEMBER)
        token, _ = await people.session(bo)
        await suspend(people, bo.id, None)
        assert await people.sessions.list(bo.id) == ()
        assert await state_of(people, bo) == ENDED
        await resume(people, bo.id, None)
        assert await state_of(people, bo) is None
        assert await refused(people.sessions.resolve(token.reveal())) == ENDED  # the old one stays ended

    async def test_a_removed_member_is_gone_with_sessions_tokens_and_password(self, people: People) -> None:
        await people.member("ana")
        bo = await people.member("bo", Role.MEMBER)
        token = await people.members.new_token(bo.id, by=None, actor=OPERATOR)
        await remove(people, bo.id, None)
        assert await refused(people.members.find(bo.id, None)) == UNKNOWN
        assert await state_of(people, bo) == ENDED
        assert await refused(people.tokens.subject_of(token)) == (ProblemKind.INVALID, "invalid_token")
        signing_in = people.doors.passwords.verify(PASSWORD, await people.doors.members.password(bo.id))
        assert not (await signing_in).is_right
        again = await people.member("bo", Role.VIEWER)
        assert again.id != bo.id

    async def test_the_personal_keys_of_a_removed_member_are_revoked_with_it(
        self, people: People, world: World
    ) -> None:
        """Contract check 123, as far as one node goes."""
        await people.member("ana")
        bo, cy = await people.member("bo", Role.MEMBER), await people.member("cy", Role.MEMBER)
        bos = await world.mint("a", KeyKind.PERSONAL_LIVE, owner=bo)
        cys = await world.mint("b", KeyKind.PERSONAL_LIVE, owner=cy)
        await remove(people, bo.id, None)
        refused_now = await refused(world.keys.resolve(bos.secret.reveal(), None))
        assert refused_now == (ProblemKind.UNAUTHENTICATED, "revoked_api_key")
        kept = await world.store.find(bos.key.id, None)
        assert kept is not None
        assert kept.revoked_at == people.clock.now()
        assert (await world.keys.resolve(cys.secret.reveal(), None)).member_id == cy.id
        assert (await people.last())["details"]["revoked_keys"] == bos.key.id

    async def test_a_change_whose_audit_row_cannot_be_written_does_not_happen(self, people: People) -> None:
        await people.member("ana")
        bo = await people.member("bo", Role.MEMBER)
        token, _ = await people.session(bo)
        await people.database.run(raw("DROP TABLE audit"), {})
        assert await refused(remove(people, bo.id, None)) == (ProblemKind.UNAVAILABLE, "service_unavailable")
        assert await people.members.find(bo.id, None) == bo
        assert (await people.sessions.resolve(token.reveal())).member_id == bo.id
