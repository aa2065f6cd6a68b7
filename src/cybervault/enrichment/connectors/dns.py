"""DNS knows where a name points, and by comparing resolvers which protective ones refuse it: a verdict without a key.

"Unknown" is NXDOMAIN from the plain resolver, which is weighed as a fact of its own. A filtering resolver blocks only
what the plain one resolves, and each says so in its own way; SERVFAIL, REFUSED and silence are failures, never blocks.
Not asked: AdGuard (its public resolver blocks advertising too, its other one nothing), Mullvad (HTTPS only), Norton
ConnectSafe and dns0.eu (closed). A new name may still be cached as absent somewhere, so one block is little.
Every resolver learns the name. The owner of the zone writes all records and may answer each resolver differently: he
can make his own name look blocked, or point it at 0.0.0.0 or a block page, which is no block when the plain answer
says the same.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Address, Kind, Observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment import reading
from cybervault.enrichment.connector import Connector, DnsRequest, KeyRule, Source, UpstreamReply, UpstreamRequest

_FILTERING_BINS: Final = ("0", "1", "2", "3+")
_NOERROR: Final = 0
_NXDOMAIN: Final = 3

SOURCE: Final = Source(
    name="dns",
    title="DNS",
    homepage="https://www.rfc-editor.org/rfc/rfc1035",
    knows="Addresses, name servers and mail servers of a name, and which protective resolvers block it.",
    kinds=frozenset({Kind.DOMAIN, Kind.URL}),
    key=KeyRule.NONE,
    key_header="",
    quota=(),
    group=EvidenceGroup.RESOLUTION,
    url="",
    bins=(("resolution", ("resolves", "nxdomain")), ("filtering", _FILTERING_BINS)),
    timeout_seconds=4.0,
)


@dataclass(frozen=True, slots=True)
class _Filter:
    """A filtering resolver and how it says "blocked": NXDOMAIN, or an address out of `blocks`."""

    name: str
    resolver: str
    blocks: tuple[str, ...] = ()


_PLAIN: Final = "1.1.1.1"
_PLAIN_TYPES: Final = ("A", "AAAA", "NS", "MX")
_FILTERS: Final = (
    _Filter("Quad9", "9.9.9.9"),
    _Filter("Cloudflare Security", "1.1.1.2", ("0.0.0.0/32",)),
    _Filter("CleanBrowsing Security", "185.228.168.9"),
    _Filter("DNS4EU Protective", "86.54.11.1", ("0.0.0.0/32", "51.15.69.11/32")),
    _Filter("UltraDNS Threat Protection", "156.154.70.2", ("156.154.112.0/23",)),
)

_Plain: TypeAlias = Mapping[str, UpstreamReply]
_Filtered: TypeAlias = Mapping[_Filter, UpstreamReply]


def ask(observable: Observable, _key: Secret | None) -> tuple[UpstreamRequest, ...]:
    """Nothing for the URL of an address, nor for that of a name without a dot, which only the own network knows."""
    name = observable.host or ""
    if "." not in name or _addresses((name,)):
        return ()
    plain = (DnsRequest(name, record_type, _PLAIN) for record_type in _PLAIN_TYPES)
    return (*plain, *(DnsRequest(name, "A", known.resolver) for known in _FILTERS))


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    plain = dict(zip(_PLAIN_TYPES, replies[: len(_PLAIN_TYPES)], strict=True))
    filtered = dict(zip(_FILTERS, replies[len(_PLAIN_TYPES) :], strict=True))
    addresses = _all_addresses(plain)
    if not addresses:
        return _failed(plain) or _without_address(observable, plain, filtered)
    blocked_by = [known.name for known, reply in filtered.items() if _blocks(known, reply, addresses)]
    silent = [known.name for known, reply in filtered.items() if _code(reply) not in {_NOERROR, _NXDOMAIN}]
    filtering = tuple(_filtering(len(blocked_by), len(silent)))
    return Answer(
        SOURCE.name,
        Outcome.CLEAN if filtering and not blocked_by else Outcome.HIT,
        (_resolves(addresses), *filtering),
        document=_document(plain, filtered, blocked_by),
        labels=_labels(plain, blocked_by),
        pivots=reading.pivots(observable, (*map(str, addresses), *_hosts(plain, "NS", "MX"))),
        warnings=(f"These filtering resolvers gave no answer: {', '.join(silent)}.",) if silent else (),
    )


def _failed(plain: _Plain) -> Answer | None:
    """The answer when the plain resolver did not do its work; that the name does not exist is enough from one reply."""
    if any(_absent(plain)):
        return None
    for reply in (plain["A"], plain["AAAA"]):
        if reply.failure is not None:
            return Answer(SOURCE.name, reading.outcome_of(reply.failure))
        if reply.status != _NOERROR:
            warning = f"The resolver {_PLAIN} answered with code {reply.status}."
            return Answer(SOURCE.name, Outcome.UPSTREAM_ERROR, warnings=(warning,))
    return None


def _without_address(observable: Observable, plain: _Plain, filtered: _Filtered) -> Answer:
    """No such name, or one that has other records at most: what filtering resolvers say about it proves nothing."""
    absent = tuple(_absent(plain))
    pivots = reading.pivots(observable, _hosts(plain, "NS", "MX"))
    return Answer(
        SOURCE.name,
        Outcome.CLEAN if pivots and not absent else Outcome.UNKNOWN,
        absent[:1],
        document=_document(plain, filtered, []),
        labels=_labels(plain, []),
        pivots=pivots,
    )


def _absent(plain: _Plain) -> Iterator[Evidence]:
    for kind in ("A", "AAAA"):
        if _code(plain[kind]) == _NXDOMAIN:
            field = f"plain.{kind}.status"
            yield Evidence(SOURCE.name, "resolution", "nxdomain", field, _NXDOMAIN, SOURCE.group)


def _resolves(addresses: tuple[Address, ...]) -> Evidence:
    kind = "A" if addresses[0].version == 4 else "AAAA"  # noqa: PLR2004 - the IP version itself
    value = reading.shorten(", ".join(map(str, addresses)))
    return Evidence(SOURCE.name, "resolution", "resolves", f"plain.{kind}.records", value, SOURCE.group)


def _filtering(blocks: int, silent: int) -> Iterator[Evidence]:
    """How many refuse the name; that none does is said only when most of them were heard."""
    if blocks or 2 * silent < len(_FILTERS):
        bin_ = _FILTERING_BINS[min(blocks, len(_FILTERING_BINS) - 1)]
        yield Evidence(SOURCE.name, "filtering", bin_, "blocked_by", blocks, SOURCE.group)


def _blocks(known: _Filter, reply: UpstreamReply, plain: tuple[Address, ...]) -> bool:
    if not known.blocks:
        return _code(reply) == _NXDOMAIN
    told = [address for address in _addresses(_records(reply)) if address not in plain]
    return any(address in ipaddress.ip_network(block) for address in told for block in known.blocks)


def _code(reply: UpstreamReply) -> int | None:
    return reply.status if reply.failure is None else None


def _records(reply: UpstreamReply) -> tuple[str, ...]:
    return reply.records if _code(reply) == _NOERROR else ()


def _all_addresses(plain: _Plain) -> tuple[Address, ...]:
    return _addresses((*_records(plain["A"]), *_records(plain["AAAA"])))


def _addresses(records: Iterable[str]) -> tuple[Address, ...]:
    """The addresses among the records, each once; the answer to an address question may also name aliases."""
    found: dict[Address, None] = {}
    for record in records:
        try:
            found[ipaddress.ip_address(record)] = None
        except ValueError:
            continue
    return tuple(found)


def _labels(plain: _Plain, blocked_by: list[str]) -> tuple[tuple[str, str], ...]:
    return reading.labels(
        ("blocked_by", ", ".join(blocked_by)),
        ("addresses", ", ".join(map(str, _all_addresses(plain)))),
        ("name_servers", ", ".join(_hosts(plain, "NS"))),
        ("mail_servers", ", ".join(_hosts(plain, "MX"))),
    )


def _hosts(plain: _Plain, *record_types: str) -> list[str]:
    """The names of servers; of mail servers they stand behind a preference, and "." means that there is none."""
    records = (record for record_type in record_types for record in _records(plain[record_type]))
    return [name for name in (record.rpartition(" ")[2].rstrip(".") for record in records) if name]


def _document(plain: _Plain, filtered: _Filtered, blocked_by: list[str]) -> bytes:
    everything = {
        "blocked_by": blocked_by,
        "plain": {kind: _shown(reply) for kind, reply in plain.items()},
        "filtering": {known.name: _shown(reply) for known, reply in filtered.items()},
    }
    return msgspec.json.encode(everything, order="sorted")


def _shown(reply: UpstreamReply) -> dict[str, object]:
    if reply.failure is not None:
        return {"failure": reply.failure.value}
    # A lone surrogate is no text that JSON can carry.
    return {"status": reply.status, "records": [text.encode(errors="replace").decode() for text in reply.records]}


CONNECTOR: Final = Connector(SOURCE, ask, read)
