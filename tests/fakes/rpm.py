"""Databases of RPM in their three forms, written small: headers as rpm keeps them, and what holds them."""

import sqlite3
import struct
from collections.abc import Sequence
from typing import Final

_NAME, _VERSION, _RELEASE, _EPOCH, _SUMMARY, _SOURCE, _MODULE = 1000, 1001, 1002, 1003, 1004, 1044, 5096
_TEXT, _INT32 = 6, 4
BDB_PAGE: Final = 512


def header(name: str, version: str, release: str = "1", *, epoch: int | None = None, **more: str) -> bytes:
    """One package; `more` are source, module and summary, which makes it as long as real ones are."""
    texts = {_NAME: name, _VERSION: version, _RELEASE: release}
    texts |= {tag: more[key] for key, tag in (("source", _SOURCE), ("module", _MODULE)) if key in more}
    texts[_SUMMARY] = more.get("summary", "")
    entries, data = list[tuple[int, int, int, int]](), b""
    if epoch is not None:
        entries, data = [(_EPOCH, _INT32, 0, 1)], struct.pack(">I", epoch)
    for tag, text in sorted(texts.items()):
        entries.append((tag, _TEXT, len(data), 1))
        data += text.encode() + b"\x00"
    return header_of(entries, data)


def header_of(entries: Sequence[tuple[int, int, int, int]], data: bytes, count: int | None = None) -> bytes:
    """Entries (tag, type, offset, count) and what they lead to, whatever that is."""
    index = b"".join(struct.pack(">IIII", *one) for one in entries)
    return struct.pack(">II", len(entries) if count is None else count, len(data)) + index + data


def sqlite_of(headers: Sequence[bytes], page: int = 1024) -> bytes:
    """As rpm 4.16 and newer keep them, by SQLite itself."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"PRAGMA page_size = {page}")
        connection.execute("CREATE TABLE other (x)")
        connection.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        connection.executemany("INSERT INTO Packages (blob) VALUES (?)", [(one,) for one in headers])
        connection.commit()
        return connection.serialize()


def ndb_of(headers: Sequence[bytes]) -> bytes:
    """As SUSE keeps them (rpm, lib/backend/ndb/rpmpkg.c)."""
    slots, blobs = [struct.pack("<4sIII", b"RpmP", 0, 1, 1), struct.pack("<IIII", len(headers) + 1, 0, 0, 0)], b""
    for index, one in enumerate(headers, 1):
        raw = struct.pack("<4sIII", b"BlbS", index, 1, len(one)) + one
        raw += b"\x00" * (-len(raw) % 16) + b"\x00" * 16
        slots.append(struct.pack("<4sIII", b"Slot", index, (4096 + len(blobs)) // 16, len(raw) // 16))
        blobs += raw
    free = struct.pack("<4sIII", b"Slot", 0, 0, 0) * (256 - len(slots))
    return b"".join(slots) + free + blobs


def bdb_of(headers: Sequence[bytes], order: str = "<", *, is_inline: bool = False) -> bytes:
    """As rpm did before: a hash table of Berkeley DB, one package a page, its header there or on pages of its own."""
    pages, overflow = list[bytes](), list[bytes]()
    keys = [b"\x00" * 4, *(index.to_bytes(4, "little") for index in range(1, len(headers) + 1))]
    first = 1 + len(keys)
    for key, one in zip(keys, [b"\x00\x00\x00\x09", *headers], strict=True):
        value = b"\x01" + one
        if key.strip(b"\x00") and not is_inline:
            value = b"\x03\x00\x00\x00" + struct.pack(f"{order}II", first + len(overflow), len(one))
            room = BDB_PAGE - 26
            parts = [one[start : start + room] for start in range(0, len(one), room)]
            for place, part in enumerate(parts):
                after = 0 if place == len(parts) - 1 else first + len(overflow) + 1
                overflow.append(bdb_page(7, part, order, after=after, offset=len(part)))
        items = [b"\x01" + key, value]
        places = [BDB_PAGE - len(items[0]), BDB_PAGE - len(items[0]) - len(items[1])]
        body = struct.pack(f"{order}HH", *places).ljust(places[1] - 26, b"\x00") + items[1] + items[0]
        pages.append(bdb_page(13, body, order, count=2))
    last = len(pages) + len(overflow)
    head = struct.pack(f"{order}8sIIIIBBBBII", b"", 0, 0x061561, 9, BDB_PAGE, 0, 8, 0, 0, 0, last)
    return head.ljust(BDB_PAGE, b"\x00") + b"".join(pages) + b"".join(overflow)


def bdb_page(kind: int, body: bytes, order: str = "<", *, after: int = 0, count: int = 0, offset: int = 0) -> bytes:
    """A page with its head (dbinc/db_page.h)."""
    head = struct.pack(f"{order}8sIIIHHBB", b"", 0, 0, after, count, offset, 0, kind)
    return (head + body).ljust(BDB_PAGE, b"\x00")
