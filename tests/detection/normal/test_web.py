"""Web requests of proxies and web servers."""

from datetime import UTC, datetime

import pytest

from cybervault.detection.normal.web import read, recognises
from cybervault.detection.record import Record


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    return record


@pytest.mark.parametrize(
    ("event", "categories"),
    [
        ({"cs-method": "GET", "cs-uri-stem": "/a", "s-sitename": "W3SVC1"}, {"webserver"}),
        ({"c-uri": "http://h/a", "cs-method": "GET"}, {"proxy"}),
        ({"cs-method": "GET", "cs-uri-query": "x=1"}, {"proxy", "webserver"}),
        ({"cs-uri-stem": "/a", "c-uri": "/a"}, {"proxy", "webserver"}),
    ],
)
def test_fields_of_one_side_only_tell_which_it_is(event: dict[str, object], categories: set[str]) -> None:
    assert read_one(event).source.categories == categories
    assert read_one(event).source.product == ""


def test_iis_has_day_and_time_apart() -> None:
    event: dict[str, object] = {
        "date": "2026-03-04", "time": "12:00:00", "s-ip": "10.0.0.1", "c-ip": "203.0.113.1", "cs-method": "GET",
        "cs-uri-stem": "/owa/a.aspx", "cs-uri-query": "x=1", "cs(User-Agent)": "curl", "sc-status": 200,
        "cs-username": "ann",
    }  # fmt: skip
    record = read_one(event)
    assert record.at == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert record.fields["cs-user-agent"] == "curl"
    assert record.fields["cs-uri-query"] == ("x=1", "/owa/a.aspx?x=1")
    assert record.fields["sc-status"] == "200"
    assert record.entities == (("ip", "203.0.113.1"), ("ip", "10.0.0.1"), ("user", "ann"))


@pytest.mark.parametrize(
    "event",
    [
        {"remote_addr": "203.0.113.1", "request": "GET /a.php?x=1 HTTP/1.1", "status": 200, "http_user_agent": "curl"},
        {
            "clientip": "203.0.113.1", "verb": "GET", "request": "/a.php?x=1", "response": "200", "agent": "curl",
        },
        {
            "remote_ip": "203.0.113.1", "method": "GET", "uri": "/a.php", "query_string": "?x=1", "status_code": 200,
            "user_agent": "curl",
        },
    ],
)  # fmt: skip
def test_access_logs_of_nginx_and_apache_are_read_alike(event: dict[str, object]) -> None:
    record = read_one(event)
    assert record.source.categories == {"webserver"}
    assert record.fields["cs-method"] == "GET"
    assert record.fields["cs-uri-stem"] == "/a.php"
    assert record.fields["cs-uri-query"] == ("x=1", "/a.php?x=1")
    assert record.fields["cs-user-agent"] == "curl"
    assert record.fields["sc-status"] == "200"
    assert record.entities == (("ip", "203.0.113.1"),)


def test_other_times_have_a_zone() -> None:
    event: dict[str, object] = {
        "remote_addr": "203.0.113.1",
        "request": "x",
        "time_iso8601": "2026-03-04T12:00:00+00:00",
    }
    assert read_one(event).at == datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("other", [{}, {"request": "GET /"}, {"remote_addr": "x"}, {"remote_addr": "x", "request": 1}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
