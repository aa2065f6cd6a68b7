"""`cybervault rules disable | enable`: a rule is switched off for all, and on again, and the audit knows."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run

STARTER = "5db09bd8-f6e8-48fe-9596-314f112e5c2e"
TITLE = "Outgoing connection to a default port of a remote access tool"


def test_a_rule_is_switched_off_and_on_again_and_the_audit_knows(run: Run, data: Path) -> None:
    off = run("rules", "disable", STARTER[:8], "--reason", "too  loud\nhere")
    assert off.stdout == f"Switched off: {TITLE} ({STARTER})\n"
    assert f'"{STARTER}" = "too loud here"' in (data / "rules" / "profile.toml").read_text()
    assert ", 1 switched off" in run("rules", "list").stderr
    assert run("rules", "enable", TITLE).stdout == f"Switched on: {STARTER}\n"
    assert run("rules", "enable", TITLE).stderr == f"{STARTER} is not switched off.\n"
    rows = [json.loads(line) for line in run("audit", "export").stdout.splitlines()]
    told = "".join(map(json.dumps, rows))
    assert "rule.switched_off" in told
    assert "rule.switched_on" in told


def test_a_rule_that_is_gone_can_be_forgotten_by_its_id(run: Run, data: Path) -> None:
    (data / "rules" / "profile.toml").write_text('[off]\ngone = "x"\n')
    assert run("rules", "enable", "gone").stdout == "Switched on: gone\n"


def test_a_reason_is_asked_for(run: Run) -> None:
    result = run("rules", "disable", STARTER, "--reason", " ")
    assert result.exit_code == 2
    assert "1 to 500 characters" in result.stderr


@pytest.mark.parametrize(("words", "said"), [("nonsense", "No rule has"), ("a", "give the id")])
def test_a_rule_is_found_by_what_only_it_begins_with(run: Run, words: str, said: str) -> None:
    result = run("rules", "disable", words, "--reason", "x")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "rule_not_found"
    assert said in result.exception.message


def test_for_one_tenant_it_says_for_whom(run: Run) -> None:
    run("tenants", "create", "acme")
    off = run("rules", "disable", STARTER, "--tenant", "acme", "--reason", "Our own.")
    assert off.stdout == f"Disabled for acme: {TITLE} ({STARTER})\n"
    assert run("rules", "enable", STARTER, "--tenant", "acme").stdout == f"Enabled for acme: {TITLE} ({STARTER})\n"
