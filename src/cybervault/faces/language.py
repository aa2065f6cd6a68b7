"""In which language a reply speaks: of the sentences that are ours, English unless the caller prefers Spanish."""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "es"]

ENGLISH: Final[Language] = "en"
SPANISH: Final[Language] = "es"
_TAGS_MAX: Final = 20
_MANY: Final = "many"
"""A gap for a number with marks between its thousands, which are others in Spanish."""
_GAP: Final = re.compile(r"\\\{(\w+)\\\}")


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
    if language == ENGLISH:
        return english
    spanish = sentences().get(english)
    if spanish is not None:
        return spanish
    for pattern, template in templates().items():
        if found := pattern.fullmatch(english):
            return template.format_map({name: _gap(name, text, language) for name, text in found.groupdict().items()})
    return english


def _gap(name: str, text: str, language: Language) -> str:
    return text.replace(",", ".") if name == _MANY else said(text, language)


def sentences() -> Mapping[str, str]:
    """All that have a Spanish spelling, by their English one."""
    return _spelled()[0]


def templates() -> Mapping[re.Pattern[str], str]:
    """The Spanish spellings with gaps, by what the English ones match."""
    return _spelled()[1]


@lru_cache(maxsize=1)
def _spelled() -> tuple[Mapping[str, str], Mapping[re.Pattern[str], str]]:
    read = tomllib.loads(files("cybervault.faces").joinpath("spanish.toml").read_text("utf-8"))
    spellings = read.pop("templates")
    return read, {_pattern(english): spanish for english, spanish in spellings.items()}


def _pattern(english: str) -> re.Pattern[str]:
    """What a sentence with gaps matches: a whole number where a gap is named count or many, and else any words."""
    counted = re.escape(english).replace(r"\{count\}", r"(?P<count>\d+)").replace(r"\{many\}", r"(?P<many>[\d,]+)")
    return re.compile(_GAP.sub(r"(?P<\1>.+)", counted), re.DOTALL)


def _weight_of(parameters: str) -> float:
    name, _, text = parameters.strip().partition("=")
    if name.strip().casefold() != "q":
        return 1.0
    try:
        return float(text)
    except ValueError:
        return 0.0
