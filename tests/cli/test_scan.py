"""`cybervault scan`: what was granted is scanned, watched and shown."""

from collections.abc import Iterator

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.scanned import apart, greets

HERE = "127.0.0.1"


@pytest.fixture
def ftp() -> Iterator[int]:
    """The port of a server on this machine that greets as FTP does."""
    with apart(greets(b"220 [b]ready[/b]\r\n")) as port:
        yield port


@pytest.fixture
def settings(run: Run, ftp: int) -> dict[str, str]:
    """Settings under which this machine may be scanned, and a tenant that was granted it."""
    env = {
        "CYBERVAULT_SCANS__LOOPBACK": "true",
        "CYBERVAULT_SCANS__EXTRA_PORTS": f"[{ftp}]",
        "CYBERVAULT_SCANS__NMAP": "",
    }
    run("tenants", "create", "acme")
    run("scans", "grant", HERE, "--tenant", "acme", "--note", "tests", env=env)
    return env


def test_a_scan_is_watched_and_shown_with_what_was_not_looked_at(run: Run, settings: dict[str, str], ftp: int) -> None:
    run("scans", "grant", "arn:aws:s3:::bucket", "--tenant", "acme", "--note", "tests", env=settings)
    result = run("scan", HERE, "arn:aws:s3:::bucket", "--tenant", "acme", "--watch", env=settings)
    assert result.exit_code == 0, result.output
    for words in ("FTP sends passwords in clear text", f"{ftp}/tcp", "220 [b]ready[/b]", "is completed"):
        assert words in result.stdout
    assert "not tested: arn:aws:s3:::bucket (cloud): no account is connected to this server" in result.stdout


def test_a_scan_is_shown_to_programs(run: Run, settings: dict[str, str]) -> None:
    found = document(run("scan", HERE, "--tenant", "acme", "--watch", "--json", env=settings))["scan"]
    assert (found["status"], found["progress"], found["targets"]) == ("completed", 1.0, [HERE])
    assert "ftp_cleartext" in {one["rule"] for one in found["findings"]}


def test_without_watching_it_waits_for_a_server(run: Run, settings: dict[str, str]) -> None:
    assert run("scan", HERE, "--tenant", "acme", env=settings).stdout.startswith("scan_")
    asked = document(run("scan", HERE, "--tenant", "acme", "--json", env=settings))["scan"]
    assert (asked["status"], "findings" in asked) == ("queued", False)


@pytest.mark.parametrize(
    ("target", "code"), [("10.1.0.7", "target_not_authorized"), ("-oN", "invalid_target"), ("a b", "invalid_target")]
)
def test_what_may_not_be_scanned_is_told(run: Run, settings: dict[str, str], target: str, code: str) -> None:
    problem = run("scan", "--tenant", "acme", "--", target, env=settings).exception
    assert isinstance(problem, Problem)
    assert problem.code == code
