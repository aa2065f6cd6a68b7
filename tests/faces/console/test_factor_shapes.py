"""The wire forms of second factors: what is shown once is there, and nothing beyond."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from cybervault.access.passkeys import Ceremony, Registered
from cybervault.access.second_factors import Enrolment
from cybervault.access.store.passkeys import Passkey
from cybervault.access.store.second_factors import Factors
from cybervault.domain.principals import MemberId, TenantId
from cybervault.domain.secrets import Secret
from cybervault.faces.console import factor_shapes as shapes

NOW = datetime(2026, 11, 1, 12, 30, tzinfo=UTC)
LAPTOP = Passkey(b"\xfb\xff", MemberId("usr_1"), TenantId("tv_1"), b"key", 3, "laptop", NOW, NOW)


def test_requests_take_nothing_unknown() -> None:
    with pytest.raises(ValidationError):
        shapes.ConfirmRequest.model_validate({"ticket": "t", "code": "1", "member": "usr_2"})
    request = shapes.RegisterRequest(ticket="t", credential={"id": "a"}, name="laptop")
    assert (request.to_core().ticket, request.to_core().credential) == ("t", {"id": "a"})


def test_the_secret_of_an_authenticator_is_shown() -> None:
    enrolment = Enrolment(Secret("ABC"), Secret("otpauth://totp/x?secret=ABC"), "ticket")
    assert shapes.EnrolmentReply.of(enrolment).model_dump() == {
        "secret": "ABC",
        "uri": "otpauth://totp/x?secret=ABC",
        "ticket": "ticket",
    }


def test_recovery_codes_are_shown() -> None:
    codes = (Secret("a"), Secret("b"))
    assert shapes.CodesReply.of(codes).model_dump() == {"recovery_codes": ["a", "b"]}
    assert shapes.RegisteredReply.of(Registered(LAPTOP, codes)).recovery_codes == ["a", "b"]


def test_a_passkey_is_shown_without_its_key_and_count() -> None:
    assert shapes.PasskeyReply.of(LAPTOP).model_dump() == {
        "id": "-_8",
        "name": "laptop",
        "created_at": "2026-11-01T12:30:00Z",
        "last_used_at": "2026-11-01T12:30:00Z",
    }


def test_what_a_browser_is_asked_and_what_there_is() -> None:
    assert shapes.CeremonyReply.of(Ceremony({"challenge": "x"}, "t")).model_dump() == {
        "options": {"challenge": "x"},
        "ticket": "t",
    }
    factors = Factors(TenantId("tv_1"), "a@b", b"sealed", 5, 2, 9)
    assert shapes.FactorsReply.of(factors).model_dump() == {"totp": True, "passkeys": 2, "recovery_codes": 9}
