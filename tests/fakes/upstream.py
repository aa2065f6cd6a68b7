"""One server on loopback that plays every outside service: the sources, the language model and DNS resolvers.

`with UpstreamFarm() as farm:` in tests and benchmarks, `python -m tests.fakes.upstream --port 9100` by hand.
"""

import argparse
import asyncio
import contextlib
import json
import shlex
import signal
import sys
import threading
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from cybervault.domain.clock import Clock, SystemClock
from tests.fakes import chat
from tests.fakes.behaviours import FAULTS, INJECTED_WORDS, INJECTION_TEXT, Behaviour, deliver, respond
from tests.fakes.dns_server import RESOLVERS, Datagrams, DnsBehaviour, Resolver, serve_stream
from tests.fakes.loopback import Ports, place_of
from tests.fakes.sources import WIRES
from tests.fakes.wire import JSON, Call, Fault, Reply, Scene, Wire, same
from tests.fakes.world import STAND_IN, World

__all__ = ["Behaviour", "Call", "DnsBehaviour", "UpstreamFarm"]

BAD_KEY: Final = "bad"
_BODY_BYTES_MAX: Final = 16 * 1024 * 1024
_GRACE_SECONDS: Final = 0.05


class UpstreamFarm:
    """The server, in a thread with a loop of its own, so that tests of any kind and other processes can use it.

    `port` 0 takes free ports; any other number takes it and those behind it. `clock` dates the documents.
    `has_variety` gives observables outside the little world a story of their own instead of "unknown".
    Its methods may be called from every thread; those that wait say so.
    """

    def __init__(self, *, port: int = 0, clock: Clock | None = None, has_variety: bool = False) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._world = World(has_variety=has_variety)
        self._ports = Ports(port)
        self._sockets = contextlib.ExitStack()
        self._stopping: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="upstream-farm")
        self._changed = threading.Condition()
        self._open: Counter[str] = Counter()
        self._resolvers = {address: Resolver(address, self._world.find) for address in RESOLVERS}
        self.reset()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as sockets:
            self._site = self._ports.stream(sockets)
            self._elsewhere = self._ports.stream(sockets)
            self._dead = self._ports.stream(sockets, listens=False)
            self._pairs = {address: self._ports.pair(sockets) for address in self._resolvers}
            self._sockets = sockets.pop_all()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set_result(None)
        self._thread.join()
        self._sockets.close()

    # --- where it is

    def url(self, name: str) -> str:
        """The base address of a source, or of the language model ("chat")."""
        return f"http://{place_of(self._site)}/{name}"

    def dead_url(self) -> str:
        """A base address where every connection is refused."""
        return f"http://{place_of(self._dead)}"

    @property
    def dns_address(self) -> str:
        """Host and port of a plain resolver."""
        return self.dns_for(RESOLVERS[0])

    def dns_for(self, address: str) -> str:
        """Host and port that stand for a public resolver; KeyError for one that is not played."""
        return place_of(self._pairs[address][0])

    @property
    def resolvers(self) -> dict[str, str]:
        """Every played resolver: public address to host and port."""
        return {address: self.dns_for(address) for address in RESOLVERS}

    def environment(self, *, has_keys: bool = True) -> dict[str, str]:
        """The settings that point a CyberVault at this server, with a working key for whoever takes one."""
        settings = {f"{_prefix(name)}__URL": self.url(name) for name in WIRES}
        settings |= {f"{_prefix(name)}__UNMETERED": "true" for name in WIRES}
        settings["CYBERVAULT_SCANS__NMAP"] = ""  # whether this machine has it
        settings["CYBERVAULT_CHAT__URL"] = self.url("chat")
        settings["CYBERVAULT_DNS__RESOLVERS"] = json.dumps(self.resolvers, separators=(",", ":"))
        if has_keys:
            settings |= {f"{_prefix(name)}__KEY": f"demo-{name}" for name, wire in WIRES.items() if wire.key_header}
            settings["CYBERVAULT_CHAT__KEY"] = "demo-chat"
        return settings

    # --- what it does

    def set(self, name: str, behaviour: Behaviour, *, resource: str = "", delay_seconds: float = 0.0) -> None:
        """Let a source, or the language model ("chat"), behave so from now on.

        `resource` limits it to paths that start so ("domain_ranking"); `delay_seconds` pass before any reply.
        """
        if name not in {*WIRES, "chat"} or not behaviour.fits(name):
            message = f"{name} cannot behave like {behaviour}"
            raise ValueError(message)
        self._plans[name, resource] = (behaviour, delay_seconds)

    def set_default(self, behaviour: Behaviour, *, delay_seconds: float = 0.0) -> None:
        """Let every source behave so that was not set itself; the language model is none."""
        self._default = (behaviour, delay_seconds)

    def use_pace(self, *, source_seconds: float, word_seconds: float) -> None:
        """Take time as the outside world does: before each answer of a source, after each word of the model."""
        self.set_default(Behaviour.OK, delay_seconds=source_seconds)
        self.set_speech(pace_seconds=word_seconds)

    def set_speech(self, text: str | None = None, *, pace_seconds: float = 0.0) -> None:
        """Let the language model say this text (None: its own words), with a pause after each word."""
        self._speech = chat.Speech(text, pace_seconds)

    def set_dns(self, address: str, behaviour: DnsBehaviour) -> None:
        """Let one resolver, named by its public address, behave so."""
        self._resolvers[address].behaviour = behaviour

    def reset(self) -> None:
        """Forget all calls, and behave well again."""
        self._calls: dict[str, list[Call]] = {}
        self._plans: dict[tuple[str, str], tuple[Behaviour, float]] = {}
        self._default = (Behaviour.OK, 0.0)
        self._speech = chat.Speech()
        self.chat_needs_key = True
        for resolver in self._resolvers.values():
            resolver.behaviour = DnsBehaviour.OK
            resolver.asked.clear()

    # --- what it saw

    @property
    def injected_text(self) -> str:
        """The words, unchanged by any encoding, that INJECTION writes wherever an attacker could."""
        return INJECTED_WORDS

    def calls(self, name: str) -> list[Call]:
        """What a source was asked, in order; "chat" and "elsewhere" (where REDIRECT_AWAY leads) are names too."""
        return list(self._calls.get(name, ()))

    def prompts(self) -> list[str]:
        """The texts that the language model was given, in order."""
        return [chat.prompt_of(call) for call in self.calls("chat")]

    def questions(self, address: str) -> list[tuple[str, str]]:
        """Names and record types that a resolver was asked for."""
        return list(self._resolvers[address].asked)

    def in_flight(self, name: str) -> int:
        """How many requests to a source (or "chat") are under way."""
        return self._open[name]

    @property
    def open_streams(self) -> int:
        """How many answers of the language model are under way."""
        return self.in_flight("chat")

    def idle_within(self, seconds: float, name: str) -> bool:
        """Whether all requests to a source end in time. Blocks until then: call it by `asyncio.to_thread` in a loop."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open[name], seconds)

    def chat_closed_after(self, seconds: float) -> bool:
        """Whether every chat stream ends in time, as one does whose client goes. Blocks like `idle_within`."""
        return self.idle_within(seconds, "chat")

    # --- inside the thread

    async def _serve(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for bound, path, handler in (
                (self._site, "/{source}{path:/.*}", self._answer),
                (self._elsewhere, "/{path:.*}", self._answer_elsewhere),
            ):
                site = web.Application(client_max_size=_BODY_BYTES_MAX)
                site.router.add_route("*", path, handler)
                runner = web.AppRunner(
                    site, access_log=None, handler_cancellation=True, shutdown_timeout=_GRACE_SECONDS
                )
                await runner.setup()
                stack.push_async_callback(_end, runner)
                await web.SockSite(runner, bound).start()
            for address, resolver in self._resolvers.items():
                await self._start_resolver(stack, address, resolver)
            await asyncio.wrap_future(self._stopping)

    async def _start_resolver(self, stack: contextlib.AsyncExitStack, address: str, resolver: Resolver) -> None:
        stream, datagram = self._pairs[address]
        server = await asyncio.start_server(lambda *ends: serve_stream(resolver, *ends), sock=stream)
        stack.callback(server.close)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: Datagrams(resolver), sock=datagram)
        stack.callback(transport.close)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["source"]
        call = await self._keep(name, request, request.match_info["path"])
        with self._under_way(name):
            behaviour, delay_seconds = self._plan(name, call.path)
            await asyncio.sleep(delay_seconds)
            if name == "chat" and call.path == "/chat/completions":
                return await chat.answer(request, call, behaviour, speech=self._speech, needs_key=self.chat_needs_key)
            if name in WIRES:
                return await self._answer_as(request, name, behaviour, call=call)
            return web.Response(status=404)

    async def _answer_as(
        self, request: web.Request, name: str, behaviour: Behaviour, *, call: Call
    ) -> web.StreamResponse:
        wire = WIRES[name]
        reply = self._reply(wire, call, behaviour)
        is_first_hop = name == "rdap" and not call.path.startswith("/registry/")
        if is_first_hop and behaviour is Behaviour.OK and reply.documents and reply.status == 200:
            return web.Response(status=302, headers={"Location": f"{self.url('rdap')}/registry{call.path}"})
        elsewhere = f"http://{place_of(self._elsewhere)}"
        return await deliver(request, behaviour, reply, bulk=wire.bulk, elsewhere=elsewhere)

    def _reply(self, wire: Wire, call: Call, behaviour: Behaviour) -> Reply:
        subject = _subject(call)
        written = (lambda _: INJECTION_TEXT) if behaviour is Behaviour.INJECTION else same
        scene = Scene(call, subject, self._world.find(subject), self._clock.now(), written)
        key = call.headers.get(wire.key_header, "")
        if behaviour in FAULTS:
            return wire.problem(FAULTS[behaviour], scene)
        if key == BAD_KEY or (wire.needs_key and not key):
            return wire.problem(Fault.UNAUTHORIZED, scene)
        reply = wire.answer(scene)
        is_told = reply.documents and reply.status == 200
        has_injection = behaviour is not Behaviour.INJECTION or INJECTED_WORDS.encode() in reply.body
        if behaviour.needs_document and not (is_told and has_injection):
            return wire.answer(replace(scene, profile=STAND_IN))
        return reply

    def _plan(self, name: str, path: str) -> tuple[Behaviour, float]:
        plans = dict(self._plans)  # a test may change them while we look
        asked = path.removeprefix("/")
        fitting = [resource for source, resource in plans if source == name and asked.startswith(resource)]
        if fitting:
            return plans[name, max(fitting, key=len)]
        return (Behaviour.OK, 0.0) if name == "chat" else self._default

    async def _answer_elsewhere(self, request: web.Request) -> web.StreamResponse:
        await self._keep("elsewhere", request, request.path)
        return respond(200, b"{}", JSON)

    async def _keep(self, name: str, request: web.Request, path: str) -> Call:
        call = Call(
            method=request.method,
            path=path,
            query=dict(request.query),
            headers={header.lower(): value for header, value in request.headers.items()},
            body=await request.read(),
            at=self._clock.seconds(),
        )
        self._calls.setdefault(name, []).append(call)
        return call

    @contextlib.contextmanager
    def _under_way(self, name: str) -> Iterator[None]:
        self._count(name, 1)
        try:
            yield
        finally:
            self._count(name, -1)

    def _count(self, name: str, step: int) -> None:
        with self._changed:
            self._open[name] += step
            self._changed.notify_all()


async def _end(runner: web.AppRunner) -> None:
    """Stop a site; what a client that does not read was still to get is thrown away."""
    server = runner.server
    transports = [handler.transport for handler in server.connections] if server is not None else []
    await runner.cleanup()
    for transport in transports:
        if transport is not None:
            transport.abort()
    await asyncio.sleep(0)


def _prefix(name: str) -> str:
    return f"CYBERVAULT_SOURCES__{name.upper()}"


def _subject(call: Call) -> str:
    """The observable that a request asks about."""
    for name in ("ipAddress", "hash", "hostname"):
        if name in call.query:
            return call.query[name]
    *_, folder, last = ("", *call.path.split("/"))
    if folder != "urls":
        return last
    try:
        return urlsafe_b64decode(last + "=" * (-len(last) % 4)).decode()
    except (Base64Error, UnicodeDecodeError):
        return last


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted, and print the settings that point a CyberVault here."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.upstream", description=__doc__)
    parser.add_argument("--port", type=int, default=9100, help="first of about a dozen ports (0: free ones)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every source answers")
    parser.add_argument("--pace", type=float, default=0.03, help="seconds after each word of the language model")
    parser.add_argument("--variety", action="store_true", help="let every observable have a story of its own")
    chosen = parser.parse_args(arguments)
    # Blocked before the thread starts, so that only `sigwait` below takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with UpstreamFarm(port=chosen.port, has_variety=chosen.variety) as farm:
        farm.use_pace(source_seconds=chosen.delay, word_seconds=chosen.pace)
        for name, value in farm.environment().items():
            sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
