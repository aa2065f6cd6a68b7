"""Subjects: what a security change is about, and whose change concerns a caller."""

from cybervault.access import subjects
from cybervault.domain.principals import (
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    ServiceAccountId,
    SessionId,
    TenantId,
)


def test_each_kind_of_subject_is_told_apart_by_its_first_word() -> None:
    assert subjects.of_key(KeyId("key_1")) == "key:key_1"
    assert subjects.of_member(MemberId("usr_1")) == "member:usr_1"
    assert subjects.of_tenant(TenantId("tv_1")) == "tenant:tv_1"
    assert subjects.of_session(SessionId("ses_1")) == "session:ses_1"
    assert subjects.of_service_account(ServiceAccountId("sva_1")) == "service_account:sva_1"


def test_a_service_key_depends_on_itself_and_its_tenant() -> None:
    caller = Principal(TenantId("tv_1"), frozenset(), Plan.STARTER, key_id=KeyId("key_1"), kind=KeyKind.SERVICE_LIVE)
    assert subjects.subjects_of(caller) == ("tenant:tv_1", "key:key_1")


def test_a_personal_key_depends_on_its_owner_too() -> None:
    caller = Principal(
        TenantId("tv_1"), frozenset(), Plan.STARTER, key_id=KeyId("key_1"), member_id=MemberId("usr_1"), role=Role.OWNER
    )
    assert subjects.subjects_of(caller) == ("tenant:tv_1", "key:key_1", "member:usr_1")


def test_a_session_depends_on_itself_its_member_and_its_tenant() -> None:
    caller = Principal(
        TenantId("tv_1"), frozenset(), Plan.STARTER, member_id=MemberId("usr_1"), session_id=SessionId("ses_1")
    )
    assert subjects.subjects_of(caller) == ("tenant:tv_1", "member:usr_1", "session:ses_1")
