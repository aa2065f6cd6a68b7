"""Secrets: no accident shows one, and a fingerprint tells them apart without keeping them."""

import copy
import hashlib
import json
import logging
import pickle
import re
from collections.abc import Callable
from dataclasses import asdict

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.secrets import Secret, SecretHeader

CANARY = "cv-canary-7f3a91"
SECRET = Secret(CANARY)
HEADER = SecretHeader("x-key", SECRET, "Bearer ")


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{!r:>40}".format,
        lambda value: f"{value}",
        lambda value: "%s %r" % (value, value),  # noqa: UP031 - loggers format like this
        lambda value: json.dumps({"key": value}, default=str),
        lambda value: str([value, {"key": value}]),
    ],
)
@pytest.mark.parametrize("value", [SECRET, HEADER])
def test_a_secret_prints_as_dots(show: Callable[[object], str], value: object) -> None:
    assert CANARY not in show(value)
    assert "•••" in show(value) or "\\u2022" in show(value)


def test_a_secret_in_a_log_line_is_dots(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("asked with %s and %r", SECRET, HEADER)
    assert CANARY not in caplog.text


@pytest.mark.parametrize(
    "write", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.msgpack.encode]
)
def test_a_secret_is_never_pickled_copied_or_encoded(write: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        write(SECRET)


def test_a_header_never_becomes_a_dictionary_of_readable_values() -> None:
    with pytest.raises(TypeError, match="never pickled"):
        asdict(HEADER)


def test_a_secret_has_no_dictionary_to_look_into() -> None:
    with pytest.raises(TypeError):
        vars(SECRET)


def test_only_reveal_gives_the_text() -> None:
    assert SECRET.reveal() == CANARY


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert (hash(Secret(one)) == hash(Secret(other))) is (one == other)
    assert (Secret(one).fingerprint == Secret(other).fingerprint) is (one == other)
    assert Secret(one) != one


@given(st.text(min_size=4))
def test_a_fingerprint_is_32_hex_digits_and_holds_nothing_of_the_text(text: str) -> None:
    fingerprint = Secret(text).fingerprint
    assert re.fullmatch(r"[0-9a-f]{32}", fingerprint)
    assert fingerprint != text


def test_a_fingerprint_is_the_same_on_every_run() -> None:
    """Remembered answers and budgets are kept under it."""
    assert SECRET.fingerprint == "ba0ae02d7a5ae717042d43a313863d01"


def test_a_keyed_digest_needs_the_key_and_holds_nothing_of_the_text() -> None:
    """Our own keys are kept and found under it."""
    digest = SECRET.keyed_digest(b"one key")
    assert len(digest) == 32
    assert digest == Secret(CANARY).keyed_digest(b"one key")
    assert digest not in {SECRET.keyed_digest(b"another key"), Secret("other").keyed_digest(b"one key")}
    assert CANARY.encode() not in digest


def test_a_keyed_digest_is_the_same_on_every_run() -> None:
    known = hashlib.blake2b(CANARY.encode(), digest_size=32, key=b"one key").hexdigest()
    assert SECRET.keyed_digest(b"one key").hex() == known
