"""Detection rules over EVTX, on one core: events a second, cold, decoding included, and decoding alone.

Claim: with all rules of SigmaHQ, very diverse EVTX in to matches out at 40,000 events a second, cold. The samples are
those of SigmaHQ's regression tests: 202 files of one to three events, nearly each of another kind and another rule.
Their blocks in one file are the most diverse log that there is, and one of few events, so that what is compiled weighs
most in it. The same blocks many times over show what decoding costs, which reads nothing twice; and their events with
letters in every text that were never there before stand for a long log as diverse.

`python benchmarks/evtx.py [--data FOLDER]`: the folder of samples as `make corpus` takes it.
"""

import argparse
import itertools
import os
import platform
import random
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.detection import Given, decode, in_a_process, made_new, passed, used, with_rules
from cybervault.detection.detector import Detector
from cybervault.detection.lines import Event, Line, events_of, lines_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised

TARGET: Final = 40_000
TIMES: Final = 100
HEAD_BYTES: Final = 4096
COUNT: Final = slice(42, 44)
ROUTING: Final = frozenset({"System", "Provider_Name", "Channel", "EventID"})


def joined(files: Sequence[Path], target: Path, times: int = 1) -> Path:
    """One file with the blocks of all, so many times."""
    blocks = [path.read_bytes()[HEAD_BYTES:] for path in files] * times
    head = bytearray(files[0].read_bytes()[:HEAD_BYTES])
    head[COUNT] = min(len(blocks), 0xFFFF).to_bytes(2, "little")
    with target.open("wb") as file:
        file.writelines([head, *blocks])
    return target


def decoded(files: Sequence[Path]) -> int:
    """The records of files as JSON, which nobody reads."""
    return sum(isinstance(one, Line) for path in files for one in lines_of(path))


def judged(what: Given, files: Sequence[Path]) -> tuple[float, int]:
    """Processor seconds from files to matches, with nothing but the engine at hand, and how many events match."""
    detector, matched, begun = Detector(what.engine()), 0, used()
    for event in itertools.chain.from_iterable(map(events_of, files)):
        if isinstance(event, Event) and not detector.is_silent(event):
            records = normalise(event.content)
            matched += not isinstance(records, Unrecognised) and bool(detector.of_records(records).matches)
    return used() - begun, matched


def never_seen(files: Sequence[Path]) -> list[bytes]:
    """Their events many times over, each text of what happened with letters that were never there before."""
    chance = random.Random(7)  # noqa: S311 - no secret
    events = [decode(one.raw) for path in files for one in lines_of(path) if isinstance(one, Line)]
    return [msgspec.json.encode(_changed(event, chance)) for _ in range(TIMES) for event in events]


def _changed(event: Any, chance: random.Random) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(event, dict):
        return {name: value if name in ROUTING else _changed(value, chance) for name, value in event.items()}
    return made_new(event, chance)


def main() -> None:
    """Print each figure."""
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, default=Path("../shared/data/sigma"))
    asked = options.parse_args()
    if not asked.data.exists():
        print(f"There are no samples in {asked.data}.")
        return
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        what = with_rules(asked.data, folder)
        with tarfile.open(asked.data / "sigma-regression.tar.xz") as archive:
            archive.extractall(folder / "regression", filter="data")
        in_a_process(what.compiled)
        for line in measured(what, sorted((folder / "regression").rglob("*.evtx")), folder):
            print(line, flush=True)


def measured(what: Given, files: Sequence[Path], folder: Path) -> Iterator[str]:
    """One line for each figure; processor seconds of the process that judges and of the children that decode."""
    one, many = [joined(files, folder / "one.evtx")], [joined(files, folder / "many.evtx", TIMES)]
    for title, some in ((f"{len(files)} files", files), ("their blocks in one file", one), (f"{TIMES} times", many)):
        alone, _, count = in_a_process(partial(decoded, some))
        _, _, (whole, matched) = in_a_process(partial(judged, what, some))
        yield f"{title}: {count:,} events, {matched:,} matched; decoding alone {_told(alone, count)}"
        yield f"  cold, decoding included: {_told(whole, count)}; target {TARGET:,}"
    lines = never_seen(one)
    _, _, (seconds, matched) = in_a_process(lambda: passed(Detector(what.engine()), lines))
    told = f"{matched:,} matched, JSON in to matches out: {_told(seconds, len(lines))}"
    yield f"{len(lines):,} such events with texts that were never seen before, {told}"


def _told(seconds: float, count: int) -> str:
    return f"{seconds:.3f} s, {count / seconds:,.0f} a second, {seconds / count * 1e6:.1f} us each"


if __name__ == "__main__":
    main()
