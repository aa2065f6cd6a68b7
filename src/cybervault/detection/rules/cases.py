"""Cases of a rule: events beside its file, some that it fires on and some that only look like these."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cybervault.detection.engine import Engine
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Rule

MATCHING: Final = "matching"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Cases:
    """Records under the names of the Sigma taxonomy."""

    matching: tuple[Record, ...]
    other: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that did not turn out as its case says, by its place in the list (from 1)."""

    kind: str
    number: int

    def __str__(self) -> str:
        said = "does not fire" if self.kind == MATCHING else "fires"
        return f"event {self.number} of `{self.kind}` {said}"


def cases_in(raw: bytes) -> Cases:
    """The cases in a JSON document: `source` and lists of events. ValueError with a sentence."""
    told = json.loads(raw)
    if not isinstance(told, dict) or not (told.get(MATCHING) or told.get(OTHER)):
        raise ValueError(f"it has no events under `{MATCHING}` and `{OTHER}`")
    source = _source(told.get("source"))
    return Cases(tuple(_records(told, MATCHING, source)), tuple(_records(told, OTHER, source)))


def failures(rules: Sequence[Rule], cases: Cases) -> Iterator[Failure]:
    """The events on which none of the rules fires though one should, or one though none should."""
    engine = Engine(rules)
    for kind, records in ((MATCHING, cases.matching), (OTHER, cases.other)):
        for number, record in enumerate(records, start=1):
            if bool(engine.outcome(record).matches) is not (kind == MATCHING):
                yield Failure(kind, number)


def _source(told: Any) -> LogSource:  # noqa: ANN401 - JSON
    if not isinstance(told, dict):
        raise ValueError("it has no `source` with product, categories and service")  # noqa: TRY004 - same for a caller
    categories, product, service = told.get("categories") or [], told.get("product") or "", told.get("service") or ""
    if not isinstance(categories, list) or not all(isinstance(one, str) for one in (product, service, *categories)):
        raise ValueError("the parts of `source` are to be texts, and `categories` a list of them")
    return LogSource(product, frozenset(categories), service)


def _records(told: dict[str, Any], kind: str, source: LogSource) -> Iterator[Record]:
    events = told.get(kind) or []
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise ValueError(f"`{kind}` is to be a list of events")
    for event in events:
        yield Record(source, {name: _value(one) for name, one in event.items()})


def _value(told: Any) -> Value:  # noqa: ANN401 - JSON
    if isinstance(told, list):
        return tuple(str(one) for one in told)
    if isinstance(told, bool):
        return str(told).lower()
    return None if told is None else str(told)
