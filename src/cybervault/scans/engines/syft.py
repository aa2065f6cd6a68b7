"""Packages that nobody but their own files tell of, by syft: of Java, Go, Rust, Ruby, .NET and PHP.

It is given an image as a folder, and has no way into the network. Whoever built the image wrote every word it says.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.confinement.ways import NOWHERE
from cybervault.scans.contents import Database, Layer, Package

_MIB: Final = 1024 * 1024
SYSTEMS: Final = frozenset({"maven", "golang", "cargo", "gem", "nuget", "composer"})
"""Types of package URLs that it is asked for: all others are read by ourselves."""
PACKAGES_MAX: Final = 100_000
BOUNDS: Final = Bounds(
    seconds=600.0, memory_bytes=4096 * _MIB, cpu_seconds=600, output_bytes=128 * _MIB, files=1024,
    file_bytes=4096 * _MIB, port=NOWHERE,
)  # fmt: skip
SETTINGS: Final = b"check-for-app-update: false\nparallelism: 2\nfile: {metadata: {selection: none}}\n"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_BEGINNINGS: Final = {b"\x1f\x8b": "+gzip", b"\x28\xb5\x2f\xfd": "+zstd"}
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


def layout(layers: Sequence[Layer], beginnings: Sequence[bytes]) -> Mapping[str, bytes]:
    """The files that make an image of layers (OCI image layout 1.0), by their paths; the layers lie there already.

    A manifest of our own: nothing that the registry's says, but the layers, is for anybody else. `beginnings` are their
    first bytes, by which their form is told. What they are unpacked is not known, and not asked.
    """
    blobs = dict[str, bytes]()

    def kept(document: object, sort: str) -> dict[str, object]:
        raw = json.dumps(document).encode()
        digest = hashlib.sha256(raw).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = raw
        return {"mediaType": sort, "digest": f"sha256:{digest}", "size": len(raw)}

    forms = [next((_BEGINNINGS[one] for one in _BEGINNINGS if begin.startswith(one)), "") for begin in beginnings]
    content = [
        {"mediaType": f"{_LAYER}{form}", "digest": layer.digest, "size": layer.size}
        for layer, form in zip(layers, forms, strict=True)
    ]
    unpacked = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
    config = kept({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": unpacked}, _CONFIG)
    manifest = kept({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": content}, _MANIFEST)
    index = json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode()
    return {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index, **blobs}


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
