"""Zeek's logs as JSON; without Corelight's _path the log is told by the fields that only it has."""

from collections.abc import Mapping
from typing import Final

from cybervault.detection.entities import DOMAIN, IP, named
from cybervault.detection.normal.access_log import request_fields
from cybervault.detection.normal.values import first, flatten, moment, renamed, text_of
from cybervault.detection.record import LogSource, Record, Value

_PATHS: Final = ("_path", "@path")
# One field that is in every line of that log and of no other.
_LOGS: Final = (
    ("conn_state", "conn"),
    ("qclass_name", "dns"),
    ("rcode", "dns"),
    ("trans_depth", "http"),
    ("certificate.serial", "x509"),
    ("cipher", "ssl"),
    ("endpoint", "dce_rpc"),
    ("request_type", "kerberos"),
)
_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "conn": frozenset({"firewall"}),
    "dns": frozenset({"dns"}),
    "http": frozenset({"proxy", "webserver"}),
}
_NOTHING: Final[frozenset[str]] = frozenset()
_ENDS: Final[Mapping[str, tuple[str, ...]]] = {
    "src_ip": ("id.orig_h",),
    "src_port": ("id.orig_p",),
    "dst_ip": ("id.resp_h",),
    "dst_port": ("id.resp_p",),
}
_DNS: Final[Mapping[str, tuple[str, ...]]] = {"record_type": ("qtype_name",), "answer": ("answers",)}


def recognises(event: Mapping[str, object]) -> bool:
    if not ("ts" in event or "_write_ts" in event or "@timestamp" in event):
        return False
    has_path = any(isinstance(event.get(name), str) for name in _PATHS)
    return has_path or ("uid" in event and ("id.orig_h" in event or isinstance(event.get("id"), dict)))


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    fields = flatten(event)
    service = _service(event, fields)
    fields |= renamed(fields, _ENDS)
    if service == "dns":
        fields |= renamed(fields, _DNS)
    if service == "http":
        fields |= _request(fields)
    at = moment(event.get("ts"), event.get("@timestamp"))
    names = (first(fields, "query", "server_name", "host"),)
    entities = named([(IP, first(fields, "src_ip")), (IP, first(fields, "dst_ip")), (DOMAIN, names)])
    product = LogSource("zeek", service=service)
    generic = _CATEGORIES.get(service, _NOTHING)
    records = [Record(product, fields, at, named=entities)]
    if generic:
        records.append(Record(LogSource(categories=generic), fields, at, named=entities))
    return tuple(records)


def _service(event: Mapping[str, object], fields: Mapping[str, Value]) -> str:
    for name in _PATHS:
        if path := text_of(event.get(name)):
            return path.lower()
    return next((log for sign, log in _LOGS if sign in fields), "")


def _request(fields: Mapping[str, Value]) -> dict[str, Value]:
    return request_fields(
        {
            "cs-method": fields.get("method"),
            "cs-host": fields.get("host"),
            "cs-user-agent": fields.get("user_agent"),
            "cs-referer": fields.get("referrer"),
            "sc-status": fields.get("status_code"),
        },
        first(fields, "uri"),
    )
