"""The life of a key: a table of steps, and a walk through every state it can reach."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.life import OVERLAP, Key, KeySecret, KeyState, Rotate, Step, after
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


def refusal(key: Key, step: Step | Rotate, now: datetime) -> str:
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
    for step in (*Step, Rotate(secret(3))):
        assert refusal(key, step, START + HOUR) == "key_revoked"


def test_an_expired_key_can_only_be_revoked() -> None:
    key, now = replace(rotated(), expires_at=START + HOUR), START + HOUR
    for step in (Step.FINISH, Step.CANCEL, Rotate(secret(3))):
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


@given(
    st.lists(st.tuples(st.sampled_from([*Step, "rotate"]), st.integers(0, 30)), max_size=12),
    st.sampled_from([None, 1, 24, 50]),
)
def test_no_order_of_steps_breaks_the_promises(steps: list[tuple[str, int]], expires_hours: int | None) -> None:
    """Never more than two living secrets, no dead one returns, and revoked is final."""
    now = START
    key = replace(KEY, expires_at=None if expires_hours is None else START + expires_hours * HOUR)
    seen = [(key, frozenset(numbers(key, now)))]
    for number, (step, hours) in enumerate(steps, 2):
        now += hours * HOUR
        try:
            key = after(key, Rotate(secret(number, now)) if step == "rotate" else Step(step), now)
        except Problem as problem:
            assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
        seen.append((key, frozenset(numbers(key, now))))
    for (before, had), (later, has) in pairwise(seen):
        new = {one.digest[0] for one in later.secrets} - {one.digest[0] for one in before.secrets}
        assert 1 <= len(has) <= 2
        assert has <= had | new
        assert before.revoked_at is None or later == before
