"""`cybervault scans advisories` and `update-advisories`: fetched or given, and what is then known."""

from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.advisories import ALL, DJANGO, OPENSSL, archive
from tests.fakes.releases import Published, publishing


def test_an_archive_is_fetched_and_what_is_known_is_listed(run: Run) -> None:
    assert "No advisories are loaded" in run("scans", "advisories").stdout
    with publishing({"/all.zip": Published(archive(OPENSSL, b"{"))}) as base:
        result = run("scans", "update-advisories", "--ecosystem", "Debian", "--url", f"{base}/all.zip")
    assert result.exit_code == 0, result.exception
    assert result.stdout == "Debian:11: 1 advisories\nDebian:12: 1 advisories\n"
    assert result.stderr.splitlines()[-1] == "1 records could not be read and were left out."
    shown = run("scans", "advisories").stdout
    assert all(word in shown for word in ("Debian:11", "Debian:12", "UTC"))


def test_archives_are_given_where_nothing_can_be_fetched(run: Run, tmp_path: Path) -> None:
    paths = []
    for name, records in (("debian", [OPENSSL]), ("all", ALL)):
        paths += ["--from", str(tmp_path / f"{name}.zip")]
        (tmp_path / f"{name}.zip").write_bytes(archive(*records))
    loaded = document(run("scans", "update-advisories", *paths, "--json"))
    assert loaded["unread"] == 0
    assert [one["ecosystem"] for one in loaded["advisories"]][:2] == ["Debian:11", "Debian:12"]
    listed = document(run("scans", "advisories", "--json"))["advisories"]
    assert {one["ecosystem"]: one["advisories"] for one in listed} == {
        "Debian:11": 1, "Debian:12": 1, "PyPI": 2, "npm": 1,
    }  # fmt: skip
    assert listed[0]["loaded_at"].endswith("Z")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--ecosystem", "Plan9"), "invalid_parameter"),
        (("--ecosystem", "Debian", "--ecosystem", "PyPI", "--url", "https://x.example/a"), "invalid_parameter"),
        (("--ecosystem", "Debian", "--url", "http://127.0.0.1:1/all.zip"), "advisories_not_fetched"),
        (("--ecosystem", "Debian", "--url", "nonsense"), "advisories_not_fetched"),
    ],
)
def test_what_cannot_be_done_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    problem = run("scans", "update-advisories", *words).exception
    assert isinstance(problem, Problem)
    assert problem.code == code


def test_what_is_no_archive_leaves_what_was_known(run: Run, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(archive(DJANGO))
    bad.write_bytes(b"no archive")
    run("scans", "update-advisories", "--from", str(good))
    problem = run("scans", "update-advisories", "--from", str(bad)).exception
    assert isinstance(problem, Problem)
    assert (problem.code, "bad.zip cannot be read" in problem.message) == ("advisories_not_read", True)
    assert [one["ecosystem"] for one in document(run("scans", "advisories", "--json"))["advisories"]] == ["PyPI"]
