"""Golden hit lists: how often each rule fires on each recorded attack, as it was when somebody last looked.

`python -m tests.corpus.golden_hits FOLDER` compares what is found with `golden_hits.txt`, where FOLDER holds
`sigma-rules.tar.xz` and `security-datasets-visible.tar.xz`; with `--write` it writes that file anew, to be reviewed.
"""

import hashlib
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from cybervault.app.rules import STARTER_PACK
from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import load_pack, starter_files
from tests.corpus.sigma_regression import FOLDERS

GOLDEN = Path(__file__).with_name("golden_hits.txt")
ARCHIVES = ("sigma-rules.tar.xz", "security-datasets-visible.tar.xz")
SHOWN_MAX = 50
Hits = Mapping[str, Mapping[str, int]]
"""By data set and rule id."""


def digests(place: Path) -> list[str]:
    """Which data and rules these are."""
    return [f"# {name} {hashlib.sha256((place / name).read_bytes()).hexdigest()}" for name in ARCHIVES]


def detector_of(folder: Path) -> Detector:
    """All rules, of our own pack and of SigmaHQ, whatever their level."""
    files = [(f"{part}/{name}", raw) for part in FOLDERS for name, raw in files_of(folder / part)]
    return Detector(Engine((*load_pack(STARTER_PACK, starter_files()).rules, *load_pack("sigmahq", files).rules)))


def hits_of(detector: Detector, telemetry: Path) -> Counter[str]:
    """How often each rule fires, how many lines are `unread`, and how many events are wrongly silent at a glance."""
    found = Counter[str]()
    for event in events_of(telemetry):
        records = normalise(event.content) if isinstance(event, Event) else Unrecognised("")
        if isinstance(records, Unrecognised):
            found["unread"] += 1
        else:
            matches = detector.of_records(records).matches
            found.update(match.rule.id for match in matches)
            if matches and isinstance(event, Event) and detector.is_silent(event):
                found["silenced"] += 1
    return found


def hits_in(folder: Path) -> Hits:
    """Those of all data sets."""
    detector = detector_of(folder)
    return {one.stem: dict(sorted(hits_of(detector, one).items())) for one in sorted(folder.rglob("*.ndjson"))}


def spelled(hits: Hits) -> Iterator[str]:
    """A line for each data set, and behind it one for each rule."""
    for name, found in hits.items():
        yield name
        yield from (f"  {rule} {count}" for rule, count in found.items())


def read(lines: list[str]) -> Hits:
    """What was spelled."""
    found: dict[str, dict[str, int]] = {}
    name = ""
    for line in lines:
        if not line.startswith(" "):
            name = line
            found[name] = {}
        else:
            rule, count = line.split()
            found[name][rule] = int(count)
    return found


def differences(golden: Hits, found: Hits) -> Iterator[str]:
    """A sentence for each number that is another one now."""
    for name in sorted(golden.keys() | found.keys()):
        before, now = golden.get(name, {}), found.get(name, {})
        for rule in sorted(before.keys() | now.keys()):
            if before.get(rule, 0) != now.get(rule, 0):
                yield f"{name}: {rule} fired {before.get(rule, 0)} times, now {now.get(rule, 0)}"


def main(place: Path, *, writes: bool) -> int:
    head = digests(place)
    with tempfile.TemporaryDirectory() as temporary:
        for name in ARCHIVES:
            with tarfile.open(place / name) as archive:
                archive.extractall(temporary, filter="data")
        found = hits_in(Path(temporary))
    if writes:
        GOLDEN.write_text("\n".join([*head, *spelled(found), ""]))
        print(f"{len(found)} data sets written to {GOLDEN.name}.")
        return 0
    golden = GOLDEN.read_text().splitlines()
    if golden[: len(head)] != head:
        print("The golden hits are of other data or rules than these.")
        return 1
    told = list(differences(read(golden[len(head) :]), found))
    print(f"{len(found)} data sets, {sum(map(len, found.values()))} numbers, {len(told)} differ.")
    for line in told[:SHOWN_MAX]:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), writes="--write" in sys.argv[2:]))
