"""`cybervault tenants`: created, listed and changed by the operator."""

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document


@pytest.fixture
def acme(run: Run) -> str:
    """A tenant."""
    return run("tenants", "create", "acme").stdout.strip()


def test_a_new_tenant_prints_its_id_alone(run: Run) -> None:
    result = run("tenants", "create", "acme", "--plan", "professional")
    assert result.exit_code == 0
    assert result.stdout.startswith("tv_")
    assert len(result.stdout.split()) == 1


def test_tenants_are_listed_for_people_and_for_machines(run: Run) -> None:
    made = document(run("tenants", "create", "[b]acme[/b]", "--json"))["tenant"]
    assert (made["name"], made["plan"], made["suspended_at"]) == ("[b]acme[/b]", "starter", None)
    assert document(run("tenants", "list", "--json")) == {"tenants": [made]}
    shown = run("tenants", "list").stdout
    assert made["id"] in shown
    assert "[b]acme[/b]" in shown


def test_a_name_that_is_taken_is_told(run: Run) -> None:
    run("tenants", "create", "acme")
    result = run("tenants", "create", "acme")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "name_taken"


def test_an_unknown_plan_is_refused_with_those_there_are(run: Run) -> None:
    result = run("tenants", "create", "acme", "--plan", "gold")
    assert result.exit_code == 2
    assert "enterprise" in result.output


def test_a_plan_is_changed(run: Run, acme: str) -> None:
    assert run("tenants", "set-plan", "acme", "enterprise").stdout == "acme is active on the plan enterprise.\n"
    assert document(run("tenants", "set-plan", acme, "professional", "--json"))["tenant"]["plan"] == "professional"


def test_a_tenant_is_suspended_and_resumed(run: Run, acme: str) -> None:
    assert run("tenants", "suspend", "acme").stdout == "acme is suspended on the plan starter.\n"
    assert "suspended" in run("tenants", "list").stdout
    assert document(run("tenants", "suspend", "acme", "--json"))["tenant"]["suspended_at"]
    assert run("tenants", "resume", acme).stdout == "acme is active on the plan starter.\n"


@pytest.mark.usefixtures("acme")
def test_limits_of_its_own_are_set_shown_and_cleared(run: Run) -> None:
    assert run("tenants", "limits", "acme").stdout == "As the plan says.\n"
    run("tenants", "set-limit", "acme", "--face", "v2", "--hour", "9000")
    words = ("--face", "v3", "--calls", "read", "--minute", "500", "--burst", "0")
    limits = document(run("tenants", "set-limit", "acme", *words, "--json"))["limits"]
    assert limits == [
        {"face": "v2", "calls": "any", "minute": None, "hour": 9000, "burst_percent": None},
        {"face": "v3", "calls": "read", "minute": 500, "hour": None, "burst_percent": 0},
    ]
    shown = run("tenants", "limits", "acme").stdout
    assert "9000" in shown
    assert "0 %" in shown
    run("tenants", "clear-limit", "acme", "--face", "v2")
    left = document(run("tenants", "clear-limit", "acme", "--face", "v3", "--calls", "read", "--json"))
    assert left == {"limits": []}


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("set-plan", "nobody", "starter"), "tenant_not_found"),
        (("suspend", "nobody"), "tenant_not_found"),
        (("set-limit", "acme", "--face", "v9", "--minute", "5"), "invalid_limits"),
        (("set-limit", "acme", "--face", "v3", "--burst", "5000"), "invalid_limits"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    problem = run("tenants", *words).exception
    assert isinstance(problem, Problem)
    assert problem.code == code


@pytest.mark.parametrize("words", [("tenants",), ("tenants", "--help")])
def test_without_a_verb_the_verbs_are_named(run: Run, words: tuple[str, ...]) -> None:
    assert "create" in run(*words).output
