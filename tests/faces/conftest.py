"""The small application behind the real frame, and logs without the values of variables."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from tests.faces.framed import Framed, framed_on


@pytest.fixture
def plain_logs(_own_logs: None) -> None:
    """The default of the library prints every local variable of a crash, which takes seconds."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, renderer]
    )


@pytest.fixture
async def framed(sqlite_file: Path, plain_logs: None) -> AsyncIterator[Framed]:  # noqa: ARG001 - logs go first
    async with framed_on(sqlite_file) as framed:
        yield framed
