"""A made-up language model behind OpenRouter's stream: it answers from the numbers in the prompt, word by word."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from tests.fakes.behaviours import FIXED, Behaviour, drop, respond, silence
from tests.fakes.wire import JSON, Call, Json

COMMENT: Final = ": OPENROUTER PROCESSING"
_ROUTED: Final = {"openrouter/free": "demo/analyst-mini:free", "openrouter/auto": "demo/analyst-large"}
_SLOW_SECONDS: Final = 0.2
_SLOW_CHUNKS: Final = 300
_COMMENT_EVERY_WORDS: Final = 12
_WORDS_BEFORE_TROUBLE: Final = 2
# Long enough that a reader on the same machine takes the parts apart.
_SPLIT_SECONDS: Final = 0.002


_REFUSALS: Final = {
    Behaviour.UNAUTHORIZED: (401, "authentication", "No auth credentials found."),
    Behaviour.PAYMENT: (402, "payment_required", "Insufficient credits."),
    Behaviour.FORBIDDEN: (403, "content_policy_violation", "The input was flagged."),
    Behaviour.NOT_FOUND: (404, "not_found", "No endpoints found for this model."),
    Behaviour.UNPROCESSABLE: (422, "invalid_request", "The request cannot be processed."),
    Behaviour.THROTTLED: (429, "rate_limit_exceeded", "Rate limit exceeded: free-models-per-min."),
    Behaviour.SERVER_ERROR: (503, "provider_unavailable", "No provider meets the routing requirements."),
    Behaviour.BAD_REQUEST: (400, "invalid_request", "The request is not valid."),
}


@dataclass(frozen=True, slots=True)
class Speech:
    """How the model speaks when nothing is wrong: `text` replaces its own words, `pace_seconds` passes after each."""

    text: str | None = None
    pace_seconds: float = 0.0


# --- what it says


@dataclass(frozen=True, slots=True)
class Facts:
    """What the model found in the prompt; None where nothing was said."""

    detections: int | None
    abuse_score: int | None
    polyscore: float | None

    @property
    def level(self) -> int:
        """0 nothing against it, 1 doubtful, 2 bad."""
        levels = (
            _level(self.detections, doubtful=1, bad=5),
            _level(self.abuse_score, doubtful=25, bad=75),
            _level(self.polyscore, doubtful=0.5, bad=0.8),
        )
        return max(levels)

    @property
    def said(self) -> int:
        """How many of the three are known."""
        return sum(fact is not None for fact in (self.detections, self.abuse_score, self.polyscore))


def _level(value: float | None, *, doubtful: float, bad: float) -> int:
    return 0 if value is None else (value >= doubtful) + (value >= bad)


# Quotes may be escaped, because a prompt may carry the JSON of sources inside a JSON text.
_DETECTIONS: Final = re.compile(r'\bmalicious\\*"?\s*[:=]\s*(\d{1,3})\b')
_ABUSE_SCORE: Final = re.compile(r'\babuseConfidenceScore\\*"?\s*[:=]\s*(\d{1,3})\b')
_POLYSCORE: Final = re.compile(r'\bpolyscore\\*"?\s*[:=]\s*([01](?:\.\d+)?)')


def read_facts(prompt: str) -> Facts:
    """The strongest number of each kind that stands in the prompt."""
    detections, scores, polyscores = (
        [float(found) for found in pattern.findall(prompt)] for pattern in (_DETECTIONS, _ABUSE_SCORE, _POLYSCORE)
    )
    return Facts(
        detections=int(max(detections)) if detections else None,
        abuse_score=int(max(scores)) if scores else None,
        polyscore=max(polyscores) if polyscores else None,
    )


@dataclass(frozen=True, slots=True)
class _Language:
    labels: tuple[str, str, str, str, str]
    verdicts: tuple[str, str, str]
    confidences: tuple[str, str, str]
    summaries: tuple[str, str, str]
    reasons: tuple[str, str, str, str]
    actions: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]


_SPANISH: Final = _Language(
    labels=("Veredicto", "Confianza", "Resumen", "Motivos", "Acciones recomendadas"),
    verdicts=("Benigno", "Sospechoso", "Malicioso"),
    confidences=("Baja", "Media", "Alta"),
    summaries=(
        "(demo) Ningún indicio conocido en contra según las fuentes consultadas.",
        "(demo) Hay indicios aislados; la situación aún no es concluyente.",
        "(demo) Varias fuentes lo vinculan con actividad dañina; conviene actuar.",
    ),
    reasons=(
        "Detecciones de motores antivirus: {}.",
        "Puntuación de abuso según AbuseIPDB: {} de 100.",
        "PolyScore de PolySwarm: {}.",
        "Ninguna fuente aportó una cifra; la conclusión es débil.",
    ),
    actions=(
        ("Mantener la vigilancia habitual.", "No se requiere ninguna acción inmediata."),
        ("Vigilar la actividad relacionada durante los próximos días.", "Pedir una segunda opinión antes de bloquear."),
        ("Bloquear el indicador en el cortafuegos y el proxy.", "Buscar conexiones anteriores en los registros."),
    ),
)
_ENGLISH: Final = _Language(
    labels=("Verdict", "Confidence", "Summary", "Reasons", "Recommended actions"),
    verdicts=("Benign", "Suspicious", "Malicious"),
    confidences=("Low", "Medium", "High"),
    summaries=(
        "(demo) Nothing known against it — as far as the sources say.",
        "(demo) There are single signs — not conclusive yet.",
        "(demo) Several sources tie it to harmful activity — act on it.",
    ),
    reasons=(
        "Detections by antivirus engines: {}.",
        "Abuse score at AbuseIPDB: {} of 100.",
        "PolyScore at PolySwarm: {}.",
        "No source gave a number; the conclusion is weak.",
    ),
    actions=(
        ("Keep up the usual monitoring.", "Nothing needs to be done at once."),
        ("Watch related activity for some days.", "Ask for a second opinion before blocking."),
        ("Block the indicator at firewall and proxy.", "Search the logs for earlier connections."),
    ),
)


def verdict_text(prompt: str) -> str:
    """The verdict on the numbers in the prompt, in the language whose labels the prompt names first."""
    places = [(place, each) for each in (_SPANISH, _ENGLISH) if (place := prompt.find(each.labels[0])) >= 0]
    words = min(places, key=lambda found: found[0])[1] if places else _ENGLISH
    facts = read_facts(prompt)
    numbers = (facts.detections, facts.abuse_score, facts.polyscore)
    reasons = [words.reasons[place].format(number) for place, number in enumerate(numbers) if number is not None]
    verdict, confidence, summary, why, actions = words.labels
    return "\n".join(
        (
            f"**{verdict}:** {words.verdicts[facts.level]}",
            f"**{confidence}:** {words.confidences[min(facts.said, 2)]}",
            f"**{summary}:** {words.summaries[facts.level]}",
            f"**{why}:**",
            *(f"- {reason}" for reason in reasons or words.reasons[3:]),
            f"**{actions}:**",
            *(f"- {action}" for action in words.actions[facts.level]),
        )
    )


def prompt_of(call: Call) -> str:
    """All message texts of a request, joined by line ends; raises ValueError when it holds none."""
    messages = call.json().get("messages")
    listed = messages if isinstance(messages, list) else []
    texts = [message.get("content") for message in listed if isinstance(message, dict)]
    joined = "\n".join(text for text in texts if isinstance(text, str))
    if not joined:
        raise ValueError("no message")
    return joined


# --- how it says it


async def answer(
    request: web.Request, call: Call, behaviour: Behaviour, *, speech: Speech, needs_key: bool
) -> web.StreamResponse:
    """Answer one request for a completion."""
    if behaviour is Behaviour.HANG:
        await silence()
    if behaviour is Behaviour.DROP:
        return drop(request)
    refusal = _refusal(call, behaviour, needs_key=needs_key)
    if refusal is not None:
        return refusal
    text = verdict_text(prompt_of(call)) if speech.text is None else speech.text
    model = str(call.json().get("model", ""))
    if not call.json().get("stream"):
        message = {"role": "assistant", "content": text}
        body = _frame(model) | {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": _USAGE}
        return respond(200, json.dumps(body, ensure_ascii=False).encode(), JSON)
    return await _stream(request, behaviour, _paced(behaviour, speech.pace_seconds, _blocks(behaviour, model, text)))


def _refusal(call: Call, behaviour: Behaviour, *, needs_key: bool) -> web.StreamResponse | None:
    key = call.headers.get("authorization", "").removeprefix("Bearer ")
    if needs_key and key in {"", "bad"}:
        behaviour = Behaviour.UNAUTHORIZED
    try:
        prompt_of(call)
    except ValueError:
        behaviour = Behaviour.BAD_REQUEST
    if behaviour is Behaviour.ERROR_IN_200:
        return respond(200, json.dumps({"error": _ERROR}).encode(), JSON)
    if behaviour in FIXED:
        return respond(*FIXED[behaviour])
    if behaviour not in _REFUSALS:
        return None
    status, kind, message = _REFUSALS[behaviour]
    body = {"error": {"code": status, "message": message, "metadata": {"error_type": kind}}, "user_id": "user_demo"}
    headers = (("Retry-After", "30"),) if behaviour is Behaviour.THROTTLED else ()
    return respond(status, json.dumps(body).encode(), JSON, headers)


_ERROR: Final[Json] = {
    "code": 502,
    "message": "The provider lost the connection.",
    "metadata": {"error_type": "provider_unavailable", "provider_code": "overloaded"},
}
_USAGE: Final[Json] = {"prompt_tokens": 900, "completion_tokens": 160, "total_tokens": 1060, "cost": 0}


async def _stream(request: web.Request, behaviour: Behaviour, blocks: AsyncIterator[str]) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Generation-Id": "gen-demo"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    line_end = "\r\n" if behaviour is Behaviour.CRLF else "\n"
    async for block in blocks:
        for piece in _pieces(f"{block}{line_end}{line_end}".encode(), behaviour):
            await response.write(piece)
            if behaviour is Behaviour.SPLIT_UTF8:
                await asyncio.sleep(_SPLIT_SECONDS)
    if behaviour is Behaviour.DROP_MID_STREAM and request.transport is not None:
        request.transport.close()  # what was written arrives, the end of the body does not
    return response


def _pieces(block: bytes, behaviour: Behaviour) -> Iterator[bytes]:
    """The block, for SPLIT_UTF8 cut behind each first byte of a longer character."""
    if behaviour is not Behaviour.SPLIT_UTF8:
        yield block
        return
    start = 0
    for place, byte in enumerate(block):
        if byte >= 0xC0:
            yield block[start : place + 1]  # the first byte of a character of several
            start = place + 1
    yield block[start:]


async def _paced(behaviour: Behaviour, pace_seconds: float, blocks: Iterator[str]) -> AsyncIterator[str]:
    is_slow = behaviour in {Behaviour.SLOW, Behaviour.ONLY_COMMENTS}
    for block in blocks:
        yield block
        await asyncio.sleep(_SLOW_SECONDS if is_slow else pace_seconds)


def _blocks(behaviour: Behaviour, model: str, text: str) -> Iterator[str]:
    """The events of a stream without their line ends."""
    yield COMMENT
    words = re.findall(r"\s*\S+\s*", text)
    match behaviour:
        case Behaviour.ONLY_COMMENTS:
            yield from [COMMENT] * _SLOW_CHUNKS
        case Behaviour.REASONING_ONLY:
            yield from (_chunk(model, {"content": "", "reasoning": word}) for word in words)
            yield from _ending(model)
        case Behaviour.ERROR_MID_STREAM:
            yield from _content(model, words[:_WORDS_BEFORE_TROUBLE])
            yield _data(_frame(model) | {"error": _ERROR, "choices": [_choice({"content": ""}, "error")]})
        case Behaviour.BROKEN_JSON:
            yield from _content(model, words[:_WORDS_BEFORE_TROUBLE])
            yield 'data: {"id": "gen-demo", "choices": [{"del'
            yield from _ending(model)
        case Behaviour.DROP_MID_STREAM:
            yield from _content(model, words[:_WORDS_BEFORE_TROUBLE])
        case Behaviour.NO_END_MARK:
            yield from _content(model, words)
        case Behaviour.SLOW:
            yield from _content(model, (words * _SLOW_CHUNKS)[:_SLOW_CHUNKS])
            yield from _ending(model)
        case _:
            yield from _content(model, words)
            yield from _ending(model)


def _content(model: str, words: list[str]) -> Iterator[str]:
    for place, word in enumerate(words):
        if place and place % _COMMENT_EVERY_WORDS == 0:
            yield COMMENT
        yield _chunk(model, {"role": "assistant", "content": word})


def _ending(model: str) -> Iterator[str]:
    yield _chunk(model, {"role": "assistant", "content": ""}, "stop")
    yield _data(_frame(model) | {"choices": [], "usage": _USAGE})
    yield "data: [DONE]"


def _chunk(model: str, delta: Json, finish_reason: str | None = None) -> str:
    return _data(_frame(model) | {"choices": [_choice(delta, finish_reason)]})


def _choice(delta: Json, finish_reason: str | None) -> Json:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason, "native_finish_reason": finish_reason}


def _frame(model: str) -> Json:
    routed = _ROUTED.get(model, model)
    return {
        "id": "gen-demo",
        "provider": "Demo",
        "model": routed,
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
    }


def _data(body: Json) -> str:
    return f"data: {json.dumps(body, ensure_ascii=False)}"
