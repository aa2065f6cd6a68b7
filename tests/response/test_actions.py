"""Asking for actions: checked, handed over, written down, audited and told in one transaction."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cybervault.access.audit import Actor
from cybervault.domain.actions import ActionId, ActionType
from cybervault.domain.ids import FindingId
from cybervault.domain.jobs import Happened
from cybervault.domain.never import ground_of
from cybervault.domain.observables import Observable
from cybervault.domain.principals import Principal, Role, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.response.actions import Actions, NewAction, reason_of
from cybervault.response.executors import NOTHING_CHANGED, Outcome
from cybervault.response.store import Action, ActionState, ActionStore
from cybervault.storage.database import Database
from tests.access.conftest import World, actor, session_of, world_on

BLOCK = NewAction(ActionType.BLOCK_IP, " 198[.]51.100.42", " beacons ", finding_id=FindingId("thr_1m4p7s0v3y"))
DRY = replace(BLOCK, is_dry_run=True, finding_id=None)


@dataclass(slots=True)
class Told:
    """The events that were appended."""

    events: list[Happened] = field(default_factory=list)
    is_broken: bool = False

    async def append(self, event: Happened) -> None:
        if self.is_broken:
            raise ConnectionError("no event can be kept")
        self.events.append(event)


@dataclass(slots=True)
class Firewall:
    """An executor for addresses."""

    name: str = "firewall"
    taken: list[Action] = field(default_factory=list)

    def can(self, action: ActionType) -> bool:
        return action is ActionType.BLOCK_IP

    async def execute(self, action: Action) -> Outcome:
        self.taken.append(action)
        return Outcome(ActionState.RECORDED, {"rule": "17"})


@dataclass(frozen=True, slots=True)
class Bench:
    """The service, what stands around it, and an Admin who calls."""

    world: World
    told: Told
    firewall: Firewall
    admin: Principal
    plain: Actions
    guarded: Actions

    async def request(self, wish: NewAction, *, actions: Actions | None = None) -> Action:
        return await (actions or self.plain).request(wish, by=self.admin, actor=self.actor)

    @property
    def actor(self) -> Actor:
        return actor(self.admin, "203.0.113.7")

    async def audited(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self.world.last_payload())
        return found


@pytest.fixture
async def bench(database: Database) -> Bench:
    world, told, firewall = await world_on(database), Told(), Firewall()
    admin = session_of(await world.member(Role.ADMIN))
    store = ActionStore(database)
    plain = Actions(store, (), world.journal, events=told)
    guarded = Actions(
        store, (firewall,), world.journal, events=told, ground=ground_of(["mail.acme.example"]), allowed_by=allowed_by
    )
    return Bench(world, told, firewall, admin, plain, guarded)


def allowed_by(observable: Observable) -> str | None:
    return "Well-known resolvers" if observable.value in {"9.9.9.9", "dns.example"} else None


async def code_of(bench: Bench, wish: NewAction, *, actions: Actions | None = None) -> tuple[ProblemKind, str]:
    before = await bench.world.happened()
    with pytest.raises(Problem) as caught:
        await bench.request(wish, actions=actions)
    assert await bench.world.happened() == before
    assert await bench.plain.page(bench.admin.tenant_id, 10) == ()
    assert bench.told.events == []
    return caught.value.kind, caught.value.code


class TestRequest:
    async def test_it_is_recorded_and_says_that_nothing_was_changed(self, bench: Bench) -> None:
        action = await bench.request(BLOCK)
        assert action.id.startswith("act_")
        assert (action.target, action.reason, action.finding_id) == ("198.51.100.42", "beacons", BLOCK.finding_id)
        assert (action.state, action.executor) == (ActionState.RECORDED, "recorder")
        assert action.details == {"message": NOTHING_CHANGED}
        assert (action.created_at, action.created_by) == (bench.world.clock.now(), bench.actor.name)
        assert await bench.plain.find(bench.admin.tenant_id, action.id) == action

    async def test_it_is_audited_with_target_and_reason(self, bench: Bench) -> None:
        action = await bench.request(BLOCK)
        assert (await bench.world.happened())[-1] == "action.requested"
        payload = await bench.world.last_payload()
        for words in (
            action.id,
            bench.actor.name,
            "198.51.100.42",
            "beacons",
            "block_ip",
            "recorder",
            "thr_1m4p7s0v3y",
        ):
            assert words in payload

    async def test_others_are_told(self, bench: Bench) -> None:
        action = await bench.request(BLOCK)
        payload = {
            "type": "block_ip", "target": "198.51.100.42", "state": "recorded", "executor": "recorder",
            "finding_id": "thr_1m4p7s0v3y",
        }  # fmt: skip
        assert bench.told.events == [Happened("action.recorded", action.id, bench.admin.tenant_id, payload)]

    async def test_a_dry_run_is_checked_and_audited_and_reaches_nobody(self, bench: Bench) -> None:
        action = await bench.request(DRY, actions=bench.guarded)
        assert (action.state, action.executor, action.is_dry_run) == (ActionState.CHECKED, "firewall", True)
        assert "nothing was changed" in action.details["message"]
        assert bench.firewall.taken == []
        assert bench.told.events == []
        assert (await bench.world.happened())[-1] == "action.requested"
        assert (await bench.audited())["details"]["dry_run"] == "yes"
        assert await bench.plain.find(bench.admin.tenant_id, action.id) == action

    async def test_the_first_executor_that_can_takes_it(self, bench: Bench) -> None:
        action = await bench.request(BLOCK, actions=bench.guarded)
        assert (action.executor, action.details) == ("firewall", {"rule": "17"})
        assert [one.id for one in bench.firewall.taken] == [action.id]
        other = await bench.request(replace(BLOCK, type=ActionType.NOTIFY_OWNER), actions=bench.guarded)
        assert other.executor == "recorder"

    async def test_row_audit_and_event_are_written_together_or_not_at_all(self, bench: Bench) -> None:
        """There is no action without its row in the audit, and no row without its action."""
        before = await bench.world.happened()
        bench.told.is_broken = True
        with pytest.raises(ConnectionError):
            await bench.request(BLOCK)
        assert await bench.plain.page(bench.admin.tenant_id, 10) == ()
        assert await bench.world.happened() == before

    async def test_what_is_never_done_is_refused_also_as_a_dry_run(self, bench: Bench) -> None:
        inner = replace(BLOCK, target="10.0.0.1")
        vital = replace(DRY, type=ActionType.KILL_PROCESS, target=r"C:\Windows\System32\LSASS.exe")
        for wish in (inner, replace(inner, is_dry_run=True), vital):
            assert await code_of(bench, wish) == (ProblemKind.FORBIDDEN, "action_refused")

    @pytest.mark.parametrize(
        ("action", "target"),
        [
            (ActionType.BLOCK_IP, "9.9.9[.]9"),
            (ActionType.BLOCK_DOMAIN, "dns.example"),
            (ActionType.BLOCK_DOMAIN, "acme.example"),
            (ActionType.ISOLATE_ENDPOINT, "MAIL"),
        ],
    )
    async def test_what_is_allow_listed_or_our_own_is_refused_also_as_a_dry_run(
        self, bench: Bench, action: ActionType, target: str
    ) -> None:
        for wish in (replace(BLOCK, type=action, target=target), replace(DRY, type=action, target=target)):
            assert await code_of(bench, wish, actions=bench.guarded) == (ProblemKind.FORBIDDEN, "action_refused")
        assert bench.firewall.taken == []
        assert (await bench.request(replace(BLOCK, type=action, target=target))).executor == "recorder"

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            (replace(BLOCK, target="nonsense"), "invalid_target"),
            (replace(BLOCK, reason="  "), "reason_required"),
            (replace(BLOCK, reason="x" * 501), "invalid_parameter"),
            (replace(BLOCK, reason="a\x00b"), "invalid_parameter"),
        ],
    )
    async def test_what_makes_no_sense_is_refused(self, bench: Bench, wish: NewAction, code: str) -> None:
        assert await code_of(bench, wish) == (ProblemKind.INVALID, code)

    async def test_without_the_scope_nothing_is_done(self, bench: Bench) -> None:
        reader = replace(bench.admin, scopes=bench.admin.scopes - {Scope.RESPONSE_WRITE})
        with pytest.raises(Problem, match="response:write") as caught:
            await bench.plain.request(BLOCK, by=reader, actor=bench.actor)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "invalid_scope")
        assert await bench.plain.page(bench.admin.tenant_id, 10) == ()


async def test_another_tenant_sees_nothing(bench: Bench) -> None:
    action = await bench.request(BLOCK)
    texts = set()
    for tenant_id, wanted in ((TenantId("tv_2"), action.id), (bench.admin.tenant_id, ActionId("act_none"))):
        with pytest.raises(Problem) as caught:
            await bench.plain.find(tenant_id, wanted)
        texts.add((caught.value.kind, caught.value.code, caught.value.message))
    assert texts == {(ProblemKind.NOT_FOUND, "not_found", "There is no such action.")}
    assert await bench.plain.page(TenantId("tv_2"), 10) == ()


async def test_pages_are_newest_first(bench: Bench) -> None:
    made = []
    for _ in range(3):
        made.append(await bench.request(BLOCK))
        bench.world.clock.advance(1)
    page = await bench.plain.page(bench.admin.tenant_id, 2)
    assert page == (made[2], made[1])
    assert await bench.plain.page(bench.admin.tenant_id, 2, behind=page[-1].place) == (made[0],)


async def test_the_catalogue_says_who_would_carry_out_what(bench: Bench) -> None:
    offers = {offer.type: offer.executor for offer in bench.guarded.catalogue()}
    assert list(offers) == list(ActionType)
    assert offers[ActionType.BLOCK_IP] == "firewall"
    assert {offer.executor for offer in bench.plain.catalogue()} == {"recorder"}


def test_the_longest_reason_is_taken() -> None:
    assert reason_of(f" {'x' * 500} ") == "x" * 500
