"""The lookup: all at once, answers as they come, keys kept apart, nothing asked that must not be asked."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from cybervault.domain.clock import SystemClock
from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, Marking, Observable, parse_observable
from cybervault.domain.secrets import Secret
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget, MemoryBudgetStore
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, origin_of
from cybervault.enrichment.connector import (
    Connector,
    DnsRequest,
    Failure,
    HttpRequest,
    KeyRule,
    Quota,
    Source,
    SourceSetup,
    UpstreamReply,
    UpstreamRequest,
    key_headers,
)
from cybervault.enrichment.lookup import Lookup, Means
from cybervault.enrichment.recollection import SourceAnswer
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.storage.engines import database_at
from tests.fakes.clock import HandClock

ADDRESS = parse_observable("1.2.3.4")


def source(name: str, *, key: KeyRule = KeyRule.NONE, quota: tuple[Quota, ...] = (), concurrency: int = 4) -> Source:
    return Source(
        name=name, title=name.title(), homepage="", knows="", kinds=frozenset({Kind.IPV4}), key=key, key_header="x-key",
        quota=quota, group=EvidenceGroup.ANTIVIRUS, url="", bins=(), concurrency=concurrency,
    )  # fmt: skip


def connector(said: Source) -> Connector:
    """Speaks to /<name>/<address>; a 200 is a hit that holds the body, other answers are named by status."""

    def ask(observable: Observable, key: Secret | None) -> tuple[UpstreamRequest, ...]:
        if observable.value == "9.9.9.9":
            return ()
        request = HttpRequest(
            f"/{said.name}/{observable.value}",
            query=(("flag", ""), ("text", "a&b c")),
            secret_headers=key_headers(said, key),
        )
        return (request,)

    def read(_observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
        reply = replies[0]
        if reply.failure is not None:
            failed = Outcome.TIMEOUT if reply.failure is Failure.TIMEOUT else Outcome.UPSTREAM_ERROR
            return Answer(said.name, failed)
        if reply.status != 200:
            outcomes = {401: Outcome.BAD_KEY, 404: Outcome.UNKNOWN, 429: Outcome.QUOTA}
            return Answer(said.name, outcomes.get(reply.status, Outcome.UPSTREAM_ERROR))
        found = Evidence(said.name, "item", "bin", "body", reply.body.decode(), said.group)
        return Answer(said.name, Outcome.HIT, (found,), reply.body)

    return Connector(said, ask, read)


@dataclass
class Upstream:
    """A server that counts calls, notes keys, and answers by name: the status, or a wait."""

    statuses: dict[str, int] = field(default_factory=dict)
    waits: dict[str, float] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    given_up: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        name = request.path.split("/")[1]
        self.calls.append((name, request.headers.get("x-key", ""), request.raw_path))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.waits.get(name, 0))
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        finally:
            self.at_once -= 1
        return web.Response(status=self.statuses.get(name, 200), text=name)

    def count(self, name: str) -> int:
        return sum(call[0] == name for call in self.calls)


@dataclass
class Setting:
    """One lookup on a running upstream."""

    upstream: Upstream
    url: str
    means: Means
    clock: HandClock

    def lookup(self, *sources: Source, **setups: SourceSetup) -> Lookup:
        plain = SourceSetup(self.url, timeout_seconds=2.0)
        chosen = {one.name: replace(setups.get(one.name, plain), url=self.url) for one in sources}
        return Lookup([connector(one) for one in sources], chosen, self.means)


class SteadyHandClock(HandClock):
    """Its date moves by hand, its seconds with the machine, so that durations are real."""

    def seconds(self) -> float:
        return SystemClock().seconds()


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncGenerator[Setting]:
    upstream = Upstream()
    app = web.Application(handler_args={"handler_cancellation": True})
    app.router.add_get("/{rest:.*}", upstream.answer)
    server = TestServer(app, handler_cancellation=True)
    await server.start_server()
    url = str(server.make_url("")).rstrip("/")
    clock = SteadyHandClock()
    database = database_at(tmp_path / "x.db", clock)
    await database.open()
    async with Egress(Guard([origin_of(url)])) as egress:
        budget = Budget(MemoryBudgetStore(), clock)
        means = Means(egress, budget, Breaker(clock), AnswerStore(database, clock), clock)
        yield Setting(upstream, url, means, clock)
        await means.memory.settle()
    await database.close()
    await server.close()


async def ask(
    lookup: Lookup, observable: Observable = ADDRESS, keys: Mapping[str, Secret] | None = None
) -> list[SourceAnswer]:
    return [answer async for answer in lookup.ask(observable, keys or {})]


async def test_answers_come_in_the_order_in_which_sources_answer(setting: Setting) -> None:
    setting.upstream.waits["slow"] = 0.3
    answers = await ask(setting.lookup(source("slow"), source("quick")))
    assert [one.source.name for one in answers] == ["quick", "slow"]
    assert answers[1].seconds >= 0.3
    assert answers[0].answer.document == b"quick"


async def test_the_query_is_encoded_and_a_bare_flag_stays_bare(setting: Setting) -> None:
    await ask(setting.lookup(source("a")))
    assert setting.upstream.calls[0][2] == "/a/1.2.3.4?flag&text=a%26b%20c"


async def test_only_sources_that_fit_are_asked(setting: Setting) -> None:
    lookup = setting.lookup(source("a"), source("b"))
    assert await ask(lookup, parse_observable("example.com")) == []
    assert [one.name for one in lookup.fitting(ADDRESS)] == ["a", "b"]
    assert [one.name for one in lookup.fitting(ADDRESS, frozenset({"b"}))] == ["b"]
    assert setting.upstream.calls == []


async def test_a_source_that_has_no_question_for_the_observable_is_not_applicable(setting: Setting) -> None:
    (answer,) = await ask(setting.lookup(source("a")), parse_observable("9.9.9.9"))
    assert answer.answer.outcome is Outcome.NOT_APPLICABLE
    assert setting.upstream.calls == []


@pytest.mark.parametrize("text", ["10.0.0.1", "127.0.0.1", "169.254.1.1", "192.168.1.1"])
async def test_an_address_of_the_inside_is_never_asked_about(setting: Setting, text: str) -> None:
    (answer,) = await ask(setting.lookup(source("a")), parse_observable(text))
    assert answer.answer.outcome is Outcome.NOT_APPLICABLE
    assert setting.upstream.calls == []


@pytest.mark.parametrize("marking", [Marking.RED, Marking.AMBER_STRICT])
async def test_what_must_not_leave_does_not_leave(setting: Setting, marking: Marking) -> None:
    (answer,) = await ask(setting.lookup(source("a")), replace(ADDRESS, marking=marking))
    assert answer.answer.outcome is Outcome.SKIPPED_TLP
    assert setting.upstream.calls == []


async def test_a_source_that_wants_a_key_is_skipped_without_one(setting: Setting) -> None:
    keyed = source("a", key=KeyRule.REQUIRED)
    (answer,) = await ask(setting.lookup(keyed))
    assert answer.answer.outcome is Outcome.NO_KEY
    assert setting.upstream.calls == []
    (answer,) = await ask(setting.lookup(keyed, a=SourceSetup("", may_ask_anonymously=True)))
    assert answer.answer.outcome is Outcome.HIT
    assert setting.upstream.calls[0][1] == ""


async def test_the_callers_key_wins_and_never_falls_back_to_the_operators(setting: Setting) -> None:
    keyed = source("a", key=KeyRule.REQUIRED)
    lookup = setting.lookup(keyed, a=SourceSetup("", key=Secret("k0")))
    setting.upstream.statuses["a"] = 401
    (answer,) = await ask(lookup, keys={"a": Secret("k1")})
    assert answer.answer.outcome is Outcome.BAD_KEY
    assert [call[1] for call in setting.upstream.calls] == ["k1"]


async def test_an_answer_is_remembered_for_the_same_key_only(setting: Setting) -> None:
    lookup = setting.lookup(source("a", key=KeyRule.REQUIRED), a=SourceSetup("", key=Secret("k0")))
    await ask(lookup)
    setting.clock.advance(20)
    (again,) = await ask(lookup)
    assert again.age_seconds == 20
    assert setting.upstream.count("a") == 1
    (other,) = await ask(lookup, keys={"a": Secret("k1")})
    assert other.age_seconds is None
    assert setting.upstream.count("a") == 2


async def test_a_failure_is_asked_again(setting: Setting) -> None:
    setting.upstream.statuses["a"] = 500
    lookup = setting.lookup(source("a", quota=(Quota(9, 60),)))
    await ask(lookup)
    setting.upstream.statuses["a"] = 200
    (answer,) = await ask(lookup)
    assert answer.answer.outcome is Outcome.HIT


async def test_many_callers_who_want_the_same_answer_cost_one_call(setting: Setting) -> None:
    setting.upstream.waits["a"] = 0.1
    lookup = setting.lookup(source("a"))
    answers = await asyncio.gather(*(ask(lookup) for _ in range(8)))
    assert {one.answer.outcome for (one,) in answers} == {Outcome.HIT}
    assert setting.upstream.count("a") == 1


async def test_a_source_is_never_asked_more_at_once_than_it_bears(setting: Setting) -> None:
    setting.upstream.waits["a"] = 0.05
    lookup = setting.lookup(source("a", concurrency=2))
    await asyncio.gather(*(ask(lookup, parse_observable(f"1.2.3.{number}")) for number in range(8)))
    assert setting.upstream.most_at_once == 2
    assert setting.upstream.count("a") == 8


async def test_a_source_that_hangs_times_out_alone(setting: Setting) -> None:
    setting.upstream.waits["a"] = 30
    answers = await ask(setting.lookup(source("a"), source("b"), a=SourceSetup("", timeout_seconds=0.2)))
    assert [(one.source.name, one.answer.outcome) for one in answers] == [("b", Outcome.HIT), ("a", Outcome.TIMEOUT)]


async def test_who_leaves_calls_off_what_is_under_way(setting: Setting) -> None:
    setting.upstream.waits["slow"] = 30
    lookup = setting.lookup(source("slow"), source("quick"))
    async with aclosing(lookup.ask(ADDRESS, {})) as answers:
        assert (await anext(answers)).source.name == "quick"
    async with asyncio.timeout(2):
        await setting.upstream.given_up.wait()


async def test_an_empty_budget_skips_the_operators_key_but_not_a_callers_own(setting: Setting) -> None:
    keyed = source("a", key=KeyRule.REQUIRED, quota=(Quota(1, 60),))
    lookup = setting.lookup(keyed, a=SourceSetup("", key=Secret("k0")))
    await ask(lookup)
    (skipped,) = await ask(lookup, parse_observable("1.2.3.5"))
    assert skipped.answer.outcome is Outcome.SKIPPED_BUDGET
    (own,) = await ask(lookup, parse_observable("1.2.3.5"), {"a": Secret("k1")})
    assert own.answer.outcome is Outcome.HIT
    setting.clock.advance(60)
    (later,) = await ask(lookup, parse_observable("1.2.3.5"))
    assert later.answer.outcome is Outcome.HIT


async def test_a_source_may_be_left_unmetered(setting: Setting) -> None:
    lookup = setting.lookup(source("a", quota=(Quota(1, 60),)), a=SourceSetup("", is_metered=False))
    for number in range(3):
        (answer,) = await ask(lookup, parse_observable(f"1.2.3.{number}"))
        assert answer.answer.outcome is Outcome.HIT


async def test_a_quota_that_the_source_calls_used_up_rests(setting: Setting) -> None:
    setting.upstream.statuses["a"] = 429
    lookup = setting.lookup(source("a", quota=(Quota(100, 60),)))
    (first,) = await ask(lookup)
    (second,) = await ask(lookup)
    assert (first.answer.outcome, second.answer.outcome) == (Outcome.QUOTA, Outcome.SKIPPED_BUDGET)
    assert setting.upstream.count("a") == 1


async def test_check_144_the_breaker_and_budget_of_the_server_key_do_not_stop_a_callers_own_key(
    setting: Setting,
) -> None:
    keyed = source("a", key=KeyRule.REQUIRED, quota=(Quota(100, 60),))
    lookup = setting.lookup(keyed, a=SourceSetup("", key=Secret("k0")))
    setting.upstream.statuses["a"] = 500
    for number in range(5):
        await ask(lookup, parse_observable(f"1.2.3.{number}"))
    (open_breaker,) = await ask(lookup, parse_observable("1.2.4.1"))
    assert open_breaker.answer.outcome is Outcome.SKIPPED_BUDGET
    setting.upstream.statuses["a"] = 200
    (own,) = await ask(lookup, parse_observable("1.2.4.1"), {"a": Secret("k1")})
    assert own.answer.outcome is Outcome.HIT


async def test_questions_to_resolvers_go_where_the_operator_says(setting: Setting) -> None:
    asked = source("names")

    def read(_observable: Observable, replies: tuple[UpstreamReply, ...]) -> Answer:
        assert replies[0].failure is Failure.REFUSED
        return Answer("names", Outcome.UPSTREAM_ERROR)

    names = Connector(asked, lambda _observable, _key: (DnsRequest("example.com", "A", "9.9.9.9"),), read)
    means = replace(setting.means, resolvers={"9.9.9.9": "127.0.0.1:1"})
    lookup = Lookup([names], {"names": SourceSetup("")}, means)
    (answer,) = await ask(lookup)
    # The guard refuses a resolver on loopback that is not configured, so the mapped address was used.
    assert answer.answer.outcome is Outcome.UPSTREAM_ERROR


async def test_what_was_heard_before_is_remembered_under_the_operators_key_and_nobody_is_asked(
    setting: Setting,
) -> None:
    """What a caller's own key bought is not among it."""
    keyed = SourceSetup("", key=Secret("operators"), timeout_seconds=2.0)
    lookup = setting.lookup(source("a"), source("b", key=KeyRule.REQUIRED), source("c"), b=keyed)
    await ask(setting.lookup(source("a")))
    await ask(setting.lookup(source("b", key=KeyRule.REQUIRED), b=keyed), keys={"b": Secret("callers")})
    calls = len(setting.upstream.calls)
    found = await lookup.remembered(ADDRESS)
    assert [(one.source.name, one.age_seconds) for one in found] == [("a", 0)]
    await ask(setting.lookup(source("b", key=KeyRule.REQUIRED), b=keyed))
    both = await lookup.remembered(ADDRESS)
    assert [one.source.name for one in both] == ["a", "b"]
    assert await lookup.remembered_of([parse_observable("1.2.4.1"), ADDRESS]) == {ADDRESS: both}
    assert len(setting.upstream.calls) == calls + 1
