"""Secrets in the layers of an image, by trivy, where the operator has it: which form, in which file and line.

It is given layers in a folder, and has no way into the network. Whoever built the image wrote every word it reads.
Vulnerabilities are not asked of it: they need a database of its makers'.
"""

import posixpath
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.confinement.ways import NOWHERE
from cybervault.scans.contents import Layer

_MIB: Final = 1024 * 1024
FOUND_MAX: Final = 10_000
BOUNDS: Final = Bounds(
    seconds=600.0, memory_bytes=4096 * _MIB, cpu_seconds=900, output_bytes=64 * _MIB, files=1024,
    file_bytes=4096 * _MIB, port=NOWHERE,
)  # fmt: skip
_FORM: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
_VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.+-]{0,39}")
# Material for tests, and texts about keys, look like secrets and are none: as our own reader of layers has it.
_NO_SECRETS: Final = (
    "**/test/**", "**/tests/**", "**/example/**", "**/examples/**", "**/fixtures/**", "usr/share/doc/**",
    "usr/share/man/**",
)  # fmt: skip
# What lists packages is read by ourselves. Trivy unpacks such files for readers of its own, and may not (chmod).
_LISTS: Final = (
    "var/lib/dpkg/status*", "var/lib/dpkg/status.d/**", "var/lib/dpkg/available*", "var/lib/dpkg/info/*.list",
    "var/lib/dpkg/info/*.md5sums", "lib/apk/db/**", "usr/lib/apk/db/**", "var/lib/rpm/**", "usr/lib/sysimage/rpm/**",
)  # fmt: skip


class Found(NamedTuple):
    """A secret in a file, by its path from the root; `line` from 1 (0: it does not say), `layer` from 0, the lowest."""

    path: str
    what: str
    line: int
    layer: int


class Said(NamedTuple):
    """What it found, and which version it says it is."""

    version: str
    found: tuple[Found, ...]


class _Layer(msgspec.Struct, frozen=True, rename="pascal"):
    digest: str


class _Secret(msgspec.Struct, frozen=True, rename="pascal"):
    # What it shows of the secret, and the lines around it, are not even read.
    rule: str = msgspec.field(name="RuleID")
    start_line: int
    layer: _Layer


class _Result(msgspec.Struct, frozen=True, rename="pascal"):
    target: str
    secrets: tuple[_Secret, ...] = ()


class _Metadata(msgspec.Struct, frozen=True, rename="pascal"):
    layers: tuple[str, ...] = msgspec.field(name="DiffIDs")


class _About(msgspec.Struct, frozen=True, rename="pascal"):
    version: str = ""


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    metadata: _Metadata
    trivy: _About = _About()
    results: tuple[_Result, ...] = ()


_DOCUMENTS: Final = msgspec.json.Decoder(_Document)


def arguments(image: Path, folder: Path) -> list[str]:
    """For an image as an OCI image layout, and a folder of its own. It heeds no settings and calls nobody."""
    passed_over = ",".join((*_NO_SECRETS, *_LISTS))
    return [
        "image", "--input", str(image), "--format", "json", "--scanners", "secret", "--list-all-pkgs=false",
        "--pkg-types", "os", "--skip-files", passed_over, "--cache-dir", str(folder / "cache"), "--quiet",
        "--config", "", "--ignorefile", "", "--secret-config", "", "--offline-scan", "--skip-db-update",
        "--skip-java-db-update", "--skip-check-update", "--skip-version-check", "--disable-telemetry",
        "--parallel", "2", "--timeout", "15m",
    ]  # fmt: skip


def judge(output: bytes, code: int | None, layers: Sequence[Layer]) -> Said:
    """What it found in an image of these layers, from the bottom (pure); ValueError says what it is not."""
    if code != 0:
        raise ValueError(f"it ended with exit status {code}")
    try:
        document = _DOCUMENTS.decode(output)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("what it wrote is no list of secrets") from None
    if list(document.metadata.layers) != [layer.digest for layer in layers]:
        raise ValueError("it looked at other layers than it was given")
    if sum(len(one.secrets) for one in document.results) > FOUND_MAX:
        raise ValueError(f"it found more than {FOUND_MAX:,} secrets")
    version = _VERSION.fullmatch(document.trivy.version)
    return Said(version[0] if version else "of an unknown version", tuple(sorted(set(_found(document, layers)))))


def _found(document: _Document, layers: Sequence[Layer]) -> Iterator[Found]:
    places = {layer.digest: place for place, layer in enumerate(layers)}
    for result in document.results:
        path = posixpath.normpath(f"/{result.target}").lstrip("/")
        for secret in result.secrets:
            if secret.layer.digest not in places:
                raise ValueError("it names a layer that it was not given")
            form = _FORM.fullmatch(secret.rule)
            yield Found(path, form[0] if form else "secret", max(secret.start_line, 0), places[secret.layer.digest])
