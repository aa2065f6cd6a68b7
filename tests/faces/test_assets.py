"""Assets never change, go compressed where that is possible, and nothing outside their folder is served."""

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from cybervault.faces.assets import asset_response


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    folder = tmp_path / "assets"
    folder.mkdir()
    for name, content in {"a-1.js": "let a", "a-1.js.gz": "packed", "a-1.css": "a{}", "a-1.html": "<p>"}.items():
        (folder / name).write_text(content)
    (tmp_path / "secret.js").write_text("outside")

    def endpoint(request: Request) -> Response:
        return asset_response(folder, request)

    return TestClient(Starlette(routes=[Route("/{name}", endpoint)]))


def test_an_asset_has_its_type_and_never_changes(client: TestClient) -> None:
    reply = client.get("/a-1.css")
    assert (reply.text, reply.headers["content-type"]) == ("a{}", "text/css; charset=utf-8")
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip, br", True), ("br;q=1, GZIP ; q=0.5", True), ("br", False), ("", False), ("gzip; q=0.000", False)],
)
def test_a_compressed_copy_goes_to_browsers_that_take_it(client: TestClient, accepted: str, *, is_packed: bool) -> None:
    with client.stream("GET", "/a-1.js", headers={"Accept-Encoding": accepted}) as reply:
        assert (reply.headers.get("content-encoding") == "gzip") is is_packed
        assert b"".join(reply.iter_raw()) == (b"packed" if is_packed else b"let a")
        assert reply.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["missing.js", "..%2Fsecret.js", "..%5Csecret.js", "a-1.js.gz", "a-1.html", ".a.js"])
def test_nothing_else_in_or_outside_the_folder_is_served(client: TestClient, name: str) -> None:
    """Guards against path traversal: only whole names of known types in one flat folder are looked up."""
    assert client.get(f"/{name}").status_code == 404
