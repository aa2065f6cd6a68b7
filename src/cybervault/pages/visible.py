"""Text of strangers without what a terminal or a page would obey: telemetry and rules are written by anybody."""

from pathlib import Path


def visible(text: str, *, kept: str = "") -> str:
    """Each letter that does not print, such as an escape or a mark that turns the line around, as its code."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in kept else one.encode("unicode_escape").decode("ascii") for one in text
    )


def named(path: Path) -> str:
    """The name of a file, also of one whose bytes are no text."""
    return visible(path.name)
