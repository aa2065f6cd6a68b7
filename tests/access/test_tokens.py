"""The form of secrets: kinds told apart, typing mistakes refused, digests that need the pepper."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.tokens import Pepper, Peppers, check_of, digest, is_token, mint, parse
from cybervault.domain.principals import KeyKind
from cybervault.domain.secrets import Secret

PEPPER = Pepper.of(Secret("a pepper that is long enough for tests"))
ALPHABET = string.ascii_letters + string.digits
each_kind = pytest.mark.parametrize("kind", list(KeyKind))
BODY = "abcdefghijklmnop"


def text_of(kind: KeyKind) -> str:
    return mint(kind).secret.reveal()


@each_kind
def test_a_new_secret_has_its_prefix_and_38_letters_and_digits(kind: KeyKind) -> None:
    assert re.fullmatch(f"{kind.value}[0-9A-Za-z]{{38}}", text_of(kind))


def test_no_two_secrets_are_alike() -> None:
    assert len({text_of(KeyKind.SERVICE_LIVE) for _ in range(2_000)}) == 2_000


@each_kind
def test_a_secret_is_read_as_the_kind_it_was_made_as(kind: KeyKind) -> None:
    minted = mint(kind)
    token = parse(minted.secret.reveal())
    assert token is not None
    assert (token.kind, token.hint) == (kind, minted.hint)


@each_kind
def test_what_is_a_token_is_told_without_reading_it(kind: KeyKind) -> None:
    text = text_of(kind)
    assert is_token(text)
    assert not is_token(f"{text[:-1]}{'a' if text[-1] != 'a' else 'b'}")
    assert not is_token(f"{text}_")


@each_kind
def test_a_hint_shows_the_prefix_and_four_characters(kind: KeyKind) -> None:
    minted = mint(kind)
    assert minted.hint == f"{kind.value}…{minted.secret.reveal()[-4:]}"


@each_kind
@pytest.mark.parametrize("count", [16, 20, 22, 24, 37, 39, 64])
def test_bodies_of_16_to_64_characters_have_the_form(kind: KeyKind, count: int) -> None:
    token = parse(kind.value + "a" * count)
    assert token is not None
    assert token.kind is kind


@pytest.mark.parametrize(
    "text",
    [
        "", "cv_live_", "cv_live_sk", "cv_live_sk_", f"cv_read_{BODY}", f"cv_read_x_{BODY}", f"sk-{BODY}", BODY,
        f"cv_live_{'a' * 15}", f"cv_live_sk_{'a' * 15}", f"cv_live_{'a' * 65}", f"CV_LIVE_{BODY}", f" cv_live_{BODY}",
        f"cv_live_{BODY}\n", f"cv_live_{BODY} ", f"cv_live_{BODY}é", f"cv_live_{'٣' * 16}", f"cv_live_sk_x_{BODY}",
        f"cbr_read_{BODY}", f"cbr_live_sk_{BODY}", f"cv_live_{BODY}\0",
    ],
)  # fmt: skip
def test_what_has_not_the_form_is_no_secret(text: str) -> None:
    assert parse(text) is None


def test_the_check_is_the_same_on_every_run() -> None:
    """Scanners for leaked keys rely on it: CRC32 of prefix and body, base 62, six characters."""
    assert check_of(KeyKind.SERVICE_LIVE, "0" * 32) == "1PMO8o"
    assert check_of(KeyKind.CLASSIC_TEST, "A" * 32) == "1GGiw0"


@given(st.integers(11, 48), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_refused_without_a_look_up(place: int, wrong: str) -> None:
    text = "cv_live_sk_" + "0" * 32 + check_of(KeyKind.SERVICE_LIVE, "0" * 32)
    mistyped = text[:place] + wrong + text[place + 1 :]
    assert (parse(mistyped) is None) is (mistyped != text)


def test_another_prefix_before_the_same_body_is_refused() -> None:
    text = text_of(KeyKind.SERVICE_LIVE).removeprefix("cv_live_sk_")
    assert all(parse(kind.value + text) is None for kind in KeyKind if kind is not KeyKind.SERVICE_LIVE)


@given(st.text())
def test_any_text_is_read_or_refused_and_never_breaks(text: str) -> None:
    token = parse(text)
    assert token is None or text.startswith(token.kind.value)


def test_a_digest_needs_the_pepper() -> None:
    """Who can write a row but has no pepper plants no key that works."""
    secret, other = mint(KeyKind.SERVICE_LIVE).secret, Pepper.of(Secret("another pepper, long enough as well"))
    assert len(digest(secret, PEPPER)) == 32
    assert digest(secret, PEPPER) == digest(Secret(secret.reveal()), PEPPER)
    assert digest(secret, PEPPER) != digest(secret, other)
    assert digest(mint(KeyKind.SERVICE_LIVE).secret, PEPPER) != digest(secret, PEPPER)


def test_a_pepper_has_a_name_and_shows_nothing_of_itself() -> None:
    assert re.fullmatch("[0-9a-f]{8}", PEPPER.id)
    assert Pepper.of(Secret("a pepper that is long enough for tests")) == PEPPER
    assert Pepper.of(Secret("x")).id != PEPPER.id
    assert PEPPER.key.hex() not in repr(PEPPER)
    assert "key" not in repr(PEPPER)


def test_the_newer_of_two_peppers_comes_first() -> None:
    other = Pepper.of(Secret("another pepper, long enough as well"))
    assert Peppers(PEPPER).newest_first == (PEPPER,)
    assert Peppers(PEPPER, other).newest_first == (PEPPER, other)
