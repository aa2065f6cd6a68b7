"""RDAP knows when a domain was registered and by whom it is run, and to which network an address belongs.

rdap.org redirects to the registry of the name or address, which may be any public host. "Unknown" is a 404, also for a
name below the registered one and for endings without RDAP; some registries say 400 to such names. The age counts from
the last registration, because a dropped name that is bought again is a new name; registries without the date write
1970 or leave it out. Status words come as in RFC 8056 ("client hold") and as in EPP ("clientHold").
The registrant chooses the names of name servers and, where they are shown, the texts of contacts; the registrar's name
and all dates are the registry's.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
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
)

_AGE_BINS: Final = ("under_7_days", "under_30_days", "under_90_days", "under_1_year", "over_1_year", "over_10_years")
_AGE_STEPS_DAYS: Final = (7, 30, 90, 365, 3_652)
_FIRST_REGISTRATION: Final = datetime(1985, 1, 1, tzinfo=UTC)  # the oldest name, symbolics.com, is of March 1985
_ENTITY_DEPTH_MAX: Final = 3

SOURCE: Final = Source(
    name="rdap",
    title="RDAP",
    homepage="https://about.rdap.org",
    knows="Age, registrar, status and name servers of registered domains; network and holder of addresses.",
    kinds=frozenset({Kind.DOMAIN, Kind.IPV4, Kind.IPV6}),
    key=KeyRule.NONE,
    key_header="",
    quota=(Quota(10, 10),),  # registries limit each caller by their own rules; a burst is what they refuse
    group=EvidenceGroup.REGISTRATION,
    url="https://rdap.org",
    bins=(
        ("age", tuple(reversed(_AGE_BINS))),
        ("status", ("active", "hold")),
        ("registration", ("seen",)),
        ("network", ("seen",)),
    ),
    redirect_hosts=frozenset({"*"}),
    known_seconds=DAY_SECONDS,
    unknown_seconds=3_600,
)


def ask(observable: Observable, _key: Secret | None) -> tuple[UpstreamRequest, ...]:
    folder = "domain" if observable.kind is Kind.DOMAIN else "ip"
    return (HttpRequest(f"/{folder}/{observable.value}", headers=(("accept", "application/rdap+json"),)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        is_no_registered_name = reply.failure is None and reply.status == 400  # noqa: PLR2004 - bad request
        return Answer(SOURCE.name, Outcome.NOT_APPLICABLE) if is_no_registered_name else failure
    document = reading.json_object(reply.body)
    if document is None:
        return reading.bad_payload(SOURCE)
    is_domain = observable.kind is Kind.DOMAIN
    network = ("handle", "name", "startAddress")
    evidence = tuple(_domain(document, reply.received_at) if is_domain else _seen("network", document, network))
    if not evidence:
        return reading.bad_payload(SOURCE)
    servers = (reading.text(server, "ldhName") for server in reading.sequence(document, "nameservers"))
    return Answer(
        SOURCE.name,
        Outcome.HIT,
        evidence,
        document=reply.body,
        labels=_domain_labels(document) if is_domain else _network_labels(document),
        pivots=reading.pivots(observable, servers if is_domain else ()),
    )


def _domain(document: Mapping[str, object], now: datetime) -> Iterator[Evidence]:
    yield from tuple(_age(document, now)) or _seen("registration", document, ("handle", "ldhName"))
    yield from _status(document)


def _age(document: Mapping[str, object], now: datetime) -> Iterator[Evidence]:
    """The age in whole days on the day of the reply; dates that cannot be are no dates."""
    events = [
        (date, place)
        for place, action, date in _events(document)
        if action in {"registration", "reregistration"} and _FIRST_REGISTRATION <= date <= now + timedelta(days=1)
    ]
    if events:
        registered, place = max(events)
        bin_ = _AGE_BINS[bisect_right(_AGE_STEPS_DAYS, (now - registered).days)]
        yield _evidence(document, "age", bin_, field=f"events.{place}.eventDate")


def _status(document: Mapping[str, object]) -> Iterator[Evidence]:
    """Put on hold: registrar or registry took the name out of the DNS, for abuse or for an unpaid bill."""
    words = {word.replace(" ", "").lower(): place for place, word in _status_words(document)}
    held = next((words[word] for word in ("clienthold", "serverhold") if word in words), None)
    if held is not None:
        yield _evidence(document, "status", "hold", field=f"status.{held}")
    elif "active" in words:
        yield _evidence(document, "status", "active", field=f"status.{words['active']}")


def _seen(item: str, document: Mapping[str, object], fields: tuple[str, ...]) -> Iterator[Evidence]:
    """That there is a record at all, named by the first field that it has."""
    named = [field for field in fields if reading.text(document, field) is not None]
    yield from (_evidence(document, item, "seen", field=field) for field in named[:1])


def _evidence(document: Mapping[str, object], item: str, bin_: str, *, field: str) -> Evidence:
    """A statement from the text at `field`, as old as the registry's data: that a name has an age does not fade."""
    value = reading.text(document, *(int(step) if step.isdigit() else step for step in field.split(".")))
    current = (date for _, action, date in _events(document) if action == "last update of rdap database")
    return Evidence(SOURCE.name, item, bin_, field, value, SOURCE.group, next(current, None))


def _events(document: Mapping[str, object]) -> Iterator[tuple[int, str, datetime]]:
    for place, event in enumerate(reading.sequence(document, "events")):
        date = reading.moment(event, "eventDate")
        if date is not None:
            yield place, (reading.text(event, "eventAction") or "").lower(), date


def _domain_labels(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    dates = {action: date.date().isoformat() for _, action, date in _events(document)}
    return reading.labels(
        ("registrar", _named(document, "registrar")),
        ("registered", dates.get("registration")),
        ("expires", dates.get("expiration")),
        ("status", ", ".join(word for _, word in _status_words(document))),
    )


def _network_labels(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    ends = [reading.text(document, field) for field in ("startAddress", "endAddress")]
    return reading.labels(
        ("network", reading.text(document, "name")),
        ("handle", reading.text(document, "handle")),
        ("range", " - ".join(end for end in ends if end is not None)),
        ("country", reading.text(document, "country")),
        ("holder", _named(document, "registrant")),
    )


def _status_words(document: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    for place, word in enumerate(map(reading.text, reading.sequence(document, "status"))):
        if word is not None:
            yield place, word


def _named(document: Mapping[str, object], role: str) -> str | None:
    """The formatted name in the vCard (RFC 7095) of the first contact with a role, at whatever level it stands."""
    for entity in _entities(document, _ENTITY_DEPTH_MAX):
        if role in reading.sequence(entity, "roles"):
            for field in reading.sequence(entity, "vcardArray", 1):
                if reading.text(field, 0) == "fn" and reading.text(field, 3) is not None:
                    return reading.text(field, 3)
    return None


def _entities(parent: object, depth: int) -> Iterator[object]:
    for entity in reading.sequence(parent, "entities"):
        yield entity
        if depth > 1:
            yield from _entities(entity, depth - 1)


CONNECTOR: Final = Connector(SOURCE, ask, read)
