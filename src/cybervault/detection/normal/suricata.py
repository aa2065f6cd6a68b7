"""Suricata's EVE log: native dotted names, and the generic ones for names that were asked for and web requests."""

from collections.abc import Mapping
from typing import Final

from cybervault.detection.entities import DOMAIN, IP, named
from cybervault.detection.normal.access_log import request_fields
from cybervault.detection.normal.values import first, flatten, moment, renamed
from cybervault.detection.record import LogSource, Record, Value

_SIGNS: Final = frozenset({"src_ip", "flow_id", "in_iface", "stats"})
_CATEGORIES: Final[Mapping[str, frozenset[str]]] = {
    "dns": frozenset({"dns"}),
    "flow": frozenset({"firewall"}),
    "http": frozenset({"proxy", "webserver"}),
}
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"dst_ip": ("dest_ip",), "dst_port": ("dest_port",)}
_DNS: Final[Mapping[str, tuple[str, ...]]] = {
    "query": ("dns.rrname", "dns.queries.rrname", "dns.query.rrname"),
    "record_type": ("dns.rrtype", "dns.queries.rrtype", "dns.query.rrtype"),
    "answer": ("dns.answers.rdata", "dns.rdata"),
}


def recognises(event: Mapping[str, object]) -> bool:
    return isinstance(event.get("event_type"), str) and not _SIGNS.isdisjoint(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    fields = flatten(event)
    service = first(fields, "event_type").lower()
    fields |= renamed(fields, _NAMES)
    if service == "dns":
        fields |= renamed(fields, _DNS)
    if service == "http":
        fields |= _request(fields)
    at = moment(event.get("timestamp"))
    host = first(fields, "query", "http.hostname", "tls.sni")
    entities = named([(IP, first(fields, "src_ip")), (IP, first(fields, "dst_ip")), (DOMAIN, host)])
    records = [Record(LogSource("suricata", service=service), fields, at, named=entities)]
    if service in _CATEGORIES:
        records.append(Record(LogSource(categories=_CATEGORIES[service]), fields, at, named=entities))
    return tuple(records)


def _request(fields: Mapping[str, Value]) -> dict[str, Value]:
    return request_fields(
        {
            "cs-method": fields.get("http.http_method"),
            "cs-host": fields.get("http.hostname"),
            "cs-user-agent": fields.get("http.http_user_agent"),
            "cs-referer": fields.get("http.http_refer"),
            "cs-content-type": fields.get("http.http_content_type"),
            "sc-status": fields.get("http.status"),
        },
        first(fields, "http.url"),
    )
