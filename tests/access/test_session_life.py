"""When a session ends, whose rights it has, and when a proof is no longer fresh."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.session_life import (
    Session,
    SessionEntry,
    reauth_required,
    refuse_ended,
    refuse_stale,
    sign_in_required,
)
from cybervault.access.subjects import Subject
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    Environment,
    Member,
    MemberId,
    Plan,
    Principal,
    Role,
    SessionId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
SESSION = Session(SessionId("ses_a"), MemberId("usr_a"), START, START, START)
MEMBER = Member(MemberId("usr_a"), TenantId("tv_a"), "ana@acme.example", "Ana", Role.MEMBER, START)
ENTRY = SessionEntry(SESSION, MEMBER, Plan.STARTER)


def refused(entry: SessionEntry, now: datetime = START) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        refuse_ended(entry, now)
    return caught.value.kind, caught.value.code


def test_it_ends_thirty_minutes_after_its_last_use_to_the_instant() -> None:
    used = ENTRY.seen(START + 5 * MINUTE)
    refuse_ended(used, START + 35 * MINUTE - INSTANT)
    assert refused(used, START + 35 * MINUTE) == (ProblemKind.UNAUTHENTICATED, "session_ended")


def test_it_ends_after_twelve_hours_however_much_it_is_used() -> None:
    end = START + timedelta(hours=12)
    used = ENTRY.seen(end - MINUTE)
    refuse_ended(used, end - INSTANT)
    assert refused(used, end) == (ProblemKind.UNAUTHENTICATED, "session_ended")
    assert used.session.expires_at == end


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, session=replace(SESSION, ended_at=START)),
        replace(ENTRY, member=replace(MEMBER, suspended_at=START)),
        replace(ENTRY, member=replace(MEMBER, removed_at=START)),
    ],
)
def test_it_ends_with_its_member_and_when_somebody_ends_it(entry: SessionEntry) -> None:
    assert refused(entry) == (ProblemKind.UNAUTHENTICATED, "session_ended")


def test_a_suspended_tenant_lets_nobody_do_anything() -> None:
    assert refused(replace(ENTRY, tenant_suspended_at=START)) == (ProblemKind.FORBIDDEN, "tenant_suspended")


@pytest.mark.parametrize("role", Role)
def test_its_rights_are_those_of_the_role_now(role: Role) -> None:
    override = LimitOverride("v3", CallClass.READ, minute=7)
    entry = replace(ENTRY, member=replace(MEMBER, role=role), plan=Plan.ENTERPRISE, overrides=(override,))
    assert entry.principal == Principal(
        TenantId("tv_a"), SCOPES_OF_ROLE[role], Plan.ENTERPRISE, Environment.PRODUCTION,
        member_id=MemberId("usr_a"), role=role, session_id=SessionId("ses_a"), overrides=(override,),
    )  # fmt: skip


def test_what_is_remembered_of_it_hangs_on_session_member_and_tenant() -> None:
    assert ENTRY.subjects == (Subject("session:ses_a"), Subject("member:usr_a"), Subject("tenant:tv_a"))


def test_a_proof_is_fresh_for_five_minutes() -> None:
    refuse_stale(SESSION, START + 5 * MINUTE - INSTANT)
    with pytest.raises(Problem) as caught:
        refuse_stale(SESSION, START + 5 * MINUTE)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "reauth_required")


def test_what_callers_are_told() -> None:
    assert (reauth_required().code, reauth_required().kind) == ("reauth_required", ProblemKind.FORBIDDEN)
    assert (sign_in_required().code, sign_in_required().kind) == ("sign_in_required", ProblemKind.UNAUTHENTICATED)
