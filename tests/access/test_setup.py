"""The first administrator: by the shell or by a one-time token, and by nobody else."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.setup import LIFETIME, NewAdmin
from cybervault.access.sign_in import Proof
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.ids import new_tenant_id
from cybervault.domain.principals import Plan, Role, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.conftest import raw
from tests.access.people import HERE, PASSWORD, People, people_on, told
from tests.fakes.clock import HandClock

WISH = NewAdmin("ana@acme.example", "Ana", PASSWORD)
INVALID_TOKEN = (ProblemKind.INVALID, "invalid_token")
DONE = (ProblemKind.CONFLICT, "already_set_up")


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


async def refused(awaited: Awaitable[object]) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await awaited
    return told(caught)


async def offered(people: People) -> Secret:
    token = await people.setup.offer()
    assert token is not None
    return token


class TestByToken:
    async def test_who_holds_the_token_becomes_the_owner(self, people: People) -> None:
        assert await people.setup.is_open()
        token = await offered(people)
        people.setup.token_file.write_text("the token")
        member = await people.setup.complete(token, WISH, HERE)
        assert (member.role, member.tenant_id, member.email) == (Role.OWNER, people.tenant.id, WISH.email)
        await people.sign_in.with_password(WISH.email, Proof(PASSWORD), HERE)
        assert not await people.setup.is_open()
        assert not people.setup.token_file.exists()
        made = (await people.audited())[-2]
        assert (made.action, made.actor, made.ip, made.targets) == (
            "member.created", "anonymous", "192.0.2.7", (member.id,),
        )  # fmt: skip

    async def test_without_it_nobody_does(self, people: People) -> None:
        """Security: an open set-up page would belong to whoever finds it first."""
        older = await offered(people)
        newer = await offered(people)
        for token in (Secret(""), Secret("guess"), older):
            assert await refused(people.setup.complete(token, WISH, HERE)) == INVALID_TOKEN
        people.clock.advance(LIFETIME.total_seconds())
        assert await refused(people.setup.complete(newer, WISH, HERE)) == INVALID_TOKEN
        assert await people.setup.is_open()

    async def test_of_two_who_come_at_once_one_wins(self, people: People) -> None:
        token = await offered(people)
        wishes = [WISH, replace(WISH, email="eve@acme.example")]
        found = await asyncio.gather(
            *(people.setup.complete(token, wish, HERE) for wish in wishes), return_exceptions=True
        )
        assert [one.code for one in found if isinstance(one, Problem)] in (["already_set_up"], ["invalid_token"])
        assert len(await people.members.list(people.tenant.id)) == 1

    async def test_once_there_is_a_member_no_token_is_offered_or_taken(self, people: People) -> None:
        token = await offered(people)
        await people.member("bo")
        assert await people.setup.offer() is None
        assert await refused(people.setup.complete(token, WISH, HERE)) == DONE

    async def test_a_token_for_something_else_opens_nothing(self, people: People) -> None:
        token = await people.tokens.issue("usr_ana", LIFETIME)
        assert await refused(people.setup.complete(token, WISH, HERE)) == INVALID_TOKEN
        assert await people.tokens.subject_of(token) == "usr_ana"

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            (replace(WISH, password=Secret("short")), "weak_password"),
            (replace(WISH, password=Secret("ana@acme.example")), "weak_password"),
            (replace(WISH, email="nobody"), "invalid_email"),
            (replace(WISH, name=""), "invalid_name"),
            (replace(WISH, tenant="\n"), "invalid_name"),
        ],
    )
    async def test_a_bad_wish_leaves_the_token_good(self, people: People, wish: NewAdmin, code: str) -> None:
        token = await offered(people)
        assert await refused(people.setup.complete(token, wish, HERE)) == (ProblemKind.INVALID, code)
        assert await people.audited() == []
        await people.setup.complete(token, WISH, HERE)


class TestByTheShell:
    async def test_the_operator_makes_owners_whenever_needed(self, people: People) -> None:
        token = await offered(people)
        people.setup.token_file.write_text("the token")
        first = await people.setup.create_admin(WISH, actor=OPERATOR)
        people.clock.advance(1)
        second = await people.setup.create_admin(replace(WISH, email="bo@acme.example"), actor=OPERATOR)
        assert [first, second] == list(await people.members.list(people.tenant.id))
        assert (await people.last())["actor"] == "operator"
        assert not people.setup.token_file.exists()
        assert await refused(people.tokens.subject_of(token)) == INVALID_TOKEN

    async def test_an_address_is_taken_once(self, people: People) -> None:
        await people.setup.create_admin(WISH, actor=OPERATOR)
        again = people.setup.create_admin(WISH, actor=OPERATOR)
        assert await refused(again) == (ProblemKind.CONFLICT, "email_taken")

    async def test_a_tenant_of_another_name_is_made_with_its_plan(self, people: People) -> None:
        wish = replace(WISH, tenant=" beta ", plan=Plan.STARTER)
        member = await people.setup.create_admin(wish, actor=OPERATOR)
        found = await TenantStore(people.database).find("beta")
        assert found is not None
        assert (found.id, found.plan) == (member.tenant_id, Plan.STARTER)
        assert [entry.action for entry in await people.audited()] == ["tenant.created", "member.created"]

    async def test_a_tenant_that_stands_is_found_by_id_or_name_and_keeps_its_plan(self, people: People) -> None:
        for number, which in enumerate((people.tenant.id, people.tenant.name)):
            wish = replace(WISH, email=f"a{number}@acme.example", tenant=which, plan=Plan.STARTER)
            assert (await people.setup.create_admin(wish, actor=OPERATOR)).tenant_id == people.tenant.id
        assert await TenantStore(people.database).all() == (people.tenant,)

    async def test_among_several_tenants_one_has_to_be_named(self, people: People) -> None:
        other = Tenant(new_tenant_id(), "other", Plan.STARTER, people.clock.now())
        await TenantStore(people.database).add(other)
        creating = people.setup.create_admin(WISH, actor=OPERATOR)
        assert await refused(creating) == (ProblemKind.INVALID, "tenant_required")
        assert await people.setup.is_open()

    async def test_where_there_is_no_tenant_the_first_is_made(self, people: People) -> None:
        await people.database.run(raw("DELETE FROM tenants"), {})
        await people.setup.create_admin(WISH, actor=OPERATOR)
        assert [(one.name, one.plan) for one in await TenantStore(people.database).all()] == [("main", Plan.ENTERPRISE)]
