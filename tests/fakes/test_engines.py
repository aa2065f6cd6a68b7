"""The engines for tests: real, quick, and gone afterwards whatever happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.fakes import engines
from tests.fakes.engines import POSTGRES_VARIABLE, VALKEY_VARIABLE, Postgres, Process, Valkey, a_postgres, a_valkey
from tests.fakes.processes import say

ROOT = Path(__file__).parents[2]


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 10  # noqa: TID251 - a real process takes real time
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < end, "it still lives"  # noqa: TID251 - same
        time.sleep(0.01)


class TestPostgres:
    def test_it_forgets_nothing_when_it_is_killed(self, postgres: Postgres) -> None:
        postgres.run("DROP TABLE IF EXISTS kept")
        postgres.run("CREATE TABLE kept (id integer)")
        postgres.run("INSERT INTO kept VALUES (1)")
        before = postgres.pid
        assert before is not None
        postgres.kill()
        assert postgres.pid is None
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            postgres.run("SELECT 1")
        postgres.start()
        assert postgres.pid not in {None, before}
        assert postgres.run("SELECT * FROM kept") == [(1,)]

    def test_paused_it_says_nothing_until_it_goes_on(self, postgres: Postgres) -> None:
        postgres.pause()
        port = int(postgres.url.rpartition(":")[2].partition("/")[0])
        assert say(port, b"\0\0\0\x08\x04\xd2\x16\x2f", patience_seconds=0.1) == b""
        postgres.resume()
        assert postgres.run("SELECT 1") == [(1,)]

    def test_databases_are_apart_and_have_all_tables(self, postgres: Postgres) -> None:
        one, other = postgres.fresh_database(), postgres.fresh_database()
        postgres.run("DELETE FROM epoch", one)
        assert (postgres.run("SELECT seq FROM epoch", one), postgres.run("SELECT seq FROM epoch", other)) == (
            [],
            [(0,)],
        )
        for url in (one, other):
            postgres.take_back(url)

    def test_a_database_that_comes_back_is_as_new(self, postgres: Postgres) -> None:
        url = postgres.fresh_database()
        postgres.run("INSERT INTO budget_blocks VALUES ('a', '', 1)", url)
        postgres.run("UPDATE epoch SET seq = 5", url)
        postgres.take_back(url)
        assert postgres.fresh_database() == url
        assert postgres.run("SELECT * FROM budget_blocks", url) == []
        assert postgres.run("SELECT id, seq FROM epoch", url) == [(1, 0)]
        postgres.take_back(url)

    @pytest.mark.parametrize(
        "change",
        [
            "CREATE TABLE more (id integer)",
            "DROP TABLE answers",
            "ALTER TABLE answers ADD COLUMN more integer",
            "ALTER DATABASE {name} SET default_transaction_read_only = on",
        ],
    )
    def test_one_with_other_tables_or_settings_does_not_come_back(self, postgres: Postgres, change: str) -> None:
        url = postgres.fresh_database()
        postgres.run(change.format(name=url.rpartition("/")[2]), url)
        postgres.take_back(url)
        again = postgres.fresh_database()
        assert again != url
        postgres.take_back(again)

    def test_nobody_else_can_reach_it(self, postgres: Postgres) -> None:
        assert postgres.run("SELECT current_setting('listen_addresses')") == [("127.0.0.1",)]


class TestValkey:
    def test_it_is_empty_for_each_test_and_after_a_kill(self, valkey: Valkey) -> None:
        port = int(valkey.url.rpartition(":")[2].partition("/")[0])
        for end in (valkey.kill, valkey.empty):
            assert say(port, b"SET a 1\r\nDBSIZE\r\nQUIT\r\n") == b"+OK\r\n:1\r\n+OK\r\n"
            end()
            valkey.start()
            assert say(port, b"DBSIZE\r\nQUIT\r\n") == b":0\r\n+OK\r\n"

    def test_paused_it_says_nothing_until_it_goes_on(self, valkey: Valkey) -> None:
        port = int(valkey.url.rpartition(":")[2].partition("/")[0])
        valkey.pause()
        assert say(port, b"PING\r\nQUIT\r\n", patience_seconds=0.1) == b""
        valkey.resume()
        assert valkey.is_ready()


def test_a_server_dies_with_the_process_that_started_it() -> None:
    """However that ends: a run of tests may be killed."""
    program = """
import time
from tests.fakes.engines import a_valkey
with a_valkey() as server:
    print(server.pid, server._process.folder, flush=True)
    time.sleep(60)
"""
    words = [sys.executable, "-c", program]
    with subprocess.Popen(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": "src:."}, stdout=subprocess.PIPE) as child:  # noqa: TID251 - as a shell
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        child.kill()
    wait_until_gone(int(pid))
    end = time.monotonic() + 10  # noqa: TID251 - a real process takes real time
    while Path(folder.decode()).exists():
        assert time.monotonic() < end  # noqa: TID251 - same
        time.sleep(0.01)


def test_a_program_that_does_not_come_up_is_told_with_its_words(tmp_path: Path) -> None:
    process = Process(tmp_path, ["/bin/sh", "-c", "echo no space left; exit 1"])
    with pytest.raises(RuntimeError, match="no space left"):
        process.start(lambda: False)


@pytest.mark.parametrize(
    ("variable", "url", "lend"),
    [
        (POSTGRES_VARIABLE, "postgresql://cv@db.example:5432/postgres", a_postgres),
        (VALKEY_VARIABLE, "redis://db.example:6379/0", a_valkey),
    ],
)
def test_a_server_that_the_environment_names_is_used_and_never_killed(
    variable: str,
    url: str,
    lend: Callable[[], AbstractContextManager[Postgres | Valkey]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, url)
    with lend() as server:
        assert (server.url, server.pid) == (url, None)
        server.start()
        for harm in (server.kill, server.pause, server.resume):
            with pytest.raises(pytest.skip.Exception, match="not ours"):
                harm()


def test_without_an_engine_tests_are_skipped_here_and_fail_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_wheel", lambda _package: [])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(VALKEY_VARIABLE, raising=False)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Valkey here"), a_valkey():
        raise AssertionError
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=VALKEY_VARIABLE), a_valkey():
        raise AssertionError


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")
def test_programs_that_nobody_may_read_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment may lie in a home folder that is closed to others."""
    programs = engines.postgres_programs()
    assert programs is not None
    package, closed = programs.parent.parent, tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package, package.with_name(f"{package.name}.libs")):
        (closed / folder.name).symlink_to(folder)
    inside = closed / programs.relative_to(package.parent)
    monkeypatch.setattr(engines, "postgres_programs", lambda: inside)
    monkeypatch.delenv(POSTGRES_VARIABLE, raising=False)
    with a_postgres() as server:
        assert server.run("SELECT 1") == [(1,)]


def test_a_signal_to_what_does_not_run_is_none(tmp_path: Path) -> None:
    process = Process(tmp_path, ["/bin/true"])
    process.send(signal.SIGTERM)
    process.kill()
    assert process.pid is None
