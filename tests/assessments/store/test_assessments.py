"""Assessments are written once, and seen by their own tenant alone."""

from dataclasses import replace
from datetime import timedelta

from cybervault.assessments.store.assessments import AssessmentStore, Behind
from cybervault.domain.assessments import Part, Sign
from cybervault.domain.ids import AssessmentId
from cybervault.domain.observables import parse_observable
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database
from tests.assessments.made import ASSESSMENT, WEIGHING

OURS, THEIRS = ASSESSMENT.tenant_id, TenantId("tv_2")


async def test_an_assessment_comes_back_with_all_its_evidence(database: Database) -> None:
    store = AssessmentStore(database)
    part = Part(parse_observable("203.0.113.42"), WEIGHING, (("family", "Cobalt Strike"),))
    whole = replace(
        ASSESSMENT,
        parts=(part,),
        signs=(Sign("c2", 2.2, "Why.", "T1571"),),
        metadata={"case": "42", "n": 7, "f": 0.5, "b": True, "none": None},
        missing=("virustotal",),
        warnings=("Odd.",),
    )
    await store.add(whole)
    assert await store.find(OURS, whole.id) == whole


async def test_what_is_not_weighed_has_no_score(database: Database) -> None:
    store = AssessmentStore(database)
    await store.add(replace(ASSESSMENT, score=None))
    found = await store.find(OURS, ASSESSMENT.id)
    assert found is not None
    assert found.score is None


async def test_another_tenant_sees_nothing(database: Database) -> None:
    store = AssessmentStore(database)
    await store.add(ASSESSMENT)
    assert await store.find(THEIRS, ASSESSMENT.id) is None
    assert await store.of_request(THEIRS, ASSESSMENT.request_id) is None
    assert await store.page(THEIRS, 10) == ()


async def test_of_two_requests_with_one_id_the_newest_counts(database: Database) -> None:
    store = AssessmentStore(database)
    await store.add(ASSESSMENT)
    newer = replace(ASSESSMENT, id=AssessmentId("asm_1"), created_at=ASSESSMENT.created_at + timedelta(seconds=1))
    await store.add(newer)
    assert await store.of_request(OURS, ASSESSMENT.request_id) == newer
    assert await store.of_request(OURS, "req_other") is None


async def test_those_of_a_target_alone_are_found_in_pages(database: Database) -> None:
    store = AssessmentStore(database)
    other = replace(ASSESSMENT.target, value="198.51.100.1")
    for number in range(4):
        at = ASSESSMENT.created_at + timedelta(seconds=number)
        made = replace(ASSESSMENT, id=AssessmentId(f"asm_{number}"), created_at=at)
        await store.add(replace(made, target=other) if number == 1 else made)
    first = await store.page(OURS, 2, target=ASSESSMENT.target.value)
    assert [one.id for one in first] == ["asm_3", "asm_2"]
    behind = Behind(first[-1].created_at.timestamp(), first[-1].id)
    assert [one.id for one in await store.page(OURS, 2, behind=behind, target=ASSESSMENT.target.value)] == ["asm_0"]
    assert [one.id for one in await store.page(OURS, 9, target=other.value)] == ["asm_1"]
    assert await store.page(THEIRS, 9, target=other.value) == ()


async def test_pages_go_from_new_to_old_and_hold_each_once(database: Database) -> None:
    store = AssessmentStore(database)
    made = [
        replace(ASSESSMENT, id=AssessmentId(f"asm_{n}"), created_at=ASSESSMENT.created_at + timedelta(seconds=n // 2))
        for n in range(7)
    ]
    for one in made:
        await store.add(one)
    seen: list[AssessmentId] = []
    behind = None
    while page := await store.page(OURS, 3, behind=behind):
        seen += [one.id for one in page]
        behind = Behind(page[-1].created_at.timestamp(), page[-1].id)
    assert seen == [one.id for one in sorted(made, key=lambda one: (one.created_at, one.id), reverse=True)]
