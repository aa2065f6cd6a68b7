"""The catalogue of problem codes, and a page for each, to which the `docs_url` of an error leads."""

import html
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cybervault.faces.page import page_headers

PROBLEM_PAGES: Final = "/api/docs/problems"
FILE: Final = "problems.toml"

_LINK: Final = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_CODE: Final = re.compile(r"`([^`]*)`")


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """When a code is given and what helps, each a part of a sentence in Markdown."""

    when: str
    helps: str


@cache
def load_catalogue() -> Mapping[str, CatalogueEntry]:
    """Every code that CyberVault gives, in the order of the alphabet."""
    text = resources.files("cybervault.faces").joinpath(FILE).read_text(encoding="utf-8")
    return {code: CatalogueEntry(**entry) for code, entry in sorted(tomllib.loads(text).items())}


def problem_routes() -> list[BaseRoute]:
    """The route of the pages; a code that nobody gives is at no page."""
    pages = _ProblemPages(load_catalogue())
    return [Route(f"{PROBLEM_PAGES}/{{code}}", pages.page, methods=["GET"])]


@dataclass(frozen=True, slots=True)
class _ProblemPages:
    catalogue: Mapping[str, CatalogueEntry]

    async def page(self, request: Request) -> Response:
        """What a code means."""
        code = request.path_params["code"]
        entry = self.catalogue.get(code)
        if entry is None:
            raise HTTPException(404)
        nonce = secrets.token_urlsafe(18)
        text = _PAGE.format(nonce=nonce, code=html.escape(code), when=_markup(entry.when), helps=_markup(entry.helps))
        return Response(text, headers=page_headers(nonce), media_type="text/html")


def _markup(text: str) -> str:
    """A sentence of the catalogue as HTML; links lead to pages that are not served, so only their words stay."""
    sentence = f"{text[:1].upper()}{text[1:]}."
    return _CODE.sub(r"<code>\1</code>", _LINK.sub(r"\1", html.escape(sentence)))


_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{code} - CyberVault</title>
<style nonce="{nonce}">
:root {{ color-scheme: light dark; }}
body {{ max-width: 42rem; margin: 12vh auto; padding: 0 1.25rem; font: 1rem/1.6 system-ui, sans-serif; }}
code {{ font-family: ui-monospace, monospace; }}
</style>
<main>
<h1><code>{code}</code></h1>
<h2>When</h2>
<p>{when}</p>
<h2>What helps</h2>
<p>{helps}</p>
</main>
</html>
"""
