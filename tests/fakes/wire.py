"""What the stand-ins for outside services hear and say, as values."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Final, TypeAlias

from tests.fakes.world import Profile

Json: TypeAlias = dict[str, object]

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
HTML: Final = "text/html"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came over the wire.

    `path` is relative to the source's base address, header names are in lower case, `query` holds the last value of
    each name (a bare flag is ""), `at` counts seconds on the farm's clock.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    def json(self) -> Json:
        """The body as a JSON object; raises ValueError for any other body."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise ValueError("the body is no JSON object")  # noqa: TRY004 - one error for every wrong body
        return value


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply: no document is an empty body; several, or NDJSON, stand one a line with CRLF."""

    status: int
    documents: tuple[Json, ...] = ()
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """The documents as they travel."""
        lines = [json.dumps(document, ensure_ascii=False).encode() for document in self.documents]
        return b"".join(line + b"\r\n" for line in lines) if self.content_type == NDJSON else b"".join(lines)


class Fault(Enum):
    """Why a source refuses: the status, and a word, because haste and a spent allowance share 429."""

    BAD_REQUEST = (400, "bad request")
    UNAUTHORIZED = (401, "unauthorized")
    FORBIDDEN = (403, "forbidden")
    NOT_FOUND = (404, "not found")
    UNPROCESSABLE = (422, "unprocessable")
    THROTTLED = (429, "throttled")
    QUOTA = (429, "quota")
    SERVER_ERROR = (500, "server error")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]


def same(text: str) -> str:
    """Let a text stand as it is: nobody attacks."""
    return text


@dataclass(frozen=True, slots=True)
class Scene:
    """What a source is asked: about what, what it knows of it, when, and who writes the texts of strangers.

    Every text that an attacker can choose passes through `written`.
    """

    call: Call
    subject: str
    profile: Profile | None
    now: datetime
    written: Callable[[str], str] = same

    @property
    def known(self) -> Profile:
        """The profile, or one that says nothing."""
        return self.profile or Profile()

    def days_ago(self, days: float) -> datetime:
        """A moment that many days before today's midnight, so that a day's replies are alike to the byte."""
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=days)

    @property
    def registered_at(self) -> datetime | None:
        """When the name or network was registered."""
        registered = self.known.registered
        if isinstance(registered, date):
            return datetime(registered.year, registered.month, registered.day, tzinfo=UTC)
        return None if registered is None else self.days_ago(registered / timedelta(days=1))

    def epoch(self, days: float) -> int:
        """The same as seconds since 1970."""
        return int(self.days_ago(days).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How one source speaks.

    `answer` is its reply to a good request and `problem` its way to say a failing `Fault`. `needs_key` refuses requests
    without the header; `bulk` is where its documents grow without end.
    """

    answer: Callable[[Scene], Reply]
    problem: Callable[[Fault, Scene], Reply]
    key_header: str = ""
    needs_key: bool = False
    bulk: tuple[str, ...] = ("padding",)
