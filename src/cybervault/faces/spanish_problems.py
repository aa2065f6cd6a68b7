"""Problems in Spanish, for who asks for it: by what is said, else by the code."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from cybervault.domain.problems import Problem
from cybervault.faces.language import SPANISH, Language, said


@cache
def sentences_by_code() -> Mapping[str, str]:
    """All of `problems.es.toml`."""
    text = files("cybervault.faces").joinpath("problems.es.toml").read_text("utf-8")
    codes: Mapping[str, str] = tomllib.loads(text)["codes"]
    return codes


def in_spanish(problem: Problem) -> Problem:
    """The same problem; of a sentence that ends with a colon, what the server says in English follows."""
    # Not by `copy`, which calls the class as an exception of one text.
    spoken = type(problem).__new__(type(problem))
    vars(spoken).update(vars(problem))
    spoken.message = message_in(SPANISH, problem.code, problem.message)
    return spoken


def message_in(language: Language, code: str, english: str) -> str:
    """What is said of a problem that was kept, such as that of a job."""
    if language != SPANISH:
        return english
    if (sentence := said(english, SPANISH)) != english:
        return sentence
    sentence = sentences_by_code().get(code, english)
    return f"{sentence} {english}" if sentence.endswith(":") else sentence
