"""Count the calls of one sliding window in cells, so that memory is bounded and no window ever holds too many."""

from array import array
from collections.abc import Iterator
from typing import Final

SECOND: Final = 1_000_000
"""Moments are whole microseconds, as the shared server's are: then both count alike, without rounding."""

CELLS: Final = 60

_COMPACT_FROM: Final = 64


class Ring:
    """Calls with their moments, never decreasing, in cells that remember their latest moment only.

    A call is counted at least `span` microseconds and at most one cell's width longer: it leaves with the latest call
    of its cell. With a width of 0 each moment has a cell of its own and the count is exact.
    """

    __slots__ = ("_cells", "_head", "span", "width")

    def __init__(self, span: int, width: int = 0) -> None:
        self.span = span
        self.width = width
        # Pairs of latest moment and number of calls ever made up to it. The pair at the head has left already and
        # says from which number the count begins.
        self._cells = array("q", (0, 0))
        self._head = 0

    def used(self, now: int) -> int:
        """How many are counted at `now`, those of later moments too; forgets what has left."""
        cells, head = self._cells, self._head
        end, gone = len(cells), now - self.span
        while head + 2 < end and cells[head + 2] <= gone:
            head += 2
        if head != self._head:
            self._head = head
            if head >= _COMPACT_FROM and head * 2 >= end:
                del cells[:head]
                self._head = 0
        return cells[-1] - cells[self._head + 1]

    def nth_last(self, number: int) -> int:
        """The moment of the call that has `number` - 1 counted calls after it; 0 when fewer are counted."""
        cells = self._cells
        wanted = cells[-1] - number + 1
        low, high = self._head // 2, len(cells) // 2
        if wanted <= cells[2 * low + 1] or wanted > cells[-1]:
            return 0
        while high - low > 1:
            middle = (low + high) // 2
            if cells[2 * middle - 1] < wanted:
                low = middle
            else:
                high = middle
        return cells[2 * low]

    @property
    def latest(self) -> int:
        """The moment of the last call, 0 before the first."""
        return self._cells[-2]

    @property
    def number(self) -> int:
        """How many calls were ever made: the name of the last one."""
        return self._cells[-1]

    def add(self, moment: int) -> None:
        """Count a call at a moment not before the last one."""
        cells, width = self._cells, self.width
        last = cells[-2]
        is_joining = last // width == moment // width if width else last == moment
        if is_joining and self._head + 2 < len(cells):
            cells[-2] = moment
            cells[-1] += 1
        else:
            number = cells[-1] + 1
            cells.append(moment)
            cells.append(number)

    def take_back(self) -> None:
        """Forget the last counted call, if there is one."""
        cells = self._cells
        if self._head + 2 < len(cells):
            cells[-1] -= 1
            if cells[-1] == cells[-3]:
                del cells[-2:]

    def cells(self) -> Iterator[tuple[int, int]]:
        """Latest moment and number of calls of each counted cell, oldest first."""
        cells = self._cells
        for place in range(self._head + 2, len(cells), 2):
            yield cells[place], cells[place + 1] - cells[place - 1]
