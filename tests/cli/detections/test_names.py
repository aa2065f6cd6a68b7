"""What events name is collected within bounds and looked up once; why something was not is said."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.app.memory import Memory
from cybervault.cli.detections import names as module
from cybervault.cli.detections.names import Names, names_in
from cybervault.cli.detections.tally import Tally
from cybervault.detection.mentions import Mention
from cybervault.detection.normal import normalise
from cybervault.domain.observables import parse_observable
from cybervault.settings import Settings
from tests.fakes.clock import HandClock


def connection(to: str) -> dict[str, Any]:
    return {
        "EventID": 3, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
        "Computer": "pc-7", "DestinationIp": to,
    }  # fmt: skip


@pytest.fixture
def settings(prepared_state: Path) -> Settings:
    return Settings(data=prepared_state)


@pytest.fixture
def memory(settings: Settings) -> Memory:
    return Memory(settings, HandClock())


def test_all_ways_of_noting_come_together(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_EVENTS_AT_ONCE", 2)
    names, tally = Names(memory), Tally()
    records = normalise(connection("198.51.100.2"))
    assert isinstance(records, tuple)
    for _ in range(3):
        names.note(connection("198.51.100.1"))
        names.read(records)
    names.add([Mention(parse_observable("198.51.100.3"), 1)])
    assert names.are_wanted
    assert names.look_up(tally) == ()
    assert (tally.looked_up, tally.indicators) == (3, [])


def test_without_a_memory_nothing_is_noted() -> None:
    names, tally = Names(), Tally()
    names.note({"no": "event"})
    names.read(())
    assert not names.are_wanted
    assert names.look_up(tally) == ()
    assert tally.looked_up is None


def test_more_than_there_is_room_for_is_told(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NAMES_MAX", 1)
    names = Names(memory)
    for number in range(3):
        names.note(connection(f"198.51.100.{number}"))
    tally = Tally()
    assert names.look_up(tally) == ("The first 1 addresses, domains and hashes were looked up; events name more.",)
    assert tally.looked_up == 1


def test_where_there_is_nothing_to_look_in_it_is_said_why(settings: Settings, memory: Memory, tmp_path: Path) -> None:
    begin = "Addresses, domains and hashes were not looked up:"
    names, said = names_in(settings, memory)
    assert said == (f"{begin} no answer about any is remembered. `cybervault analyze` asks.",)
    assert not names.are_wanted
    other = Settings(data=tmp_path / "other")
    assert names_in(other, Memory(other, HandClock()))[1] == (f"{begin} {tmp_path / 'other'} has no database.",)
    other.folder.mkdir()
    (other.folder / "cybervault.db").write_bytes(b"noise" * 999)
    (sentence,) = names_in(other, Memory(other, HandClock()))[1]
    assert "not a database" in sentence
    broken, tally = Names(Memory(other, HandClock())), Tally()
    broken.note(connection("198.51.100.1"))
    (sentence,) = broken.look_up(tally)
    assert sentence.startswith(begin)
    assert (tally.looked_up, [*tally.indicators]) == (None, [])
