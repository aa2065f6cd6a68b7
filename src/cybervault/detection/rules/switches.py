"""Rules that the operator of an installation switched off, each with the reason: a small file beside the packs."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cybervault.detection.keeping import put
from cybervault.domain.problems import Problem, ProblemKind

PROFILE_FILE: Final = "profile.toml"
REASON_CHARACTERS_MAX: Final = 500
_TABLE: Final = "off"
_HEAD: Final = (
    "# Rules that are switched off, by their ids, and why. `cybervault rules disable` and `enable` write it.\n"
)


def switched_off(folder: Path) -> Mapping[str, str]:
    """The ids that are switched off and why; `Problem` INVALID `bad_rules_profile` for a file that says something else.

    Without a file it is none.
    """
    try:
        told = tomllib.loads((folder / PROFILE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _bad(folder, str(error)) from None
    off = told.get(_TABLE, {})
    if not isinstance(off, dict) or not all(isinstance(reason, str) for reason in off.values()):
        raise _bad(folder, f"[{_TABLE}] is to hold ids with reasons, as texts")
    if told.keys() - {_TABLE}:
        raise _bad(folder, f"it knows no {', '.join(sorted(told.keys() - {_TABLE}))}")
    return off


def keep_switched_off(folder: Path, off: Mapping[str, str]) -> None:
    """Write the whole file, at once or not at all; `Problem` UNAVAILABLE `rules_not_written`."""
    lines = [f"{_text(name)} = {_text(reason)}\n" for name, reason in sorted(off.items())]
    try:
        put(folder / PROFILE_FILE, "".join([_HEAD, f"[{_TABLE}]\n", *lines]).encode())
    except OSError as error:
        message = f"{folder / PROFILE_FILE} cannot be written: {error.strerror}."
        raise Problem(ProblemKind.UNAVAILABLE, code="rules_not_written", message=message) from None


def _text(text: str) -> str:
    """A basic string of TOML, which is one of JSON but for letters beyond the first plane."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return json.dumps(printable, ensure_ascii=False)


def _bad(folder: Path, reason: str) -> Problem:
    return Problem(
        ProblemKind.INVALID,
        code="bad_rules_profile",
        message=f"{folder / PROFILE_FILE} cannot be used: {' '.join(reason.split())}.",
    )
