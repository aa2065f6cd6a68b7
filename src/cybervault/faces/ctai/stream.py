"""The order of events and their framing as server-sent events, for the documented stream and the richer one."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cybervault.assessments.assess import Heard
from cybervault.domain.evidence import Outcome
from cybervault.faces.ctai.shapes import Reason, reason_of

HEADERS: Final = {
    "cache-control": "no-cache, no-transform",
    "connection": "keep-alive",
    "x-accel-buffering": "no",
}
_SILENCE_SECONDS: Final = 15.0
_HEARTBEAT: Final = b": still here\n\n"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event."""

    name: str
    data: Mapping[str, Any]

    @property
    def frame(self) -> bytes:
        """One event line, one data line with a JSON object, one blank line."""
        text = json.dumps(self.data, ensure_ascii=False, separators=(",", ":"))
        return f"event: {self.name}\ndata: {text}\n\n".encode()


async def framed(
    events: AsyncGenerator[StreamEvent], silence_seconds: float = _SILENCE_SECONDS
) -> AsyncGenerator[bytes]:
    """The events as bytes, with a comment whenever nothing happened for a while.

    When the reader leaves, the events are closed, and with them whatever was being asked upstream.
    """
    ready: asyncio.Queue[StreamEvent | None] = asyncio.Queue(maxsize=64)

    async def pump() -> None:
        async with aclosing(events) as source:
            async for event in source:
                await ready.put(event)
        await ready.put(None)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(pump())
        try:
            while True:
                try:
                    async with asyncio.timeout(silence_seconds):
                        event = await ready.get()
                except TimeoutError:
                    yield _HEARTBEAT
                    continue
                if event is None:
                    break
                yield event.frame
        except GeneratorExit:
            return  # the reader left; a task group would wrap this into a group of its own
        finally:
            task.cancel()


class NextStep(StrEnum):
    """What follows once every source has answered (contract 1.1.6)."""

    VERDICT = "verdict"
    NOTHING_KNOWN = "nothing_known"
    SOURCES_FAILED = "sources_failed"
    NO_CHAT_KEY = "no_chat_key"


def next_step(heard: Sequence[Heard], *, has_chat_key: bool) -> NextStep:
    """The decision table of the contract; a missing source key is never more than a warning."""
    reasons = [reason_of(one.answer) for one in heard]
    if None in reasons:
        return NextStep.VERDICT if has_chat_key else NextStep.NO_CHAT_KEY
    has_response = any(reason in {Reason.NOT_FOUND, Reason.UNKNOWN} for reason in reasons)
    if not has_response and first_failed(heard) is not None:
        return NextStep.SOURCES_FAILED
    return NextStep.NOTHING_KNOWN if has_chat_key else NextStep.NO_CHAT_KEY


def first_failed(heard: Sequence[Heard]) -> Heard | None:
    """The first source, in the document's order, that refused our key or could not be reached."""
    for one in heard:
        is_failure = reason_of(one.answer) in {Reason.INVALID_API_KEY, Reason.API_UNAVAILABLE}
        if is_failure and one.answer.outcome is not Outcome.NO_KEY:
            return one
    return None
