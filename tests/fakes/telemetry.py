"""Batches of telemetry for tests: a harmless event, one on which a rule that ships fires, and lines of them."""

import gzip
import json
import struct
import zlib
from pathlib import Path
from typing import Any, Final

_SYSMON: Final = {
    "Provider_Name": "Microsoft-Windows-Sysmon", "Channel": "Microsoft-Windows-Sysmon/Operational",
    "Computer": "finance-07", "User": "ACME\\eve", "UtcTime": "2026-01-31 12:00:00.000",
}  # fmt: skip
QUIET: Final[dict[str, Any]] = _SYSMON | {
    "EventID": "1", "Image": "C:\\Program Files\\App\\app.exe", "CommandLine": "app.exe --quiet",
}  # fmt: skip
CALLBACK: Final[dict[str, Any]] = _SYSMON | {
    "EventID": "3", "Image": "C:\\Temp\\x.exe", "Initiated": "true", "Protocol": "tcp",
    "DestinationIp": "198.51.100.42", "DestinationPort": "4444", "DestinationHostname": "",
}  # fmt: skip
# Each is nothing by itself; a correlation that ships counts ten of them.
REFUSED: Final[list[dict[str, Any]]] = [
    {
        "Provider_Name": "Microsoft-Windows-Security-Auditing", "Channel": "Security", "EventID": "4625",
        "Computer": "finance-07", "TargetUserName": "Eve", "IpAddress": "10.0.0.9", "LogonType": "3",
        "EventTime": f"2026-01-31T12:00:{second:02}Z",
    }
    for second in range(12)
]  # fmt: skip
NDJSON: Final = {"content-type": "application/x-ndjson"}
EVTX: Final = gzip.decompress(
    (Path(__file__).parents[1] / "cases" / "evtx" / "certutil_drops_a_file.evtx.gz").read_bytes()
)


def lines_of(*events: object) -> bytes:
    """Each on a line; bytes as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in events)


def repeated(evtx: bytes, times: int) -> bytes:
    """An EVTX file whose only chunk comes so many times; numbers and checksum of the head as its format has them."""
    head = bytearray(evtx[:4096])
    struct.pack_into("<Q", head, 16, times - 1)
    struct.pack_into("<H", head, 42, times)
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head) + evtx[4096 : 4096 + 65536] * times
