"""Problems in Spanish, for who asks for it: by what is said, else by the code."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from cybervault.domain.problems import Problem
from cybervault.faces.language import SPANISH, said

_GAP: Final = re.compile(r"\\\{(\w+)\\\}")


@dataclass(frozen=True, slots=True)
class Spanish:
    """Sentences by code, and by what they say in English around what a request alone has."""

    codes: Mapping[str, str]
    templates: Mapping[re.Pattern[str], str]


@cache
def load_spanish() -> Spanish:
    """All of `problems.es.toml`."""
    read = tomllib.loads(files("cybervault.faces").joinpath("problems.es.toml").read_text("utf-8"))
    templates = {_pattern(english): spanish for english, spanish in read["templates"].items()}
    return Spanish(read["codes"], templates)


def in_spanish(problem: Problem) -> Problem:
    """The same problem; of a sentence that ends with a colon, what the server says in English follows."""
    # Not by `copy`, which calls the class as an exception of one text.
    spoken = type(problem).__new__(type(problem))
    vars(spoken).update(vars(problem))
    spoken.message = _message(problem)
    return spoken


def _message(problem: Problem) -> str:
    spanish, english = load_spanish(), problem.message
    if (sentence := said(english, SPANISH)) != english:
        return sentence
    for pattern, template in spanish.templates.items():
        if found := pattern.fullmatch(english):
            return template.format_map(found.groupdict())
    sentence = spanish.codes.get(problem.code, english)
    return f"{sentence} {english}" if sentence.endswith(":") else sentence


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_GAP.sub(r"(?P<\1>.+)", re.escape(english)), re.DOTALL)
