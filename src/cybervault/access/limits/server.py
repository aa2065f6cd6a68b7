"""Speak to the server that counts for all nodes: one script in one call, by its clock only, in 250 ms at most."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from redis.exceptions import NoScriptError, RedisError

from cybervault.access.limits.admission import refusal, width_of
from cybervault.access.limits.decision import Decision, WindowState
from cybervault.access.limits.ring import SECOND
from cybervault.access.limits.tables import Allowance
from cybervault.domain.secrets import Secret
from cybervault.storage.redis import heed_cancellation, redis_at

TIMEOUT_SECONDS: Final = 0.25
"""A node that gives the server up while others do not lets its share in beside them, which is more than is promised:
so a pause of a busy machine must not look like a loss. A hanging server costs the calls under way this much, once.
"""
CONNECT_SECONDS: Final = 0.25
CALLS_AT_ONCE: Final = 16

_PREFIX: Final = "cybervault:limits"
_MARK: Final = f"{_PREFIX}:mark"
_MARK_BYTES: Final = 8
_WINDOW_FROM: Final = 3


class ServerGone(Exception):  # noqa: N818 - an expected failure, as a Problem is
    """It did not answer in time or as it should. Whether it has counted the call is not known."""


class ScriptsGone(ServerGone):
    """It has forgotten our scripts, so it was started anew and may have forgotten its counts too."""


@dataclass(frozen=True, slots=True)
class Debt:
    """Calls that a node admitted by itself.

    For each window its cells, each an age in microseconds (negative if still to come) and a number of calls, and the
    number of the last call, by which the node knows later what it has paid.
    """

    bucket: str
    allowance: Allowance
    cells: tuple[tuple[tuple[int, int], ...], ...]
    numbers: tuple[int, ...]


class LimitServer:
    """A server of the Redis protocol. What fails is a `ServerGone`, and no text of it holds the url."""

    def __init__(
        self,
        url: Secret,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        connect_seconds: float = CONNECT_SECONDS,
        scripts: Mapping[str, str] | None = None,
    ) -> None:
        self._redis = redis_at(url, timeout_seconds=timeout_seconds, connect_seconds=connect_seconds)
        self._scripts = dict(scripts or load_scripts())
        self._digests = {
            name: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest() for name, text in self._scripts.items()
        }
        # Who waits here does not use up the time that the server has.
        self._turns = asyncio.Semaphore(CALLS_AT_ONCE)

    async def open(self) -> bytes:
        """Load the scripts and give the mark of this server's memory: another one where it has forgotten its counts."""
        async with self._turns:
            try:
                for text in self._scripts.values():
                    await self._redis.script_load(text)
                await self._redis.set(_MARK, secrets.token_hex(_MARK_BYTES), nx=True)
            except (RedisError, OSError) as error:
                raise ServerGone from error
        return await self.mark()

    async def mark(self) -> bytes:
        """The mark as it stands, empty where there is none: a cheap question whether all is well."""
        async with self._turns:
            try:
                found = await self._redis.get(_MARK)
            except (RedisError, OSError) as error:
                raise ServerGone from error
        return found if isinstance(found, bytes) else b""

    async def admit(self, bucket: str, allowance: Allowance) -> Decision:
        """Decide on one call."""
        reply: bytes = await self._run("admit", _keys(bucket, allowance), [_numbers(allowance)])
        return _read([int(number) for number in reply.split()], allowance)

    async def give_back(self, bucket: str, allowance: Allowance, ticket: int) -> None:
        """Free a place in the queue, if it is the last."""
        await self._run("give_back", _keys(bucket, allowance), [ticket])

    async def charge(self, debt: Debt) -> tuple[int, ...]:
        """Count what was admitted elsewhere; gives how many calls each window counts then."""
        values: list[int] = []
        for window, cells in zip(debt.allowance.windows, debt.cells, strict=True):
            values += [window.seconds * SECOND, width_of(window, debt.allowance), len(cells)]
            for age, calls in cells:
                values += [age, calls]
        used: list[int] = await self._run("charge", _keys(debt.bucket, debt.allowance), values)
        return tuple(used)

    async def used(self, bucket: str, allowance: Allowance) -> tuple[int, ...]:
        """How many calls each window counts now."""
        nothing: tuple[tuple[int, int], ...] = ()
        return await self.charge(Debt(bucket, allowance, (nothing,) * len(allowance.windows), ()))

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def _run(self, name: str, keys: Sequence[str], values: Sequence[int | str]) -> Any:  # noqa: ANN401 - by script
        async with self._turns:
            try:
                reply = await self._redis.evalsha(self._digests[name], len(keys), *keys, *values)
            except NoScriptError as error:
                raise ScriptsGone from error
            except (RedisError, OSError) as error:
                raise ServerGone from error
        heed_cancellation()
        return reply


def load_scripts() -> Mapping[str, str]:
    """The scripts by name, each with what they share before it."""
    folder = resources.files("cybervault.access.limits")
    shared = folder.joinpath("cells.lua").read_text(encoding="utf-8")
    names = ("admit", "give_back", "charge")
    return {name: shared + folder.joinpath(f"{name}.lua").read_text(encoding="utf-8") for name in names}


def _keys(bucket: str, allowance: Allowance) -> list[str]:
    """A key for each window; the braces keep those of one bucket on one node of a cluster."""
    return [f"{_PREFIX}:{{{bucket}}}:{window.seconds}" for window in allowance.windows]


@lru_cache(maxsize=4096)
def _numbers(allowance: Allowance) -> str:
    numbers = [allowance.queued_max, int(allowance.wait_seconds_max * SECOND)]
    for window in allowance.windows:
        numbers += [window.ceiling, window.seconds * SECOND, width_of(window, allowance)]
    return " ".join(map(str, numbers))


def _read(reply: Sequence[int], allowance: Allowance) -> Decision:
    is_admitted, moment, ticket = reply[:_WINDOW_FROM]
    states = tuple(
        WindowState(window, reply[_WINDOW_FROM + 2 * place], reply[_WINDOW_FROM + 2 * place + 1] / SECOND)
        for place, window in enumerate(allowance.windows)
    )
    if is_admitted:
        return Decision(is_admitted=True, states=states, wait_seconds=moment / SECOND, ticket=ticket)
    violated = tuple(state.window.name for state in states if state.used >= state.window.ceiling)
    return refusal(states, violated, moment / SECOND)
