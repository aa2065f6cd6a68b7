"""Names that people give to tenants, members, keys and devices."""

from typing import Final

from cybervault.access.tokens import is_token
from cybervault.domain.problems import Problem, ProblemKind

NAME_CHARACTERS_MAX: Final = 64


def name_of(text: str) -> str:
    """The name without blanks around it: 1 to 64 characters that can be seen, else `Problem` INVALID `invalid_name`.

    A key that was pasted in the place of a name is refused too: names are shown and kept as they are.
    """
    name = text.strip()
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise _invalid(f"A name has 1 to {NAME_CHARACTERS_MAX} characters, and no line breaks or other invisible ones.")
    if any(is_token(word) for word in name.split()):
        raise _invalid("This name looks like an API key. Choose another one, and replace the key if it is one.")
    return name


def _invalid(message: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="invalid_name", message=message)
