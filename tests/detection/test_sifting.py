"""Processes that help to look at events: what they leave out no rule fires on, and the rest is in its order."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from cybervault.detection import sifting as module
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import BadLine, Event, Found, Line
from cybervault.detection.sifting import Sifted, sift, sifting
from tests.detection.sigma import rule, selecting

SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "EventID": 1}
DETECTOR = Detector(Engine([rule(selecting(Image__endswith="bad.exe"))]))


def line(number: int, content: Any) -> Line:  # noqa: ANN401 - any JSON
    return Line(number, json.dumps(content).encode())


def lines() -> list[Line | Found]:
    """Every seventh line fires."""
    return [line(number, SYSMON | {"Image": "fine.exe" if number % 7 else "bad.exe"}) for number in range(100)]


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LINES", 9)


def test_events_that_no_rule_fires_on_are_counted_and_the_others_left_in_their_order() -> None:
    with sifting(DETECTOR, 2) as sifter:
        found = [*sifter.sifted(lines())]
        again = [*sifter.sifted(lines()[:10])]
    assert [one.number for some in found for one in some.left if isinstance(one, Line)] == [*range(0, 100, 7)]
    assert sum(some.silent for some in found) == 100 - len(range(0, 100, 7))
    assert [some.silent for some in again] == [7, 1]


def test_what_is_no_single_event_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DETECTORS", [DETECTOR])
    odd: list[Line | Found] = [
        Line(1, b"nonsense"), line(2, [SYSMON]), line(3, []), BadLine(4, "It is too long."), Event(5, SYSMON),
        line(6, {"what": "ever"}), line(7, 7),
    ]  # fmt: skip
    assert sift([*odd, line(8, SYSMON)]) == Sifted(1, odd)


def test_what_a_killed_process_had_is_left_as_it_is() -> None:
    with sifting(DETECTOR, 1) as sifter:
        victim = sifter.process_ids[0]

        def killing() -> Iterator[Line | Found]:
            for one in lines():
                if one.line if isinstance(one, Event | BadLine) else one.number == 20:
                    os.kill(victim, signal.SIGKILL)
                yield one

        found = [*sifter.sifted(killing())]
    assert sum(some.silent + len(some.left) for some in found) == 100
    numbers = [one.number for some in found for one in some.left if isinstance(one, Line)]
    assert numbers == sorted(numbers)
    assert {*range(0, 100, 7)} <= {*numbers}


def test_what_silent_events_name_is_told_where_that_is_wanted() -> None:
    named = SYSMON | {"Image": "fine.exe", "Computer": "pc-7", "DestinationIp": "198.51.100.42"}
    some: list[Line | Found] = [line(1, named), line(2, named | {"Image": "bad.exe"}), line(3, named)]
    with sifting(DETECTOR, 1) as sifter:
        (wanted,) = sifter.sifted(some, names=True)
        (not_wanted,) = sifter.sifted(some)
    assert [(one.observable.value, one.count, one.hosts) for one in wanted.mentions] == [
        ("198.51.100.42", 2, ("pc-7",))
    ]
    assert (wanted.silent, not_wanted.mentions) == (2, ())
