"""What a request carries: bytes up to a cap, as strict JSON, as a model; a fault is named, what was sent never is."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers

from cybervault.domain.problems import Problem, ProblemKind

BODY_BYTES_MAX: Final = 10 * 1024 * 1024
BULK_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of routes that take files."""
HELD_BYTES_MAX: Final = 256 * 1024
"""A body that is not whole yet is held in memory up to here, and on disk beyond: slow senders cost no memory."""
JSON_DEPTH_MAX: Final = 64
# Less than v1 has for its whole answer, so that a slow sender is told what was slow.
BODY_SECONDS: Final = 20.0
BULK_SECONDS: Final = 120.0

_ROOM_SECONDS: Final = 10
_INTEGER_MAX: Final = 2**63
_INTEGER_CHARACTERS_MAX: Final = 20
_DETAILS_MAX: Final = 20
_NAMED_MAX: Final = 5

_JSON_TYPE: Final = re.compile(r"application/(?:json|[0-9a-z!#$&^_.+-]+\+json)", re.IGNORECASE)
_CHARSET: Final = re.compile(r'\s*charset\s*=\s*"?utf-8"?\s*', re.IGNORECASE)
_HALF_CHARACTER: Final = re.compile(rb"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
# Shorter than any key of ours.
_NAME: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")

ModelT = TypeVar("ModelT", bound=BaseModel)

# What a caller is told for the faults that need other words than "is not valid".
_REASONS: Final = {
    "missing": "must be given",
    "extra_forbidden": "is not known here",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
    "set_type": "must be an array",
    "frozen_set_type": "must be an array",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "has not the form that is wanted",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "greater_than": "is too small",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
}
# Their words name what is allowed, which is ours, and nothing of what was sent.
_SELF_EXPLAINING: Final = frozenset({"literal_error", "enum"})


async def read_bytes(
    chunks: AsyncIterator[bytes], declared: str | None, *, most: int = BODY_BYTES_MAX, seconds: float = BODY_SECONDS
) -> bytes:
    """The whole body; `Problem` TOO_LARGE `payload_too_large`, before anything is read where the length says so.

    One that is not whole after so many seconds is INVALID `body_timeout`: nobody holds a place by sending drops.
    """
    if declared is not None and declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(seconds):
            return await _joined(chunks, most)
    except TimeoutError:
        raise Problem(
            ProblemKind.INVALID,
            code="body_timeout",
            message=f"The body was not whole after {seconds:g} seconds.",
        ) from None


async def _joined(chunks: AsyncIterator[bytes], most: int) -> bytes:
    with SpooledTemporaryFile(max_size=HELD_BYTES_MAX) as held:
        async for chunk in chunks:
            if held.tell() + len(chunk) > most:
                raise _too_large(most)
            _put(held, chunk)
        held.seek(0)
        return held.read()


def _put(held: IO[bytes], chunk: bytes) -> None:
    try:
        held.write(chunk)
    except OSError as error:
        raise Problem(
            ProblemKind.UNAVAILABLE,
            code="service_unavailable",
            message="The server has no room for a body of this size at the moment.",
            detail=f"temporary file: {error.strerror}",
            retry_after_seconds=_ROOM_SECONDS,
        ) from None


def refuse_media_type(headers: Headers) -> None:
    """Raise `Problem` INVALID `unsupported_media_type` for anything but JSON in UTF-8, sent as it is."""
    types = headers.getlist("content-type")
    media, _, rest = "".join(types).partition(";")
    is_json = len(types) == 1 and _JSON_TYPE.fullmatch(media.strip()) is not None
    charsets = [part for part in rest.split(";") if part.strip().lower().startswith("charset")]
    is_utf8 = all(_CHARSET.fullmatch(part) for part in charsets)
    if not is_json or not is_utf8 or headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise Problem(
            ProblemKind.INVALID,
            code="unsupported_media_type",
            message="Send the body as application/json in UTF-8, not compressed.",
        )


def read_json(raw: bytes) -> object:
    """The value of a JSON text.

    Raises `Problem` INVALID `invalid_json` for what is no JSON, and for JSON that two readers could take for different
    things: a name twice in one object, NaN, numbers beyond 64 bits, half characters; or that is nested too deeply.
    """
    try:
        value: object = json.loads(
            raw.decode(),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_integer,
            parse_float=_float,
        )
        if _HALF_CHARACTER.search(raw):
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise _invalid_json(f"The body is not JSON, from its character {error.pos} on.") from None
    except UnicodeError:
        raise _invalid_json("The body is not text in UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    if raw.count(b"[") + raw.count(b"{") > JSON_DEPTH_MAX and _is_deep(value):
        raise _too_deep()
    return value


def read_body(model: type[ModelT], raw: bytes) -> ModelT:
    """The model of a JSON body, in which a number is no string and a string no number.

    Raises `Problem` INVALID `invalid_json`, `missing_parameter` or `invalid_parameter`.
    """
    read_json(raw)
    try:
        # From the text again: strict Python values could be no dates and no enums.
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        raise _invalid(error) from None


def read_query(model: type[ModelT], pairs: Sequence[tuple[str, str]]) -> ModelT:
    """The model of a query; the first value of a repeated parameter wins, unknown ones are ignored.

    Raises `Problem` INVALID `missing_parameter` or `invalid_parameter`.
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> Problem:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    details = tuple((_field(fault["loc"]), _reason(fault)) for fault in faults[:_DETAILS_MAX])
    if all(fault["type"] == "missing" for fault in faults):
        return _malformed("missing_parameter", details)
    return _malformed("invalid_parameter", details)


def _malformed(code: str, details: tuple[tuple[str, str], ...]) -> Problem:
    words = "; ".join(f"{field} {reason}" for field, reason in details[:_NAMED_MAX])
    return Problem(ProblemKind.INVALID, code=code, message=f"{words}.", details=details)


def _field(place: tuple[int | str, ...]) -> str:
    """The path of a field. Some names are the caller's own: what does not look like a name may be a secret."""
    return ".".join(str(part) if _NAME.fullmatch(str(part)) else "?" for part in place) or "body"


def _reason(fault: Mapping[str, Any]) -> str:
    kind = str(fault["type"])
    if kind in _SELF_EXPLAINING:
        words = str(fault["msg"])
        return f"{words[:1].lower()}{words[1:]}".replace("input ", "", 1)
    return _REASONS.get(kind, "is not valid")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _invalid_json("A name stands twice in one object of the body.")
    return value


def _refuse_constant(_text: str) -> NoReturn:
    raise _invalid_json("NaN and Infinity are no JSON.")


def _integer(text: str) -> int:
    value = int(text) if len(text) <= _INTEGER_CHARACTERS_MAX else _INTEGER_MAX
    if not -_INTEGER_MAX <= value < _INTEGER_MAX:
        raise _invalid_json("A number of the body does not fit into 64 bits.")
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _invalid_json("A number of the body is too large.")
    return value


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(JSON_DEPTH_MAX + 1):
        boxes = [item for item in level if isinstance(item, dict | list)]
        if not boxes:
            return False
        level = [item for box in boxes for item in (box.values() if isinstance(box, dict) else box)]
    return True


def _invalid_json(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="invalid_json", message=message)


def _too_deep() -> Problem:
    return _invalid_json(f"The body is nested more than {JSON_DEPTH_MAX} deep.")


def _too_large(most: int) -> Problem:
    return Problem(
        ProblemKind.TOO_LARGE,
        code="payload_too_large",
        message=f"The body is larger than {most // 1024} KiB, the most this takes.",
    )
