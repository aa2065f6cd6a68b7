"""`cybervault scans schedule` and its kin, by the operator."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document

ACME = ("--tenant", "acme")
WHEN = ("--name", "[b]Office[/b]", "--cron", "30 3 * * 1", "--timezone", "Europe/Madrid")


@pytest.fixture(autouse=True)
def _acme(run: Run) -> None:
    run("tenants", "create", "acme")
    run("scans", "grant", "10.1.0.0/16", *ACME, "--note", "tests")


def test_a_network_is_scheduled_paused_resumed_and_removed(run: Run) -> None:
    assert run("scans", "schedules", *ACME).stdout == "Nothing is scheduled.\n"
    made = document(run("scans", "schedule", "10.1.0.0/24", *ACME, *WHEN, "--json"))["schedule"]
    assert (made["targets"], made["timezone"], made["created_by"]) == (["10.1.0.0/24"], "Europe/Madrid", "operator")
    shown = run("scans", "schedules", *ACME, env={"COLUMNS": "200"}).stdout
    assert all(word in shown for word in (made["id"], "30 3 * * 1", made["next_at"], "[b]Office[/b]"))
    one = ("scans", "reschedule", made["id"], *ACME)
    assert run(*one, "--pause").stdout == f"{made['id']} is paused.\n"
    assert "is due next at" in run(*one, "--resume", "--target", "10.1.0.7", "--cron", "0 4 * * *").stdout
    (listed,) = document(run("scans", "schedules", *ACME, "--json"))["schedules"]
    assert (listed["targets"], listed["cron"], listed["enabled"]) == (["10.1.0.7"], "0 4 * * *", True)
    assert run("scans", "unschedule", made["id"], *ACME).stdout == f"{made['id']} is removed.\n"
    assert document(run("scans", "schedules", *ACME, "--json")) == {"schedules": []}


def test_a_turn_that_began_no_scan_is_told_with_its_reason(run: Run, data: Path) -> None:
    made = document(run("scans", "schedule", "10.1.0.0/24", *ACME, *WHEN, "--json"))["schedule"]
    with closing(sqlite3.connect(data / "cybervault.db")) as rows, rows:
        rows.execute("UPDATE scan_schedules SET last_at = 0, problem_code = 'turn_missed', problem_message = 'Nobody.'")
    shown = run("scans", "schedules", *ACME).stdout
    assert f"{made['id']} began no scan at 1970-01-01T00:00:00Z: Nobody." in shown


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("schedule", "10.2.0.0/8", *WHEN), "invalid_target"),
        (("schedule", "192.168.1.0/24", *WHEN), "target_not_authorized"),
        (("schedule", "10.1.0.7", *WHEN[:4], "--timezone", "CEST+2"), "invalid_schedule"),
        (("reschedule", "sch_none", "--pause"), "not_found"),
        (("unschedule", "sch_none"), "not_found"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    problem = run("scans", *words, *ACME).exception
    assert isinstance(problem, Problem)
    assert problem.code == code
