"""Problems are told in Spanish to who asks for it."""

import re
from typing import Final

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.problems import load_catalogue
from cybervault.faces.spanish_problems import in_spanish, message_in, sentences_by_code

_USTED: Final = re.compile(r"\b(usted|introduzca|inténtelo|empiece|elija|vaya|espere|quite)\b", re.IGNORECASE)


def said(code: str, message: str) -> str:
    return in_spanish(Problem(ProblemKind.INVALID, code=code, message=message)).message


def test_every_code_has_a_sentence_and_no_other_word_has() -> None:
    assert sentences_by_code().keys() == load_catalogue().keys()


def test_sentences_end_as_such_and_say_tu() -> None:
    assert [text for text in sentences_by_code().values() if text[-1] not in ".:" or _USTED.search(text)] == []


def test_a_template_fills_in_what_only_the_request_has() -> None:
    told = said("rate_limit_exceeded", "Too many requests. Limit: 60 requests per minute.")
    assert told == "Demasiadas llamadas. Límite: 60 por minuto."
    assert said("name_taken", "There is a living key named {x} %s already.") == "Ya hay una clave viva llamada {x} %s."


def test_else_the_code_is_told_and_what_the_server_names_follows_where_it_names_something() -> None:
    assert said("key_not_found", "There is no such key.") == "No hay ninguna clave así."
    told = said("invalid_parameter", "days is a whole number from 1 to 90.")
    assert told == "Un valor no puede ser así: days is a whole number from 1 to 90."
    assert said("of_another_release", "Something new.") == "Something new."


def test_the_problem_itself_stays_english_for_the_log() -> None:
    problem = Problem(ProblemKind.CONFLICT, code="conflict", message="Somebody else was faster.", details=(("a", "b"),))
    spoken = in_spanish(problem)
    assert (spoken.code, spoken.kind, spoken.details) == (problem.code, problem.kind, problem.details)
    assert problem.message == "Somebody else was faster."


def test_what_was_kept_of_a_problem_is_english_for_who_wants_that() -> None:
    assert message_in("en", "job_failed", "It failed.") == "It failed."
    assert message_in("es", "job_failed", "It failed.").startswith("Un fallo nuestro")
