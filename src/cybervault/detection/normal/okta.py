"""Okta's system log: native dotted names; what is in a list of targets is any of theirs."""

from collections.abc import Mapping
from typing import Final

from cybervault.detection.entities import IP, USER, named
from cybervault.detection.normal.values import first, flatten, moment
from cybervault.detection.record import LogSource, Record

_SOURCE: Final = LogSource("okta", service="okta")
_SIGNS: Final = ("legacyEventType", "displayMessage", "debugContext", "securityContext", "authenticationContext")


def recognises(event: Mapping[str, object]) -> bool:
    return "eventType" in event and "actor" in event and any(name in event for name in _SIGNS)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    fields = flatten(event, written_out=frozenset({"target", "debugContext.debugData"}))
    entities = named([(USER, first(fields, "actor.alternateId")), (IP, first(fields, "client.ipAddress"))])
    return (Record(_SOURCE, fields, moment(event.get("published")), named=entities),)
