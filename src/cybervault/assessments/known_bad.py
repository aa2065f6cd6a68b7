"""Which of the addresses, domains and hashes that events name are known to be bad, by lists and remembered answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from cybervault.assessments.conclude import hit_of_part
from cybervault.detection.mentions import Mention
from cybervault.detection.ranking import Noticed
from cybervault.domain.assessments import BAD, Part
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Observable
from cybervault.intel.knowledge import Knowledge
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import Weights


class HitName(NamedTuple):
    """What the name of a hit on a bad indicator says: `malicious` or `suspicious`, and `file` or a kind."""

    verdict: str
    kind: str

    @property
    def title(self) -> str:
        """For people, in English."""
        return f"{self.verdict.capitalize()} {self.kind} named"

    @classmethod
    def of(cls, name: str) -> Self:
        """Of the name that `hit_of_part` gives."""
        verdict, _, kind = name.partition("_")
        return cls(verdict, kind)


class BadIndicator(NamedTuple):
    """What is known to be bad, and who named it."""

    mention: Mention
    part: Part

    def noticed(self) -> Iterator[Noticed]:
        """What it says of its hosts."""
        hit = hit_of_part(self.part)
        return (Noticed(host, hit, at) for host, at in self.mention.by_host().items())


@dataclass(frozen=True, slots=True)
class Knowing:
    """What is known here at a moment, and how it is weighed; `lists` are None where they were not built."""

    lists: Knowledge | None
    weights: Weights
    now: datetime

    def bad_among(
        self, mentions: Iterable[Mention], remembered: Mapping[Observable, Sequence[Answer]]
    ) -> list[BadIndicator]:
        """Those that are bad, the worst first."""
        parts = ((one, self._part(one.observable, remembered.get(one.observable, ()))) for one in mentions)
        bad = [BadIndicator(one, part) for one, part in parts if part is not None and part.weighing.verdict in BAD]
        return sorted(bad, key=lambda found: -(found.part.weighing.score or 0))

    def _part(self, observable: Observable, remembered: Sequence[Answer]) -> Part | None:
        """None where nothing is said of it: to weigh nothing takes as long as to weigh something."""
        own = () if self.lists is None else (self.lists.answer(observable),)
        if not remembered and not any(one.outcome is Outcome.HIT for one in own):
            return None
        answers = (*own, *remembered)
        labels = dict.fromkeys(label for one in answers for label in one.labels)
        return Part(observable, fuse(observable, answers, self.weights, self.now), tuple(labels))
