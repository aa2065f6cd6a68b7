"""The two ceremonies of passkeys (WebAuthn level 3), as pure functions: what to ask a browser, and what it answered.

The user has always to be verified by the device, so that a passkey is two factors in one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    decoded_public_key_to_cryptography,
    options_to_json_dict,
    parse_authentication_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cybervault.access.relying_party import Claim, RelyingParty
from cybervault.domain.principals import Member

TIMEOUT_MILLISECONDS: Final = 300_000

_NAME: Final = "CyberVault"
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# The library names what it foresaw; bytes of strangers also reach errors that it did not.
_MALFORMED: Final = (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, RecursionError)
# WebAuthn level 3, 6.4: no credential's id is longer.
_ID_BYTES_MAX: Final = 1_023


class CeremonyError(Exception):
    """What the browser gave is not what the ceremony asks for."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a device made: the id it answers to, its public key (COSE), and its count of uses (0: it counts none)."""

    id: bytes
    public_key: bytes
    uses: int


def registration_options(
    party: RelyingParty, member: Member, *, challenge: bytes, known: Iterable[bytes]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is to be given; devices that hold a `known` credential do not offer."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_name=member.email,
        user_id=member.id.encode(),
        user_display_name=member.name,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json_dict(options)


def registered(party: RelyingParty, challenge: bytes, credential: Mapping[str, Any]) -> NewCredential:
    """The credential that a browser made for this challenge; raises `CeremonyError`."""
    try:
        made = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        # A key that is none would be found out at the first sign-in only.
        decoded_public_key_to_cryptography(decode_credential_public_key(made.credential_public_key))
    except _MALFORMED as error:
        raise CeremonyError(f"{type(error).__name__}: {error}") from None
    if len(made.credential_id) > _ID_BYTES_MAX:
        raise CeremonyError("the id of the credential is too long")
    return NewCredential(made.credential_id, made.credential_public_key, made.sign_count)


def sign_in_options(party: RelyingParty, *, challenge: bytes) -> dict[str, Any]:
    """What `navigator.credentials.get` is to be given; it names no credentials and so tells nobody who is known."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=TIMEOUT_MILLISECONDS,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def claimed(credential: Mapping[str, Any]) -> Claim:
    """Whose passkey a browser presents; raises `CeremonyError`, also where the device does not say."""
    try:
        parsed = parse_authentication_credential_json(dict(credential))
        if parsed.response.user_handle is None:
            raise CeremonyError("the device does not say whose it is")
        return Claim(parsed.raw_id, parsed.response.user_handle.decode())
    except _MALFORMED as error:
        raise CeremonyError(f"{type(error).__name__}: {error}") from None


def proved(party: RelyingParty, challenge: bytes, *, credential: Mapping[str, Any], public_key: bytes) -> int:
    """The device's count of uses, after its signature was found right; raises `CeremonyError`.

    Whether the count goes on is for the store to decide, where two at once are told apart.
    """
    try:
        found = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise CeremonyError(f"{type(error).__name__}: {error}") from None
    return found.new_sign_count
