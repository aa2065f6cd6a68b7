"""Windows security events in the words of Sysmon: a started process, a changed registry value, a connection."""

import re
from collections.abc import Mapping
from typing import Final

from cybervault.detection.normal.values import Fields, first, renamed, whole_number
from cybervault.detection.record import Value

_PROCESS_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Image": ("NewProcessName",),
    "CommandLine": ("CommandLine", "ProcessCommandLine"),
    "ParentImage": ("ParentProcessName",),
    "LogonId": ("SubjectLogonId",),
}
_REGISTRY_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"Image": ("ProcessName",)}
_CONNECTION_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "Image": ("Application",),
    "SourceIp": ("SourceAddress",),
    "SourcePort": ("SourcePort",),
    "DestinationIp": ("DestAddress",),
    "DestinationPort": ("DestPort",),
}
_INTEGRITY_LEVELS: Final[Mapping[str, str]] = {
    "S-1-16-0": "Untrusted",
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-8448": "MediumPlus",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}
# Numbers of messages that Windows keeps in the event instead of their text.
_OUTBOUND: Final = frozenset({"%%14593", "Outbound"})
_INBOUND: Final = frozenset({"%%14592", "Inbound"})
_DELETED: Final = "%%1906"
_DWORD: Final = frozenset({"%%1876", "REG_DWORD"})
_QWORD: Final = frozenset({"%%1883", "REG_QWORD"})
_PROTOCOLS: Final[Mapping[str, str]] = {"6": "tcp", "17": "udp"}
# Sysmon names hives by their short names and the control set in use by its link.
_HIVES: Final = (("\\REGISTRY\\MACHINE\\", "HKLM\\"), ("\\REGISTRY\\USER\\", "HKU\\"))
_CONTROL_SET: Final = re.compile(r"\A(HKLM\\SYSTEM\\)ControlSet\d{3}(?=\\|\Z)", re.IGNORECASE)


def as_process(fields: Fields) -> tuple[frozenset[str], dict[str, Value]]:
    """Of event 4688."""
    found = renamed(fields, _PROCESS_NAMES)
    found |= _user(fields) | _number(fields, "NewProcessId", "ProcessId")
    found |= _number(fields, "ProcessId", "ParentProcessId")
    label = first(fields, "MandatoryLabel")
    if label:
        found["IntegrityLevel"] = _INTEGRITY_LEVELS.get(label, label)
    return frozenset({"process_creation"}), found


def as_registry_value(fields: Fields) -> tuple[frozenset[str], dict[str, Value]]:
    """Of event 4657."""
    found = renamed(fields, _REGISTRY_NAMES)
    found |= _user(fields) | _number(fields, "ProcessId", "ProcessId")
    if key := _key(first(fields, "ObjectName")):
        name = first(fields, "ObjectValueName")
        found["TargetObject"] = f"{key}\\{name}" if name else key
    if first(fields, "OperationType") == _DELETED:
        return frozenset({"registry_event", "registry_delete"}), found | {"EventType": "DeleteValue"}
    if (details := _details(fields)) is not None:
        found["Details"] = details
    return frozenset({"registry_event", "registry_set"}), found | {"EventType": "SetValue"}


def as_connection(fields: Fields) -> tuple[frozenset[str], dict[str, Value]]:
    """Of event 5156, whose application is a path of a device and not of a drive."""
    found = renamed(fields, _CONNECTION_NAMES)
    found |= _number(fields, "ProcessID", "ProcessId") or _number(fields, "ProcessId", "ProcessId")
    protocol, direction = first(fields, "Protocol"), first(fields, "Direction")
    if protocol:
        found["Protocol"] = _PROTOCOLS.get(protocol, protocol)
    if direction in _OUTBOUND | _INBOUND:
        found["Initiated"] = "true" if direction in _OUTBOUND else "false"
    return frozenset({"network_connection"}), found


def _user(fields: Fields) -> dict[str, Value]:
    name, domain = first(fields, "SubjectUserName"), first(fields, "SubjectDomainName")
    if not name:
        return {}
    return {"User": f"{domain}\\{name}" if domain not in {"", "-"} else name}


def _number(fields: Fields, old: str, new: str) -> dict[str, Value]:
    """Process ids are hexadecimal here and decimal in Sysmon."""
    number = whole_number(first(fields, old))
    return {} if number is None else {new: str(number)}


def _key(path: str) -> str:
    for kernel, short in _HIVES:
        if path[: len(kernel)].upper() == kernel:
            return _CONTROL_SET.sub(r"\1CurrentControlSet", short + path[len(kernel) :])
    return path


def _details(fields: Fields) -> Value:
    """Numbers as Sysmon prints them: DWORD (0x00000001), QWORD (0x00000000-0x00000001)."""
    value, kind = fields.get("NewValue"), first(fields, "NewValueType")
    number = whole_number(first(fields, "NewValue"))
    if number is not None and kind in _DWORD:
        return f"DWORD (0x{number:08x})"
    if number is not None and kind in _QWORD:
        return f"QWORD (0x{number >> 32:08x}-0x{number & 0xFFFFFFFF:08x})"
    return value
