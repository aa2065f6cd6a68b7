"""What events name is told once each, whether they were read at a glance or whole, and bounded."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cybervault.detection.mentions import HOSTS_MAX, Glossary, Mention, Mentions, on_mentions
from cybervault.detection.normal import normalise
from cybervault.domain.observables import parse_observable

DIGEST = "44d88612fea8a8f36de82e1278abb02f"
CONNECTION = {
    "EventID": 3, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
    "Computer": "pc-7", "SourceIp": "10.0.0.7", "DestinationIp": "198.51.100.42", "DestinationPort": 443,
}  # fmt: skip
QUESTION = CONNECTION | {"EventID": 22, "QueryName": "evil.example.", "DestinationIp": None}
FILE = CONNECTION | {
    "EventID": 1,
    "Hashes": f"MD5={DIGEST.upper()},IMPHASH=00",
    "DestinationIp": "-",
    "Computer": "pc-8",
}
AS_XML = {
    "Event": {
        "System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}}, "EventID": 3, "Computer": "pc-9",
            "Channel": CONNECTION["Channel"],
        },
        "EventData": {"DestinationIp": "198.51.100.42"},
    }
}  # fmt: skip
OF_BEATS = {
    "winlog": {
        "provider_name": "Microsoft-Windows-Sysmon", "channel": CONNECTION["Channel"], "event_id": 3,
        "computer_name": "pc-10", "event_data": {"DestinationIp": "198.51.100.42"},
    },
}  # fmt: skip


def moments(mentions: Mentions) -> dict[str, tuple[datetime | None, ...]]:
    return {one.observable.value: one.moments for one in mentions}


def told(mentions: Mentions) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {one.observable.value: (one.count, one.hosts) for one in mentions}


def test_what_is_seen_at_a_glance_is_what_a_whole_reading_tells() -> None:
    glance, whole = Glossary(), Glossary()
    for event in (CONNECTION, CONNECTION, QUESTION, FILE, AS_XML, OF_BEATS):
        glance.note(event)
        records = normalise(event)
        assert isinstance(records, tuple)
        whole.read(records)
    expected = {
        "198.51.100.42": (4, ("pc-7", "pc-9", "pc-10")), "evil.example": (1, ("pc-7",)), DIGEST: (1, ("pc-8",)),
    }  # fmt: skip
    assert told(glance.mentions()) == told(whole.mentions()) == expected


def test_a_host_is_known_under_each_of_its_names() -> None:
    """As NXLog, and those behind it, call it: what an event names was of no host."""
    glance, whole = Glossary(), Glossary()
    for number, name in enumerate(("Hostname", "ComputerName", "MachineName")):
        event = CONNECTION | {"Computer": None, name: f"pc-{number}"}
        glance.note(event)
        records = normalise(event)
        assert isinstance(records, tuple)
        whole.read(records)
    expected = {"198.51.100.42": (3, ("pc-0", "pc-1", "pc-2"))}
    assert told(glance.mentions()) == told(whole.mentions()) == expected


def test_when_a_host_named_it_is_the_latest_that_portions_tell() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    xml: Any = AS_XML["Event"]
    timed = (
        CONNECTION | {"UtcTime": "2026-03-01 12:00:00.000"},
        CONNECTION | {"@timestamp": "2026-03-01T12:00:00Z"},
        {"Event": xml | {"System": xml["System"] | {"TimeCreated": {"#attributes": {"SystemTime": f"{at}"}}}}},
        {"Event": xml | {"EventData": xml["EventData"] | {"UtcTime": "2026-03-01 12:00:00"}}},
        OF_BEATS | {"@timestamp": "2026-03-01T12:00:00Z"},
    )
    for event in timed:
        glance, whole = Glossary(), Glossary()
        glance.note(event)
        records = normalise(event)
        assert isinstance(records, tuple)
        whole.read(records)
        assert moments(glance.mentions()) == moments(whole.mentions()) == {"198.51.100.42": (at,)}
    found = Mentions()
    address = parse_observable("198.51.100.42")
    for hours, host in ((1, "pc-7"), (3, "pc-7"), (2, "pc-7"), (0, "pc-8"), (None, "pc-8")):
        found.add(Mention(address, 1, (host,), (None if hours is None else at + timedelta(hours=hours),)))
    assert next(iter(found)).by_host() == {"pc-7": at + timedelta(hours=3), "pc-8": at}


def test_a_list_of_addresses_names_each() -> None:
    glossary = Glossary()
    glossary.note(CONNECTION | {"DestinationIp": ["198.51.100.42", "198.51.100.43"]})
    assert list(told(glossary.mentions())) == ["198.51.100.42", "198.51.100.43"]


def test_what_is_no_name_and_who_has_none_is_left_out() -> None:
    glossary = Glossary()
    glossary.note(CONNECTION | {"DestinationIp": "127.0.0.1", "QueryName": "wpad", "Hashes": "MD5=xyz", "Computer": 7})
    glossary.note(CONNECTION | {"Computer": None, "QueryName": "198.51.100.9"})
    assert told(glossary.mentions()) == {"198.51.100.42": (1, ()), "198.51.100.9": (1, ())}


def test_at_most_so_many_are_told_apart_each_with_a_few_hosts() -> None:
    mentions = Mentions(most=1)
    for number in range(HOSTS_MAX + 5):
        mentions.add(Mention(parse_observable("198.51.100.42"), 2, (f"pc-{number}",)))
    assert on_mentions(mentions) == ()
    mentions.add(Mention(parse_observable("198.51.100.43"), 1))
    (one,) = mentions
    assert (one.count, len(one.hosts), mentions.left_out, len(mentions)) == (2 * (HOSTS_MAX + 5), HOSTS_MAX, 1, 1)
    assert on_mentions(mentions)[0].startswith("The first 1 addresses")
