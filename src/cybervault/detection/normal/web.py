"""Web requests as proxies and web servers log them: W3C names (IIS, Blue Coat), and the usual JSON of nginx and Apache.

Where a log could be either's, its record is of both categories.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cybervault.detection.entities import DOMAIN, IP, USER, named
from cybervault.detection.normal.access_log import request_fields, request_line
from cybervault.detection.normal.values import first, flatten, joined, moment
from cybervault.detection.record import LogSource, Record, Value

_W3C: Final = frozenset({"cs-method", "c-uri", "cs-uri", "cs-uri-stem", "cs-uri-query", "c-uri-query", "cs-uri-path"})
_OF_SERVERS: Final = frozenset({"s-sitename", "s-computername", "cs-uri-stem", "sc-win32-status"})
_OF_PROXIES: Final = frozenset({"c-uri", "s-action", "sc-filter-result", "cs-uri-scheme", "r-host", "cs-categories"})
_SERVER: Final = LogSource(categories=frozenset({"webserver"}))
_PROXY: Final = LogSource(categories=frozenset({"proxy"}))
_EITHER: Final = LogSource(categories=frozenset({"proxy", "webserver"}))
_CLIENTS: Final = ("remote_addr", "clientip", "remote_ip", "remote_host", "client_ip")
_REQUESTS: Final = ("request", "request_uri", "uri")


def recognises(event: Mapping[str, object]) -> bool:
    return not _W3C.isdisjoint(event) or _is_access_log(event)


def read(event: Mapping[str, object]) -> tuple[Record, ...]:
    native = flatten(event)
    fields = _of_access_log(native) if _is_access_log(event) else request_fields(native, _uri(native))
    user = first(fields, "cs-username")
    ends = (first(fields, "src_ip"), first(fields, "dst_ip", "s-ip"))
    entities = named([(IP, ends), (USER, user), (DOMAIN, first(fields, "cs-host"))])
    return (Record(_source(event), native | fields, _moment(native), named=entities),)


def _is_access_log(event: Mapping[str, object]) -> bool:
    has_client = any(name in event for name in _CLIENTS)
    return has_client and any(isinstance(event.get(name), str) for name in _REQUESTS) and _W3C.isdisjoint(event)


def _source(event: Mapping[str, object]) -> LogSource:
    is_server = _is_access_log(event) or not _OF_SERVERS.isdisjoint(event)
    is_proxy = not _OF_PROXIES.isdisjoint(event)
    if is_server != is_proxy:
        return _SERVER if is_server else _PROXY
    return _EITHER


def _uri(fields: Mapping[str, Value]) -> str:
    return first(fields, "c-uri", "cs-uri")


def _of_access_log(native: Mapping[str, Value]) -> dict[str, Value]:
    line = request_line(first(native, "request"))
    uri = line.get("uri") or first(native, "request_uri", "uri", "request")
    if "?" not in uri and (arguments := first(native, "args", "query_string").removeprefix("?")):
        uri = f"{uri}?{arguments}"
    return request_fields(
        {
            "cs-method": joined(line.get("method"), first(native, "request_method", "method", "verb") or None),
            "cs-host": first(native, "http_host", "host", "server_name") or None,
            "cs-user-agent": first(native, "http_user_agent", "user_agent", "agent") or None,
            "cs-referer": first(native, "http_referer", "http_referrer", "referer", "referrer") or None,
            "cs-username": first(native, "remote_user", "auth") or None,
            "sc-status": first(native, "status", "response", "status_code") or None,
            "c-ip": first(native, *_CLIENTS) or None,
        },
        uri,
    )


def _moment(fields: Mapping[str, Value]) -> datetime | None:
    """W3C logs are in UTC and have day and time apart."""
    day, time = first(fields, "date"), first(fields, "time")
    return moment(f"{day} {time}", is_utc=True) or moment(
        fields.get("time_iso8601"), fields.get("@timestamp"), fields.get("timestamp"), fields.get("time")
    )
