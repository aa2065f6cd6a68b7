"""What a tenant chooses among the rules, by the commands of the operator."""

import json

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.cli.test_rules import STARTER, TITLE


def standing(run: Run, *words: str) -> str:
    rules = document(run("rules", "list", "--all", "--json", *words))["rules"]
    (found,) = (one["standing"] for one in rules if one["id"] == STARTER)
    return str(found)


def test_a_rule_is_disabled_for_one_tenant_and_enabled_again_and_the_audit_knows(run: Run) -> None:
    for name in ("acme", "other"):
        run("tenants", "create", name)
    off = run("rules", "disable", STARTER[:8], "--tenant", "acme", "--reason", "Our  own.")
    assert off.stdout == f"Disabled for acme: {TITLE} ({STARTER})\n"
    assert standing(run, "--tenant", "acme") == "disabled"
    assert standing(run, "--tenant", "other") == standing(run) == "in_force"
    assert "disabled by the tenant: Our own." in run("rules", "list", "--all", "--tenant", "acme").stdout
    on = run("rules", "enable", TITLE, "--tenant", "acme")
    assert on.stdout == f"Enabled for acme: {TITLE} ({STARTER})\n"
    assert standing(run, "--tenant", "acme") == "in_force"
    told = "".join(json.dumps(json.loads(line)) for line in run("audit", "export").stdout.splitlines())
    assert "rule.switched_off" in told
    assert "rule.switched_on" in told


def test_a_tenant_that_nobody_knows_is_named(run: Run) -> None:
    result = run("rules", "disable", STARTER[:8], "--tenant", "nobody", "--reason", "x")
    assert result.exit_code != 0
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "tenant_not_found"
