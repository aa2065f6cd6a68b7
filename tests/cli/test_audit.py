"""`cybervault audit`: whether the record of changes is as it was written."""

from pathlib import Path

from cybervault.domain.problems import Problem
from cybervault.storage.database import Database
from tests.cli.conftest import Run, document


def tamper(data: Path, statement: str) -> None:
    database = Database.open(data / "cybervault.db")
    database.run(statement, {})
    database.close()


def test_an_untouched_audit_is_fine_and_gives_a_checkpoint(run: Run) -> None:
    assert "0 rows, no faults; checkpoint none yet" in run("audit", "verify").stdout
    run("tenants", "create", "acme")
    result = run("audit", "verify")
    assert result.exit_code == 0
    assert "1 rows, no faults; checkpoint 1:" in result.stdout


def test_a_changed_row_is_named_and_fails(run: Run, data: Path) -> None:
    run("tenants", "create", "acme")
    tamper(data, "UPDATE audit SET payload = replace(payload, 'acme', 'evil')")
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "row 1: its content was changed" in result.stderr
    found = document(run("audit", "verify", "--json"))
    assert (found["rows"], found["faults"]) == (1, ["row 1: its content was changed"])


def test_a_kept_checkpoint_shows_a_cut_off_end(run: Run, data: Path) -> None:
    run("tenants", "create", "acme")
    run("tenants", "create", "beta")
    kept = document(run("audit", "verify", "--json"))["checkpoint"]
    assert run("audit", "verify", "--kept", kept).exit_code == 0
    tamper(data, "DELETE FROM audit WHERE number = 2")
    assert run("audit", "verify").exit_code == 0
    assert run("audit", "verify", "--kept", kept).exit_code == 1


def test_what_is_no_checkpoint_is_told(run: Run) -> None:
    result = run("audit", "verify", "--kept", "nonsense")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "bad_checkpoint"
