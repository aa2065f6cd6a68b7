"""The main story: what we know first, every answer with a running score, words that never move it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from cybervault.app.product import Product, put_together
from cybervault.assessments.assess import Heard, Inquiry, Weighed
from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret
from cybervault.domain.verdicts import Verdict, Weighing
from cybervault.intel.allowlists import LOCAL_SOURCE
from cybervault.verdict.chat_model import ModelFailure, Written
from tests.fakes.clock import HandClock
from tests.fakes.serving import Setup
from tests.fakes.upstream import Behaviour, UpstreamFarm

MALICIOUS = Inquiry(parse_observable("203.0.113.42"), model="openrouter/free")
BENIGN = Inquiry(parse_observable("8.8.8.8"), model="openrouter/free")


@pytest.fixture
async def product(setup: Setup) -> AsyncGenerator[Product]:
    async with put_together(setup.settings(), HandClock()) as product:
        yield product


async def gathered(product: Product, inquiry: Inquiry) -> tuple[list[Heard], list[Weighed]]:
    heard: list[Heard] = []
    weighed: list[Weighed] = []
    async with aclosing(product.assess.gather(inquiry)) as parts:
        async for part in parts:
            if isinstance(part, Heard):
                heard.append(part)
            else:
                weighed.append(part)
    return heard, weighed


def final(weighed: list[Weighed]) -> Weighing:
    assert [one.is_final for one in weighed] == [False] * (len(weighed) - 1) + [True]
    return weighed[-1].weighing


async def test_what_we_know_ourselves_comes_first_and_every_answer_moves_the_score(product: Product) -> None:
    heard, weighed = await gathered(product, MALICIOUS)
    assert heard[0].answer.source == LOCAL_SOURCE
    names = {one.answer.source for one in heard}
    assert names == {LOCAL_SOURCE} | {source.name for source in product.assess.sources(MALICIOUS)}
    assert len(weighed) == len(heard)
    coverages = [one.weighing.coverage for one in weighed]
    assert coverages == sorted(coverages)


async def test_a_bad_address_is_malicious_and_its_account_adds_up(product: Product) -> None:
    weighing = final((await gathered(product, MALICIOUS))[1])
    assert weighing.verdict is Verdict.MALICIOUS
    assert round(weighing.prior + sum(term.points for term in weighing.terms), 2) == round(weighing.log_odds, 2)


async def test_a_well_known_resolver_is_never_malicious(product: Product, farm: UpstreamFarm) -> None:
    assert final((await gathered(product, BENIGN))[1]).verdict is Verdict.BENIGN
    farm.set("virustotal", Behaviour.NOT_FOUND)
    assert final((await gathered(product, BENIGN))[1]).verdict is Verdict.BENIGN


async def test_without_any_source_and_knowledge_the_answer_is_unknown(setup: Setup) -> None:
    off = {name: {"enabled": False} for name in setup.settings().sources}
    lone = replace(setup, sources=off, data=setup.data.parent / "bare")
    async with put_together(lone.settings(), HandClock()) as product:
        heard, weighed = await gathered(product, MALICIOUS)
        assert heard == []
        assert not product.assess.has_local_knowledge
        assert final(weighed).verdict is Verdict.UNKNOWN


async def test_what_would_change_the_verdict_is_told_with_the_last_score_only(product: Product) -> None:
    mixed = replace(MALICIOUS, observable=parse_observable("1.2.3.4"))
    _, weighed = await gathered(product, mixed)
    assert [bool(one.counterfactuals) for one in weighed] == [False] * (len(weighed) - 1) + [True]
    _, weighed = await gathered(product, replace(mixed, wants_counterfactuals=False))
    assert not any(one.counterfactuals for one in weighed)


async def test_only_the_named_sources_are_asked(product: Product) -> None:
    heard, _ = await gathered(product, replace(MALICIOUS, names=frozenset({"virustotal"}), uses_local_knowledge=False))
    assert [one.answer.source for one in heard] == ["virustotal"]


async def test_a_callers_key_is_used_for_its_source(product: Product, farm: UpstreamFarm) -> None:
    await gathered(product, replace(MALICIOUS, keys={"virustotal": Secret("mine")}))
    assert farm.calls("virustotal")[0].headers["x-apikey"] == "mine"


async def test_words_are_read_in_our_terms_and_compared_with_the_score(product: Product) -> None:
    heard, weighed = await gathered(product, MALICIOUS)
    weighing = final(weighed)
    story = product.assess.narrate(MALICIOUS, heard, weighing=weighing, warnings=())
    text = "".join([part.text async for part in story if isinstance(part, Written)])
    narrative, is_other_opinion = product.assess.conclude(text, weighing)
    assert narrative is not None
    assert narrative.verdict is Verdict.MALICIOUS
    assert not is_other_opinion
    _, is_other_opinion = product.assess.conclude("**Veredicto:** Benigno\n**Confianza:** Alta", weighing)
    assert is_other_opinion
    assert product.assess.conclude("no labels here", weighing) == (None, False)


async def test_a_model_that_refuses_is_told(product: Product, farm: UpstreamFarm) -> None:
    farm.set("chat", Behaviour.UNAUTHORIZED)
    heard, weighed = await gathered(product, MALICIOUS)
    story = product.assess.narrate(MALICIOUS, heard, weighing=final(weighed), warnings=())
    with pytest.raises(ModelFailure):
        await anext(story)


@pytest.mark.parametrize(
    ("operators", "own", "expected"),
    [("sk-or-server", None, True), (None, None, False), (None, Secret("mine"), True)],
)
async def test_words_need_somebodys_key(
    setup: Setup,
    operators: str | None,
    own: Secret | None,
    expected: bool,  # noqa: FBT001 - a column
) -> None:
    async with put_together(replace(setup, chat_key=operators).settings()) as product:
        assert product.assess.has_chat_key(own) is expected


class TestRecall:
    async def test_what_was_heard_a_moment_ago_is_remembered_and_nobody_is_asked(
        self, product: Product, farm: UpstreamFarm
    ) -> None:
        await gathered(product, MALICIOUS)
        calls = len(farm.calls("virustotal"))
        heard, weighed = await product.assess.recall(MALICIOUS)
        assert weighed.is_final
        assert weighed.weighing.verdict is Verdict.MALICIOUS
        assert {one.answer.source for one in heard} > {LOCAL_SOURCE, "virustotal"}
        assert len(farm.calls("virustotal")) == calls

    async def test_what_was_never_asked_about_is_known_by_the_own_lists_alone(self, product: Product) -> None:
        heard, weighed = await product.assess.recall(BENIGN)
        assert [one.answer.source for one in heard] == [LOCAL_SOURCE]
        assert weighed.weighing.verdict is Verdict.BENIGN

    async def test_without_own_lists_nothing_is_known(self, setup: Setup) -> None:
        async with put_together(replace(setup, data=setup.data / "empty").settings(), HandClock()) as product:
            heard, weighed = await product.assess.recall(BENIGN)
            assert (heard, weighed.weighing.verdict) == ((), Verdict.UNKNOWN)
            assert product.assess.family_name("beacon") == "beacon"

    async def test_a_family_is_called_by_its_usual_name(self, product: Product) -> None:
        assert product.assess.family_name("no such family") == "no such family"
        assert product.assess.family_name("cobaltstrike").lower().replace(" ", "") == "cobaltstrike"
