"""Commands are imported when they are used, and their lists say of each what it says of itself."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from cybervault.cli import cli
from cybervault.cli.later import Later, group_of
from tests.fakes.processes import environment

SERVER = frozenset({"aiohttp", "alembic", "fastapi", "granian", "numpy", "sqlalchemy", "starlette"})
COMPILERS = frozenset({"sigma", "yaml"})
LOADED = """
import sys
from cybervault.cli import main
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def later_in(group: TyperGroup) -> Iterator[Later]:
    for command in group.commands.values():
        if isinstance(command, Later):
            yield command
            real = command.real()
            yield from later_in(real) if isinstance(real, TyperGroup) else ()


def every_later() -> list[Later]:
    root = typer.main.get_command(cli)
    assert isinstance(root, TyperGroup)
    return list(later_in(root))


def loaded(*words: str) -> set[str]:
    """The modules that a process of its own has loaded when the command is done."""
    found = subprocess.run(
        [sys.executable, "-c", LOADED, *words], env=environment(), capture_output=True, text=True, check=False
    )
    return set(found.stderr.split())


@pytest.mark.parametrize("command", every_later(), ids=lambda one: str(one.name))
def test_a_list_says_how_the_help_of_a_command_begins(command: Later) -> None:
    real = command.real()
    assert real.help.split("\n\n")[0].replace("\n", " ") == command.help
    assert (real.name, real.epilog) == (command.name, command.epilog)


@pytest.mark.parametrize("words", [("--help",), ("rules", "--help"), ("version",)])
def test_to_list_commands_takes_none_of_their_libraries(words: tuple[str, ...]) -> None:
    modules = loaded(*words)
    assert "cybervault.cli" in modules
    assert modules.isdisjoint(SERVER | COMPILERS | {"cybervault.app", "cybervault.settings", "structlog"})


def test_to_detect_takes_no_server_and_with_a_cache_no_parser_of_rules(tmp_path: Path) -> None:
    events = tmp_path / "one.json"
    events.write_text(json.dumps({"Channel": "Security", "EventID": 4688, "NewProcessName": "C:\\x.exe"}))
    words = ("detect", str(events), "--data", str(tmp_path / "state"))
    loaded(*words)
    modules = loaded(*words)
    assert "cybervault.detection.engine" in modules
    assert modules.isdisjoint(SERVER | COMPILERS)


def test_a_shell_completes_the_commands_of_a_group() -> None:
    words = {"_CYBERVAULT_COMPLETE": "complete_bash", "COMP_WORDS": "cybervault rules li", "COMP_CWORD": "2"}
    found = subprocess.run(
        [str(Path(sys.executable).with_name("cybervault"))],
        env=environment(words), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.stdout.split() == ["list"]


def test_a_group_has_its_later_commands_before_those_that_were_added() -> None:
    app = typer.Typer(cls=group_of(Later("first", "cybervault.cli.console:status", "x")))
    app.command("second")(lambda: None)
    group = typer.main.get_group(app)
    assert list(group.commands) == ["first", "second"]
    (first,) = later_in(group)
    assert first.real().name == "first"
