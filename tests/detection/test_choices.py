"""Choosing: written to the audit, in force at every node with the next event, and for one tenant alone."""

import asyncio
import json

import pytest

from cybervault.access.audit import Actor
from cybervault.detection import choices as module
from cybervault.detection.choices import Choices, reason_of
from cybervault.detection.rules.choice import EVERYTHING, Choice, Place, Switch
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.storage.database import Database
from tests.access.conftest import World, world_on
from tests.detection.chosen import SERVICE_HOST, choices_on

OURS, THEIRS = TenantId("tv_1"), TenantId("tv_2")
ACTOR = Actor("key:key_1 (cv_live_sk_…)", OURS)


@pytest.fixture
async def world(database: Database) -> World:
    return await world_on(database)


@pytest.fixture
def choices(world: World) -> Choices:
    return choices_on(world)


async def test_a_rule_is_disabled_and_enabled_again_and_the_audit_knows(choices: Choices, world: World) -> None:
    known = await choices.disable(OURS, SERVICE_HOST.id, "  Our\nown. ", actor=ACTOR)
    assert known.place is Place.DISABLED
    assert known.switch == Switch("Our own.", world.clock.now(), ACTOR.name)
    told = json.loads(await world.last_payload())
    assert (await world.happened())[-1] == "rule.switched_off"
    assert told["details"]["reason"] == "Our own."
    assert told["tenant_id"] == OURS
    assert (await choices.enable(OURS, SERVICE_HOST.id, actor=ACTOR)).place is Place.IN_FORCE
    assert (await world.happened())[-1] == "rule.switched_on"
    assert await choices.of(OURS) == EVERYTHING


async def test_what_is_enabled_already_is_no_change(choices: Choices, world: World) -> None:
    before = await world.happened()
    await choices.enable(OURS, SERVICE_HOST.id, actor=ACTOR)
    assert await world.happened() == before


async def test_another_tenant_sees_none_of_it(choices: Choices) -> None:
    await choices.disable(OURS, SERVICE_HOST.id, "Ours.", actor=ACTOR)
    await choices.set_level(OURS, Severity.CRITICAL, actor=ACTOR)
    assert await choices.of(THEIRS) == EVERYTHING


async def test_another_node_follows_with_the_next_event(choices: Choices, world: World) -> None:
    other = choices_on(world)
    assert await other.of(OURS) == EVERYTHING
    await choices.disable(OURS, SERVICE_HOST.id, "Ours.", actor=ACTOR)
    assert not (await other.of(OURS)).takes(SERVICE_HOST)
    await other.enable(OURS, SERVICE_HOST.id, actor=ACTOR)
    assert (await choices.of(OURS)).takes(SERVICE_HOST)


async def test_what_did_not_change_is_remembered_and_memory_is_bounded(
    choices: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choices.set_level(OURS, Severity.HIGH, actor=ACTOR)
    assert await choices.of(OURS) is await choices.of(OURS)
    monkeypatch.setattr(module, "REMEMBERED_MAX", 1)
    await choices.set_level(THEIRS, Severity.HIGH, actor=ACTOR)
    assert len(choices._remembered) == 1
    assert await choices.of(OURS) == Choice(Severity.HIGH)


async def test_a_level_is_chosen_and_given_up_and_the_audit_knows(choices: Choices, world: World) -> None:
    assert (await choices.set_level(OURS, Severity.HIGH, actor=ACTOR)).least is Severity.HIGH
    assert (await world.happened())[-1] == "rules.level_changed"
    assert json.loads(await world.last_payload())["details"] == {"from_level": "high"}
    assert (await choices.set_level(OURS, None, actor=ACTOR)).least is None
    assert json.loads(await world.last_payload())["details"] == {"from_level": "installation"}


async def test_changes_at_the_same_time_are_all_kept(choices: Choices) -> None:
    await asyncio.gather(
        choices.disable(OURS, SERVICE_HOST.id, "Ours.", actor=ACTOR),
        choices.set_level(OURS, Severity.HIGH, actor=ACTOR),
    )
    found = await choices.of(OURS)
    assert (found.least, set(found.off)) == (Severity.HIGH, {SERVICE_HOST.id})


async def test_what_cannot_be_is_refused_and_leaves_no_trace(choices: Choices, world: World) -> None:
    before = await world.happened()
    for work, expected in (
        (choices.disable(OURS, "nobody", "x", actor=ACTOR), (ProblemKind.NOT_FOUND, "not_found")),
        (choices.enable(OURS, "nobody", actor=ACTOR), (ProblemKind.NOT_FOUND, "not_found")),
        (choices.disable(OURS, SERVICE_HOST.id, " ", actor=ACTOR), (ProblemKind.INVALID, "reason_required")),
        (choices.set_level(OURS, Severity.LOW, actor=ACTOR), (ProblemKind.INVALID, "invalid_parameter")),
    ):
        with pytest.raises(Problem) as caught:
            await work
        assert (caught.value.kind, caught.value.code) == expected
    assert await world.happened() == before
    assert await choices.of(OURS) == EVERYTHING


def test_a_reason_has_an_end() -> None:
    assert reason_of("x" * 500) == "x" * 500
    with pytest.raises(Problem, match="1 to 500"):
        reason_of("x" * 501)
