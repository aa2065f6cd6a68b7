"""The order in which people look for names: 10.1.0.9 stands before 10.1.0.10."""

import re
from typing import Final

_DIGITS: Final = re.compile(r"([0-9]+)")


def in_order(name: str) -> list[tuple[int, str]]:
    """What names are sorted by, so that numbers in them count as numbers, however long."""
    parts = _DIGITS.split(name)
    # Between two numbers there is a text each time, if an empty one.
    return [(len(number := part.lstrip("0")), number) if place % 2 else (0, part) for place, part in enumerate(parts)]
