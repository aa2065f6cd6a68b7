"""`cybervault scans`: what tenants may scan, by the operator."""

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document


@pytest.fixture(autouse=True)
def _acme(run: Run) -> None:
    run("tenants", "create", "acme")


def test_a_scope_is_granted_listed_and_withdrawn(run: Run) -> None:
    assert run("scans", "grants", "--tenant", "acme").stdout == "Nothing was granted.\n"
    words = ("scans", "grant", "10.1.0.0/16", "--tenant", "acme", "--note", "[b]signed[/b]", "--days", "2")
    granted = run(*words).stdout.strip()
    assert granted.startswith("sgr_")
    shown = run("scans", "grants", "--tenant", "acme").stdout
    assert all(word in shown for word in (granted, "10.1.0.0/16", "operator", "[b]signed[/b]"))
    assert run("scans", "withdraw", granted, "--tenant", "acme").stdout == f"{granted} is withdrawn.\n"
    assert document(run("scans", "grants", "--tenant", "acme", "--json")) == {"grants": []}


def test_a_scope_is_shown_to_programs(run: Run) -> None:
    words = ("scans", "grant", "Example.com", "--tenant", "acme", "--note", "n", "--pentest", "--json")
    made = document(run(*words))["grant"]
    assert (made["target"], made["kind"], made["allow_pentest"]) == ("example.com", "domain", True)
    assert (made["basis"], made["expires_at"]) == ("operator", None)
    assert made["granted_at"].endswith("Z")
    assert document(run("scans", "grants", "--tenant", "acme", "--json")) == {"grants": [made]}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("grant", "10.0.0.5/8", "--note", "n"), "invalid_target"),
        (("grant", "127.0.0.1", "--note", "n"), "target_not_authorized"),
        (("grant", "10.1.0.0/24", "--note", " "), "note_required"),
        (("withdraw", "sgr_none"), "not_found"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    problem = run("scans", *words, "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == code


def test_this_machine_is_granted_where_the_setting_opens_it(run: Run) -> None:
    words = ("scans", "grant", "127.0.0.1", "--tenant", "acme", "--note", "tests")
    assert run(*words, env={"CYBERVAULT_SCANS__LOOPBACK": "true"}).exit_code == 0
