"""The console's page carries its policy, its assets are immutable, and nothing outside its folder is served."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from cybervault.faces.console.pages import CONSOLE_DIST, console_routes, nowhere_page

INDEX = (
    '<html data-session="__SESSION__">'
    '<meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__" src="/assets/index-1.js"></script>'
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "licenses.md").write_text("# Licenses")
    (folder / "build.json").write_text("{}")
    assets = {
        "index-1.js": b"let a",
        "index-1.js.gz": b"packed",
        "index-1.css": b"a{}",
        "inter-1.woff2": b"wOF2",
        "favicon-1.svg": b"<svg/>",
        "page-1.html": b"<p>",
        ".hidden.js": b"no",
    }
    for name, content in assets.items():
        (folder / "assets" / name).write_bytes(content)
    (tmp_path / "secret.js").write_text("outside")
    return folder


@pytest.fixture
def client(dist: Path) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=console_routes(dist)), headers={"Accept-Encoding": "identity"}) as client:
        yield client


@pytest.mark.parametrize(
    ("cookie", "told"),
    [("", "none"), ("other=1", "none"), ("cybervault-local=x", "some"), ("__Host-cybervault=x", "some")],
)
def test_the_page_knows_whether_there_may_be_a_session(client: TestClient, cookie: str, told: str) -> None:
    assert f'data-session="{told}"' in client.get("/", headers={"Cookie": cookie}).text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/analyze",
        "/analyze?ioc=203.0.113.42",
        "/sign-in",
        "/setup",
        "/invitation",
        "/account",
        "/settings/api-keys/key_1?view=table",
        "/threats?severity=high",
        "/threats/thr_1",
        "/telemetry",
        "/telemetry/tel_1",
        "/scans?status=running",
        "/scans/new",
        "/scans/schedules?edit=new",
        "/scans/grants",
        "/scans/scan_1?finding=sfn_1",
    ],
)
def test_the_page_carries_the_strict_policy(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    nonce = policy.pop("style-src").removeprefix("'self' 'nonce-").removesuffix("'")
    assert answer.text.count(f'nonce="{nonce}"') == 2
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_a_path_that_there_is_not_has_the_page_too_which_says_so(dist: Path) -> None:
    scope = {"type": "http", "method": "GET", "path": "/nowhere", "headers": [], "query_string": b""}
    answer = nowhere_page(dist)(Request(scope))
    assert (answer.status_code, answer.media_type) == (404, "text/html")
    assert "'nonce-" in answer.headers["content-security-policy"]
    assert bytes(answer.body).startswith(b'<html data-session="none">')
    (dist / "index.html").unlink()
    assert nowhere_page(dist)(Request(scope)).status_code == 503


def test_every_answer_has_its_own_nonce(client: TestClient) -> None:
    texts = [client.get("/").text for _ in range(3)]
    assert len(set(texts)) == 3
    assert all("__CSP_NONCE__" not in text for text in texts)
    assert all(len(nonce) >= 24 for text in texts for nonce in re.findall('nonce="([^"]+)"', text))


def test_a_rebuilt_page_is_served_without_a_restart(client: TestClient, dist: Path) -> None:
    (dist / "index.html").write_text("<p>rebuilt</p>")
    assert client.get("/").text == "<p>rebuilt</p>"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index-1.js", "text/javascript; charset=utf-8"),
        ("index-1.css", "text/css; charset=utf-8"),
        ("inter-1.woff2", "font/woff2"),
        ("favicon-1.svg", "image/svg+xml"),
    ],
)
def test_an_asset_has_its_type_and_never_changes(client: TestClient, name: str, media_type: str) -> None:
    answer = client.get(f"/assets/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip, br", True),
        ("br;q=1, GZIP ; q=0.5", True),
        ("br", False),
        ("", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
    ],
)
def test_a_compressed_copy_goes_to_browsers_that_take_it(client: TestClient, accepted: str, *, is_packed: bool) -> None:
    with client.stream("GET", "/assets/index-1.js", headers={"Accept-Encoding": accepted}) as answer:
        assert (answer.headers.get("content-encoding") == "gzip") is is_packed
        assert b"".join(answer.iter_raw()) == (b"packed" if is_packed else b"let a")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["vary"] == "Accept-Encoding"


def test_an_asset_without_a_compressed_copy_goes_as_it_is(client: TestClient) -> None:
    assert client.get("/assets/index-1.css", headers={"Accept-Encoding": "gzip"}).text == "a{}"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/missing-1.js",
        "/assets/",
        "/assets/..%2F..%2Fsecret.js",
        "/assets/%2e%2e/index.html",
        "/assets/..%5Csecret.js",
        "/assets/.hidden.js",
        "/assets/index-1.js.gz",
        "/assets/index-1.js%00",
        "/assets/page-1.html",
        "/assets/" + "a" * 300 + ".js",
        "/build.json",
        "/index.html",
        "/FAILED.txt",
    ],
)
def test_nothing_else_in_or_outside_the_folder_is_served(client: TestClient, path: str) -> None:
    """Guards against path traversal: only whole names of known types in one flat folder are looked up."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/assets/index-1.js", "/licenses.md"])
def test_head_answers_as_get_without_a_body(client: TestClient, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert head.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    assert client.request(method, "/").status_code == 405
    assert client.request(method, "/assets/index-1.js").status_code == 405


def test_the_licences_are_plain_text(client: TestClient) -> None:
    answer = client.get("/licenses.md")
    assert answer.text == "# Licenses"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


class TestUnbuilt:
    """Without a built console the API works and the page says why it does not."""

    @pytest.fixture
    def dist(self, tmp_path: Path) -> Path:
        return tmp_path / "dist"

    def test_the_page_says_how_to_repair_it_without_any_script(self, client: TestClient) -> None:
        answer = client.get("/")
        assert answer.status_code == 503
        assert "The web console is not built" in answer.text
        assert "uv sync --reinstall-package cybervault" in answer.text
        assert 'href="/api/docs/"' in answer.text
        assert "left out" in answer.text
        assert "<script" not in answer.text
        assert "trusted-types 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"

    def test_its_style_may_run(self, client: TestClient) -> None:
        answer = client.get("/")
        nonce = re.findall('<style nonce="([^"]+)"', answer.text)
        assert f"'nonce-{nonce[0]}'" in answer.headers["content-security-policy"]

    def test_the_reason_of_the_failed_build_is_shown_as_text(self, client: TestClient, dist: Path) -> None:
        """The reason holds output of other programs; none of it may become markup."""
        dist.mkdir()
        (dist / "FAILED.txt").write_bytes(b"npm ci failed: <script>alert(1)</script> {nonce} \xff" + b"x" * 9000)
        text = client.get("/").text
        assert "npm ci failed: &lt;script&gt;alert(1)&lt;/script&gt; {nonce}" in text
        assert "<script" not in text
        assert len(text) < 4000

    def test_assets_and_licences_are_missing(self, client: TestClient) -> None:
        assert client.get("/assets/index-1.js").status_code == 404
        assert client.get("/licenses.md").status_code == 404


def test_the_console_ships_beside_its_code() -> None:
    assert CONSOLE_DIST.name == "dist"
    assert (CONSOLE_DIST.parent / "pages.py").is_file()
