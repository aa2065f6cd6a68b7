"""What a secret opens: now or no more, with which rights, from here or not."""

import ipaddress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cybervault.access.entries import (
    Account,
    Entry,
    Gate,
    Owner,
    RefusedKey,
    refuse_ended,
    refuse_entry,
    refuse_place,
    rights_of,
)
from cybervault.access.life import KeySecret
from cybervault.domain.limits import CallClass, LimitOverride
from cybervault.domain.principals import (
    READING_SCOPES,
    SCOPES_OF_ROLE,
    Environment,
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Role,
    Scope,
    ServiceAccountId,
    TenantId,
)
from cybervault.domain.problems import Problem, ProblemKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)
SECRET = KeySecret(b"d", "pepper", "cv_test_…abcd", NOW)
SCOPES = frozenset({Scope.THREAT_READ})
OWN_LIMIT = LimitOverride("v3", CallClass.READ, minute=5)
ENTRY = Entry(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.CLASSIC_TEST, Plan.STARTER, SCOPES, (), None, None, SECRET,
    overrides=(OWN_LIMIT,),
)  # fmt: skip
OWNER = Owner(MemberId("usr_1"), Role.MEMBER)
PERSONAL = ENTRY._replace(kind=KeyKind.PERSONAL_LIVE, plan=Plan.PROFESSIONAL, scopes=frozenset(), owner=OWNER)
ACCOUNT = Account(ServiceAccountId("sva_1"), frozenset({Scope.THREAT_READ, Scope.SCAN_READ}))


def refusal(entry: Entry, gate: Gate | None = None) -> tuple[ProblemKind, str]:
    with pytest.raises(RefusedKey) as caught:
        refuse_entry(entry, NOW, None, gate=gate or Gate())
    assert caught.value.principal == entry.principal
    return caught.value.kind, caught.value.code


def test_the_caller_has_the_rights_of_the_key_and_the_plan_of_the_tenant() -> None:
    assert ENTRY.principal == Principal(
        TenantId("tv_1"),
        SCOPES,
        Plan.STARTER,
        Environment.SANDBOX,
        key_id=KeyId("key_1"),
        kind=KeyKind.CLASSIC_TEST,
        hint="cv_test_…abcd",
        overrides=(OWN_LIMIT,),
    )


def test_the_older_secret_of_a_rotation_is_told_from_the_newer() -> None:
    assert ENTRY._replace(secret=replace(SECRET, ends_at=NOW)).principal.is_outgoing_secret
    assert not ENTRY.principal.is_outgoing_secret


@pytest.mark.parametrize("role", Role)
def test_a_personal_key_has_the_rights_of_its_owner_as_the_owner_stands_now(role: Role) -> None:
    principal = PERSONAL._replace(owner=replace(OWNER, role=role)).principal
    assert principal.scopes == SCOPES_OF_ROLE[role]
    assert (principal.member_id, principal.role) == (OWNER.id, role)


def test_scopes_on_a_personal_key_narrow_it_and_never_widen_it() -> None:
    narrowed = PERSONAL._replace(scopes=frozenset({Scope.THREAT_READ, Scope.KEYS_MANAGE}))
    assert narrowed.principal.scopes == SCOPES
    assert narrowed._replace(owner=replace(OWNER, role=Role.ADMIN)).principal.scopes == narrowed.scopes


def test_a_personal_key_without_an_owner_may_nothing() -> None:
    assert PERSONAL._replace(owner=None).principal.scopes == frozenset()


def test_a_key_never_has_more_than_its_service_account() -> None:
    entry = ENTRY._replace(scopes=frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}), account=ACCOUNT)
    assert entry.principal.scopes == SCOPES


def test_a_read_key_only_reads_whatever_its_scopes_say() -> None:
    assert rights_of(KeyKind.SERVICE_READ, frozenset(Scope)) == READING_SCOPES


def test_an_entry_is_stale_when_anything_that_it_stands_on_changes() -> None:
    assert ENTRY.subjects == ("key:key_1", "tenant:tv_1")
    assert PERSONAL.subjects == ("key:key_1", "tenant:tv_1", "member:usr_1")
    assert ENTRY._replace(account=ACCOUNT).subjects == ("key:key_1", "tenant:tv_1", "service_account:sva_1")


ENDED = [
    (ENTRY._replace(revoked_at=NOW), "revoked_api_key"),
    (ENTRY._replace(revoked_at=NOW, expires_at=NOW), "revoked_api_key"),
    (ENTRY._replace(secret=replace(SECRET, is_ended=True)), "revoked_api_key"),
    (ENTRY._replace(secret=replace(SECRET, ends_at=NOW)), "revoked_api_key"),
    (ENTRY._replace(expires_at=NOW), "expired_api_key"),
    (PERSONAL._replace(owner=replace(OWNER, is_removed=True)), "revoked_api_key"),
    (ENTRY._replace(account=replace(ACCOUNT, is_removed=True)), "revoked_api_key"),
]


@pytest.mark.parametrize(("entry", "code"), ENDED)
def test_a_key_that_has_ended_opens_nothing(entry: Entry, code: str) -> None:
    with pytest.raises(Problem) as caught:
        refuse_ended(entry, NOW)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAUTHENTICATED, code)
    assert refusal(entry) == (ProblemKind.UNAUTHENTICATED, code)


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (ENTRY._replace(is_tenant_suspended=True), "tenant_suspended"),
        (PERSONAL._replace(owner=replace(OWNER, is_suspended=True)), "owner_suspended"),
        (PERSONAL._replace(plan=Plan.STARTER), "plan_upgrade_required"),
        (ENTRY._replace(networks=(ipaddress.ip_network("10.0.0.0/8"),)), "ip_not_allowed"),
    ],
)
def test_what_can_come_back_is_forbidden_and_not_unauthenticated(entry: Entry, code: str) -> None:
    """A client that is told 401 throws its key away."""
    assert refusal(entry) == (ProblemKind.FORBIDDEN, code)


@pytest.mark.parametrize("entry", [one for one, _ in ENDED])
def test_what_has_ended_for_good_is_named_before_what_can_come_back(entry: Entry) -> None:
    everything = entry._replace(is_tenant_suspended=True, networks=(ipaddress.ip_network("10.0.0.0/8"),))
    assert refusal(everything)[0] is ProblemKind.UNAUTHENTICATED


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("plan", Plan)
@pytest.mark.parametrize("is_starter_open", [True, False])
def test_the_gate_of_plans(kind: KeyKind, plan: Plan, is_starter_open: bool) -> None:  # noqa: FBT001 - a column
    """Personal keys need a larger plan than starter (contract 1.5.1); the others only where the operator says so."""
    gate = Gate(is_starter_open, "https://cv.example/the-billing-page")
    if plan is not Plan.STARTER or (is_starter_open and not kind.is_personal):
        gate.refuse_plan(kind, plan)
        return
    with pytest.raises(Problem, match="the-billing-page") as caught:
        gate.refuse_plan(kind, plan)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "plan_upgrade_required")


def test_a_key_works_until_the_last_moment() -> None:
    soon = NOW + timedelta(microseconds=1)
    refuse_entry(ENTRY._replace(expires_at=soon, secret=replace(SECRET, ends_at=soon)), NOW, None, gate=Gate())
    refuse_entry(PERSONAL, NOW, None, gate=Gate())


NETWORKS = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("2001:db8::/32"))


@pytest.mark.parametrize("address", ["10.255.0.1", "2001:db8::1"])
def test_a_listed_address_may_use_the_key(address: str) -> None:
    refuse_place(ENTRY._replace(networks=NETWORKS), ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["11.0.0.1", "2001:db9::1", "::1", None])
def test_any_other_address_may_not(address: str | None) -> None:
    """An unknown address counts as a foreign one."""
    with pytest.raises(Problem) as caught:
        refuse_place(ENTRY._replace(networks=NETWORKS), ipaddress.ip_address(address) if address else None)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "ip_not_allowed")


def test_without_a_list_every_address_may() -> None:
    refuse_place(ENTRY, None)
    refuse_place(ENTRY, ipaddress.ip_address("8.8.8.8"))
