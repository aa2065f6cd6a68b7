"""AbuseIPDB: who was reported for attacks from an address in the last 90 days, and how sure that makes them.

There is no 404: an address nobody reported answers 200 with `totalReports` 0. A white-listed address can still have
reports and a score. 429 with a long Retry-After is the day's allowance, with a short one only haste.
An attacker can write: `reports[].comment` (free text of anyone, often a log line with the attacker's own payload in
it), `hostnames` by reverse DNS, and by reporting the score of a stranger's address.
"""

from collections import Counter
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
    key_headers,
)

_MEDIUM_FROM: Final = 25
_HIGH_FROM: Final = 75
_MANY_USERS: Final = 5
_QUOTA_WAIT_SECONDS: Final = 120
_CATEGORIES_MAX: Final = 4

SOURCE: Final = Source(
    name="abuseipdb",
    title="AbuseIPDB",
    homepage="https://www.abuseipdb.com/",
    knows="Reports of attacks from an address by many independent parties, with a score from 0 to 100.",
    kinds=frozenset({Kind.IPV4, Kind.IPV6}),
    key=KeyRule.REQUIRED,
    key_header="Key",
    key_page="https://www.abuseipdb.com/account/api",
    quota=(Quota(1_000, DAY_SECONDS),),
    group=EvidenceGroup.SCANNER_NOISE,
    url="https://api.abuseipdb.com/api/v2",
    bins=(
        ("reports", ("low", "medium", "high", "high_many")),
        ("whitelisted", ("yes",)),
        ("tor", ("yes",)),
    ),
    body_bytes_max=8 * 1024 * 1024,  # `verbose` lists every single report of a loud address
)

# The list of categories on abuseipdb.com, in their numbers' order from 1.
_CATEGORIES: Final = (
    "DNS compromise", "DNS poisoning", "fraud orders", "DDoS", "FTP brute-force", "ping of death", "phishing",
    "fraud VoIP", "open proxy", "web spam", "e-mail spam", "blog spam", "VPN", "port scan", "hacking",
    "SQL injection", "spoofing", "brute-force", "bad web bot", "exploited host", "web attack", "SSH", "IoT",
)  # fmt: skip


def ask(observable: Observable, key: Secret | None) -> tuple[HttpRequest, ...]:
    if observable.kind not in SOURCE.kinds:
        return ()
    query = (("ipAddress", observable.value), ("maxAgeInDays", "90"), ("verbose", ""))
    headers = (("accept", "application/json"),)
    return (HttpRequest("/check", query, headers, secret_headers=key_headers(SOURCE, key)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        is_quota = (reading.retry_after_seconds(reply) or 0) > _QUOTA_WAIT_SECONDS
        return Answer(SOURCE.name, Outcome.QUOTA) if is_quota and failure.outcome is Outcome.THROTTLED else failure
    data = reading.mapping(reading.json_object(reply.body), "data")
    total, score = reading.integer(data, "totalReports"), reading.integer(data, "abuseConfidenceScore")
    if total is None or score is None:
        return reading.bad_payload(SOURCE)
    return Answer(
        SOURCE.name,
        _outcome(total, score),
        evidence=(*_reports(data, total, score), *_whitelisted(data), *_tor(data)),
        document=reply.body,
        labels=_labels(data, total),
        pivots=reading.pivots(observable, (data.get("domain"), *reading.sequence(data, "hostnames"))),
    )


def _outcome(total: int, score: int) -> Outcome:
    if total <= 0:
        return Outcome.UNKNOWN
    return Outcome.HIT if score > 0 else Outcome.CLEAN


def _reports(data: Mapping[str, object], total: int, score: int) -> Iterator[Evidence]:
    if total > 0:
        bin_ = _score_bin(score, reading.integer(data, "numDistinctUsers") or 0)
        seen = reading.moment(data, "lastReportedAt")
        yield Evidence(SOURCE.name, "reports", bin_, "data.abuseConfidenceScore", score, SOURCE.group, seen)


def _score_bin(score: int, users: int) -> str:
    if score < _MEDIUM_FROM:
        return "low"
    if score < _HIGH_FROM:
        return "medium"
    return "high_many" if users >= _MANY_USERS else "high"


def _whitelisted(data: Mapping[str, object]) -> Iterator[Evidence]:
    if reading.flag(data, "isWhitelisted"):
        yield Evidence(SOURCE.name, "whitelisted", "yes", "data.isWhitelisted", value=True, group=SOURCE.group)


def _tor(data: Mapping[str, object]) -> Iterator[Evidence]:
    if reading.flag(data, "isTor"):
        yield Evidence(SOURCE.name, "tor", "yes", "data.isTor", value=True, group=SOURCE.group)


def _labels(data: Mapping[str, object], total: int) -> tuple[tuple[str, str], ...]:
    return reading.labels(
        ("reports", f"{total} by {reading.integer(data, 'numDistinctUsers') or 0} reporters" if total > 0 else None),
        ("categories", ", ".join(_categories(data))),
        ("country", reading.text(data, "countryCode")),
        ("usage_type", reading.text(data, "usageType")),
        ("isp", reading.text(data, "isp")),
    )


def _categories(data: Mapping[str, object]) -> list[str]:
    """The categories reported most, the most frequent first."""
    numbers = (
        number
        for report in reading.sequence(data, "reports")
        for number in map(reading.integer, reading.sequence(report, "categories"))
        if number is not None and 1 <= number <= len(_CATEGORIES)
    )
    return [_CATEGORIES[number - 1] for number, _ in Counter(numbers).most_common(_CATEGORIES_MAX)]


CONNECTOR: Final = Connector(SOURCE, ask, read)
