"""The wire forms: which text is an indicator, which outcome which reason, which failure which error."""

import pytest

from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind
from cybervault.domain.problems import Problem
from cybervault.faces.ctai.shapes import (
    Reason,
    display_type,
    failed_model,
    failed_sources,
    no_chat_key,
    read_indicator,
    reason_of,
    text_of,
    warning_of,
)
from cybervault.verdict.chat_model import ModelFailure, ModelFailureReason

HIT = Answer("virustotal", Outcome.HIT, (Evidence("virustotal", "a", "b", "c", 1, EvidenceGroup.ANTIVIRUS),), b"{}")


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" 1.2.3.4 ", Kind.IPV4, "1.2.3.4"),
        ("2001:DB8::1", Kind.IPV6, "2001:db8::1"),
        ("Example.ORG", Kind.DOMAIN, "example.org"),
        ("A" * 32, Kind.MD5, "a" * 32),
    ],
)
def test_an_indicator_is_trimmed_and_canonical(text: str, kind: Kind, value: str) -> None:
    observable = read_indicator(text, "es")
    assert (observable.kind, observable.value) == (kind, value)


@pytest.mark.parametrize(("text", "code"), [(None, "missing_ioc"), ("", "missing_ioc"), (" ", "unknown_ioc")])
@pytest.mark.parametrize("language", ["es", "en"])
def test_a_missing_indicator_is_told_in_the_callers_language(text: str | None, code: str, language: str) -> None:
    with pytest.raises(Problem) as caught:
        read_indicator(text, language)
    assert caught.value.message == text_of(code, language)


@pytest.mark.parametrize(
    "text", ["evil[.]example", "[::1]", "1.2.3.4/32", "x" * 513, "a.b.xn--p1ai", "münchen.example", "example.com."]
)
def test_only_the_documented_forms_are_indicators(text: str) -> None:
    with pytest.raises(Problem):
        read_indicator(text, "es")


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.UNKNOWN, Reason.NOT_FOUND),
        (Outcome.NOT_APPLICABLE, Reason.NOT_FOUND),
        (Outcome.NO_KEY, Reason.INVALID_API_KEY),
        (Outcome.BAD_KEY, Reason.INVALID_API_KEY),
        (Outcome.FORBIDDEN, Reason.INVALID_API_KEY),
        (Outcome.QUOTA, Reason.API_UNAVAILABLE),
        (Outcome.THROTTLED, Reason.API_UNAVAILABLE),
        (Outcome.TIMEOUT, Reason.API_UNAVAILABLE),
        (Outcome.UPSTREAM_ERROR, Reason.API_UNAVAILABLE),
        (Outcome.BAD_PAYLOAD, Reason.UNKNOWN),
    ],
)
def test_every_outcome_has_its_reason(outcome: Outcome, reason: Reason) -> None:
    assert reason_of(Answer("virustotal", outcome)) is reason


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_without_data_can_be_told(outcome: Outcome) -> None:
    if outcome in {Outcome.HIT, Outcome.CLEAN}:
        return
    for language in ("es", "en"):
        warning = warning_of("VirusTotal", Answer("virustotal", outcome), language)
        assert warning is not None
        assert warning["message"].startswith("VirusTotal: ")


def test_data_is_no_warning_even_where_nothing_is_known() -> None:
    assert warning_of("VirusTotal", HIT, "es") is None
    assert reason_of(Answer("abuseipdb", Outcome.UNKNOWN, document=b"{}")) is None


def test_robtex_is_never_more_than_not_found() -> None:
    assert reason_of(Answer("robtex", Outcome.UPSTREAM_ERROR)) is Reason.NOT_FOUND


def test_failed_sources_name_stage_and_type() -> None:
    failed = failed_sources("VirusTotal", Answer("virustotal", Outcome.BAD_KEY), "es")
    assert failed.body["stage"] == "ioc"
    assert failed.body["errorType"] == "invalid_api_key"
    assert "VirusTotal" in failed.body["error"]


def test_a_missing_model_key_has_the_documented_text() -> None:
    assert no_chat_key("es").body == {
        "error": "La API Key de OpenRouter no es válida o no tiene permisos suficientes.",
        "stage": "ai",
        "errorType": "invalid_api_key",
    }


@pytest.mark.parametrize("reason", list(ModelFailureReason))
def test_every_failure_of_the_model_keeps_its_type(reason: ModelFailureReason) -> None:
    body = failed_model(ModelFailure(reason, "said the provider", has_begun=False), "en").body
    assert (body["stage"], body["errorType"]) == ("ai", reason.value)
    assert ("said the provider" in body["error"]) is (reason.value == "model_error")


def test_a_failure_nobody_can_name_has_no_type() -> None:
    body = failed_model(ModelFailure(None, "broken", has_begun=True), "es").body
    assert (body["stage"], "errorType" in body) == ("unknown", False)


def test_kinds_the_document_does_not_know_keep_our_word() -> None:
    assert (display_type(Kind.SHA1), display_type(Kind.URL)) == ("hash/sha1", "url")
