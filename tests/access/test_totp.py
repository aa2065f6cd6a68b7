"""One-time codes: the vectors of the standards, the window, and that each step counts once."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from cybervault.access.totp import (
    code_at,
    is_code,
    matching_step,
    new_secret,
    secret_text,
    step_of,
    uri_of,
)

RFC_SECRET = b"12345678901234567890"
NOW = datetime(2026, 11, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "code"),
    list(
        enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"])
    ),
)
def test_the_codes_of_rfc_4226(count: int, code: str) -> None:
    """Its appendix D."""
    assert code_at(RFC_SECRET, count) == code


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ],
)
def test_the_codes_of_rfc_6238(seconds: int, code: str) -> None:
    """Its appendix B has eight digits, of which ours are the last six."""
    assert code_at(RFC_SECRET, step_of(datetime.fromtimestamp(seconds, UTC))) == code[-6:]


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_differ_by_one_step(steps: int, is_taken: bool) -> None:  # noqa: FBT001 - a column
    step = step_of(NOW) + steps
    found = matching_step(RFC_SECRET, code_at(RFC_SECRET, step), now=NOW, used=None)
    assert found == (step if is_taken else None)


def test_a_step_ends_after_thirty_seconds() -> None:
    start = datetime(2026, 11, 1, 12, 0, 0, tzinfo=UTC)
    assert step_of(start) == step_of(start + timedelta(seconds=29.9))
    assert step_of(start + timedelta(seconds=30)) == step_of(start) + 1


def test_a_used_step_and_those_before_it_count_no_more() -> None:
    """A code that was seen over the shoulder opens nothing, nor does the one before it."""
    now = step_of(NOW)
    codes = {step: code_at(RFC_SECRET, step) for step in (now - 1, now, now + 1)}
    assert matching_step(RFC_SECRET, codes[now], now=NOW, used=now) is None
    assert matching_step(RFC_SECRET, codes[now - 1], now=NOW, used=now) is None
    assert matching_step(RFC_SECRET, codes[now + 1], now=NOW, used=now) == now + 1


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "75522x", "\uff17\uff15\uff15\uff12\uff12\uff14", "-55224", " 55224"]
)
def test_what_is_no_code_matches_nothing(text: str) -> None:
    assert not is_code(text)
    assert matching_step(RFC_SECRET, text, now=datetime.fromtimestamp(59, UTC), used=None) is None


def test_six_digits_are_a_code() -> None:
    assert is_code("000000")


def test_secrets_have_160_bits_and_differ() -> None:
    assert len({new_secret() for _ in range(50)}) == 50
    assert {len(new_secret()) for _ in range(5)} == {20}
    assert secret_text(RFC_SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def test_the_address_for_a_qr_code_names_the_entry() -> None:
    uri = uri_of(RFC_SECRET, issuer="Cyber Vault", account="ana+1@acme.example")
    assert uri.startswith("otpauth://totp/Cyber%20Vault:ana%2B1@acme.example?")
    assert parse_qs(urlsplit(uri).query) == {
        "secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"],
        "issuer": ["Cyber Vault"],
        "algorithm": ["SHA1"],
        "digits": ["6"],
        "period": ["30"],
    }
    assert "Cyber%20Vault" in uri.partition("?")[2]
