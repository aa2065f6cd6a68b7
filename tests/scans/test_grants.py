"""Who may grant what, what it leaves in the audit, and from when to when it counts."""

import json
from dataclasses import dataclass, field, replace

import pytest

from cybervault.access.audit import OPERATOR, Actor
from cybervault.domain.ids import GrantId
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.scans import grants as module
from cybervault.scans.grant import Basis
from cybervault.scans.grants import GrantRules, Grants, NewGrant
from cybervault.scans.store.grants import GrantStore
from cybervault.scans.targets import parse_target
from cybervault.storage.database import Database
from tests.access.conftest import World, world_on

STRANGER = TenantId("tv_2")
NETWORK = NewGrant("10.1.0.0/24", " signed ")


@dataclass(slots=True)
class Published:
    """What domains show."""

    texts: set[tuple[str, str]] = field(default_factory=set)

    async def is_published(self, domain: str, challenge: str) -> bool:
        return (domain, challenge) in self.texts


@dataclass(frozen=True, slots=True)
class Office:
    """The service and what stands around it."""

    world: World
    published: Published
    grants: Grants

    @property
    def ours(self) -> TenantId:
        return self.world.tenant.id

    @property
    def owner(self) -> Actor:
        return Actor("member:usr_1", self.ours)

    def with_rules(self, **rules: bool) -> Grants:
        store = GrantStore(self.world.database)
        return Grants(store, self.world.journal, proof=self.published, rules=GrantRules(**rules))  # type: ignore[arg-type] # switches alone


@pytest.fixture
async def office(database: Database) -> Office:
    world, published = await world_on(database), Published()
    return Office(world, published, Grants(GrantStore(database), world.journal, proof=published, rules=GrantRules()))


async def code_of(work: object) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await work  # type: ignore[misc] # a coroutine of any result
    return caught.value.kind, caught.value.code


async def test_the_operator_grants_with_a_note_that_is_audited(office: Office) -> None:
    grant = await office.grants.give(office.ours, replace(NETWORK, allows_pentest=True, days=3), actor=OPERATOR)
    assert (grant.basis, grant.note, grant.allows_pentest) == (Basis.OPERATOR, "signed", True)
    assert await office.grants.list(office.ours) == (grant,)
    assert (await office.world.happened())[-1] == "scan_grant.given"
    details = json.loads(await office.world.last_payload())["details"]
    assert details == {"target": "10.1.0.0/24", "basis": "operator", "note": "signed", "pentest": "yes"}
    assert (await office.grants.permit(office.ours)).grants == (grant,)
    office.world.clock.advance(3 * 86_400)
    assert (await office.grants.permit(office.ours)).grants == ()


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (replace(NETWORK, note="  "), (ProblemKind.INVALID, "note_required")),
        (replace(NETWORK, note="x" * 501), (ProblemKind.INVALID, "invalid_parameter")),
        (replace(NETWORK, note="a\x00"), (ProblemKind.INVALID, "invalid_parameter")),
        (replace(NETWORK, days=0), (ProblemKind.INVALID, "invalid_parameter")),
        (replace(NETWORK, days=3_651), (ProblemKind.INVALID, "invalid_parameter")),
        (replace(NETWORK, target="10.0.0.5/8"), (ProblemKind.INVALID, "invalid_target")),
        (replace(NETWORK, target="169.254.169.254"), (ProblemKind.FORBIDDEN, "target_not_authorized")),
        (replace(NETWORK, target="127.0.0.1"), (ProblemKind.FORBIDDEN, "target_not_authorized")),
    ],
)
async def test_what_cannot_be_granted_leaves_nothing(
    office: Office, wish: NewGrant, expected: tuple[ProblemKind, str]
) -> None:
    assert await code_of(office.grants.give(office.ours, wish, actor=OPERATOR)) == expected
    assert await office.grants.list(office.ours) == ()
    assert "scan_grant.given" not in await office.world.happened()


async def test_this_machine_is_granted_only_where_the_operator_opened_it(office: Office) -> None:
    open_here = office.with_rules(has_loopback=True)
    await open_here.give(office.ours, NewGrant("127.0.0.1", "tests"), actor=OPERATOR)
    assert len((await open_here.permit(office.ours)).grants) == 1


class TestAsk:
    async def test_a_domain_counts_once_its_challenge_was_published(self, office: Office) -> None:
        grant = await office.grants.ask(office.ours, NewGrant("Example.com"), actor=office.owner)
        assert grant.granted_at is None
        assert grant.challenge is not None
        assert (await office.world.happened())[-1] == "scan_grant.asked"
        assert (await office.grants.permit(office.ours)).grants == ()
        proving = office.grants.prove(office.ours, grant.id, actor=office.owner)
        assert await code_of(proving) == (ProblemKind.CONFLICT, "proof_missing")
        office.published.texts.add(("example.com", grant.challenge))
        proved = await office.grants.prove(office.ours, grant.id, actor=office.owner)
        assert (await office.grants.permit(office.ours)).grants == (proved,)
        office.world.clock.advance(30 * 86_400)
        assert (await office.grants.permit(office.ours)).grants == ()
        await office.grants.prove(office.ours, grant.id, actor=office.owner)
        assert len((await office.grants.permit(office.ours)).grants) == 1

    @pytest.mark.parametrize(
        "target", ["10.1.0.0/24", "8.8.8.8", "arn:aws:s3:::bucket", "oci://registry.example.com/app"]
    )
    async def test_what_cannot_be_proved_is_the_operators(self, office: Office, target: str) -> None:
        asking = office.grants.ask(office.ours, NewGrant(target, "mine"), actor=office.owner)
        assert await code_of(asking) == (ProblemKind.FORBIDDEN, "operator_only")

    async def test_a_private_network_counts_where_the_operator_lets_owners_grant_one(self, office: Office) -> None:
        grants = office.with_rules(owners_grant_networks=True)
        asking = grants.ask(office.ours, NewGrant("10.1.0.0/24"), actor=office.owner)
        assert await code_of(asking) == (ProblemKind.INVALID, "note_required")
        made = await grants.ask(office.ours, NETWORK, actor=office.owner)
        assert (made.basis, (await grants.permit(office.ours)).grants) == (Basis.OWNER, (made,))
        asking = grants.ask(office.ours, NewGrant("8.8.8.0/24", "mine"), actor=office.owner)
        assert await code_of(asking) == (ProblemKind.FORBIDDEN, "operator_only")

    async def test_what_counts_already_is_not_put_aside(self, office: Office) -> None:
        given = await office.grants.give(office.ours, NewGrant("example.com", "signed"), actor=OPERATOR)
        asking = office.grants.ask(office.ours, NewGrant("example.com"), actor=office.owner)
        assert await code_of(asking) == (ProblemKind.CONFLICT, "already_granted")
        proving = office.grants.prove(office.ours, given.id, actor=office.owner)
        assert await code_of(proving) == (ProblemKind.CONFLICT, "proof_missing")


async def test_a_withdrawn_grant_counts_no_longer(office: Office) -> None:
    grant = await office.grants.give(office.ours, NETWORK, actor=OPERATOR)
    await office.grants.withdraw(office.ours, grant.id, actor=office.owner)
    assert await office.grants.list(office.ours) == ()
    assert (await office.world.happened())[-1] == "scan_grant.withdrawn"


async def test_another_tenant_sees_and_changes_nothing(office: Office) -> None:
    grant = await office.grants.give(office.ours, NETWORK, actor=OPERATOR)
    assert await office.grants.list(STRANGER) == ()
    for tenant_id, grant_id in ((STRANGER, grant.id), (office.ours, GrantId("sgr_none"))):
        for work in (office.grants.withdraw, office.grants.prove):
            assert await code_of(work(tenant_id, grant_id, actor=office.owner)) == (ProblemKind.NOT_FOUND, "not_found")
    assert await office.grants.list(office.ours) == (grant,)


async def test_a_scan_beyond_the_grants_is_refused_as_a_whole(office: Office) -> None:
    await office.grants.give(office.ours, NETWORK, actor=OPERATOR)
    mine, other = parse_target("10.1.0.9"), parse_target("10.2.0.9")
    permit = await office.grants.refuse_beyond(office.ours, (mine,), is_pentest=False)
    assert len(permit.grants) == 1
    for targets, is_pentest in (((mine, other), False), ((mine,), True)):
        refusing = office.grants.refuse_beyond(office.ours, targets, is_pentest=is_pentest)
        assert await code_of(refusing) == (ProblemKind.FORBIDDEN, "target_not_authorized")


async def test_a_tenant_has_not_endless_grants(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRANTS_MAX", 1)
    await office.grants.give(office.ours, NETWORK, actor=OPERATOR)
    giving = office.grants.give(office.ours, replace(NETWORK, target="10.2.0.0/24"), actor=OPERATOR)
    assert await code_of(giving) == (ProblemKind.CONFLICT, "too_many_grants")
