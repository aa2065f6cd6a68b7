"""Which of two versions comes first, by the rules of the system that a package belongs to."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from univers.versions import Version

SYSTEMS: Final[Mapping[str, str]] = {
    "deb": "DebianVersion",
    "apk": "AlpineLinuxVersion",
    "rpm": "RpmVersion",
    "pypi": "PypiVersion",
    "npm": "SemverVersion",
    "maven": "MavenVersion",
    "golang": "GolangVersion",
    "cargo": "SemverVersion",
    "gem": "RubygemsVersion",
    "nuget": "NugetVersion",
    "composer": "ComposerVersion",
}
"""Types of package URLs, and the class of univers that knows their order."""
_CHARACTERS_MAX: Final = 256
_BEGINNING: Final = "0"
_REMEMBERED_MAX: Final = 8_192


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Affected from `introduced` on ("0": from the first), until `fixed`, or up to and with `last`; "" for open."""

    introduced: str
    fixed: str = ""
    last: str = ""


def span_with(system: str, version: str, spans: Sequence[Span]) -> Span | None:
    """The first span that a version lies in; None where it lies in none. ValueError for a version that is none."""
    at = _version(system, version)
    for span in spans:
        try:
            if _lies_in(system, at, span):
                return span
        except ValueError:  # one odd span of an advisory leaves the others standing
            continue
    return None


def _lies_in(system: str, at: "Version", span: Span) -> bool:
    if span.introduced != _BEGINNING and at < _version(system, span.introduced):
        return False
    if span.fixed:
        return bool(at < _version(system, span.fixed))
    return not span.last or bool(at <= _version(system, span.last))


@lru_cache(_REMEMBERED_MAX)
def _version(system: str, text: str) -> "Version":
    from univers import versions  # noqa: PLC0415 - who scans no image does without its half second

    if len(text) > _CHARACTERS_MAX:
        raise ValueError("a version of more than 256 characters")
    found: Version = getattr(versions, SYSTEMS[system])(text)
    return found
