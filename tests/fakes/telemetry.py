"""Batches of telemetry for tests: a harmless event, one on which a rule that ships fires, and lines of them."""

import gzip
import json
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
NDJSON: Final = {"content-type": "application/x-ndjson"}
EVTX: Final = gzip.decompress(
    (Path(__file__).parents[1] / "cases" / "evtx" / "certutil_drops_a_file.evtx.gz").read_bytes()
)


def lines_of(*events: object) -> bytes:
    """Each on a line; bytes as they are."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in events)
