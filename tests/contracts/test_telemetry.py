"""`POST /v3/telemetry` on the whole server: nothing of a batch is lost, and nothing hostile in it costs the others."""

import asyncio
import gzip
import json
import os
import signal
import time
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from cybervault.app.product import open_access
from cybervault.detection import batch
from cybervault.detection.packed import zstd
from cybervault.domain.principals import Scope
from cybervault.domain.sandbox import SandboxBreachError, sandboxed
from cybervault.settings import Settings
from tests.fakes.keys import bearer, secret_of
from tests.fakes.processes import NO_TLS, Served, family, served
from tests.fakes.telemetry import CALLBACK, EVTX, NDJSON, QUIET, lines_of
from tests.fakes.threats import ThreatWorld

PATH: Final = "/v3/telemetry"
LATER: Final = {"Prefer": "respond-async"}
MIB: Final = 1024 * 1024
PATIENCE_SECONDS: Final = 60.0
# Several portions of a batch, so that it can be seen running on a fast machine.
EVENTS: Final = 60_000
BINARY: Final = {"content-type": "application/octet-stream"}


def told(reply: Any) -> tuple[int, str]:  # noqa: ANN401 - the client's
    error = reply.json()["error"]
    assert set(error) == {"code", "message", "request_id", "docs_url"}
    return reply.status_code, error["code"]


async def ended(threats: ThreatWorld, where: str, key: dict[str, str]) -> Any:  # noqa: ANN401 - JSON
    """How a batch stands when it has ended."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            body = (await threats.ask("GET", where, key)).json()
            if body["state"] not in {"queued", "running"}:
                return body
            await asyncio.sleep(0.05)


class TestWhatIsSent:
    async def test_each_line_is_an_event_or_an_error_with_its_number(self, threats: ThreatWorld) -> None:
        content = lines_of(QUIET, b"{", b"[1]", b"", b"\xff\xfe", b"[" * 10_000, CALLBACK, {"a": 1})
        reply = await threats.ask("POST", PATH, await threats.key() | NDJSON, content=content)
        body = reply.json()
        assert [one["line"] for one in body["errors"]] == [2, 3, 5, 6, 8]
        assert body["events"] + body["not_read"] == 7
        assert [one["line"] for one in body["matches"]] == [7]

    async def test_nothing_of_a_hostile_line_comes_back_as_markup_or_in_an_error(self, threats: ThreatWorld) -> None:
        secret = "cv_live_sk_" + "a" * 38
        content = lines_of(f'{{"x": "{secret}'.encode(), {"who": secret})
        reply = await threats.ask("POST", PATH, await threats.key() | NDJSON, content=content)
        assert reply.json()["not_read"] == reply.json()["not_recognised"] == 1
        assert secret not in reply.text

    @pytest.mark.parametrize(
        ("headers", "packed"),
        [
            (NDJSON, lambda raw: raw),
            (NDJSON | {"content-encoding": "gzip"}, gzip.compress),
            (NDJSON | {"content-encoding": "zstd"}, zstd.compress),
            ({"content-type": "application/gzip"}, gzip.compress),
        ],
    )
    async def test_it_may_be_packed(self, threats: ThreatWorld, headers: dict[str, str], packed: Any) -> None:  # noqa: ANN401 - a function
        key, content = await threats.key(), packed(lines_of(QUIET, CALLBACK))
        assert (await threats.ask("POST", PATH, key | headers, content=content)).json()["matched"] == 1

    @pytest.mark.parametrize("headers", [BINARY, NDJSON])
    async def test_an_evtx_file_is_known_by_its_bytes(self, threats: ThreatWorld, headers: dict[str, str]) -> None:
        key = await threats.key()
        for content in (EVTX, gzip.compress(EVTX)):
            reply = await threats.ask("POST", PATH, key | headers, content=content)
            body = reply.json() if reply.status_code == 200 else None
            if body is None:
                body = (await ended(threats, reply.headers["location"], key))["result"]
            assert (body["events"], body["not_read"], body["not_recognised"]) == (1, 0, 0)

    async def test_what_only_begins_as_an_evtx_file_is_told(self, threats: ThreatWorld) -> None:
        reply = await threats.ask("POST", PATH, await threats.key() | BINARY, content=b"ElfFile\0" + b"x" * 5_000)
        assert (reply.json()["events"], reply.json()["not_read"]) == (0, 1)

    async def test_another_type_is_415_and_nothing_is_400(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        reply = await threats.ask("POST", PATH, key | {"content-type": "text/plain"}, content=b"{}")
        assert told(reply) == (415, "unsupported_media_type")
        assert told(await threats.ask("POST", PATH, key | NDJSON, content=b"")) == (400, "missing_parameter")

    async def test_what_is_too_large_is_413(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        given = key | NDJSON | {"content-length": str(64 * MIB + 1)}
        assert told(await threats.ask("POST", PATH, given, content=b"{}")) == (413, "payload_too_large")
        document = b"[\n" + b"{},\n" * (3 * MIB) + b"{}]"
        reply = await threats.ask("POST", PATH, key | {"content-type": "application/json"}, content=document)
        assert told(reply) == (413, "payload_too_large")
        assert "on each line" in reply.json()["error"]["message"]

    async def test_a_bomb_is_read_to_the_bound_and_told(
        self, threats: ThreatWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batch, "UNPACKED_BYTES_MAX", 32 * MIB)
        key = await threats.key()
        bomb = gzip.compress(lines_of(CALLBACK)) + gzip.compress(b"\n" + b" " * (MIB - 1)) * 600
        assert len(bomb) < MIB
        reply = await threats.ask("POST", PATH, key | NDJSON | {"content-encoding": "gzip"}, content=bomb)
        assert reply.status_code == 202
        body = await ended(threats, reply.headers["location"], key)
        assert (body["state"], body["result"]["matched"], body["result"]["not_read"]) == ("completed", 1, 1)
        (error,) = body["result"]["errors"]
        assert error["line"] == 0
        assert "more than 32 MiB" in error["reason"]


class TestLater:
    async def test_a_large_batch_comes_later_whole_and_in_pages(self, threats: ThreatWorld) -> None:
        key = await threats.key()
        content = lines_of(*[QUIET] * 5_000, *[CALLBACK] * 450, b"x")
        asked = await threats.ask("POST", PATH, key | NDJSON, content=content)
        assert asked.status_code == 202
        where = asked.headers["location"]
        body = await ended(threats, where, key)
        result = body["result"]
        assert (result["events"], result["matched"], result["not_read"]) == (5_450, 450, 1)
        seen, cursor = list[int](), ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            page = (await threats.ask("GET", f"{where}/matches?limit=200{more}", key)).json()
            seen += [one["line"] for one in page["data"]]
            cursor = page["pagination"]["next_cursor"]
        assert seen == list(range(5_001, 5_451))

    async def test_another_tenant_learns_nothing_of_it(self, threats: ThreatWorld) -> None:
        asked = await threats.ask("POST", PATH, await threats.key() | NDJSON | LATER, content=lines_of(CALLBACK))
        other = await threats.key(tenant="other") | {"X-Request-ID": "req_same"}
        for below in ("", "/matches"):
            foreign = await threats.ask("GET", f"{asked.headers['location']}{below}", other)
            unknown = await threats.ask("GET", f"{PATH}/tel_0000000000{below}", other)
            assert (foreign.status_code, foreign.content) == (404, unknown.content)

    async def test_rows_of_batches_are_out_of_reach_while_a_test_key_is_answered(self, threats: ThreatWorld) -> None:
        tenant = await threats.tenant()
        with sandboxed(), pytest.raises(SandboxBreachError):
            await threats.product.batches.find(tenant.id, "tel_0123456789")  # type: ignore[arg-type] # as the path has it


def asked(server: Served, path: str, key: dict[str, str], content: bytes | None = None) -> Any:  # noqa: ANN401 - JSON
    with httpx2.Client(trust_env=False, timeout=30, verify=NO_TLS) as client:
        method = "GET" if content is None else "POST"
        return client.request(method, f"{server.url}{path}", headers=key, content=content).json()


def stands(server: Served, where: str, key: dict[str, str], state: str, least: float) -> Any:  # noqa: ANN401 - JSON
    """How the batch stands as soon as it is in this state and so far; asked seldom enough for the limits of calls."""
    deadline = time.monotonic() + PATIENCE_SECONDS  # noqa: TID251 - a real process takes real time
    while time.monotonic() < deadline:  # noqa: TID251 - same
        body = asked(server, where, key)
        if body["state"] == state and body["progress"] >= least:
            return body
        assert body["state"] in {"queued", "running"}, "it was done before anybody could see it run"
        time.sleep(0.05 if state == "running" else 0.5)
    raise TimeoutError(body)


@pytest.mark.timeout(120)
async def test_a_batch_goes_on_after_its_server_was_killed(data: Path, tmp_path: Path) -> None:
    """Each event is counted once, those before the end of the process and those behind it."""
    async with open_access(Settings(data=data)) as access:
        key = bearer(await secret_of(access, scopes=frozenset({Scope.THREAT_READ, Scope.THREAT_WRITE}))) | NDJSON
    events = [QUIET | {"CommandLine": f"app.exe --number {number}"} for number in range(EVENTS)]
    events[:: EVENTS // 50] = [CALLBACK | {"SourcePort": str(number)} for number in range(50)]
    content = gzip.compress("\n".join(map(json.dumps, events)).encode(), compresslevel=1)
    with served(data, {}, tmp_path / "first") as server:
        where = f"{PATH}/{asked(server, PATH, key, content)['batch_id']}"
        body = stands(server, where, key, "running", 0.01)
        for pid in family(server.pid):
            os.kill(pid, signal.SIGKILL)
        assert body["progress"] < 1
    with served(data, {}, tmp_path / "second") as server:
        assert asked(server, where, key)["state"] == "running"
        body = stands(server, where, key, "completed", 1)
        page = asked(server, f"{where}/matches?limit=200", key)
    assert (body["result"]["events"], body["result"]["matched"], body["result"]["errors"]) == (EVENTS, 50, [])
    assert [one["line"] for one in page["data"]] == [1 + number * EVENTS // 50 for number in range(50)]
