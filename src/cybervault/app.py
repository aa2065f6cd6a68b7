"""The composition root: the only place where parts are put together."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp

from cybervault.access.limits import FixedWindows, Limit
from cybervault.assessments.assess import Assess
from cybervault.domain.clock import Clock, SystemClock
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard, Origin, origin_of, resolver_origin
from cybervault.egress.message import EgressError
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.lookup import Lookup, Means, SourceSetup
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.faces.console.pages import CONSOLE_DIST, console_routes
from cybervault.faces.ctai.routes import FACE, HEALTH_FACE, Ctai, ModelList
from cybervault.faces.http import Frame
from cybervault.intel.compile import needs_compile
from cybervault.intel.knowledge import Knowledge
from cybervault.logs import set_up_logs
from cybervault.settings import OPENROUTER_URL, Settings, load_settings
from cybervault.storage.database import Database
from cybervault.verdict.chat_model import ChatModel, ChatModelSetup
from cybervault.verdict.weights import load_weights

_LOG: Final = structlog.get_logger("cybervault.app")
DATABASE_FILE: Final = "cybervault.db"
KNOWLEDGE_FOLDER: Final = "knowledge"


class Shelf:
    """The local knowledge as it stands now: nothing while it is first built, the newer one after a rebuild."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._knowledge: Knowledge | None = None

    def current(self) -> Knowledge | None:
        """What is built, the newest; a broken folder counts as not built."""
        try:
            if self._knowledge is None or not self._knowledge.is_current():
                self._knowledge = Knowledge.open(self.folder)
        except Problem as problem:
            _LOG.warning("local knowledge unusable", code=problem.code, reason=problem.message)
        return self._knowledge

    async def build(self) -> None:
        """Compile the lists in a process of its own, so that its memory goes away with it."""
        _LOG.info("building local knowledge", folder=str(self.folder))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cybervault.intel.compile", str(self.folder),
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            _, errors = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        if child.returncode == 0:
            _LOG.info("local knowledge ready")
        else:
            _LOG.error("local knowledge not built", reason=errors.decode(errors="replace")[-500:])


@dataclass(frozen=True, slots=True)
class Product:
    """All parts, put together; use as an async context manager."""

    settings: Settings
    clock: Clock
    database: Database
    egress: Egress
    budget: Budget
    setups: Mapping[str, SourceSetup]
    shelf: Shelf
    chat: ChatModel
    assess: Assess

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.egress.close()
        self.database.close()


def put_together(settings: Settings, clock: Clock | None = None) -> Product:
    """Build everything below the faces.

    Raises `Problem` for settings that name no source of ours or for a database that cannot be used.
    """
    clock = clock or SystemClock()
    setups, guard = _setups(settings), Guard(_allowed_origins(settings))
    settings.folder.mkdir(parents=True, exist_ok=True)
    database = Database.open(settings.folder / DATABASE_FILE)
    egress = Egress(guard)
    budget = Budget(StoredBudgets(database), clock)
    means = Means(egress, budget, Breaker(clock), AnswerStore(database, clock), clock, settings.dns.resolvers)
    chat = ChatModel(egress, _chat_setup(settings))
    shelf = Shelf(settings.folder / KNOWLEDGE_FOLDER)
    assess = Assess(
        Lookup(CONNECTORS, setups, means), chat, weights=load_weights(), knowledge=shelf.current, clock=clock
    )
    return Product(settings, clock, database, egress, budget, setups, shelf, chat, assess)


def _setups(settings: Settings) -> dict[str, SourceSetup]:
    names = {connector.source.name for connector in CONNECTORS}
    strangers = sorted(set(settings.sources) - names)
    if strangers:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message=f"There is no source {', '.join(strangers)}; the sources are {', '.join(sorted(names))}.",
        )
    setups = {}
    for source in (connector.source for connector in CONNECTORS):
        part = settings.source(source.name)
        if part.enabled:
            setups[source.name] = SourceSetup(
                url=part.url or source.url,
                key=part.key,
                may_ask_anonymously=part.anonymous,
                is_metered=not part.unmetered,
                timeout_seconds=part.timeout_seconds or source.timeout_seconds,
            )
    return setups


def _allowed_origins(settings: Settings) -> list[Origin]:
    """What the operator configured is let through exactly as configured, even inside the network.

    Raises `Problem` INVALID `bad_settings` for an address that cannot be read.
    """
    urls = [part.url for part in settings.sources.values() if part.url] + (
        [settings.chat.url] if settings.chat.url else []
    )
    try:
        return [origin_of(url) for url in urls] + [resolver_origin(place) for place in settings.dns.resolvers.values()]
    except EgressError as error:
        raise Problem(
            ProblemKind.INVALID,
            code="bad_settings",
            message=f"An address of a source, of the language model or of a resolver cannot be used: {error.reason}.",
        ) from None


def _chat_setup(settings: Settings) -> ChatModelSetup:
    return ChatModelSetup(
        url=settings.chat.url or OPENROUTER_URL, default_key=settings.chat_key, needs_key=settings.chat.needs_key
    )


def _lifespan(product: Product) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with product, asyncio.TaskGroup() as group:
            task = group.create_task(product.shelf.build()) if needs_compile(product.shelf.folder) else None
            try:
                yield
            finally:
                if task is not None:
                    task.cancel()

    return lifespan


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> ASGIApp:
    """The whole server as one ASGI application; settings come from the environment unless given."""
    settings = settings or load_settings()
    product = put_together(settings, clock)
    limits = FixedWindows(Limit(*settings.ctai_limit), product.clock)
    models = ModelList(
        tuple(model.model_dump() for model in settings.chat.offered), default=settings.chat.default_model
    )
    app = FastAPI(
        title="CyberVault",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # the framework would answer in its own form, with a Location made of the caller's Host
        lifespan=_lifespan(product),
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    ctai = Ctai(product.assess, limits, models=models, language=settings.language)
    # Not include_router, which would put the framework's own machinery around the lean routes again.
    app.router.routes.extend([*ctai.router().routes, *console_routes(CONSOLE_DIST)])
    return Frame(app, (FACE, HEALTH_FACE), trusted_proxies=settings.proxy_networks)


def serve_app() -> ASGIApp:
    """What a server process runs: logs first, then the application from the environment."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return create_app(settings)
