"""`cybervault scans list|export`: what was scanned, and what one scan saw as a file."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document

CLOUD = "arn:aws:s3:::bucket"


@pytest.fixture
def scan(run: Run) -> str:
    """The id of a scan that has come to its end, with nothing that it could look at."""
    run("tenants", "create", "acme")
    run("scans", "grant", CLOUD, "--tenant", "acme", "--note", "tests")
    found: str = document(run("scan", CLOUD, "--tenant", "acme", "--watch", "--json"))["scan"]["id"]
    return found


def test_scans_are_listed_and_one_is_written_in_each_form(run: Run, scan: str, tmp_path: Path) -> None:
    shown = run("scans", "list", "--tenant", "acme").stdout
    assert all(word in shown for word in (scan, "completed", CLOUD))
    assert [one["id"] for one in document(run("scans", "list", "--tenant", "acme", "--json"))["scans"]] == [scan]
    file = tmp_path / "report.html"
    words = ("scans", "export", scan, "--tenant", "acme")
    assert run(*words, "-o", str(file)).exit_code == 0
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert CLOUD in file.read_text(encoding="utf-8")
    assert json.loads(run(*words, "--format", "sarif").stdout)["version"] == "2.1.0"
    assert run(*words, "--format", "csv").stdout.startswith("id,severity,")


def test_what_there_is_not_is_told(run: Run) -> None:
    run("tenants", "create", "acme")
    assert run("scans", "list", "--tenant", "acme").stdout == "Nothing was scanned.\n"
    problem = run("scans", "export", "scan_0000000000", "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "not_found"
