"""The pepper of this installation: from the settings, or from a file of its own that is made at the first start."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from cybervault.access.tokens import Pepper
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

PEPPER_CHARACTERS_MIN: Final = 32
_PEPPER_BYTES: Final = 32


def load_pepper(file: Path, given: Secret | None) -> Pepper:
    """The `given` pepper, else the one in the file, which only its owner may read.

    Raises `Problem` UNAVAILABLE `pepper_unusable`. Who loses the pepper loses every key.
    """
    if given is not None:
        return Pepper.of(given)
    try:
        if not file.exists():
            _make(file)
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(file, str(error)) from None
    if len(text) < PEPPER_CHARACTERS_MIN:
        raise _unusable(file, "it is too short")
    return Pepper.of(Secret(text))


def _make(file: Path) -> None:
    """Write it whole or not at all; of two processes that start at once, both read the first one's."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)  # made with mode 0600
    try:
        with os.fdopen(number, "w", encoding="ascii") as new:
            new.write(secrets.token_hex(_PEPPER_BYTES) + "\n")
            new.flush()
            os.fsync(new.fileno())
        with suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def _unusable(file: Path, reason: str) -> Problem:
    return Problem(
        ProblemKind.UNAVAILABLE,
        code="pepper_unusable",
        message=f"The pepper in {file} cannot be used: {reason}. Every key depends on it: restore it from a backup.",
    )
