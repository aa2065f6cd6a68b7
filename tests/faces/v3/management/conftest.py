"""The paths of management, behind the real frame."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faces.v3.management.managed import Managed, managed_on


@pytest.fixture
async def managed(sqlite_file: Path) -> AsyncIterator[Managed]:
    async with managed_on(sqlite_file) as managed:
        yield managed
