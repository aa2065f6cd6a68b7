"""Packages that nobody but their own files tell of, by syft: of Java, Go, Rust, Ruby, .NET and PHP.

It is given an image as a folder, and has no way into the network. Whoever built the image wrote every word it says.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.confinement.ways import NOWHERE
from cybervault.scans.contents import Database, Package

_MIB: Final = 1024 * 1024
SYSTEMS: Final = frozenset({"maven", "golang", "cargo", "gem", "nuget", "composer"})
"""Types of package URLs that it is asked for: all others are read by ourselves."""
PACKAGES_MAX: Final = 100_000
BOUNDS: Final = Bounds(
    seconds=600.0, memory_bytes=4096 * _MIB, cpu_seconds=600, output_bytes=128 * _MIB, files=1024,
    file_bytes=4096 * _MIB, port=NOWHERE,
)  # fmt: skip
SETTINGS: Final = b"check-for-app-update: false\nparallelism: 2\nfile: {metadata: {selection: none}}\n"
_PURL: Final = re.compile(r"pkg:([a-z]{1,20})/([^@?#]{1,1000})@([^?#]{1,300})")


class _Place(msgspec.Struct, frozen=True):
    path: str


class _Artifact(msgspec.Struct, frozen=True):
    purl: str = ""
    locations: tuple[_Place, ...] = ()


class _Document(msgspec.Struct, frozen=True):
    artifacts: tuple[_Artifact, ...]


_DOCUMENTS: Final = msgspec.json.Decoder(_Document)


def arguments(folder: Path) -> list[str]:
    """For an image and settings that lie in a folder."""
    return ["scan", f"oci-dir:{folder / 'image'}", "--config", str(folder / "settings.yaml"), "--output", "syft-json"]


def judge(output: bytes, code: int | None) -> tuple[Database, ...]:
    """The packages by the files that tell of them (pure); ValueError says what it is not."""
    if code != 0:
        raise ValueError(f"it ended with exit status {code}")
    try:
        artifacts = _DOCUMENTS.decode(output).artifacts
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("what it wrote is no list of packages") from None
    if len(artifacts) > PACKAGES_MAX:
        raise ValueError(f"it found more than {PACKAGES_MAX:,} packages")
    found: dict[tuple[str, str], list[Package]] = defaultdict(list)
    for system, package, path in _packages(artifacts):
        found[path, system].append(package)
    return tuple(Database(path, system, tuple(dict.fromkeys(some))) for (path, system), some in sorted(found.items()))


def _packages(artifacts: Iterable[_Artifact]) -> Iterable[tuple[str, Package, str]]:
    for one in artifacts:
        purl = _PURL.match(one.purl)
        if purl is not None and purl[1] in SYSTEMS:
            names = [unquote(part) for part in purl[2].split("/")]
            name = ":".join((".".join(names[:-1]), names[-1])) if purl[1] == "maven" and names[1:] else "/".join(names)
            path = one.locations[0].path.lstrip("/") if one.locations else ""
            yield purl[1], Package(name, unquote(purl[3])), path
