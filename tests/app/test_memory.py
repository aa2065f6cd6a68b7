"""What a folder of state knows, for commands without a server: as much as a server knows, and nothing is changed."""

import asyncio
from contextlib import aclosing

from cybervault.app.memory import Memory
from cybervault.app.product import put_together
from cybervault.assessments.assess import Inquiry
from cybervault.detection.mentions import Mention
from cybervault.domain.observables import parse_observable
from cybervault.domain.secrets import Secret
from tests.fakes.clock import HandClock
from tests.fakes.serving import Setup
from tests.fakes.threats import BAD


def mentions() -> list[Mention]:
    return [Mention(parse_observable(text), 1) for text in (BAD, "198.51.100.7")]


async def test_what_was_asked_before_is_known_while_a_server_has_the_database(setup: Setup, postgres_url: str) -> None:
    for url in (None, Secret(postgres_url)):
        settings = setup.settings().model_copy(update={"database_url": url})
        memory = Memory(settings, HandClock())
        async with put_together(settings, HandClock()) as product:
            assert memory.is_there
            assert await asyncio.to_thread(memory.is_empty)
            async with aclosing(product.assess.gather(Inquiry(parse_observable(BAD), model=""))) as parts:
                async for _ in parts:
                    pass
            await product.answers.settle()
            asked = len(setup.farm.calls("virustotal"))
            assert not await asyncio.to_thread(memory.is_empty)
            (found,) = await asyncio.to_thread(memory.bad_among, mentions())
            _, weighed = await product.assess.recall(Inquiry(parse_observable(BAD), model=""))
        assert found.mention.observable.value == BAD
        assert found.part.weighing == weighed.weighing
        assert len(setup.farm.calls("virustotal")) == asked


def test_a_folder_that_nobody_used_has_no_memory(setup: Setup) -> None:
    settings = setup.settings()
    assert Memory(settings, HandClock()).is_there
    settings.database_place.unlink()  # type: ignore[union-attr] # no server is named
    assert not Memory(settings, HandClock()).is_there
