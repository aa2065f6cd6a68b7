"""Packages of RPM: their database in any of its forms, and the headers in it (rpm, docs/manual/format_header.md)."""

import re
import struct
from collections.abc import Iterator
from typing import Final

from cybervault.confinement.parsers.rpm_databases import DatabaseError, headers

__all__ = ["DatabaseError", "packages"]

# Tags of rpm (include/rpm/rpmtag.h), and what each is kept as: a text, or a number of four bytes.
_TEXT, _INT32 = 6, 4
_TAGS: Final = {
    1000: ("name", _TEXT),
    1001: ("version", _TEXT),
    1002: ("release", _TEXT),
    1003: ("epoch", _INT32),
    1044: ("source", _TEXT),
    5096: ("module", _TEXT),
}
_HEAD_BYTES, _ENTRY_BYTES = 8, 16
_ENTRIES_MAX: Final = 65_535
_TEXT_BYTES_MAX: Final = 1_024
_SOURCE: Final = re.compile(r"(.+)-([^-]+)-([^-]+)\.(?:no)?src\.rpm")
_KEY: Final = "gpg-pubkey"


def packages(content: bytes) -> list[dict[str, str]]:
    """All of a database; raises `DatabaseError` where it cannot be read to its end."""
    return list(_packages(content))


def _packages(content: bytes) -> Iterator[dict[str, str]]:
    for header in headers(content):
        try:
            fields = _fields(header)
        except struct.error:
            raise DatabaseError("the header of a package breaks off") from None
        if not {"name", "version", "release"} <= fields.keys():
            raise DatabaseError("the header of a package names none")
        # A key that signs is kept as if it were a package, with its date for a version.
        if fields["name"] != _KEY:
            yield _package(fields)


def _package(fields: dict[str, str]) -> dict[str, str]:
    epoch = f"{fields['epoch']}:" if fields.get("epoch", "0") != "0" else ""
    version = f"{epoch}{fields['version']}-{fields['release']}"
    source = _SOURCE.fullmatch(fields.get("source", ""))
    # The name of a source package says no epoch: it is that of what was built from it, but for a few.
    of = (source[1], f"{epoch}{source[2]}-{source[3]}") if source else (fields["name"], version)
    # name:stream:version:context:architecture, of which the first two say from which stream it is.
    module = ":".join(fields.get("module", "").split(":")[:2])
    return {"name": fields["name"], "version": version, "source": of[0], "source_version": of[1], "module": module}


def _fields(header: bytes) -> dict[str, str]:
    """What is wanted of a header: an index of entries, then what they lead to."""
    count, size = struct.unpack_from(">II", header)
    start = _HEAD_BYTES + count * _ENTRY_BYTES
    if count > _ENTRIES_MAX or start + size > len(header):
        raise DatabaseError("the header of a package says that it is longer than it is")
    found = dict[str, str]()
    for place in range(_HEAD_BYTES, start, _ENTRY_BYTES):
        tag, kind, offset, _ = struct.unpack_from(">IIII", header, place)
        name, wanted = _TAGS.get(tag, ("", 0))
        if not name or kind != wanted or name in found:
            continue
        if offset >= size:
            raise DatabaseError("the header of a package leads out of it")
        if kind == _INT32:
            found[name] = str(struct.unpack_from(">I", header, start + offset)[0])
        else:
            text = header[start + offset : min(start + size, start + offset + _TEXT_BYTES_MAX)]
            found[name] = text.partition(b"\x00")[0].decode("utf-8", "replace")
    return found
