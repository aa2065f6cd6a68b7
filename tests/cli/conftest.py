"""The command line, run in this process before the upstream farm."""

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from typer.testing import CliRunner, Result

from cybervault.cli import cli
from tests.fakes.upstream import UpstreamFarm

Run: TypeAlias = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path, prepared_state: Path) -> Path:
    """A folder of state with a small local knowledge, which nobody has used yet."""
    return Path(shutil.copytree(prepared_state, tmp_path / "state"))


@pytest.fixture
def run(farm: UpstreamFarm, data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command line; `env` is added to the settings that point at the farm."""

    def command(*words: str, env: Mapping[str, str] | None = None, text: str | None = None) -> Result:
        settings = farm.environment() | {"CYBERVAULT_DATA": str(data), "COLUMNS": "160"} | dict(env or {})
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(cli, list(words), input=text)

    return command


def document(result: Result) -> dict[str, Any]:
    """The JSON document on standard output."""
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value
