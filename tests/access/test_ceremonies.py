"""The ceremonies of passkeys with a device in software: what is right passes, and each thing that is wrong does not."""

import contextlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.ceremonies import (
    CeremonyError,
    claimed,
    proved,
    registered,
    registration_options,
    sign_in_options,
)
from cybervault.access.relying_party import Claim, RelyingParty
from cybervault.domain.principals import Member, MemberId, Role, TenantId
from tests.fakes.authenticator import PRESENT, VERIFIED, Authenticator

PARTY = RelyingParty("vault.example", "https://vault.example")
ANA = Member(
    MemberId("usr_ana"), TenantId("tv_1"), "ana@acme.example", "Ana", Role.MEMBER, datetime(2026, 11, 1, tzinfo=UTC)
)
CHALLENGE = bytes(range(32))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def device(**given_: Any) -> Authenticator:  # noqa: ANN401 - the fields of a device
    return Authenticator(PARTY.origin, **given_)


def options() -> dict[str, Any]:
    return registration_options(PARTY, ANA, challenge=CHALLENGE, known=[])


def asking() -> dict[str, Any]:
    return sign_in_options(PARTY, challenge=CHALLENGE)


def planted(credential: Mapping[str, Any], **changed: bytes) -> dict[str, Any]:
    """The credential with other bytes in some fields of its response."""
    texts = {name: urlsafe_b64encode(data).decode().rstrip("=") for name, data in changed.items()}
    return {**credential, "response": {**credential["response"], **texts}}


class TestRegistration:
    def test_a_device_is_asked_to_verify_its_user_and_to_keep_the_passkey(self) -> None:
        asked = registration_options(PARTY, ANA, challenge=CHALLENGE, known=[b"one", b"two"])
        assert asked["rp"] == {"id": "vault.example", "name": "CyberVault"}
        assert asked["authenticatorSelection"]["userVerification"] == "required"
        assert asked["authenticatorSelection"]["residentKey"] == "required"
        assert asked["attestation"] == "none"
        assert [one["id"] for one in asked["excludeCredentials"]] == ["b25l", "dHdv"]
        assert {one["alg"] for one in asked["pubKeyCredParams"]} == {-8, -7, -257}
        assert json.dumps(asked)

    def test_what_a_device_made_is_read(self) -> None:
        maker = device(uses=3)
        made = registered(PARTY, CHALLENGE, maker.make(options()))
        assert (made.id, made.uses) == (maker.credential_id, 3)
        assert cbor2.loads(made.public_key)[3] == -7

    @pytest.mark.parametrize(
        "changed",
        [
            {"challenge": "AAAA"},
            {"origin": "https://evil.example"},
            {"origin": "https://vault.example.evil.example"},
            {"origin": "http://vault.example"},
            {"type": "webauthn.get"},
            {"rp_id": "evil.example"},
        ],
    )
    def test_another_challenge_page_or_purpose_is_refused(self, changed: dict[str, str]) -> None:
        """A page of somebody else cannot make a passkey for ours."""
        with pytest.raises(CeremonyError):
            registered(PARTY, CHALLENGE, device().make(options(), **changed))

    @pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
    def test_a_device_that_did_not_verify_its_user_is_refused(self, flags: int) -> None:
        with pytest.raises(CeremonyError):
            registered(PARTY, CHALLENGE, device(flags=flags).make(options()))

    @pytest.mark.parametrize(
        "public",
        [
            {1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32},
            {1: 2, 3: -7, -1: 1, -2: b"", -3: b""},
            {1: 4, 3: 5, -1: b"a shared secret"},
            {1: 2, 3: -47, -1: 8, -2: b"\x01" * 32, -3: b"\x02" * 32},
            {},
            "text",
            None,
        ],
    )
    def test_a_public_key_that_is_none_is_refused_at_once(self, public: object) -> None:
        """Else the member would lose it at the first sign-in."""
        maker = device()
        credential = maker.make(options())
        attestation = cbor2.loads(_bytes(credential["response"]["attestationObject"]))
        start = 37 + 18 + len(maker.credential_id)
        attestation["authData"] = attestation["authData"][:start] + cbor2.dumps(public)
        with pytest.raises(CeremonyError):
            registered(PARTY, CHALLENGE, planted(credential, attestationObject=cbor2.dumps(attestation)))

    def test_an_id_beyond_the_standards_length_is_refused(self) -> None:
        with pytest.raises(CeremonyError, match="long"):
            registered(PARTY, CHALLENGE, device(credential_id=bytes(1_024)).make(options()))

    @given(st.binary(max_size=300))
    def test_strange_bytes_are_refused(self, data: bytes) -> None:
        credential = device().make(options())
        for name in ("attestationObject", "clientDataJSON"):
            with pytest.raises(CeremonyError):
                registered(PARTY, CHALLENGE, planted(credential, **{name: data}))

    @given(st.dictionaries(st.sampled_from(["id", "rawId", "type", "response"]), JSON_VALUES))
    def test_strange_json_is_refused(self, credential: dict[str, Any]) -> None:
        with pytest.raises(CeremonyError):
            registered(PARTY, CHALLENGE, credential)

    @given(st.integers(min_value=0), st.integers(0, 7))
    def test_a_flipped_bit_is_refused_or_at_least_no_crash(self, place: int, bit: int) -> None:
        """Nothing signs a registration; what its page and its challenge say is checked all the same."""
        credential = device().make(options())
        data = bytearray(_bytes(credential["response"]["attestationObject"]))
        data[place % len(data)] ^= 1 << bit
        with contextlib.suppress(CeremonyError):
            assert registered(PARTY, CHALLENGE, planted(credential, attestationObject=bytes(data))).id


class TestSignIn:
    def test_nobody_is_named_in_what_a_browser_is_asked(self) -> None:
        """So that it tells no stranger who is a member."""
        asked = asking()
        assert asked["allowCredentials"] == []
        assert (asked["rpId"], asked["userVerification"]) == ("vault.example", "required")

    def test_a_device_says_whose_it_is_and_proves_it(self) -> None:
        signer, public_key = known_device()
        credential = signer.sign(asking())
        assert claimed(credential) == Claim(signer.credential_id, "usr_ana")
        assert proved(PARTY, CHALLENGE, credential=credential, public_key=public_key) == 1

    def test_a_device_that_does_not_count_says_zero(self) -> None:
        signer, public_key = known_device(counts=False)
        assert proved(PARTY, CHALLENGE, credential=signer.sign(asking()), public_key=public_key) == 0

    @pytest.mark.parametrize(
        "changed",
        [
            {"challenge": "AAAA"},
            {"origin": "https://evil.example"},
            {"type": "webauthn.create"},
            {"rp_id": "evil.example"},
        ],
    )
    def test_another_challenge_page_or_purpose_is_refused(self, changed: dict[str, str]) -> None:
        """What a phishing page collects opens nothing here."""
        signer, public_key = known_device()
        with pytest.raises(CeremonyError):
            proved(PARTY, CHALLENGE, credential=signer.sign(asking(), **changed), public_key=public_key)

    @pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED])
    def test_a_device_that_did_not_verify_its_user_is_refused(self, flags: int) -> None:
        signer, public_key = known_device(flags=flags)
        with pytest.raises(CeremonyError):
            proved(PARTY, CHALLENGE, credential=signer.sign(asking()), public_key=public_key)

    def test_a_signature_of_another_key_is_refused(self) -> None:
        signer, _ = known_device()
        _, public_key = known_device()
        with pytest.raises(CeremonyError):
            proved(PARTY, CHALLENGE, credential=signer.sign(asking()), public_key=public_key)

    @pytest.mark.parametrize("name", ["signature", "authenticatorData", "clientDataJSON"])
    def test_no_part_can_be_changed(self, name: str) -> None:
        signer, public_key = known_device()
        credential = signer.sign(asking())
        data = _bytes(credential["response"][name])
        for place in range(0, len(data), 7):
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            with pytest.raises(CeremonyError):
                proved(PARTY, CHALLENGE, credential=planted(credential, **{name: changed}), public_key=public_key)

    def test_a_device_that_does_not_say_whose_it_is_is_refused(self) -> None:
        signer, _ = known_device()
        signer.user_handle = None
        with pytest.raises(CeremonyError, match="whose"):
            claimed(signer.sign(asking()))

    def test_a_handle_that_is_no_text_is_refused(self) -> None:
        signer, _ = known_device()
        signer.user_handle = b"\xff\xfe"
        with pytest.raises(CeremonyError):
            claimed(signer.sign(asking()))

    @given(st.dictionaries(st.sampled_from(["id", "rawId", "type", "response"]), JSON_VALUES))
    def test_strange_json_is_refused(self, credential: dict[str, Any]) -> None:
        with pytest.raises(CeremonyError):
            claimed(credential)
        with pytest.raises(CeremonyError):
            proved(PARTY, CHALLENGE, credential=credential, public_key=secrets.token_bytes(40))


def known_device(**given_: Any) -> tuple[Authenticator, bytes]:  # noqa: ANN401 - the fields of a device
    """A device whose passkey was registered, and the public key of that."""
    flags = given_.pop("flags", PRESENT | VERIFIED)
    signer = device(**given_)
    public_key = registered(PARTY, CHALLENGE, signer.make(options())).public_key
    signer.flags = flags
    return signer, public_key


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
