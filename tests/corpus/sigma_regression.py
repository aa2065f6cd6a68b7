"""The regression cases of SigmaHQ: every rule fires on the sample that was recorded for it, as JSON and as EVTX.

`python -m tests.corpus.sigma_regression FOLDER`, where FOLDER holds `sigma-rules.tar.xz` and `sigma-regression.tar.xz`.
"""

import re
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cybervault.detection.detector import Detector
from cybervault.detection.engine import Engine
from cybervault.detection.lines import Event, events_of
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import load_pack

FOLDERS = ("rules", "rules-emerging-threats", "rules-threat-hunting", "rules-compliance")
ID = re.compile(r"id:\s*([0-9a-f-]{36})")


def unpacked(place: Path, folder: Path) -> Path:
    for name in ("sigma-rules.tar.xz", "sigma-regression.tar.xz"):
        with tarfile.open(place / name) as archive:
            archive.extractall(folder, filter="data")
    return folder


def fired(detector: Detector, sample: Path) -> Iterator[str]:
    for event in events_of(sample):
        records = normalise(event.content) if isinstance(event, Event) else Unrecognised("")
        if not isinstance(records, Unrecognised) and not (isinstance(event, Event) and detector.is_silent(event)):
            yield from (match.rule.id for match in detector.of_records(records).matches)


def main(place: Path) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = unpacked(place, Path(temporary))
        files = [(f"{part}/{name}", raw) for part in FOLDERS for name, raw in files_of(folder / part)]
        pack = load_pack("sigmahq", files)
        detector, known = Detector(Engine(pack.rules)), {rule.id for rule in pack.rules}
        samples = sorted((folder / "regression_data").rglob("*.json"))
        silent, unlike = [], []
        for sample in samples:
            wanted = set(ID.findall((sample.parent / "info.yml").read_text())) & known
            as_json, as_evtx = Counter(fired(detector, sample)), Counter(fired(detector, sample.with_suffix(".evtx")))
            if not wanted & set(as_json):
                silent.append(sample.name)
            if as_json != as_evtx:
                unlike.append(sample.name)
        print(f"{len(pack.rules)} rules, {len(pack.problems)} cannot be used.")
        print(f"{len(samples) - len(silent)} of {len(samples)} samples fire the rule they were recorded for.")
        print(f"{len(samples) - len(unlike)} of {len(samples)} fire the same rules as JSON and as EVTX.")
        for name in silent:
            print(f"silent: {name}")
        for name in unlike:
            print(f"unlike: {name}")
    return 1 if silent or unlike else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
