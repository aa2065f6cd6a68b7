"""Webhooks on each engine."""

from collections.abc import AsyncIterator

import pytest

from cybervault.storage.database import Database
from tests.response.webhooks.bench import Bench, bench_on


@pytest.fixture
async def bench(database: Database) -> AsyncIterator[Bench]:
    async with bench_on(database) as bench:
        yield bench
