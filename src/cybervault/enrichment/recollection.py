"""What sources said before: of which sources, and bought with which keys, it may be remembered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cybervault.domain.evidence import Answer
from cybervault.domain.observables import Observable
from cybervault.enrichment.connector import Connector, Source, SourceSetup
from cybervault.enrichment.store.kept import AnswerKey


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """One answer, how long it took (seconds) and its age where it was remembered (None = fresh)."""

    source: Source
    answer: Answer
    seconds: float
    age_seconds: int | None = None


def places_of(
    observable: Observable, connectors: Iterable[Connector], setups: Mapping[str, SourceSetup]
) -> Iterator[AnswerKey]:
    """Where the answers of fitting sources to the operator's keys are remembered."""
    for source in (one.source for one in connectors):
        setup = setups.get(source.name)
        if setup is not None and observable.kind in source.kinds:
            yield AnswerKey(source, observable, setup.key.fingerprint if setup.key else "")
