"""The server as one application."""

import logging
from collections.abc import Iterator

import httpx2
import pytest
import structlog
from starlette.types import Message

from cybervault.app.server import create_app, serve_app
from cybervault.domain.problems import Problem
from tests.fakes.fixtures import Serve
from tests.fakes.serving import Setup


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A server process sets up logs on a stream that ends with its test."""
    yield
    structlog.reset_defaults()
    logging.basicConfig(force=True)


def test_the_page_and_the_api_are_one_server(serve: Serve) -> None:
    server = serve()
    page = server.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert server.get("/api/health").status == 200
    assert server.get("/nope").json["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "is_page"),
    [("/nope/at/all", True), ("/v3/nope", False), ("/api/docs/nope", False), ("/assets/nope.js", False)],
)
async def test_who_opens_a_path_that_there_is_not_in_a_browser_is_shown_a_page(
    setup: Setup, path: str, *, is_page: bool
) -> None:
    accept = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    transport = httpx2.ASGITransport(app=create_app(setup.settings()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        shown = await client.get(path, headers=accept)
        told = await client.get(path)
    # A console that was not built says so by another status.
    assert shown.headers["content-type"].startswith("text/html") is is_page
    assert "x-request-id" in shown.headers
    assert (told.status_code, told.headers["content-type"]) == (404, "application/json")


async def test_links_in_answers_lead_where_the_operator_says(setup: Setup) -> None:
    app = create_app(setup.settings().model_copy(update={"public_url": "https://cybervault.example"}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://here") as client:
        error = (await client.get("/nope")).json()["error"]
    assert error["docs_url"] == "https://cybervault.example/api/docs/problems/not_found"


async def test_a_server_process_reads_the_environment(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CYBERVAULT_DATA", str(setup.data))
    monkeypatch.setenv("CYBERVAULT_LOG_LEVEL", "WARNING")
    transport = httpx2.ASGITransport(app=serve_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        assert (await client.get("/api/health")).json() == {"status": "ok"}
    assert capsys.readouterr().err == ""


async def test_an_application_does_not_start_without_a_database_it_can_use(setup: Setup) -> None:
    (setup.data / "cybervault.db").write_bytes(b"no database at all, but long enough to look" * 200)
    app, said = create_app(setup.settings()), list[str]()

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None:
        said.append(message["type"])

    with pytest.raises(Problem, match="cannot be used"):
        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    assert said == ["lifespan.startup.failed"]
