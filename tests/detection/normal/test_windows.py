"""Windows events: services by channel, categories by id, and second records in Sysmon's words."""

import pytest

from cybervault.detection.normal.windows import WindowsEvent, known_sources, records_of, source_of
from cybervault.detection.record import LogSource, Value

SYSMON = "Microsoft-Windows-Sysmon/Operational"


def event(channel: str, event_id: str, provider: str = "", **fields: Value) -> WindowsEvent:
    return WindowsEvent(channel, provider, event_id, dict(fields), host="ws-1")


@pytest.mark.parametrize(
    ("channel", "event_id", "service", "category"),
    [
        (SYSMON, "1", "sysmon", "process_creation"),
        (SYSMON, "13", "sysmon", "registry_event,registry_set"),
        (SYSMON, "999", "sysmon", ""),
        ("microsoft-windows-powershell/operational", "4104", "powershell", "ps_script"),
        ("PowerShellCore/Operational", "4103", "powershell", "ps_module"),
        ("Windows PowerShell", "400", "powershell-classic", "ps_classic_start"),
        ("Windows PowerShell", "600", "powershell-classic", "ps_classic_provider_start"),
        ("Windows PowerShell", "800", "powershell-classic", "ps_classic_script"),
        ("Security", "4624", "security", ""),
        ("Security", "1", "security", ""),
        ("Microsoft-Windows-Windows Defender/Operational", "1116", "windefend", ""),
        ("Microsoft-Windows-TaskScheduler/Operational", "129", "taskscheduler", ""),
        ("MSExchange Management", "1", "msexchange-management", ""),
        ("Directory Service", "1", "", ""),
        ("x" * 100_000, "1", "", ""),
    ],
)
def test_channel_and_id_say_where_an_event_was_logged(channel: str, event_id: str, service: str, category: str) -> None:
    categories = frozenset(category.split(",")) if category else frozenset[str]()
    assert source_of(event(channel, event_id)) == LogSource("windows", categories, service)


@pytest.mark.parametrize(
    ("kind", "category"), [("CreateKey", "add"), ("DeleteKey", "delete"), ("DeleteValue", "delete")]
)
def test_sysmons_event_12_says_whether_something_was_added_or_deleted(kind: str, category: str) -> None:
    expected = frozenset({"registry_event", f"registry_{category}"})
    assert source_of(event(SYSMON, "12", EventType=kind)).categories == expected
    assert source_of(event(SYSMON, "12")).categories == {"registry_event"}


@pytest.mark.parametrize("channel", ["", "ForwardedEvents"])
def test_without_a_channel_of_its_own_the_provider_tells_the_service(channel: str) -> None:
    assert source_of(event(channel, "1", "Microsoft-Windows-Sysmon")).categories == {"process_creation"}
    assert source_of(event("Other", "1", "Microsoft-Windows-Sysmon")).service == ""


def test_what_every_event_has_stands_beside_its_own_fields() -> None:
    (record,) = records_of(event("System", "104", "Microsoft-Windows-Eventlog", Channel="Security", Computer="ws-1"))
    assert record.source.service == "system"
    assert record.fields == {
        "EventID": "104",
        "Channel": ("System", "Security"),
        "Provider_Name": "Microsoft-Windows-Eventlog",
        "Computer": "ws-1",
    }


def test_a_started_process_in_the_security_log_is_one_for_rules_about_sysmon_too() -> None:
    fields: dict[str, Value] = {"NewProcessName": "C:\\a.exe", "NewProcessId": "0x10", "SubjectUserName": "ann"}
    raw, derived = records_of(event("Security", "4688", "Microsoft-Windows-Security-Auditing", **fields))
    assert raw.source == LogSource("windows", frozenset(), "security")
    assert raw.fields["NewProcessName"] == "C:\\a.exe"
    assert derived.source == LogSource("windows", frozenset({"process_creation"}))
    assert derived.fields == {
        "Image": "C:\\a.exe",
        "ProcessId": "16",
        "User": "ann",
        "EventID": "4688",
        "Channel": "Security",
        "Provider_Name": "Microsoft-Windows-Security-Auditing",
        "Computer": "ws-1",
    }
    assert derived.entities == (("host", "ws-1"), ("user", "ann"), ("process", "C:\\a.exe"))


@pytest.mark.parametrize(("event_id", "category"), [("4657", "registry_set"), ("5156", "network_connection")])
def test_other_security_events_have_a_second_record_too(event_id: str, category: str) -> None:
    assert category in records_of(event("Security", event_id))[1].source.categories
    assert len(records_of(event("System", event_id))) == 1


def test_nameless_texts_are_found_in_data() -> None:
    (numbered,) = records_of(event("Application", "1", param1="a", param2="b"))
    assert numbered.fields["Data"] == ("a", "b")
    (classic,) = records_of(event("Windows PowerShell", "400", Message="HostVersion=2.0"))
    assert classic.fields["Data"] == "HostVersion=2.0"
    (named,) = records_of(event("Windows PowerShell", "400", Message="x", Data="y"))
    assert named.fields["Data"] == "y"


def test_sysmons_own_time_counts_where_no_other_is_known() -> None:
    (record,) = records_of(event(SYSMON, "1", UtcTime="2026-03-04 12:00:00.123"))
    assert record.at is not None
    assert record.at.isoformat() == "2026-03-04T12:00:00.123000+00:00"


def test_every_log_source_is_known_beforehand() -> None:
    known = set(known_sources())
    for event_id in ("1", "12", "4104", "4688", "5156"):
        for channel in ("Microsoft-Windows-Sysmon/Operational", "Security", "Microsoft-Windows-PowerShell/Operational"):
            for record in records_of(WindowsEvent(channel, "", event_id, {})):
                assert known & {(record.source, event_id), (record.source, None)}
