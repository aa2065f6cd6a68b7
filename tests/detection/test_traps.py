"""What real telemetry trips engines up with, from the event as it was sent to the rule that fires on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.scanners import Finding, literals
from cybervault.detection.detector import Detected, Detector
from cybervault.detection.engine import Engine
from cybervault.detection.memo import USUAL, Limits
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.domain.telemetry import read_telemetry
from tests.detection.sigma import rule

TRAPS: list[dict[str, Any]] = yaml.safe_load(Path("tests/cases/sigma/traps.yml").read_text(encoding="utf-8"))
Asking = Callable[[Mapping[str, object]], Detected]


def askings(trap: Mapping[str, Any], finding: Finding, limits: Limits) -> tuple[Asking, Asking]:
    """Who is asked about events, and about telemetry that was sent to be assessed."""
    made = rule(trap["detection"], logsource=trap["logsource"])
    detector = Detector(Engine([made], finding=finding, limits=limits))

    def of_event(event: Mapping[str, object]) -> Detected:
        found = normalise(event)
        assert not isinstance(found, Unrecognised), event
        return detector.of_records(found)

    return of_event, lambda body: detector.of_telemetry(read_telemetry("endpoint_telemetry", body))


def told(asking: Asking, events: Iterable[Mapping[str, object]]) -> Iterator[tuple[Mapping[str, object], list[bool]]]:
    for event in events:
        yield event, [match.is_certain for match in asking(event).matches]


@pytest.mark.parametrize("limits", [USUAL, Limits(remembers=False)], ids=["remembering", "forgetful"])
@pytest.mark.parametrize("finding", [hyperscanning, literals])
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap["trap"])
def test_no_trap_is_stepped_into(trap: Mapping[str, Any], finding: Finding, limits: Limits) -> None:
    of_event, of_telemetry = askings(trap, finding, limits)
    for _ in range(2):  # what was remembered of the first time changes nothing
        for prefix, asking in (("", of_event), ("telemetry_", of_telemetry)):
            for kind, expected in (("matching", [True]), ("uncertain", [False]), ("other", [])):
                for event, found in told(asking, trap.get(f"{prefix}{kind}", ())):
                    assert found == expected, event


def test_every_trap_has_an_event_on_which_its_rule_must_be_silent() -> None:
    assert TRAPS
    for trap in TRAPS:
        assert trap["other"], trap["trap"]
        assert len({one["trap"] for one in TRAPS}) == len(TRAPS)
