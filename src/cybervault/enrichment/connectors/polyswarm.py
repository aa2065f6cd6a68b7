"""PolySwarm: what engines that bet money on their opinion say about a file.

An unknown hash is 204 with an empty body of any content type (404 is seen too), or 200 with an empty `result`. While a
scan runs `polyscore` and `detections` are null. `detections.total` counts only engines that answered. Dates come with
and without an offset.
An attacker can write: `filename`, what tools found inside the file (`metadata[].tool_metadata`), and as a self-made
engine `assertions[].metadata`.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment import reading
from cybervault.enrichment.connector import (
    Connector,
    HttpRequest,
    KeyRule,
    Quota,
    Source,
    UpstreamReply,
    key_headers,
)

_SCORE_BINS: Final = ("very_low", "low", "medium", "high", "very_high")
_SCORE_STEPS: Final = (0.2, 0.5, 0.8, 0.95)
_DETECTION_BINS: Final = ("0", "1-2", "3+")
_DETECTION_STEPS: Final = (1, 3)

SOURCE: Final = Source(
    name="polyswarm",
    title="PolySwarm",
    homepage="https://polyswarm.network/",
    knows="Opinions of engines that stake money on them, merged into one score from 0 to 1.",
    kinds=frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256}),
    key=KeyRule.REQUIRED,
    key_header="Authorization",
    key_page="https://polyswarm.network/account/api-keys",
    quota=(Quota(60, 3_600),),
    group=EvidenceGroup.ANTIVIRUS,
    url="https://api.polyswarm.network/v3",
    bins=(("polyscore", _SCORE_BINS), ("detections", _DETECTION_BINS)),
)

_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


def ask(observable: Observable, key: Secret | None) -> tuple[HttpRequest, ...]:
    if observable.kind not in SOURCE.kinds:
        return ()
    query = (("hash", observable.value),)
    headers = (("accept", "application/json"),)
    return (HttpRequest(f"/search/hash/{observable.kind}", query, headers, secret_headers=key_headers(SOURCE, key)),)


def read(observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
    (reply,) = replies
    failure = reading.failed(SOURCE, reply, unknown_statuses=(204, 404))
    if failure is not None:
        return failure
    result = reading.at(reading.json_object(reply.body), "result")
    if not isinstance(result, list) or not all(isinstance(instance, Mapping) for instance in result):
        return reading.bad_payload(SOURCE)
    place = _newest_finished(observable, result)
    if place is None:
        warnings = (f"{SOURCE.title} has no finished scan of this file yet.",) if result else ()
        return Answer(SOURCE.name, Outcome.UNKNOWN, document=reply.body, warnings=warnings)
    instance = result[place]
    evidence = (*_polyscore(instance, f"result.{place}"), *_detections(instance, f"result.{place}"))
    if not evidence and _has_opinion(instance):
        return reading.bad_payload(SOURCE)
    return Answer(SOURCE.name, _outcome(instance, evidence), evidence, reply.body, _labels(instance))


def _newest_finished(observable: Observable, result: list[object]) -> int | None:
    """Where the scan of this very file stands that finished last; of equal ones the first."""
    finished = [
        place
        for place, instance in enumerate(result)
        if reading.flag(instance, "window_closed") is not False
        and not reading.flag(instance, "failed")
        and (reading.text(instance, observable.kind.value) or observable.value).lower() == observable.value
    ]
    return max(finished, key=lambda place: reading.moment(result[place], "last_scanned") or _LONG_AGO, default=None)


def _has_opinion(instance: object) -> bool:
    """Whether something stands where opinions belong; null twice, or no engine that answered, is no opinion."""
    if reading.at(instance, "polyscore") is not None:
        return True
    return reading.at(instance, "detections") is not None and reading.integer(instance, "detections", "total") != 0


def _outcome(instance: object, evidence: tuple[Evidence, ...]) -> Outcome:
    if not evidence:
        return Outcome.UNKNOWN
    has_detections = (reading.integer(instance, "detections", "malicious") or 0) > 0
    is_low = evidence[0].bin in {_SCORE_BINS[0], _DETECTION_BINS[0]}
    return Outcome.CLEAN if is_low and not has_detections else Outcome.HIT


def _polyscore(instance: object, path: str) -> Iterator[Evidence]:
    score = reading.number(instance, "polyscore")
    if score is not None and 0 <= score <= 1:
        bin_ = _SCORE_BINS[bisect_right(_SCORE_STEPS, score)]
        seen = reading.moment(instance, "last_scanned")
        yield Evidence(SOURCE.name, "polyscore", bin_, f"{path}.polyscore", score, SOURCE.group, seen)


def _detections(instance: object, path: str) -> Iterator[Evidence]:
    """Engines that detect, weighed only where there is no score made of them."""
    found, total = (reading.integer(instance, "detections", name) for name in ("malicious", "total"))
    if reading.at(instance, "polyscore") is None and found is not None and found >= 0 and (total or 0) > 0:
        bin_ = _DETECTION_BINS[bisect_right(_DETECTION_STEPS, found)]
        seen = reading.moment(instance, "last_scanned")
        yield Evidence(SOURCE.name, "detections", bin_, f"{path}.detections.malicious", found, SOURCE.group, seen)


def _labels(instance: object) -> tuple[tuple[str, str], ...]:
    found, total = (reading.integer(instance, "detections", name) for name in ("malicious", "total"))
    return reading.labels(
        ("detections", f"{found} of {total} engines" if found is not None and total else None),
        ("family", _family(instance)),
        ("type_description", reading.text(instance, "extended_type") or reading.text(instance, "mimetype")),
        ("filename", reading.text(instance, "filename")),
    )


def _family(instance: object) -> str | None:
    """The family on which PolySwarm unites its engines, else the first that a detecting engine names."""
    united = (
        reading.text(tool, "tool_metadata", "malware_family")
        for tool in reading.sequence(instance, "metadata")
        if reading.text(tool, "tool") == "polyunite"
    )
    named = (
        reading.text(assertion, "metadata", "malware_family")
        for assertion in reading.sequence(instance, "assertions")
        if reading.flag(assertion, "verdict")
    )
    return next((family for family in (*united, *named) if family), None)


CONNECTOR: Final = Connector(SOURCE, ask, read)
