"""The documented five events of one analysis: meta, model, chunks, then done or error."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response, StreamingResponse

from cybervault.assessments.assess import Assess, Heard, Inquiry
from cybervault.domain.verdicts import Weighing
from cybervault.faces.ctai.shapes import (
    StageFailure,
    display_type,
    failed_model,
    failed_sources,
    no_chat_key,
    warning_of,
)
from cybervault.faces.ctai.stream import HEADERS, NextStep, StreamEvent, first_failed, framed, next_step
from cybervault.faces.http import json_response
from cybervault.verdict.chat_model import ModelFailure, Routed, Written


@dataclass(frozen=True, slots=True)
class Analysis:
    """One indicator with every answer in hand, in the order of the document; `text` is what the caller sent."""

    assess: Assess
    inquiry: Inquiry
    heard: Sequence[Heard]
    weighing: Weighing
    text: str

    async def response(self, accept: str) -> Response:
        """The stream, or the error in its place (contract 1.1.6).

        Who names text/event-stream gets failures of the language model as an `error` event; everybody else
        waits for its first word and gets them as a JSON 500.
        """
        step = next_step(self.heard, has_chat_key=self.assess.has_chat_key(self.inquiry.chat_key))
        if step is NextStep.SOURCES_FAILED:
            return json_response(500, self._sources_failed().body)
        if step is NextStep.NOTHING_KNOWN:
            return event_stream(_all_of([self._meta(), DONE]))
        if "text/event-stream" in accept:
            return event_stream(self._told(step))
        words = self._words(step)
        try:
            first = await anext(words)
        except NotBegunError as error:
            return json_response(500, error.failure.body)
        return event_stream(_after([self._meta(), first], words))

    async def _told(self, step: NextStep) -> AsyncGenerator[StreamEvent]:
        yield self._meta()
        try:
            async with aclosing(self._words(step)) as words:
                async for event in words:
                    yield event
        except NotBegunError as error:
            yield StreamEvent("error", error.failure.body)

    async def _words(self, step: NextStep) -> AsyncGenerator[StreamEvent]:
        """The verdict in words. Raises `NotBegunError` when the language model did not even start."""
        language = self.inquiry.language
        if step is NextStep.NO_CHAT_KEY:
            raise NotBegunError(no_chat_key(language))
        warnings = [warning["message"] for warning in self._warnings()]
        story = self.assess.narrate(self.inquiry, self.heard, weighing=self.weighing, warnings=warnings)
        try:
            async with aclosing(story) as parts:
                async for part in parts:
                    yield word_event(part)
        except ModelFailure as failure:
            failed = failed_model(failure, language)
            if not failure.has_begun:
                raise NotBegunError(failed) from None
            yield StreamEvent("error", failed.body)
            return
        yield DONE

    def _meta(self) -> StreamEvent:
        kind = display_type(self.inquiry.observable.kind)
        data: dict[str, object] = {"ioc": self.text, "type": kind, "model": self.inquiry.model}
        warnings = self._warnings()
        return StreamEvent("meta", data | ({"warnings": warnings} if warnings else {}))

    def _warnings(self) -> list[dict[str, str]]:
        found = (warning_of(one.title, one.answer, self.inquiry.language) for one in self.heard)
        return [warning for warning in found if warning is not None]

    def _sources_failed(self) -> StageFailure:
        failed = first_failed(self.heard) or self.heard[0]
        return failed_sources(failed.title, failed.answer, self.inquiry.language)


class NotBegunError(Exception):
    """The language model did not start; carries the error in its wire form."""

    def __init__(self, failure: StageFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


DONE: Final = StreamEvent("done", {"done": True})


def word_event(part: Routed | Written) -> StreamEvent:
    """The event of one part of the verdict in words."""
    match part:
        case Routed(model):
            return StreamEvent("model", {"model": model})
        case Written(text):
            return StreamEvent("chunk", {"content": text})


def event_stream(events: AsyncGenerator[StreamEvent]) -> Response:
    """The events as one response."""
    return StreamingResponse(framed(events), headers=HEADERS, media_type="text/event-stream")


async def _all_of(events: Sequence[StreamEvent]) -> AsyncGenerator[StreamEvent]:
    for event in events:
        yield event


async def _after(first: Sequence[StreamEvent], rest: AsyncGenerator[StreamEvent]) -> AsyncGenerator[StreamEvent]:
    async with aclosing(rest):
        for event in first:
            yield event
        async for event in rest:
            yield event
