"""`cybervault audit`: verified by us with the database, and by anybody else with a public key."""

import asyncio
import csv
import io
import json
from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from cybervault.storage.database import Sql
from cybervault.storage.engines import database_at
from tests.cli.conftest import Run, document
from tests.fakes.clock import HandClock


def tamper(data: Path, text: str) -> None:
    """Change the database behind the product's back."""

    async def change() -> None:
        database = database_at(data / "cybervault.db", HandClock())
        await database.open()
        await database.run(Sql(text, text, ()), {})
        await database.close()

    asyncio.run(change())


@pytest.fixture
def written(run: Run) -> Run:
    """Three rows: a tenant each."""
    for name in ("acme", "beta", "gamma"):
        assert run("tenants", "create", name).exit_code == 0
    return run


@pytest.fixture
def key(written: Run) -> str:
    return written("audit", "key").stdout.strip()


def test_an_untouched_audit_is_fine_and_gives_a_checkpoint(run: Run) -> None:
    assert run("audit", "verify").stdout == "0 rows, no faults; signed before: 0 rows\n"
    run("tenants", "create", "acme")
    result = run("audit", "verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("1 rows, no faults; signed before: 0 rows\n\ncybervault/audit\n1\n")
    assert "1 rows, no faults; signed before: 1 rows" in run("audit", "verify").stdout


def test_a_changed_row_is_named_and_fails(written: Run, data: Path) -> None:
    tamper(data, "UPDATE audit SET payload = replace(payload, 'beta', 'evil')")
    result = written("audit", "verify")
    assert result.exit_code == 1
    assert "row 2: its content was changed" in result.stderr
    found = document(written("audit", "verify", "--json"))
    assert (found["rows"], found["checkpoint"]) == (3, None)
    assert "row 2: its content was changed" in found["faults"]


def test_a_checkpoint_kept_elsewhere_shows_a_cut_off_end(written: Run, data: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(document(written("audit", "verify", "--json"))["checkpoint"])
    assert written("audit", "verify", "--checkpoint", str(kept)).exit_code == 0
    tamper(data, "DELETE FROM audit WHERE number = 3")
    tamper(data, "DELETE FROM audit_checkpoints")
    (data / "audit-checkpoints.txt").unlink()
    result = written("audit", "verify", "--checkpoint", str(kept))
    assert result.exit_code == 1
    assert "row 3 is missing: a signed checkpoint covers 3 rows" in result.stderr
    assert written("audit", "verify").exit_code == 0


def test_what_is_no_checkpoint_is_told(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("nonsense")
    result = run("audit", "verify", "--checkpoint", str(kept))
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "bad_checkpoint"


def test_an_export_is_verified_on_a_machine_that_has_nothing_else(written: Run, key: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text(written("audit", "export").stdout)
    elsewhere = {"CYBERVAULT_DATA": str(tmp_path / "elsewhere")}
    result = written("audit", "verify", "--file", str(file), "--key", key, env=elsewhere)
    assert (result.exit_code, result.stdout) == (0, "3 rows, no faults; signed before: 3 rows\n")
    assert not (tmp_path / "elsewhere").exists()
    file.write_text(file.read_text().replace("beta", "evil"))
    result = written("audit", "verify", "--file", str(file), "--key", key, env=elsewhere)
    assert result.exit_code == 1
    assert "row 2: its content was changed" in result.stderr


def test_an_export_that_was_cut_shows_by_a_kept_checkpoint(written: Run, key: str, tmp_path: Path) -> None:
    file, kept = tmp_path / "audit.jsonl", tmp_path / "kept.txt"
    file.write_text(written("audit", "export").stdout)
    written("tenants", "create", "delta")
    kept.write_text(document(written("audit", "verify", "--json"))["checkpoint"])
    assert written("audit", "verify", "--file", str(file), "--key", key).exit_code == 0
    result = written("audit", "verify", "--file", str(file), "--key", key, "--checkpoint", str(kept))
    assert (result.exit_code, "row 4 is missing" in result.stderr) == (1, True)


def test_an_export_is_not_verified_by_its_own_word(written: Run, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.write_text(written("audit", "export").stdout)
    result = written("audit", "verify", "--file", str(file))
    assert result.exit_code == 2
    assert "--key" in result.stderr


def test_a_table_can_be_exported_for_people(written: Run) -> None:
    head, *rows = csv.reader(io.StringIO(written("audit", "export", "--csv").stdout))
    assert head[3:5] == ["action", "actor"]
    assert [row[3:5] for row in rows] == [["tenant.created", "operator"]] * 3


def test_one_row_is_proven_without_the_others(written: Run, key: str, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text(written("audit", "prove", "2").stdout)
    assert "acme" not in file.read_text()
    result = written("audit", "verify-proof", str(file), "--key", key)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["details"]["name"] == "beta"
    file.write_text(file.read_text().replace("beta", "evil"))
    result = written("audit", "verify-proof", str(file), "--key", key)
    assert (result.exit_code, result.stderr) == (1, "Row 2 is not proven by this.\n")


def test_what_names_a_member_is_erased_and_the_audit_still_verifies(written: Run, key: str, tmp_path: Path) -> None:
    target = json.loads(written("audit", "export").stdout.splitlines()[2])["payload"]["targets"][0]
    assert written("audit", "erase", "--member", target).stdout == "1 rows erased; the audit still verifies.\n"
    assert written("audit", "verify").exit_code == 0
    file = tmp_path / "proof.json"
    file.write_text(written("audit", "prove", "2").stdout)
    assert written("audit", "verify-proof", str(file), "--key", key).stdout == "(erased)\n"


def test_a_key_that_is_none_is_told(written: Run, tmp_path: Path) -> None:
    file = tmp_path / "proof.json"
    file.write_text("{}")
    result = written("audit", "verify-proof", str(file), "--key", "nonsense")
    assert isinstance(result.exception, Problem)
    assert result.exception.code == "bad_audit_key"
