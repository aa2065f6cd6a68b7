"""`cybervault scans engines`: what there is, and what brings the rest."""

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.scan_engines import BESIDE, real_toolbox


def test_all_engines_are_listed_with_what_brings_those_that_are_not_here(run: Run) -> None:
    shown = run("scans", "engines", "list").stdout
    assert "cybervault scans engines install ssh-audit" in shown
    found = {one["name"]: one for one in document(run("scans", "engines", "list", "--json"))["engines"]}
    assert found["ports"]["state"] == "built_in"
    assert found["ssh-audit"] == {
        "name": "ssh-audit",
        "state": "missing",
        "version": "3.9.0",
        "looks_at": "algorithms and keys of SSH servers",
        "licence": "MIT",
        "reason": "ssh-audit is not installed: cybervault scans engines install ssh-audit",
        "command": "cybervault scans engines install ssh-audit",
    }


def test_what_is_here_is_not_installed_again(run: Run) -> None:
    real_toolbox("ssh-audit")
    result = run("scans", "engines", "install", "ssh-audit", "--data", str(BESIDE))
    assert result.stdout == "ssh-audit 3.9.0 is here already.\n"


def test_what_cannot_be_installed_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = run("scans", "engines", "install", "nothing").exception
    assert isinstance(problem, Problem)
    assert problem.code == "unknown_engine"
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/bin/false")
    problem = run("scans", "engines", "install", "ssh-audit").exception
    assert isinstance(problem, Problem)
    assert problem.code == "engine_not_installed"
