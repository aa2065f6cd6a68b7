"""VirusTotal: what some ninety antivirus engines and block lists say about an address, name, URL or file.

Unknown is 404. 429 means two things, told apart by `error.code` in the body. `last_analysis_stats` differs by type:
only files have `type-unsupported`, `confirmed-timeout` and `failure`; engines counted there or under `timeout` did not
look, so they stay out of the denominator.
An attacker can write: file names, tags, page titles, whois text, certificate subjects, host names, and by voting the
community's reputation.
"""

from base64 import urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import HASH_KINDS, Kind, Observable
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

_DETECTION_BINS: Final = ("0", "1", "2", "3-4", "5-9", "10+")
_DETECTION_STEPS: Final = (1, 2, 3, 5, 10)
_REPUTATION_NOISE: Final = 20
_TAGS_MAX: Final = 8

SOURCE: Final = Source(
    name="virustotal",
    title="VirusTotal",
    homepage="https://www.virustotal.com/",
    knows="Verdicts of about ninety antivirus engines and block lists, with names of malware families.",
    kinds=frozenset({Kind.IPV4, Kind.IPV6, Kind.DOMAIN, Kind.URL, Kind.MD5, Kind.SHA1, Kind.SHA256}),
    key=KeyRule.REQUIRED,
    key_header="x-apikey",
    key_page="https://www.virustotal.com/gui/my-apikey",
    quota=(Quota(4, 60), Quota(500, DAY_SECONDS)),
    group=EvidenceGroup.ANTIVIRUS,
    url="https://www.virustotal.com/api/v3",
    bins=(("detections", _DETECTION_BINS), ("reputation", ("good", "bad"))),
)

# Ids of related objects come with the same call and cost no extra quota.
_ADDRESSES: Final = ("ip_addresses", ("resolutions",))
_FILES: Final = ("files", ("contacted_domains", "contacted_ips"))
_PLACE: Final[Mapping[Kind, tuple[str, tuple[str, ...]]]] = {
    Kind.IPV4: _ADDRESSES,
    Kind.IPV6: _ADDRESSES,
    Kind.DOMAIN: ("domains", ("resolutions",)),
    Kind.URL: ("urls", ("last_serving_ip_address", "network_location")),
    Kind.MD5: _FILES,
    Kind.SHA1: _FILES,
    Kind.SHA256: _FILES,
}
_OPINIONS: Final = ("malicious", "suspicious", "harmless", "undetected")


def ask(observable: Observable, key: Secret | None) -> tuple[HttpRequest, ...]:
    if observable.kind not in SOURCE.kinds:
        return ()
    folder, relationships = _PLACE[observable.kind]
    name = _url_id(observable.value) if observable.kind is Kind.URL else observable.value
    query = (("relationships", ",".join(relationships)),)
    headers = (("accept", "application/json"),)
    return (HttpRequest(f"/{folder}/{name}", query, headers, secret_headers=key_headers(SOURCE, key)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    body = reading.json_object(reply.body)
    failure = reading.failed(SOURCE, reply, unknown_statuses=(404,))
    if failure is not None:
        is_quota = reading.text(body, "error", "code") == "QuotaExceededError"
        return Answer(SOURCE.name, Outcome.QUOTA) if is_quota and failure.outcome is Outcome.THROTTLED else failure
    attributes = reading.mapping(body, "data", "attributes")
    counts = _counts(attributes)
    if not attributes or counts is None:
        return reading.bad_payload(SOURCE)
    is_judged = counts.is_judgement_on(observable.kind)
    return Answer(
        SOURCE.name,
        Outcome.HIT if counts.detections else Outcome.CLEAN if is_judged else Outcome.UNKNOWN,
        evidence=(*(_detections(attributes, counts) if is_judged else ()), *_reputation(attributes)),
        document=reply.body,
        labels=_labels(attributes, counts),
        pivots=reading.pivots(observable, _related(observable, body)),
    )


def _url_id(url: str) -> str:
    """The id of a URL: URL-safe base64 of the whole URL without padding."""
    return urlsafe_b64encode(url.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many engines detect it, vouch for it, and looked at it at all."""

    detections: int
    harmless: int
    asked: int

    def is_judgement_on(self, kind: Kind) -> bool:
        """Whether any engine has an opinion; no engine vouches for files, so there having looked must do."""
        return self.detections + self.harmless > 0 or (kind in HASH_KINDS and self.asked > 0)


def _counts(attributes: Mapping[str, object]) -> _Counts | None:
    """None when a count is no number, for that must not read as clean."""
    stats = reading.mapping(attributes, "last_analysis_stats")
    counts = [reading.integer(stats, name) if name in stats else 0 for name in _OPINIONS]
    sound = [count for count in counts if count is not None and count >= 0]
    return _Counts(sound[0] + sound[1], sound[2], sum(sound)) if len(sound) == len(_OPINIONS) else None


def _detections(attributes: Mapping[str, object], counts: _Counts) -> Iterator[Evidence]:
    bin_ = _DETECTION_BINS[bisect_right(_DETECTION_STEPS, counts.detections)]
    field = "data.attributes.last_analysis_stats"
    seen = reading.moment(attributes, "last_analysis_date")
    yield Evidence(SOURCE.name, "detections", bin_, field, counts.detections, SOURCE.group, seen)


def _reputation(attributes: Mapping[str, object]) -> Iterator[Evidence]:
    reputation = reading.integer(attributes, "reputation") or 0
    if abs(reputation) > _REPUTATION_NOISE:
        bin_ = "good" if reputation > 0 else "bad"
        yield Evidence(SOURCE.name, "reputation", bin_, "data.attributes.reputation", reputation, SOURCE.group)


def _labels(attributes: Mapping[str, object], counts: _Counts) -> tuple[tuple[str, str], ...]:
    system = reading.integer(attributes, "asn")
    tags = [tag for tag in reading.sequence(attributes, "tags") if isinstance(tag, str)]
    return reading.labels(
        ("detections", f"{counts.detections} of {counts.asked} engines" if counts.asked else None),
        ("country", reading.text(attributes, "country")),
        ("as_owner", reading.text(attributes, "as_owner")),
        ("asn", None if system is None else f"AS{system}"),
        ("registrar", reading.text(attributes, "registrar")),
        ("meaningful_name", reading.text(attributes, "meaningful_name")),
        ("type_description", reading.text(attributes, "type_description")),
        ("family", reading.text(attributes, "popular_threat_classification", "suggested_threat_label")),
        ("tags", ", ".join(tags[:_TAGS_MAX])),
    )


def _related(observable: Observable, body: object) -> Iterator[str]:
    """Ids of related objects; that of a resolution is the address with the host name right behind it."""
    for name in _PLACE[observable.kind][1]:
        data = reading.at(body, "data", "relationships", name, "data")
        for item in data if isinstance(data, list) else (data,):
            found = reading.text(item, "id") or ""
            other = found.removeprefix(observable.value).removesuffix(observable.value)
            if name != "resolutions" or other != found:
                yield other


CONNECTOR: Final = Connector(SOURCE, ask, read)
