"""Which addresses may be reached because the operator named them, that of the language model too."""

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.guard import Origin, origin_of, resolver_origin
from cybervault.egress.message import EgressError
from cybervault.settings import OPENROUTER_URL, Settings
from cybervault.verdict.chat_model import ChatModelSetup


def allowed_origins(settings: Settings) -> list[Origin]:
    """What the operator configured is let through exactly as configured, even inside the network.

    Raises `Problem` INVALID `bad_settings` for an address that cannot be read.
    """
    urls = [part.url for part in settings.sources.values() if part.url] + (
        [url for url in (settings.chat.url, settings.identity.issuer) if url]
        + list(settings.scans.registries)
        + [one.token_url for one in settings.scans.registry_accounts.values() if one.token_url]
        + [part.endpoint_url for part in settings.scans.aws.values() if part.endpoint_url]
    )
    try:
        return [origin_of(url) for url in urls] + [resolver_origin(place) for place in settings.dns.resolvers.values()]
    except EgressError as error:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message="An address of a source, of the language model, of the identity provider, of a registry, of an "
            f"account or of a resolver cannot be used: {error.reason}.",
        ) from None


def chat_setup(settings: Settings) -> ChatModelSetup:
    """Where the language model is asked, and with which key."""
    return ChatModelSetup(
        url=settings.chat.url or OPENROUTER_URL, default_key=settings.chat_key, needs_key=settings.chat.needs_key
    )
