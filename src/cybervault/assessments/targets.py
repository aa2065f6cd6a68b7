"""What a caller wants assessed, read once: an observable, a raw payload, or a record of telemetry."""

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Any, Final

from cybervault.domain.assessments import Sort, Target
from cybervault.domain.observables import (
    ADDRESS_KINDS,
    HASH_KINDS,
    TEXT_CHARACTERS_MAX,
    Kind,
    Observable,
    parse_observable,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.telemetry import Telemetry, read_telemetry
from cybervault.payloads.extract import observables_in
from cybervault.payloads.identify import Identity, identify, text_of
from cybervault.payloads.marks import Mark, marks_in

PAYLOAD_BYTES_MAX: Final = 1024 * 1024
OBSERVABLES_MAX: Final = 200
_AT_ONCE_CHARACTERS: Final = 4_096
_BASE64_MARK: Final = ";base64"


class TargetType(StrEnum):
    """What a caller says that its target is (contract 1.3.3)."""

    IP = "ip"
    HASH = "hash"
    URL = "url"
    DOMAIN = "domain"
    PAYLOAD = "payload"


_KINDS: Final[Mapping[TargetType, frozenset[Kind]]] = {
    TargetType.IP: ADDRESS_KINDS,
    TargetType.HASH: HASH_KINDS,
    TargetType.URL: frozenset({Kind.URL}),
    TargetType.DOMAIN: frozenset({Kind.DOMAIN}),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A target, the observables in it (the target itself first), and what its bytes or its telemetry show.

    `tags` are what a finding on it names beside observables, such as `host:finance-07`.
    """

    target: Target
    observables: tuple[Observable, ...]
    identity: Identity | None = None
    marks: tuple[Mark, ...] = ()
    telemetry: Telemetry | None = None
    warnings: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def read_target(text: str, declared: TargetType | None = None) -> Reading:
    """An observable where the text is one, else a raw payload.

    Bytes that are no text come as a data URL with base64 (RFC 2397). Raises `Problem` INVALID `invalid_parameter` for
    an empty text and for one that is not of the declared type, TOO_LARGE `payload_too_large`.
    """
    if not text.strip():
        raise _invalid("target", "must not be empty")
    observable = None if declared is TargetType.PAYLOAD else _observable_in(text)
    kinds = None if declared is None else _KINDS.get(declared)
    if kinds is not None and (observable is None or observable.kind not in kinds):
        raise _invalid("target", f"is no {declared}, as target_type says")
    if observable is not None:
        return reading_of(observable)
    return read_payload(_bytes_of(text))


def reading_of(observable: Observable) -> Reading:
    """An observable as a target."""
    return Reading(Target(Sort.INDICATOR, observable.kind.value, observable.value), (observable,))


def canonical_text(text: str | None) -> str | None:
    """How the target that a caller means by this text is kept; what is no observable stays as it is."""
    observable = None if text is None else _observable_in(text)
    return text if observable is None else observable.value


@dataclass(frozen=True, slots=True)
class Handed:
    """A target as it was handed in: a text and what it was said to be, or a record of telemetry of a kind."""

    text: str = ""
    declared: TargetType | None = None
    kind: str = ""
    record: Mapping[str, Any] | None = None

    async def read(self) -> Reading:
        """As `read_target` or `read_record`; while a long text is looked through others are answered."""
        if self.record is not None:
            return read_record(self.kind, self.record)
        if len(self.text) <= _AT_ONCE_CHARACTERS:
            return read_target(self.text, self.declared)
        return await asyncio.to_thread(read_target, self.text, self.declared)


def read_payload(raw: bytes) -> Reading:
    """Bytes by their hashes, by what they are, and by what they refer to. `Problem` TOO_LARGE `payload_too_large`."""
    if len(raw) > PAYLOAD_BYTES_MAX:
        raise Problem(
            ProblemKind.TOO_LARGE,
            code="payload_too_large",
            message=f"A payload has at most {PAYLOAD_BYTES_MAX // 1024} KiB.",
        )
    own = Observable(Kind.SHA256, hashlib.sha256(raw).hexdigest())
    found = observables_in(raw, most=OBSERVABLES_MAX)
    warnings = (f"Only its first {OBSERVABLES_MAX} observables were assessed.",) if found.is_cut else ()
    return Reading(
        Target(Sort.PAYLOAD, "payload", own.value),
        (own, *found.observables),
        identity=identify(raw),
        marks=marks_in(text_of(raw)),
        warnings=warnings,
    )


def read_record(kind: str, payload: Mapping[str, object]) -> Reading:
    """A record of telemetry; `Problem` INVALID `invalid_parameter` as `read_telemetry` says."""
    telemetry = read_telemetry(kind, payload)
    addresses = (
        Observable(Kind.IPV6 if isinstance(one.address, IPv6Address) else Kind.IPV4, str(one.address))
        for one in telemetry.connections
    )
    observables = dict.fromkeys((*telemetry.hashes, *addresses, *telemetry.domains, *telemetry.urls))
    canonical = json.dumps([kind, payload], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return Reading(
        Target(Sort.TELEMETRY, kind, digest), tuple(observables), telemetry=telemetry, warnings=telemetry.warnings
    )


def _observable_in(text: str) -> Observable | None:
    if len(text) > TEXT_CHARACTERS_MAX:
        return None
    try:
        return parse_observable(text)
    except Problem:
        return None


def _bytes_of(text: str) -> bytes:
    head, comma, data = text.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(_BASE64_MARK)):
        return text.encode()
    try:
        return base64.b64decode(data.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("target", "is a data URL whose base64 is broken") from None


def _invalid(field: str, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="invalid_parameter",
        message=f"{field} {reason}.",
        details=((field, reason),),
    )
