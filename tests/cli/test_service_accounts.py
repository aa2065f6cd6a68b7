"""`cybervault service-accounts`: made, changed and removed by the operator."""

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document

ACCOUNT = ("service-accounts", "create", "robot", "--tenant", "acme")


@pytest.fixture
def acme(run: Run) -> str:
    """A tenant."""
    return run("tenants", "create", "acme").stdout.strip()


def test_a_new_account_prints_its_id_alone(run: Run, acme: str) -> None:
    made = run(*ACCOUNT, "--scope", "scan:read").stdout
    assert made.startswith("sva_")
    listed = document(run("service-accounts", "list", "--tenant", acme, "--json"))["service_accounts"]
    assert [(one["id"], one["name"], one["scopes"]) for one in listed] == [(made.strip(), "robot", ["scan:read"])]


@pytest.mark.usefixtures("acme")
def test_accounts_are_listed_for_people(run: Run) -> None:
    made = document(run(*ACCOUNT, "--description", "looks at [b]things[/b]", "--json"))["service_account"]
    shown = run("service-accounts", "list", "--tenant", "acme").stdout
    for text in (made["id"], "robot", "none", "looks at [b]things[/b]"):
        assert text in shown


@pytest.mark.usefixtures("acme")
def test_fewer_scopes_cap_its_keys(run: Run) -> None:
    run(*ACCOUNT, "--scope", "scan:read", "--scope", "threat:read")
    words = ("keys", "create", "--tenant", "acme", "--name", "ci", "--service-account", "robot", "--json")
    key = document(run(*words, "--scope", "scan:read"))["key"]
    edit = ("service-accounts", "edit", "robot", "--tenant", "acme")
    assert run(*edit, "--scope", "threat:read").stdout == "robot may give its keys threat:read.\n"
    assert run(*edit, "--no-scopes").stdout == "robot may give its keys nothing.\n"
    changed = document(run(*edit, "--name", "new", "--description", "why", "--json"))["service_account"]
    assert (changed["name"], changed["description"], changed["scopes"]) == ("new", "why", [])
    assert key["service_account_id"] == changed["id"]


@pytest.mark.usefixtures("acme")
def test_an_account_is_removed_with_its_keys(run: Run) -> None:
    run(*ACCOUNT)
    words = ("keys", "create", "--tenant", "acme", "--name", "ci", "--service-account", "robot", "--json")
    key_id = document(run(*words))["key"]["id"]
    removed = document(run("service-accounts", "remove", "robot", "--tenant", "acme", "--json"))
    assert removed["revoked_keys"] == [key_id]
    assert removed["service_account"]["removed_at"]
    run(*ACCOUNT)
    gone = run("service-accounts", "remove", "robot", "--tenant", "acme").stdout
    assert gone == "robot is removed, and 0 of its keys are revoked.\n"


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("verb", ["edit", "remove"])
def test_an_unknown_account_is_told(run: Run, verb: str) -> None:
    problem = run("service-accounts", verb, "nobody", "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "service_account_not_found"
