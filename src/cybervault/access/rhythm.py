"""The beat of work that goes on beside requests."""

import asyncio
from collections.abc import AsyncIterator


async def every(seconds: float, stop: asyncio.Event) -> AsyncIterator[None]:
    """A turn after each pause, and a last one that begins after `stop` was set."""
    is_last = False
    while not is_last:
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            # Python 3.11 traces nothing of what runs on straight from a time-out: no debugger would stop there.
            await asyncio.sleep(0)
        is_last = stop.is_set()
        yield
