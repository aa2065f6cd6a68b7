"""`cybervault assessments`: listed, shown and compared by the operator."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cybervault.assessments.store.assessments import AssessmentStore
from cybervault.domain.assessments import Assessment
from cybervault.domain.ids import AssessmentId
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Verdict
from cybervault.storage.engines import database_at
from tests.assessments.made import ASSESSMENT
from tests.assessments.test_comparison import part
from tests.cli.conftest import Run, document
from tests.fakes.clock import HandClock


@pytest.fixture
def made(run: Run, data: Path) -> list[Assessment]:
    """Two of one address, a day apart, one of another, and one of somebody else."""
    acme = TenantId(run("tenants", "create", "acme").stdout.strip())
    now = replace(ASSESSMENT, tenant_id=acme, parts=(part("203.0.113.42", reports=2.0, engines=3.0),))
    before = replace(
        now, id=AssessmentId("asm_before0000"), created_at=now.created_at - timedelta(days=1), score=40,
        verdict=Verdict.SUSPICIOUS, parts=(part("203.0.113.42", reports=1.0),), summary="Bad\x1b]0;x\x07.",
    )  # fmt: skip
    other = replace(now, id=AssessmentId("asm_other00000"), target=replace(now.target, value="198.51.100.1"))
    foreign = replace(now, id=AssessmentId("asm_foreign000"), tenant_id=TenantId("tv_other"))

    async def add() -> None:
        database = database_at(data / "cybervault.db", HandClock())
        await database.open()
        for one in (now, before, other, foreign):
            await AssessmentStore(database).add(one)
        await database.close()

    asyncio.run(add())
    return [now, before, other]


def test_they_are_listed_newest_first_and_by_target(run: Run, made: list[Assessment]) -> None:
    now, before, _ = made
    words = ("assessments", "list", "--tenant", "acme", "--target", "203[.]0[.]113[.]42")
    lines = run(*words).stdout.splitlines()[1:]
    assert [line.split()[:3] for line in lines] == [[now.id, "malicious", "92"], [before.id, "suspicious", "40"]]
    found = document(run("assessments", "list", "--tenant", "acme", "--json"))["assessments"]
    assert {one["assessment_id"] for one in found} == {one.id for one in made}


def test_one_is_shown_with_the_evidence_of_each_source(run: Run, made: list[Assessment]) -> None:
    shown = run("assessments", "show", made[0].id, "--tenant", "acme").stdout
    assert "malicious, 92 of 100" in shown
    assert ["+3.00", "a_source", "engines", "Why."] in [line.split() for line in shown.splitlines()]
    found = document(run("assessments", "show", made[0].id, "--tenant", "acme", "--json"))
    assert [one["name"] for one in found["indicators"][0]["evidence"]] == ["reports", "engines"]


def test_two_are_compared_and_nothing_in_them_takes_over_the_terminal(run: Run, made: list[Assessment]) -> None:
    now, before, _ = made
    words = ("assessments", "compare", before.id, now.id, "--tenant", "acme")
    shown = run(*words).stdout
    assert "\x1b]" not in shown
    assert [line.split() for line in shown.splitlines()[-2:]] == [
        ["+", "new", "+3.00", "a_source", "engines"],
        [">", "more", "+1.00", "+2.00", "a_source", "reports"],
    ]
    found = document(run(*words, "--json"))
    assert (found["before"]["risk_score"], found["after"]["risk_score"]) == (40, 92)
    assert [(one["name"], one["change"]) for one in found["evidence"]] == [("engines", "new"), ("reports", "more")]


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("id_", ["asm_foreign000", "asm_nothing000"])
def test_one_of_somebody_else_is_not_there(run: Run, id_: str) -> None:
    problem = run("assessments", "show", id_, "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "not_found"
