"""`cybervault serve`: a real process that answers, shuts down, and says at once what it cannot use."""

import socket
import subprocess
from pathlib import Path

import pytest

from cybervault.cli.serve import greeting, invitation, prepare
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings, load_settings
from tests.cli.conftest import Run
from tests.fakes.processes import command, command_lines, environment, family, free_port, served
from tests.fakes.upstream import UpstreamFarm


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


@pytest.mark.timeout(120)
def test_a_started_server_answers_and_goes_when_told(farm: UpstreamFarm, data: Path, tmp_path: Path) -> None:
    with served(data, farm.environment(), tmp_path / "printed") as server:
        text = server.get("/api/ctai/stream?ioc=203.0.113.42")
        processes = family(server.pid)
    assert text.rstrip().splitlines()[-2] == "event: done"
    printed = server.output.read_text()
    assert f"Page  {server.url}/" in printed
    assert "demo-virustotal" not in printed
    assert not any(family(pid)[1:] or command_lines([pid]) for pid in processes)


def test_a_wrong_setting_ends_it_in_one_line() -> None:
    wrong = environment({"CYBERVAULT_SOURCES__NOBODY__URL": "http://127.0.0.1:1"})
    done = subprocess.run(command("serve"), env=wrong, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("cybervault: There is no source nobody;")
    assert done.stderr.count("\n") == 1


def test_state_that_cannot_be_used_is_told_before_anything_listens(run: Run, data: Path) -> None:
    (data / "cybervault.db").write_bytes(b"no database at all, but long enough to look" * 200)
    problem = run("serve").exception
    assert isinstance(problem, Problem)
    assert problem.code == "database_unusable"


def test_a_database_server_that_is_not_there_is_told_before_anything_listens(run: Run) -> None:
    problem = run("serve", env={"CYBERVAULT_DATABASE_URL": f"postgresql://127.0.0.1:{free_port()}/x"}).exception
    assert isinstance(problem, Problem)
    assert problem.code == "database_unusable"
    assert "Connection refused" in problem.message


def test_a_port_that_is_taken_is_told_with_the_way_out(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        problem = run("serve", "--port", str(port)).exception
    assert isinstance(problem, Problem)
    expected = f"Cannot listen on 127.0.0.1 port {port}: Address already in use. Choose another with --port."
    assert problem.message == expected


def test_an_address_of_another_machine_is_told(run: Run) -> None:
    problem = run("serve", "--host", "192.0.2.1").exception
    assert isinstance(problem, Problem)
    assert problem.code == "cannot_listen"


def test_the_workers_of_a_server_read_what_the_command_line_chose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATA", "HOST", "PORT", "LOG_LEVEL"):
        monkeypatch.setenv(f"CYBERVAULT_{name}", {"PORT": "1", "LOG_LEVEL": "INFO"}.get(name, "elsewhere"))
    settings = Settings(host="127.0.0.1", port=free_port(), data=tmp_path)
    prepare(settings)
    assert (load_settings().folder, load_settings().port) == (tmp_path, settings.port)
    assert f"Page  http://127.0.0.1:{settings.port}/" in capsys.readouterr().err


def test_while_nobody_can_sign_in_a_one_time_token_is_printed_and_kept(
    run: Run, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("HOST", "127.0.0.1"), ("PORT", "1"), ("LOG_LEVEL", "INFO")):
        monkeypatch.setenv(f"CYBERVAULT_{name}", value)  # put back what the start leaves to its workers
    settings = Settings(data=data, port=free_port())
    assert run("admin", "setup-token").exit_code == 0
    older = (data / "setup-token").read_text()
    prepare(settings)
    newer = (data / "setup-token").read_text()
    assert newer != older
    assert newer.strip() in invitation(settings, Secret(newer.strip()))
    run("admin", "create", "--email", "ana@acme.example", "--name", "Ana")
    prepare(settings)
    assert not (data / "setup-token").exists()


def test_a_start_that_finds_the_port_taken_leaves_the_token_of_the_first(run: Run, data: Path) -> None:
    assert run("admin", "setup-token").exit_code == 0
    kept = (data / "setup-token").read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run("serve", "--port", str(taken.getsockname()[1])).exception is not None
    assert (data / "setup-token").read_text() == kept
