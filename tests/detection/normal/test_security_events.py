"""Windows security events in the words of Sysmon."""

import pytest

from cybervault.detection.normal.security_events import as_connection, as_process, as_registry_value
from cybervault.detection.record import Value


def test_a_started_process() -> None:
    fields: dict[str, Value] = {
        "NewProcessName": "C:\\Windows\\cmd.exe",
        "ParentProcessName": "C:\\Windows\\explorer.exe",
        "CommandLine": "cmd",
        "SubjectUserName": "ann",
        "SubjectDomainName": "CORP",
        "SubjectLogonId": "0x3e7",
        "NewProcessId": "0x1f4",
        "ProcessId": "0x10",
        "MandatoryLabel": "S-1-16-12288",
    }
    assert as_process(fields) == (
        frozenset({"process_creation"}),
        {
            "Image": "C:\\Windows\\cmd.exe",
            "ParentImage": "C:\\Windows\\explorer.exe",
            "CommandLine": "cmd",
            "User": "CORP\\ann",
            "LogonId": "0x3e7",
            "ProcessId": "500",
            "ParentProcessId": "16",
            "IntegrityLevel": "High",
        },
    )


def test_what_is_missing_stays_missing() -> None:
    fields: dict[str, Value] = {"SubjectUserName": "ann", "SubjectDomainName": "-", "NewProcessId": "what"}
    assert as_process(fields)[1] == {"User": "ann"}
    assert as_process({})[1] == {}
    assert as_connection({})[1] == {}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("\\REGISTRY\\MACHINE\\SOFTWARE\\A", "HKLM\\SOFTWARE\\A"),
        ("\\Registry\\User\\S-1-5-21\\A", "HKU\\S-1-5-21\\A"),
        ("\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services", "HKLM\\SYSTEM\\CurrentControlSet\\Services"),
        ("\\REGISTRY\\A\\x", "\\REGISTRY\\A\\x"),
    ],
)
def test_registry_keys_are_named_by_their_hives(path: str, key: str) -> None:
    categories, fields = as_registry_value({"ObjectName": path, "ObjectValueName": "V", "ProcessName": "C:\\a.exe"})
    assert categories == {"registry_event", "registry_set"}
    assert fields == {"Image": "C:\\a.exe", "TargetObject": f"{key}\\V", "EventType": "SetValue"}
    assert as_registry_value({"ObjectName": path})[1]["TargetObject"] == key


@pytest.mark.parametrize(
    ("kind", "value", "details"),
    [
        ("%%1876", "1", "DWORD (0x00000001)"),
        ("%%1883", "4294967297", "QWORD (0x00000001-0x00000001)"),
        ("%%1873", "text", "text"),
        ("%%1876", "no number", "no number"),
    ],
)
def test_registry_numbers_are_printed_as_sysmon_prints_them(kind: str, value: str, details: str) -> None:
    assert as_registry_value({"NewValue": value, "NewValueType": kind})[1]["Details"] == details


def test_a_deleted_value() -> None:
    categories, fields = as_registry_value({"ObjectName": "K", "OperationType": "%%1906", "NewValue": "-"})
    assert categories == {"registry_event", "registry_delete"}
    assert fields == {"TargetObject": "K", "EventType": "DeleteValue"}


@pytest.mark.parametrize(("direction", "is_ours"), [("%%14593", "true"), ("%%14592", "false")])
def test_an_allowed_connection(direction: str, is_ours: str) -> None:
    fields: dict[str, Value] = {
        "Application": "\\device\\harddiskvolume2\\a.exe",
        "Direction": direction,
        "SourceAddress": "10.0.0.1",
        "SourcePort": "50000",
        "DestAddress": "203.0.113.1",
        "DestPort": "443",
        "Protocol": "6",
        "ProcessID": "77",
    }
    assert as_connection(fields) == (
        frozenset({"network_connection"}),
        {
            "Image": "\\device\\harddiskvolume2\\a.exe",
            "SourceIp": "10.0.0.1",
            "SourcePort": "50000",
            "DestinationIp": "203.0.113.1",
            "DestinationPort": "443",
            "Protocol": "tcp",
            "ProcessId": "77",
            "Initiated": is_ours,
        },
    )
