"""Serve the built web console: its page under a strict content policy, and its immutable assets."""

import html
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Route

from cybervault.faces.assets import asset_response
from cybervault.faces.page import BASE_HEADERS, page_headers
from cybervault.faces.session_cookie import may_have_session

CONSOLE_DIST: Final = Path(__file__).parent / "dist"

# As web/src/router.tsx has them.
_PAGE_PATHS: Final = (
    "/", "/analyze", "/sign-in", "/setup", "/invitation", "/account", "/threats", "/threats/{id}", "/lookups",
    "/assessments", "/assessments/compare", "/assessments/{id}",
    "/telemetry", "/telemetry/{id}",
    "/scans", "/scans/new", "/scans/schedules", "/scans/grants", "/scans/{id}",
    "/settings/api-keys", "/settings/api-keys/{id}", "/settings/service-accounts", "/settings/users",
    "/settings/sources", "/settings/webhooks", "/settings/webhooks/{id}", "/settings/rules", "/settings/audit-log",
    "/settings/billing",
)  # fmt: skip
_NONCE_PLACE: Final = "__CSP_NONCE__"
# Tells the page whether to ask who has signed in: a visitor without a session would only be refused.
_SESSION_PLACE: Final = "__SESSION__"
_REASON_CHARACTERS_MAX: Final = 2000


def console_routes(dist: Path) -> list[BaseRoute]:
    """The routes of the console that was built into `dist`; an unbuilt one answers 503 and says why."""
    console = _Console(dist)
    return [
        *(Route(path, console.page, methods=["GET"]) for path in _PAGE_PATHS),
        Route("/assets/{name}", console.asset, methods=["GET"]),
        Route("/licenses.md", console.licences, methods=["GET"]),
    ]


def nowhere_page(dist: Path) -> Callable[[Request], Response]:
    """What shows the console's page for a path that there is not, as 404: it says so in the reader's language."""
    return _Console(dist).nowhere


@dataclass(frozen=True, slots=True)
class _Console:
    """The endpoints; plain functions, because the framework reads files best in its threads."""

    dist: Path

    def page(self, request: Request) -> Response:
        """The page with a fresh nonce; read anew each time, so that a rebuilt console needs no restart."""
        nonce = secrets.token_urlsafe(18)
        try:
            template = (self.dist / "index.html").read_text(encoding="utf-8")
        except OSError:
            return _document(_unbuilt(self.dist, nonce), nonce, status=503)
        session = "some" if may_have_session(request.cookies) else "none"
        return _document(template.replace(_NONCE_PLACE, nonce).replace(_SESSION_PLACE, session), nonce)

    def nowhere(self, request: Request) -> Response:
        """The page, which finds no such path among its own; an unbuilt one says that it is."""
        page = self.page(request)
        if page.status_code == HTTPStatus.OK:
            page.status_code = HTTPStatus.NOT_FOUND
        return page

    def asset(self, request: Request) -> Response:
        """One asset."""
        return asset_response(self.dist / "assets", request)

    def licences(self, _request: Request) -> Response:
        """The licences of everything that was bundled."""
        path = self.dist / "licenses.md"
        if not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, headers=BASE_HEADERS, media_type="text/plain; charset=utf-8")


def _document(text: str, nonce: str, *, status: int = 200) -> Response:
    return Response(text, status, page_headers(nonce), media_type="text/html")


def _reason(dist: Path) -> str:
    try:
        text = (dist / "FAILED.txt").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        text = ""
    return text[:_REASON_CHARACTERS_MAX] or "it was left out of this installation (CYBERVAULT_CONSOLE=skip)."


def _unbuilt(dist: Path, nonce: str) -> str:
    return _UNBUILT.format(nonce=nonce, reason=html.escape(_reason(dist)))


_UNBUILT: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>CyberVault: the web console is not built</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; }}
body {{ max-width: 42rem; margin: 12vh auto; padding: 0 1.25rem; font: 1rem/1.6 system-ui, sans-serif; }}
pre {{ padding: .75rem 1rem; border: 1px solid; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
<h1>The web console is not built</h1>
<p>The API works: see <a href="/api/docs/">its documentation</a>.</p>
<p>Reason:</p>
<pre>{reason}</pre>
<p>Repair:</p>
<pre>uv sync --reinstall-package cybervault</pre>
</html>
"""
