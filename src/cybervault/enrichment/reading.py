"""Reading what a source sent: JSON bytes to typed values that are right or absent, and failures to outcomes.

Nothing here raises on what a source can send. A value of the wrong type is an absent value, so a source that changes
its form loses evidence but never breaks an assessment.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final, assert_never

import msgspec

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Observable, parse_observable
from cybervault.domain.problems import Problem
from cybervault.enrichment.connector import Failure, Source, UpstreamReply

LABEL_CHARACTERS_MAX: Final = 120
PIVOTS_MAX: Final = 20
_INTEGER_MAX: Final = 2**53  # beyond it JSON readers of other languages disagree about the number
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


def json_value(body: bytes) -> object:
    """The JSON value that is the whole body; None when the body is no JSON, or says null."""
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value


def json_object(body: bytes) -> Mapping[str, object] | None:
    """The JSON object that is the whole body; None when the body is anything else."""
    value = json_value(body)
    return value if isinstance(value, dict) else None


def at(root: object, *path: str | int) -> object:
    """The raw value below `root`: a name goes into an object, a number into an array; None where the way ends."""
    for step in path:
        if isinstance(step, str) and isinstance(root, Mapping):
            root = root.get(step)
        elif isinstance(step, int) and isinstance(root, list) and 0 <= step < len(root):
            root = root[step]
        else:
            return None
    return root


def text(root: object, *path: str | int) -> str | None:
    """The text there without surrounding blanks; None when it is empty or no text."""
    value = at(root, *path)
    return (value.strip() or None) if isinstance(value, str) else None


def integer(root: object, *path: str | int) -> int | None:
    """The whole number there (a boolean is none, nor is one beyond 2**53)."""
    value = at(root, *path)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _INTEGER_MAX:
        return None
    return value


def number(root: object, *path: str | int) -> float | None:
    """The finite number there, whole or not (a boolean is none)."""
    value = at(root, *path)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    whole = integer(value)
    return None if whole is None else float(whole)


def flag(root: object, *path: str | int) -> bool | None:
    """The boolean there."""
    value = at(root, *path)
    return value if isinstance(value, bool) else None


def mapping(root: object, *path: str | int) -> Mapping[str, object]:
    """The object there; empty when there is none."""
    value = at(root, *path)
    return value if isinstance(value, Mapping) else _NOTHING


def sequence(root: object, *path: str | int) -> Sequence[object]:
    """The array there; empty when there is none."""
    value = at(root, *path)
    return value if isinstance(value, list) else ()


def moment(root: object, *path: str | int) -> datetime | None:
    """The date there in UTC: epoch seconds after 1970, or ISO 8601; without a zone it is read as UTC."""
    value = at(root, *path)
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        seconds = number(value)
        return datetime.fromtimestamp(seconds, UTC) if seconds is not None and seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def retry_after_seconds(reply: UpstreamReply) -> int | None:
    """How long the source asks us to wait (Retry-After as seconds or as a date), or None when it does not say."""
    asked = reply.header("retry-after").strip()
    if asked.isascii() and asked.isdigit():
        return int(asked[:9])
    try:
        date = parsedate_to_datetime(asked)
    except (ValueError, OverflowError):
        return None
    aware = date.replace(tzinfo=UTC) if date.tzinfo is None else date
    return max(0, round((aware - reply.received_at).total_seconds()))


def shorten(value: str) -> str:
    """Text of a stranger as one short printable line: no control or direction characters, at most 120 characters."""
    kept = "".join(character if character.isprintable() else " " for character in value[: 4 * LABEL_CHARACTERS_MAX])
    line = " ".join(kept.split())
    return line if len(line) <= LABEL_CHARACTERS_MAX else f"{line[: LABEL_CHARACTERS_MAX - 1]}…"


def labels(*pairs: tuple[str, str | int | None]) -> tuple[tuple[str, str], ...]:
    """Labels for people: shortened, without those that have no value."""
    lines = ((name, shorten(str(value))) for name, value in pairs if value is not None)
    return tuple((name, line) for name, line in lines if line)


def pivots(observable: Observable, candidates: Iterable[object], most: int = PIVOTS_MAX) -> tuple[str, ...]:
    """The canonical texts of related observables, each once and in order, without `observable` itself.

    What is no text or no observable is left out, and so is what lies inside (a private address, a `.local` name).
    """
    found: dict[str, None] = {}
    for candidate in candidates:
        if len(found) >= most:
            break
        related = _observable(candidate)
        if related is not None and related.value != observable.value and related.is_outside:
            found[related.value] = None
    return tuple(found)


def _observable(candidate: object) -> Observable | None:
    if not isinstance(candidate, str):
        return None
    try:
        return parse_observable(candidate)
    except Problem:
        return None


def outcome_of(failure: Failure) -> Outcome:
    """How asking ended when no reply came."""
    match failure:
        case Failure.TIMEOUT:
            return Outcome.TIMEOUT
        case Failure.UNREACHABLE | Failure.REFUSED:
            return Outcome.UPSTREAM_ERROR
        case Failure.TOO_LARGE | Failure.BAD_ENCODING:
            return Outcome.BAD_PAYLOAD
        case _:
            assert_never(failure)


_OUTCOME_BY_STATUS: Final[Mapping[int, Outcome]] = {
    401: Outcome.BAD_KEY,
    403: Outcome.FORBIDDEN,
    429: Outcome.THROTTLED,
}


def failed(source: Source, reply: UpstreamReply, *, unknown_statuses: tuple[int, ...] = ()) -> Answer | None:
    """The answer for an HTTP reply with nothing to read in it; None for every other 2xx, the connector's to read.

    `unknown_statuses` are those by which this source says that it does not know the observable (404, 204).
    A status outside the table gives an upstream error with one warning that names it.
    """
    if reply.failure is not None:
        return Answer(source.name, outcome_of(reply.failure))
    if reply.status in unknown_statuses:
        return unknown(source)
    if 200 <= reply.status < 300:  # noqa: PLR2004 - the success class of RFC 9110
        return None
    outcome = _OUTCOME_BY_STATUS.get(reply.status)
    if outcome is not None:
        return Answer(source.name, outcome)
    return Answer(
        source.name, Outcome.UPSTREAM_ERROR, warnings=(f"{source.title} answered with status {reply.status}.",)
    )


def bad_payload(source: Source) -> Answer:
    """The answer for a success whose body is not the documented form."""
    return Answer(source.name, Outcome.BAD_PAYLOAD)


def unknown(source: Source, document: bytes | None = None) -> Answer:
    """The answer for "does not know the observable", with the source's own words where it sent some."""
    return Answer(source.name, Outcome.UNKNOWN, document=document)
