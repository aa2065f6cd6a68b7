"""`cybervault tenants`: created and listed by the operator."""

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document


def test_a_new_tenant_prints_its_id_alone(run: Run) -> None:
    result = run("tenants", "create", "acme", "--plan", "professional")
    assert result.exit_code == 0
    assert result.stdout.startswith("tv_")
    assert len(result.stdout.split()) == 1


def test_tenants_are_listed_for_people_and_for_machines(run: Run) -> None:
    made = document(run("tenants", "create", "[b]acme[/b]", "--json"))["tenant"]
    assert (made["name"], made["plan"]) == ("[b]acme[/b]", "starter")
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


@pytest.mark.parametrize("words", [("tenants",), ("tenants", "--help")])
def test_without_a_verb_the_verbs_are_named(run: Run, words: tuple[str, ...]) -> None:
    assert "create" in run(*words).output
