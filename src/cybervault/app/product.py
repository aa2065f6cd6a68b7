"""Everything below the faces, put together as the settings say."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from cybervault.access.identity import Identities
from cybervault.access.passwordless import Passwordless
from cybervault.access.provider import Provider, ProviderSetup
from cybervault.app.access import Access, access_of
from cybervault.app.origins import allowed_origins, chat_setup
from cybervault.app.response import actions_of
from cybervault.app.rules import RULES_FOLDER, RuleShelf
from cybervault.app.scans import ScanParts, scans_of
from cybervault.app.shared import Shared, shared_by_nodes
from cybervault.app.shelf import KNOWLEDGE_FOLDER, Shelf
from cybervault.app.sources import source_setups
from cybervault.app.threats import threats_of
from cybervault.app.webhooks import WebhookParts, webhooks_of
from cybervault.app.work import dispatcher_of
from cybervault.assessments.assess import Assess
from cybervault.assessments.queued import KIND as ASSESS
from cybervault.assessments.rule_questions import RuleQuestions
from cybervault.assessments.telemetry_batches import KIND as TELEMETRY
from cybervault.assessments.telemetry_batches import TelemetryBatches
from cybervault.assessments.threats import Environments
from cybervault.detection.choices import Choices
from cybervault.detection.rules.catalogue import Catalogue
from cybervault.detection.rules.pack import Profile
from cybervault.detection.store import ChoiceStore
from cybervault.domain.clock import Clock, SystemClock
from cybervault.domain.problems import Problem
from cybervault.egress.breaker import Breaker
from cybervault.egress.budget import Budget
from cybervault.egress.client import Egress
from cybervault.egress.guard import Guard
from cybervault.enrichment.connector import SourceSetup
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.lookup import Lookup, Means
from cybervault.enrichment.standing import Standings
from cybervault.enrichment.store.answers import AnswerStore
from cybervault.enrichment.store.budgets import StoredBudgets
from cybervault.response.actions import Actions
from cybervault.settings import Settings
from cybervault.storage.database import Database
from cybervault.storage.dispatcher import Dispatcher
from cybervault.storage.engines import database_at
from cybervault.verdict.chat_model import ChatModel
from cybervault.verdict.weights import load_weights


@dataclass(frozen=True, slots=True)
class Product:
    """All parts, put together; as an async context manager it opens what it needs, and closes it.

    To enter it raises `Problem` UNAVAILABLE `database_unusable`.
    """

    settings: Settings
    clock: Clock
    database: Database
    egress: Egress
    budget: Budget
    answers: AnswerStore
    setups: Mapping[str, SourceSetup]
    shelf: Shelf
    chat: ChatModel
    assess: Assess
    access: Access
    shared: Shared
    rules: RuleShelf
    threats: Environments
    batches: TelemetryBatches
    questions: RuleQuestions
    choices: Choices
    actions: Actions
    scanning: ScanParts
    hooks: WebhookParts
    dispatcher: Dispatcher
    standings: Standings

    async def is_healthy(self) -> bool:
        """Whether rows can be read and the local knowledge is there; it is not while it is first built."""
        return await self.database.is_usable() and self.shelf.current() is not None

    async def __aenter__(self) -> Self:
        try:
            await self.database.open()
        except Problem:
            await self._close_ways_out()
            raise
        return self

    async def _close_ways_out(self) -> None:
        for egress in (self.egress, self.hooks.egress):
            await egress.close()

    async def __aexit__(self, *_: object) -> None:
        await self._close_ways_out()
        await self.shared.close()
        await self.answers.settle()
        await self.database.close()


def put_together(settings: Settings, clock: Clock | None = None) -> Product:
    """Build everything below the faces, and open nothing yet.

    Raises `Problem` for settings that name no source of ours and for a pepper that cannot be used.
    """
    clock = clock or SystemClock()
    setups, guard = source_setups(settings), Guard(allowed_origins(settings))
    database = _database(settings, clock)
    shared = shared_by_nodes(settings, database, clock)
    egress = Egress(guard)
    budget = Budget(StoredBudgets(database), clock)
    answers = AnswerStore(database, clock)
    breaker = Breaker(clock)
    means = Means(egress, budget, breaker, answers, clock, settings.dns.resolvers)
    chat = ChatModel(egress, chat_setup(settings))
    shelf = Shelf(settings.folder / KNOWLEDGE_FOLDER)
    assess = Assess(
        Lookup(CONNECTORS, setups, means), chat, weights=load_weights(), knowledge=shelf.current, clock=clock
    )
    access = access_of(settings, database, shared)
    woken = asyncio.Event()
    threats = threats_of(database, assess, access.journal, ground=settings.ground, clock=clock, wake=woken.set)
    hooks = webhooks_of(settings, database, access)
    profile = Profile(settings.rules_from, has_hunting=settings.hunting_rules)
    return Product(
        settings, clock, database, egress, budget, answers, setups, shelf, chat, assess, access, shared,
        rules=RuleShelf(
            settings.folder / RULES_FOLDER, threats.detector, profile, catalogue=threats.choices.catalogue
        ),
        threats=threats.environments,
        batches=threats.batches,
        questions=threats.questions,
        choices=threats.choices,
        actions=actions_of(database, access.journal, shelf, ground=settings.ground),
        scanning=scans_of(settings, database, access.journal, egress=egress, clock=clock),
        hooks=hooks,
        dispatcher=dispatcher_of(
            database, clock, handlers={ASSESS: threats.queue.work, TELEMETRY: threats.batches.work}, woken=woken,
            subscribers={"webhooks": hooks.subscriber},
        ),
        standings=Standings((one.source for one in CONNECTORS), setups, budget=budget, breaker=breaker),
    )  # fmt: skip


def _database(settings: Settings, clock: Clock) -> Database:
    settings.folder.mkdir(parents=True, exist_ok=True)
    return database_at(settings.database_place, clock)


@asynccontextmanager
async def open_access(settings: Settings) -> AsyncGenerator[Access]:
    """Tenants, keys and audit alone, for the command line; beside a running server too."""
    async with _opened(settings) as (access, _):
        yield access


@asynccontextmanager
async def open_choices(settings: Settings, catalogue: Catalogue) -> AsyncGenerator[tuple[Access, Choices]]:
    """The same, with what tenants chose among the rules of a catalogue."""
    async with _opened(settings) as (access, database):
        yield access, Choices(ChoiceStore(database), access.journal, catalogue)


@asynccontextmanager
async def open_webhooks(settings: Settings) -> AsyncGenerator[tuple[Access, WebhookParts]]:
    """The same, with webhooks: what is to be sent later a running server sends."""
    async with _opened(settings) as (access, database):
        parts = webhooks_of(settings, database, access)
        async with parts.egress:
            yield access, parts


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncGenerator[tuple[Access, Database]]:
    clock = SystemClock()
    database = _database(settings, clock)
    shared = shared_by_nodes(settings, database, clock)
    access = access_of(settings, database, shared)
    await database.open()
    try:
        yield access, database
    finally:
        await shared.close()
        await database.close()


def passwordless_of(product: Product) -> Passwordless:
    """The ways in without a password; through an identity provider where one is configured."""
    people, part = product.access.people, product.settings.identity
    identities = None
    if part.issuer is not None:
        back = f"{product.settings.base_url}/api/console/identity/return"
        setup = ProviderSetup(part.issuer, part.client_id, part.client_secret, back)
        provider = Provider(product.egress, setup, product.clock)
        identities = Identities(provider, people.arrivals, tickets=people.tickets, clock=product.clock)
    return Passwordless(people.passkeys, identities, sign_in=people.sign_in, doors=people.doors)
