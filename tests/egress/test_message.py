"""What leaves and what comes back, as values."""

import dataclasses

import pytest

from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.egress.message import (
    BODY_BYTES_MAX,
    DnsQuestion,
    DnsReply,
    EgressError,
    EgressFailure,
    IncomingReply,
    OutgoingRequest,
)


def test_a_request_never_shows_its_key() -> None:
    """No secret in a representation: logs and tracebacks may hold a request."""
    request = OutgoingRequest(
        url="https://source.test/", secret_headers=(SecretHeader("x-apikey", Secret("canary-9c1f")),)
    )
    assert "canary-9c1f" not in repr(request)
    assert "canary-9c1f" not in str(request)


def test_a_request_has_bounds_unless_told_otherwise() -> None:
    request = OutgoingRequest(url="https://source.test/")
    assert (request.method, request.timeout_seconds, request.body_bytes_max, request.retries) == (
        "GET",
        10.0,
        BODY_BYTES_MAX,
        1,
    )
    assert request.redirect_hosts == frozenset()


def test_messages_are_frozen() -> None:
    for message in (OutgoingRequest(url="https://a.test/"), IncomingReply(), DnsQuestion(name="a", record_type="A")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, dataclasses.fields(message)[0].name, "other")


def test_an_empty_reply_is_no_failure() -> None:
    assert IncomingReply(status=204).failure is None
    assert DnsReply(code=3).failure is None


def test_an_error_says_its_failure_and_its_reason() -> None:
    error = EgressError(EgressFailure.REFUSED, "only https leaves this machine")
    assert error.failure is EgressFailure.REFUSED
    assert error.reason == "only https leaves this machine"
    assert str(error) == "refused: only https leaves this machine"
    assert str(EgressError(EgressFailure.TIMEOUT)) == "timeout"
