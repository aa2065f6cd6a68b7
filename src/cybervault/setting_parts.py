"""Parts of the settings that have much to say of their own, and the types of their values."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, model_validator

from cybervault.domain.secrets import Secret

# Not urlsplit, which quotes what it cannot read in its error, and a password may stand there.
_BASE_URL: Final = re.compile(
    r"https?://(?:\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(?::[0-9]{1,5})?(?:/[^\s?#]*)?", re.IGNORECASE
)


def secret_of(value: object) -> Secret | None:
    """A key as it was written; None for an empty one. ValueError for what is no text."""
    if value is None or isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise ValueError("a key is a text")  # noqa: TRY004 - pydantic turns only a ValueError into a named error
    return Secret(value.strip()) if value.strip() else None


_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_REGISTRY: Final = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")
_REGISTRY_HOST: Final = r"[a-z0-9.-]+(?::[0-9]{1,5})?"


def _base_url(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not _BASE_URL.fullmatch(str(value)):
        raise ValueError("must be http://host[:port][/path] or https://..., without user, query or blanks")
    return str(value).rstrip("/")


def _registry(value: str) -> str:
    if not _REGISTRY.fullmatch(value):
        raise ValueError("must be http://host[:port] or https://host[:port], in lower case, without a path")
    return value


def _token_origin(value: str) -> str:
    return value and _registry(value)


Key = Annotated[Secret | None, PlainValidator(secret_of), PlainSerializer(lambda _: None)]
BaseUrl = Annotated[str | None, PlainValidator(_base_url)]


class Part(BaseModel):
    """A level of the settings: nothing unknown, nothing changed later, no value in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


_ROLE: Final = r"(?:arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+)?"


class AwsSettings(Part):
    """One AWS account whose resources may be looked at, by a key that may only read."""

    access_key_id: str = Field(
        default="", pattern=r"^(?:[A-Za-z0-9_]{4,128})?$", description="The id of the key that asks."
    )
    secret_access_key: Key = Field(default=None, description="The secret that goes with it.")
    role_arn: str = Field(
        default="", pattern=f"^{_ROLE}$", description="The role of the account that the key takes on before it asks."
    )
    external_id: str = Field(
        default="",
        max_length=1_224,
        pattern=r"^[A-Za-z0-9_+=,.@:/-]*$",
        description="What the role's trust wants to be told besides.",
    )
    regions: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}$")], ...] = Field(
        default=(), max_length=64, description="Regions that a scan of the whole account looks at (JSON list); all "
        "that are enabled for it when not set."
    )  # fmt: skip
    endpoint_url: BaseUrl = Field(
        default=None, description="One address for all services instead of AWS's own, for what speaks as AWS does."
    )

    @model_validator(mode="after")
    def _has_a_key(self) -> "AwsSettings":
        if not (self.access_key_id and self.secret_access_key):
            raise ValueError("needs access_key_id and secret_access_key")
        return self


def _accounts(value: dict[str, AwsSettings]) -> dict[str, AwsSettings]:
    if not all(_ACCOUNT.fullmatch(name) for name in value):
        raise ValueError("an account is named by its 12 digits")
    return value


class RegistryAccountSettings(Part):
    """A name and a password with which one registry is asked for images that are not for everybody."""

    registry: str = Field(
        default="",
        pattern=f"^(?:{_REGISTRY_HOST})?$",
        description="The registry as it stands in the names of images: `ghcr.io`, `registry.example:5000`.",
    )
    username: str = Field(
        default="",
        max_length=256,
        pattern=r"^[^:\x00-\x1f\x7f]*$",
        description="The name; what goes with a token stands in the registry's guide (often `AWS`, `oauth2accesstoken` "
        "or the member's own name).",
    )
    password: Key = Field(default=None, description="The password, or a token that may only read.")
    token_url: Annotated[str, AfterValidator(_token_origin)] = Field(
        default="",
        description="Where this registry has the name and the password sent to, where that is not the registry itself, "
        "as an origin: `https://gitlab.example`. They are sent nowhere else.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> "RegistryAccountSettings":
        if not (self.registry and self.username and self.password):
            raise ValueError("needs registry, username and password")
        return self


def _one_each(value: dict[str, RegistryAccountSettings]) -> dict[str, RegistryAccountSettings]:
    if len({account.registry for account in value.values()}) < len(value):
        raise ValueError("a registry has one account")
    return value


class ScanSettings(Part):
    """What scans may reach beyond what is granted."""

    loopback: bool = Field(
        default=False, description="Whether this machine's own addresses (127.0.0.0/8, ::1) may be granted and scanned."
    )
    owners_grant_networks: bool = Field(
        default=False,
        description="Whether Owners and Admins may grant their tenant private networks over `/v3`; right where all "
        "tenants are the operator's own.",
    )
    registries: tuple[Annotated[str, AfterValidator(_registry)], ...] = Field(
        default=(),
        max_length=64,
        description="Registries within the network, or without TLS, from which images may be read, as origins (JSON "
        'list): `["http://registry.example:5000"]`. Public ones need not be named.',
    )
    registry_accounts: Annotated[dict[str, RegistryAccountSettings], AfterValidator(_one_each)] = Field(
        default_factory=dict, description="Names and passwords of registries, by names of your own."
    )
    aws: Annotated[dict[str, AwsSettings], AfterValidator(_accounts)] = Field(
        default_factory=dict, description="AWS accounts that are connected, by their number."
    )
    nmap: str = Field(
        default="nmap",
        description="The program nmap, by its name on PATH or by its path; empty: it is not used where it is, either.",
    )
    trivy: str = Field(
        default="trivy",
        description="The program trivy, by its name on PATH or by its path; empty: it is not used where it is, either.",
    )
    parts_at_once: int = Field(
        default=4,
        ge=1,
        le=64,
        description="So many parts of one scan are done at the same time, on whichever servers have a hand free; with "
        "1 one after another.",
    )
    extra_ports: tuple[Annotated[int, Field(ge=1, le=65_535)], ...] = Field(
        default=(), max_length=1_024, description="Ports that every profile looks at besides its own (JSON list)."
    )
