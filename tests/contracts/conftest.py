"""The small application behind the real frame, for checks of what all keyed faces share, and state for processes."""

from pathlib import Path

import pytest

from tests.faces.conftest import framed, plain_logs

__all__ = ["framed", "plain_logs"]


@pytest.fixture
def data(tmp_path: Path, small_knowledge: Path) -> Path:
    """A folder of state for a process, with local knowledge, so that it need not build any."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "knowledge").symlink_to(small_knowledge)
    return folder
