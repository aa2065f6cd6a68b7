"""Choosing: written to the audit, in force at every node with the next event, and for one tenant alone."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from cybervault.access.audit import Actor
from cybervault.detection import choices as module
from cybervault.detection.choices import Choices, filter_in, reason_of
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.rules.choice import EVERYTHING, Choice, Place, Switch
from cybervault.detection.store import OwnFilter
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.storage.database import Database
from tests.access.conftest import World, world_on
from tests.detection.chosen import SERVICE_HOST, choices_on
from tests.detection.sigma import record, selecting, text_of

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


FILTER = """\
title: Our deployment
id: 7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10
logsource: {product: windows}
filter: {rules: any, s: {User: deploy}, condition: not s}
"""


def fired(choice: Choice, user: str) -> list[str]:
    detected = Detector(Engine([SERVICE_HOST])).of_records([record(Image="C:\\svchost.exe", User=user)], choice)
    return [one.rule.id for one in detected.matches]


async def test_a_filter_of_a_tenant_narrows_its_rules_and_those_of_nobody_else(choices: Choices, world: World) -> None:
    made = await choices.add_filter(OURS, FILTER, actor=ACTOR)
    assert await choices.filters(OURS) == (made,)
    assert (made.title, made.by) == ("Our deployment", ACTOR.name)
    assert (await world.happened())[-1] == "rule_filter.added"
    for node in (choices, choices_on(world)):
        assert fired(await node.of(OURS), "deploy") == []
        assert fired(await node.of(OURS), "ann") == [SERVICE_HOST.id]
        assert fired(await node.of(THEIRS), "deploy") == [SERVICE_HOST.id]
    assert await choices.filters(THEIRS) == ()
    await choices.remove_filter(OURS, made.id, actor=ACTOR)
    assert (await world.happened())[-1] == "rule_filter.removed"
    assert fired(await choices.of(OURS), "deploy") == [SERVICE_HOST.id]


async def test_the_same_filter_sent_again_takes_its_own_place(
    choices: Choices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILTERS_MAX", 1)
    await choices.add_filter(OURS, FILTER, actor=ACTOR)
    await choices.add_filter(OURS, FILTER.replace("User: deploy", "User: other"), actor=ACTOR)
    assert fired(await choices.of(OURS), "deploy") == [SERVICE_HOST.id]
    with pytest.raises(Problem) as caught:
        await choices.add_filter(OURS, FILTER.replace("7f0d1c52", "7f0d1c53"), actor=ACTOR)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.CONFLICT, "too_many_filters")
    assert len(await choices.filters(OURS)) == 1


async def test_a_filter_of_another_tenant_cannot_be_removed(choices: Choices, world: World) -> None:
    made = await choices.add_filter(OURS, FILTER, actor=ACTOR)
    before = await world.happened()
    with pytest.raises(Problem) as caught:
        await choices.remove_filter(THEIRS, made.id, actor=ACTOR)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "not_found")
    assert await world.happened() == before
    assert await choices.filters(OURS) == (made,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one document"),
        (FILTER + "---\n" + FILTER.replace("7f0d1c52", "7f0d1c53"), "one document"),
        (FILTER.replace("not s", "x"), "line 4"),
        (FILTER.replace("User:", "User|expand:").replace("deploy}", "'%x%'}"), "placeholder"),
        ("title: [", "no YAML"),
        (text_of(selecting(Image="a")), "one document"),
    ],
)
def test_what_is_no_filter_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(Problem, match=words) as caught:
        filter_in(text)
    assert caught.value.code == "bad_rule_filter"


def test_a_filter_without_an_id_has_one_of_what_it_says() -> None:
    text = FILTER.replace("id: 7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10\n", "")
    assert filter_in(text).id == filter_in(text).id != filter_in(text + "\n").id
    assert "/" not in filter_in(text).id


async def test_a_kept_filter_that_cannot_be_read_any_more_is_told_and_the_others_count(
    choices: Choices, world: World
) -> None:
    await choices.add_filter(OURS, FILTER, actor=ACTOR)
    async with world.database.transaction():
        await choices._store.add_filter(OURS, OwnFilter("old", "Old", "title: [", world.clock.now(), "x"))
    with capture_logs() as logs:
        assert fired(await choices_on(world).of(OURS), "deploy") == []
    assert [one["filter"] for one in logs] == ["old"]
