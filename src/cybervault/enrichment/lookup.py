"""Ask all fitting connectors at once, each within its deadline, and yield answers as they come."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from urllib.parse import quote
from weakref import WeakValueDictionary

from cybervault.domain.clock import Clock
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Observable
from cybervault.domain.secrets import Secret
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget, QuotaRule
from cybervault.egress.client import Egress
from cybervault.egress.message import DnsQuestion, OutgoingRequest
from cybervault.enrichment.connector import (
    Connector,
    DnsRequest,
    Failure,
    HttpRequest,
    KeyRule,
    Source,
    SourceSetup,
    UpstreamReply,
    UpstreamRequest,
)
from cybervault.enrichment.recollection import SourceAnswer, places_of
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.kept import AnswerKey

Keys: TypeAlias = Mapping[str, Secret]

_BROKEN: Final = frozenset({Outcome.TIMEOUT, Outcome.UPSTREAM_ERROR, Outcome.THROTTLED})
_DNS_SECONDS: Final = 4.0


@dataclass(frozen=True, slots=True)
class Means:
    """What the lookup works with: the way out, its brakes, the memory and the clock."""

    egress: Egress
    budget: Budget
    breaker: Breaker
    memory: AnswerStore
    clock: Clock
    resolvers: Mapping[str, str] = field(default_factory=dict)


class Lookup:
    """All connectors that ship, as the operator set them up."""

    def __init__(self, connectors: Sequence[Connector], setups: Mapping[str, SourceSetup], means: Means) -> None:
        self._connectors = tuple(connector for connector in connectors if connector.source.name in setups)
        self._setups = setups
        self._means = means
        self._lanes = {
            connector.source.name: asyncio.Semaphore(connector.source.concurrency) for connector in self._connectors
        }
        self._flights: WeakValueDictionary[AnswerKey, asyncio.Lock] = WeakValueDictionary()

    def fitting(self, observable: Observable, names: frozenset[str] | None = None) -> tuple[Source, ...]:
        """The sources that can be asked about the observable (of `names` only, where given), in their order."""
        return tuple(connector.source for connector in self._fitting(observable, names))

    async def ask(
        self, observable: Observable, keys: Keys, names: frozenset[str] | None = None
    ) -> AsyncGenerator[SourceAnswer]:
        """Every fitting source's answer, first come first; a source that cannot be asked answers at once.

        A key in `keys` (by source name) wins over the operator's and never falls back to it.
        Close the iterator (`contextlib.aclosing`) to call off what is still under way.
        """
        connectors = self._fitting(observable, names)
        arrived: asyncio.Queue[SourceAnswer] = asyncio.Queue()

        async def answer(connector: Connector) -> None:
            arrived.put_nowait(await self._answer(connector, observable, keys.get(connector.source.name)))

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(answer(connector)) for connector in connectors]
            try:
                for _ in connectors:
                    yield await arrived.get()
            except GeneratorExit:
                return  # the reader left; a task group would wrap this into a group of its own
            finally:
                for task in tasks:
                    task.cancel()

    async def remembered(self, observable: Observable) -> tuple[SourceAnswer, ...]:
        """What the sources said before to the operator's keys and is still young enough. Nobody is asked."""
        found = []
        for place in places_of(observable, self._connectors, self._setups):
            kept = await self._means.memory.find(place)
            if kept is not None:
                found.append(SourceAnswer(place.source, kept.answer, 0.0, kept.age_seconds))
        return tuple(found)

    async def remembered_of(self, observables: Iterable[Observable]) -> dict[Observable, tuple[SourceAnswer, ...]]:
        """As `remembered`, of thousands by a few statements; who is not there nobody said anything about."""
        wanted = [
            place for observable in observables for place in places_of(observable, self._connectors, self._setups)
        ]
        found: dict[Observable, tuple[SourceAnswer, ...]] = {}
        for place, kept in (await self._means.memory.find_many(wanted)).items():
            answer = SourceAnswer(place.source, kept.answer, 0.0, kept.age_seconds)
            found[place.observable] = (*found.get(place.observable, ()), answer)
        return found

    def _fitting(self, observable: Observable, names: frozenset[str] | None) -> tuple[Connector, ...]:
        return tuple(
            connector
            for connector in self._connectors
            if observable.kind in connector.source.kinds and (names is None or connector.source.name in names)
        )

    async def _answer(self, connector: Connector, observable: Observable, own_key: Secret | None) -> SourceAnswer:
        source, setup = connector.source, self._setups[connector.source.name]
        key = own_key or setup.key
        refusal = _refusal(source, setup, observable=observable, has_key=key is not None)
        if refusal is not None:
            return SourceAnswer(source, Answer(source.name, refusal), 0.0)
        started = self._means.clock.seconds()
        asking = _Asking(connector, AnswerKey(source, observable, key.fingerprint if key else ""), key, own_key is None)
        try:
            async with asyncio.timeout(setup.timeout_seconds):
                remembered, answer = await self._remembered_or_asked(asking)
        except TimeoutError:
            await self._note(asking, Outcome.TIMEOUT)
            remembered, answer = None, Answer(source.name, Outcome.TIMEOUT)
        return SourceAnswer(source, answer, self._means.clock.seconds() - started, remembered)

    async def _remembered_or_asked(self, asking: "_Asking") -> tuple[int | None, Answer]:
        memory = self._means.memory
        # Several callers who want the same answer wait for the first one instead of spending quota each.
        flight = self._flights.setdefault(asking.place, asyncio.Lock())
        async with flight:
            found = await memory.find(asking.place)
            if found is not None:
                return found.age_seconds, found.answer
            async with self._lanes[asking.source.name]:
                answer = await self._ask_source(asking)
            memory.keep(asking.place, answer)
            return None, answer

    async def _ask_source(self, asking: "_Asking") -> Answer:
        source = asking.source
        requests = asking.connector.ask(asking.place.observable, asking.key)
        if not requests:
            return Answer(source.name, Outcome.NOT_APPLICABLE)
        if not self._means.breaker.allows(source.name, asking.place.fingerprint) or not await self._spend(asking):
            return Answer(source.name, Outcome.SKIPPED_BUDGET)
        replies = await self._send(requests, asking)
        answer = asking.connector.read(asking.place.observable, replies)
        await self._note(asking, answer.outcome)
        return answer

    async def _spend(self, asking: "_Asking") -> bool:
        """Reserve the call; a caller's own key is not metered here, because only its owner knows its plan."""
        setup = self._setups[asking.source.name]
        if not (setup.is_metered and asking.is_operators):
            return True
        return await self._means.budget.take(asking.source.name, asking.place.fingerprint, quota_rules(asking.source))

    async def _note(self, asking: "_Asking", outcome: Outcome) -> None:
        name, fingerprint = asking.source.name, asking.place.fingerprint
        note = self._means.breaker.failed if outcome in _BROKEN else self._means.breaker.succeeded
        note(name, fingerprint)
        if outcome is Outcome.QUOTA and asking.is_operators:
            await self._means.budget.exhaust(name, fingerprint, rules=quota_rules(asking.source))

    async def _send(self, requests: tuple[UpstreamRequest, ...], asking: "_Asking") -> tuple[UpstreamReply, ...]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send_one(request, asking.source)) for request in requests]
        return tuple(task.result() for task in tasks)

    async def _send_one(self, request: UpstreamRequest, source: Source) -> UpstreamReply:
        match request:
            case HttpRequest():
                return await self._send_http(request, source)
            case DnsRequest():
                return await self._send_dns(request, source)

    async def _send_http(self, request: HttpRequest, source: Source) -> UpstreamReply:
        setup = self._setups[source.name]
        reply = await self._means.egress.fetch(
            OutgoingRequest(
                url=f"{setup.url}{request.path}{_query(request)}",
                method=request.method,
                headers=request.headers,
                secret_headers=request.secret_headers,
                body=request.body,
                redirect_hosts=source.redirect_hosts,
                timeout_seconds=setup.timeout_seconds,
                body_bytes_max=source.body_bytes_max,
                retries=0 if source.quota else 1,  # every call counts against a quota
            )
        )
        return UpstreamReply(
            self._means.clock.now(),
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            failure=None if reply.failure is None else Failure(reply.failure.value),
        )

    async def _send_dns(self, request: DnsRequest, source: Source) -> UpstreamReply:
        reply = await self._means.egress.resolve(
            DnsQuestion(
                name=request.name,
                record_type=request.record_type,
                resolver=self._means.resolvers.get(request.resolver, request.resolver),
                timeout_seconds=min(_DNS_SECONDS, self._setups[source.name].timeout_seconds),
            )
        )
        return UpstreamReply(
            self._means.clock.now(),
            status=reply.code,
            records=reply.records,
            failure=None if reply.failure is None else Failure(reply.failure.value),
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """One source being asked: with which key, and whether that key (or its absence) is the operator's."""

    connector: Connector
    place: AnswerKey
    key: Secret | None
    is_operators: bool

    @property
    def source(self) -> Source:
        return self.connector.source


def quota_rules(source: Source) -> tuple[QuotaRule, ...]:
    """What the source allows, in the words of the budget."""
    return tuple(QuotaRule(quota.calls, quota.seconds) for quota in source.quota)


def _refusal(source: Source, setup: SourceSetup, *, observable: Observable, has_key: bool) -> Outcome | None:
    """Why the source is not even asked, if so."""
    if not observable.marking.may_leave:
        return Outcome.SKIPPED_TLP
    if not observable.is_outside:
        return Outcome.NOT_APPLICABLE
    if source.key is KeyRule.REQUIRED and not has_key and not setup.may_ask_anonymously:
        return Outcome.NO_KEY
    return None


def _query(request: HttpRequest) -> str:
    """The query with its leading mark; a pair with an empty value is a bare flag (AbuseIPDB's `verbose`)."""
    pairs = (quote(name) if not value else f"{quote(name)}={quote(value, safe='')}" for name, value in request.query)
    text = "&".join(pairs)
    return f"?{text}" if text else ""
