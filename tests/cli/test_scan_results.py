"""`cybervault scans list|export|diff`: what was scanned, what one scan saw as a file, what changed between two."""

import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.scanned import apart, greets

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
    problem = run(*words, "--format", "cyclonedx", "--image", "r.example/app").exception
    assert isinstance(problem, Problem)
    assert problem.code == "no_packages"


def test_what_there_is_not_is_told(run: Run) -> None:
    run("tenants", "create", "acme")
    assert run("scans", "list", "--tenant", "acme").stdout == "Nothing was scanned.\n"
    problem = run("scans", "export", "scan_0000000000", "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "not_found"


def test_what_changed_between_two_scans_is_told(run: Run) -> None:
    run("tenants", "create", "acme")
    ran = []
    with apart(greets(b"220 ready\r\n")) as port:
        env = {
            "CYBERVAULT_SCANS__LOOPBACK": "true",
            "CYBERVAULT_SCANS__EXTRA_PORTS": f"[{port}]",
            "CYBERVAULT_SCANS__NMAP": "",
        }
        run("scans", "grant", "127.0.0.1", "--tenant", "acme", "--note", "tests", env=env)
        ask = ("scan", "127.0.0.1", "--tenant", "acme", "--watch", "--json")
        ran += [document(run(*ask, env=env))["scan"]["id"] for _ in range(2)]
    words = ("scans", "diff", "--tenant", "acme")
    assert "0 new, 0 gone" in run(*words, *ran).stdout
    ran.append(document(run(*ask, env=env))["scan"]["id"])
    shown = run(*words, ran[0], ran[2]).stdout
    assert "why" not in shown
    assert all(word in shown for word in ("Gone:", f"{port}/tcp", "FTP sends passwords in clear text"))
    found = document(run(*words, ran[0], ran[2], "--json"))
    assert "ftp_cleartext" in {one["rule"] for one in found["gone"]}
