"""Layers of container images: what their packages, their distribution and their secrets are, one JSON each.

A layer is read as it comes and nothing of it is written anywhere; a secret's value leaves this process in `texts`
alone, which are for an engine that looks for more. Behind the walls no module can be loaded any more: whatever a reader
needs is imported here.
"""

import base64
import gzip
import json
import posixpath
import re
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any, BinaryIO, Final, TypeAlias, cast

from cybervault.confinement.parsers import rpm

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["facts", "texts", "zstd"]  # the tests pack with the same zstd, wherever it comes from

Fact: TypeAlias = dict[str, Any]

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_MEMBERS_MAX: Final = 1_000_000
_DATABASE_BYTES_MAX: Final = 64 * 1024 * 1024
_RPM_BYTES_MAX: Final = 128 * 1024 * 1024
_METADATA_BYTES_MAX: Final = 1024 * 1024
_SECRET_FILE_BYTES_MAX: Final = 512 * 1024
_TEXT_BYTES_MAX: Final = 8 * 1024 * 1024
_BINARY_LOOK_BYTES: Final = 1024
_PATH_CHARACTERS_MAX: Final = 1_024
_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"

_DPKG: Final = re.compile(r"var/lib/dpkg/status(?:\.d/[^/]+)?")
_APK: Final = re.compile(r"(?:usr/)?lib/apk/db/installed")
_RPM: Final = re.compile(r"(?:var/lib|usr/lib/sysimage)/rpm/(?:rpmdb\.sqlite|Packages|Packages\.db)")
_RPM_LOG: Final = re.compile(r"(?:var/lib|usr/lib/sysimage)/rpm/rpmdb\.sqlite-wal")
_RELEASE: Final = re.compile(r"(?:etc|usr/lib)/os-release")
_PYTHON: Final = re.compile(r".*(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)")
_NODE: Final = re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/]+/package\.json")
_SOURCE: Final = re.compile(r"(\S+)(?: \((\S+)\))?")
# Material for tests, and texts about keys, look like secrets and are none.
_NO_SECRETS: Final = re.compile(r"usr/share/(?:doc|man)/.*|(?:.*/)?(?:tests?|examples?|fixtures)/.*")

# Forms as their owners document them; each has letters that are looked for first, because a pattern costs more.
_SECRETS: Final = tuple(
    (rule, mark, re.compile(form))
    for rule, mark, form in (
        ("private key", b"PRIVATE KEY-----", rb"-----BEGIN (?:[A-Z0-9]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=:, -]{16}"),
        ("AWS access key", b"AKIA", rb"\bAKIA[A-Z2-7]{16}\b"),
        ("GitHub token", b"ghp_", rb"\bghp_[A-Za-z0-9]{36}\b"),
        ("GitHub token", b"github_pat_", rb"\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
        ("GitLab token", b"glpat-", rb"\bglpat-[A-Za-z0-9_-]{20}\b"),
        ("Slack token", b"xox", rb"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
        ("Google API key", b"AIza", rb"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("Stripe key", b"sk_live_", rb"\bsk_live_[A-Za-z0-9]{20,}\b"),
        ("npm token", b"npm_", rb"\bnpm_[A-Za-z0-9]{36}\b"),
        ("PyPI token", b"pypi-AgEIcHlwaS5vcmc", rb"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}"),
        ("OpenAI key", b"sk-proj-", rb"\bsk-proj-[A-Za-z0-9_-]{40,}"),
        ("Anthropic key", b"sk-ant-", rb"\bsk-ant-[A-Za-z0-9_-]{40,}"),
    )
)


def facts(file: BinaryIO) -> Iterator[bytes | str]:
    """What a layer holds, as JSON documents; what breaks it off is told, and what stood before it is given."""
    return _read(file, _facts)


def texts(file: BinaryIO) -> Iterator[bytes | str]:
    """Its files in which a secret may stand in letters, each with the beginning of what it holds, in base64."""
    return _read(file, _texts)


def _read(file: BinaryIO, reader: Callable[[tarfile.TarFile], Iterator[Fact]]) -> Iterator[bytes | str]:
    try:
        with tarfile.open(fileobj=_unpacked(file), mode="r|") as archive:
            for fact in reader(archive):
                yield json.dumps(fact).encode()
    except (tarfile.TarError, zlib.error, zstd.ZstdError, EOFError, OSError, ValueError) as error:
        yield f"The layer breaks off: {error}"


def _unpacked(file: BinaryIO) -> IO[bytes]:
    head = file.read(4)
    file.seek(0)
    if head.startswith(_GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    return cast("IO[bytes]", zstd.ZstdFile(file)) if head == _ZSTD else file


def _facts(archive: tarfile.TarFile) -> Iterator[Fact]:
    for member, path in _members(archive):
        gone = _gone(path)
        if gone is not None:
            yield gone
        elif member.isfile():
            yield from _of_file(archive, member, path)


def _texts(archive: tarfile.TarFile) -> Iterator[Fact]:
    for member, path in _members(archive):
        opened = archive.extractfile(member) if member.isfile() and not _NO_SECRETS.fullmatch(path) else None
        first = b"" if opened is None else opened.read(_BINARY_LOOK_BYTES)
        if opened is not None and first and b"\x00" not in first:
            content = first + opened.read(_TEXT_BYTES_MAX - len(first))
            is_cut = member.size > _TEXT_BYTES_MAX
            yield {"path": path, "content": base64.b64encode(content).decode(), "is_cut": is_cut}


def _members(archive: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """All but those whose path nobody could keep, with their path from the root, whatever it leads through."""
    for count, member in enumerate(archive):
        archive.members.clear()  # type: ignore[attr-defined] # a stream keeps every head otherwise
        if count >= _MEMBERS_MAX:
            raise tarfile.TarError(f"more than {_MEMBERS_MAX:,} files")
        path = posixpath.normpath(f"/{member.name}").lstrip("/").encode(errors="replace").decode()
        if len(path) <= _PATH_CHARACTERS_MAX:
            yield member, path


def _gone(path: str) -> Fact | None:
    """What a layer takes away of those below it (OCI image specification, layer.md, whiteouts)."""
    folder, name = posixpath.split(path)
    if name == _OPAQUE:
        return {"sort": "opaque", "path": folder}
    if name.startswith(_WHITEOUT):
        return {"sort": "gone", "path": posixpath.join(folder, name.removeprefix(_WHITEOUT))}
    return None


def _of_file(archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> Iterator[Fact]:
    for form, most, reader in _READERS:
        if form.fullmatch(path):
            if member.size > most:
                yield {"sort": "unread", "path": path, "reason": f"it is larger than {most:,} bytes"}
            else:
                yield {"path": path, **reader(path, _content(archive, member))}
            return
    if member.size <= _SECRET_FILE_BYTES_MAX and not _NO_SECRETS.fullmatch(path):
        yield from _secrets(path, _content(archive, member))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = archive.extractfile(member)
    return b"" if opened is None else opened.read()


def _secrets(path: str, content: bytes) -> Iterator[Fact]:
    if b"\x00" in content[:_BINARY_LOOK_BYTES]:
        return
    for rule, mark, form in _SECRETS:
        found = form.search(content) if mark in content else None
        if found is not None:
            line = content.count(b"\n", 0, found.start()) + 1
            yield {"sort": "secret", "path": path, "what": rule, "line": line}


def _dpkg(path: str, content: bytes) -> Fact:
    """Paragraphs of the dpkg database; in `status.d` each file is one package, without a status."""
    has_status, packages = path == "var/lib/dpkg/status", list[dict[str, str]]()
    for fields in _paragraphs(content, ": "):
        is_there = not has_status or fields.get("Status", "").endswith(" installed")
        if is_there and "Package" in fields and "Version" in fields:
            source = _SOURCE.match(fields.get("Source", ""))
            name, version = fields["Package"], fields["Version"]
            of = (source[1], source[2] or version) if source else (name, version)
            packages.append({"name": name, "version": version, "source": of[0], "source_version": of[1]})
    return {"sort": "packages", "system": "deb", "packages": packages}


def _apk(_path: str, content: bytes) -> Fact:
    packages = [
        {
            "name": fields["P"],
            "version": fields["V"],
            "source": fields.get("o", fields["P"]),
            "source_version": fields["V"],
        }
        for fields in _paragraphs(content, ":")
        if "P" in fields and "V" in fields
    ]
    return {"sort": "packages", "system": "apk", "packages": packages}


def _paragraphs(content: bytes, colon: str) -> Iterator[dict[str, str]]:
    for paragraph in content.decode("utf-8", "replace").split("\n\n"):
        pairs = (line.partition(colon) for line in paragraph.splitlines() if line[:1].strip())
        yield {name: value.strip() for name, found, value in pairs if found}


def _python(_path: str, content: bytes) -> Fact:
    heads = next(_paragraphs(content, ": "))
    return _one("pypi", heads.get("Name"), heads.get("Version"))


def _node(_path: str, content: bytes) -> Fact:
    document: object = None
    with suppress(ValueError, RecursionError):
        document = json.loads(content.decode("utf-8", "replace"))
    if not isinstance(document, dict):
        return _one("npm", None, None)
    return _one("npm", document.get("name"), document.get("version"))


def _one(system: str, name: object, version: object) -> Fact:
    packages = []
    if isinstance(name, str) and isinstance(version, str) and name and version:
        packages = [{"name": name.strip(), "version": version.strip(), "source": "", "source_version": ""}]
    return {"sort": "packages", "system": system, "packages": packages}


def _release(_path: str, content: bytes) -> Fact:
    pairs = (line.partition("=") for line in content.decode("utf-8", "replace").splitlines())
    fields = {name.strip(): value.strip().strip("\"'") for name, found, value in pairs if found}
    names = ("id", "version_id", "pretty_name")
    return {"sort": "release"} | {name: fields.get(name.upper(), "")[:200] for name in names}


def _rpm(_path: str, content: bytes) -> Fact:
    try:
        return {"sort": "packages", "system": "rpm", "packages": rpm.packages(content)}
    except rpm.DatabaseError as error:
        return {"sort": "unread", "reason": f"the database of RPM cannot be read: {error}"}


def _rpm_log(_path: str, content: bytes) -> Fact:
    if content:
        return {"sort": "unread", "reason": "the database of RPM has changes in its log, which is not read"}
    return {"sort": "packages", "system": "rpm", "packages": []}


_READERS: Final[tuple[tuple[re.Pattern[str], int, Callable[[str, bytes], Fact]], ...]] = (
    (_DPKG, _DATABASE_BYTES_MAX, _dpkg),
    (_APK, _DATABASE_BYTES_MAX, _apk),
    (_RPM, _RPM_BYTES_MAX, _rpm),
    (_RPM_LOG, _RPM_BYTES_MAX, _rpm_log),
    (_RELEASE, _METADATA_BYTES_MAX, _release),
    (_PYTHON, _METADATA_BYTES_MAX, _python),
    (_NODE, _METADATA_BYTES_MAX, _node),
)
