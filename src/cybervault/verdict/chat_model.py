"""The language model behind the verdict in words: an OpenAI-compatible chat-completions stream, read through egress.

Every quirk of servers met here is a case in tests/cases/chat_model: failures that arrive with status 200, comments,
`choices: []`, thoughts beside the answer, an end without its mark. Nothing of a key is ever in a message.
"""

import json
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self, TypeAlias

import msgspec

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.client import Egress
from cybervault.egress.message import EgressError, EgressFailure, OutgoingRequest
from cybervault.egress.stream import StreamReply
from cybervault.verdict.sse import EventReader

FIRST_BYTE_SECONDS: Final = 30.0
WHOLE_SECONDS: Final = 120.0
MESSAGE_CHARACTERS_MAX: Final = 300

_TEMPERATURE: Final = 0.2
_TOKENS_MAX: Final = 700
_BODY_BYTES_MAX: Final = 8 * 1024 * 1024
_END_MARK: Final = "[DONE]"


@dataclass(frozen=True, slots=True)
class Routed:
    """The model that really answers."""

    model: str


@dataclass(frozen=True, slots=True)
class Written:
    """The next piece of the answer, never empty."""

    text: str


Part: TypeAlias = Routed | Written


class ModelFailureReason(StrEnum):
    """The closed list of contract 1.1.7."""

    INVALID_API_KEY = "invalid_api_key"
    MODEL_ERROR = "model_error"
    API_UNAVAILABLE = "api_unavailable"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


class ModelFailure(Exception):  # noqa: N818 - an expected failure is no Error in this house
    """Why there is no answer, or no more of it.

    `reason` is None when the stream broke in a way that says nothing about whose fault it is. `has_begun` is
    whether the service had accepted the request. `message` is the service's own, at most 300 characters, without
    anything that looks like a key.
    """

    def __init__(self, reason: ModelFailureReason | None, message: str = "", *, has_begun: bool) -> None:
        super().__init__(message or (reason or "the stream broke"))
        self.reason = reason
        self.message = message
        self.has_begun = has_begun

    @property
    def stage_known(self) -> bool:
        """Whether the failure is the model's or its service's for sure."""
        return self.reason is not None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a stream ended that did not fail."""

    has_end_mark: bool
    finish_reason: str | None

    @property
    def truncated(self) -> bool:
        """Whether the answer is cut: by its length, or because the stream just stopped."""
        return self.finish_reason == "length" or not (self.has_end_mark or self.finish_reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatModelSetup:
    """What the operator decided: `url` is the base of the API, without `/chat/completions`.

    `site_url` and `site_name` are how we introduce ourselves to OpenRouter.
    """

    url: str
    name: str = "OpenRouter"
    default_key: Secret | None = None
    needs_key: bool = True
    site_url: str = "http://localhost"
    site_name: str = "CyberVault"
    first_byte_seconds: float = FIRST_BYTE_SECONDS
    whole_seconds: float = WHOLE_SECONDS


class ChatModel:
    """One endpoint that writes."""

    def __init__(self, egress: Egress, setup: ChatModelSetup) -> None:
        self._egress = egress
        self._setup = setup

    def has_key(self, own_key: Secret | None) -> bool:
        """Whether it can be asked, with the caller's own key, the operator's, or without any."""
        return not self._setup.needs_key or (own_key or self._setup.default_key) is not None

    def write(self, prompt: str, *, model: str, key: Secret | None) -> "Writing":
        """Ask for an answer to one user message. `key` is the caller's own; it never falls back to the operator's.

        Nothing is sent before the first part is taken. Taking parts raises `ModelFailure`.
        """
        chosen = key or self._setup.default_key
        request = None if chosen is None and self._setup.needs_key else self._request(prompt, model, chosen)
        return Writing(self._egress, request, self._setup.first_byte_seconds)

    def _request(self, prompt: str, model: str, key: Secret | None) -> OutgoingRequest:
        body = {
            "model": model,
            "messages": [{"role": "user", "content": prompt}],
            "stream": True,
            "temperature": _TEMPERATURE,
            "max_tokens": _TOKENS_MAX,
        }
        return OutgoingRequest(
            url=f"{self._setup.url.rstrip('/')}/chat/completions",
            method="POST",
            headers=(
                ("content-type", "application/json"),
                ("accept", "text/event-stream"),
                ("http-referer", self._setup.site_url),
                ("x-title", self._setup.site_name),
            ),
            secret_headers=() if key is None else (SecretHeader("authorization", key, "Bearer "),),
            body=msgspec.json.encode(body),
            timeout_seconds=self._setup.whole_seconds,
            body_bytes_max=_BODY_BYTES_MAX,
        )


class Writing:
    """An answer being written: an iterator of its parts, with `ending` set once they are all taken."""

    def __init__(self, egress: Egress, request: OutgoingRequest | None, first_byte_seconds: float) -> None:
        self._egress = egress
        self._first_byte_seconds = first_byte_seconds
        self._request = request
        self._answer = _ModelAnswer()
        self._has_begun = False
        self._parts = self._written()

    @property
    def ending(self) -> Ending | None:
        """How it ended; None while it is being written and after a failure."""
        return self._answer.ending

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Part:
        return await anext(self._parts)

    async def aclose(self) -> None:
        """Stop, and close the connection."""
        await self._parts.aclose()

    async def _written(self) -> AsyncGenerator[Part]:
        if self._request is None:
            raise ModelFailure(ModelFailureReason.INVALID_API_KEY, has_begun=False)
        try:
            async with self._egress.stream(self._request, first_byte_seconds=self._first_byte_seconds) as reply:
                if not 200 <= reply.status < 300:  # noqa: PLR2004 - the success class of RFC 9110
                    raise _refusal(reply.status, await _body(reply))
                async with aclosing(self._read(reply)) as parts:
                    async for part in parts:
                        yield part
        except EgressError as error:
            failure = error.failure
        else:
            return
        is_network = failure is EgressFailure.TIMEOUT or not self._has_begun
        raise ModelFailure(ModelFailureReason.API_UNAVAILABLE if is_network else None, has_begun=self._has_begun)

    async def _read(self, reply: StreamReply) -> AsyncGenerator[Part]:
        if reply.header("content-type").startswith("application/json"):  # a server that does not stream
            body = await reply.read()
            self._has_begun = True
            for part in self._answer.take(body.decode(errors="replace")):
                yield part
            self._answer.end(has_mark=True)
            return
        reader = EventReader()
        async for piece in reply.chunks():
            self._has_begun = True
            for data in reader.feed(piece):
                for part in self._answer.take(reply.masked(data)):
                    yield part
            if self._answer.ending is not None:
                return
        for part in self._answer.take_tail([reply.masked(data) for data in reader.finish()]):
            yield part
        self._answer.end(has_mark=False)


class _ModelAnswer:
    """What the chunks of one stream add up to."""

    def __init__(self) -> None:
        self.ending: Ending | None = None
        self._finish_reason: str | None = None
        self._is_routed = False
        self._has_content = False
        self._has_thoughts = False

    def take(self, data: str) -> Iterator[Part]:
        """The parts in one event, in order; nothing after the end mark. Raises `ModelFailure`."""
        if self.ending is not None:
            return
        if data.strip() == _END_MARK:
            self.end(has_mark=True)
            return
        chunk = _object(data)
        if chunk is None:
            raise ModelFailure(None, has_begun=True)
        if chunk.get("error"):
            raise ModelFailure(ModelFailureReason.MODEL_ERROR, _message(chunk), has_begun=True)
        model = _text(chunk.get("model"))
        if model and not self._is_routed:
            self._is_routed = True
            yield Routed(model)
        for text in self._contents(chunk.get("choices")):
            self._has_content = True
            yield Written(text)

    def take_tail(self, events: Sequence[str]) -> Iterator[Part]:
        """The parts of an event that the end of the stream cut: all of them, or none where the cut broke it."""
        for data in events:
            if data.strip() == _END_MARK or _object(data) is not None:
                yield from self.take(data)

    def end(self, *, has_mark: bool) -> None:
        """Nothing more comes. Raises `ModelFailure` when there were thoughts, a refusal or a filter but no answer."""
        if self.ending is not None:
            return
        if not self._has_content and (self._has_thoughts or self._finish_reason == "content_filter"):
            raise ModelFailure(ModelFailureReason.MODEL_ERROR, "The model gave no answer.", has_begun=True)
        self.ending = Ending(has_mark, self._finish_reason)

    def _contents(self, choices: object) -> Iterator[str]:
        for choice in choices if isinstance(choices, list) else ():
            if not isinstance(choice, dict):
                continue
            self._finish_reason = _text(choice.get("finish_reason")) or self._finish_reason
            if self._finish_reason == "error":
                raise ModelFailure(ModelFailureReason.MODEL_ERROR, has_begun=True)
            said = choice.get("delta") or choice.get("message")
            if isinstance(said, dict):
                self._has_thoughts |= any(_text(said.get(name)) for name in _BESIDE_THE_ANSWER)
                yield from filter(None, [_text(said.get("content"))])


# Names under which servers send thoughts, and OpenAI a refusal: never shown as the answer.
_BESIDE_THE_ANSWER: Final = ("reasoning", "reasoning_content", "thinking", "refusal")


async def _body(reply: StreamReply) -> bytes:
    """What a refusal says; its status is enough where the rest is lost."""
    try:
        return await reply.read()
    except EgressError:
        return b""


def _object(data: str) -> dict[str, Any] | None:
    try:
        value = json.loads(data)  # not msgspec, which refuses the halves of a character that some servers send apart
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: object) -> str:
    """A text that UTF-8 can carry; anything else is none."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if isinstance(value, str) else ""


_STATUSES_UNAVAILABLE: Final = frozenset({408, 429})
_STATUSES_KEY: Final = frozenset({401, 403})
_STATUSES_MODEL: Final = frozenset({400, 404, 413, 422})
_SERVER_ERROR_MIN: Final = 500


def _refusal(status: int, body: bytes) -> ModelFailure:
    """The failure for a status that is no success (contract 1.1.6)."""
    reason = ModelFailureReason.UNKNOWN
    if status in _STATUSES_KEY:
        reason = ModelFailureReason.INVALID_API_KEY
    elif status in _STATUSES_MODEL:
        reason = ModelFailureReason.MODEL_ERROR
    elif status in _STATUSES_UNAVAILABLE or status >= _SERVER_ERROR_MIN:
        reason = ModelFailureReason.API_UNAVAILABLE
    return ModelFailure(reason, _message(_object(body.decode(errors="replace")) or {}), has_begun=False)


# Keys of known makes, what follows a word for a key, and any long run of letters and digits mixed.
_KEY_LIKE: Final = re.compile(
    r"\b(?:sk|pk|rk|key|cv|cbr|gsk|xai|hf)[-_][\w-]{4,}"
    r"|\bbearer\s+\S*\w"
    r"|(?:(?<=\bkey: )|(?<=\bkey=)|(?<=\bprovided: )|(?<=\btoken: )|(?<=\btoken=))\S*\w"
    r"|\b(?=[A-Za-z_-]*\d)[\w-]{24,}",
    re.IGNORECASE | re.ASCII,
)


def _message(body: Mapping[str, Any]) -> str:
    """The service's own words in one printable line, without anything that looks like a key."""
    error = body.get("error")
    said = error.get("message") if isinstance(error, Mapping) else error
    text = _text(said) or _text(body.get("message"))
    line = " ".join(
        "".join(sign if sign.isprintable() else " " for sign in text[: 10 * MESSAGE_CHARACTERS_MAX]).split()
    )
    shown = _KEY_LIKE.sub("•••", line)
    return shown if len(shown) <= MESSAGE_CHARACTERS_MAX else f"{shown[: MESSAGE_CHARACTERS_MAX - 1]}…"
