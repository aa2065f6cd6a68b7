"""In which language a reply speaks: of the sentences that are ours, English unless the caller prefers Spanish."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "es"]

ENGLISH: Final[Language] = "en"
SPANISH: Final[Language] = "es"
_TAGS_MAX: Final = 20


def language_of(accepted: str) -> Language:
    """The one of ours that an Accept-Language (RFC 9110, 12.5.4) likes best; English where it names none."""
    best, weight = ENGLISH, 0.0
    for part in accepted.split(",")[:_TAGS_MAX]:
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().casefold().partition("-")[0]
        liked = _weight_of(parameters)
        if liked > weight and language in {ENGLISH, SPANISH}:
            best, weight = (SPANISH if language == SPANISH else ENGLISH), liked
    return best


def chosen(english: str, spanish: str, *, language: Language) -> str:
    """One of two spellings of the same; English where there is no Spanish one."""
    return spanish if language == SPANISH and spanish else english


def said(english: str, language: Language) -> str:
    """One of the sentences that the server writes; those that quote what was seen are English in either language."""
    return english if language == ENGLISH else sentences().get(english, english)


@lru_cache(maxsize=1)
def sentences() -> Mapping[str, str]:
    """All that have a Spanish spelling, by their English one."""
    return tomllib.loads(files("cybervault.faces").joinpath("spanish.toml").read_text("utf-8"))


def _weight_of(parameters: str) -> float:
    name, _, text = parameters.strip().partition("=")
    if name.strip().casefold() != "q":
        return 1.0
    try:
        return float(text)
    except ValueError:
        return 0.0
