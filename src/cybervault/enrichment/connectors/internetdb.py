"""Shodan InternetDB knows what an IPv4 address showed to Shodan's scanners: ports, names, software, CVEs and tags.

"Unknown" is a 404. IPv6 addresses are answered with something that is no JSON, so they are not asked about. The data
is about a week old and carries no dates. The machine behind the address writes its banners and the owner of its zone
the reverse names: `hostnames`, `cpes` and, through the guessed version, `vulns` are strings of a possible attacker.
A CVE here is a guess from a banner and says that a host is exposed, not that it attacks.
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
)

SOURCE: Final = Source(
    name="internetdb",
    title="Shodan InternetDB",
    homepage="https://internetdb.shodan.io",
    knows="Open ports, host names, software, known vulnerabilities and tags of IPv4 addresses, about weekly.",
    kinds=frozenset({Kind.IPV4}),
    key=KeyRule.NONE,
    key_header="",
    quota=(Quota(60, 60),),  # no number is published; one call a second stays clear of the 429
    group=EvidenceGroup.EXPOSURE,
    url="https://internetdb.shodan.io",
    bins=(
        ("ports", ("seen",)),
        ("vulnerabilities", ("1-4", "5+")),
        ("tags", ("cloud", "scanner", "anonymizer", "honeypot", "malicious")),
    ),
    known_seconds=DAY_SECONDS,
    unknown_seconds=3_600,
)

_MANY_VULNERABILITIES: Final = 5
_BIN_BY_TAG: Final = {
    "cdn": "cloud",
    "cloud": "cloud",
    "scanner": "scanner",
    "proxy": "anonymizer",
    "tor": "anonymizer",
    "vpn": "anonymizer",
    "honeypot": "honeypot",
    "c2": "malicious",
    "compromised": "malicious",
    "doublepulsar": "malicious",
    "malware": "malicious",
}


def ask(observable: Observable, _key: Secret | None) -> tuple[UpstreamRequest, ...]:
    return (HttpRequest(f"/{observable.value}", headers=(("accept", "application/json"),)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        return failure
    document = reading.json_object(reply.body)
    if document is None or not isinstance(document.get("ports"), list):
        return reading.bad_payload(SOURCE)
    evidence = (*_ports(document), *_vulnerabilities(document), *_tags(document))
    return Answer(
        SOURCE.name,
        Outcome.HIT if evidence else Outcome.CLEAN,
        evidence,
        document=reply.body,
        labels=_labels(document),
        pivots=reading.pivots(observable, _texts(document, "hostnames")),
    )


def _ports(document: Mapping[str, object]) -> Iterator[Evidence]:
    ports = _port_list(document)
    if ports:
        yield Evidence(SOURCE.name, "ports", "seen", "ports", ports, SOURCE.group)


def _vulnerabilities(document: Mapping[str, object]) -> Iterator[Evidence]:
    count = len(set(_texts(document, "vulns")))
    if count:
        bin_ = "5+" if count >= _MANY_VULNERABILITIES else "1-4"
        yield Evidence(SOURCE.name, "vulnerabilities", bin_, "vulns", count, SOURCE.group)


def _tags(document: Mapping[str, object]) -> Iterator[Evidence]:
    """One item a bin, so that "tor" and "vpn" together say no more than one of them."""
    tags = sorted(set(_texts(document, "tags")))
    for bin_ in dict.fromkeys(_BIN_BY_TAG.values()):
        ours = [tag for tag in tags if _BIN_BY_TAG.get(tag.lower()) == bin_]
        if ours:
            yield Evidence(SOURCE.name, "tags", bin_, "tags", ", ".join(ours), SOURCE.group)


def _labels(document: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    lists = {name: ", ".join(_texts(document, name)) for name in ("hostnames", "cpes", "vulns", "tags")}
    return reading.labels(("ports", _port_list(document)), *lists.items())


def _port_list(document: Mapping[str, object]) -> str:
    """The ports in order as one short text: a honeypot shows thousands."""
    ports = {reading.integer(port) for port in reading.sequence(document, "ports")} - {None}
    return reading.shorten(", ".join(str(port) for port in sorted(port for port in ports if port is not None)))


def _texts(document: Mapping[str, object], name: str) -> list[str]:
    return [text for text in map(reading.text, reading.sequence(document, name)) if text is not None]


CONNECTOR: Final = Connector(SOURCE, ask, read)
