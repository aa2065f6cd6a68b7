"""Suricata's EVE log."""

import pytest

from cybervault.detection.normal.suricata import read, recognises
from cybervault.detection.record import LogSource

ENDS: dict[str, object] = {
    "timestamp": "2026-03-04T12:00:00.000000+0000", "flow_id": 1, "src_ip": "10.0.0.1", "src_port": 5,
    "dest_ip": "203.0.113.1", "dest_port": 53,
}  # fmt: skip


@pytest.mark.parametrize(
    "dns", [{"rrname": "a.example", "rrtype": "A"}, {"queries": [{"rrname": "a.example", "rrtype": "A"}]}]
)
def test_a_query_is_one_for_every_product(dns: object) -> None:
    event = ENDS | {"event_type": "dns", "dns": dns}
    assert recognises(event)
    native, generic = read(event)
    assert native.source == LogSource("suricata", service="dns")
    assert generic.source == LogSource(categories=frozenset({"dns"}))
    assert generic.fields["query"] == "a.example"
    assert generic.fields["record_type"] == "A"
    assert generic.fields["dst_ip"] == "203.0.113.1"
    assert generic.entities[-1] == ("domain", "a.example")
    assert native.at is not None


def test_a_request_has_the_names_of_proxies() -> None:
    http = {"hostname": "h", "url": "/a?b", "http_user_agent": "curl", "http_method": "GET", "status": 200}
    _, generic = read(ENDS | {"event_type": "http", "http": http})
    assert generic.source.categories == {"proxy", "webserver"}
    assert generic.fields["c-uri"] == "/a?b"
    assert generic.fields["sc-status"] == "200"


def test_an_alert_keeps_its_own_names() -> None:
    (record,) = read(ENDS | {"event_type": "alert", "alert": {"signature": "x", "severity": 1}})
    assert record.source == LogSource("suricata", service="alert")
    assert record.fields["alert.severity"] == "1"


@pytest.mark.parametrize("other", [{}, {"event_type": "dns"}, {"event_type": 1, "flow_id": 1}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
