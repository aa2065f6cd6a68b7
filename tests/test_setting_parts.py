"""Parts of the settings: what is refused, and that no error repeats a value."""

import pytest
from pydantic import ValidationError

from cybervault.domain.secrets import Secret
from cybervault.setting_parts import AwsSettings, RegistryAccountSettings, ScanSettings, secret_of

KEY = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "canary-7f3a"}
ACCOUNT = {"registry": "ghcr.io", "username": "ci", "password": "canary-7f3a", "token_url": "https://tokens.example"}


def test_a_key_is_a_text_that_nobody_sees() -> None:
    assert [secret_of(one) for one in (None, "  ", " x ", Secret("y"))] == [None, None, Secret("x"), Secret("y")]
    with pytest.raises(ValueError, match="a key is a text"):
        secret_of(7)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"registries": ["ftp://canary.example"]}, "must be http://host"),
        ({"aws": {"prod": KEY}}, "12 digits"),
        ({"aws": {"123456789012": KEY | {"secret_access_key": ""}}}, "needs access_key_id"),
        ({"aws": {"123456789012": KEY | {"endpoint_url": "http://user:canary@x"}}}, "must be http://host"),
        ({"registry_accounts": {"a": ACCOUNT | {"registry": "https://canary.example"}}}, "should match"),
        ({"registry_accounts": {"a": ACCOUNT | {"username": "canary:x"}}}, "should match"),
        ({"registry_accounts": {"a": ACCOUNT | {"token_url": "https://canary.example/jwt"}}}, "must be http://host"),
        ({"registry_accounts": {"a": ACCOUNT | {"password": " "}}}, "needs registry, username and password"),
        ({"registry_accounts": {"a": ACCOUNT, "b": ACCOUNT}}, "a registry has one account"),
    ],
)
def test_what_cannot_be_is_refused_without_repeating_it(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ScanSettings.model_validate(wrong)
    assert reason in str(caught.value)
    assert "canary" not in str(caught.value)


def test_what_is_connected_is_read() -> None:
    part = ScanSettings.model_validate(
        {"registries": ["https://r.example:5000"], "aws": {"123456789012": KEY}, "registry_accounts": {"a": ACCOUNT}}
    )
    assert part.aws["123456789012"] == AwsSettings.model_validate(KEY | {"endpoint_url": ""})
    assert part.registry_accounts["a"] == RegistryAccountSettings.model_validate(ACCOUNT)
    assert RegistryAccountSettings.model_validate(ACCOUNT | {"token_url": ""}).token_url == ""
    assert "canary" not in part.model_dump_json()
