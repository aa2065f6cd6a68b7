"""The life of a key: a table of steps, and a walk through every state it can reach."""

import ipaddress
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.life import (
    OVERLAP,
    Edit,
    Key,
    KeySecret,
    KeyState,
    NewExpiry,
    Rotate,
    Step,
    after,
    refuse_past,
)
from cybervault.domain.principals import KeyId, KeyKind, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MOMENT = timedelta(microseconds=1)


def secret(number: int, at: datetime = START) -> KeySecret:
    return KeySecret(bytes([number]), "pepper", f"cv_live_sk_…{number}", at)


KEY = Key(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.SERVICE_LIVE, "ci", frozenset({Scope.THREAT_READ}), (),
    created_at=START, expires_at=None, revoked_at=None, secrets=(secret(1),),
)  # fmt: skip


def numbers(key: Key, now: datetime) -> list[int]:
    return [one.digest[0] for one in key.living(now)]


def refusal(key: Key, step: Step | Rotate | Edit, now: datetime) -> str:
    with pytest.raises(Problem) as caught:
        after(key, step, now)
    assert caught.value.kind is ProblemKind.CONFLICT
    return caught.value.code


def rotated(key: Key = KEY, now: datetime = START) -> Key:
    return after(key, Rotate(secret(2, now)), now)


def test_both_secrets_work_until_exactly_24_hours_after_rotation() -> None:
    key = rotated()
    assert key.state(START) is KeyState.ROTATING
    assert numbers(key, START + 24 * HOUR - MOMENT) == [1, 2]
    assert numbers(key, START + 24 * HOUR) == [2]
    assert key.state(START + 24 * HOUR) is KeyState.ACTIVE


def test_an_overlap_never_reaches_past_the_expiry() -> None:
    key = rotated(replace(KEY, expires_at=START + HOUR))
    assert key.secrets[0].ends_at == START + HOUR
    assert key.expires_at == START + HOUR
    assert key.state(START + HOUR - MOMENT) is KeyState.ROTATING
    assert key.state(START + HOUR) is KeyState.EXPIRED
    assert (key.is_living(START + HOUR - MOMENT), key.is_living(START + HOUR)) == (True, False)


def test_a_rotation_keeps_the_expiry_unless_it_is_asked_for_another() -> None:
    key = replace(KEY, expires_at=START + HOUR)
    longer = after(key, Rotate(secret(2), NewExpiry(START + 48 * HOUR)), START)
    assert (longer.expires_at, longer.secrets[0].ends_at) == (START + 48 * HOUR, START + OVERLAP)
    for_ever = after(key, Rotate(secret(2), NewExpiry(None)), START)
    assert (for_ever.expires_at, for_ever.secrets[0].ends_at) == (None, START + OVERLAP)
    sooner = after(KEY, Rotate(secret(2), NewExpiry(START + HOUR)), START)
    assert (sooner.expires_at, sooner.secrets[0].ends_at) == (START + HOUR, START + HOUR)


def test_finishing_ends_the_old_secret_and_cancelling_the_new_one() -> None:
    assert numbers(after(rotated(), Step.FINISH, START), START) == [2]
    cancelled = after(rotated(), Step.CANCEL, START + HOUR)
    assert numbers(cancelled, START + 100 * OVERLAP) == [1]


def test_a_secret_that_was_ended_stays_so_when_the_clock_goes_back() -> None:
    """No error of the clock brings a dead secret back."""
    assert numbers(after(rotated(), Step.FINISH, START + HOUR), START - HOUR) == [2]


def test_a_key_can_be_rotated_again_after_each_way_a_rotation_ends() -> None:
    for key, now in (
        (after(rotated(), Step.FINISH, START), START),
        (after(rotated(), Step.CANCEL, START), START),
        (rotated(), START + OVERLAP),
    ):
        again = after(key, Rotate(secret(3, now)), now)
        assert numbers(again, now)[1] == 3
        assert len(again.secrets) == 3


def test_what_is_revoked_stays_revoked() -> None:
    key = after(rotated(), Step.REVOKE, START)
    assert key.state(START) is KeyState.REVOKED
    for step in (*Step, Rotate(secret(3)), Edit(name="other")):
        assert refusal(key, step, START + HOUR) == "key_revoked"


def test_an_expired_key_can_only_be_revoked() -> None:
    key, now = replace(rotated(), expires_at=START + HOUR), START + HOUR
    for step in (Step.FINISH, Step.CANCEL, Rotate(secret(3)), Edit(expiry=NewExpiry(None))):
        assert refusal(key, step, now) == "key_expired"
    assert after(key, Step.REVOKE, now).state(now) is KeyState.REVOKED


def test_a_second_rotation_is_refused_and_told_when_the_first_ends() -> None:
    assert refusal(rotated(), Rotate(secret(3)), START + HOUR) == "rotation_in_progress"
    with pytest.raises(Problem, match="2026-11-02T00:00:00Z"):
        after(rotated(), Rotate(secret(3)), START)


@pytest.mark.parametrize("step", [Step.FINISH, Step.CANCEL])
@pytest.mark.parametrize(("key", "now"), [(KEY, START), (rotated(), START + OVERLAP)])
def test_without_an_open_rotation_there_is_nothing_to_decide(step: Step, key: Key, now: datetime) -> None:
    assert refusal(key, step, now) == "no_rotation"


def test_an_edit_changes_what_it_names_and_nothing_else() -> None:
    assert after(KEY, Edit(), START) == KEY
    assert after(KEY, Edit(name="other"), START) == replace(KEY, name="other")
    scopes = frozenset({Scope.SCAN_WRITE})
    assert after(KEY, Edit(scopes=scopes), START) == replace(KEY, scopes=scopes)
    networks = (ipaddress.ip_network("10.0.0.0/8"),)
    limited = after(KEY, Edit(networks=networks), START)
    assert limited == replace(KEY, networks=networks)
    assert after(limited, Edit(networks=(), scopes=frozenset()), START) == replace(KEY, scopes=frozenset())


def test_an_earlier_expiry_shortens_an_open_overlap_and_a_later_one_does_not_lengthen_it() -> None:
    key = after(rotated(), Edit(expiry=NewExpiry(START + HOUR)), START)
    assert (key.expires_at, key.secrets[0].ends_at, key.secrets[1].ends_at) == (START + HOUR, START + HOUR, None)
    later = after(key, Edit(expiry=NewExpiry(None)), START)
    assert (later.expires_at, later.secrets[0].ends_at) == (None, START + HOUR)


@pytest.mark.parametrize("step", [Edit(expiry=NewExpiry(START)), Rotate(secret(2), NewExpiry(START - HOUR))])
def test_an_expiry_lies_in_the_future(step: Edit | Rotate) -> None:
    with pytest.raises(Problem) as caught:
        after(KEY, step, START)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_expiry")
    refuse_past(None, START)
    refuse_past(START + MOMENT, START)


# --- every state ----------------------------------------------------------------------------------------------------

DEPTH_HOURS = 72
TICK = timedelta(hours=12)
MOVES: tuple[str, ...] = (*Step, "rotate", "sooner", "later", "wait")


def moved(key: Key, move: str, now: datetime) -> tuple[Key, datetime]:
    """A key after one move, or after 12 hours in which nothing is done; a refusal is a `Problem`."""
    match move:
        case "wait":
            return key, now + TICK
        case "rotate":
            return after(key, Rotate(secret(len(key.secrets) + 1, now)), now), now
        case "sooner":
            return after(key, Edit(expiry=NewExpiry(now + TICK)), now), now
        case "later":
            return after(key, Edit(expiry=NewExpiry(now + 4 * TICK)), now), now
        case step:
            return after(key, Step(step), now), now


def shape(key: Key, now: datetime) -> tuple[object, ...]:
    """What a state is like, seen from now, whichever secrets it is about."""
    ends = tuple(one.ends_at and one.ends_at - now for one in key.living(now))
    return key.state(now), ends, key.expires_at and key.expires_at - now, len(key.secrets)


def every_move(expires_hours: int | None) -> Iterator[tuple[Key, Key, str, datetime, datetime]]:
    """Each pair of states that one move joins, breadth first, from a new key; at most four secrets and three days."""
    start = replace(KEY, expires_at=None if expires_hours is None else START + expires_hours * HOUR)
    seen, waiting = {(shape(start, START), START)}, deque([(start, START)])
    while waiting:
        key, now = waiting.popleft()
        for move in MOVES:
            try:
                later, then = moved(key, move, now)
            except Problem as problem:
                assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
                continue
            yield key, later, move, now, then
            mark = (shape(later, then), then)
            if mark not in seen and len(later.secrets) <= 4 and then <= START + DEPTH_HOURS * HOUR:
                seen.add(mark)
                waiting.append((later, then))


@pytest.mark.parametrize("expires_hours", [None, 6, 30])
def test_no_state_that_can_be_reached_breaks_a_promise(expires_hours: int | None) -> None:
    """Never more than two secrets; no overlap beyond 24 hours or the expiry; no dead one returns; revoked is final."""
    walked = 0
    for before, later, move, now, then in every_move(expires_hours):
        walked += 1
        had, has = set(numbers(before, now)), set(numbers(later, then))
        new = {one.digest[0] for one in later.secrets} - {one.digest[0] for one in before.secrets}
        assert 1 <= len(has) <= 2
        assert has <= had | new
        assert len(new) == (move == "rotate")
        for one in later.living(then):
            assert one.ends_at is None or one.ends_at <= then + OVERLAP
            if later.is_living(then):
                assert one.ends_at is None or later.expires_at is None or one.ends_at <= later.expires_at
        if before.revoked_at is not None:
            assert move == "wait"
        if move == Step.FINISH:
            assert has == {before.secrets[-1].digest[0]}
        if move == Step.CANCEL:
            assert has == had - {before.living(now)[-1].digest[0]}
    assert walked > 500


@given(
    st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 30)), max_size=12),
    st.sampled_from([None, 1, 24, 50]),
)
def test_no_order_of_steps_breaks_the_promises(steps: list[tuple[str, int]], expires_hours: int | None) -> None:
    """Never more than two living secrets, no dead one returns, and revoked is final."""
    now = START
    key = replace(KEY, expires_at=None if expires_hours is None else START + expires_hours * HOUR)
    seen = [(key, frozenset(numbers(key, now)))]
    for move, hours in steps:
        now += hours * HOUR
        try:
            key, _ = moved(key, move, now)
        except Problem as problem:
            assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
        seen.append((key, frozenset(numbers(key, now))))
    for (before, had), (later, has) in pairwise(seen):
        new = {one.digest[0] for one in later.secrets} - {one.digest[0] for one in before.secrets}
        assert 1 <= len(has) <= 2
        assert has <= had | new
        assert before.revoked_at is None or later == before
