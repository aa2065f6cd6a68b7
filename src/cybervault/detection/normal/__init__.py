"""The telemetry formats that we read, in the order in which they are asked whether an event is theirs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.detection.normal import (
    auditd,
    azure,
    cloudtrail,
    ecs,
    evtx_json,
    gcp,
    kubernetes,
    m365,
    ocsf,
    okta,
    suricata,
    sysmon_linux,
    web,
    windows_flat,
    zeek,
)
from cybervault.detection.normal.values import DEPTH_MAX, FIELDS_MAX, is_within_bounds
from cybervault.detection.record import Normalised, Record, Unrecognised


@dataclass(frozen=True, slots=True)
class Format:
    """`read` gives no record for an event of the format that no rule could be about."""

    name: str
    recognises: Callable[[Mapping[str, object]], bool]
    read: Callable[[Mapping[str, object]], tuple[Record, ...]]


# A format with a sure sign stands before those that an event of it could be taken for: Elastic's names are everywhere.
FORMATS: Final[tuple[Format, ...]] = (
    Format("sysmon_linux", sysmon_linux.recognises, sysmon_linux.read),
    Format("windows_flat", windows_flat.recognises, windows_flat.read),
    Format("evtx_json", evtx_json.recognises, evtx_json.read),
    Format("ocsf", ocsf.recognises, ocsf.read),
    Format("kubernetes", kubernetes.recognises, kubernetes.read),
    Format("gcp", gcp.recognises, gcp.read),
    Format("cloudtrail", cloudtrail.recognises, cloudtrail.read),
    Format("m365", m365.recognises, m365.read),
    Format("okta", okta.recognises, okta.read),
    Format("azure", azure.recognises, azure.read),
    Format("suricata", suricata.recognises, suricata.read),
    Format("zeek", zeek.recognises, zeek.read),
    Format("auditd", auditd.recognises, auditd.read),
    Format("web", web.recognises, web.read),
    Format("ecs", ecs.recognises, ecs.read),
)

_TOO_LARGE: Final = Unrecognised(f"The event has more than {FIELDS_MAX:,} values or more than {DEPTH_MAX} levels.")
_UNKNOWN: Final = Unrecognised("The event has the form of none of the telemetry formats that are known.")
_SILENT: Final = Unrecognised("The event's format is known, but not what it reports.")


def format_of(event: Mapping[str, object]) -> Format | None:
    """The format that an event is taken for."""
    return next((one for one in FORMATS if one.recognises(event)), None)


def normalise(event: Mapping[str, object]) -> Normalised:
    """The records of one event as JSON was read; never raises on what JSON can hold."""
    if not is_within_bounds(event):
        return _TOO_LARGE
    found = format_of(event)
    if found is None:
        return _UNKNOWN
    return found.read(event) or _SILENT
