"""Generations on disk: folders that never change once published, and the small file that names the current one.

Files are created and unlinked, never truncated, so that whoever has mapped an older generation keeps reading it.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from xxhash import xxh3_64, xxh3_64_hexdigest

from cybervault.domain.ids import random_characters
from cybervault.domain.problems import Problem
from cybervault.intel.allowlists import Sort
from cybervault.intel.sections import broken

FORMAT: Final = 1
"""Raised with every change of the files; a generation of another format counts as none."""

FILES: Final = ("lists", "v4", "v6", "suffixes", "family-names", "families")
_MANIFEST: Final = "manifest.json"
_POINTER: Final = "current"
_BUILDING: Final = "building-"
_POINTER_FORM: Final = re.compile(r"\A(\d{1,4}) (generation-[0-9A-Za-z-]{1,64}) ([0-9a-f]{16})\n\Z")
_CHUNK_BYTES: Final = 1 << 20


class FileRecord(msgspec.Struct, frozen=True):
    """How long a file is, in bytes, and its xxh3-64."""

    size: int
    checksum: str


class ListRecord(msgspec.Struct, frozen=True):
    """A compiled list: how it was sorted, its own version, its entries, and how many of them could not be read."""

    name: str
    sort: Sort
    bin: str
    title: str
    owner: str
    ranking: str
    version: str
    entries: int
    unread: int


class Manifest(msgspec.Struct, frozen=True):
    """What a generation holds.

    `combinations` are sets of members; a member is twice the place of a list, plus one where the entry covers
    subdomains. `recipe` is the checksum of our table.
    """

    built_at: datetime
    packages: dict[str, str]
    recipe: str
    seed: int
    counts: dict[str, int]
    lists: tuple[ListRecord, ...]
    combinations: tuple[tuple[int, ...], ...]
    files: dict[str, FileRecord]


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which generation is current: its folder's name and the checksum of its manifest."""

    format: int
    name: str
    checksum: str

    def __str__(self) -> str:
        return f"{self.format} {self.name} {self.checksum}\n"


def read_pointer(directory: Path) -> Pointer | None:
    """The current generation, or None when none of this format was ever published; `Problem` when it is unreadable."""
    try:
        text = (directory / _POINTER).read_text(encoding="ascii")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise broken(f"{_POINTER}: {error}") from error
    found = _POINTER_FORM.match(text)
    if found is None:
        raise broken(f"{_POINTER}: no generation is named in it")
    pointer = Pointer(int(found.group(1)), found.group(2), found.group(3))
    return pointer if pointer.format == FORMAT else None


def read_manifest(directory: Path, pointer: Pointer) -> Manifest:
    """The manifest of a generation whose files are all there in their full length; `Problem` otherwise."""
    folder = directory / pointer.name
    try:
        text = (folder / _MANIFEST).read_bytes()
    except OSError as error:
        raise broken(f"{_MANIFEST}: {error}") from error
    if xxh3_64_hexdigest(text) != pointer.checksum:
        raise broken(f"{_MANIFEST}: its checksum is wrong")
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise broken(f"{_MANIFEST}: {error}") from error
    for name in FILES:
        size = _size(folder / name)
        if name not in manifest.files or manifest.files[name].size != size:
            raise broken(f"{name}: {size} bytes are not its full length")
    return manifest


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def check_files(folder: Path, manifest: Manifest) -> None:
    """Compare every file with its checksum, reading it once; `Problem` on the first that differs."""
    for name in FILES:
        if file_record(folder / name) != manifest.files[name]:
            raise broken(f"{name}: its checksum is wrong")


def file_record(path: Path) -> FileRecord:
    """Length and checksum of a file, without holding it in memory."""
    digest = xxh3_64()
    size = 0
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    try:
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                digest.update(buffer[:count])
                size += count
    except OSError as error:
        raise broken(f"{path.name}: {error}") from error
    return FileRecord(size, digest.hexdigest())


@contextmanager
def building(directory: Path) -> Iterator[Path]:
    """An empty folder to build in, while no other process builds here; what is left of it afterwards is removed."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in directory.glob(f"{_BUILDING}*"):
            shutil.rmtree(left)
        folder = directory / f"{_BUILDING}{random_characters(8)}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, manifest: Manifest) -> Pointer:
    """Make a built folder the current generation in one step, and keep the one before it for its readers."""
    directory = folder.parent
    before = _pointer_or_none(directory)
    text = msgspec.json.encode(manifest)
    _write(folder / _MANIFEST, text)
    _sync(folder)
    name = f"generation-{manifest.built_at:%Y%m%dT%H%M%S}-{random_characters(6)}"
    pointer = Pointer(FORMAT, name, xxh3_64_hexdigest(text))
    folder.rename(directory / name)
    _sync(directory)
    new = directory / f"{_POINTER}.new"
    new.unlink(missing_ok=True)
    _write(new, str(pointer).encode())
    new.replace(directory / _POINTER)
    _sync(directory)
    kept = {name, before.name if before else ""}
    for old in directory.glob("generation-*"):
        if old.name not in kept:
            shutil.rmtree(old)
    return pointer


def _pointer_or_none(directory: Path) -> Pointer | None:
    try:
        return read_pointer(directory)
    except Problem:  # a damaged pointer names nothing worth keeping
        return None


def _write(path: Path, text: bytes) -> None:
    with path.open("xb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
