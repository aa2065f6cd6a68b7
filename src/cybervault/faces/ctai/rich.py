"""The richer stream of our console: all sources named up front, each answer, the running score, the words."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final

import msgspec

from cybervault.assessments.assess import Assess, Heard, Inquiry, Weighed
from cybervault.domain.evidence import Answer, Evidence, Outcome
from cybervault.domain.ids import RequestId
from cybervault.domain.observables import defang
from cybervault.domain.verdicts import Term, Weighing
from cybervault.enrichment.connector import Source
from cybervault.faces.ctai.documented import word_event
from cybervault.faces.ctai.shapes import (
    Reason,
    display_type,
    failed_model,
    reason_of,
    text_of,
    warning_text,
)
from cybervault.faces.ctai.stream import StreamEvent
from cybervault.intel.allowlists import LOCAL_SOURCE, LOCAL_TITLE
from cybervault.verdict.chat_model import ModelFailure, Written
from cybervault.verdict.wording import describe
from cybervault.verdict.wording import reason_of as reason_in

_DOCUMENT_BYTES_MAX: Final = 65_536

_STATE_OF: Final = {
    Outcome.HIT: "data",
    Outcome.CLEAN: "data",
    Outcome.UNKNOWN: "empty",
    Outcome.NOT_APPLICABLE: "empty",
    Outcome.NO_KEY: "skipped",
    Outcome.SKIPPED_BUDGET: "skipped",
    Outcome.SKIPPED_TLP: "skipped",
}


async def rich_events(
    assess: Assess, inquiry: Inquiry, *, text: str, request_id: RequestId
) -> AsyncGenerator[StreamEvent]:
    """Everything about one analysis, as it becomes known; `text` is what the caller sent."""
    yield _meta(assess, inquiry, text=text, request_id=request_id)
    if not assess.has_local_knowledge:
        yield _warning(
            LOCAL_TITLE, text_of("local_not_ready", inquiry.language), reason=Reason.UNKNOWN, outcome="not_ready"
        )
    heard: list[Heard] = []
    weighing: Weighing | None = None
    async with aclosing(assess.gather(inquiry)) as parts:
        async for part in parts:
            match part:
                case Heard():
                    heard.append(part)
                    for event in _heard(part, inquiry.language):
                        yield event
                case Weighed():
                    weighing = part.weighing
                    yield _score(part, inquiry)
    if weighing is not None:
        async with aclosing(_words(assess, inquiry, heard, weighing=weighing)) as words:
            async for event in words:
                yield event


def _meta(assess: Assess, inquiry: Inquiry, *, text: str, request_id: RequestId) -> StreamEvent:
    observable = inquiry.observable
    local = {"name": LOCAL_SOURCE, "title": LOCAL_TITLE, "homepage": "", "key": "none", "state": "pending"}
    here = [local] if assess.has_local_knowledge else []
    return StreamEvent(
        "meta",
        {
            "ioc": text,
            "kind": observable.kind.value,
            "type": display_type(observable.kind),
            "value": observable.value,
            "display": observable.display,
            "defanged": defang(observable.value),
            "model": inquiry.model,
            "request_id": request_id,
            "sources": here + [_named(source) for source in assess.sources(inquiry)],
        },
    )


def _named(source: Source) -> dict[str, str]:
    return {
        "name": source.name,
        "title": source.title,
        "homepage": source.homepage,
        "key": source.key.value,
        "state": "pending",
    }


def source_data(one: Heard) -> dict[str, Any]:
    """One source's answer, as JSON."""
    answer = one.answer
    return {
        "name": answer.source,
        "title": one.title,
        "outcome": answer.outcome.value,
        "state": _STATE_OF.get(answer.outcome, "failed"),
        "milliseconds": round(one.seconds * 1000),
        "cached_seconds": one.age_seconds,
        "labels": [list(label) for label in answer.labels],
        "evidence": [_evidence(item) for item in answer.evidence],
        "pivots": list(answer.pivots),
        "warnings": list(answer.warnings),
        "document": _document(answer),
    }


def _heard(one: Heard, language: str) -> Sequence[StreamEvent]:
    answer = one.answer
    event = StreamEvent("source", source_data(one))
    reason = reason_of(answer)
    if reason is None or answer.source == LOCAL_SOURCE:
        return [event]
    message = warning_text(one.title, answer.outcome, language)
    return [event, _warning(one.title, message, reason=reason, outcome=answer.outcome.value)]


def _evidence(item: Evidence) -> dict[str, Any]:
    return {"item": item.item, "bin": item.bin, "field": item.field, "value": item.value}


def _document(answer: Answer) -> object:
    """What the source said, as JSON; a very long document as its beginning in a text."""
    if answer.document is None:
        return None
    if len(answer.document) > _DOCUMENT_BYTES_MAX:
        return answer.document[:_DOCUMENT_BYTES_MAX].decode(errors="replace") + " …"
    try:
        return msgspec.json.decode(answer.document)
    except (msgspec.DecodeError, RecursionError):
        return answer.document.decode(errors="replace")


def _warning(title: str, message: str, *, reason: Reason, outcome: str) -> StreamEvent:
    return StreamEvent("warning", {"source": title, "message": message, "reason": reason.value, "outcome": outcome})


def score_data(weighed: Weighed, language: str) -> dict[str, Any]:
    """The score with every term of its account, and what would change it, as JSON."""
    weighing = weighed.weighing
    priority = weighing.priority
    return {
        "score": weighing.score,
        "verdict": weighing.verdict.value,
        "confidence": weighing.confidence.value,
        "severity": weighing.severity.value,
        "low": weighing.low,
        "high": weighing.high,
        "coverage": round(weighing.coverage, 2),
        "conflict": round(weighing.conflict, 2),
        "prior": weighing.prior,
        "log_odds": weighing.log_odds,
        "summary": describe(weighing, language),
        "terms": [_term(term, language) for term in weighing.terms],
        "priority": None if priority is None else msgspec.to_builtins(priority),
        "counterfactuals": [one.sentence(language) for one in weighed.counterfactuals],
        "weights_version": weighing.weights_version,
    }


def _score(weighed: Weighed, inquiry: Inquiry) -> StreamEvent:
    return StreamEvent("score", score_data(weighed, inquiry.language) | {"final": weighed.is_final})


def _term(term: Term, language: str) -> dict[str, Any]:
    evidence = term.evidence
    return _evidence(evidence) | {
        "source": evidence.source,
        "weight": term.weight,
        "freshness": round(term.freshness, 2),
        "share": round(term.share, 2),
        "points": term.points,
        "reason": reason_in(term, language),
        "observed_at": None if evidence.observed_at is None else evidence.observed_at.isoformat(),
    }


async def _words(
    assess: Assess, inquiry: Inquiry, heard: Sequence[Heard], *, weighing: Weighing
) -> AsyncGenerator[StreamEvent]:
    """The verdict in words where there is a model and something to say; the score stands without it."""
    is_configured = assess.has_chat_key(inquiry.chat_key)
    if not is_configured:
        message = text_of("ai_not_configured", inquiry.language)
        yield StreamEvent("warning", {"source": "AI", "message": message, "reason": "not_configured", "outcome": ""})
    if not is_configured or not any(one.answer.has_document for one in heard):
        yield _done(None, disagrees=False)
        return
    warnings = [warning_text(one.title, one.answer.outcome, inquiry.language) for one in heard if reason_of(one.answer)]
    text = ""
    try:
        async with aclosing(assess.narrate(inquiry, heard, weighing=weighing, warnings=warnings)) as parts:
            async for part in parts:
                text += part.text if isinstance(part, Written) else ""
                yield word_event(part)
    except ModelFailure as failure:
        yield StreamEvent("error", failed_model(failure, inquiry.language).body)
        return
    narrative, is_other_opinion = assess.conclude(text, weighing)
    spoken = None if narrative is None else {"verdict": narrative.verdict, "confidence": narrative.confidence}
    yield _done(spoken, disagrees=is_other_opinion)


def _done(narrative: dict[str, Any] | None, *, disagrees: bool) -> StreamEvent:
    return StreamEvent("done", {"done": True, "narrative": narrative, "disagrees": disagrees})
