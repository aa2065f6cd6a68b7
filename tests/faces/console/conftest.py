"""The paths behind the real frame."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faces.console.browsing import House, house_on


@pytest.fixture
async def house(sqlite_file: Path, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(sqlite_file, tmp_path) as house:
        yield house
