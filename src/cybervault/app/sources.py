"""Which sources are asked, where and with which keys."""

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.enrichment.connector import SourceSetup
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.settings import Settings


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
