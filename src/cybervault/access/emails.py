"""E-mail addresses of members: one spelling for each."""

import re
import unicodedata
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind

_CHARACTERS_MAX: Final = 254
# One sign before a name with a dot or a name alone (`localhost`); whether anybody reads it only a mail could tell.
_FORM: Final = re.compile(r"[^\s@<>\",;:()\\]{1,64}@[^\s@<>\",;:()\\]+")


def email_of(text: str) -> str:
    """The address in small letters without blanks around it, else `Problem` INVALID `invalid_email`."""
    email = unicodedata.normalize("NFC", text.strip()).lower()
    if len(email) > _CHARACTERS_MAX or not email.isprintable() or _FORM.fullmatch(email) is None:
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_email",
            message=f"An e-mail address has one @ and at most {_CHARACTERS_MAX} characters, and no blanks.",
        )
    return email
