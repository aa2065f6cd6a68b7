"""Identifiers: a prefix that says what it names, then letters and digits from a random source."""

import secrets
from typing import Final, NewType

from cybervault.domain.principals import KeyId, TenantId

RequestId = NewType("RequestId", str)
AssessmentId = NewType("AssessmentId", str)

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_REQUEST_CHARACTERS: Final = 12
_ASSESSMENT_CHARACTERS: Final = 10
_TENANT_CHARACTERS: Final = 12
_KEY_CHARACTERS: Final = 12


def random_characters(count: int) -> str:
    """`count` characters of lower-case letters and digits, unguessable."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def new_request_id() -> RequestId:
    """`req_` and 12 characters (contract 1.4.3)."""
    return RequestId(f"req_{random_characters(_REQUEST_CHARACTERS)}")


def new_assessment_id() -> AssessmentId:
    """`asm_` and 10 characters (contract 1.4.5)."""
    return AssessmentId(f"asm_{random_characters(_ASSESSMENT_CHARACTERS)}")


def new_tenant_id() -> TenantId:
    """`tv_` and 12 characters (contract 1.4.4)."""
    return TenantId(f"tv_{random_characters(_TENANT_CHARACTERS)}")


def new_key_id() -> KeyId:
    """`key_` and 12 characters; says nothing about the secret."""
    return KeyId(f"key_{random_characters(_KEY_CHARACTERS)}")
