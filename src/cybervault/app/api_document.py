"""Which parts the document of the API has, and its routes."""

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import FastAPI
from starlette.routing import BaseRoute

from cybervault.faces.api_docs import openapi_routes
from cybervault.faces.console.pages import CONSOLE_DIST
from cybervault.faces.console.sign_in import face as console_face
from cybervault.faces.ctai.routes import FACE as CTAI_FACE
from cybervault.faces.ctai.routes import HEALTH_FACE
from cybervault.faces.ctai.shapes import ErrorReply as CtaiErrorReply
from cybervault.faces.examples import add_examples, load_examples
from cybervault.faces.face import Face
from cybervault.faces.links import add_links
from cybervault.faces.openapi import Part, document
from cybervault.faces.rights import ROUTES, Rights
from cybervault.faces.v1.shapes import FACE as V1_FACE
from cybervault.faces.v1.shapes import ErrorReply as V1ErrorReply
from cybervault.faces.v2.shapes import FACE as V2_FACE
from cybervault.faces.v2.shapes import ErrorReply as V2ErrorReply
from cybervault.faces.v3.routes import face as v3_face
from cybervault.faces.v3.shapes import ErrorReply as V3ErrorReply

_CTAI: Final = ("CyberThreat AI", "One indicator in, one verdict out, without a key of CyberVault.", CtaiErrorReply)


def parts_of(base_url: str) -> tuple[Part, ...]:
    """The faces in the order of the document; what belongs to none comes last."""
    v3 = v3_face(base_url)
    outside = Face("", v3.problem_response, problem_json=v3.problem_json)
    return (
        Part(CTAI_FACE, *_CTAI),
        Part(HEALTH_FACE, *_CTAI),
        Part(V1_FACE, "v1", "CyberVault API v1.", V1ErrorReply),
        Part(V2_FACE, "v2", "CyberVault API v2.", V2ErrorReply),
        Part(v3, "v3", "CyberVault API v3, and the management of keys and members.", V3ErrorReply),
        Part(
            console_face(v3.problem_response), "Console", "How people sign in and look after themselves.", V3ErrorReply
        ),
        Part(outside, "Service", "Liveness, and these pages.", V3ErrorReply),
    )


def api_document_routes(app: FastAPI, base_url: str, is_healthy: Callable[[], Awaitable[bool]]) -> list[BaseRoute]:
    """The routes of the document; it lists whatever the application routes when it is first asked for."""

    def made() -> dict[str, object]:
        whole = document(app.router.routes, parts_of(base_url), Rights(ROUTES), base_url=base_url)
        add_examples(whole, load_examples())
        add_links(whole)
        return whole

    return openapi_routes(made, is_healthy, folder=CONSOLE_DIST / "docs")
