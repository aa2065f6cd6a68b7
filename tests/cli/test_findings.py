"""`cybervault findings`: looked at, handled and exported by the operator."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cybervault.assessments.exports import PAGE_FINDINGS
from cybervault.assessments.store.findings import FindingStore
from cybervault.domain.findings import Act, Finding, Status, Step
from cybervault.domain.ids import FindingId
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.verdicts import Severity
from cybervault.storage.engines import database_at
from tests.assessments.made import FINDING
from tests.cli.conftest import Run, document
from tests.fakes.clock import HandClock
from tests.fakes.serving import SOURCES
from tests.fakes.upstream import UpstreamFarm


def keep(data: Path, made: Sequence[Finding]) -> None:
    """Findings as assessments would have opened them."""

    async def add() -> None:
        database = database_at(data / "cybervault.db", HandClock())
        await database.open()
        store = FindingStore(database)
        async with store.transaction():
            for finding in made:
                await store.add(finding)
                step = Step(1, finding.created_at, finding.updated_by, Act.OPENED, new_status=finding.status)
                await store.add_step(finding, step)
        await database.close()

    asyncio.run(add())


@pytest.fixture
def acme(run: Run) -> str:
    """A tenant."""
    return run("tenants", "create", "acme").stdout.strip()


@pytest.fixture
def made(acme: str, data: Path) -> list[Finding]:
    """Three findings, each an hour after the other, and one of somebody else."""
    statuses = (Status.NEW, Status.CLOSED, Status.NEW)
    severities = (Severity.HIGH, Severity.HIGH, Severity.CRITICAL)
    mine = [
        replace(
            FINDING,
            id=FindingId(f"thr_000000000{number}"),
            tenant_id=TenantId(acme),
            created_at=FINDING.created_at + timedelta(hours=number),
            status=statuses[number],
            severity=severities[number],
        )
        for number in range(3)
    ]
    keep(data, [*mine, replace(FINDING, id=FindingId("thr_foreign000"), tenant_id=TenantId("tv_other"))])
    return mine


def test_findings_of_the_tenant_are_listed_newest_first(run: Run, made: list[Finding]) -> None:
    result = run("findings", "list", "--tenant", "acme", "--limit", "2")
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [made[2].id, made[1].id]
    assert result.stderr == "2 of 3\n"
    found = document(run("findings", "list", "--tenant", "acme", "--json"))
    assert ([one["id"] for one in found["findings"]], found["count"]) == ([one.id for one in reversed(made)], 3)


def test_a_narrow_terminal_shows_each_target_whole_in_one_line(run: Run, made: list[Finding]) -> None:
    result = run("findings", "list", "--tenant", "acme", env={"COLUMNS": "80"})
    assert [(line.split()[0], line.split()[-1]) for line in result.stdout.splitlines()[1:]] == [
        (one.id, one.value) for one in reversed(made)
    ]


def test_telemetry_is_named_by_what_it_shows_and_not_by_its_digest(run: Run, acme: str, data: Path) -> None:
    seen = replace(
        FINDING, tenant_id=TenantId(acme), kind="endpoint_telemetry", value="f0" * 32, indicators=("ip:198.51.100.42",)
    )
    keep(data, [seen])
    result = run("findings", "list", "--tenant", "acme", env={"COLUMNS": "80"})
    assert "ip:198.51.100.42" in result.stdout
    assert "f0f0" not in result.stdout


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (("--severity", "critical"), "2"),
        (("--severity", "critical", "--severity", "high"), "210"),
        (("--status", "new", "--severity", "high"), "0"),
        (("--type", "phishing"), ""),
        (("--since", "2027-01-31T13:00:00Z"), "21"),
    ],
)
def test_a_list_is_narrowed(run: Run, words: tuple[str, ...], numbers: str) -> None:
    found = document(run("findings", "list", "--tenant", "acme", *words, "--json"))["findings"]
    assert "".join(one["id"][-1] for one in found) == numbers


def test_one_finding_is_shown_with_its_history(run: Run, made: list[Finding]) -> None:
    shown = run("findings", "show", made[0].id, "--tenant", "acme").stdout
    for text in ("203.0.113.42", "T1571", "opened", "key:key_1"):
        assert text in shown
    found = document(run("findings", "show", made[0].id, "--tenant", "acme", "--json"))
    assert found["finding"]["created_at"] == "2027-01-31T12:00:00Z"
    assert [(one["act"], one["new_status"]) for one in found["history"]] == [("opened", "new")]


@pytest.mark.usefixtures("made")
def test_a_status_is_set_by_the_operator_and_the_audit_says_so(run: Run, made: list[Finding]) -> None:
    words = ("findings", "set-status", made[0].id, "closed", "--tenant", "acme")
    assert run(*words, "--comment", "Blocked at the proxy.").stdout == f"{made[0].id} is closed.\n"
    history = document(run("findings", "show", made[0].id, "--tenant", "acme", "--json"))["history"]
    assert (history[1]["by"], history[1]["new_status"]) == ("operator", "closed")
    assert history[1]["comment"] == "Blocked at the proxy."
    shown = run("findings", "show", made[0].id, "--tenant", "acme").stdout
    assert "new to closed" in shown
    *_, last = csv.reader(io.StringIO(run("audit", "export", "--csv").stdout))
    assert last[3:5] == ["finding.status_changed", "operator"]
    again = document(run("findings", "set-status", made[0].id, "new", "--tenant", "acme", "--json"))
    assert again["finding"]["status"] == "new"


def test_a_comment_cannot_take_over_the_terminal(run: Run, made: list[Finding]) -> None:
    """What somebody wrote over the API is shown without the characters that a terminal obeys."""
    words = ("findings", "set-status", made[0].id, "acknowledged", "--tenant", "acme", "--comment", "a\x1b]0;x\x07[b]b")
    assert run(*words).exit_code == 0
    shown = run("findings", "show", made[0].id, "--tenant", "acme").stdout
    assert "\x1b" not in shown
    assert "[b]b" in shown


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("list", "--tenant", "nobody"), "tenant_not_found"),
        (("list", "--tenant", "acme", "--since", "yesterday"), "invalid_parameter"),
        (("show", "thr_foreign000", "--tenant", "acme"), "not_found"),
        (("set-status", "thr_foreign000", "closed", "--tenant", "acme"), "not_found"),
        (("set-status", "thr_0000000000", "closed", "--tenant", "acme", "--comment", " "), "invalid_parameter"),
        (("export", "--tenant", "nobody"), "tenant_not_found"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    problem = run("findings", *words).exception
    assert isinstance(problem, Problem)
    assert problem.code == code


def test_all_findings_are_exported_in_every_form(run: Run, made: list[Finding]) -> None:
    ids = [one.id for one in reversed(made)]
    lines = run("findings", "export", "--tenant", "acme")
    assert [json.loads(line)["id"] for line in lines.stdout.splitlines()] == ids
    assert lines.stderr == ""
    table = run("findings", "export", "--tenant", "acme", "--format", "csv").stdout
    assert [row[0] for row in csv.reader(io.StringIO(table))] == ["id", *ids]
    bundle = document(run("findings", "export", "--tenant", "acme", "--format", "stix"))
    assert [one["type"] for one in bundle["objects"]] == ["identity", *["indicator", "sighting"] * 3]


def test_a_file_is_there_when_it_is_whole(run: Run, acme: str, data: Path, tmp_path: Path) -> None:
    count = PAGE_FINDINGS + 1
    keep(data, [replace(FINDING, id=FindingId(f"thr_{one:010}"), tenant_id=TenantId(acme)) for one in range(count)])
    file = tmp_path / "findings.ndjson"
    result = run("findings", "export", "--tenant", "acme", "-o", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(file.read_text().splitlines()) == count
    assert list(tmp_path.glob("*.part")) == []


@pytest.mark.usefixtures("acme")
def test_a_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    result = run("findings", "export", "--tenant", "acme", "-o", str(tmp_path / "nowhere" / "findings.csv"))
    assert result.exit_code == 2
    assert "cannot be written" in result.stderr


@pytest.mark.usefixtures("made")
def test_nothing_is_asked_outside(run: Run, farm: UpstreamFarm) -> None:
    """Beside a running server these commands open its database, and nothing else."""
    for words in (("list",), ("show", "thr_0000000000"), ("export",)):
        assert run("findings", *words, "--tenant", "acme").exit_code == 0
    assert not any(farm.calls(name) for name in SOURCES)
