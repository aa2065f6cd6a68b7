"""Recovery codes: ten of 64 bits, for who has lost the second factor; each opens once, none is kept readable."""

import re
import secrets
from typing import Final

from cybervault.domain.secrets import Secret

CODES: Final = 10

_CODE_BYTES: Final = 8
_GROUP: Final = 4
# How people copy them: in any case, with blanks or dashes between the groups or without.
_SEPARATORS: Final = re.compile(r"[\s-]+")
_FORM: Final = re.compile(r"[0-9a-f]{16}")


def new_codes() -> tuple[Secret, ...]:
    """Ten new ones, each of four groups of four hexadecimal digits, to be shown once."""
    return tuple(Secret(_spelled(secrets.token_hex(_CODE_BYTES))) for _ in range(CODES))


def code_of(text: str) -> Secret | None:
    """The code that somebody typed, spelled as it was shown; None for a text that cannot be one."""
    digits = _SEPARATORS.sub("", text).lower()
    return Secret(_spelled(digits)) if _FORM.fullmatch(digits) else None


def _spelled(digits: str) -> str:
    return "-".join(digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP))
