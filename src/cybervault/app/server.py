"""The server: faces over the product, behind the frame."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from cybervault.access.consumption import Consumption
from cybervault.access.limits.fixed import FixedWindows, Limit
from cybervault.app.api_document import api_document_routes
from cybervault.app.product import Product, passwordless_of, put_together
from cybervault.domain.clock import Clock
from cybervault.faces.caller import API_KEY, BEARER, Callers
from cybervault.faces.console.doorway import Doorway
from cybervault.faces.console.identity import IdentityPaths
from cybervault.faces.console.pages import CONSOLE_DIST, console_routes, nowhere_page
from cybervault.faces.console.passkeys import PasskeyPaths
from cybervault.faces.console.second_factors import SecondFactorPaths
from cybervault.faces.console.sign_in import Reception, SignInPaths
from cybervault.faces.console.sign_in import face as console_face
from cybervault.faces.ctai.routes import FACE, HEALTH_FACE, Ctai, ModelList
from cybervault.faces.http import Desk, Face, Frame, Surroundings, routes_of
from cybervault.faces.limiting import Limits
from cybervault.faces.liveness import liveness_routes
from cybervault.faces.problems import problem_routes
from cybervault.faces.proxies import HttpsRule, Proxies
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v1.routes import V1
from cybervault.faces.v1.scans import V1Scans
from cybervault.faces.v1.shapes import FACE as V1_FACE
from cybervault.faces.v1.uploads import V1Uploads
from cybervault.faces.v2.routes import V2
from cybervault.faces.v2.shapes import FACE as V2_FACE
from cybervault.faces.v3.detection import DetectionPaths
from cybervault.faces.v3.export import ExportPaths
from cybervault.faces.v3.management.office import Office
from cybervault.faces.v3.management.routes import management_routes
from cybervault.faces.v3.observables import ObservablePaths
from cybervault.faces.v3.response import ResponsePaths
from cybervault.faces.v3.routes import V3
from cybervault.faces.v3.routes import face as v3_face
from cybervault.faces.v3.scan_grants import ScanGrantPaths
from cybervault.faces.v3.scan_schedules import ScanSchedulePaths
from cybervault.faces.v3.scans import ScanPaths
from cybervault.faces.v3.sources import SourcesPaths
from cybervault.faces.v3.summary import SummaryPaths
from cybervault.faces.v3.telemetry import TelemetryPaths
from cybervault.faces.v3.threats import ThreatPaths
from cybervault.faces.v3.webhooks import WebhookPaths
from cybervault.intel.compile import needs_compile
from cybervault.logs import set_up_logs
from cybervault.settings import Settings, load_settings


def _lifespan(product: Product) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None]:
        async with product, asyncio.TaskGroup() as group:
            await product.rules.start()
            builds = [group.create_task(product.rules.run())]
            if needs_compile(product.shelf.folder):
                builds.append(group.create_task(product.shelf.build()))
            stop, access = asyncio.Event(), product.access
            for work in (
                access.usage,
                access.checkpoints,
                access.retention,
                product.dispatcher,
                product.scanning.dispatcher,
                product.scanning.helper,
                product.scanning.timeline,
                product.scanning.scheduler,
                product.hooks.dispatcher,
            ):
                group.create_task(work.run(stop))
            endless = [group.create_task(work) for work in product.shared.work()]
            try:
                yield
            finally:
                stop.set()  # what is left is written before the database closes
                for task in [*endless, *builds]:
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
    app.router.routes.extend(_threat_routes(product))
    app.router.routes.extend([*_sign_in_routes(product), *management_routes(_office(product))])
    app.router.routes.extend([*problem_routes(), *liveness_routes(product.database.is_usable)])
    app.router.routes.extend(api_document_routes(app, settings.base_url, product.is_healthy))
    return _framed(app, product)


def _threat_routes(product: Product) -> list[BaseRoute]:
    """The paths of threats, three contracts over one core, of detection, of actions against them, and of scans."""
    threats, cursors = product.threats, product.access.cursors
    routers = (
        V1(threats, cursors).router(),
        V2(threats).router(),
        ExportPaths(threats).router(),  # before the paths of one threat, whose id would be `export`
        SourcesPaths(product.standings, product.shelf.current, product.clock).router(),
        SummaryPaths(threats).router(),  # or `summary`
        ThreatPaths(threats, cursors).router(),
        ObservablePaths(threats).router(),
        TelemetryPaths(product.batches, product.questions, cursors).router(),
        DetectionPaths(product.choices, cursors).router(),
        ResponsePaths(product.actions, cursors).router(),
        V1Scans(product.scanning.scans, cursors).router(),
        V1Uploads(product.scanning.uploads).router(),
        ScanGrantPaths(product.scanning.grants, cursors).router(),
        ScanSchedulePaths(product.scanning.schedules, cursors).router(),
        ScanPaths(product.scanning.scans, cursors).router(),
        WebhookPaths(product.hooks.webhooks, product.hooks.courier, cursors).router(),
    )
    return [route for router in routers for route in router.routes]


def _sign_in_routes(product: Product) -> list[BaseRoute]:
    """The paths by which people come in: password, second factors, passkeys and the identity provider."""
    people, settings = product.access.people, product.settings
    passwordless, doorway = passwordless_of(product), Doorway(settings.public_url, settings.base_url)
    reception = Reception(
        product.access.tenants, people.members, people.sessions, people.sign_in, people.credentials, people.setup
    )
    routers = (
        SignInPaths(reception, doorway).router(),
        SecondFactorPaths(people.second_factors).router(),
        PasskeyPaths(people.passkeys, passwordless, members=people.members, doorway=doorway).router(),
        IdentityPaths(passwordless, doorway=doorway, name=settings.identity.name).router(),
    )
    return [route for router in routers for route in router.routes]


def _office(product: Product) -> Office:
    access = product.access
    return Office(
        clock=product.shared.sync.date,
        base_url=product.settings.base_url,
        cursors=access.cursors,
        tenants=access.tenants,
        gate=access.gate,
        keys=access.keys,
        minting=access.minting,
        key_changes=access.key_changes,
        service_accounts=access.service_accounts,
        members=access.people.members,
        usage=access.usage,
        consumption=Consumption(
            access.keys, usage=access.usage, limiter=product.shared.limiter, clock=product.shared.sync.date
        ),
        audit=access.audit,
        checkpoints=access.checkpoints,
    )


def _framed(app: FastAPI, product: Product) -> Frame:
    """The application behind its frame; a route without a row in the table of rights is a ValueError."""
    settings, access = product.settings, product.access
    form = v3_face(settings.base_url)
    faces: tuple[Face, ...] = (FACE, HEALTH_FACE, V1_FACE, V2_FACE, form, console_face(form.problem_response))
    rights = Rights(ROUTES)
    rights.refuse_gaps(routes_of(faces, app.router.routes))
    callers = Callers(
        access.keys,
        BEARER | API_KEY if settings.api_key_scheme else BEARER,
        access.people.sessions,
        public_url=settings.public_url,
        own_origin=settings.base_url,
    )
    surroundings = Surroundings(
        product.clock,
        Proxies(settings.proxy_networks, settings.proxy_header),
        HttpsRule(settings.require_https, settings.public_url),
        limits=Limits(product.shared.limiter, product.clock, queue_wait_seconds=settings.queue_wait_seconds),
        usage=access.usage,
        exposure=access.exposure,
        nowhere=nowhere_page(CONSOLE_DIST),
    )
    desk = Desk(callers, rights, access.idempotency, product.shared.streams)
    return Frame(app, faces, outside=form, desk=desk, surroundings=surroundings)


def serve_app() -> ASGIApp:
    """What a server process runs: logs first, then the application from the environment."""
    settings = load_settings()
    set_up_logs(settings.log_level)
    return create_app(settings)
