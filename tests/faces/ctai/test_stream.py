"""The frames, the heartbeat, the end of the work when a reader leaves, and the decision table."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from cybervault.assessments.assess import Heard
from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.faces.ctai.stream import NextStep, StreamEvent, first_failed, framed, next_step

EVENTS = [StreamEvent("meta", {"a": "ñ"}), StreamEvent("done", {"done": True})]


async def some() -> AsyncGenerator[StreamEvent]:
    for event in EVENTS:
        yield event


def heard(*outcomes: Outcome) -> list[Heard]:
    return [Heard(f"S{place}", _answer(outcome, place), 0.0, None) for place, outcome in enumerate(outcomes)]


def _answer(outcome: Outcome, place: int) -> Answer:
    if outcome is not Outcome.HIT:
        return Answer(f"s{place}", outcome)
    return Answer(f"s{place}", outcome, (Evidence("s", "a", "b", "c", 1, EvidenceGroup.ANTIVIRUS),), b"{}")


async def test_a_frame_is_an_event_line_a_data_line_and_a_blank_one() -> None:
    frames = [frame async for frame in framed(some())]
    assert frames == ['event: meta\ndata: {"a":"ñ"}\n\n'.encode(), b'event: done\ndata: {"done":true}\n\n']


async def test_no_text_can_break_out_of_its_line() -> None:
    frame = StreamEvent("chunk", {"content": "a\n\nevent: done\r\n\u2028"}).frame
    assert frame.count(b"\n") == 3
    assert b"\r" not in frame


async def test_silence_is_filled_with_comments() -> None:
    may_end = asyncio.Event()

    async def slow() -> AsyncGenerator[StreamEvent]:
        await may_end.wait()
        yield EVENTS[1]

    frames: list[bytes] = []
    async for frame in framed(slow(), silence_seconds=0.01):
        frames.append(frame)
        if len(frames) == 3:
            may_end.set()
    assert frames[:3] == [b": still here\n\n"] * 3
    assert frames[-1] == EVENTS[1].frame


async def test_a_reader_who_leaves_ends_the_work() -> None:
    has_ended = asyncio.Event()

    async def endless() -> AsyncGenerator[StreamEvent]:
        try:
            while True:
                yield EVENTS[0]
                await asyncio.sleep(0)
        finally:
            has_ended.set()

    async with aclosing(framed(endless())) as frames:
        await anext(frames)
    assert has_ended.is_set()


async def test_a_bug_in_the_work_is_not_swallowed() -> None:
    async def broken() -> AsyncGenerator[StreamEvent]:
        yield EVENTS[0]
        raise RuntimeError("bug")

    with pytest.raises(ExceptionGroup):
        [frame async for frame in framed(broken())]


DATA, KNOWS_NOT, NO_KEY = Outcome.HIT, Outcome.UNKNOWN, Outcome.NO_KEY
REFUSED, DOWN, ODD = Outcome.BAD_KEY, Outcome.UPSTREAM_ERROR, Outcome.BAD_PAYLOAD


@pytest.mark.parametrize(
    ("outcomes", "with_key", "without_key"),
    [
        ((DATA, DATA), NextStep.VERDICT, NextStep.NO_CHAT_KEY),
        ((DATA, DOWN), NextStep.VERDICT, NextStep.NO_CHAT_KEY),
        ((DATA, NO_KEY), NextStep.VERDICT, NextStep.NO_CHAT_KEY),
        ((KNOWS_NOT, KNOWS_NOT), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((KNOWS_NOT, ODD), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((ODD, ODD), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((KNOWS_NOT, DOWN), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((REFUSED, ODD), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((NO_KEY, NO_KEY), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((NO_KEY, KNOWS_NOT), NextStep.NOTHING_KNOWN, NextStep.NO_CHAT_KEY),
        ((REFUSED, REFUSED), NextStep.SOURCES_FAILED, NextStep.SOURCES_FAILED),
        ((DOWN, REFUSED), NextStep.SOURCES_FAILED, NextStep.SOURCES_FAILED),
        ((NO_KEY, DOWN), NextStep.SOURCES_FAILED, NextStep.SOURCES_FAILED),
    ],
)
def test_the_decision_table(outcomes: tuple[Outcome, ...], with_key: NextStep, without_key: NextStep) -> None:
    for order in itertools.permutations(outcomes):
        assert next_step(heard(*order), has_chat_key=True) is with_key
        assert next_step(heard(*order), has_chat_key=False) is without_key


def test_the_first_failure_in_source_order_is_told() -> None:
    failed = first_failed(heard(NO_KEY, DOWN, REFUSED))
    assert failed is not None
    assert failed.answer.outcome is DOWN
    assert first_failed(heard(NO_KEY, KNOWS_NOT)) is None
