"""`cybervault serve`: a real process that answers, shuts down, and says at once what it cannot use."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from cybervault.cli.serve import greeting
from cybervault.settings import Settings
from tests.fakes.upstream import UpstreamFarm

COMMAND = [sys.executable, "-m", "cybervault", "serve"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "base"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),  # noqa: S104 - shown, not bound
        ("::1", "http://[::1]:8000/"),
    ],
)
def test_the_greeting_names_the_page_and_a_line_to_try(host: str, base: str, tmp_path: Path) -> None:
    text = greeting(Settings(host=host, data=tmp_path))
    assert f"Page  {base}" in text
    assert f'curl -N "{base}api/ctai/stream?ioc=8.8.8.8' in text
    assert str(tmp_path) in text


def test_a_started_server_answers_and_goes_when_told(farm: UpstreamFarm, data: Path) -> None:
    port = free_port()
    environment = os.environ | farm.environment()  # noqa: TID251 - what a shell gives a process
    with subprocess.Popen(
        [*COMMAND, "--port", str(port), "--data", str(data)], env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            assert answers(url)
            with httpx2.Client(trust_env=False, timeout=20) as client:
                reply = client.get(f"{url}/api/ctai/stream?ioc=203.0.113.42")
                assert reply.text.rstrip().splitlines()[-2] == "event: done"
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(15) is not None
            assert server.stderr is not None
            written = server.stderr.read()
    assert f"Page  {url}/" in written
    assert "demo-virustotal" not in written


def answers(url: str) -> bool:
    deadline = time.monotonic() + 20  # noqa: TID251 - a real process takes real time
    while time.monotonic() < deadline:  # noqa: TID251 - same
        try:
            with httpx2.Client(trust_env=False) as client:
                return bool(client.get(f"{url}/api/health").json() == {"status": "ok"})
        except httpx2.TransportError:
            time.sleep(0.05)
    return False


def test_a_wrong_setting_ends_it_in_one_line() -> None:
    environment = os.environ | {"CYBERVAULT_SOURCES__NOBODY__URL": "http://127.0.0.1:1"}  # noqa: TID251 - what a shell gives a process
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("cybervault: There is no source nobody;")
    assert done.stderr.count("\n") == 1


def test_state_that_cannot_be_written_ends_it_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "cybervault.db").write_bytes(b"no database at all, but long enough to look" * 200)
    done = subprocess.run([*COMMAND, "--data", str(tmp_path)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("cybervault: The database")


def test_a_port_that_is_taken_ends_it_in_one_line(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port, "--data", str(data)], capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"cybervault: Cannot listen on 127.0.0.1 port {port}: Address already in use.")
    assert done.stderr.count("\n") == 1
