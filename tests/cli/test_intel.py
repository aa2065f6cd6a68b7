"""`cybervault intel`: the local knowledge, built on demand."""

from pathlib import Path

import pytest

from cybervault.intel.compile import needs_compile
from tests.cli.conftest import Run


@pytest.mark.timeout(180)
def test_build_makes_it_anew(run: Run, data: Path) -> None:
    result = run("intel", "build")
    assert result.exit_code == 0
    assert "is ready" in result.output
    assert not needs_compile(data / "knowledge")
