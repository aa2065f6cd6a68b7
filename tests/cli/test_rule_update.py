"""`cybervault rules update`: a release is fetched or given, looked at, and put in force whole or not at all."""

import hashlib
from pathlib import Path

import pytest

from cybervault.detection.rules import release as module
from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.fakes.releases import Published, archive, publishing, release, rule_text


@pytest.fixture(autouse=True)
def _small_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RULES_MIN", 2)


def code_of(result: object) -> str:
    problem = getattr(result, "exception", None)
    assert isinstance(problem, Problem)
    return problem.code


def given(folder: Path, raw: bytes) -> str:
    (folder / "release.zip").write_bytes(raw)
    return str(folder / "release.zip")


def test_a_release_is_fetched_and_its_rules_are_in_force(run: Run, data: Path) -> None:
    with publishing({"/r.zip": Published(release(4))}) as base:
        result = run("rules", "update", "--url", f"{base}/r.zip")
    assert result.exit_code == 0, result.exception
    assert result.stdout == "sigmahq r2026-11-01: 4 rules; 4 new, 0 gone, 0 changed. Licence: DRL 1.1.\n"
    assert (data / "rules" / "packs" / "sigmahq.zip").is_file()
    assert len(document(run("rules", "list", "--pack", "sigmahq", "--json"))["rules"]) == 4
    assert "rules.updated" in run("audit", "export").stdout


def test_what_changed_is_told_and_so_is_what_cannot_be_used(run: Run, tmp_path: Path, data: Path) -> None:
    run("rules", "update", "--from", given(tmp_path, release(4)))
    (data / "rules" / "packs" / "sigmahq").mkdir()
    files = {f"rules/{number}.yml": rule_text(number) for number in (1, 2, 5)}
    files |= {"rules/1.yml": rule_text(1, level="low"), "rules/broken.yml": "- x"}
    raw = given(tmp_path, archive(files))
    told = run("rules", "update", "--from", raw)
    assert "3 rules; 1 new, 2 gone, 2 changed" in told.stdout
    assert "1 cannot be used:\n  rules/broken.yml:1: it is no rule" in told.stderr
    assert "is a pack of its own and older: remove it" in told.stderr
    again = document(run("rules", "update", "--from", raw, "--json"))
    assert (again["rules"], again["new"], again["gone"], again["changed"]) == (3, [], [], [])
    assert again["problems"][0]["path"] == "rules/broken.yml"


def test_a_release_that_lost_most_rules_changes_nothing_unless_it_is_forced(
    run: Run, tmp_path: Path, data: Path
) -> None:
    run("rules", "update", "--from", given(tmp_path, release(6)))
    before = (data / "rules" / "packs" / "sigmahq.zip").read_bytes()
    assert code_of(run("rules", "update", "--from", given(tmp_path, release(2)))) == "rules_too_few"
    assert (data / "rules" / "packs" / "sigmahq.zip").read_bytes() == before
    assert run("rules", "update", "--from", given(tmp_path, release(2)), "--force").exit_code == 0


def test_an_archive_of_another_digest_changes_nothing(run: Run, tmp_path: Path, data: Path) -> None:
    raw = given(tmp_path, release(4))
    digest = hashlib.sha256(release(4)).hexdigest()
    result = run("rules", "update", "--from", raw, "--sha256", "0" * 64)
    assert code_of(result) == "rules_checksum"
    assert digest in str(result.exception)
    assert not (data / "rules" / "packs").exists()
    assert run("rules", "update", "--from", raw, "--sha256", f"sha256:{digest.upper()}").exit_code == 0


def test_what_is_no_archive_changes_nothing(run: Run, data: Path) -> None:
    with publishing({"/r.zip": Published(b"<html>")}) as base:
        result = run("rules", "update", "--url", f"{base}/r.zip")
    assert code_of(result) in {"bad_rules", "rules_too_few"}
    assert not (data / "rules" / "packs").exists()


@pytest.mark.parametrize("url", ["ftp://example.org/x.zip", "nonsense"])
def test_an_address_that_cannot_be_asked_is_told(run: Run, url: str) -> None:
    assert code_of(run("rules", "update", "--url", url)) == "rules_not_fetched"


def test_what_is_not_there_is_told(run: Run) -> None:
    with publishing({}) as base:
        assert code_of(run("rules", "update", "--url", f"{base}/r.zip")) == "rules_not_fetched"


def test_where_nothing_can_be_written_the_rules_before_stay(run: Run, tmp_path: Path, data: Path) -> None:
    (data / "rules" / "packs").write_text("in the way")
    assert code_of(run("rules", "update", "--from", given(tmp_path, release(2)))) == "rules_not_written"
