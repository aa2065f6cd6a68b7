"""Events and rules that were written to be slow, in a process that the kernel ends when it computes for too long.

`python -m tests.detection.hostile` names each before it begins, so that the last line names the one that was too much.
"""

import json
import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.scanners import Finding, literals
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.explain import explain
from cybervault.detection.lines import Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Record, Unrecognised
from cybervault.detection.rule import Rule
from cybervault.detection.rules.pack import load_pack, starter_files
from cybervault.domain.telemetry import read_telemetry
from tests.detection.sigma import PROCESSES, rule, selecting

SECONDS = 60
"""Of the processor, for all of it; it takes about 7. The square of a million would take days."""

MEGABYTE = 1_000_000
SYSMON = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}
# Long in the ways that cost a careless reader or expression the square: prefixes that repeat, and ends that nearly fit.
LONG = {
    name: (piece * MEGABYTE)[:MEGABYTE]
    for name, piece in {
        "one letter": "a",
        "separators": "\\",
        "blanks": " ",
        "quotes": '"',
        "digits": "7",
        "commands": "powershell -enc vssadmin delete wmic ",
        "origins": "http://",
        "pairs": "key=value,",
        "letters beyond ASCII": "\u0130",
    }.items()
}
KINDS = ("one letter", "origins", "pairs", "letters beyond ASCII")
# Of each format the field that its reader looks into most.
READERS: Mapping[str, tuple[Mapping[str, object], str]] = {
    "Sysmon": (SYSMON, "CommandLine"),
    "hashes": (SYSMON, "Hashes"),
    "PowerShell": ({"EventID": 400, "Channel": "Windows PowerShell"}, "Message"),
    "auditd": ({"type": "EXECVE"}, "a0"),
    "titles of auditd": ({"type": "PROCTITLE"}, "proctitle"),
    "web server": ({"cs-method": "GET"}, "cs-uri"),
    "request line": ({"remote_addr": "203.0.113.1"}, "request"),
    "cloud": ({"eventSource": "x", "eventName": "y", "eventVersion": "1"}, "requestParameters"),
    "audit data": ({"RecordType": 1, "Operation": "x", "Workload": "y"}, "AuditData"),
    "Elastic": ({"ecs": {"version": "1"}, "event": {"category": "process", "type": "start"}}, "process.command_line"),
}
# To an engine that goes back and tries again, each takes longer than the world has lasted on a long row of one letter.
REGEXES = ("(a+)+$", "(a|a)*b", "(a|aa)+c", "^(([a-z])+.)+[A-Z]$", "(.*a){12}x", "(x+x+)+y")


def events() -> Iterator[tuple[str, Mapping[str, object]]]:
    """What somebody could send as an event."""
    for reader, (event, field) in READERS.items():
        for kind in LONG if reader == "Sysmon" else KINDS:
            yield f"{kind} to {reader}", {**event, field: LONG[kind]}
    yield "9,900 fields", SYSMON | {f"field {number}": "x" * 100 for number in range(9_900)}
    yield "9,900 texts in a field", SYSMON | {"CommandLine": ["powershell " * 9] * 9_900}
    yield "a million fields", SYSMON | dict.fromkeys(map(str, range(MEGABYTE)), "")


def lines() -> Iterator[tuple[str, bytes]]:
    """What somebody could send as a file."""
    for name, begin, end in (("lists", b"[", b"]"), ("objects", b'{"a":', b"}")):
        yield f"a million {name} in one another", b'{"EventID":1,"a":' + begin * MEGABYTE + b"1" + end * MEGABYTE + b"}"
    yield "lists without an end", b"[" * MEGABYTE
    yield "a number of a million digits", b'{"EventID":' + b"9" * MEGABYTE + b"}"
    yield "an escape in every letter", b'{"EventID":1,"Channel":"' + rb"\u0061" * MEGABYTE + b'"}'


def rules() -> Iterator[tuple[str, Rule]]:
    """What somebody could ask."""
    for expression in REGEXES:
        yield expression, rule(selecting(CommandLine__re=expression))
    yield "wildcards", rule(selecting(CommandLine="*a" * 30 + "*b"))
    yield "200 alternatives", rule(selecting(CommandLine__contains=["a" * size + "b" for size in range(1, 201)]))
    nested: dict[str, object] = {"a": {"CommandLine|contains": "a"}, "condition": "(" * 40 + "a" + ")" * 40}
    yield "40 brackets", rule(nested)


def _say(name: str) -> None:
    sys.stdout.write(f"{name}\n")
    sys.stdout.flush()


def ask(finding: Finding) -> None:
    """Ask everything in vain."""
    detector = Detector(Engine(load_pack("starter", starter_files()).rules, finding=finding))
    for name, event in events():
        _say(name)
        found = normalise(event)
        if not isinstance(found, Unrecognised):
            detector.of_records(found)
    for name, made in rules():
        _say(name)
        engine = Engine([made], finding=finding)
        for text in (LONG["one letter"], LONG["one letter"] + "!"):
            engine.outcome(Record(PROCESSES, {"CommandLine": text}))
        explain(made, Record(PROCESSES, {"CommandLine": LONG["one letter"]}))
    for kind, text in LONG.items():
        _say(f"{kind} as telemetry")
        detector.of_telemetry(read_telemetry("endpoint_telemetry", {"command_line": text[:30_000]}))


def read() -> None:
    """Read everything in vain."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        for name, raw in lines():
            _say(name)
            path.write_bytes(raw)
            for one in events_of(path):
                if isinstance(one, Event):
                    normalise(one.content)
        path.write_text(json.dumps(SYSMON | {"Image": "a"}))
        assert len(list(events_of(path))) == 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    read()
    for each in (hyperscanning, literals):
        ask(each)
    _say("done")
