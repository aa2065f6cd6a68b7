"""Which sources are asked, where, with which keys, and which addresses may be reached for it."""

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.guard import Origin, origin_of, resolver_origin
from cybervault.egress.message import EgressError
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.lookup import SourceSetup
from cybervault.settings import OPENROUTER_URL, Settings
from cybervault.verdict.chat_model import ChatModelSetup


def source_setups(settings: Settings) -> dict[str, SourceSetup]:
    """The sources that are switched on; `Problem` INVALID `bad_settings` where the settings name one of nobody."""
    names = {connector.source.name for connector in CONNECTORS}
    strangers = sorted(set(settings.sources) - names)
    if strangers:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message=f"There is no source {', '.join(strangers)}; the sources are {', '.join(sorted(names))}.",
        )
    setups = {}
    for source in (connector.source for connector in CONNECTORS):
        part = settings.source(source.name)
        if part.enabled:
            setups[source.name] = SourceSetup(
                url=part.url or source.url,
                key=part.key,
                may_ask_anonymously=part.anonymous,
                is_metered=not part.unmetered,
                timeout_seconds=part.timeout_seconds or source.timeout_seconds,
            )
    return setups


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
