"""A change leaves its row in the audit first, then the number by which other nodes learn of it."""

from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR, Change, Happening
from cybervault.access.subjects import of_member, of_session
from cybervault.domain.principals import MemberId, SessionId
from cybervault.storage.database import Database
from tests.access.people import People, people_on
from tests.fakes.clock import HandClock


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


async def test_a_change_is_audited_and_told_to_other_nodes(people: People) -> None:
    member, session = MemberId("usr_a"), SessionId("ses_a")
    happening = Happening(Change.MEMBER_SUSPENDED, OPERATOR, member, people.tenant.id, {"name": "Ana"})
    async with people.database.transaction():
        await people.journal.record(happening, of_member(member), of_session(session))
    assert await people.last() == {
        "action": "member.suspended", "actor": "operator", "target": "usr_a", "details": {"name": "Ana"},
    }  # fmt: skip
    assert await people.noted() == ["member:usr_a", "session:ses_a"]


async def test_a_change_that_takes_nothing_away_is_audited_alone(people: People) -> None:
    async with people.database.transaction():
        await people.journal.record(Happening(Change.SIGN_IN_FAILED, OPERATOR, "unknown", None))
    assert (await people.last())["target"] == "unknown"
    assert await people.noted() == []
