"""What may not be done twice is done at most once, for a day, by whoever asked; secrets are not remembered."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from cybervault.access import tokens
from cybervault.access.idempotency import KEPT_FOR, RUNNING_AT_MOST, Idempotency, Repeatable
from cybervault.access.store.idempotency import IdempotencyStore, KeptReply, Reply
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Plan, Principal, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from tests.fakes.clock import HandClock

OLD, NEW = (Pepper.of(Secret(f"a pepper that is long enough {number}")) for number in range(2))
CALLER = Principal(TenantId("tv_1"), frozenset(), Plan.STARTER, key_id=KeyId("key_1"))
REQUEST = Repeatable(CALLER, "POST", "/v3/keys", "once", b"content")
REPLY = Reply(201, (("content-type", "application/json"),), b'{"a":1}')


def memory(database: Database, clock: HandClock | None = None, peppers: Peppers | None = None) -> Idempotency:
    return Idempotency(IdempotencyStore(database), clock or HandClock(), peppers or Peppers(OLD))


async def refusal(idempotency: Idempotency, request: Repeatable = REQUEST) -> Problem:
    with pytest.raises(Problem) as caught:
        await idempotency.begin(request)
    return caught.value


async def test_the_first_is_let_through_and_a_repeat_gets_its_answer(database: Database) -> None:
    idempotency = memory(database)
    assert await idempotency.begin(REQUEST) is None
    await idempotency.keep(REQUEST, REPLY)
    assert await idempotency.begin(REQUEST) == REPLY
    assert await idempotency.begin(REQUEST) == REPLY


async def test_while_it_runs_a_repeat_is_a_conflict(database: Database) -> None:
    clock = HandClock()
    idempotency = memory(database, clock)
    await idempotency.begin(REQUEST)
    problem = await refusal(idempotency)
    assert (problem.kind, problem.code) == (ProblemKind.CONFLICT, "request_in_progress")
    assert problem.retry_after_seconds == 1
    clock.advance(RUNNING_AT_MOST.total_seconds())
    assert (await refusal(idempotency)).code == "outcome_unknown"


async def test_of_many_at_once_one_is_let_through(database: Database) -> None:
    idempotency = memory(database)
    told = await asyncio.gather(*(idempotency.begin(REQUEST) for _ in range(8)), return_exceptions=True)
    assert told.count(None) == 1
    problems = [one for one in told if isinstance(one, Problem)]
    assert {problem.code for problem in problems} == {"request_in_progress"}
    assert len(problems) == 7


async def test_a_value_counts_for_one_request(database: Database) -> None:
    idempotency = memory(database)
    await idempotency.begin(REQUEST)
    problem = await refusal(idempotency, replace(REQUEST, content=b"other"))
    assert (problem.kind, problem.code) == (ProblemKind.INVALID, "idempotency_key_reused")


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, principal=replace(CALLER, tenant_id=TenantId("tv_2"))),
        replace(REQUEST, principal=replace(CALLER, key_id=KeyId("key_2"))),
        replace(REQUEST, principal=replace(CALLER, key_id=None, member_id=MemberId("usr_1"))),
        replace(REQUEST, method="DELETE"),
        replace(REQUEST, route="/v3/other"),
        replace(REQUEST, value="twice"),
    ],
)
async def test_everybody_has_values_of_their_own(database: Database, other: Repeatable) -> None:
    """An answer is given to nobody but who got it the first time."""
    idempotency = memory(database)
    await idempotency.begin(REQUEST)
    await idempotency.keep(REQUEST, REPLY)
    assert await idempotency.begin(other) is None


async def test_after_a_day_it_is_forgotten(database: Database) -> None:
    clock = HandClock()
    idempotency = memory(database, clock)
    await idempotency.begin(REQUEST)
    await idempotency.keep(REQUEST, REPLY)
    clock.advance(KEPT_FOR.total_seconds() - 1)
    assert await idempotency.begin(REQUEST) == REPLY
    clock.advance(1)
    assert await idempotency.begin(replace(REQUEST, content=b"other")) is None


async def test_what_was_refused_may_be_tried_again(database: Database) -> None:
    idempotency = memory(database)
    await idempotency.begin(REQUEST)
    await idempotency.forget(REQUEST)
    assert await idempotency.begin(replace(REQUEST, content=b"other")) is None


async def test_a_secret_is_told_once(database: Database) -> None:
    """What is not kept cannot be stolen from the database."""
    idempotency = memory(database)
    await idempotency.begin(REQUEST)
    await idempotency.keep(REQUEST, REPLY, shown=KeyId("key_9"))
    problem = await refusal(idempotency)
    assert (problem.kind, problem.code) == (ProblemKind.CONFLICT, "secret_already_shown")
    assert "key_9" in problem.message


async def test_a_key_in_an_answer_is_not_kept_even_where_nobody_said_so(database: Database) -> None:
    secret = tokens.mint(KeyKind.PERSONAL_LIVE).secret.reveal()
    idempotency = memory(database)
    await idempotency.begin(REQUEST)
    await idempotency.keep(REQUEST, Reply(201, (), f'{{"secret":"{secret}"}}'.encode()))
    assert (await refusal(idempotency)).code == "secret_already_shown"


async def test_a_change_of_the_pepper_forgets_nothing(database: Database) -> None:
    before, after = memory(database), memory(database, peppers=Peppers(NEW, OLD))
    await before.begin(REQUEST)
    await before.keep(REQUEST, REPLY)
    assert await after.begin(REQUEST) == REPLY
    assert (await refusal(after, replace(REQUEST, content=b"other"))).code == "idempotency_key_reused"
    later = replace(REQUEST, value="later")
    assert await after.begin(later) is None
    await after.keep(later, REPLY)
    assert await after.begin(later) == REPLY


async def test_another_node_sees_what_runs_here(database: Database, database_place: Path | Secret) -> None:
    other = database_at(database_place, HandClock())
    await other.open()
    try:
        await memory(database).begin(REQUEST)
        assert (await refusal(memory(other))).code == "request_in_progress"
    finally:
        await other.close()


async def test_who_is_second_by_a_moment_waits_for_the_first(database: Database) -> None:
    class Late(IdempotencyStore):
        """Sees nothing yet: the other node's row comes between the look and the insert."""

        async def find(self, digest: bytes) -> KeptReply | None:
            return None if digest else await super().find(digest)

    await memory(database).begin(REQUEST)
    late = Idempotency(Late(database), HandClock(), Peppers(OLD))
    assert (await refusal(late)).code == "request_in_progress"


@pytest.mark.parametrize("value", ["", "x" * 256, "a\nb", "ñ", "\x00"])
async def test_a_value_that_cannot_be_used_is_refused(database: Database, value: str) -> None:
    assert (await refusal(memory(database), replace(REQUEST, value=value))).code == "invalid_idempotency_key"


@pytest.mark.parametrize("value", ["a", " ", "x" * 255, '"quoted"', "8e03978e-40d5-43dd-bc93-6894a57f9324"])
async def test_any_other_counts_as_it_stands(database: Database, value: str) -> None:
    assert await memory(database).begin(replace(REQUEST, value=value)) is None
