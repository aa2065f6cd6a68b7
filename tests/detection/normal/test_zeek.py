"""Zeek's logs under native names, and generic ones where rules for any product could match."""

import pytest

from cybervault.detection.normal.zeek import read, recognises
from cybervault.detection.record import LogSource

ENDS: dict[str, object] = {
    "ts": 1772625600.0, "uid": "C1", "id.orig_h": "10.0.0.1", "id.orig_p": 50000, "id.resp_h": "203.0.113.1",
    "id.resp_p": 53,
}  # fmt: skip


def test_a_query_is_one_for_every_product() -> None:
    event = ENDS | {"query": "a.example", "qclass_name": "C_INTERNET", "qtype_name": "TXT", "answers": ["x", "y"]}
    assert recognises(event)
    native, generic = read(event)
    assert native.source == LogSource("zeek", service="dns")
    assert generic.source == LogSource(categories=frozenset({"dns"}))
    assert native.fields["answers"] == ("x", "y")
    assert generic.fields["record_type"] == "TXT"
    assert generic.fields["answer"] == ("x", "y")
    assert generic.fields["dst_port"] == "53"
    assert generic.entities == (("ip", "10.0.0.1"), ("ip", "203.0.113.1"), ("domain", "a.example"))
    assert native.at is not None
    assert native.at.isoformat() == "2026-03-04T12:00:00+00:00"


def test_a_request_has_the_names_of_proxies() -> None:
    event = ENDS | {"_path": "http", "method": "GET", "host": "h", "uri": "/a?b", "user_agent": "curl"}
    _, generic = read(event)
    assert generic.source.categories == {"proxy", "webserver"}
    assert generic.fields["c-useragent"] == "curl"
    assert generic.fields["c-uri"] == "/a?b"


@pytest.mark.parametrize(
    ("more", "service", "records"),
    [
        ({"_path": "SMB_Files"}, "smb_files", 1),
        ({"conn_state": "SF"}, "conn", 2),
        ({"endpoint": "svcctl", "operation": "CreateServiceW"}, "dce_rpc", 1),
        ({"unheard": 1}, "", 1),
    ],
)
def test_the_log_is_told_by_its_path_or_its_fields(more: dict[str, object], service: str, records: int) -> None:
    assert recognises(ENDS | more)
    found = read(ENDS | more)
    assert found[0].source == LogSource("zeek", service=service)
    assert len(found) == records


def test_nested_ends_are_the_same() -> None:
    event: dict[str, object] = {"ts": 1.0, "uid": "C1", "id": {"orig_h": "10.0.0.1"}}
    assert recognises(event)
    assert read(event)[0].fields["id.orig_h"] == "10.0.0.1"


@pytest.mark.parametrize(
    "other", [{}, {"ts": 1}, {"_path": "dns"}, {"ts": 1, "uid": "x", "id": "y"}, {"ts": 1, "_path": 1}]
)
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
