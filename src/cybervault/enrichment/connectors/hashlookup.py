"""CIRCL hashlookup knows files by their hash: operating systems, distributions and products, and some known malware.

"Unknown" is a 404, and was seen as a 200 whose only word is `message`. Known does not mean good: the catalogues hold
tools of attackers too, so only `hashlookup:trust` (0 to 100, 50 is no opinion) and `KnownMalicious` are weighed, and
malicious wins over any trust. Numbers come as texts (`FileSize` always, trust sometimes); product names as an object or
a list of them. Whoever published the package chose `FileName` and the product's name.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, JsonScalar, Outcome
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment import reading
from cybervault.enrichment.connector import (
    DAY_SECONDS,
    Connector,
    HttpRequest,
    KeyRule,
    Quota,
    Source,
    UpstreamReply,
    UpstreamRequest,
)

SOURCE: Final = Source(
    name="hashlookup",
    title="CIRCL hashlookup",
    homepage="https://www.circl.lu/services/hashlookup/",
    knows="Files of operating systems, distributions and known software by hash, with a level of trust.",
    kinds=frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256}),
    key=KeyRule.NONE,
    key_header="",
    quota=(Quota(120, 60),),  # best effort, no number is published
    group=EvidenceGroup.KNOWN_FILES,
    url="https://hashlookup.circl.lu",
    bins=(("trust", ("high", "neutral", "low", "known_malicious")),),
    known_seconds=DAY_SECONDS,
    unknown_seconds=3_600,
)

_DIGESTS: Final = ("MD5", "SHA-1", "SHA-256")
_RECOGNISED: Final = (*_DIGESTS, "FileName", "KnownMalicious")
_TRUST: Final = "hashlookup:trust"
_NO_OPINION: Final = 50
_TRUST_MAX: Final = 100


def ask(observable: Observable, _key: Secret | None) -> tuple[UpstreamRequest, ...]:
    return (HttpRequest(f"/lookup/{observable.kind}/{observable.value}", headers=(("accept", "application/json"),)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        return failure
    document = reading.json_object(reply.body)
    if document is None:
        return reading.bad_payload(SOURCE)
    evidence = tuple(_trust(document))
    if not evidence and not any(reading.text(document, name) for name in _RECOGNISED):
        is_unknown = "non existing" in (reading.text(document, "message") or "").lower()
        return reading.unknown(SOURCE, reply.body) if is_unknown else reading.bad_payload(SOURCE)
    return Answer(
        SOURCE.name,
        Outcome.HIT if evidence else Outcome.CLEAN,
        evidence,
        document=reply.body,
        labels=_labels(document),
        pivots=reading.pivots(observable, [reading.text(document, name) for name in _DIGESTS]),
    )


def _trust(document: Mapping[str, object]) -> Iterator[Evidence]:
    """One item: who calls the file malicious, or else how far it is trusted."""
    malicious = _known_malicious(document)
    trust = _whole(document, _TRUST)
    if malicious:
        yield _evidence("known_malicious", "KnownMalicious", malicious)
    elif trust is not None and 0 <= trust <= _TRUST_MAX:
        bin_ = "high" if trust > _NO_OPINION else "low" if trust < _NO_OPINION else "neutral"
        yield _evidence(bin_, _TRUST, trust)


def _known_malicious(document: Mapping[str, object]) -> str:
    """The lists that call it malicious, separated by blanks on the wire or given as an array."""
    named = document.get("KnownMalicious")
    texts = map(reading.text, named if isinstance(named, list) else [named])
    return reading.shorten(", ".join(text for text in texts if text is not None))


def _labels(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    products = (reading.text(document, "ProductCode", *way, "ProductName") for way in ((), (0,)))
    return reading.labels(
        ("file_name", reading.text(document, "FileName")),
        ("file_size", _whole(document, "FileSize")),
        ("file_type", reading.text(document, "mimetype")),
        ("product", next(filter(None, products), None)),
        ("catalogue", reading.text(document, "source") or reading.text(document, "db")),
    )


def _whole(document: Mapping[str, object], name: str) -> int | None:
    """A whole number that may have been written as a text."""
    digits = reading.text(document, name)
    if digits is None:
        return reading.integer(document, name)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None  # noqa: PLR2004 - < 2**53


def _evidence(bin_: str, field: str, value: JsonScalar) -> Evidence:
    return Evidence(SOURCE.name, "trust", bin_, field, value, SOURCE.group)


CONNECTOR: Final = Connector(SOURCE, ask, read)
