"""Telemetry of POST /v3/threats/analyze as records: excerpts whose missing folders and fields stay unknown."""

import pytest

from cybervault.detection.normal.seed import records_of
from cybervault.detection.record import LogSource, Record
from cybervault.domain.telemetry import read_telemetry

MD5 = "44d88612fea8a8f36de82e1278abb02f"
SHA256 = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
PROCESS = frozenset({"process_creation"})
NETWORK = frozenset({"network_connection"})


def read(payload: dict[str, object], kind: str = "endpoint_telemetry") -> tuple[Record, ...]:
    return records_of(read_telemetry(kind, payload))


def test_the_published_sample_is_a_process_and_its_connection() -> None:
    process, network = read(
        {"process_name": "svchost.exe", "network_connections": [{"dst_ip": "198.51.100.42", "port": 4444}]}
    )
    assert process.source == LogSource("windows", PROCESS)
    assert process.fields == {"Image": "svchost.exe"}
    assert network.source == LogSource("windows", NETWORK)
    assert network.fields == {
        "Image": "svchost.exe",
        "Initiated": "true",
        "DestinationIp": "198.51.100.42",
        "DestinationPort": "4444",
    }
    for record in (process, network):
        assert record.is_excerpt
        assert record.bare == {"Image"}
        assert record.at is None
        assert ("ip", "198.51.100.42") in record.entities


def test_everything_that_is_said_of_a_process_is_named_as_sysmon_names_it() -> None:
    path = "C:\\Windows\\System32\\cmd.exe"
    (record,) = read(
        {
            "process_path": path, "command_line": "cmd /c dir", "pid": 7, "user": "CORP\\ann", "hostname": "ws-1",
            "sha256": SHA256, "md5": MD5,
        }
    )  # fmt: skip
    assert record.bare == frozenset()
    assert record.fields == {
        "Image": path,
        "User": "CORP\\ann",
        "ProcessId": "7",
        "Computer": "ws-1",
        "CommandLine": "cmd /c dir",
        "Hashes": f"MD5={MD5.upper()},SHA256={SHA256.upper()}",
    }
    assert record.entities == (
        ("host", "ws-1"), ("user", "CORP\\ann"), ("process", path), ("hash", MD5), ("hash", SHA256),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "product"),
    [
        ({"process_name": "Cmd.EXE"}, "windows"),
        ({"process_path": "C:\\tools\\nc"}, "windows"),
        ({"process_path": "/usr/bin/nc"}, "linux"),
        ({"process_name": "nc"}, ""),
        ({"command_line": '"C:\\a b\\x.exe" -e'}, "windows"),
        ({"command_line": "/bin/sh -c id"}, "linux"),
        ({"command_line": "sh -c id"}, ""),
    ],
)
def test_the_product_is_told_by_the_form_of_the_program(payload: dict[str, object], product: str) -> None:
    (record,) = read(payload)
    assert record.source == LogSource(product, PROCESS)


def test_network_traffic_names_its_source_and_each_destination() -> None:
    connections = [{"dst_ip": "203.0.113.1", "port": 53, "protocol": "UDP"}, {"dst_ip": "2001:db8::1"}]
    first, second = read({"src_ip": "10.0.0.5", "connections": connections}, "network_traffic")
    assert first.source == LogSource("", NETWORK)
    assert first.bare == frozenset()
    assert first.fields["SourceIp"] == "10.0.0.5"
    assert first.fields["Protocol"] == "udp"
    assert second.fields == {"Initiated": "true", "DestinationIp": "2001:db8::1", "SourceIp": "10.0.0.5"}


def test_a_hash_alone_is_no_process() -> None:
    assert read({"hash": MD5}, "file_hash") == ()
