"""Behaviours: what in one event of telemetry points to an attack, each with the reason in words."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cybervault.domain.observables import Address, is_outside_address
from cybervault.domain.telemetry import Connection, Telemetry
from cybervault.domain.verdicts import Severity


@dataclass(frozen=True, slots=True)
class Behaviour:
    """`field` is the field of `Telemetry` that shows it ("connections.0"); `reason` a sentence for the reader."""

    name: str
    technique_id: str
    level: Severity
    reason: str
    field: str


# Ports that tools listen on unless told otherwise, and that no common service shares; 5555 and 8888 are left out,
# because debug bridges and web consoles use them every day.
_TOOL_PORTS: Final[Mapping[int, tuple[Severity, str]]] = {
    1337: (Severity.MEDIUM, "is a favourite of self-made backdoors"),
    1604: (Severity.MEDIUM, "is the default of the DarkComet remote access trojan"),
    3460: (Severity.MEDIUM, "is the default of the Poison Ivy remote access trojan"),
    4444: (Severity.HIGH, "is the default of Metasploit's handlers"),
    4782: (Severity.HIGH, "is the default of the Quasar remote access trojan"),
    5552: (Severity.MEDIUM, "is the default of the njRAT remote access trojan"),
    6606: (Severity.MEDIUM, "is a default of the AsyncRAT remote access trojan"),
    6666: (Severity.MEDIUM, "is used by bots that are led over chat"),
    6667: (Severity.MEDIUM, "is plain IRC, over which bots are led"),
    7707: (Severity.MEDIUM, "is a default of the AsyncRAT remote access trojan"),
    8808: (Severity.MEDIUM, "is a default of the AsyncRAT remote access trojan"),
    12345: (Severity.MEDIUM, "is the default of the NetBus trojan"),
    27374: (Severity.MEDIUM, "is the default of the SubSeven trojan"),
    31337: (Severity.HIGH, "is the default of Back Orifice and of Sliver's operators"),
    50050: (Severity.HIGH, "is the default of Cobalt Strike's team server"),
}
# Defaults of relays (ORPort, DirPort); a connection to one is unusual in an office and no attack by itself.
_TOR_PORTS: Final = frozenset({9001, 9030})
_SMB_PORTS: Final = frozenset({139, 445})
# Web, names, time, Teredo, and Delivery Optimization: what Windows services talk to the internet over.
_SERVICE_PORTS: Final = frozenset({0, 53, 80, 123, 443, 3544, 7680, 8080})
_MANY_HOSTS: Final = 50
_MANY_PORTS: Final = 20

_SYSTEM_32: Final = (r"\windows\system32", r"\windows\syswow64")
# Programs of Windows that start from these folders only.
_HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("csrss.exe", "lsass.exe", "services.exe", "smss.exe", "spoolsv.exe", "taskhostw.exe", "wininit.exe",
         "winlogon.exe"),
        _SYSTEM_32[:1],
    ),
    **dict.fromkeys(("dllhost.exe", "mshta.exe", "regsvr32.exe", "rundll32.exe", "svchost.exe"), _SYSTEM_32),
    "explorer.exe": (r"\windows", r"\windows\syswow64"),
}  # fmt: skip
# Before the folder: "C:", "\\?\C:", "\Device\HarddiskVolume3"; or, standing for drive and folder, "%SystemRoot%".
_DRIVE: Final = re.compile(r"\A(?:\\\\\?\\)?(?:[a-z]:|\\device\\harddiskvolume\d{1,4})(?=\\)")
_ROOT: Final = re.compile(r"\A(?:%systemroot%|%windir%|\\systemroot)(?=\\)")

_PROXIES: Final[Mapping[str, str]] = {
    "mshta.exe": "T1218.005",
    "regsvr32.exe": "T1218.010",
    "rundll32.exe": "T1218.011",
}

# Each pattern runs over a bounded stretch behind a fixed word, so a command line costs linear time.
_COMMANDS: Final[tuple[tuple[str, str, Severity, str, re.Pattern[str]], ...]] = (
    (
        "encoded_powershell", "T1059.001", Severity.HIGH,
        "PowerShell was given an encoded command, which hides what it does.",
        re.compile(
            r"\b(?:powershell|pwsh)\b.{0,200}?\s[-/]e(?:c|n(?:c(?:odedc[a-z]{0,6})?)?)?\s{1,40}[\"']?[A-Za-z0-9+/]{16}",
            re.IGNORECASE,
        ),
    ),
    (
        "shadow_copy_deletion", "T1490", Severity.HIGH,
        "Shadow copies are deleted, which ransomware does before it encrypts.",
        re.compile(
            r"\bvssadmin\b.{0,40}?\bdelete\s+shadows\b|\bwmic\b.{0,40}?\bshadowcopy\b.{0,80}?\bdelete\b"
            r"|\bwbadmin\b.{0,40}?\bdelete\s+(?:catalog|systemstatebackup)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "process_memory_dump", "T1003.001", Severity.HIGH,
        "Memory of a process is written out through comsvcs.dll, which is how credentials are taken from LSASS.",
        re.compile(r"\bcomsvcs\b.{0,40}?(?:\bminidump\b|#[+-]?0{0,6}24\b)", re.IGNORECASE),
    ),
    (
        "certutil_download", "T1105", Severity.HIGH,
        "certutil fetches a file, which is no use that administrators have for it.",
        re.compile(r"\bcertutil\b.{0,80}?[-/](?:urlcache|verifyctl)\b", re.IGNORECASE),
    ),
)  # fmt: skip


def behaviours_of(event: Telemetry) -> tuple[Behaviour, ...]:
    """Everything that one event shows, each once; where several connections show the same, the first is named."""
    found: dict[tuple[str, str, str], Behaviour] = {}
    for one in (*_by_connections(event), *_fan_out(event.connections), *_by_place(event), *_by_command(event)):
        found.setdefault((one.name, one.technique_id, one.reason), one)
    return tuple(found.values())


def _by_connections(event: Telemetry) -> Iterator[Behaviour]:
    process = event.process_name.lower()
    for number, connection in enumerate(event.connections):
        if is_outside_address(connection.address):
            field = f"connections.{number}"
            yield from _by_port(connection, field)
            yield from _by_process(process, connection, field)


def _by_port(connection: Connection, field: str) -> Iterator[Behaviour]:
    port = connection.port
    if port in _TOOL_PORTS:
        level, words = _TOOL_PORTS[port]
        yield Behaviour("tool_port", "T1571", level, f"Port {port} on an outside address {words}.", field)
    elif port in _TOR_PORTS:
        reason = f"Port {port} on an outside address is a default of Tor relays."
        yield Behaviour("tor_port", "T1090.003", Severity.LOW, reason, field)
    elif port in _SMB_PORTS:
        reason = "File sharing (SMB) with an outside address hands out password hashes."
        yield Behaviour("smb_outside", "T1187", Severity.MEDIUM, reason, field)


def _by_process(process: str, connection: Connection, field: str) -> Iterator[Behaviour]:
    if process == "svchost.exe" and connection.port not in _SERVICE_PORTS:
        reason = (
            f"svchost.exe talks to an outside address on port {connection.port}, which no service of Windows uses: "
            "it may carry injected code or be another program under this name."
        )
        yield Behaviour("service_host_connects_out", "T1055", Severity.MEDIUM, reason, field)
    elif process in _PROXIES:
        reason = f"{process} talks to an outside address: it is often used to run code that was fetched."
        yield Behaviour("proxy_binary_connects_out", _PROXIES[process], Severity.MEDIUM, reason, field)


def _fan_out(connections: tuple[Connection, ...]) -> Iterator[Behaviour]:
    ports: dict[Address, set[int]] = defaultdict(set)
    hosts: dict[int, set[Address]] = defaultdict(set)
    for connection in connections:
        if connection.port:
            ports[connection.address].add(connection.port)
            hosts[connection.port].add(connection.address)
    if any(len(known) >= _MANY_PORTS for known in ports.values()):
        reason = f"One address was contacted on {_MANY_PORTS} ports or more, as a port scan does."
        yield Behaviour("many_ports", "T1046", Severity.MEDIUM, reason, "connections")
    # Browsers reach many hosts on web ports, so that these say nothing.
    if any(len(known) >= _MANY_HOSTS for port, known in hosts.items() if port not in _SERVICE_PORTS):
        reason = f"{_MANY_HOSTS} addresses or more were contacted on one port, as a search for victims does."
        yield Behaviour("many_hosts", "T1046", Severity.MEDIUM, reason, "connections")


def _by_place(event: Telemetry) -> Iterator[Behaviour]:
    """Only a path with a folder says where a program lies; a bare name leaves it open."""
    name = event.process_name.lower()
    folder = _folder(event.process_path)
    homes = _HOMES.get(name)
    if homes is not None and folder and folder not in homes:
        reason = f"{name} runs from a folder that is not its own, so it is likely another program under this name."
        yield Behaviour("wrong_folder", "T1036.005", Severity.HIGH, reason, "process_path")


def _folder(path: str) -> str:
    """The folder in lower case without its drive, `%SystemRoot%` spelled out; empty where the path names none."""
    plain = _ROOT.sub(lambda _: r"\windows", path.lower().replace("/", "\\"))
    return _DRIVE.sub("", plain).rpartition("\\")[0]


def _by_command(event: Telemetry) -> Iterator[Behaviour]:
    # Carets and doubled quotes mean nothing to the Windows shell and are put in to break up words.
    line = event.command_line.replace("^", "").replace('""', "")
    for name, technique_id, level, reason, pattern in _COMMANDS:
        if pattern.search(line):
            yield Behaviour(name, technique_id, level, reason, "command_line")
