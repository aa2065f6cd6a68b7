"""One upstream farm for all checks, one server for each, and the same small local knowledge everywhere."""

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import structlog

from cybervault.app import Access, open_access
from cybervault.settings import Settings
from tests.fakes.clock import HandClock
from tests.fakes.knowledge import compile_small_knowledge
from tests.fakes.serving import Running, Setup, running
from tests.fakes.upstream import UpstreamFarm

Serve: TypeAlias = Callable[..., Running]


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Forget a log set-up with its test: it writes to that test's captured stream."""
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


@pytest.fixture(scope="session")
def whole_farm() -> Iterator[UpstreamFarm]:
    with UpstreamFarm(clock=HandClock()) as farm:
        yield farm


@pytest.fixture
def farm(whole_farm: UpstreamFarm) -> UpstreamFarm:
    whole_farm.reset()
    return whole_farm


@pytest.fixture(scope="session")
def small_knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_small_knowledge(tmp_path_factory.mktemp("small"))


@pytest.fixture
def serve(farm: UpstreamFarm, tmp_path: Path, small_knowledge: Path) -> Iterator[Serve]:
    """Start a server with some settings changed; all are stopped at the end."""
    with ExitStack() as stack:

        def start(**changed: Any) -> Running:  # noqa: ANN401 - the fields of Setup
            data = tmp_path / f"data{len(list(tmp_path.iterdir()))}"
            if changed.pop("knowledge", True):
                shutil.copytree(small_knowledge, data / "knowledge")
            return stack.enter_context(running(Setup(farm, data, keys=changed.pop("keys", {}), **changed)))

        yield start


@pytest.fixture
def server(serve: Serve) -> Running:
    """A server with a key for everything."""
    return serve()


@pytest.fixture
def setup(farm: UpstreamFarm, tmp_path: Path, small_knowledge: Path) -> Setup:
    """Settings with a key for everything and an empty folder of state."""
    shutil.copytree(small_knowledge, tmp_path / "state" / "knowledge")
    return Setup(farm, tmp_path / "state", keys={})


@pytest.fixture
def access(tmp_path: Path) -> Iterator[Access]:
    """Tenants and keys on a database of their own."""
    with open_access(Settings(data=tmp_path / "access")) as access:
        yield access
