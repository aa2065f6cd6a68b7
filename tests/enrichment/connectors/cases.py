"""The runner of connector cases: what is asked, what comes back and what is read from it, as JSON files."""

import base64
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from cybervault.domain.evidence import Answer, Evidence, JsonScalar, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.enrichment.connector import (
    Connector,
    DnsRequest,
    Failure,
    HttpRequest,
    Source,
    UpstreamReply,
    UpstreamRequest,
)

RECEIVED_AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
SOURCES: Final = Path(__file__).parents[2] / "cases" / "sources"


class Trap(StrEnum):
    """What a case tries; the architecture tests ask for the mandatory ones of every source."""

    KNOWN = "known"
    CLEAN = "clean"
    UNKNOWN = "unknown"
    BAD_KEY = "bad_key"
    MISSING_KEY = "missing_key"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    QUOTA = "quota"
    SERVER_ERROR = "server_error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    NOT_JSON = "not_json"
    WRONG_TYPES = "wrong_types"
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    SPECIAL = "special"


class RequestCase(msgspec.Struct, forbid_unknown_fields=True):
    """An expected request; `dns` is (name, record type, resolver) and excludes everything else."""

    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    secret_headers: tuple[tuple[str, str, str], ...] = ()
    method: str = "GET"
    body: str | None = None
    dns: tuple[str, str, str] | None = None

    def as_request(self) -> UpstreamRequest:
        if self.dns is not None:
            return DnsRequest(*self.dns)
        return HttpRequest(
            self.path,
            self.query,
            self.headers,
            tuple(SecretHeader(name, Secret(secret), scheme) for name, scheme, secret in self.secret_headers),
            method=self.method,
            body=None if self.body is None else self.body.encode(),
        )


class ReplyCase(msgspec.Struct, forbid_unknown_fields=True):
    """A reply; its body is given as JSON, as text or as base64, never as two of them."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    json: msgspec.Raw = msgspec.Raw()
    text: str = ""
    base64: str = ""
    records: tuple[str, ...] = ()
    failure: Failure | None = None

    def as_reply(self) -> UpstreamReply:
        return UpstreamReply(
            RECEIVED_AT,
            self.status,
            self.headers,
            body=bytes(self.json) or self.text.encode() or base64.b64decode(self.base64),
            records=self.records,
            failure=self.failure,
        )


class EvidenceCase(msgspec.Struct, forbid_unknown_fields=True):
    item: str
    bin: str
    field: str
    value: JsonScalar
    observed_at: datetime | None = None

    def as_evidence(self, source: Source) -> Evidence:
        return Evidence(source.name, self.item, self.bin, self.field, self.value, source.group, self.observed_at)


class AnswerCase(msgspec.Struct, forbid_unknown_fields=True):
    """An expected answer; of the warnings only the number counts, of the document only whether there is one."""

    outcome: Outcome
    evidence: tuple[EvidenceCase, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    pivots: tuple[str, ...] = ()
    warnings: int = 0
    has_document: bool = False


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One case; without requests nothing is asked, so there are no replies and no answer."""

    proves: str
    trap: Trap
    observable: str
    key: str | None
    requests: tuple[RequestCase, ...]
    replies: tuple[ReplyCase, ...]
    answer: AnswerCase | None


def case_files(name: str) -> list[Path]:
    """The case files of a source; a source without any is a mistake."""
    files = sorted((SOURCES / name).glob("*.json"))
    assert files, f"no cases for {name}"
    return files


def read_case(path: Path) -> Case:
    return msgspec.json.decode(path.read_bytes(), type=Case)


def check_case(connector: Connector, path: Path) -> None:
    """Hold one case against a connector: the requests it makes and the answer it reads."""
    case = read_case(path)
    observable = parse_observable(case.observable)
    key = None if case.key is None else Secret(case.key)
    assert case.proves.strip()
    assert connector.ask(observable, key) == tuple(request.as_request() for request in case.requests)
    assert len(case.replies) == len(case.requests)
    if case.answer is None:
        assert case.requests == ()
        return
    assert observable.kind in connector.source.kinds
    answer = connector.read(observable, tuple(reply.as_reply() for reply in case.replies))
    _check_answer(answer, case.answer, connector.source)


def _check_answer(answer: Answer, expected: AnswerCase, source: Source) -> None:
    assert answer.source == source.name
    assert answer.outcome is expected.outcome
    assert answer.evidence == tuple(evidence.as_evidence(source) for evidence in expected.evidence)
    assert answer.labels == expected.labels
    assert answer.pivots == expected.pivots
    assert len(answer.warnings) == expected.warnings, answer.warnings
    assert (answer.document is not None) is expected.has_document
    declared = dict(source.bins)
    for evidence in answer.evidence:
        assert evidence.bin in declared[evidence.item]
