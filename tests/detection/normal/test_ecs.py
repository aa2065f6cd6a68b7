"""Events under Elastic's names: what happened, on which system, in Sigma's words."""

import pytest

from cybervault.detection.normal.ecs import fields_of, read, recognises
from cybervault.detection.record import LogSource, Record


def event(category: object, kind: str, product: str = "windows", **more: object) -> dict[str, object]:
    return {
        "@timestamp": "2026-03-04T12:00:00Z",
        "ecs": {"version": "8.11"},
        "event": {"category": category, "type": [kind], "action": kind},
        "host": {"name": "ws-1", "os": {"type": product}},
        **more,
    }


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    return record


def test_a_started_process() -> None:
    process = {
        "executable": "C:\\a.exe", "args": ["a", "-b"], "pid": 7, "working_directory": "C:\\",
        "pe": {"original_file_name": "A.EXE", "imphash": "00"}, "hash": {"md5": "11", "sha256": "22"},
        "parent": {"executable": "C:\\p.exe", "command_line": "p", "pid": 3},
    }  # fmt: skip
    record = read_one(event(["process"], "start", process=process, user={"name": "ann", "domain": "CORP"}))
    assert record.source == LogSource("windows", frozenset({"process_creation"}))
    assert record.at is not None
    assert record.fields == {
        "Image": "C:\\a.exe",
        "CommandLine": "a -b",
        "ProcessId": "7",
        "CurrentDirectory": "C:\\",
        "OriginalFileName": "A.EXE",
        "Hashes": "MD5=11,SHA256=22,IMPHASH=00",
        "ParentImage": "C:\\p.exe",
        "ParentCommandLine": "p",
        "ParentProcessId": "3",
        "User": "CORP\\ann",
        "Computer": "ws-1",
    }


@pytest.mark.parametrize(
    ("category", "kind", "action", "more", "categories"),
    [
        ("process", "end", "end", {}, "process_termination"),
        ("file", "creation", "creation", {}, "file_event"),
        ("file", "deletion", "deletion", {}, "file_delete"),
        ("file", "change", "rename", {}, "file_rename"),
        ("registry", "change", "modification", {}, "registry_event,registry_set"),
        ("registry", "creation", "creation", {}, "registry_event,registry_add"),
        ("registry", "access", "query", {}, "registry_event"),
        ("library", "start", "load", {}, "image_load"),
        ("driver", "start", "load", {}, "driver_load"),
        ("network", "start", "x", {"destination": {"ip": "203.0.113.1"}, "process": {"pid": 1}}, "network_connection"),
        ("network", "info", "lookup", {"dns": {"question": {"name": "a.example"}}}, "dns_query,dns"),
        ("network", "start", "x", {"destination": {"ip": "203.0.113.1"}}, "firewall"),
    ],
)
def test_kind_and_action_say_what_happened(
    category: str, kind: str, action: str, more: dict[str, object], categories: str
) -> None:
    record = read_one(event(category, kind) | {"event": {"category": category, "type": kind, "action": action}} | more)
    assert record.source == LogSource("windows", frozenset(categories.split(",")))


@pytest.mark.parametrize(
    ("host", "executable", "product"),
    [
        ({"os": {"family": "windows"}}, "", "windows"),
        ({"os": {"type": "macos"}}, "", "macos"),
        ({"os": {"platform": "ubuntu"}}, "", "linux"),
        ({"os": {"family": "debian"}}, "", "linux"),
        ({}, "C:\\a.exe", "windows"),
        ({}, "/bin/sh", ""),
    ],
)
def test_the_system_is_told_by_the_host(host: dict[str, object], executable: str, product: str) -> None:
    made = event("process", "start") | {"host": host, "process": {"executable": executable}}
    assert read_one(made).source.product == product


def test_a_web_request_has_the_names_of_proxies_and_servers() -> None:
    made = event("web", "access", url={"original": "/a.php?x=1", "domain": "h"}, http={"request": {"method": "GET"}})
    record = read_one(made)
    assert record.source == LogSource("", frozenset({"proxy", "webserver"}))
    assert record.fields["cs-uri-stem"] == "/a.php"
    assert record.fields["cs-method"] == "GET"
    made["event"] = {"category": "web", "dataset": "squid.log"}
    assert read_one(made).source.categories == {"proxy"}


def test_the_direction_says_who_began() -> None:
    assert fields_of({"network.direction": "egress", "user.name": "ann"}) == {"Initiated": "true", "User": "ann"}
    assert fields_of({"network.direction": "inbound", "file.hash.sha1": "1"}) == {
        "Initiated": "false",
        "Hashes": "SHA1=1",
    }
    assert fields_of({"network.direction": "unknown"}) == {}


def test_what_no_rule_is_about_gives_no_record() -> None:
    assert read(event("authentication", "start")) == ()
    assert read(event("network", "start")) == ()


@pytest.mark.parametrize("other", [{}, {"event": {"category": "process"}}, {"ecs": {}}, {"event": 1, "host": {}}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)


def test_dotted_events_are_recognised() -> None:
    dotted: dict[str, object] = {"event.category": "process", "event.type": "start", "process.executable": "/bin/sh"}
    assert read_one(dotted).fields["Image"] == "/bin/sh"
