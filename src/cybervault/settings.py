"""The only reader of the environment: one frozen, typed tree; everything below is handed its part by `app`."""

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, Field, PlainSerializer, PlainValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cybervault.access.pepper import PEPPER_CHARACTERS_MIN
from cybervault.domain.never import Ground, ground_of
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Severity
from cybervault.setting_parts import BaseUrl, Key, Part, ScanSettings, secret_of

OPENROUTER_URL: Final = "https://openrouter.ai/api/v1"
DATABASE_FILE: Final = "cybervault.db"


def _protected(value: tuple[str, ...]) -> tuple[str, ...]:
    ground_of(value)
    return value


def _pepper(value: object) -> Secret | None:
    if isinstance(value, str) and 0 < len(value.strip()) < PEPPER_CHARACTERS_MIN:
        raise ValueError(f"must have at least {PEPPER_CHARACTERS_MIN} characters, better 64 random hexadecimal digits")
    return secret_of(value)


# Strict, so that a password with an unescaped sign is refused here, and never read as a host that a message names.
_DATABASE_URL: Final = re.compile(
    r"postgresql://(?:[^\s/?#@:]+(?::[^\s/?#@:]*)?@)?[a-z0-9.,_:\[\]-]*(?:/[^\s/?#@]*)?(?:\?[^\s?#@]*)?", re.IGNORECASE
)


def _database_url(value: object) -> Secret | None:
    if isinstance(value, str) and value.strip() and not _DATABASE_URL.fullmatch(value.strip()):
        raise ValueError(
            "must be postgresql://user:password@host:port/database; in user and password write %40 for @, and so on"
        )
    return secret_of(value)


PepperText = Annotated[Secret | None, PlainValidator(_pepper), PlainSerializer(lambda _: None)]
DatabaseUrl = Annotated[Secret | None, PlainValidator(_database_url), PlainSerializer(lambda _: None)]
ProtectedPlaces = Annotated[tuple[str, ...], AfterValidator(_protected)]


class SourceSettings(Part):
    """One outside source."""

    url: BaseUrl = Field(default=None, description="Base address instead of the source's own, for a mirror or a test.")
    key: Key = Field(default=None, description="The operator's key; a caller's own key in the request wins.")
    anonymous: bool = Field(default=False, description="Ask without a key when there is none, instead of skipping.")
    enabled: bool = Field(default=True, description="Whether the source is asked at all.")
    unmetered: bool = Field(default=False, description="Keep no local count of the source's free quota.")
    timeout_seconds: float | None = Field(default=None, gt=0, le=120, description="Deadline of one answer.")


class ModelChoice(Part):
    """One language model on offer."""

    id: str
    label: str
    provider: str = "OpenRouter"


def _models() -> tuple[ModelChoice, ...]:
    return (
        ModelChoice(id="openrouter/free", label="Free models (routed)"),
        ModelChoice(id="openrouter/auto", label="Best model (routed)"),
    )


class ChatSettings(Part):
    """The language model behind the streamed verdict: OpenRouter or any OpenAI-compatible endpoint."""

    url: BaseUrl = Field(default=None, description=f"Base address of the API; {OPENROUTER_URL} when not set.")
    key: Key = Field(default=None, description="The operator's key for it.")
    needs_key: bool = Field(default=True, description="Set to false for a local model that wants no key.")
    default_model: str = Field(default="openrouter/free", description="Used when a request names none.")
    models: tuple[ModelChoice, ...] = Field(default_factory=_models, description="The models on offer (JSON list).")

    @property
    def offered(self) -> tuple[ModelChoice, ...]:
        """The models on offer; OpenRouter's two meta-models are always among its own (contract 1.1.11)."""
        named = {model.id for model in self.models}
        documented = _models() if self.url in {None, OPENROUTER_URL} else ()
        return self.models + tuple(model for model in documented if model.id not in named)

    def check(self) -> None:
        """Refuse a default that is not on offer (ValueError)."""
        if self.default_model not in {model.id for model in self.offered}:
            raise ValueError("CYBERVAULT_CHAT__DEFAULT_MODEL (default_model) is not among CYBERVAULT_CHAT__MODELS")


class DnsSettings(Part):
    """Resolvers."""

    resolvers: dict[str, str] = Field(
        default_factory=dict, description="Which host:port stands for a public resolver's address (JSON object)."
    )


class RateLimitSettings(Part):
    """How often one address may ask `/api/ctai`."""

    points: int = Field(default=5, ge=1, description="Requests per window and client address.")
    seconds: int = Field(default=60, ge=1, description="Length of the window, which starts at the first request.")


class IdentitySettings(Part):
    """An identity provider (OpenID Connect) by which members sign in; off until `issuer` is set."""

    issuer: BaseUrl = Field(default=None, description="Its issuer address, as it stands in its tokens.")
    client_id: str = Field(default="", description="What the provider calls this installation.")
    client_secret: Key = Field(default=None, description="The secret that goes with it.")
    name: str = Field(default="Single sign-on", description="What the button of the sign-in page says.")
    tenant: str = Field(default="", description="The tenant of members that are created at their first sign-in.")
    domains: tuple[str, ...] = Field(
        default=(), description="Domains of verified e-mail addresses whose members are created so (JSON list)."
    )
    default_role: Literal["member", "viewer"] = Field(default="viewer", description="Their role.")


class WebhookSettings(Part):
    """Where webhooks may lead besides public addresses."""

    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Origins inside your network, such as `http://10.0.0.5:8080`, that webhooks of every tenant may be "
        "sent to (JSON list); all others must be https at a public address.",
    )


class Settings(BaseSettings):
    """Everything an operator can set. Names: `CYBERVAULT_` and the field, `__` between levels."""

    model_config = SettingsConfigDict(
        env_prefix="CYBERVAULT_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    data: Path = Field(default=Path("~/.cybervault"), description="The folder that holds all state.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on.")
    public_url: BaseUrl = Field(
        default=None,
        description="Where callers reach this server, for the links in its answers; HOST and PORT when not set.",
    )
    api_key_scheme: bool = Field(
        default=False, description="Whether `Authorization: Api-Key` counts as well as `Bearer`."
    )
    language: Literal["es", "en"] = Field(
        default="es", description="Language of `/api/ctai` when a request names none."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="What is logged.")
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Networks whose forwarded-for headers are believed (JSON list)."
    )
    pepper: PepperText = Field(
        default=None,
        description="Keys the digests of API keys; when not set, the file `pepper` in the folder of state, made at the "
        "first start. Whoever loses or changes it loses every key.",
    )
    previous_pepper: PepperText = Field(
        default=None,
        description="The pepper before the present one, while keys are still kept under it; when not set, the file "
        "`pepper.previous`.",
    )
    database_url: DatabaseUrl = Field(
        default=None,
        description="A PostgreSQL server for all rows, which many nodes may share "
        "(`postgresql://user:password@host:port/database`); when not set, SQLite in the folder of state.",
    )
    redis_url: Key = Field(
        default=None,
        description="A server that speaks the Redis protocol, for limits and hints that many nodes share "
        "(`redis://host:port/0`).",
    )
    require_https: bool = Field(
        default=False,
        description="Whether requests over plain HTTP are sent to HTTPS (GET, HEAD) or refused; this machine's own "
        "are let through.",
    )
    proxy_header: Literal["x-forwarded-for", "cf-connecting-ip", "x-real-ip"] = Field(
        default="x-forwarded-for", description="The header in which a trusted proxy tells the caller's address."
    )
    rules_from: Severity = Field(
        default=Severity.MEDIUM,
        description="Detection rules from this level upwards are in force: `informational`, `low`, `medium`, `high` or "
        "`critical`.",
    )
    hunting_rules: bool = Field(
        default=False, description="Whether rules for hunting, which fire on much that is harmless, are in force too."
    )
    protected: ProtectedPlaces = Field(
        default=(),
        description="Hosts, domains, addresses and networks of your own that no action may cut off (JSON list), such "
        "as domain controllers; the server itself is among them without being named.",
    )
    starter_api_access: Literal["service", "none"] = Field(
        default="service",
        description="Which keys work on the plan Starter: those of service accounts and classic ones, or none.",
    )
    queue_wait_seconds: float = Field(
        default=10.0, ge=0, le=25, description="How long a call of /v1 above its limit waits for its turn."
    )
    usage_days: int = Field(default=90, ge=1, le=3650, description="How long the usage of keys is kept.")
    breached_passwords: Path | None = Field(
        default=None, description="A file of SHA-1 digests in hex, one a line, of passwords that nobody may choose."
    )
    identity: IdentitySettings = Field(default_factory=IdentitySettings)
    sources: dict[str, SourceSettings] = Field(default_factory=dict, description="Per source, by its name.")
    chat: ChatSettings = Field(default_factory=ChatSettings)
    dns: DnsSettings = Field(default_factory=DnsSettings)
    scans: ScanSettings = Field(default_factory=ScanSettings)
    webhooks: WebhookSettings = Field(default_factory=WebhookSettings)
    rate_limit: RateLimitSettings = Field(default_factory=RateLimitSettings)

    # The names of the CyberThreat AI document, accepted beside ours.
    openrouter_api_key: Key = Field(default=None, validation_alias=AliasChoices("OPENROUTER_API_KEY"))
    virustotal_api_key: Key = Field(default=None, validation_alias=AliasChoices("VIRUSTOTAL_API_KEY"))
    abuseipdb_api_key: Key = Field(default=None, validation_alias=AliasChoices("ABUSEIPDB_API_KEY"))
    polyswarm_api_key: Key = Field(default=None, validation_alias=AliasChoices("POLYSWARM_API_KEY"))
    rate_limit_points: int | None = Field(default=None, ge=1, validation_alias=AliasChoices("RATE_LIMIT_POINTS"))
    rate_limit_duration: int | None = Field(default=None, ge=1, validation_alias=AliasChoices("RATE_LIMIT_DURATION"))

    @property
    def ground(self) -> Ground:
        """What is our own, to which no action is done: what was named, and this server."""
        own = {urlsplit(url).hostname for url in (self.base_url, self.listen_url)}
        return ground_of((*self.protected, *filter(None, own)))

    @property
    def folder(self) -> Path:
        """`data` with the home folder filled in."""
        return self.data.expanduser()

    @property
    def database_place(self) -> Path | Secret:
        """The PostgreSQL server that was named, else the SQLite file in the folder of state."""
        return self.database_url or self.folder / DATABASE_FILE

    @property
    def listen_url(self) -> str:
        """Where this machine reaches the server, without a closing slash."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def base_url(self) -> str:
        """Where callers reach the server, without a closing slash."""
        return self.public_url or self.listen_url

    @property
    def chat_key(self) -> Secret | None:
        """The operator's key for the language model, under either name."""
        return self.chat.key or self.openrouter_api_key

    def source(self, name: str) -> SourceSettings:
        """The settings of one source, with the key under either of its names."""
        part = self.sources.get(name, SourceSettings())
        documented = {
            "virustotal": self.virustotal_api_key,
            "abuseipdb": self.abuseipdb_api_key,
            "polyswarm": self.polyswarm_api_key,
        }.get(name)
        return part if part.key or documented is None else part.model_copy(update={"key": documented})

    @property
    def ctai_limit(self) -> tuple[int, int]:
        """Requests, and the seconds of their window."""
        return (
            self.rate_limit_points or self.rate_limit.points,
            self.rate_limit_duration or self.rate_limit.seconds,
        )

    @property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """`trusted_proxies`, parsed."""
        return tuple(ipaddress.ip_network(text) for text in self.trusted_proxies)


def load_settings(**given: object) -> Settings:
    """Read the environment; `given` (from the command line) wins where it is not None.

    Raises `Problem` INVALID `bad_settings` that names each wrong setting and never its value.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    _refuse_unknown_names()
    try:
        settings = Settings.model_validate(Settings(**chosen))  # type: ignore[arg-type] # names come from our own CLI
        _ = settings.proxy_networks
        settings.chat.check()
    except ValidationError as error:
        raise _bad_settings("; ".join(_name_of(item["loc"], item["msg"]) for item in error.errors())) from None
    except ValueError as error:
        raise _bad_settings(str(error)) from None
    return settings


_BUILD_NAMES: Final = frozenset({"CONSOLE"})


def _refuse_unknown_names() -> None:
    known = {name.upper() for name in Settings.model_fields} | _BUILD_NAMES
    prefix = Settings.model_config["env_prefix"]
    for name in os.environ:  # noqa: TID251 - settings read the environment
        if name.startswith(prefix) and name.removeprefix(prefix).partition("__")[0] not in known:
            raise _bad_settings(f"there is no setting {name}")


def _name_of(place: tuple[int | str, ...], message: str) -> str:
    name = "__".join(str(part).upper() for part in place)
    return f"{name if name.endswith('_API_KEY') or name.startswith('RATE_') else 'CYBERVAULT_' + name}: {message}"


def _bad_settings(text: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_settings", message=f"The configuration cannot be used: {text}")


def remember(settings: Settings) -> None:
    """Put what the command line chose into the environment, so that worker processes read the same."""
    os.environ["CYBERVAULT_DATA"] = str(settings.folder.absolute())  # noqa: TID251 - settings own the environment
    os.environ["CYBERVAULT_HOST"] = settings.host  # noqa: TID251 - same
    os.environ["CYBERVAULT_PORT"] = str(settings.port)  # noqa: TID251 - same
    os.environ["CYBERVAULT_LOG_LEVEL"] = settings.log_level  # noqa: TID251 - same
