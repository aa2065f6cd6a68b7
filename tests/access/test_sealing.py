"""Sealing: readable again with the same pepper, purpose and owner only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.sealing import Sealer, SealError
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.secrets import Secret

OLD = Pepper.of(Secret("the pepper that came before this one"))
NEW = Pepper.of(Secret("a pepper that is long enough for tests"))
SEALER = Sealer(Peppers(NEW))
OWNER = {"purpose": "test.secret", "owner": "usr_1"}


@given(st.binary(max_size=200))
def test_what_was_sealed_opens_again(data: bytes) -> None:
    assert SEALER.open(SEALER.seal(data, **OWNER), **OWNER) == data


def test_the_same_data_never_looks_the_same() -> None:
    sealed = {SEALER.seal(b"canary", **OWNER) for _ in range(20)}
    assert len(sealed) == 20
    assert not any(b"canary" in one for one in sealed)


@pytest.mark.parametrize("changed", [{"purpose": "test.other"}, {"owner": "usr_2"}, {"owner": ""}])
def test_another_field_or_another_row_does_not_open_it(changed: dict[str, str]) -> None:
    """Who can write rows cannot give one member's secret to another."""
    with pytest.raises(SealError, match="something else"):
        SEALER.open(SEALER.seal(b"data", **OWNER), **(OWNER | changed))


def test_no_bit_of_it_can_be_changed() -> None:
    sealed = SEALER.seal(b"data", **OWNER)
    for place in range(len(sealed)):
        planted = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(SealError):
            SEALER.open(planted, **OWNER)


@given(st.binary(max_size=60))
def test_strange_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(SealError):
        SEALER.open(data, **OWNER)


def test_what_the_pepper_before_has_sealed_opens_until_it_is_gone() -> None:
    sealed = Sealer(Peppers(OLD)).seal(b"data", **OWNER)
    both = Sealer(Peppers(NEW, OLD))
    assert both.open(sealed, **OWNER) == b"data"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(b"data", **OWNER))
    with pytest.raises(SealError, match="pepper"):
        SEALER.open(sealed, **OWNER)


def test_digests_are_of_the_purpose_the_owner_and_each_pepper() -> None:
    code = Secret("0123-4567-89ab-cdef")
    new, old = Sealer(Peppers(NEW, OLD)).digests(code, **OWNER)
    assert (new,) == SEALER.digests(code, **OWNER)
    assert (old,) == Sealer(Peppers(OLD)).digests(code, **OWNER)
    others = [OWNER | {"purpose": "test.other"}, OWNER | {"owner": "usr_2"}]
    assert len({new, old, *(SEALER.digests(code, **other)[0] for other in others)}) == 4
    assert len(new) == 32
