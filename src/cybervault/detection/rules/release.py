"""A release of rules that others publish: looked at, compared with the one before, and put in its place whole."""

import hashlib
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import yaml

from cybervault.detection.keeping import put
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack
from cybervault.domain.problems import Problem, ProblemKind

SIGMAHQ: Final = "sigmahq"
RULES_MIN: Final = 100
FILES_MAX: Final = 20_000
CONTENT_BYTES_MAX: Final = 256 * 1024 * 1024
_LICENCE: Final = "DRL-1.1"
_MANIFEST: Final = "pack.yml"
_VERSION: Final = "version.txt"
_VERSION_BYTES_MAX: Final = 200
# The same content gives the same archive, whenever it is made.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True, slots=True)
class Release:
    """The rule files of a release, where they came from, the digest of the archive or of all files, and its version."""

    files: tuple[tuple[str, bytes], ...]
    source: str
    sha256: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """The ids of rules that are new, gone, or not as they were."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]


def release_at(place: Path, source: str = "") -> Release:
    """What an archive, a folder or a git checkout holds; `source` is where it came from, if not from there.

    Raises `Problem` INVALID `bad_rules`.
    """
    try:
        _refuse_large(place)
        files = tuple(sorted(_of_rules(list(files_of(place)))))
        return Release(files, source or str(place), _digest(place, files), _version(place))
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise _bad(f"{place} cannot be read: {reason}.") from None


def changes(before: Pack | None, after: Pack) -> Changes:
    """What another release changes."""
    old = {} if before is None else {rule.id: rule for rule in before.rules}
    new = {rule.id: rule for rule in after.rules}
    return Changes(
        tuple(one for one in new if one not in old),
        tuple(one for one in old if one not in new),
        tuple(one for one, rule in new.items() if one in old and old[one] != rule),
    )


def refuse_few(before: Pack | None, after: Pack) -> None:
    """`Problem` INVALID `rules_too_few` for a release that lost most of its rules, or never had any."""
    least = max(RULES_MIN, 0 if before is None else (len(before.rules) + 1) // 2)
    if len(after.rules) < least:
        raise Problem(
            ProblemKind.INVALID,
            code="rules_too_few",
            message=f"Only {len(after.rules)} rules of this release can be used ({len(after.problems)} cannot); at "
            f"least {least} were expected. Nothing was changed; --force takes it all the same.",
        )


def refuse_other(release: Release, sha256: str) -> None:
    """`Problem` INVALID `rules_checksum` where another digest was wanted; an empty one wants none."""
    wanted = sha256.strip().lower().removeprefix("sha256:")
    if wanted and wanted != release.sha256:
        raise Problem(
            ProblemKind.INVALID,
            code="rules_checksum",
            message=f"The SHA-256 digest of {release.source} is {release.sha256}, not {wanted}. Nothing was changed.",
        )


def archive_of(release: Release, rules: int, at: datetime) -> bytes:
    """The release as a pack of our own: its rule files alone, and the manifest with where they came from."""
    manifest = {
        "name": SIGMAHQ,
        "source": release.source,
        "sha256": release.sha256,
        "version": release.version,
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "rules": rules,
        "licence": _LICENCE,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, raw in ((_MANIFEST, yaml.safe_dump(manifest, sort_keys=False).encode()), *release.files):
            archive.writestr(zipfile.ZipInfo(path, _DATE), raw, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def place_of(packs: Path) -> Path:
    """Where the release lies below the folder of packs."""
    return packs / f"{SIGMAHQ}.zip"


def install(release: Release, packs: Path, *, rules: int, at: datetime) -> None:
    """Put the release in its place; who reads it finds the one before or this one. OSError."""
    put(place_of(packs), archive_of(release, rules, at))


def _of_rules(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Those below the folders of rules and filters where there are such: a checkout has tests and workflows too."""
    seen = [file for file in files if not any(part.startswith(".") for part in file[0].split("/"))]
    return [file for file in seen if any(map(_is_of_rules, file[0].split("/")[:-1][:2]))] or seen


def _is_of_rules(folder: str) -> bool:
    return folder in {"rules", "filters"} or folder.startswith("rules-")


def _refuse_large(place: Path) -> None:
    """`Problem` for more than any release has, before all of it is in memory."""
    if place.is_dir() or not zipfile.is_zipfile(place):
        return
    with zipfile.ZipFile(place) as archive:
        entries = archive.infolist()
    if len(entries) > FILES_MAX or sum(one.file_size for one in entries) > CONTENT_BYTES_MAX:
        raise _bad(f"{place} holds more than {FILES_MAX} files or {CONTENT_BYTES_MAX // 1024**2} MiB.")


def _digest(place: Path, files: tuple[tuple[str, bytes], ...]) -> str:
    made = hashlib.sha256()
    if place.is_file():
        made.update(place.read_bytes())
    else:
        for path, raw in files:
            made.update(f"{path}\0{len(raw)}\0".encode(errors="replace"))
            made.update(raw)
    return made.hexdigest()


def _version(place: Path) -> str:
    """What the archive says of itself, or the commit of a checkout; empty where nothing tells."""
    if place.is_dir():
        return _commit(place / ".git")
    if not zipfile.is_zipfile(place):
        return ""
    with zipfile.ZipFile(place) as archive:
        name = next((one for one in archive.namelist() if one.rpartition("/")[2] == _VERSION), None)
        if name is None:
            return ""
        with archive.open(name) as file:
            raw = file.read(_VERSION_BYTES_MAX)
    return " ".join(raw.decode(errors="replace").split())


def _commit(git: Path) -> str:
    head = _text(git / "HEAD")
    name = head.removeprefix("ref: ")
    found = head if name == head else _text(git / name) or _packed(git, name)
    return found if _COMMIT.fullmatch(found) else ""


def _packed(git: Path, name: str) -> str:
    lines = (line.split(" ") for line in _text(git / "packed-refs").splitlines())
    return next((words[0] for words in lines if words[-1] == name), "")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""


def _bad(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_rules", message=message)
