"""Marks: what stands out in script-like text without running it, in words of our own.

Every pattern starts at a fixed word or at the edge of a run and looks a bounded stretch ahead: linear time.
"""

import re
from dataclasses import dataclass
from typing import Final

from cybervault.domain.verdicts import Severity

EXCERPT_MAX: Final = 80


@dataclass(frozen=True, slots=True)
class Mark:
    """`excerpt` is where it was found first: at most 80 characters on one line, chosen by whoever wrote the payload."""

    name: str
    technique_id: str | None
    level: Severity
    excerpt: str


@dataclass(frozen=True, slots=True)
class _Sign:
    """Each pattern stands behind the words, in lower case, of which one must be in the text for it to be tried."""

    name: str
    technique_id: str | None
    level: Severity
    patterns: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]

    def search(self, text: str, lowered: str) -> re.Match[str] | None:
        tried = (
            pattern.search(text)
            for words, pattern in self.patterns
            if not words or any(word in lowered for word in words)
        )
        return next((found for found in tried if found), None)


def _sign(name: str, technique_id: str | None, level: Severity, *patterns: tuple[str, str]) -> _Sign:
    return _Sign(
        name,
        technique_id,
        level,
        tuple((tuple(words.split()), re.compile(pattern, re.IGNORECASE)) for words, pattern in patterns),
    )


_SIGNS: Final = (
    # Only the words inside the test file: the whole of it would have this source taken for the file.
    _sign("eicar_test_file", None, Severity.CRITICAL, ("eicar", r"EICAR-STANDARD-ANTIVIRUS-TEST-FILE")),
    _sign(
        "encoded_command",
        "T1059.001",
        Severity.HIGH,
        (
            "powershell pwsh",
            r"\b(?:powershell|pwsh)\b[^\n]{0,160}?[ \t][-/]e(?:c|n(?:c(?:odedc[a-z]{0,6})?)?)?[ \t]{1,40}[\"']?\w{16}",
        ),
    ),
    _sign(
        "download_cradle",
        "T1105",
        Severity.HIGH,
        ("download", r"\bdownload(?:string|file|data)\s{0,8}\("),
        (
            "iex invoke-expression",
            r"\b(?:iex|invoke-expression)\b[^\n]{0,80}?\b(?:iwr|irm|invoke-(?:webrequest|restmethod))\b",
        ),
        (
            "iex invoke-expression",
            r"\b(?:iwr|irm|invoke-(?:webrequest|restmethod))\b[^\n|]{0,200}\|\s{0,8}(?:iex|invoke-expression)\b",
        ),
        (
            "curl wget",
            r"\b(?:curl|wget)\b[^\n|;]{0,300}\|\s{0,8}(?:sudo\s{1,8})?(?:/bin/|/usr/bin/)?(?:ba|da|z|k)?sh\b",
        ),
        ("certutil", r"\bcertutil\b[^\n]{0,80}?[-/]urlcache\b"),
        ("bitsadmin", r"\bbitsadmin\b[^\n]{0,80}?/transfer\b"),
    ),
    _sign(
        "obfuscated_strings",
        "T1027",
        Severity.MEDIUM,
        ("", r"(?-i:(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{200,}+)"),
        ("chr", r"\bchrw?\s?\(\s?\d{1,5}\s?\)(?:\s{0,4}[&+]\s{0,4}chrw?\s?\(\s?\d{1,5}\s?\)){4}"),
        ("[char]", r"\[char\]\s?\d{1,5}(?:\s{0,4}\+\s{0,4}\[char\]\s?\d{1,5}){4}"),
        ("fromcharcode", r"\bfromcharcode\s?\((?:\s?(?:0x[0-9a-f]{1,4}|\d{1,5})\s?,){8}"),
        ("\\x", r"(?<!\\x[0-9a-f]{2})(?:\\x[0-9a-f]{2}){40}"),
    ),
    _sign(
        "shadow_copy_deletion",
        "T1490",
        Severity.HIGH,
        ("vssadmin", r"\bvssadmin\b[^\n]{0,40}?\bdelete\s{1,8}shadows\b"),
        ("shadowcopy", r"\bwmic\b[^\n]{0,20}?\bshadowcopy\b[^\n]{0,60}?\bdelete\b"),
        ("bcdedit", r"\bbcdedit\b[^\n]{0,80}?\brecoveryenabled\s{1,8}no\b"),
        ("wbadmin", r"\bwbadmin\b[^\n]{0,40}?\bdelete\s{1,8}(?:catalog|systemstatebackup)\b"),
    ),
    _sign(
        "credential_dump",
        "T1003.001",
        Severity.HIGH,
        ("sekurlsa mimikatz", r"\bsekurlsa::|\binvoke-mimikatz\b"),
        ("comsvcs", r"\bcomsvcs\b[^\n]{0,40}?(?:\bminidump\b|#[+-]?0{0,6}24\b)"),
        ("procdump", r"\bprocdump(?:64)?\b[^\n]{0,80}?\blsass\b"),
    ),
    _sign(
        "reverse_shell",
        "T1059.004",
        Severity.HIGH,
        ("/dev/tcp/ /dev/udp/", r"/dev/(?:tcp|udp)/[^\s/]{1,253}/\d{1,5}\b"),
        ("nc ncat netcat", r"\b(?:nc|ncat|netcat)\b[^\n]{0,80}?[ \t]-(?:[a-z]{0,6}e|c)[ \t]{1,8}(?:/bin/)?(?:ba)?sh\b"),
        ("mkfifo", r"\bmkfifo\b[^\n]{0,100}?\|\s{0,8}(?:/bin/)?(?:ba)?sh\s{1,8}-i\b"),
    ),
    _sign(
        "disable_defender",
        "T1562.001",
        Severity.HIGH,
        ("mppreference", r"\bset-mppreference\b[^\n]{0,80}?-disable[a-z]{4,40}\s{1,8}(?:\$true|1)\b"),
        ("mppreference", r"\badd-mppreference\b[^\n]{0,40}?-exclusion(?:path|process|extension)\b"),
        ("disableantispyware", r"\bdisableantispyware\b"),
        ("windefend", r"\bsc(?:\.exe)?\s{1,8}(?:stop|delete)\s{1,8}windefend\b"),
    ),
    _sign("scan_interface_bypass", "T1562.001", Severity.HIGH, ("amsi", r"\bamsi(?:initfailed|scanbuffer|utils)\b")),
    _sign(
        "macro_autoopen",
        "T1204.002",
        Severity.MEDIUM,
        ("sub", r"\bsub[ \t]{1,8}(?:auto_?open|auto_?exec|auto_?close|document_open|workbook_open)\b"),
    ),
    _sign(
        "run_key",
        "T1547.001",
        Severity.MEDIUM,
        (
            "currentversion\\run",
            r"\b(?:reg(?:\.exe)?\s{1,8}add|(?:set|new)-itemproperty)\b[^\n]{0,120}?\\currentversion\\run(?:once)?\b",
        ),
    ),
    _sign(
        "scheduled_task",
        "T1053.005",
        Severity.LOW,
        ("schtasks", r"\bschtasks(?:\.exe)?\b[^\n]{0,80}?/create\b"),
        ("register-scheduledtask", r"\bregister-scheduledtask\b"),
    ),
    _sign(
        "event_log_clearing",
        "T1070.001",
        Severity.HIGH,
        ("wevtutil", r"\bwevtutil(?:\.exe)?\s{1,8}cl\b"),
        ("clear-eventlog", r"\bclear-eventlog\b"),
    ),
    _sign(
        "script_proxy",
        "T1218.005",
        Severity.HIGH,
        ("mshta", r"\bmshta(?:\.exe)?\b[\s\"']{1,8}(?:https?:|javascript:|vbscript:)"),
    ),
    _sign("crypto_miner", "T1496", Severity.HIGH, ("stratum xmrig", r"\bstratum\+(?:tcp|ssl)://|\bxmrig\b")),
)


def marks_in(text: str) -> tuple[Mark, ...]:
    """Every mark that the text bears, each once."""
    lowered = text.lower()
    found = ((sign, sign.search(text, lowered)) for sign in _SIGNS)
    return tuple(
        Mark(sign.name, sign.technique_id, sign.level, _excerpt(match.group())) for sign, match in found if match
    )


def _excerpt(text: str) -> str:
    line = " ".join(text[: EXCERPT_MAX * 4].split())
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in line)
    return shown if len(shown) <= EXCERPT_MAX else f"{shown[: EXCERPT_MAX - 1]}\u2026"
