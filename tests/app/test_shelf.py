"""The local knowledge of a running server."""

import asyncio
import shutil
from pathlib import Path

import pytest

from cybervault.app.shelf import Shelf
from cybervault.domain.observables import parse_observable
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.serving import Setup


async def test_without_local_knowledge_there_is_none(tmp_path: Path) -> None:
    assert Shelf(tmp_path / "knowledge").current() is None


@pytest.mark.timeout(180)
async def test_the_local_knowledge_is_built_beside_and_then_used(shipped_knowledge: Path) -> None:
    knowledge = Shelf(shipped_knowledge).current()
    assert knowledge is not None
    assert knowledge.answer(parse_observable("8.8.8.8")).evidence


async def test_a_newer_local_knowledge_is_taken_up(setup: Setup) -> None:
    shelf = Shelf(setup.data / "knowledge")
    before = shelf.current()
    assert before is not None
    shutil.rmtree(setup.data / "knowledge")
    compile_small_knowledge(setup.data)
    after = shelf.current()
    assert after is not None
    assert after.describe().generation != before.describe().generation


async def test_a_build_that_fails_leaves_the_product_without_local_knowledge(tmp_path: Path) -> None:
    (tmp_path / "knowledge").write_text("in the way")
    shelf = Shelf(tmp_path / "knowledge")
    await shelf.build()
    assert shelf.current() is None


async def test_a_build_ends_with_the_server(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "knowledge")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await shelf.build()
    assert shelf.current() is None
