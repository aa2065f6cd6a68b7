"""Linux audit records: decoded arguments, and processes from those that start one."""

import pytest

from cybervault.detection.normal.auditd import read, recognises
from cybervault.detection.record import LogSource

AUDITD = LogSource("linux", service="auditd")
PROCESS = LogSource("linux", frozenset({"process_creation"}))
STAMP = "audit(1772625600.000:24287):"


@pytest.mark.parametrize("kind", ["EXECVE", "1309", 1309])
def test_the_arguments_of_a_start_make_a_command_line(kind: object) -> None:
    event: dict[str, object] = {
        "type": kind, "msg": STAMP, "argc": 3, "a0": '"cat"', "a1": "2D6E2061", "a2": "/etc/passwd", "node": "srv",
    }  # fmt: skip
    assert recognises(event)
    raw, process = read(event)
    assert raw.source == AUDITD
    assert raw.fields["type"] == "EXECVE"
    assert raw.fields["a0"] == "cat"
    assert raw.fields["CommandLine"] == "cat -n a /etc/passwd"
    assert raw.entities == (("host", "srv"), ("process", "cat"))
    assert raw.at is not None
    assert raw.at.isoformat() == "2026-03-04T12:00:00+00:00"
    assert process.source == PROCESS
    assert process.fields == {"Image": "cat", "CommandLine": "cat -n a /etc/passwd"}
    assert process.bare == {"Image"}
    assert process.is_excerpt


def test_a_title_is_decoded() -> None:
    (record,) = read({"type": "PROCTITLE", "msg": STAMP, "proctitle": "636174002F6574632F706173737764"})
    assert record.fields["CommandLine"] == "cat /etc/passwd"


@pytest.mark.parametrize("text", ["20202020", "FFFE2041", "cafe", "CAFECAFE", "41424344", "0102030420", "4120420A07"])
def test_what_audit_would_not_have_encoded_is_left(text: str) -> None:
    (record, _) = read({"type": "EXECVE", "msg": STAMP, "a0": text})
    assert record.fields["a0"] == text


def test_the_call_that_starts_a_program_names_it() -> None:
    event: dict[str, object] = {
        "type": "SYSCALL", "syscall": "59", "exe": '"/usr/bin/cat"', "pid": 7, "ppid": "3", "UID": "ann",
    }  # fmt: skip
    assert recognises(event)
    _, process = read(event)
    assert process.fields == {"Image": "/usr/bin/cat", "ProcessId": "7", "ParentProcessId": "3", "User": "ann"}
    assert process.bare == frozenset()


def test_other_records_are_no_process() -> None:
    assert len(read({"type": "SYSCALL", "syscall": "2", "exe": "/usr/bin/cat"})) == 1
    assert len(read({"type": "PATH", "msg": STAMP, "name": "/etc/passwd"})) == 1
    (record,) = read({"type": "SERVICE_STOP", "unit": "rsyslog", "exe": "/usr/lib/systemd/systemd", "addr": "10.0.0.1"})
    assert record.entities == (("process", "/usr/lib/systemd/systemd"), ("ip", "10.0.0.1"))


def test_all_records_of_one_call_make_one_process() -> None:
    event: dict[str, object] = {
        "ID": "1772625600.000:15558",
        "NODE": "srv",
        "SYSCALL": {"SYSCALL": "execve", "exe": "/usr/bin/cat", "pid": 7, "ppid": 3, "UID": "ann"},
        "EXECVE": {"argc": 2, "ARGV": ["cat", "/etc/passwd"]},
        "CWD": {"cwd": "/root"},
        "PATH": [{"name": "/usr/bin/cat"}, {"name": "/lib/ld.so"}],
        "lower": {"x": 1},
    }
    assert recognises(event)
    records = read(event)
    assert [one.fields.get("type") for one in records[:-1]] == ["SYSCALL", "EXECVE", "CWD", "PATH", "PATH"]
    assert all(one.source == AUDITD for one in records[:-1])
    assert records[1].fields["a1"] == "/etc/passwd"
    assert records[-1].source == PROCESS
    assert records[-1].fields == {
        "Image": "/usr/bin/cat",
        "CommandLine": "cat /etc/passwd",
        "CurrentDirectory": "/root",
        "ProcessId": "7",
        "ParentProcessId": "3",
        "User": "ann",
    }
    assert records[-1].at is not None


def test_one_argument_is_a_list_too() -> None:
    records = read({"ID": "1772625600.000:1", "EXECVE": {"ARGV": ["id"]}})
    assert records[0].fields["CommandLine"] == "id"
    assert records[1].fields["Image"] == "id"


def test_auditbeat_names_are_those_of_audit() -> None:
    event: dict[str, object] = {
        "@timestamp": "2026-03-04T12:00:00Z",
        "auditd": {"message_type": "syscall", "data": {"syscall": "execve", "a0": "5581f"}},
        "process": {"executable": "/usr/bin/cat", "args": ["cat", "/etc/passwd", 3], "pid": 7},
        "host": {"name": "srv"},
    }
    assert recognises(event)
    raw, process = read(event)
    assert raw.fields["type"] == "SYSCALL"
    assert raw.fields["a1"] == "/etc/passwd"
    assert raw.fields["node"] == "srv"
    assert process.fields == {"Image": "/usr/bin/cat", "CommandLine": "cat /etc/passwd", "ProcessId": "7"}
    (dotted,) = read({"auditd.message_type": "path", "auditd.data.name": "/etc/passwd"})
    assert dotted.fields["name"] == "/etc/passwd"


@pytest.mark.parametrize(
    "other",
    [{}, {"type": "EXECVE"}, {"type": "login", "msg": "x"}, {"ID": "1"}, {"type": []}, {"ID": "1772625600.000:1"}],
)
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
