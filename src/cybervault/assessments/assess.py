"""One observable in, one explained verdict out: local knowledge first, then all sources, a running score, the words."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cybervault.assessments.known_bad import Knowing
from cybervault.domain.clock import Clock
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.ids import random_characters
from cybervault.domain.observables import Observable
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Weighing
from cybervault.enrichment.connector import Source
from cybervault.enrichment.lookup import Keys, Lookup
from cybervault.enrichment.recollection import SourceAnswer
from cybervault.intel.allowlists import LOCAL_TITLE
from cybervault.intel.knowledge import Knowledge
from cybervault.verdict.chat_model import ChatModel, Routed, Written
from cybervault.verdict.counterfactuals import Counterfactual, counterfactuals
from cybervault.verdict.fusion import fuse
from cybervault.verdict.narrative import Narrative, PromptFacts, disagrees, prompt, read_narrative
from cybervault.verdict.weights import Weights

_NONCE_CHARACTERS: Final = 16

KnowledgeOf: TypeAlias = Callable[[], Knowledge | None]


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is asked: about what, with whose keys (by source name), in which language, of which sources (None = all)."""

    observable: Observable
    model: str
    language: str = "es"
    keys: Keys = field(default_factory=dict)
    chat_key: Secret | None = None
    names: frozenset[str] | None = None
    uses_local_knowledge: bool = True
    wants_counterfactuals: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer as it came; `age_seconds` is set where it was remembered."""

    title: str
    answer: Answer
    seconds: float
    age_seconds: int | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """The score so far; when no answer is outstanding it is final and says what would change the verdict."""

    weighing: Weighing
    is_final: bool
    counterfactuals: tuple[Counterfactual, ...] = ()


class Assess:
    """The service behind every face that asks for a verdict."""

    def __init__(
        self, lookup: Lookup, chat: ChatModel, *, weights: Weights, knowledge: KnowledgeOf, clock: Clock
    ) -> None:
        self._lookup = lookup
        self._chat = chat
        self._weights = weights
        self._knowledge = knowledge
        self._clock = clock

    def sources(self, inquiry: Inquiry) -> tuple[Source, ...]:
        """Who will be asked, in order."""
        return self._lookup.fitting(inquiry.observable, inquiry.names)

    @property
    def has_local_knowledge(self) -> bool:
        """Whether the local lists are built and open."""
        return self._knowledge() is not None

    def has_chat_key(self, own_key: Secret | None) -> bool:
        """Whether a verdict in words can be asked for, with the caller's own key or without."""
        return self._chat.has_key(own_key)

    async def gather(self, inquiry: Inquiry) -> AsyncGenerator[Heard | Weighed]:
        """What we know ourselves, then each answer as it comes, each followed by the score so far."""
        outstanding = [source.name for source in self.sources(inquiry)]
        answers: list[Answer] = []
        knowledge = self._knowledge() if inquiry.uses_local_knowledge else None
        if knowledge is not None:
            answers.append(knowledge.answer(inquiry.observable))
            yield Heard(LOCAL_TITLE, answers[-1], 0.0, None)
        yield self._weigh(inquiry, answers, outstanding)
        async with aclosing(self._lookup.ask(inquiry.observable, inquiry.keys, inquiry.names)) as replies:
            async for reply in replies:
                outstanding.remove(reply.source.name)
                answers.append(reply.answer)
                yield Heard(reply.source.title, reply.answer, reply.seconds, reply.age_seconds)
                yield self._weigh(inquiry, answers, outstanding)

    async def recall(self, inquiry: Inquiry) -> tuple[tuple[Heard, ...], Weighed]:
        """What this machine knows by itself, from its lists and from answers that it remembers: nothing leaves it."""
        return self.recalled(inquiry.observable, await self._lookup.remembered(inquiry.observable))

    async def remembered_of(self, observables: Iterable[Observable]) -> Mapping[Observable, Sequence[SourceAnswer]]:
        """The answers that this machine remembers on many observables, by a few statements."""
        return await self._lookup.remembered_of(observables)

    def knowing(self) -> Knowing:
        """What the lists say now, for many observables at once."""
        return Knowing(self._knowledge(), self._weights, self._clock.now())

    def recalled(self, observable: Observable, remembered: Sequence[SourceAnswer]) -> tuple[tuple[Heard, ...], Weighed]:
        """What the lists say, with answers that were remembered."""
        knowledge = self._knowledge()
        own = () if knowledge is None else (Heard(LOCAL_TITLE, knowledge.answer(observable), 0.0, None),)
        heard = (*own, *(Heard(one.source.title, one.answer, one.seconds, one.age_seconds) for one in remembered))
        weighing = fuse(observable, [one.answer for one in heard], self._weights, self._clock.now())
        return heard, Weighed(weighing, is_final=True)

    def family_name(self, label: str) -> str:
        """The usual name of the malware family that a label means, else the label."""
        knowledge = self._knowledge()
        family = None if knowledge is None else knowledge.family(label)
        return label if family is None else family[0]

    def family_word(self, label: str) -> str:
        """The same as one word, as assessments have it."""
        return "_".join(self.family_name(label).lower().split())

    def _weigh(self, inquiry: Inquiry, answers: Sequence[Answer], outstanding: Sequence[str]) -> Weighed:
        # A source that has not answered yet counts like one that will not: it lowers coverage.
        known = [*answers, *(Answer(name, Outcome.TIMEOUT) for name in outstanding)]
        now = self._clock.now()
        weighing = fuse(inquiry.observable, known, self._weights, now)
        if outstanding or not inquiry.wants_counterfactuals:
            return Weighed(weighing, is_final=not outstanding)
        changes = counterfactuals(inquiry.observable, known, self._weights, now)
        return Weighed(weighing, is_final=True, counterfactuals=changes)

    async def narrate(
        self, inquiry: Inquiry, heard: Sequence[Heard], *, weighing: Weighing, warnings: Sequence[str]
    ) -> AsyncGenerator[Routed | Written]:
        """The verdict in words. Raises `ModelFailure`; the words never move the score."""
        facts = PromptFacts(
            observable=inquiry.observable,
            language=inquiry.language,
            documents=tuple((one.title, one.answer.document) for one in heard if one.answer.document is not None),
            warnings=tuple(warnings),
            weighing=weighing,
            nonce=random_characters(_NONCE_CHARACTERS),
        )
        async with aclosing(self._chat.write(prompt(facts), model=inquiry.model, key=inquiry.chat_key)) as parts:
            async for part in parts:
                yield part

    def conclude(self, markdown: str, weighing: Weighing) -> tuple[Narrative | None, bool]:
        """What the words say in our terms, and whether they disagree with the score."""
        narrative = read_narrative(markdown)
        return narrative, narrative is not None and disagrees(narrative, weighing)
