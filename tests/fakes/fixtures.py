"""One upstream farm for all checks, one server for each, the same small local knowledge, and the engines for rows."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import structlog

from cybervault.app.access import Access
from cybervault.app.product import open_access
from cybervault.app.shelf import KNOWLEDGE_FOLDER, Shelf
from cybervault.domain.secrets import Secret
from cybervault.settings import DATABASE_FILE, Settings
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from tests.fakes.aws import Cloud, moto
from tests.fakes.clock import HandClock
from tests.fakes.engines import Postgres, Valkey, a_postgres, a_valkey
from tests.fakes.serving import Running, Setup, running
from tests.fakes.state import made_once, prepare_state
from tests.fakes.threats import ThreatWorld, threat_world
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
def cloud() -> Iterator[Cloud]:
    """A server that speaks as AWS does, one for all: each test makes resources with names of its own."""
    with moto() as made:
        yield made


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of this run for what its workers share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def prepared_state(common_folder: Path) -> Path:
    """A folder of state that nobody has used yet, made once for all workers: to be copied, never to be changed."""
    return made_once(common_folder / "prepared", prepare_state)


@pytest.fixture(scope="session")
def small_knowledge(prepared_state: Path) -> Path:
    return prepared_state / KNOWLEDGE_FOLDER


@pytest.fixture(scope="session")
def migrated_file(prepared_state: Path) -> Path:
    """A SQLite file whose tables were made once for all tests."""
    return prepared_state / DATABASE_FILE


@pytest.fixture(scope="session")
def shipped_knowledge(common_folder: Path) -> Path:
    """The lists as they ship, compiled once for all workers as the server does it: in a process of its own."""
    made = made_once(common_folder / "shipped", lambda folder: asyncio.run(Shelf(folder / KNOWLEDGE_FOLDER).build()))
    return made / KNOWLEDGE_FOLDER


@pytest.fixture
def serve(farm: UpstreamFarm, tmp_path: Path, prepared_state: Path) -> Iterator[Serve]:
    """Start a server with some settings changed; all are stopped at the end."""
    with ExitStack() as stack:

        def start(**changed: Any) -> Running:  # noqa: ANN401 - the fields of Setup
            data = tmp_path / f"data{len(list(tmp_path.iterdir()))}"
            if changed.pop("is_prepared", True):
                shutil.copytree(prepared_state, data)
            return stack.enter_context(running(Setup(farm, data, keys=changed.pop("keys", {}), **changed)))

        yield start


@pytest.fixture
def server(serve: Serve) -> Running:
    """A server with a key for everything."""
    return serve()


@pytest.fixture
def setup(farm: UpstreamFarm, tmp_path: Path, prepared_state: Path) -> Setup:
    """Settings with a key for everything and a folder of state that nobody has used yet."""
    return Setup(farm, Path(shutil.copytree(prepared_state, tmp_path / "state")), keys={})


@pytest.fixture(scope="session")
def _cluster() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


@pytest.fixture
def postgres(_cluster: Postgres) -> Iterator[Postgres]:
    """One cluster for all; a test may kill or pause it, afterwards it runs again."""
    yield _cluster
    _cluster.start()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A fresh database with all our tables."""
    url = postgres.fresh_database()
    yield url
    postgres.start()
    postgres.take_back(url)


@pytest.fixture(scope="session")
def _valkey() -> Iterator[Valkey]:
    with a_valkey() as server:
        yield server


@pytest.fixture
def valkey(_valkey: Valkey) -> Iterator[Valkey]:
    """One server for all, empty; a test may kill or pause it, afterwards it runs again."""
    _valkey.empty()
    yield _valkey
    _valkey.start()


@pytest.fixture
def sqlite_file(migrated_file: Path, tmp_path: Path) -> Path:
    """A file of its own with all our tables."""
    return Path(shutil.copy(migrated_file, tmp_path / DATABASE_FILE))


@pytest.fixture(params=["sqlite", "postgres"])
def database_place(request: pytest.FixtureRequest) -> Path | Secret:
    """Where rows are kept: each test runs on both engines. Another database opened there is another node."""
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("sqlite_file")
        return file
    return Secret(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(database_place: Path | Secret) -> AsyncIterator[Database]:
    """An open database on each engine."""
    database = database_at(database_place, HandClock())
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def access(sqlite_file: Path) -> AsyncIterator[Access]:
    """Tenants and keys on a database of their own."""
    async with open_access(Settings(data=sqlite_file.parent)) as access:
        yield access


@pytest.fixture
async def threats(setup: Setup) -> AsyncIterator[ThreatWorld]:
    """The whole server in this process."""
    async with threat_world(setup) as world:
        yield world
