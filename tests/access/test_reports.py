"""Reports: each matter is found where it is, and only there."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.life import Key, KeySecret
from cybervault.access.reports import Matter, Remark, ago, readiness, remarks_on
from cybervault.domain.principals import KeyId, KeyKind, TenantId

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SECRET = KeySecret(b"1", "p", "cv_live_…abcd", NOW - 100 * DAY, last_used_at=NOW - DAY, last_used_ip="192.0.2.7")
# Nothing to remark: used yesterday, expires in a year.
KEY = Key(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.SERVICE_LIVE, "ci", frozenset(), (), NOW - 100 * DAY, NOW + 365 * DAY,
    None, (SECRET,),
)  # fmt: skip
ROTATING = replace(
    KEY,
    secrets=(
        replace(SECRET, ends_at=NOW + 20 * HOUR, last_used_at=NOW - 3 * MINUTE, last_used_ip="203.0.113.9"),
        replace(SECRET, digest=b"2", created_at=NOW - 4 * HOUR, last_used_at=NOW - HOUR),
    ),
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that somebody made."""

    when: datetime
    ip: str | None = "192.0.2.7"
    status: int = 200
    key_id: KeyId = KEY.id


def matters(key: Key, *calls: Call) -> list[tuple[Matter, str]]:
    return [(remark.matter, remark.text) for remark in remarks_on([key], calls, NOW)]


def unused_since(days: int) -> Key:
    return replace(KEY, secrets=(replace(SECRET, last_used_at=NOW - days * DAY),))


def test_a_key_in_order_is_in_no_report() -> None:
    assert matters(KEY, Call(NOW - HOUR), Call(NOW - MINUTE)) == []


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (unused_since(29), []),
        (unused_since(30), [(Matter.UNUSED, "unused for more than 30 days")]),
        (unused_since(89), [(Matter.UNUSED, "unused for more than 60 days")]),
        (unused_since(90), [(Matter.UNUSED, "unused for more than 90 days")]),
        (
            replace(KEY, secrets=(replace(SECRET, last_used_at=None),)),
            [(Matter.NEVER_USED, "never used since it was created 100 days ago")],
        ),
        (replace(KEY, created_at=NOW - HOUR, secrets=(replace(SECRET, last_used_at=None),)), []),
        (replace(KEY, expires_at=None), [(Matter.NO_EXPIRY, "never expires")]),
        (replace(KEY, expires_at=NOW + 14 * DAY), [(Matter.EXPIRES_SOON, "expires in 14 days")]),
        (replace(KEY, expires_at=NOW + 14 * DAY + MINUTE), []),
        (
            ROTATING,
            [(Matter.OLD_SECRET_IN_USE, "being rotated, and its old secret last used 3 min ago from 203.0.113.9")],
        ),
        (replace(ROTATING, secrets=(replace(SECRET, ends_at=NOW + HOUR), ROTATING.secrets[1])), []),
        (
            replace(KEY, exposed_at=NOW - 2 * HOUR, exposed_where="a URL"),
            [(Matter.EXPOSED, "seen in the open in a URL, 2 hours ago: revoke it")],
        ),
        (replace(KEY, exposed_at=NOW), [(Matter.EXPOSED, "seen in the open, 0 s ago: revoke it")]),
    ],
)
def test_what_the_life_of_a_key_gives_cause_to_say(key: Key, found: list[tuple[Matter, str]]) -> None:
    assert matters(key) == found


@pytest.mark.parametrize(
    "ended",
    [
        replace(KEY, expires_at=None, revoked_at=NOW - DAY),
        replace(KEY, expires_at=NOW),
        replace(KEY, expires_at=None, is_decoy=True),
    ],
)
def test_keys_that_ended_and_decoys_are_in_no_report(ended: Key) -> None:
    assert matters(ended, Call(NOW, status=403)) == []


def test_a_right_secret_that_was_refused_is_told_with_its_last_place() -> None:
    calls = [Call(NOW - HOUR, status=401), Call(NOW - 2 * MINUTE, "203.0.113.9", 403), Call(NOW - MINUTE, status=500)]
    assert matters(KEY, calls[0]) == [
        (Matter.REFUSED, "right secret but refused once, last 1 hour ago, from 192.0.2.7")
    ]
    assert matters(KEY, *reversed(calls))[0] == (
        Matter.REFUSED, "right secret but refused 2 times, last 2 min ago, from 203.0.113.9",
    )  # fmt: skip
    assert matters(KEY, Call(NOW, None, 403)) == [(Matter.REFUSED, "right secret but refused once, last 0 s ago")]


@pytest.mark.parametrize(
    ("one", "other", "minutes", "is_odd"),
    [
        ("192.0.2.7", "203.0.113.9", 5, True),
        ("192.0.2.7", "203.0.113.9", 6, False),
        ("192.0.2.7", "192.0.200.7", 1, False),
        ("192.0.2.7", "2001:db8::1", 1, True),
        ("2001:db8:1::1", "2001:db8:2::1", 1, False),
        ("192.0.2.7", None, 1, False),
        ("192.0.2.0/24", "203.0.113.9", 1, True),
    ],
)
def test_one_key_in_two_networks_within_minutes_is_odd(
    one: str, other: str | None, minutes: int, *, is_odd: bool
) -> None:
    found = matters(KEY, Call(NOW - HOUR, one), Call(NOW - HOUR + minutes * MINUTE, other))
    text = f"used from {one} and from {other} within {minutes} min (once)"
    assert found == ([(Matter.TWO_NETWORKS, text)] if is_odd else [])


def test_calls_of_other_keys_say_nothing_about_this_one() -> None:
    assert matters(KEY, Call(NOW, status=403, key_id=KeyId("key_2"))) == []


def test_the_most_urgent_comes_first_whichever_key_it_is_of() -> None:
    idle = replace(unused_since(90), expires_at=None)
    seen = replace(KEY, id=KeyId("key_2"), name="prod", exposed_at=NOW)
    assert remarks_on([idle, seen], [], NOW) == (
        Remark(KeyId("key_2"), "prod", Matter.EXPOSED, "seen in the open, 0 s ago: revoke it"),
        Remark(KEY.id, "ci", Matter.UNUSED, "unused for more than 90 days"),
        Remark(KEY.id, "ci", Matter.NO_EXPIRY, "never expires"),
    )


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (ROTATING.secrets[0], "old secret last used 3 min ago from 203.0.113.9"),
        (replace(SECRET, last_used_ip=None), "old secret last used 1 day ago"),
        (replace(SECRET, last_used_at=None), "old secret never used"),
    ],
)
def test_who_ends_a_rotation_reads_how_the_old_secret_was_last_used(secret: KeySecret, text: str) -> None:
    assert readiness(secret, NOW) == text


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=60), "1 hour"),
        (timedelta(hours=47), "1 day"),
        (timedelta(hours=48), "2 days"),
    ],
)
def test_a_time_is_told_in_its_largest_whole_unit(passed: timedelta, text: str) -> None:
    assert ago(passed) == text
