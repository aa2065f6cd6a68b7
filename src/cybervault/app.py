"""The composition root: the only place where parts are put together."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp

from cybervault.access.audit import Audit
from cybervault.access.keys import Keys
from cybervault.access.limits import FixedWindows, Limit
from cybervault.access.pepper import load_pepper
from cybervault.access.store.audit import AuditStore
from cybervault.access.store.keys import KeyStore
from cybervault.access.store.tenants import TenantStore
from cybervault.access.tenants import Tenants
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
from cybervault.faces.caller import API_KEY, BEARER, Callers
from cybervault.faces.console.pages import CONSOLE_DIST, console_routes
from cybervault.faces.ctai.routes import FACE, HEALTH_FACE, Ctai, ModelList
from cybervault.faces.http import Frame
from cybervault.faces.liveness import liveness_routes
from cybervault.faces.problems import problem_routes
from cybervault.faces.v3.routes import V3
from cybervault.faces.v3.routes import face as v3_face
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
PEPPER_FILE: Final = "pepper"


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
class Access:
    """Who may: tenants, their keys, and the audit of every change of them."""

    tenants: Tenants
    keys: Keys
    audit: Audit


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
    access: Access

    def is_healthy(self) -> bool:
        """Whether rows can be read and the local knowledge is there; it is not while it is first built."""
        return self.database.is_usable() and self.shelf.current() is not None

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
    database = _open_database(settings)
    egress = Egress(guard)
    budget = Budget(StoredBudgets(database), clock)
    means = Means(egress, budget, Breaker(clock), AnswerStore(database, clock), clock, settings.dns.resolvers)
    chat = ChatModel(egress, _chat_setup(settings))
    shelf = Shelf(settings.folder / KNOWLEDGE_FOLDER)
    assess = Assess(
        Lookup(CONNECTORS, setups, means), chat, weights=load_weights(), knowledge=shelf.current, clock=clock
    )
    access = _access(settings, database, clock)
    return Product(settings, clock, database, egress, budget, setups, shelf, chat, assess, access)


def _open_database(settings: Settings) -> Database:
    settings.folder.mkdir(parents=True, exist_ok=True)
    return Database.open(settings.folder / DATABASE_FILE)


def _access(settings: Settings, database: Database, clock: Clock) -> Access:
    pepper = load_pepper(settings.folder / PEPPER_FILE, settings.pepper)
    audit = Audit(AuditStore(database), clock, pepper)
    return Access(
        Tenants(TenantStore(database), clock, audit), Keys(KeyStore(database), clock, pepper, audit=audit), audit
    )


@contextmanager
def open_access(settings: Settings) -> Iterator[Access]:
    """Tenants, keys and audit alone, for the command line; beside a running server too."""
    database = _open_database(settings)
    try:
        yield _access(settings, database, SystemClock())
    finally:
        database.close()


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
    v3 = V3(product.is_healthy, product.clock)
    # Not include_router, which would put the framework's own machinery around the lean routes again.
    app.router.routes.extend([*ctai.router().routes, *v3.router().routes, *console_routes(CONSOLE_DIST)])
    app.router.routes.extend([*problem_routes(), *liveness_routes(product.database.is_usable)])
    form = v3_face(settings.base_url)
    callers = Callers(product.access.keys, BEARER | API_KEY if settings.api_key_scheme else BEARER)
    return Frame(app, (FACE, HEALTH_FACE, form), outside=form, callers=callers, trusted_proxies=settings.proxy_networks)


def serve_app() -> ASGIApp:
    """What a server process runs: logs first, then the application from the environment."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return create_app(settings)
