"""ATT&CK: the techniques we name most often, with the tactic each is shown under.

Source: MITRE ATT&CK, Enterprise 18, (c) The MITRE Corporation, used under the ATT&CK terms of use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Technique:
    """`tactic` is the short name of ATT&CK; of a technique with several, the one it is most often met in."""

    id: str
    name: str
    tactic: str


_BY_TACTIC: Final[Mapping[str, Mapping[str, str]]] = {
    "initial-access": {
        "T1566.001": "Spearphishing Attachment",
        "T1566.002": "Spearphishing Link",
        "T1078": "Valid Accounts",
    },
    "execution": {
        "T1059": "Command and Scripting Interpreter",
        "T1059.001": "PowerShell",
        "T1059.003": "Windows Command Shell",
        "T1059.004": "Unix Shell",
        "T1059.005": "Visual Basic",
        "T1059.007": "JavaScript",
        "T1204.002": "Malicious File",
    },
    "persistence": {
        "T1053.005": "Scheduled Task",
        "T1136.001": "Local Account",
        "T1547.001": "Registry Run Keys / Startup Folder",
    },
    "defense-evasion": {
        "T1027": "Obfuscated Files or Information",
        "T1027.010": "Command Obfuscation",
        "T1036": "Masquerading",
        "T1036.005": "Match Legitimate Resource Name or Location",
        "T1055": "Process Injection",
        "T1070.001": "Clear Windows Event Logs",
        "T1140": "Deobfuscate/Decode Files or Information",
        "T1218": "System Binary Proxy Execution",
        "T1218.005": "Mshta",
        "T1218.010": "Regsvr32",
        "T1218.011": "Rundll32",
        "T1562.001": "Disable or Modify Tools",
    },
    "credential-access": {
        "T1003": "OS Credential Dumping",
        "T1003.001": "LSASS Memory",
        "T1110": "Brute Force",
        "T1187": "Forced Authentication",
    },
    "discovery": {
        "T1046": "Network Service Discovery",
        "T1082": "System Information Discovery",
        "T1087": "Account Discovery",
    },
    "lateral-movement": {
        "T1021": "Remote Services",
        "T1021.001": "Remote Desktop Protocol",
        "T1021.002": "SMB/Windows Admin Shares",
    },
    "command-and-control": {
        "T1071": "Application Layer Protocol",
        "T1071.001": "Web Protocols",
        "T1071.004": "DNS",
        "T1090": "Proxy",
        "T1090.003": "Multi-hop Proxy",
        "T1095": "Non-Application Layer Protocol",
        "T1105": "Ingress Tool Transfer",
        "T1571": "Non-Standard Port",
    },
    "exfiltration": {
        "T1041": "Exfiltration Over C2 Channel",
        "T1048": "Exfiltration Over Alternative Protocol",
    },
    "impact": {
        "T1486": "Data Encrypted for Impact",
        "T1490": "Inhibit System Recovery",
        "T1496": "Resource Hijacking",
        "T1498": "Network Denial of Service",
    },
}

TECHNIQUES: Final[Mapping[str, Technique]] = {
    id_: Technique(id_, name, tactic) for tactic, names in _BY_TACTIC.items() for id_, name in names.items()
}


def technique(technique_id: str) -> Technique | None:
    """The technique of an id as ATT&CK writes it, None where the table does not hold it.

    The table is a choice: callers never drop an id that it does not know, they show it without name and tactic.
    """
    return TECHNIQUES.get(technique_id)
