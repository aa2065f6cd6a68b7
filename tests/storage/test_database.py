"""The embedded database: opened, migrated once, and left as it was when something fails."""

import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database, sql
from cybervault.storage.schema import HEAD
from cybervault.storage.tables import ANSWERS, METADATA


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "cybervault.db"


def _tables(path: Path) -> set[str]:
    connection = sqlite3.connect(path)
    try:
        return {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def test_a_new_file_gets_every_table(path: Path) -> None:
    Database.open(path).close()
    assert set(METADATA.tables) <= _tables(path)


def test_what_is_written_is_there_after_reopening(path: Path) -> None:
    first = Database.open(path)
    first.run("INSERT INTO budget_blocks VALUES ('a', '', 1.5)", {})
    first.close()
    second = Database.open(path)
    assert second.rows("SELECT blocked_until FROM budget_blocks WHERE source = :source", {"source": "a"}) == [(1.5,)]
    second.close()


def test_the_named_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "cybervault.storage:schema")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_the_migrations_make_exactly_the_described_tables(path: Path) -> None:
    Database.open(path).close()
    engine = sa.create_engine(f"sqlite:///{path}")
    found = sa.inspect(engine)
    for name, table in METADATA.tables.items():
        assert {column["name"] for column in found.get_columns(name)} == set(table.columns.keys())
        assert found.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key.columns]
        assert {index["name"] for index in found.get_indexes(name)} == {index.name for index in table.indexes}
    engine.dispose()


@pytest.mark.parametrize("_round", range(5))
def test_processes_that_start_together_do_not_race(path: Path, _round: int) -> None:
    problems: list[BaseException] = []

    def start() -> None:
        try:
            Database.open(path).close()
        except BaseException as error:  # noqa: BLE001 - the test reports whatever came
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert set(METADATA.tables) <= _tables(path)


def test_a_failed_transaction_leaves_nothing(path: Path) -> None:
    database = Database.open(path)
    with pytest.raises(ValueError, match="stop"), database.transaction():
        database.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", {})
        raise ValueError("stop")
    assert database.rows("SELECT * FROM budget_blocks", {}) == []
    with database.transaction():
        assert database.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", {}) == 1
    assert database.rows("SELECT source FROM budget_blocks", {}) == [("a",)]
    database.close()


def test_a_file_that_is_no_database_is_a_problem_that_names_it(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, and long enough to be read as one" * 100)
    with pytest.raises(Problem) as caught:
        Database.open(path)
    assert caught.value.kind is ProblemKind.UNAVAILABLE
    assert caught.value.code == "database_unusable"
    assert str(path) in caught.value.message


def test_a_statement_is_compiled_with_named_parameters() -> None:
    text = sql(sa.select(ANSWERS.c.value).where(ANSWERS.c.source == sa.bindparam("source")))
    assert text.endswith("WHERE answers.source = :source")


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    database = Database.open(path)
    database.run("UPDATE alembic_version SET version_num = '9999'", {})
    database.close()
    with pytest.raises(Problem, match="newer version"):
        Database.open(path)


def test_a_file_that_fails_later_is_told_in_words(path: Path) -> None:
    database = Database.open(path)
    assert database.is_usable()
    database.run("DROP TABLE answers", {})
    with pytest.raises(Problem) as caught:
        database.rows("SELECT * FROM answers", {})
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")
    assert caught.value.retry_after_seconds
    assert "answers" in caught.value.detail
    assert "answers" not in caught.value.message
    database.run("DROP TABLE alembic_version", {})
    assert not database.is_usable()
    database.close()


def test_a_bug_of_ours_is_no_failure_of_the_file(path: Path) -> None:
    database = Database.open(path)
    database.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", {})
    with pytest.raises(sqlite3.IntegrityError):
        database.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", {})
    with pytest.raises(sqlite3.ProgrammingError):
        database.rows("SELECT :missing", {})
    database.close()


def test_a_transaction_whose_end_fails_leaves_nothing_open(path: Path) -> None:
    database = Database.open(path)
    with pytest.raises(Problem, match="cannot be used"), database.transaction():
        database.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", {})
        database.run("ROLLBACK", {})  # as SQLite itself does when the disk is full
    with database.transaction():
        assert database.rows("SELECT * FROM budget_blocks", {}) == []
    database.close()


def test_a_database_of_the_version_before_is_brought_forward_with_its_rows(path: Path) -> None:
    path.parent.mkdir(parents=True)
    config = Config()
    config.set_main_option("script_location", "cybervault.storage:schema")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO budget_blocks VALUES ('a', '', 1.5)"))
    engine.dispose()
    database = Database.open(path)
    assert database.rows("SELECT source FROM budget_blocks", {}) == [("a",)]
    assert database.rows("SELECT * FROM tenants", {}) == []
    database.close()
