"""Whom the identity provider vouches for: known, recognised by a verified address, let in anew, or nobody."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access.arrivals import Arrivals, NewcomerRule, Newcomers, Person
from cybervault.access.store.identities import IdentityStore
from cybervault.access.store.members import MemberStore
from cybervault.access.store.tenants import TenantStore
from cybervault.domain.principals import Role, Tenant
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.people import People, actor_of, people_on, told
from tests.fakes.clock import HandClock

ANA = Person("https://id.example", "42", "Ana@acme.example", "Ana Sample")
OPEN = NewcomerRule("acme", frozenset({"acme.example"}), Role.VIEWER)


class Tenants:
    """The tenants, as far as arrivals ask."""

    def __init__(self, database: Database) -> None:
        self._store = TenantStore(database)

    async def find(self, id_or_name: str) -> Tenant:
        tenant = await self._store.find(id_or_name)
        if tenant is None:
            raise Problem(ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no such tenant.")
        return tenant


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


def arrivals_of(people: People, rule: NewcomerRule | None = None) -> Arrivals:
    newcomers = Newcomers(people.members, Tenants(people.database), rule or NewcomerRule())
    return Arrivals(
        IdentityStore(people.database), MemberStore(people.database), newcomers=newcomers, journal=people.journal
    )


async def refused(people: People, person: Person, rule: NewcomerRule | None = None) -> str:
    with pytest.raises(Problem) as caught:
        await arrivals_of(people, rule).member_of(person)
    assert told(caught) == (ProblemKind.FORBIDDEN, "identity_unknown")
    return caught.value.detail


async def test_a_member_is_recognised_once_by_address_and_from_then_on_by_subject(people: People) -> None:
    ana = await people.member("ana")
    assert await arrivals_of(people).member_of(ANA) == ana.id
    assert await people.last() == {
        "action": "identity.linked",
        "actor": "identity provider",
        "target": ana.id,
        "details": {"issuer": "https://id.example", "email": "ana@acme.example"},
    }
    moved = replace(ANA, email="", name="")
    assert await arrivals_of(people).member_of(moved) == ana.id


async def test_without_a_verified_address_nobody_is_recognised(people: People) -> None:
    """Who calls itself by another's address at a provider that does not look gets nothing."""
    await people.member("ana")
    assert "verified" in await refused(people, replace(ANA, email=""), OPEN)


async def test_another_subject_with_the_same_address_is_not_the_member(people: People) -> None:
    """An address that was given to somebody else does not hand the account over."""
    await people.member("ana")
    await arrivals_of(people).member_of(ANA)
    assert "somebody else" in await refused(people, replace(ANA, subject="43"), OPEN)
    assert "somebody else" in await refused(people, replace(ANA, issuer="https://other.example"), OPEN)


async def test_strangers_are_not_let_in(people: People) -> None:
    assert "no member" in await refused(people, ANA)


@pytest.mark.parametrize(
    ("email", "rule"),
    [
        ("ana@sub.acme.example", OPEN),
        ("ana@acme.example.evil.example", OPEN),
        ("ana@evil-acme.example", OPEN),
        ("acme.example", NewcomerRule("acme", frozenset({"other.example"}))),
        ("ana@acme.example", NewcomerRule("", frozenset({"acme.example"}))),
        ("ana@acme.example", NewcomerRule("acme")),
    ],
)
async def test_only_the_domains_that_the_operator_named_are_let_in(
    people: People, email: str, rule: NewcomerRule
) -> None:
    assert "domain" in await refused(people, replace(ANA, email=email), rule)


async def test_who_is_of_a_named_domain_becomes_a_member(people: People) -> None:
    rule = replace(OPEN, domains=frozenset({"@ACME.example"}), role=Role.MEMBER)
    member_id = await arrivals_of(people, rule).member_of(ANA)
    member = await people.members.find(member_id, people.tenant.id)
    assert (member.email, member.name, member.role) == ("ana@acme.example", "Ana Sample", Role.MEMBER)
    assert [entry.action for entry in await people.audited()] == ["member.created", "identity.linked"]
    assert await arrivals_of(people).member_of(ANA) == member_id


async def test_a_nameless_person_is_called_by_the_address(people: People) -> None:
    member_id = await arrivals_of(people, OPEN).member_of(replace(ANA, name=""))
    assert (await people.members.find(member_id, None)).name == "Ana"


async def test_a_tenant_that_is_not_there_lets_nobody_in(people: People) -> None:
    with pytest.raises(Problem) as caught:
        await arrivals_of(people, replace(OPEN, tenant="nowhere")).member_of(ANA)
    assert told(caught) == (ProblemKind.NOT_FOUND, "tenant_not_found")


async def test_of_two_first_visits_at_once_one_member_comes(people: People) -> None:
    found = await asyncio.gather(*(arrivals_of(people, OPEN).member_of(ANA) for _ in range(3)))
    [member] = await people.members.list(people.tenant.id)
    assert set(found) == {member.id}


async def test_a_removed_member_is_nobody_any_more(people: People) -> None:
    await people.member("owner")
    ana = await people.member("ana", Role.MEMBER)
    await arrivals_of(people).member_of(ANA)
    await people.members.remove(ana.id, by=None, actor=actor_of(ana))
    assert "no member" in await refused(people, ANA)
