"""Names that people give to tenants and keys."""

from typing import Final

from cybervault.domain.problems import Problem, ProblemKind

NAME_CHARACTERS_MAX: Final = 64


def name_of(text: str) -> str:
    """The name without blanks around it: 1 to 64 characters that can be seen, else `Problem` INVALID `invalid_name`."""
    name = text.strip()
    if not 1 <= len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise Problem(
            ProblemKind.INVALID,
            code="invalid_name",
            message=f"A name has 1 to {NAME_CHARACTERS_MAX} characters, and no line breaks or other invisible ones.",
        )
    return name
