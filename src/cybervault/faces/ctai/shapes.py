"""The wire forms of CyberThreat AI: parameters, warnings, error bodies, and its texts in Spanish and English."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Kind, Observable, parse_observable
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.verdict.chat_model import ModelFailure

INDICATOR_CHARACTERS_MAX: Final = 512


class Asked(BaseModel):
    """Parameters of `GET /api/ctai`; an unknown model or language silently becomes the default (contract 1.1.2)."""

    ioc: Annotated[str | None, Field(description="IPv4, IPv6, domain, MD5, SHA-1 or SHA-256.")] = None
    model: Annotated[str | None, Field(description="A model of the list; anything else means the default.")] = None
    lang: Annotated[str | None, Field(description="es or en.")] = None


class ErrorReply(BaseModel):
    """Every failure (contract 1.1.8)."""

    error: str = Field(examples=["Tipo de IoC desconocido"])
    stage: Literal["ioc", "ai", "unknown"] | None = Field(default=None, description="Of 500: where it failed.")
    error_type: str | None = Field(default=None, alias="errorType", description="Of 500: why, in one word.")
    code: str | None = Field(default=None, description="Of the richer stream.")
    retry_after_seconds: int | None = Field(default=None, alias="retryAfterSeconds", description="Of 429.")


class Reason(StrEnum):
    """Why a source gave nothing, in the five words of the contract (contract 1.1.5)."""

    INVALID_API_KEY = "invalid_api_key"
    MODEL_ERROR = "model_error"
    API_UNAVAILABLE = "api_unavailable"
    NOT_FOUND = "not_found"
    UNKNOWN = "unknown"


Stage = Literal["ioc", "ai", "unknown"]

# The names of the document's sources, in its order, and the request header of each one's key.
SOURCES: Final = frozenset({"virustotal", "abuseipdb", "polyswarm", "robtex"})
KEY_HEADERS: Final = {
    "x-vt-key": "virustotal",
    "x-abuseipdb-key": "abuseipdb",
    "x-polyswarm-key": "polyswarm",
}
CHAT_KEY_HEADER: Final = "x-openrouter-key"

_REASON_OF: Final = {
    Outcome.HIT: Reason.UNKNOWN,
    Outcome.CLEAN: Reason.UNKNOWN,
    Outcome.UNKNOWN: Reason.NOT_FOUND,
    Outcome.NOT_APPLICABLE: Reason.NOT_FOUND,
    Outcome.NO_KEY: Reason.INVALID_API_KEY,
    Outcome.BAD_KEY: Reason.INVALID_API_KEY,
    Outcome.FORBIDDEN: Reason.INVALID_API_KEY,
    Outcome.QUOTA: Reason.API_UNAVAILABLE,
    Outcome.THROTTLED: Reason.API_UNAVAILABLE,
    Outcome.TIMEOUT: Reason.API_UNAVAILABLE,
    Outcome.UPSTREAM_ERROR: Reason.API_UNAVAILABLE,
    Outcome.BAD_PAYLOAD: Reason.UNKNOWN,
    Outcome.SKIPPED_BUDGET: Reason.API_UNAVAILABLE,
    Outcome.SKIPPED_TLP: Reason.NOT_FOUND,
}

# Both resources failing counts as "not found" whatever the cause (contract 1.1.4, Robtex).
_NEVER_FAILS: Final = frozenset({"robtex"})


def reason_of(answer: Answer) -> Reason | None:
    """Why a source's answer is a warning; None when it delivered data."""
    if answer.has_document:
        return None
    return Reason.NOT_FOUND if answer.source in _NEVER_FAILS else _REASON_OF[answer.outcome]


# The last label: letters only, at least two (contract 1.1.2), so that an address with bad octets is no domain.
_DOMAIN_ENDING: Final = re.compile(r"\.[a-z]{2,}\Z", re.IGNORECASE)
_DISPLAY_TYPE: Final = {
    Kind.IPV4: "IPv4",
    Kind.IPV6: "IPv6",
    Kind.DOMAIN: "domain",
    Kind.MD5: "hash/md5",
    Kind.SHA1: "hash/sha1",
    Kind.SHA256: "hash/sha256",
}


def display_type(kind: Kind) -> str:
    """The document's word for a kind; the kinds it does not know keep ours."""
    return _DISPLAY_TYPE.get(kind, kind.value)


def read_indicator(text: str | None, language: str) -> Observable:
    """The indicator of the documented face: exact text only, nothing defanged, six kinds.

    Raises `Problem` INVALID with the two documented texts.
    """
    if not text:
        raise _problem("missing_ioc", language)
    plain = text.strip()
    if not plain or len(plain) > INDICATOR_CHARACTERS_MAX:
        raise _problem("unknown_ioc", language)
    try:
        observable = parse_observable(plain)
    except Problem:
        raise _problem("unknown_ioc", language) from None
    is_rewritten = observable.kind is Kind.DOMAIN and observable.value != plain.lower()
    is_no_domain = observable.kind is Kind.DOMAIN and not _DOMAIN_ENDING.search(plain)
    is_no_address = observable.kind in {Kind.IPV4, Kind.IPV6} and not _is_plain_address(plain)
    if observable.kind not in _DISPLAY_TYPE or is_rewritten or is_no_domain or is_no_address:
        raise _problem("unknown_ioc", language)
    return observable


def _is_plain_address(text: str) -> bool:
    return all(character.isdigit() or character in "abcdefABCDEF:." for character in text)


def _problem(code: str, language: str) -> Problem:
    return Problem(ProblemKind.INVALID, code=code, message=text_of(code, language))


def text_of(code: str, language: str) -> str:
    """One of our sentences, in Spanish or English."""
    spanish, english = _TEXTS[code]
    return english if language == "en" else spanish


_TEXTS: Final = {
    "missing_ioc": ("Falta el parámetro de IoC", "The ioc parameter is missing"),
    "unknown_ioc": ("Tipo de IoC desconocido", "Unknown IoC type"),
    "not_found": ("No existe nada en esta ruta.", "There is nothing at this path."),
    "method_not_allowed": ("Esta ruta solo admite GET.", "This path takes GET only."),
    "crash": (
        "Algo ha fallado en el servidor. Indique el identificador de la petición al administrador.",
        "Something went wrong on the server. Give the request id to your administrator.",
    ),
    "no_chat_key": (
        "La API Key de OpenRouter no es válida o no tiene permisos suficientes.",
        "The OpenRouter API key is not valid or lacks permissions.",
    ),
    "ai_refused": (
        "La API Key de OpenRouter no es válida o no tiene permisos suficientes.",
        "The OpenRouter API key is not valid or lacks permissions.",
    ),
    "ai_unavailable": (
        "El servicio del modelo de IA no está disponible ahora. Inténtelo de nuevo en unos minutos.",
        "The AI model's service is not available right now. Try again in a few minutes.",
    ),
    "ai_model": ("El modelo de IA ha devuelto un error.", "The AI model returned an error."),
    "ai_unknown": (
        "No se pudo completar el veredicto de la IA.",
        "The AI verdict could not be completed.",
    ),
    "ai_not_configured": (
        (
            "No hay clave de OpenRouter ni modelo local: el veredicto de IA no está configurado. "
            "Añada una clave en «API Keys» o configure CYBERVAULT_CHAT__URL."
        ),
        (
            "There is no OpenRouter key and no local model: the AI verdict is not configured. "
            "Add a key under “API Keys” or set CYBERVAULT_CHAT__URL."
        ),
    ),
    "local_not_ready": (
        "El conocimiento local aún se está preparando; las listas de nombres conocidos no se han consultado.",
        "The local knowledge is still being prepared; the lists of known names were not consulted.",
    ),
}

_WARNINGS: Final = {
    Outcome.NO_KEY: ("falta la API Key, no se consultó", "no API key, so it was not asked"),
    Outcome.BAD_KEY: ("la API Key no es válida", "the API key is not valid"),
    Outcome.FORBIDDEN: ("la API Key no tiene permisos suficientes", "the API key lacks permissions"),
    Outcome.UNKNOWN: ("no conoce este indicador", "does not know this indicator"),
    Outcome.NOT_APPLICABLE: (
        "no se consultó: el indicador no es público",
        "not asked: the indicator is not a public one",
    ),
    Outcome.QUOTA: ("la cuota de la API Key está agotada", "the quota of the API key is used up"),
    Outcome.THROTTLED: ("pide esperar antes de la siguiente consulta", "asks us to wait before the next request"),
    Outcome.TIMEOUT: ("no respondió a tiempo", "did not answer in time"),
    Outcome.UPSTREAM_ERROR: ("el servicio no está disponible", "the service is not available"),
    Outcome.BAD_PAYLOAD: ("devolvió una respuesta que no se entiende", "gave an answer that cannot be read"),
    Outcome.SKIPPED_BUDGET: (
        "no se consultó para no agotar la cuota o porque acaba de fallar",
        "not asked, to spare its quota or because it has just failed",
    ),
    Outcome.SKIPPED_TLP: ("no se consultó: la marca TLP lo impide", "not asked: the TLP marking forbids it"),
}


def warning_text(title: str, outcome: Outcome, language: str) -> str:
    """One sentence on why a source gave nothing."""
    spanish, english = _WARNINGS[outcome]
    return f"{title}: {english if language == 'en' else spanish}."


def warning_of(title: str, answer: Answer, language: str) -> dict[str, str] | None:
    """An item of `meta.warnings`, or None for a source that delivered."""
    reason = reason_of(answer)
    if reason is None:
        return None
    return {"source": title, "message": warning_text(title, answer.outcome, language), "reason": reason.value}


@dataclass(frozen=True, slots=True)
class StageFailure:
    """A failed analysis: the three fields of the contract's error (contract 1.1.8)."""

    text: str
    stage: Stage
    reason: Reason | None

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body, which is also the data of the `error` event."""
        failed: dict[str, Any] = {"error": self.text, "stage": self.stage}
        return failed | ({"errorType": self.reason.value} if self.reason else {})


def failed_sources(title: str, answer: Answer, language: str) -> StageFailure:
    """No source responded, and this one is the first that refused or could not be reached."""
    return StageFailure(warning_text(title, answer.outcome, language), "ioc", reason_of(answer))


def no_chat_key(language: str) -> StageFailure:
    """Nobody has a key for the language model."""
    return StageFailure(text_of("no_chat_key", language), "ai", Reason.INVALID_API_KEY)


_TEXT_OF_MODEL_FAILURE: Final = {
    Reason.INVALID_API_KEY: "ai_refused",
    Reason.API_UNAVAILABLE: "ai_unavailable",
    Reason.MODEL_ERROR: "ai_model",
}


def failed_model(failure: ModelFailure, language: str) -> StageFailure:
    """What the language model's failure is called here; its own message is shown for a `model_error` only."""
    if failure.reason is None:
        return StageFailure(text_of("ai_unknown", language), "unknown", None)
    reason = Reason(failure.reason.value)
    text = text_of(_TEXT_OF_MODEL_FAILURE.get(reason, "ai_unknown"), language)
    shown = f"{text} {failure.message}" if reason is Reason.MODEL_ERROR and failure.message else text
    return StageFailure(shown, "ai", reason)
