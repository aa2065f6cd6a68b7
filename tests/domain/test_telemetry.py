"""Telemetry: what is read from a payload, what is left out with a warning, and what is refused by field."""

import ipaddress
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.observables import Kind, Observable
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.telemetry import CONNECTIONS_MAX, Connection, Telemetry, TelemetryType, read_telemetry

SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
MD5 = "8ed4b4ed952526d89899e723f3488de4"
SAMPLE = {
    "process_name": "svchost.exe",
    "pid": 4892,
    "network_connections": [{"dst_ip": "198.51.100.42", "port": 4444, "protocol": "TCP"}],
    "hash_sha256": "a]b]c]...",
}


def endpoint(**payload: object) -> Telemetry:
    return read_telemetry("endpoint_telemetry", payload)


def to(address: str, port: int = 0, protocol: str = "") -> Connection:
    return Connection(ipaddress.ip_address(address), port, protocol)


def test_the_published_sample_is_read_and_its_odd_hash_left_out_with_a_warning() -> None:
    assert read_telemetry("endpoint_telemetry", SAMPLE) == Telemetry(
        TelemetryType.ENDPOINT_TELEMETRY,
        process_name="svchost.exe",
        pid=4892,
        connections=(to("198.51.100.42", 4444, "tcp"),),
        warnings=("payload.hash_sha256 is no SHA256 in hexadecimal digits and was ignored.",),
    )


@pytest.mark.parametrize("name", ["hash", "file_hash", "sha256", "hash_sha256"])
def test_a_file_hash_is_read_under_each_of_its_names(name: str) -> None:
    event = read_telemetry("file_hash", {name: f" {SHA256.upper()} "})
    assert event.hashes == (Observable(Kind.SHA256, SHA256),)
    assert event.warnings == ()


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({}, "payload.hash"),
        ({"hash": "xyz"}, "payload.hash"),
        ({"hash": 5}, "payload.hash"),
        ({"md5": SHA256}, "payload.md5"),
        ({"sha256": SHA256, "md5": "zz"}, "payload.md5"),
    ],
)
def test_a_file_hash_that_is_missing_or_bad_is_refused(payload: dict[str, object], path: str) -> None:
    assert refusal("file_hash", payload) == path


@pytest.mark.parametrize("address", ["dst_ip", "destination_ip", "dest_ip"])
@pytest.mark.parametrize("port", ["port", "dst_port"])
def test_network_traffic_may_name_one_destination_without_a_list(address: str, port: str) -> None:
    event = read_telemetry("network_traffic", {"src_ip": "10.0.0.5", address: "203.0.113.9", port: 443})
    assert event.connections == (to("203.0.113.9", 443),)
    assert event.source == ipaddress.ip_address("10.0.0.5")


def test_names_and_urls_of_connections_are_kept_once() -> None:
    one = {"domain": "Evil.example", "url": "http://evil.example/a"}
    event = read_telemetry("network_traffic", {"query": "evil.example", "connections": [one, one]})
    assert event.domains == (Observable(Kind.DOMAIN, "evil.example"),)
    assert event.urls == (Observable(Kind.URL, "http://evil.example/a"),)
    assert event.connections == ()
    assert event.warnings == ()


def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address() -> None:
    event = read_telemetry("network_traffic", {"dst_ip": "::ffff:203.0.113.9"})
    assert event.connections == (to("203.0.113.9"),)
    assert read_telemetry("network_traffic", {"dst_ip": "fe80::1%eth0"}).connections == (to("fe80::1"),)


def test_other_names_of_process_fields_are_understood() -> None:
    event = endpoint(image="C:\\Temp\\svchost.exe", cmdline="svchost -k", username="kim", host_name="WS-1")
    assert (event.process_name, event.process_path) == ("svchost.exe", "C:\\Temp\\svchost.exe")
    assert (event.command_line, event.user, event.host) == ("svchost -k", "kim", "WS-1")


def test_a_path_alone_gives_the_name_too() -> None:
    event = endpoint(process_path="/usr/bin/curl")
    assert (event.process_name, event.process_path) == ("curl", "/usr/bin/curl")


def test_a_host_with_a_full_name_is_looked_up_and_a_machine_name_is_not() -> None:
    assert endpoint(host="c2.example", process_name="x").domains == (Observable(Kind.DOMAIN, "c2.example"),)
    event = endpoint(host="WS-042", process_name="x")
    assert (event.host, event.domains, event.warnings) == ("WS-042", (), ())


@pytest.mark.parametrize(
    ("payload", "warning"),
    [
        ({"domain": "no domain"}, "payload.domain is no domain and was ignored."),
        ({"url": "evil.example"}, "payload.url is no URL and was ignored."),
        ({"md5": SHA256}, "payload.md5 is no MD5 in hexadecimal digits and was ignored."),
        ({"connections": [{}]}, "payload.connections.0 names no destination and was ignored."),
    ],
)
def test_an_indicator_that_cannot_be_read_is_left_out_with_a_warning(payload: dict[str, object], warning: str) -> None:
    assert warning in read_telemetry("network_traffic", payload).warnings


@pytest.mark.parametrize("payload", [{}, {"colour": "red"}, {"process_name": None, "dst_ip": None}, {"pid": 1}])
def test_a_payload_from_which_nothing_was_read_says_so(payload: dict[str, object]) -> None:
    assert endpoint(**payload).warnings == ("Nothing in payload could be read that can be assessed.",)


def test_a_field_that_we_do_not_know_is_ignored() -> None:
    assert endpoint(**SAMPLE, colour=[1]) == endpoint(**SAMPLE)


def refusal(kind: str, payload: dict[str, Any]) -> str:
    with pytest.raises(Problem) as caught:
        read_telemetry(kind, payload)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_parameter")
    ((path, reason),) = caught.value.details
    assert str(caught.value) == f"{path} {reason}."
    return path


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"pid": "4892"}, "payload.pid"),
        ({"pid": True}, "payload.pid"),
        ({"pid": -1}, "payload.pid"),
        ({"process_name": 7}, "payload.process_name"),
        ({"hash_sha256": []}, "payload.hash_sha256"),
        ({"command_line": "a" * 32_769}, "payload.command_line"),
        ({"dst_ip": "x"}, "payload.dst_ip"),
        ({"src_ip": "x"}, "payload.src_ip"),
        ({"port": 1.5}, "payload.port"),
        ({"network_connections": {}}, "payload.network_connections"),
        ({"network_connections": ["a"]}, "payload.network_connections.0"),
        ({"network_connections": [{"dst_ip": "x"}]}, "payload.network_connections.0.dst_ip"),
        ({"network_connections": [{"port": 70000}]}, "payload.network_connections.0.port"),
        ({"network_connections": [{}, {"dst_port": -1}]}, "payload.network_connections.1.dst_port"),
        ({"network_connections": [{"protocol": 6}]}, "payload.network_connections.0.protocol"),
        ({"connections": [{}] * (CONNECTIONS_MAX + 1)}, "payload.connections"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_field(payload: dict[str, object], path: str) -> None:
    assert refusal("endpoint_telemetry", payload) == path


def test_as_many_connections_as_allowed_are_read() -> None:
    items = [{"dst_ip": "203.0.113.9", "port": port} for port in range(CONNECTIONS_MAX)]
    assert len(endpoint(network_connections=items).connections) == CONNECTIONS_MAX


def test_a_type_outside_the_three_is_refused() -> None:
    assert refusal("weather", {"hash": MD5}) == "type"


JSON = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["203.0.113.9", MD5])
FIELDS = st.sampled_from(["host", "hash", "url", "query", "dst_ip", "port", "connections", "image", "pid"])


@given(st.sampled_from(sorted(TelemetryType)), st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(FIELDS, JSON))))
def test_any_payload_is_read_or_refused_by_field(kind: str, payload: dict[str, Any]) -> None:
    with suppress(Problem):
        assert read_telemetry(kind, payload).type == kind
