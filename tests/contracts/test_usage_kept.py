"""What a real server keeps of calls when it is stopped, and when it is killed."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from cybervault.app.product import open_access
from cybervault.settings import Settings
from tests.fakes.keys import bearer, secret_of
from tests.fakes.processes import NO_TLS, Served, family, served

CALLS = 40
_PATIENCE_SECONDS = 15.0


@pytest.fixture
async def secret(data: Path) -> str:
    """A key that was never used."""
    async with open_access(Settings(data=data)) as access:
        return await secret_of(access)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS  # noqa: TID251 - a real process takes real time
    while not holds() and time.monotonic() < deadline:  # noqa: TID251 - same
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """Whether a child of ours is done and waits only for us to notice."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def call(server: Served, secret: str) -> None:
    with httpx2.Client(trust_env=False, timeout=10, verify=NO_TLS) as client:
        for _ in range(CALLS):
            assert client.get(f"{server.url}/v3/system/health", headers=bearer(secret)).status_code == 200


def read(data: Path, query: str) -> list[tuple[object, ...]]:
    """What a reader of the file finds, whoever writes to it."""
    connection = sqlite3.connect(f"file:{data / 'cybervault.db'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def kept(data: Path) -> object:
    return read(data, "SELECT count(*) FROM key_usage")[0][0]


def last_use(data: Path) -> tuple[object, ...]:
    """From where the secret was last used, and the key with success."""
    return read(data, "SELECT last_used_ip, last_ip FROM keys JOIN key_secrets ON key_id = keys.id")[0]


def test_a_server_that_is_told_to_stop_writes_down_every_call_first(data: Path, secret: str, tmp_path: Path) -> None:
    assert (kept(data), last_use(data)) == (0, (None, None))
    with served(data, {}, tmp_path / "printed") as server:
        call(server, secret)
        os.kill(server.pid, signal.SIGTERM)
        wait_until(lambda: has_ended(server.pid))
    assert (kept(data), last_use(data)) == (CALLS, ("127.0.0.1", "127.0.0.1"))


def test_a_server_that_is_killed_has_kept_all_but_the_last_second(data: Path, secret: str, tmp_path: Path) -> None:
    with served(data, {}, tmp_path / "printed") as server:
        call(server, secret)
        wait_until(lambda: last_use(data)[1] is not None and kept(data) == CALLS)
        for pid in family(server.pid):
            os.kill(pid, signal.SIGKILL)
    assert (kept(data), last_use(data)) == (CALLS, ("127.0.0.1", "127.0.0.1"))


def test_what_is_written_down_holds_no_secret_and_no_path_of_a_caller(data: Path, secret: str, tmp_path: Path) -> None:
    """Check 141 for the usage log: templates of routes only, never what a caller put into a path or query."""
    with (
        served(data, {}, tmp_path / "printed") as server,
        httpx2.Client(trust_env=False, timeout=10, verify=NO_TLS) as client,
    ):
        client.get(f"{server.url}/v3/no-such-canary?token=canary-of-a-query", headers=bearer(secret))
    bytes_kept = b"".join(file.read_bytes() for file in data.glob("cybervault.db*"))
    assert b"(no such path)" in bytes_kept
    assert b"no-such-canary" not in bytes_kept
    assert b"canary-of-a-query" not in bytes_kept
    assert secret.encode() not in bytes_kept
    assert secret not in (tmp_path / "printed").read_text()
