"""The pepper of this installation: from the settings, or from a file that is made at the first start; its rotation."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

PEPPER_CHARACTERS_MIN: Final = 32
_PEPPER_BYTES: Final = 32


def load_peppers(file: Path, given: Secret | None, previous_given: Secret | None = None) -> Peppers:
    """The pepper as `load_pepper` finds it, and the one before it: given, else in the file beside, else none.

    Raises `Problem` UNAVAILABLE `pepper_unusable`.
    """
    current = load_pepper(file, given)
    if previous_given is not None:
        return Peppers(current, Pepper.of(previous_given))
    before = previous_file(file)
    return Peppers(current, _read(before) if before.exists() else None)


def previous_file(file: Path) -> Path:
    """Where the pepper before the one in this file is kept."""
    return file.with_name(f"{file.name}.previous")


def rotate_pepper(file: Path) -> Peppers:
    """Put a new pepper into the file and the one of until now beside it; both may be read by their owner only.

    The old one is safe before the new one counts: whenever this is cut off, every key still works.
    """
    load_pepper(file, None)
    try:
        _write(previous_file(file), file.read_text(encoding="ascii"))
        _write(file, f"{secrets.token_hex(_PEPPER_BYTES)}\n")
    except OSError as error:
        raise _unusable(file, str(error)) from None
    return load_peppers(file, None)


def load_pepper(file: Path, given: Secret | None) -> Pepper:
    """The `given` pepper, else the one in the file, which only its owner may read.

    Raises `Problem` UNAVAILABLE `pepper_unusable`. Who loses the pepper loses every key.
    """
    if given is not None:
        return Pepper.of(given)
    try:
        if not file.exists():
            _make(file)
    except OSError as error:
        raise _unusable(file, str(error)) from None
    return _read(file)


def _read(file: Path) -> Pepper:
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(file, str(error)) from None
    if len(text) < PEPPER_CHARACTERS_MIN:
        raise _unusable(file, "it is too short")
    return Pepper.of(Secret(text))


def _make(file: Path) -> None:
    """Of two processes that start at once, both read the first one's."""
    new = _written(file, f"{secrets.token_hex(_PEPPER_BYTES)}\n")
    try:
        with suppress(FileExistsError):
            os.link(new, file)
    finally:
        new.unlink()


def _write(file: Path, text: str) -> None:
    _written(file, text).replace(file)


def _written(file: Path, text: str) -> Path:
    """The text in a whole file of its own beside, to be moved into place."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # made with mode 0600
    with os.fdopen(number, "w", encoding="ascii") as new:
        new.write(text)
        new.flush()
        os.fsync(new.fileno())
    return Path(name)


def _unusable(file: Path, reason: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="pepper_unusable",
        message=f"The pepper in {file} cannot be used: {reason}. Every key depends on it: restore it from a backup.",
    )
