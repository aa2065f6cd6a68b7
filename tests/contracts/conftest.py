"""The small application behind the real frame, for checks of what all keyed faces share, and state for processes."""

import shutil
from pathlib import Path

import pytest

from tests.faces.conftest import framed, plain_logs

__all__ = ["framed", "plain_logs"]


@pytest.fixture
def data(tmp_path: Path, prepared_state: Path) -> Path:
    """A folder of state for a process, so that it need not build anything."""
    return Path(shutil.copytree(prepared_state, tmp_path / "data"))
