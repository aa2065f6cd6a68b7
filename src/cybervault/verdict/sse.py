"""Server-sent events, read piece by piece: bytes in, the data of each finished event out (WHATWG HTML, 9.2.6)."""

import re
from typing import Final

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_LINE_END: Final = re.compile(rb"\r\n|\n|\r")


class EventReader:
    """Keeps what is unfinished between pieces, so that any split of the bytes gives the same events.

    Comments, event names, ids and retry times are skipped; lines may end with LF, CRLF or CR.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._is_first_line = True
        self._ended_with_cr = False

    def feed(self, piece: bytes) -> list[str]:
        """The data of every event that this piece finishes; the lines of one event are joined by line feeds."""
        if not piece:
            return []
        # A line feed right behind a carriage return that ended the last piece belongs to the same line end.
        rest = piece[1:] if self._ended_with_cr and piece.startswith(b"\n") else piece
        self._ended_with_cr = piece.endswith(b"\r")
        *ended, unfinished = _LINE_END.split(rest)
        events = []
        for part in ended:
            self._line += part
            events += self._end_line()
        self._line += unfinished
        return events

    def finish(self) -> list[str]:
        """The data of the event that was under way at the end; the standard drops it, some servers need it."""
        return [*self._end_line(), *self._end_event()]

    def _end_line(self) -> list[str]:
        line = bytes(self._line)
        self._line.clear()
        if self._is_first_line:
            self._is_first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._end_event()
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
        return []

    def _end_event(self) -> list[str]:
        data = b"\n".join(self._data).decode(errors="replace")
        self._data.clear()
        return [data] if data else []
