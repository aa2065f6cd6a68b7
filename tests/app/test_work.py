"""Work that outlives requests, in the running server."""

import asyncio

from cybervault.domain.jobs import Happened
from cybervault.storage.outbox import Outbox
from tests.fakes.threats import ThreatWorld


async def test_the_running_server_takes_events_out_of_the_outbox(threats: ThreatWorld) -> None:
    database = threats.product.database
    outbox = Outbox(database)
    async with database.transaction():
        await outbox.append(Happened("finding.opened", "thr_1", None, {}))
    async with asyncio.timeout(10):
        while await outbox.untold(1):  # noqa: ASYNC110 - the server sets no event of ours
            await asyncio.sleep(0.05)
