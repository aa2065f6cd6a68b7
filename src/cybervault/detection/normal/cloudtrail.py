"""AWS CloudTrail: single events, files with Records, and events that EventBridge passed on; names stay native."""

from collections.abc import Iterator, Mapping
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import first, flatten, mapping_at, mappings_of, moment
from cybervault.detection.record import LogSource, Record

_SOURCE: Final = LogSource("aws", service="cloudtrail")
_WRITTEN_OUT: Final = frozenset({"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"})
_SIGNS: Final = ("eventVersion", "awsRegion", "userIdentity", "recipientAccountId")


def recognises(event: Mapping[str, object]) -> bool:
    return next(_events(event), None) is not None


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    return tuple(_record(one) for one in _events(event))


def _events(event: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    candidates = (event, mapping_at(event, "detail"), *mappings_of(event.get("Records")))
    return (one for one in candidates if _is_one(one))


def _is_one(event: Mapping[str, object]) -> bool:
    return "eventSource" in event and "eventName" in event and any(name in event for name in _SIGNS)


def _record(event: Mapping[str, object]) -> Record:
    fields = flatten(event, written_out=_WRITTEN_OUT)
    user = first(fields, "userIdentity.arn", "userIdentity.userName", "userIdentity.principalId")
    entities = named([(USER, user), (IP, first(fields, "sourceIPAddress"))])
    return Record(_SOURCE, fields, moment(event.get("eventTime")), named=entities)
