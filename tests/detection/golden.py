"""The golden hits of the rules that ship: which fire on which line of some telemetry, as it was when somebody looked.

`python -m tests.detection.golden` writes them anew, to be reviewed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cybervault.detection.detector import Detector
from cybervault.detection.lines import Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised

FOLDER: Final = Path("tests/cases/sigma/golden")
EXPECTED: Final = FOLDER / "expected.txt"


def told(detector: Detector) -> Iterator[str]:
    """A line for each rule on each event, by the file of the rule; and for each event that no rule could be about."""
    for path in sorted(FOLDER.glob("*.ndjson")):
        for event in events_of(path):
            records = normalise(event.content) if isinstance(event, Event) else Unrecognised(event.reason)
            place = f"{path.stem} {event.line}"
            if isinstance(records, Unrecognised):
                yield f"{place} unrecognised"
                continue
            matches = detector.of_records(records).matches
            yield from sorted(
                f"{place} {Path(one.rule.path).stem}{'' if one.is_certain else ' uncertain'}" for one in matches
            )


if __name__ == "__main__":
    from tests.detection.test_starter import engine

    EXPECTED.write_text("".join(f"{line}\n" for line in told(Detector(engine()))))
