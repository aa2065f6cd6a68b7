"""`cybervault intel`: the local knowledge, built on demand."""

from pathlib import Path

import pytest

from cybervault.intel.compile import Packages, needs_compile
from tests.cli.conftest import Run
from tests.fakes.knowledge import small_packages


def test_build_makes_it_anew(run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = small_packages(tmp_path)
    monkeypatch.setattr(Packages, "installed", lambda: small)
    result = run("intel", "build")
    assert result.exit_code == 0
    assert "is ready" in result.output
    assert not needs_compile(data / "knowledge")
