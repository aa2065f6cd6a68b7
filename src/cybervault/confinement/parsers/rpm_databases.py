"""The three forms of RPM's database: SQLite, rpm's own `ndb`, and the hash tables of Berkeley DB; all hold headers.

SQLite is read here and not by its library, which wants to open files and would run what a hostile schema says. In no
form is a page read twice, and no more is given than the file holds, so that no circle or overlap goes on for ever.
"""

import struct
from collections.abc import Iterator
from typing import Final

__all__ = ["HEADERS_MAX", "DatabaseError", "headers"]

HEADERS_MAX: Final = 100_000
_SQLITE: Final = b"SQLite format 3\x00"
_NDB: Final = b"RpmP"
# Of a hash table, in either order of bytes (Berkeley DB, dbinc/db_page.h: DBMETA).
_HASH_MAGIC: Final = 0x061561

_SQLITE_ROOT: Final = 1
_SQLITE_PAGE_MIN, _SQLITE_USABLE_MIN = 512, 480
_SQLITE_INNER, _SQLITE_LEAF = 5, 13
_VARINT_BYTES_MAX: Final = 9
_SIZES: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)
_FIRST_BLOB: Final = 12

_SLOT_PAGE, _SLOT, _BLOCK = 4096, 16, 16
_SLOT_PAGES_MAX: Final = 2_048

_HASH_PAGE_HEAD: Final = 26
_HASH_PAGES: Final = frozenset({2, 13})
_OVERFLOW_PAGE: Final = 7
_INLINE, _ELSEWHERE = 1, 3
_HASH_PAGE_SIZES: Final = frozenset(1 << bits for bits in range(9, 17))


class DatabaseError(ValueError):
    """Why a database cannot be read, or not to its end."""


def headers(content: bytes) -> Iterator[bytes]:
    """The header of each package, as rpm keeps it; raises `DatabaseError`."""
    room = len(content)
    try:
        for count, header in enumerate(_form(content)):
            room -= len(header)
            if room < 0 or count >= HEADERS_MAX:
                raise DatabaseError("it says that it holds more than it can")
            yield header
    except struct.error:
        raise DatabaseError("it breaks off") from None


def _form(content: bytes) -> Iterator[bytes]:
    if content.startswith(_SQLITE):
        return _Sqlite(content).blobs("Packages")
    if content.startswith(_NDB):
        return _of_ndb(content)
    for order in "<>":
        if len(content) >= _HASH_PAGE_HEAD and _number(content, 12, order) == _HASH_MAGIC:
            return _Hash(content, order).values()
    raise DatabaseError("it has none of the forms that databases of RPM have")


def _number(content: bytes, place: int, order: str) -> int:
    return int(struct.unpack_from(f"{order}I", content, place)[0])


def _short(content: bytes, place: int, order: str) -> int:
    return int(struct.unpack_from(f"{order}H", content, place)[0])


def _refuse_shorter(content: bytes, length: int) -> None:
    if len(content) < length:
        raise DatabaseError("it breaks off")


class _Pages:
    """Pages of one size, each given once."""

    def __init__(self, content: bytes, size: int, first: int) -> None:
        self._content = content
        self._first = first
        self._seen = set[int]()
        self.size = size

    def take(self, number: int) -> bytes:
        start = (number - self._first) * self.size
        page = self._content[start : start + self.size] if start >= 0 else b""
        if len(page) < self.size:
            raise DatabaseError(f"page {number} is not in it")
        if number in self._seen:
            raise DatabaseError(f"page {number} is in it twice: it leads in a circle")
        self._seen.add(number)
        return page


class _Sqlite:
    """Tables of a database (sqlite.org/fileformat2.html), without what its log has not written back yet."""

    def __init__(self, content: bytes) -> None:
        said = _short(content, 16, ">")
        size = 65_536 if said == 1 else said
        self._usable = size - content[20]
        if size < _SQLITE_PAGE_MIN or size & (size - 1) or self._usable < _SQLITE_USABLE_MIN:
            raise DatabaseError("its pages have a size that none has")
        _refuse_shorter(content, _number(content, 28, ">") * size)
        self._pages = _Pages(content, size, 1)

    def blobs(self, table: str) -> Iterator[bytes]:
        """The second column of a table."""
        for kind, name, _, root, *_ in map(_values, self._rows(_SQLITE_ROOT)):
            if (kind, name) == (b"table", table.encode()):
                yield from (_values(row, 2)[1] for row in self._rows(int.from_bytes(root, "big")))
                return
        raise DatabaseError(f"it has no table {table}")

    def _rows(self, root: int) -> Iterator[bytes]:
        ahead = [root]
        while ahead:
            number = ahead.pop()
            page, head = self._pages.take(number), 100 if number == _SQLITE_ROOT else 0
            kind, count = page[head], _short(page, head + 3, ">")
            if kind not in {_SQLITE_INNER, _SQLITE_LEAF}:
                raise DatabaseError(f"page {number} is of no table")
            places = head + (12 if kind == _SQLITE_INNER else 8)
            cells = [_short(page, places + 2 * cell, ">") for cell in range(count)]
            if kind == _SQLITE_INNER:
                # The last child is looked at last: a stack gives what was put on it first at the end.
                ahead.append(_number(page, head + 8, ">"))
                ahead += [_number(page, cell, ">") for cell in reversed(cells)]
            else:
                yield from (self._row(page, cell) for cell in cells)

    def _row(self, page: bytes, place: int) -> bytes:
        length, place = _varint(page, place)
        _, place = _varint(page, place)
        most, least = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        local = length
        if length > most:
            local = least + (length - least) % (self._usable - 4)
            local = local if local <= most else least
        if length == local:
            return page[place : place + length]
        row, beyond = bytearray(page[place : place + local]), _number(page, place + local, ">")
        while beyond and len(row) < length:
            page = self._pages.take(beyond)
            row += page[4 : min(self._usable, 4 + length - len(row))]
            beyond = _number(page, 0, ">")
        return bytes(row)


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """Seven bits a byte, of the ninth all eight; the number and where it ends."""
    number = 0
    for count in range(_VARINT_BYTES_MAX):
        (byte,) = struct.unpack_from("B", content, place + count)
        if count == _VARINT_BYTES_MAX - 1:
            return number << 8 | byte, place + _VARINT_BYTES_MAX
        number = number << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more come
            break
    return number, place + count + 1


def _values(row: bytes, most: int = 5) -> list[bytes]:
    """The first columns of a row, as their bytes."""
    end, place = _varint(row, 0)
    start, values = end, list[bytes]()
    while place < end and len(values) < most:
        kind, place = _varint(row, place)
        if kind in {10, 11}:
            raise DatabaseError("a row has a column of no kind")
        size = _SIZES[kind] if kind < _FIRST_BLOB - 2 else (kind - _FIRST_BLOB) // 2
        values.append(row[start : start + size])
        if len(values[-1]) < size:
            raise DatabaseError("a row ends before its columns do")
        start += size
    if len(values) < most:
        raise DatabaseError("a row has too few columns")
    return values


def _of_ndb(content: bytes) -> Iterator[bytes]:
    """Slots in the first pages say where each package lies, in blocks of 16 bytes (rpm, lib/backend/ndb/rpmpkg.c)."""
    pages = _number(content, 12, "<")
    if not 1 <= pages <= _SLOT_PAGES_MAX:
        raise DatabaseError("it says that it has a number of pages that none has")
    # The first two slots are the head of the file.
    for place in range(2 * _SLOT, pages * _SLOT_PAGE, _SLOT):
        magic, index, block, _ = struct.unpack_from("<4sIII", content, place)
        if magic != b"Slot":
            raise DatabaseError("a slot of it is none")
        if index == 0:
            continue
        start = block * _BLOCK
        magic, of, _, length = struct.unpack_from("<4sIII", content, start)
        header = content[start + 16 : start + 16 + length]
        if magic != b"BlbS" or of != index or len(header) < length:
            raise DatabaseError(f"package {index} is not where it should be")
        yield header


class _Hash:
    """A hash table of Berkeley DB, whose larger values lie on pages of their own (dbinc/db_page.h)."""

    def __init__(self, content: bytes, order: str) -> None:
        size, self._order = _number(content, 20, order), order
        if size not in _HASH_PAGE_SIZES:
            raise DatabaseError("its pages have a size that none has")
        if content[24]:
            raise DatabaseError("it is encrypted")
        _refuse_shorter(content, (_number(content, 32, order) + 1) * size)
        self._content, self._pages = content, _Pages(content, size, 0)

    def values(self) -> Iterator[bytes]:
        """All but the first package's number, which is no package."""
        size = self._pages.size
        for start in range(size, len(self._content) - size + 1, size):
            if self._content[start + 25] in _HASH_PAGES:
                yield from self._of_page(self._pages.take(start // size))

    def _of_page(self, page: bytes) -> Iterator[bytes]:
        count = _short(page, 20, self._order)
        places = [_short(page, _HASH_PAGE_HEAD + 2 * item, self._order) for item in range(count)]
        # Keys and values take turns, from the end of the page towards its head.
        for item in range(1, count, 2):
            place, (kind,) = places[item], struct.unpack_from("B", page, places[item])
            key = page[places[item - 1] + 1 : places[item - 2] if item > 1 else len(page)]
            if not any(key):
                continue
            if kind == _ELSEWHERE:
                first, length = struct.unpack_from(f"{self._order}II", page, place + 4)
                yield self._joined(first, length)
            elif kind == _INLINE:
                yield page[place + 1 : places[item - 1]]
            else:
                raise DatabaseError("a value of it has a form that is not read")

    def _joined(self, number: int, length: int) -> bytes:
        value = bytearray()
        while number and len(value) < length:
            page = self._pages.take(number)
            if page[25] != _OVERFLOW_PAGE:
                raise DatabaseError(f"page {number} is not of the kind that it should be")
            value += page[_HASH_PAGE_HEAD : _HASH_PAGE_HEAD + length - len(value)]
            number = _number(page, 16, self._order)
        if len(value) < length:
            raise DatabaseError("a package ends before its length")
        return bytes(value)
