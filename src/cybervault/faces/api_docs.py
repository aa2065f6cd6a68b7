"""Serve the document of the API, and the page that shows it with the state of the API."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cybervault.faces.assets import asset_response
from cybervault.faces.page import page_headers

_DOCS: Final = "/api/docs"
_DOCUMENT: Final = f"{_DOCS}/openapi.json"


def openapi_routes(
    document: Callable[[], Mapping[str, object]], is_healthy: Callable[[], Awaitable[bool]], *, folder: Path
) -> list[BaseRoute]:
    """The routes; the document is made when it is first asked for, `folder` is where the build left what shows it."""
    docs = _Docs(document, is_healthy, folder)
    return [
        Route(_DOCUMENT, docs.document, methods=["GET"]),
        Route(f"{_DOCS}/assets/{{name}}", docs.asset, methods=["GET"]),
        *(Route(path, docs.page, methods=["GET"]) for path in (_DOCS, f"{_DOCS}/")),
    ]


@dataclass(slots=True)
class _Docs:
    make: Callable[[], Mapping[str, object]]
    is_healthy: Callable[[], Awaitable[bool]]
    folder: Path
    made: bytes = field(default=b"", init=False)
    tag: str = field(default="", init=False)

    def document(self, request: Request) -> Response:
        """The document; a plain function, because making it takes a while and the framework has threads for that."""
        if not self.made:
            made = json.dumps(self.make(), ensure_ascii=False, separators=(",", ":")).encode()
            self.tag = f'"{hashlib.sha256(made).hexdigest()[:32]}"'
            self.made = made
        headers = {"ETag": self.tag, "Cache-Control": "no-cache"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(self.made, headers=headers, media_type="application/json")

    def asset(self, request: Request) -> Response:
        """What the page is made of."""
        return asset_response(self.folder, request)

    async def page(self, _request: Request) -> Response:
        """The page, with how the API stands at this moment."""
        state = "API Operational" if await self.is_healthy() else "API Degraded"
        nonce = secrets.token_urlsafe(18)
        shown = self._reader(nonce) or _UNBUILT
        text = _PAGE.format(nonce=nonce, state=state, document=_DOCUMENT, shown=shown)
        return Response(text, headers=page_headers(nonce, shows_library=True), media_type="text/html")

    def _reader(self, nonce: str) -> str | None:
        """The part of the page that shows the document, if it is built; looked up anew, as a rebuilt console is."""
        script = next(self.folder.glob("swagger-ui-bundle-*.js"), None)
        style = next(self.folder.glob("swagger-ui-*.css"), None)
        if script is None or style is None:
            return None
        names = {"script": f"{_DOCS}/assets/{script.name}", "style": f"{_DOCS}/assets/{style.name}"}
        return _READER.format(nonce=nonce, document=_DOCUMENT, **names)


# No validator: it is a service of others. Nothing persists: a key must not stay in a browser.
_READER: Final = """<link rel="stylesheet" href="{style}">
<div id="document"></div>
<script src="{script}"></script>
<script nonce="{nonce}">
SwaggerUIBundle({{
  url: "{document}",
  dom_id: "#document",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  queryConfigEnabled: false,
  validatorUrl: null,
}});
</script>"""
_UNBUILT: Final = """<p>The reader of the document is not built into this installation.</p>"""
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The API of CyberVault</title>
<style nonce="{nonce}">
body {{ margin: 0; font: 1rem/1.6 system-ui, sans-serif; }}
header {{ display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline; padding: 1rem 20px; }}
h1 {{ margin: 0; font-size: 1.25rem; }}
p {{ margin: 0; }}
main > p {{ padding: 0 20px; }}
</style>
<header>
<h1>The API of CyberVault</h1>
<p role="status">{state}</p>
<p><a href="{document}">openapi.json</a></p>
</header>
<main>
{shown}
</main>
</html>
"""
