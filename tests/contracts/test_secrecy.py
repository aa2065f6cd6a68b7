"""CyberThreat AI, check 51: no key comes out anywhere, neither a caller's own nor the operator's.

The whole product is driven through everything that goes wrong, at its most talkative; then each key is searched in
every encoding wherever something came out. A key planted there by hand must be found by the same searcher.
"""

import logging
import shutil
import sqlite3
import subprocess
import sys
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2
import pytest
import structlog

from cybervault.domain.problems import Problem
from cybervault.settings import load_settings
from tests.contracts.saying import ADDRESS, MD5
from tests.contracts.troubles import SSE, Asker, go_through_all
from tests.fakes.canaries import Canaries, Traces, Watch, canary, in_folder, in_requests, in_urls
from tests.fakes.fixtures import Serve
from tests.fakes.processes import command, environment, served
from tests.fakes.sources import WIRES
from tests.fakes.upstream import Behaviour, UpstreamFarm

SOURCE_OF_HEADER: Final = {
    "X-VT-Key": "virustotal",
    "X-AbuseIPDB-Key": "abuseipdb",
    "X-Polyswarm-Key": "polyswarm",
    "X-OpenRouter-Key": "chat",
}
OPERATED: Final = (*(name for name, wire in WIRES.items() if wire.key_header), "chat")
CANARIES: Final = Canaries(
    (*(f"caller {name}" for name in SOURCE_OF_HEADER.values()), *(f"operator {name}" for name in OPERATED))
)
OWN_KEYS: Final = {header: canary(f"caller {name}") for header, name in SOURCE_OF_HEADER.items()}
DOCUMENTED_NAMES: Final = {
    "OPENROUTER_API_KEY": "chat",
    "VIRUSTOTAL_API_KEY": "virustotal",
    "ABUSEIPDB_API_KEY": "abuseipdb",
    "POLYSWARM_API_KEY": "polyswarm",
}
SOURCE_SECONDS: Final = 1.0


def operator_settings(farm: UpstreamFarm) -> dict[str, str]:
    """Settings of a process at its most talkative, with a canary for every key."""
    settings = farm.environment(has_keys=False)
    for name in WIRES:
        settings[f"CYBERVAULT_SOURCES__{name.upper()}__TIMEOUT_SECONDS"] = str(SOURCE_SECONDS)
    for name in OPERATED:
        place = "CHAT" if name == "chat" else f"SOURCES__{name.upper()}"
        settings[f"CYBERVAULT_{place}__KEY"] = canary(f"operator {name}")
    talkative = {"CYBERVAULT_LOG_LEVEL": "DEBUG", "PYTHONASYNCIODEBUG": "1", "CYBERVAULT_RATE_LIMIT__POINTS": "100000"}
    return settings | talkative


def assert_every_key_was_used(farm: UpstreamFarm) -> None:
    """The proof is empty where a key did not even arrive at its source."""
    arrived = {value for name in (*WIRES, "chat") for call in farm.calls(name) for value in call.headers.values()}
    missing = [name for name in CANARIES.names if not any(canary(name) in value for value in arrived)]
    assert not missing


def break_database(data: Path) -> None:
    """Let the next analysis crash with a traceback."""
    with closing(sqlite3.connect(data / "cybervault.db")) as connection:
        connection.execute("DROP TABLE answers")


class TestEverything:
    @pytest.mark.timeout(180)
    def test_check_051_a_process_gives_no_key_away(
        self, farm: UpstreamFarm, prepared_state: Path, tmp_path: Path
    ) -> None:
        data, temporary, output = tmp_path / "data", tmp_path / "temporary", tmp_path / "output"
        temporary.mkdir()
        shutil.copytree(prepared_state, data)
        traces = Traces()
        settings = operator_settings(farm) | {"TMPDIR": str(temporary)}
        with served(data, settings, output) as server, Watch(server.pid, temporary) as watch:
            asker = Asker(server.port, OWN_KEYS, traces)
            go_through_all(asker, farm)
            traces.add_all(in_folder(data))
            break_database(data)
            assert asker.get(f"/api/ctai?ioc={ADDRESS}", asker.keys).status >= 500
            asker.get(f"/api/ctai/stream?ioc={ADDRESS}", SSE | asker.keys)
            assert server.answers()
        printed = output.read_bytes()
        assert b"no such table" in printed
        traces.add("output", printed)
        traces.add_all(watch.seen())
        traces.add_all(in_folder(data))
        traces.add_all(in_urls(farm))
        traces.add_all(in_requests(farm, CANARIES))
        places = {place for place, _ in traces.contents}
        assert {"cybervault.db-wal", "values of cybervault.db", "command line", "URL at virustotal"} <= places
        assert_every_key_was_used(farm)
        assert traces.leaks(CANARIES) == []
        assert farm.calls("elsewhere") == []

    def test_check_051_a_server_writes_no_key_even_where_nothing_filters_its_logs(
        self, serve: Serve, farm: UpstreamFarm, tmp_path: Path, unfiltered_logs: list[str]
    ) -> None:
        keys = {name: canary(f"operator {name}") for name in OPERATED if name != "chat"}
        quick = {name: {"timeout_seconds": SOURCE_SECONDS} for name in WIRES}
        server = serve(keys=keys, chat_key=canary("operator chat"), sources=quick)
        traces = Traces()
        asker = Asker(int(server.url.rpartition(":")[2]), OWN_KEYS, traces)
        go_through_all(asker, farm)
        for data in tmp_path.glob("data*"):
            break_database(data)
        assert asker.get(f"/api/ctai?ioc={ADDRESS}", asker.keys).status >= 500
        assert asker.get("/api/ctai/stream?ioc=11.0.0.1", asker.keys).status == 200
        limited = Asker(int(serve(points=1).url.rpartition(":")[2]), OWN_KEYS, traces)
        assert [limited.get("/api/ctai", OWN_KEYS).status for _ in range(2)] == [400, 429]
        written = "\n".join(unfiltered_logs)
        assert "no such table" in written
        traces.add("logs", written.encode())
        traces.add_all(in_folder(tmp_path))
        traces.add_all(in_urls(farm))
        traces.add_all(in_requests(farm, CANARIES))
        assert_every_key_was_used(farm)
        assert traces.leaks(CANARIES) == []

    def test_check_051_the_command_line_shows_no_key(
        self, farm: UpstreamFarm, prepared_state: Path, tmp_path: Path
    ) -> None:
        data, temporary = tmp_path / "data", tmp_path / "temporary"
        temporary.mkdir()
        shutil.copytree(prepared_state, data)
        keys = {name: canary(f"operator {source}") for name, source in DOCUMENTED_NAMES.items()}
        settings = environment(farm.environment(has_keys=False), keys, {"TMPDIR": str(temporary)})
        farm.set("abuseipdb", Behaviour.UNAUTHORIZED)
        farm.set("polyswarm", Behaviour.DROP)
        farm.set("chat", Behaviour.UNAUTHORIZED)
        asked = ("analyze", "--ndjson", ADDRESS, MD5, "no indicator")
        traces = Traces()
        for words in (asked, ("doctor", "--json")):
            done = subprocess.run(
                command(*words, "--data", str(data)), env=settings, capture_output=True, timeout=50, check=False
            )
            assert done.stdout
            traces.add(words[0], done.stdout + done.stderr)
        for source in DOCUMENTED_NAMES.values():
            assert any(canary(f"operator {source}") in str(call.headers) for call in farm.calls(source))
        traces.add_all(in_folder(tmp_path))
        traces.add_all(in_urls(farm))
        traces.add_all(in_requests(farm, CANARIES))
        assert traces.leaks(CANARIES) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("CYBERVAULT_SOURCES", '{{"virustotal": {{"key": "{}"'),
            ("CYBERVAULT_SOURCES", '{{"virustotal": {{"key": ["{}"]}}}}'),
            ("CYBERVAULT_SOURCES__VIRUSTOTAL__KEYS", "{}"),
            ("CYBERVAULT_SOURCES__VIRUSTOTAL__URL", "https://user:{}@a.example"),
            ("CYBERVAULT_VIRUSTOTAL_KEY", "{}"),
            ("CYBERVAULT_CHAT", '{{"key": "{}", "colour": 1}}'),
            ("CYBERVAULT_CHAT__NEEDS_KEY", "{}"),
            ("CYBERVAULT_PORT", "{}"),
            ("RATE_LIMIT_POINTS", "{}"),
        ],
    )
    def test_check_051_a_setting_that_cannot_be_read_is_not_repeated(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value.format(canary("operator virustotal")))
        with pytest.raises(Problem) as caught:
            load_settings()
        shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.detail
        assert CANARIES.leaks("problem", shown.encode()) == []


@pytest.fixture
def unfiltered_logs() -> Iterator[list[str]]:
    """Everything that is logged, at every level, before any filter of ours."""
    lines: list[str] = []

    def keep(_logger: object, _method: str, entry: Any) -> Any:  # noqa: ANN401 - structlog's own types
        lines.append(repr(dict(entry)))
        raise structlog.DropEvent

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(("aiohttp.server", "aiohttp.web")):  # those are the farm's
                lines.append(f"{record.__dict__} {self.format(record)}")

    handler, root = Keeping(), logging.getLogger()
    level = root.level
    structlog.configure(processors=[structlog.processors.format_exc_info, keep])
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(handler)
    structlog.reset_defaults()


class TestSourcesThatRepeatTheirKey:
    """A source may quote the key it was given; that is a way out like any other."""

    def test_check_051_in_a_document(self, serve: Serve, farm: UpstreamFarm, tmp_path: Path) -> None:
        with parrot(
            200, '{{"data": {{"attributes": {{"last_analysis_stats": {{"malicious": 9}}, "e": "{}"}}}}}}'
        ) as url:
            server = serve(sources={"virustotal": {"url": url}})
            traces = Traces()
            asker = Asker(int(server.url.rpartition(":")[2]), OWN_KEYS, traces)
            assert b"malicious" in asker.get(f"/api/ctai/stream?ioc={ADDRESS}", OWN_KEYS).body
        traces.add_all(in_folder(tmp_path))
        traces.add_all(in_requests(farm, CANARIES))
        assert traces.leaks(CANARIES) == []

    @pytest.mark.parametrize("status", [401, 400, 200])
    def test_check_051_in_an_error_of_the_language_model(self, serve: Serve, status: int) -> None:
        with parrot(status, '{"error": {"code": 400, "message": "This KEY is no good."}}') as url:
            server = serve(chat_url=url)
            traces = Traces()
            asker = Asker(int(server.url.rpartition(":")[2]), OWN_KEYS, traces)
            for path in ("/api/ctai", "/api/ctai/stream"):
                assert b'"stage":"ai"' in asker.get(f"{path}?ioc={ADDRESS}", SSE | OWN_KEYS).body
        assert traces.leaks(CANARIES) == []

    def test_check_051_in_the_middle_of_the_words(self, serve: Serve) -> None:
        words, error = '{"choices": [{"delta": {"content": "a"}}]}', '{"error": {"message": "This KEY ended."}}'
        with parrot(200, f"data: {words}\n\ndata: {error}\n\n", "text/event-stream") as url:
            server = serve(chat_url=url)
            traces = Traces()
            asker = Asker(int(server.url.rpartition(":")[2]), OWN_KEYS, traces)
            assert b'"stage":"ai"' in asker.get(f"/api/ctai?ioc={ADDRESS}", SSE | OWN_KEYS).body
        assert traces.leaks(CANARIES) == []


@contextmanager
def parrot(status: int, text: str, media_type: str = "application/json") -> Iterator[str]:
    """A server that answers everything with the text, KEY replaced by the key it was sent."""

    class Parrot(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            key = self.headers.get("x-apikey") or self.headers.get("authorization", "").removeprefix("Bearer ")
            body = text.replace("KEY", key).encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Your-Key", key)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the names are the library's

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - same
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Parrot) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


ENCODINGS: Final[dict[str, Callable[[str], str]]] = {
    "raw": str,
    "upper": str.upper,
    "lower": str.lower,
    "URL-encoded": lambda key: quote(key, safe=""),
    "URL-encoded throughout": lambda key: "".join(f"%{byte:02X}" for byte in key.encode()),
    "hex": lambda key: key.encode().hex(),
    "JSON-escaped": lambda key: key.replace("/", "\\/"),
    "JSON-escaped throughout": lambda key: "".join(f"\\u{ord(sign):04X}" for sign in key),
    "repr": lambda key: repr(key.encode()),
    "base64": lambda key: b64encode(key.encode()).decode(),
    "base64 behind one byte": lambda key: b64encode(b"k" + key.encode()).decode(),
    "base64 behind two bytes": lambda key: b64encode(b"k:" + key.encode()).decode(),
    "base64 for URLs": lambda key: b64encode(f"Bearer {key}".encode(), b"-_").decode(),
    "first half": lambda key: key[: len(key) // 2],
    "last half": lambda key: key[len(key) // 2 :],
}


class TestSearcher:
    """A proof by search is worth what the searcher finds."""

    @pytest.mark.parametrize("encoding", ENCODINGS)
    @pytest.mark.parametrize("name", CANARIES.names)
    def test_check_051_every_form_of_every_key_is_found(self, name: str, encoding: str) -> None:
        content = f"some words {ENCODINGS[encoding](canary(name))} and more".encode()
        assert {leak.key for leak in CANARIES.leaks("here", content)} == {name}

    def test_check_051_other_content_is_no_leak(self, small_knowledge: Path) -> None:
        traces = Traces()
        traces.add_all(in_folder(small_knowledge))
        traces.add("", Path(sys.executable).read_bytes()[:1_000_000])
        assert traces.leaks(CANARIES) == []

    def test_check_051_a_key_in_a_log_is_found(self, unfiltered_logs: list[str]) -> None:
        structlog.get_logger("x").debug("asked", headers=[("key", canary("caller virustotal"))])
        logging.getLogger("y").debug("sent %s", {"Key": canary("caller abuseipdb")})
        found = CANARIES.leaks("logs", "\n".join(unfiltered_logs).encode())
        assert {leak.key for leak in found} == {"caller virustotal", "caller abuseipdb"}

    def test_check_051_a_key_in_an_answer_is_found(self, serve: Serve) -> None:
        """A request id comes back in a header, an indicator in an event: both stand for a leak of ours."""
        traces = Traces()
        asker = Asker(int(serve().url.rpartition(":")[2]), {}, traces)
        asker.get("/api/health", {"X-Request-ID": canary("caller chat").replace("/", "").translate(_PLAIN)})
        asker.get(f"/api/ctai/stream?ioc=http://a.example/{quote(canary('caller polyswarm'), safe='')}")
        found = {(leak.key, leak.place) for leak in traces.leaks(CANARIES)}
        assert found == {("caller chat", "response headers"), ("caller polyswarm", "response bodies")}

    def test_check_051_a_key_on_disk_is_found(self, tmp_path: Path) -> None:
        blob = b"x" * 4_060 + canary("caller virustotal").encode() + b"x" * 9_000  # over the end of a page
        with closing(sqlite3.connect(tmp_path / "some.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE kept (value)")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("INSERT INTO kept VALUES (?)", [blob])
            connection.execute("INSERT INTO kept VALUES (?)", [canary("operator chat")])
            traces = Traces()
            traces.add_all(in_folder(tmp_path))
        found = {(leak.key, leak.place) for leak in traces.leaks(CANARIES)}
        assert ("operator chat", "some.db-wal") in found
        assert ("operator chat", "some.db") not in found
        assert {("caller virustotal", "values of some.db"), ("operator chat", "values of some.db")} <= found

    def test_check_051_a_key_that_lived_for_a_moment_is_found(self, tmp_path: Path) -> None:
        folder = tmp_path / "temporary"
        folder.mkdir()
        program = (
            "import pathlib, subprocess, sys;"
            "path = pathlib.Path(sys.argv[1]) / 'some.tmp'; path.write_text(sys.stdin.readline());"
            "subprocess.run(['sh', '-c', 'sleep 0.3; :', sys.stdin.readline()]); path.unlink()"
        )
        words = [sys.executable, "-c", program, str(folder)]
        with (
            subprocess.Popen(words, stdin=subprocess.PIPE, text=True) as process,
            Watch(process.pid, folder) as watch,
        ):
            process.communicate(f"{canary('operator virustotal')}\n{canary('operator abuseipdb')}\n")
        traces = Traces()
        traces.add_all(watch.seen())
        found = {(leak.key, leak.place) for leak in traces.leaks(CANARIES)}
        assert ("operator virustotal", "temporary file some.tmp") in found
        assert ("operator abuseipdb", "command line") in found
        assert not folder.joinpath("some.tmp").exists()

    def test_check_051_a_key_that_went_astray_is_found(self, farm: UpstreamFarm) -> None:
        """In a URL, in another source's header, in a body, or at a stranger."""
        key = canary("caller virustotal")
        with httpx2.Client(trust_env=False) as client:
            client.get(farm.url("virustotal") + f"/ip_addresses/1.2.3.4?apikey={quote(key)}")
            client.get(farm.url("internetdb") + f"/{quote(key, safe='')}")
            client.get(farm.url("virustotal") + "/ip_addresses/1.2.3.4", headers={"x-apikey": key})
            client.get(farm.url("abuseipdb") + "/check?ipAddress=1.2.3.4", headers={"Key": key})
            client.get(farm.url("virustotal") + "/ip_addresses/1.2.3.4", headers={"x-other": key})
            client.post(farm.url("chat") + "/chat/completions", content=key, headers={"authorization": "Bearer k"})
            farm.set("robtex", Behaviour.REDIRECT_AWAY)
            client.get(farm.url("robtex") + "/x", headers={"x-apikey": key}, follow_redirects=True)
        traces = Traces()
        traces.add_all(in_urls(farm))
        traces.add_all(in_requests(farm, CANARIES))
        assert {leak.place for leak in traces.leaks(CANARIES)} == {
            "URL at virustotal", "URL at internetdb", "header key at abuseipdb", "header x-other at virustotal",
            "body at chat", "header x-apikey at robtex", "header x-apikey at elsewhere",
        }  # fmt: skip


_PLAIN: Final = str.maketrans("", "", "+%&=~")
