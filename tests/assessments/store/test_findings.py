"""Findings: lists that are narrowed and sorted the same on both engines, each tenant's own."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from cybervault.assessments.selection import (
    OPERATORS,
    Condition,
    Field,
    Operator,
    Order,
    Selection,
    columns_of,
    holds,
    marks_of,
)
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.assessments import Category
from cybervault.domain.findings import OPEN, Act, Finding, Status, Step
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.storage.database import Database
from tests.assessments.made import FINDING

OURS, THEIRS = FINDING.tenant_id, TenantId("tv_2")


def varied(count: int = 24) -> list[Finding]:
    """Findings that differ in everything a list can be narrowed by."""
    return [
        replace(
            FINDING,
            id=FindingId(f"thr_{number:010}"),
            created_at=FINDING.created_at + timedelta(seconds=number // 3),
            last_seen_at=FINDING.created_at + timedelta(seconds=100 - number),
            severity=tuple(Severity)[number % 5],
            score=number * 4 % 101,
            verdict=tuple(Verdict)[number % 2],
            status=tuple(Status)[number % 7],
            type=tuple(Category)[number % 4],
            kind=("ipv4", "domain")[number % 2],
            value=f"HOST_{number % 6}%.example",
            source_ip=None if number % 4 == 0 else f"203.0.113.{number % 8}",
            indicators=(f"domain:{number % 5}.example", "ip:203.0.113.1"),
            techniques=("T1571",) if number % 2 else (),
        )
        for number in range(count)
    ]


async def kept(database: Database, findings: Sequence[Finding]) -> FindingStore:
    store = FindingStore(database)
    async with store.transaction():
        for finding in findings:
            await store.add(finding)
    return store


async def test_a_finding_comes_back_as_it_was_and_as_it_was_changed(database: Database) -> None:
    store = await kept(database, [FINDING])
    assert await store.find(OURS, FINDING.id) == FINDING
    changed = replace(FINDING, status=Status.CLOSED, updated_by="member:usr_1", indicators=("hash:md5:a1b2c3",))
    await store.keep(changed)
    assert await store.find(OURS, FINDING.id) == changed


async def test_another_tenant_finds_lists_counts_and_changes_nothing(database: Database) -> None:
    store = await kept(database, [FINDING])
    assert await store.find(THEIRS, FINDING.id) is None
    assert await store.of_target(THEIRS, FINDING.kind, FINDING.value) is None
    assert await store.select(THEIRS, Selection()) == ()
    assert await store.count(THEIRS, ()) == 0
    assert await store.steps(THEIRS, FINDING.id) == ()
    await store.keep(replace(FINDING, tenant_id=THEIRS, status=Status.CLOSED))
    assert await store.find(OURS, FINDING.id) == FINDING
    tagged = Condition(Field.INDICATORS, Operator.IS, ("ip:203.0.113.42",))
    assert await store.select(THEIRS, Selection((tagged,))) == ()


async def test_the_newest_finding_on_a_target_is_found(database: Database) -> None:
    newer = replace(FINDING, id=FindingId("thr_2"), created_at=FINDING.created_at + timedelta(days=1))
    store = await kept(database, [FINDING, newer])
    assert await store.of_target(OURS, FINDING.kind, FINDING.value) == newer
    assert await store.of_target(OURS, FINDING.kind, "203.0.113.43") is None


@pytest.mark.parametrize(("order", "is_descending"), list(product(Order, (True, False))))
async def test_pages_hold_each_finding_once_in_order_also_while_new_ones_come(
    database: Database, order: Order, *, is_descending: bool
) -> None:
    findings = varied()
    store = await kept(database, findings)
    seen: list[Finding] = []
    behind = None
    while page := await store.select(OURS, Selection((), order, is_descending, behind, most=5)):
        seen += page
        behind = marks_of(page[-1], order)
        late = replace(FINDING, id=FindingId(f"thr_new{len(seen)}"), created_at=FINDING.created_at - timedelta(days=9))
        await store.add(replace(late, last_seen_at=late.created_at, score=0, severity=Severity.INFORMATIONAL))
    found = [finding.id for finding in seen if "new" not in finding.id]
    expected = sorted(findings, key=lambda one: marks_of(one, order), reverse=is_descending)
    assert found == [finding.id for finding in expected]


async def test_an_offset_skips(database: Database) -> None:
    store = await kept(database, varied())
    whole = await store.select(OURS, Selection(most=24))
    assert await store.select(OURS, Selection(offset=10, most=5)) == whole[10:15]
    assert await store.select(OURS, Selection(offset=24)) == ()


async def test_every_comparison_of_every_field_says_what_python_says(database: Database) -> None:
    """The two engines and the plain rule agree, with wildcards and letter case in the texts."""
    findings = varied()
    store = await kept(database, findings)
    samples = {name: columns_of(findings[7])[name] for name in columns_of(findings[7])}
    samples |= {"indicators": "domain:2.example", "techniques": "T1571"}
    for field in Field:
        for operator in OPERATORS[field]:
            sample = samples[field.value]
            texts = ("host_1%", "_", "%.e") if operator is Operator.CONTAINS and field is Field.VALUE else (sample,)
            for text in texts:
                values = (sample, "nothing") if operator is Operator.IN and isinstance(sample, str) else (text,)
                condition = Condition(field, operator, values)  # type: ignore[arg-type] # columns that can be compared
                found = await store.select(OURS, Selection((condition,), most=50))
                expected = {one.id for one in findings if holds(condition, one)}
                assert {one.id for one in found} == expected, condition
                assert await store.count(OURS, (condition,)) == len(expected)


async def test_all_conditions_hold_at_once(database: Database) -> None:
    store = await kept(database, varied())
    conditions = (
        Condition(Field.SCORE, Operator.FROM, (40,)),
        Condition(Field.TECHNIQUES, Operator.CONTAINS, ("T1571",)),
        Condition(Field.SEVERITY, Operator.IN, (4, 5)),
    )
    found = await store.select(OURS, Selection(conditions))
    assert found
    assert all(
        one.score >= 40 and one.techniques and one.severity in {Severity.HIGH, Severity.CRITICAL} for one in found
    )


async def test_they_are_counted_by_severity_and_status_and_their_techniques_while_open(database: Database) -> None:
    made = varied(21)
    others = [replace(one, id=FindingId(f"thr_x{one.id[5:]}"), tenant_id=THEIRS) for one in made]
    shown = replace(made[0], id=FindingId("thr_shown00001"), techniques=("T1071", "T1571", "T1059"))
    store = await kept(database, [*made, *others, shown])
    ours = [*made, shown]
    tallies = await store.tally(OURS)
    assert {(one.severity, one.status): one.count for one in tallies} == Counter(
        (one.severity, one.status) for one in ours
    )
    counted = Counter(name for one in ours if one.status in OPEN for name in one.techniques)
    assert counted["T1571"] > counted["T1071"] == counted["T1059"] == 1
    assert await store.techniques(OURS, 2) == (("T1571", counted["T1571"]), ("T1059", 1))
    assert await store.tally(TenantId("tv_3")) == ()
    assert await store.techniques(TenantId("tv_3"), 2) == ()


async def test_a_value_that_looks_like_sql_is_a_value(database: Database) -> None:
    store = await kept(database, [FINDING])
    condition = Condition(Field.VALUE, Operator.IS, ("' OR 1=1 --",))
    assert await store.select(OURS, Selection((condition,))) == ()


async def test_the_history_is_told_from_its_beginning(database: Database) -> None:
    store = await kept(database, [FINDING])
    steps = (
        Step(1, FINDING.created_at, "key:key_1", Act.OPENED, new_status=Status.NEW),
        Step(2, FINDING.created_at, "member:usr_1", Act.STATUS, Status.NEW, Status.CLOSED, "Done."),
    )
    for step in reversed(steps):
        await store.add_step(FINDING, step)
    assert await store.steps(OURS, FINDING.id) == steps


async def test_locks_are_taken_within_a_transaction(database: Database) -> None:
    store = FindingStore(database)
    async with store.transaction():
        await store.lock(OURS, "ipv4", "203.0.113.42")
        await store.lock_finding(FINDING.id)
    with pytest.raises(RuntimeError):
        await store.lock_finding(FINDING.id)
