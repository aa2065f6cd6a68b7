"""Events of the Open Cybersecurity Schema Framework in Sigma's words."""

import pytest

from cybervault.detection.normal.ocsf import read, recognises
from cybervault.detection.record import LogSource, Record

ACTOR: dict[str, object] = {
    "process": {"pid": 3, "cmd_line": "p", "file": {"path": "C:\\p.exe"}, "user": {"name": "root"}},
    "user": {"name": "ann"},
}


def event(kind: int, activity: int, **more: object) -> dict[str, object]:
    return {
        "class_uid": kind, "activity_id": activity, "time": 1772625600000, "actor": ACTOR,
        "device": {"hostname": "ws-1", "os": {"type_id": 100}}, **more,
    }  # fmt: skip


def read_one(event: dict[str, object]) -> Record:
    assert recognises(event)
    (record,) = read(event)
    assert record.at is not None
    return record


def test_a_started_process() -> None:
    file = {"path": "C:\\a.exe", "hashes": [{"algorithm": "SHA-256", "value": "22"}, {"value": "x"}]}
    record = read_one(event(1007, 1, process={"pid": 7, "cmd_line": "a", "file": file, "user": {"name": "bob"}}))
    assert record.source == LogSource("windows", frozenset({"process_creation"}))
    assert record.fields == {
        "Computer": "ws-1",
        "User": "bob",
        "Image": "C:\\a.exe",
        "CommandLine": "a",
        "ProcessId": "7",
        "ParentImage": "C:\\p.exe",
        "ParentCommandLine": "p",
        "ParentProcessId": "3",
        "ParentUser": "root",
        "Hashes": "SHA256=22",
    }


@pytest.mark.parametrize(("activity", "category"), [(3, "process_access"), (4, "create_remote_thread")])
def test_a_touched_process_has_a_source_and_a_target(activity: int, category: str) -> None:
    record = read_one(event(1007, activity, process={"file": {"path": "C:\\lsass.exe"}}))
    assert record.source.categories == {category}
    assert record.fields["SourceImage"] == "C:\\p.exe"
    assert record.fields["TargetImage"] == "C:\\lsass.exe"


def test_files_and_modules() -> None:
    created = read_one(event(1001, 1, file={"path": "C:\\x"}))
    assert created.source.categories == {"file_event"}
    assert (created.fields["TargetFilename"], created.fields["Image"]) == ("C:\\x", "C:\\p.exe")
    loaded = read_one(event(1005, 1, module={"file": {"path": "C:\\x.dll"}}))
    assert loaded.source.categories == {"image_load"}
    assert loaded.fields["ImageLoaded"] == "C:\\x.dll"


def test_a_connection_and_who_began_it() -> None:
    record = read_one(
        event(
            4001, 1, dst_endpoint={"ip": "203.0.113.1", "port": 443}, src_endpoint={"ip": "10.0.0.1"},
            connection_info={"direction_id": 2, "protocol_num": 6},
        )
    )  # fmt: skip
    assert record.source.categories == {"network_connection"}
    assert record.fields["Initiated"] == "true"
    assert record.fields["Protocol"] == "tcp"
    assert record.fields["DestinationPort"] == "443"
    assert ("ip", "203.0.113.1") in record.entities


def test_a_query() -> None:
    record = read_one(event(4003, 2, query={"hostname": "a.example", "type": "TXT"}))
    assert record.source.categories == {"dns_query", "dns"}
    assert (record.fields["QueryName"], record.fields["record_type"]) == ("a.example", "TXT")


def test_a_registry_value_is_printed_as_sysmon_prints_it() -> None:
    value = {"path": "HKLM\\A", "name": "V", "data": "1", "type": "REG_DWORD"}
    record = read_one(event(201002, 2, reg_value=value))
    assert record.source == LogSource("windows", frozenset({"registry_event", "registry_set"}))
    assert record.fields["TargetObject"] == "HKLM\\A\\V"
    assert record.fields["Details"] == "DWORD (0x00000001)"
    key = read_one(event(201001, 4, reg_key={"path": "HKLM\\A"}))
    assert key.source.categories == {"registry_event", "registry_delete"}
    assert "Details" not in key.fields
    assert "TargetObject" not in read_one(event(201001, 4)).fields


def test_a_call_of_aws_has_the_names_of_cloudtrail() -> None:
    made = event(
        6003, 1, cloud={"provider": "AWS", "region": "eu-1"},
        api={"operation": "PutKey", "service": {"name": "s3.amazonaws.com"}, "request": {"data": {"a": {"b": 1}}}},
        unmapped={"eventType": "AwsApiCall"},
    )  # fmt: skip
    record = read_one(made)
    assert record.source == LogSource("aws", service="cloudtrail")
    assert record.fields["eventName"] == "PutKey"
    assert record.fields["eventSource"] == "s3.amazonaws.com"
    assert record.fields["eventType"] == "AwsApiCall"
    assert record.fields["requestParameters.a.b"] == "1"
    assert record.fields["requestParameters"] == '{"a":{"b":1}}'
    assert read(made | {"cloud": {"provider": "Other"}}) == ()


@pytest.mark.parametrize(
    ("system", "product"),
    [({"type_id": 200}, "linux"), ({"name": "macOS 15"}, "macos"), ({"type": "Windows"}, "windows"), ({}, "")],
)
def test_the_system_is_told_by_the_device(system: dict[str, object], product: str) -> None:
    assert read_one(event(1007, 1) | {"device": {"os": system}}).source.product == product


def test_what_no_rule_is_about_gives_no_record() -> None:
    assert read(event(1001, 14)) == ()


@pytest.mark.parametrize("other", [{}, {"class_uid": 2004}, {"class_uid": None}, {"class_uid": [1007]}])
def test_other_events_are_not_recognised(other: dict[str, object]) -> None:
    assert not recognises(other)
