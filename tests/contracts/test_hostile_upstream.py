"""CyberThreat AI against sources and a language model that misbehave: the documented answer, in time, without harm.

One real server process serves the whole file, so that what one trouble leaves behind would meet the next.
"""

import hashlib
import itertools
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

from tests.contracts.saying import ADDRESS, MD5, reasons
from tests.fakes.clock import HandClock
from tests.fakes.fixtures import Serve
from tests.fakes.processes import Served, family, peak_bytes, resident_bytes, served
from tests.fakes.serving import Reply, Running
from tests.fakes.sources import WIRES
from tests.fakes.upstream import Behaviour, UpstreamFarm

SOURCE_SECONDS: Final = 2.0
# Contract check 49: the timeout of a source, and two seconds for everything else.
ANSWER_SECONDS: Final = SOURCE_SECONDS + 2.0
# Six analyses at once, each source with a body of up to 4 MiB, measured at 80 MB; 17 MB of it stay.
PEAK_GROWTH_BYTES: Final = 160 * 1024 * 1024
LASTING_GROWTH_BYTES: Final = 64 * 1024 * 1024

UNAVAILABLE: Final = frozenset({"api_unavailable"})
UNREADABLE: Final = frozenset({"unknown"})
REFUSED: Final = frozenset({"invalid_api_key"})
ABSENT: Final = frozenset({"not_found"})
DATA: Final[frozenset[str]] = frozenset({""})
# What a warning may say for each behaviour of a source; "" stands for no warning, because it delivered.
REASONS: Final = {
    Behaviour.HANG: UNAVAILABLE,
    Behaviour.DRIP: UNAVAILABLE,
    Behaviour.DROP: UNAVAILABLE,
    Behaviour.REDIRECT_AWAY: UNAVAILABLE,
    Behaviour.SERVER_ERROR: UNAVAILABLE,
    Behaviour.THROTTLED: UNAVAILABLE,
    Behaviour.QUOTA: UNAVAILABLE,
    Behaviour.UNPROCESSABLE: UNAVAILABLE | ABSENT,
    Behaviour.ENDLESS: UNREADABLE | UNAVAILABLE,  # as soon as it is too large, or at the timeout
    Behaviour.GZIP_BOMB: UNREADABLE | UNAVAILABLE,
    Behaviour.HTML: UNREADABLE,
    Behaviour.EMPTY: UNREADABLE,
    Behaviour.BROKEN_JSON: UNREADABLE,
    Behaviour.ERROR_IN_200: UNREADABLE,
    Behaviour.NO_CONTENT: UNREADABLE | ABSENT,
    Behaviour.WRONG_TYPES: UNREADABLE | DATA | ABSENT,
    Behaviour.HUGE: DATA,
    Behaviour.INJECTION: DATA,
    Behaviour.UNAUTHORIZED: REFUSED,
    Behaviour.FORBIDDEN: REFUSED,
    Behaviour.NOT_FOUND: ABSENT,
}
OUTCOMES: Final = frozenset(
    {
        "hit", "clean", "unknown", "not_applicable", "no_key", "bad_key", "forbidden", "quota", "throttled", "timeout",
        "upstream_error", "bad_payload", "skipped_budget", "skipped_tlp",
    }
)  # fmt: skip
NUMBERS: Final = itertools.count(1)
every_trouble = pytest.mark.parametrize("behaviour", REASONS)
# The farm, which shares this process, would take longer to write all those megabytes than the answer may take.
every_small_trouble = pytest.mark.parametrize("behaviour", [one for one in REASONS if one is not Behaviour.HUGE])


@pytest.fixture(scope="module")
def process(
    whole_farm: UpstreamFarm, prepared_state: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The server, warm: its memory is counted from here."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copytree(prepared_state, folder / "data")
    settings = whole_farm.environment() | {"CYBERVAULT_RATE_LIMIT__POINTS": "1000000"}
    settings |= {f"CYBERVAULT_SOURCES__{name.upper()}__TIMEOUT_SECONDS": str(SOURCE_SECONDS) for name in WIRES}
    with served(folder / "data", settings, folder / "output") as server:
        for _ in range(3):
            ask_all_kinds(Running(server.url, HandClock()))
        yield server


@pytest.fixture
def running(process: Served) -> Running:
    return Running(process.url, HandClock())


@pytest.fixture(scope="module", autouse=True)
def _bounded_memory(process: Served) -> Iterator[None]:
    """After the whole file the server holds hardly more than when it began, and never held much more."""
    before = resident_bytes(family(process.pid))
    yield
    assert resident_bytes(family(process.pid)) - before < LASTING_GROWTH_BYTES
    assert peak_bytes(family(process.pid)) - before < PEAK_GROWTH_BYTES


def new_indicators() -> tuple[str, str, str]:
    """An address, a name and a hash that nobody was asked about."""
    number = next(NUMBERS)
    return f"11.{number >> 8}.{number & 255}.1", f"n{number}.example", hashlib.sha256(str(number).encode()).hexdigest()


def own_keys() -> dict[str, str]:
    """Keys of a caller whom no breaker and no memory knows."""
    number = next(NUMBERS)
    return {header: f"caller-{number}-{header}" for header in ("X-VT-Key", "X-AbuseIPDB-Key", "X-Polyswarm-Key")}


def ask_all_kinds(running: Running) -> tuple[list[Reply], list[Reply]]:
    """The documented answers and the richer streams about new things of every kind, all at once."""
    plain = [(f"/api/ctai?ioc={ioc}", own_keys()) for ioc in new_indicators()]
    rich = [(f"/api/ctai/stream?ioc={ioc}", own_keys()) for ioc in new_indicators()]
    with ThreadPoolExecutor(len(plain + rich)) as pool:
        replies = list(pool.map(lambda one: running.get(*one), plain + rich))
    return replies[: len(plain)], replies[len(plain) :]


def assert_documented(reply: Reply) -> None:
    """One of the rows of contract 1.1.6, in form."""
    if reply.status == 500:
        assert set(reply.json) == {"error", "stage", "errorType"}
        assert reply.json["stage"] in {"ioc", "ai"}
        assert reply.json["errorType"] in {"invalid_api_key", "api_unavailable", "not_found", "model_error", "unknown"}
        return
    assert reply.status == 200
    assert reply.names[0] == "meta"
    assert reply.names[-1] in {"done", "error"}
    assert set(reply.names[1:-1]) <= {"model", "chunk"}
    for warning in reply.meta.get("warnings", ()):
        assert set(warning) == {"source", "message", "reason"}


def assert_whole(reply: Reply) -> None:
    """The richer stream: every source that was named answered once, and the score is final."""
    assert reply.status == 200
    assert (reply.names[0], reply.names[-1]) == ("meta", "done")
    heard = [event.data for event in reply.events if event.name == "source"]
    assert sorted(one["name"] for one in heard) == sorted(one["name"] for one in reply.meta["sources"])
    assert {one["outcome"] for one in heard} <= OUTCOMES
    assert [event for event in reply.events if event.name == "score"][-1].data["final"]


class TestSources:
    @every_small_trouble
    def test_check_049_all_sources_at_once(
        self, running: Running, process: Served, farm: UpstreamFarm, behaviour: Behaviour
    ) -> None:
        farm.set_default(behaviour)
        farm.set("robtex", behaviour)
        begun = time.perf_counter()
        plain, rich = ask_all_kinds(running)
        assert time.perf_counter() - begun < ANSWER_SECONDS
        for reply in plain:
            assert_documented(reply)
        for reply in rich:
            assert_whole(reply)
        expected = REASONS[behaviour]
        if expected in (UNAVAILABLE, REFUSED):
            assert {(reply.status, reply.json["errorType"]) for reply in (plain[0], plain[2])} == {(500, *expected)}
        assert farm.calls("elsewhere") == []
        farm.reset()
        plain, rich = ask_all_kinds(running)
        assert {reply.names[-1] for reply in plain + rich} == {"done"}
        assert all(set(reasons(reply.meta.get("warnings", [])).values()) <= ABSENT for reply in plain)
        assert process.answers()

    @every_trouble
    def test_check_049_one_source_among_others_is_one_warning(
        self, running: Running, farm: UpstreamFarm, behaviour: Behaviour
    ) -> None:
        """VirusTotal for a name, AbuseIPDB for an address, PolySwarm for a hash; the other source is well each time."""
        farm.set("virustotal", behaviour, resource="domains")
        farm.set("abuseipdb", behaviour)
        farm.set("polyswarm", behaviour)
        asked = {"VirusTotal": "evil.example", "AbuseIPDB": ADDRESS, "PolySwarm": MD5}
        begun = time.perf_counter()
        with ThreadPoolExecutor(len(asked)) as pool:
            replies = dict(zip(asked, pool.map(lambda ioc: running.ctai(ioc, own_keys()), asked.values()), strict=True))
        assert time.perf_counter() - begun < ANSWER_SECONDS
        for title, reply in replies.items():
            warned = reasons(reply.meta.get("warnings", []))
            assert set(warned) <= {title}
            assert warned.get(title, "") in REASONS[behaviour]
            assert reply.words
            assert reply.names[-1] == "done"
        assert farm.calls("elsewhere") == []

    def test_check_049_both_resources_of_robtex(self, running: Running, farm: UpstreamFarm) -> None:
        for behaviour in (Behaviour.HANG, Behaviour.ENDLESS, Behaviour.REDIRECT_AWAY, Behaviour.ERROR_IN_200):
            farm.set("robtex", behaviour)
            reply = running.ctai(new_indicators()[1], own_keys())
            assert reasons(reply.meta["warnings"]) == {"VirusTotal": "not_found", "Robtex": "not_found"}
            assert reply.names == ["meta", "done"]
        assert farm.calls("elsewhere") == []


IN_WORDS: Final = (
    Behaviour.ERROR_MID_STREAM, Behaviour.BROKEN_JSON, Behaviour.DROP_MID_STREAM, Behaviour.NO_END_MARK,
    Behaviour.REASONING_ONLY, Behaviour.ERROR_IN_200, Behaviour.HTML, Behaviour.EMPTY, Behaviour.NO_CONTENT,
    Behaviour.DROP, Behaviour.SERVER_ERROR, Behaviour.UNPROCESSABLE,
)  # fmt: skip


class TestLanguageModel:
    def test_every_trouble_has_a_documented_end(self, running: Running, farm: UpstreamFarm) -> None:
        for behaviour in IN_WORDS:
            farm.set("chat", behaviour)
            for sse in (True, False):
                assert_documented(running.ctai(ADDRESS, sse=sse))
            rich = running.get(f"/api/ctai/stream?ioc={ADDRESS}")
            assert rich.names[-1] in {"done", "error"}
            assert [event for event in rich.events if event.name == "score"][-1].data["final"]
        farm.reset()
        assert running.ctai(ADDRESS).words

    @pytest.mark.parametrize(
        "behaviour", [Behaviour.REDIRECT_AWAY, Behaviour.ENDLESS, Behaviour.GZIP_BOMB, Behaviour.HUGE]
    )
    def test_what_only_sources_do_here_is_borne_from_a_model_too(
        self, serve: Serve, farm: UpstreamFarm, behaviour: Behaviour
    ) -> None:
        """The key of the model does not follow a redirect, and its words are bounded."""
        farm.set("robtex", behaviour)
        server = serve(chat_url=farm.url("robtex"))
        begun = time.perf_counter()
        for reply in (server.ctai(ADDRESS), server.ctai(ADDRESS, sse=False)):
            assert_documented(reply)
        assert time.perf_counter() - begun < 2 * ANSWER_SECONDS
        assert farm.calls("elsewhere") == []
        assert farm.idle_within(2.0, "robtex")

    def test_words_without_end_are_cut(self, serve: Serve) -> None:
        with endless_words() as url:
            begun = time.perf_counter()
            reply = serve(chat_url=url).ctai(ADDRESS)
            assert time.perf_counter() - begun < 20
        assert_documented(reply)
        assert reply.names[-1] == "error"
        assert 1_000_000 < len(reply.words) < 9_000_000

    def test_check_050_who_leaves_a_silent_model_ends_its_work(self, running: Running, farm: UpstreamFarm) -> None:
        for behaviour in (Behaviour.HANG, Behaviour.ONLY_COMMENTS, Behaviour.SLOW):
            farm.set("chat", behaviour)
            leave_early(running.url, f"/api/ctai?ioc={ADDRESS}", behind=b"event: meta")
            assert farm.chat_closed_after(2.0)
            leave_early(running.url, f"/api/ctai/stream?ioc={ADDRESS}", behind=b'"final":true')
            assert farm.chat_closed_after(2.0)

    @pytest.mark.full
    @pytest.mark.timeout(100)
    def test_a_silent_model_is_given_up_after_half_a_minute(self, running: Running, farm: UpstreamFarm) -> None:
        farm.set("chat", Behaviour.HANG)
        begun = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            plain, stream = pool.map(lambda sse: running.ctai(ADDRESS, sse=sse), (False, True))
        assert 29 < time.perf_counter() - begun < 34
        assert (plain.status, plain.json["errorType"]) == (500, "api_unavailable")
        assert stream.events[-1].data["errorType"] == "api_unavailable"


def leave_early(url: str, path: str, behind: bytes) -> None:
    """Read until something was said, and go."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n".encode())
        heard = b""
        while behind not in heard:
            piece = connection.recv(65_536)
            assert piece, heard
            heard += piece


@contextmanager
def endless_words() -> Iterator[str]:
    """A model that speaks well and never stops."""
    chunk = b'data: {"choices":[{"delta":{"content":"' + b"word " * 200 + b'"}}]}\n\n'

    def speak(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(1_000_000)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
                    while True:
                        connection.sendall(chunk)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=speak, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
