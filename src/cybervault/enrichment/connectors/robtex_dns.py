"""Robtex DNS: which names and addresses were seen to belong together, and when; context that never weighs.

Bodies of `/pdns` are one JSON object a line, lines end with CRLF. Unknown is 200 with an empty body, or 404; throttled
is 429, or 200 with `status: ratelimited` in the body. Either of the two requests for an address may fail on its own.
An attacker can write: every name and record, for the owner of a zone decides what it holds.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, TypeAlias

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment import reading
from cybervault.enrichment.connector import Connector, HttpRequest, KeyRule, Quota, Source, UpstreamReply

SOURCE: Final = Source(
    name="robtex_dns",
    title="Robtex DNS",
    homepage="https://www.robtex.com/",
    knows="Passive DNS: names and addresses that were seen together, with owner and country of an address.",
    kinds=frozenset({Kind.IPV4, Kind.IPV6, Kind.DOMAIN}),
    key=KeyRule.NONE,
    key_header="",
    quota=(Quota(30, 60),),  # no number is published; one observable in two seconds is polite
    group=EvidenceGroup.RESOLUTION,
    url="https://freeapi.robtex.com",
    bins=(("records", ("seen",)),),
)

_LINES_MAX: Final = 500
_LINKING_TYPES: Final = frozenset({"A", "AAAA", "CNAME"})
_HOST_LISTS: Final = ("act", "pas", "acth", "pash")
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)

Link: TypeAlias = tuple[datetime, str, str]
"""When it was seen last, and the two sides: owner name and data."""


def ask(observable: Observable, _key: Secret | None) -> tuple[HttpRequest, ...]:
    match observable.kind:
        case Kind.DOMAIN:
            return (HttpRequest(f"/pdns/forward/{observable.value}"),)
        case Kind.IPV4 | Kind.IPV6:
            return (HttpRequest(f"/pdns/reverse/{observable.value}"), HttpRequest(f"/ipquery/{observable.value}"))
        case _:
            return ()


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    bodies = [_objects(reply.body) for reply in replies]
    failures = [_failure(reply, objects) for reply, objects in zip(replies, bodies, strict=True)]
    broken = [failure for failure in failures if failure is not None]
    if len(broken) == len(replies):
        return next((failure for failure in broken if failure.outcome is not Outcome.UNKNOWN), broken[0])
    records, *rest = ([] if failure else objects for failure, objects in zip(failures, bodies, strict=True))
    about = rest[0][0] if rest and rest[0] else b"null"
    network = reading.json_object(about)
    links = sorted({*_links(records), *_hosts(observable, network)}, reverse=True)
    return Answer(
        SOURCE.name,
        Outcome.HIT if links else Outcome.UNKNOWN,
        evidence=tuple(_records(links)),
        document=b'{"records":[%b],"ipquery":%b}' % (b",".join(records), about),
        labels=_labels(network),
        pivots=reading.pivots(observable, (side for _, name, data in links for side in (name, data))),
    )


def _objects(body: bytes) -> list[bytes]:
    """The JSON objects of a body: it is one, or holds one a line; other lines are left out."""
    if reading.json_object(body) is not None:
        return [body]
    return [line for line in body.splitlines()[:_LINES_MAX] if reading.json_object(line) is not None]


def _failure(reply: UpstreamReply, objects: list[bytes]) -> Answer | None:
    """Why one reply gives nothing to read."""
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        return failure
    if any(reading.text(reading.json_object(line), "status") == "ratelimited" for line in objects):
        return Answer(SOURCE.name, Outcome.THROTTLED)
    if not reply.body.strip():
        return reading.unknown(SOURCE)
    return None if objects else reading.bad_payload(SOURCE)


def _links(records: list[bytes]) -> Iterator[Link]:
    for line in records:
        record = reading.json_object(line)
        name, data = reading.text(record, "rrname"), reading.text(record, "rrdata")
        if name and data and reading.text(record, "rrtype") in _LINKING_TYPES:
            yield reading.moment(record, "time_last") or _LONG_AGO, name, data


def _hosts(observable: Observable, network: object) -> Iterator[Link]:
    for host in (host for name in _HOST_LISTS for host in reading.sequence(network, name)):
        name = reading.text(host, "o")
        if name:
            yield reading.moment(host, "t") or _LONG_AGO, name, observable.value


def _records(links: list[Link]) -> Iterator[Evidence]:
    if links:
        seen = links[0][0] if links[0][0] > _LONG_AGO else None
        pairs = {(name, data) for _, name, data in links}
        yield Evidence(SOURCE.name, "records", "seen", "records", len(pairs), SOURCE.group, seen)


def _labels(network: object) -> tuple[tuple[str, str], ...]:
    system = reading.integer(network, "as")
    return reading.labels(
        ("country", reading.text(network, "country")),
        ("as_owner", reading.text(network, "asname")),
        ("asn", None if system is None else f"AS{system}"),
    )


CONNECTOR: Final = Connector(SOURCE, ask, read)
