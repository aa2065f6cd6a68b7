"""GreyNoise Community knows which IPv4 addresses scan the whole internet, and which belong to common business services.

"Unknown" is a 404 whose body is a full answer (`noise` and `riot` false); a 404 without it is a broken proxy. 400 is an
address that nobody routes. The free allowance is small and counted a week (50 calls; one observer met 25 without a
key), so a 429 mostly means "used up". `riot` marks benign services and comes with classification "benign", which is
the same fact and counted once. `name` is chosen by GreyNoise, but an actor names itself in what it sends.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
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
    key_headers,
)

_CLASSIFICATIONS: Final = ("benign", "unknown", "suspicious", "malicious")

SOURCE: Final = Source(
    name="greynoise",
    title="GreyNoise Community",
    homepage="https://www.greynoise.io",
    knows="Whether an IPv4 address scans the whole internet and with what intent, or is a common benign service.",
    kinds=frozenset({Kind.IPV4}),
    key=KeyRule.OPTIONAL,
    key_header="key",
    quota=(Quota(50, 7 * DAY_SECONDS),),
    group=EvidenceGroup.SCANNER_NOISE,
    url="https://api.greynoise.io/v3/community",
    bins=(("classification", _CLASSIFICATIONS), ("riot", ("yes",))),
    key_page="https://viz.greynoise.io/account/api-key",
    known_seconds=DAY_SECONDS,
    unknown_seconds=DAY_SECONDS,
)

# Words of the refusal that mean a spent allowance; without them a 429 is a call too soon.
_SPENT_WORDS: Final = ("daily", "weekly", "monthly", "per day", "per week", "per month", "quota", "plan")


def ask(observable: Observable, key: Secret | None) -> tuple[UpstreamRequest, ...]:
    accept = (("accept", "application/json"),)
    return (HttpRequest(f"/{observable.value}", headers=accept, secret_headers=key_headers(SOURCE, key)),)


def read(_observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    document = reading.json_object(reply.body)
    failure = _failed(reply, document)
    if failure is not None:
        return failure
    if document is None or not _is_about_an_address(document):
        return reading.bad_payload(SOURCE)
    evidence = (*_classification(document), *_riot(document))
    return Answer(
        SOURCE.name,
        Outcome.HIT if evidence else Outcome.CLEAN,
        evidence,
        document=reply.body,
        labels=_labels(document),
    )


def _failed(reply: UpstreamReply, document: Mapping[str, object] | None) -> Answer | None:
    """The answer for everything but a 200; None where the body is to be read."""
    match reply.status if reply.failure is None else 0:
        case 400:
            return Answer(SOURCE.name, Outcome.NOT_APPLICABLE)
        case 404:
            return reading.bad_payload(SOURCE) if document is None else reading.unknown(SOURCE, reply.body)
        case 429 if _is_spent(document):
            return Answer(SOURCE.name, Outcome.QUOTA)
        case _:
            return reading.failed(SOURCE, reply)


def _is_spent(document: Mapping[str, object] | None) -> bool:
    message = (reading.text(document, "message") or "").lower()
    return any(word in message for word in _SPENT_WORDS)


def _is_about_an_address(document: Mapping[str, object]) -> bool:
    """The two booleans are in every proper answer."""
    return any(reading.flag(document, name) is not None for name in ("noise", "riot"))


def _classification(document: Mapping[str, object]) -> Iterator[Evidence]:
    value = (reading.text(document, "classification") or "").lower()
    is_said_by_riot = value == "benign" and _is_riot(document) and reading.flag(document, "noise") is not True
    if value in _CLASSIFICATIONS and not is_said_by_riot:
        seen = reading.moment(document, "last_seen")
        yield Evidence(SOURCE.name, "classification", value, "classification", value, SOURCE.group, seen)


def _riot(document: Mapping[str, object]) -> Iterator[Evidence]:
    if _is_riot(document):
        seen = reading.moment(document, "last_seen")
        yield Evidence(SOURCE.name, "riot", "yes", "riot", value=True, group=SOURCE.group, observed_at=seen)


def _is_riot(document: Mapping[str, object]) -> bool:
    return reading.flag(document, "riot") is True


def _labels(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    return reading.labels(
        ("name", reading.text(document, "name")),
        ("classification", reading.text(document, "classification")),
        ("scans_the_internet", "yes" if reading.flag(document, "noise") else None),
        ("last_seen", reading.text(document, "last_seen")),
    )


CONNECTOR: Final = Connector(SOURCE, ask, read)
