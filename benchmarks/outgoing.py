"""CPU of one outgoing request: our guarded client against httpx, in turn, in one run.

Claim: the guard, the limits and the pinned resolver cost less than a plain httpx request does.
"""

import asyncio
import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection

import httpx
from aiohttp import web

from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.egress.message import OutgoingRequest

REQUESTS = 2_000
AT_ONCE = 10
ROUNDS = 5
BODY = b'{"data":{"attributes":{"last_analysis_stats":{"malicious":1,"harmless":60}}}}'


def serve(ready: Connection) -> None:
    """Answer every path with a small JSON body, until killed."""

    async def main() -> None:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=BODY, content_type="application/json")

        app = web.Application()
        app.router.add_get("/{rest:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        ready.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def with_egress(url: str) -> float:
    """CPU milliseconds of one request."""
    async with Egress(Guard([origin_of(url)])) as egress:
        request = OutgoingRequest(url=f"{url}/x")
        assert (await egress.fetch(request)).body == BODY

        async def some() -> None:
            for _ in range(REQUESTS // AT_ONCE):
                await egress.fetch(request)

        before = time.process_time()
        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        return (time.process_time() - before) / REQUESTS * 1000


async def with_httpx(url: str) -> float:
    """CPU milliseconds of one request."""
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{url}/x")).content == BODY

        async def some() -> None:
            for _ in range(REQUESTS // AT_ONCE):
                await client.get(f"{url}/x")

        before = time.process_time()
        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
        return (time.process_time() - before) / REQUESTS * 1000


def main() -> None:
    """Print the medians and their ratio."""
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{here.recv()}"
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(asyncio.run(with_egress(url)))
        theirs.append(asyncio.run(with_httpx(url)))
    server.kill()
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"egress {mine:.3f} ms CPU a request, httpx {httpx.__version__} {other:.3f} ms: ratio {mine / other:.2f}")


if __name__ == "__main__":
    main()
