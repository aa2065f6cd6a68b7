"""Robtex: reputation and popularity rank of a domain, from two resources of its free service.

The form of both bodies is published nowhere, so everything is kept and only names that explain themselves are weighed:
numbers for a rank, booleans and words for a reputation, never a number for it, whose scale we would have to guess.
Unknown is 200 with an empty body, or 404; throttled is 429, or 200 with `status: ratelimited`. Either resource may fail
on its own.
An attacker can write: nothing that we know of; every text counts as hostile all the same.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, TypeAlias

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment import reading
from cybervault.enrichment.connector import Connector, HttpRequest, KeyRule, Quota, Source, UpstreamReply

_RESOURCES: Final = ("domain_reputation", "domain_ranking")
_RANK_BINS: Final = ("top_1k", "top_10k", "top_100k", "top_1m", "unranked")
_RANK_STEPS: Final = (1_000, 10_000, 100_000, 1_000_000)

SOURCE: Final = Source(
    name="robtex",
    title="Robtex",
    homepage="https://www.robtex.com/",
    knows="Reputation and popularity rank of a domain.",
    kinds=frozenset({Kind.DOMAIN}),
    key=KeyRule.NONE,
    key_header="",
    quota=(Quota(30, 60),),  # no number is published; one domain in two seconds is polite
    group=EvidenceGroup.REGISTRATION,
    url="https://freeapi.robtex.com/api/v1",
    bins=(("reputation", ("good", "bad")), ("ranking", _RANK_BINS)),
)

_WRAPPERS: Final = ("data", "result")
_RANK_NAMES: Final = ("rank", "ranking", "position")
_WORD_NAMES: Final = ("reputation", "verdict", "score")
_FLAG_NAMES: Final = ("malicious", "blacklisted", "blocklisted")
_BAD_WORDS: Final = frozenset({"bad", "malicious", "malware", "phishing", "spam", "blacklisted", "dangerous"})
_GOOD_WORDS: Final = frozenset({"good", "clean", "benign", "safe", "harmless", "trusted", "whitelisted"})

Fact: TypeAlias = tuple[str, str, object]
"""One value of the bodies: its path in the document, its own name, the value."""


def ask(observable: Observable, _key: Secret | None) -> tuple[HttpRequest, ...]:
    if observable.kind not in SOURCE.kinds:
        return ()
    query = (("hostname", observable.value),)
    return tuple(HttpRequest(f"/{resource}", query, (("accept", "application/json"),)) for resource in _RESOURCES)


def read(_observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    failures = [_failure(reply) for reply in replies]
    bodies = [b"null" if failure else reply.body for failure, reply in zip(failures, replies, strict=True)]
    broken = [failure for failure in failures if failure is not None]
    if len(broken) == len(replies):
        return next((failure for failure in broken if failure.outcome is not Outcome.UNKNOWN), broken[0])
    facts = list(_facts(bodies))
    evidence = (*_reputation(facts), *_ranking(facts))
    is_bad = any(item.bin == "bad" for item in evidence)
    known = Outcome.HIT if is_bad else Outcome.CLEAN
    document = b'{"domain_reputation":%b,"domain_ranking":%b}' % tuple(bodies)
    return Answer(SOURCE.name, known if evidence else Outcome.UNKNOWN, evidence, document)


def _failure(reply: UpstreamReply) -> Answer | None:
    """Why one resource gives nothing to read."""
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        return failure
    if not reply.body.strip():
        return reading.unknown(SOURCE)
    value = reading.json_value(reply.body)
    if reading.text(value, "status") == "ratelimited":
        return Answer(SOURCE.name, Outcome.THROTTLED)
    return reading.bad_payload(SOURCE) if value is None else None


def _facts(bodies: list[bytes]) -> Iterator[Fact]:
    for resource, body in zip(_RESOURCES, bodies, strict=True):
        value = reading.json_value(body)
        for way in ((), *((wrapper,) for wrapper in _WRAPPERS)):
            for name, fact in reading.mapping(value, *way).items():
                yield ".".join((resource, *way, name)), name.lower(), fact


def _reputation(facts: list[Fact]) -> Iterator[Evidence]:
    """One statement: what speaks against the domain wins over what speaks for it."""
    found = [(bin_, field, value) for field, name, value in facts if (bin_ := _opinion(name, value))]
    for bin_, field, value in sorted(found, key=lambda each: each[0] == "good")[:1]:
        said = value if isinstance(value, bool) else reading.text(value)
        yield Evidence(SOURCE.name, "reputation", bin_, field, said, SOURCE.group)


def _opinion(name: str, value: object) -> str | None:
    if name in _FLAG_NAMES and isinstance(value, bool):
        return "bad" if value else "good"
    word = (reading.text(value) or "").lower() if name in _WORD_NAMES else ""
    if word in _BAD_WORDS:
        return "bad"
    return "good" if word in _GOOD_WORDS else None


def _ranking(facts: list[Fact]) -> Iterator[Evidence]:
    """One statement: the first rank."""
    ranks = [(field, reading.integer(value)) for field, name, value in facts if name in _RANK_NAMES]
    for field, rank in [(field, rank) for field, rank in ranks if rank is not None and rank > 0][:1]:
        bin_ = _RANK_BINS[bisect_left(_RANK_STEPS, rank)]
        yield Evidence(SOURCE.name, "ranking", bin_, field, rank, SOURCE.group)


CONNECTOR: Final = Connector(SOURCE, ask, read)
