"""One-time tokens: one for each subject, used once, and not after their time."""

import asyncio
from datetime import timedelta

import pytest

from cybervault.access.one_time import OneTimeTokens, digests_of, invalid_token, new_token
from cybervault.access.store.invitations import InvitationStore
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.people import PEPPERS, told
from tests.fakes.clock import HandClock

HOUR = timedelta(hours=1)


class Desk:
    """Tokens with their clock."""

    def __init__(self, database: Database) -> None:
        self.clock = HandClock()
        self.store = InvitationStore(database)
        self.tokens = OneTimeTokens(self.store, self.clock, PEPPERS)

    async def redeem(self, token: Secret) -> str:
        async with self.store.transaction():
            return await self.tokens.redeem(token)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def refused(desk: Desk, token: Secret) -> None:
    with pytest.raises(Problem) as caught:
        await desk.tokens.subject_of(token)
    assert told(caught) == (ProblemKind.INVALID, "invalid_token")
    with pytest.raises(Problem) as caught:
        await desk.redeem(token)
    assert told(caught) == (ProblemKind.INVALID, "invalid_token")
    assert caught.value.message == invalid_token().message


async def test_a_token_is_used_once(desk: Desk) -> None:
    token = await desk.tokens.issue("usr_ana", HOUR)
    assert await desk.tokens.subject_of(token) == "usr_ana"
    assert await desk.redeem(token) == "usr_ana"
    await refused(desk, token)


async def test_an_expired_an_older_a_withdrawn_and_an_unknown_one_are_refused_alike(desk: Desk) -> None:
    older = await desk.tokens.issue("usr_ana", HOUR)
    newer = await desk.tokens.issue("usr_ana", HOUR)
    gone = await desk.tokens.issue("usr_bo", HOUR)
    await desk.tokens.withdraw("usr_bo")
    for token in (older, gone, new_token(), Secret("")):
        await refused(desk, token)
    desk.clock.advance(HOUR.total_seconds())
    await refused(desk, newer)


async def test_where_the_rest_fails_the_token_stays_good(desk: Desk) -> None:
    token = await desk.tokens.issue("usr_ana", HOUR)
    with pytest.raises(LookupError):
        async with desk.store.transaction():
            await desk.tokens.redeem(token)
            raise LookupError
    assert await desk.redeem(token) == "usr_ana"


async def test_of_two_who_come_at_once_one_is_refused(desk: Desk) -> None:
    token = await desk.tokens.issue("usr_ana", HOUR)
    found = await asyncio.gather(desk.redeem(token), desk.redeem(token), return_exceptions=True)
    assert sorted(map(str, found)) == sorted(["usr_ana", invalid_token().message])


async def test_a_token_from_before_a_change_of_pepper_still_works(desk: Desk) -> None:
    token = await desk.tokens.issue("usr_ana", HOUR)
    changed = Peppers(Pepper.of(Secret("another pepper that is long enough")), PEPPERS.current)
    assert await OneTimeTokens(desk.store, desk.clock, changed).subject_of(token) == "usr_ana"
    alone = Peppers(changed.current)
    with pytest.raises(Problem):
        await OneTimeTokens(desk.store, desk.clock, alone).subject_of(token)


async def test_the_text_of_a_token_is_not_kept(desk: Desk) -> None:
    token = await desk.tokens.issue("usr_ana", HOUR)
    kept = await desk.store.find(digests_of(token, PEPPERS)[0])
    assert kept is not None
    assert token.reveal() not in repr(kept)


def test_tokens_have_256_random_bits() -> None:
    texts = {new_token().reveal() for _ in range(100)}
    assert len(texts) == 100
    assert all(len(text) == 43 and text.replace("-", "").replace("_", "").isalnum() for text in texts)
