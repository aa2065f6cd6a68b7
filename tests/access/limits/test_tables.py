"""The published numbers, plan by plan, and a tenant's own."""

import ipaddress
from dataclasses import replace

import pytest

from cybervault.access.limits.tables import (
    Allowance,
    CallClass,
    LimitOverride,
    allowance_of,
    read_limits,
    standing_of,
    standing_of_address,
)
from cybervault.domain.principals import KeyId, MemberId, Plan, Principal, SessionId, TenantId
from cybervault.domain.problems import Problem, ProblemKind

ANY, READ, WRITE = CallClass.ANY, CallClass.READ, CallClass.WRITE
PRINCIPAL = Principal(TenantId("ten_1"), frozenset(), Plan.STARTER, key_id=KeyId("key_1"), member_id=MemberId("usr_1"))


def numbers(allowance: Allowance) -> list[tuple[int, int, int]]:
    """Seconds, published and ceiling of each window."""
    return [(window.seconds, window.published, window.ceiling) for window in allowance.windows]


@pytest.mark.parametrize(
    ("face", "plan", "call_class", "expected"),
    [
        ("v1", Plan.STARTER, READ, [(60, 1_000, 1_000)]),
        ("v1", Plan.PROFESSIONAL, WRITE, [(60, 1_000, 1_000)]),
        ("v1", Plan.ENTERPRISE, ANY, [(60, 10_000, 10_000)]),
        ("v2", Plan.STARTER, READ, [(60, 30, 33), (3600, 1_000, 1_000)]),
        ("v2", Plan.PROFESSIONAL, WRITE, [(60, 100, 115), (3600, 5_000, 5_000)]),
        ("v2", Plan.ENTERPRISE, READ, [(60, 500, 500), (3600, 20_000, 20_000)]),
        ("v3", Plan.STARTER, READ, [(60, 60, 69)]),
        ("v3", Plan.STARTER, WRITE, [(60, 20, 23)]),
        ("v3", Plan.PROFESSIONAL, READ, [(60, 300, 360)]),
        ("v3", Plan.PROFESSIONAL, WRITE, [(60, 100, 120)]),
        ("v3", Plan.ENTERPRISE, READ, [(60, 1_000, 1_000)]),
        ("v3", Plan.ENTERPRISE, WRITE, [(60, 400, 400)]),
        ("address", Plan.ENTERPRISE, ANY, [(60, 60, 60)]),
    ],
)
def test_every_plan_has_the_numbers_that_its_face_publishes(
    face: str, plan: Plan, call_class: CallClass, expected: list[tuple[int, int, int]]
) -> None:
    assert numbers(allowance_of(face, plan, call_class)) == expected


def test_v1_lets_a_tenth_of_the_limit_wait_and_the_others_nobody() -> None:
    assert allowance_of("v1", Plan.STARTER, READ).queued_max == 100
    enterprise = allowance_of("v1", Plan.ENTERPRISE, READ)
    assert (enterprise.queued_max, enterprise.wait_seconds_max) == (1_000, 10.0)
    assert allowance_of("v2", Plan.ENTERPRISE, READ).queued_max == 0


def test_the_operator_sets_the_wait_and_0_leaves_no_queue() -> None:
    v1, v2 = allowance_of("v1", Plan.STARTER, READ), allowance_of("v2", Plan.STARTER, READ)
    assert v1.waiting(3) == replace(v1, wait_seconds_max=3)
    assert v1.waiting(0).queued_max == 0
    assert v2.waiting(3) is v2


def test_a_small_limit_of_v1_has_one_place_to_wait() -> None:
    assert allowance_of("v1", Plan.STARTER, READ, overrides=[LimitOverride("v1", ANY, minute=5)]).queued_max == 1


def test_a_tenants_own_numbers_win_where_they_are_set() -> None:
    own = [LimitOverride("v2", ANY, minute=200, burst_percent=20), LimitOverride("v3", ANY, minute=7)]
    assert numbers(allowance_of("v2", Plan.ENTERPRISE, READ, overrides=own)) == [(60, 200, 240), (3600, 20_000, 20_000)]


def test_what_is_set_for_a_class_wins_over_what_is_set_for_any() -> None:
    own = [LimitOverride("v3", WRITE, minute=9), LimitOverride("v3", ANY, minute=7, hour=70, burst_percent=0)]
    assert numbers(allowance_of("v3", Plan.STARTER, WRITE, overrides=own)) == [(60, 9, 9), (3600, 70, 70)]
    assert numbers(allowance_of("v3", Plan.STARTER, READ, overrides=own)) == [(60, 7, 7), (3600, 70, 70)]


@pytest.mark.parametrize("wrong", [{"minute": 0}, {"hour": -1}, {"burst_percent": -1}, {"burst_percent": 1_001}])
def test_numbers_that_nobody_could_keep_are_no_override(wrong: dict[str, int]) -> None:
    with pytest.raises(Problem) as caught:
        LimitOverride("v1", ANY, **wrong)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_limits")


def test_a_key_has_one_bucket_on_each_face_and_two_on_v3() -> None:
    buckets = [standing_of(PRINCIPAL, face, one).bucket for face in ("v1", "v2", "v3") for one in (READ, WRITE)]
    assert buckets == [
        "v1:any:key_1",
        "v1:any:key_1",
        "v2:any:key_1",
        "v2:any:key_1",
        "v3:read:key_1",
        "v3:write:key_1",
    ]


def test_who_has_signed_in_is_counted_as_a_person() -> None:
    person = replace(PRINCIPAL, key_id=None, session_id=SessionId("ses_1"))
    assert standing_of(person, "v3", READ).bucket == "v3:read:usr_1"
    assert standing_of(replace(person, member_id=None), "v3", READ).bucket == "v3:read:ten_1"


def test_a_standing_carries_the_tenants_own_numbers() -> None:
    standing = standing_of(PRINCIPAL, "v3", WRITE, overrides=[LimitOverride("v3", WRITE, minute=1)])
    assert numbers(standing.allowance) == [(60, 1, 1)]


def test_callers_without_a_key_are_counted_by_address_and_ipv6_by_what_one_customer_gets() -> None:
    one, other = (ipaddress.ip_address(text) for text in ("2001:db8::1", "2001:db8::2"))
    assert standing_of_address(one) == standing_of_address(other)
    assert standing_of_address(ipaddress.ip_address("192.0.2.1")).bucket == "address:192.0.2.1"
    assert standing_of_address(None).bucket == "address:unknown"


_RIGHT = "[v1.all.any]\nminute = 5\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[", "is no TOML"),
        (_RIGHT.replace("all", "gold"), "is no plan and class"),
        (_RIGHT.replace("any", "some"), "is no plan and class"),
        (_RIGHT.replace("all", "starter"), "v1 lacks enterprise, professional"),
        (_RIGHT + "day = 4\n", "has ['day']"),
        ("[v1.all.any]\nhour = 5\n", "has no minute"),
        (_RIGHT.replace("5", "5.5"), "whole numbers"),
        (_RIGHT.replace("5", "0"), "whole numbers"),
        (_RIGHT + "burst_percent = -1\n", "whole numbers"),
    ],
)
def test_a_fault_of_the_table_is_named(text: str, says: str) -> None:
    with pytest.raises(Problem) as caught:
        read_limits(text)
    assert caught.value.code == "bad_limits"
    assert says in caught.value.message


def test_a_table_for_all_plans_needs_no_other() -> None:
    assert read_limits(_RIGHT) == {"v1": {"all": {"any": {"minute": 5}}}}
