"""Scans on the whole server, before real servers on loopback: asked for, watched, cancelled, timed out."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from cybervault.access.audit import OPERATOR
from cybervault.access.minting import NewKey
from cybervault.app.product import put_together
from cybervault.domain.clock import SystemClock
from cybervault.domain.principals import KeyKind, Plan, Scope
from cybervault.response.webhooks.events import WebhookEvent
from cybervault.response.webhooks.webhooks import NewWebhook
from cybervault.scans.grants import NewGrant
from cybervault.setting_parts import ScanSettings
from cybervault.settings import Settings, WebhookSettings
from tests.fakes.keys import bearer
from tests.fakes.processes import NO_TLS, Served, family, served
from tests.fakes.receiver import receiving
from tests.fakes.registry import Shelves, layer, registry_of
from tests.fakes.scanned import HTTP_BARE, answers, apart, greets, listening, silent
from tests.fakes.scanning import ended
from tests.fakes.serving import Setup
from tests.fakes.threats import ThreatWorld, threat_world

PATH: Final = "/v1/scans"
HERE: Final = "127.0.0.1"
CLOUD: Final = "arn:aws:s3:::bucket"


@asynccontextmanager
async def scanning(setup: Setup, *ports: int) -> AsyncIterator[tuple[ThreatWorld, dict[str, str]]]:
    """A server that may scan this machine, and a key of a tenant that was granted it."""
    part = ScanSettings(loopback=True, extra_ports=ports, nmap="")
    async with threat_world(replace(setup, given={"scans": part})) as world:
        tenant = await world.tenant()
        for target in (HERE, "127.0.0.0/29", "10.1.0.0/24", "example.com", CLOUD):
            grant = NewGrant(target, "tests", allows_pentest=target != "example.com")
            await world.product.scanning.grants.give(tenant.id, grant, actor=OPERATOR)
        yield world, await world.key(Scope.SCAN_READ, Scope.SCAN_WRITE)


async def asked(world: ThreatWorld, key: dict[str, str], targets: object, **more: object) -> Any:  # noqa: ANN401 - the client's
    return await world.ask("POST", f"{PATH}/initialize", key, json={"targets": targets} | more)


async def begun(world: ThreatWorld, where: str, key: dict[str, str]) -> None:
    async with asyncio.timeout(60):
        while (await world.ask("GET", where, key)).json()["status"] == "queued":  # noqa: ASYNC110 - the server sets no event of ours
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("plain_logs")
async def test_check_072_073_a_network_a_domain_and_an_arn_are_queued_and_nonsense_is_400(setup: Setup) -> None:
    async with scanning(setup) as (world, key):
        # The name is asked of nobody here: sockets of tests reach this machine only.
        for target in ("127.0.0.0/29", CLOUD, "example.com"):
            reply = await asked(world, key, [target])
            body = reply.json()
            assert (reply.status_code, body["status"]) == (202, "queued")
            assert body["scan_id"].startswith("scan_")
            assert body["estimated_duration"] >= 1
            await world.ask("POST", f"{reply.headers['location']}/cancel", key)
        preview = await world.ask("POST", f"{PATH}/preview", key, json={"targets": ["10.1.0.0/24"]})
        assert preview.status_code == 200
        for targets in ([], ["nonsense"], ["-oN"], ["10.0.0.5/8"], [HERE] * 257):
            assert (await asked(world, key, targets)).status_code == 400
        assert (await world.ask("POST", f"{PATH}/initialize", key, json={})).json()["error_code"] == "missing_parameter"


async def test_check_074_profiles_and_max_duration_are_as_the_document_says(setup: Setup) -> None:
    async with scanning(setup) as (world, key):
        for profile in ("standard", "compliance", "pentest"):
            where = (await asked(world, key, [CLOUD], profile=profile)).headers["location"]
            shown = (await world.ask("GET", where, key)).json()
            assert (shown["profile"], shown["max_duration"]) == (profile, 60)
        assert (await asked(world, key, [CLOUD], profile="loud")).status_code == 400
        for minutes in (0, -1, "x", 1.5, 1_441):
            assert (await asked(world, key, [CLOUD], max_duration=minutes)).status_code == 400
        where = (await asked(world, key, [CLOUD], max_duration=5)).headers["location"]
        assert (await world.ask("GET", where, key)).json()["max_duration"] == 5


async def test_check_075_beyond_what_was_granted_nothing_is_scanned(setup: Setup) -> None:
    async with scanning(setup) as (world, key):
        for target in ("10.2.0.7", "10.1.0.0/23", "other.example", "169.254.169.254", "::ffff:127.0.0.1"):
            reply = await asked(world, key, [CLOUD, target])
            assert (reply.status_code, reply.json()["error_code"]) == (403, "target_not_authorized")
        reply = await asked(world, key, ["example.com"], profile="pentest")
        assert (reply.status_code, reply.json()["error_code"]) == (403, "target_not_authorized")
        assert (await world.ask("GET", PATH, key)).json()["data"] == []


async def test_check_076_a_scan_past_its_time_is_timed_out_and_says_what_it_had_not_reached(setup: Setup) -> None:
    async with listening(silent) as quiet, scanning(setup, quiet.port) as (world, key):
        where = (await asked(world, key, [HERE], max_duration=1)).headers["location"]
        await begun(world, where, key)
        world.clock.advance(61)
        body = await ended(world, where, key)
    assert body["status"] == "timed_out"
    assert body["coverage_counts"]["not_reached"] >= 1


async def test_a_scan_that_runs_is_stopped_within_its_part(setup: Setup) -> None:
    """Everybody who is scanned can be left alone at once."""
    async with listening(silent) as quiet, scanning(setup, quiet.port) as (world, key):
        where = (await asked(world, key, [HERE])).headers["location"]
        await begun(world, where, key)
        stopping = await world.ask("POST", f"{where}/cancel", key)
        assert stopping.status_code == 202
        body = await ended(world, where, key)
    assert (body["status"], body["coverage_counts"]["not_reached"] >= 1) == ("cancelled", True)


async def test_check_122_the_list_is_the_same_with_its_slash_and_with_bearer_in_lower_case(setup: Setup) -> None:
    async with scanning(setup) as (world, key):
        await asked(world, key, [CLOUD])
        lower = {"Authorization": key["Authorization"].replace("Bearer", "bearer")}
        plain, slashed = [await world.ask("GET", path, lower) for path in (PATH, f"{PATH}/")]
        assert plain.status_code == slashed.status_code == 200
        assert [one["id"] for one in plain.json()["data"]] == [one["id"] for one in slashed.json()["data"]]
        assert set(plain.json()["data"][0]) >= {
            "id", "status", "profile", "targets", "created_at", "started_at", "finished_at", "findings_total",
        }  # fmt: skip


async def test_check_147_an_image_is_queued_its_progress_rises_and_a_signed_webhook_tells_of_its_end(
    setup: Setup,
) -> None:
    shelves = Shelves(hold=threading.Event())
    shelves.push("app:1", [layer({f"file{number}": b"x" * 100}) for number in range(6)])
    async with receiving() as receiver:
        with registry_of(shelves) as place:
            scans = ScanSettings(registries=(f"http://{place}",))
            hooks = WebhookSettings(allowed_origins=(receiver.origin,))
            async with threat_world(replace(setup, given={"scans": scans, "webhooks": hooks})) as world:
                # Whoever verifies looks at the clock of their own machine.
                world.clock.jump((SystemClock().now() - world.clock.now()).total_seconds())
                tenant, key = await world.tenant(), await world.key(Scope.SCAN_READ, Scope.SCAN_WRITE)
                refused = await asked(world, key, [f"{place}/app:1"])
                assert (refused.status_code, refused.json()["error_code"]) == (403, "target_not_authorized")
                grant = NewGrant(f"oci://{place}/app", "tests")
                await world.product.scanning.grants.give(tenant.id, grant, actor=OPERATOR)
                wish = NewWebhook(receiver.url, frozenset({WebhookEvent("scan.completed")}))
                minted = await world.product.hooks.webhooks.create(tenant.id, wish, actor=OPERATOR)
                reply = await asked(world, key, [f"{place}/app:1"])
                assert reply.status_code == 202
                seen = await _progress(world, reply.headers["location"], key, shelves.hold)
                await receiver.until(1, 60)
    assert seen == sorted(seen)
    assert len(seen) > 2
    (call,) = receiver.calls
    Verifier(minted.secret.reveal()).verify(call.body, dict(call.headers))
    assert json.loads(call.body)["data"]["scan_id"] == reply.json()["scan_id"]


async def _progress(world: ThreatWorld, where: str, key: dict[str, str], hold: threading.Event | None) -> list[float]:
    """Each value that was seen until the end; once there were two, what was held goes on."""
    seen: list[float] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1] < 1:
            body = (await world.ask("GET", where, key)).json()
            seen += [body["progress"]] if body["progress"] not in seen else []
            if len(seen) > 1 and hold is not None:
                hold.set()
            await asyncio.sleep(0.02)
    assert body["status"] == "completed"
    return seen


async def test_real_servers_are_seen_through(setup: Setup) -> None:
    async with (
        listening(greets(b"220 ready\r\n")) as ftp,
        listening(answers(get=HTTP_BARE, head=HTTP_BARE)) as web,
        scanning(setup, ftp.port, web.port) as (world, key),
    ):
        where = (await asked(world, key, [HERE], profile="standard")).headers["location"]
        body = await ended(world, where, key)
    assert body["status"] == "completed"
    found = {(one["rule"], one["place"]) for one in body["findings"]}
    assert ("ftp_cleartext", f"{ftp.port}/tcp") in found
    assert ("http_without_redirect", f"{web.port}/tcp") in found
    assert body["findings_total"] == len(body["findings"])
    assert all(one["asset"] == HERE and one["remediation"] for one in body["findings"])


@pytest.mark.timeout(240)
def test_what_was_done_of_a_scan_outlives_a_kill_of_the_server(tmp_path: Path, prepared_state: Path) -> None:
    """No process runs on, no part that was finished is done again, and nothing is lost."""
    data = tmp_path / "state"
    shutil.copytree(prepared_state, data)
    with apart(silent) as quiet, apart(greets(b"220 ready\r\n")) as ftp:
        env = {
            "CYBERVAULT_SCANS__LOOPBACK": "true",
            "CYBERVAULT_SCANS__EXTRA_PORTS": f"[{quiet}, {ftp}]",
            "CYBERVAULT_SCANS__NMAP": "",
        }
        env["CYBERVAULT_SCANS__NMAP"] = ""
        key = asyncio.run(_granted(data, "127.0.0.0/25"))
        with served(data, env, tmp_path / "first") as server:
            where = f"{PATH}/{_ask(server, f'{PATH}/initialize', key, {'targets': ['127.0.0.0/25']})['scan_id']}"
            # Both blocks are swept then; what answered is being asked, of which one says nothing for seconds.
            _until(server, where, key, lambda body: body["progress"] >= 0.55)
            before = _steps(data)
            for pid in family(server.pid):
                os.kill(pid, signal.SIGKILL)
        with served(data, env, tmp_path / "second") as server:
            body = _until(server, where, key, lambda body: body["status"] not in {"queued", "running"})
        after = _steps(data)
    assert body["status"] == "completed"
    assert "ftp_cleartext" in {one["rule"] for one in body["findings"]}
    assert {"part 0", "part 1"} <= before.keys()
    assert {name: after[name] for name in before} == before


async def _granted(data: Path, target: str) -> dict[str, str]:
    """The header of a key whose tenant may scan this."""
    async with put_together(Settings(data=data, scans=ScanSettings(loopback=True))) as product:
        tenant = await product.access.tenants.create("acme", Plan.ENTERPRISE, actor=OPERATOR)
        await product.scanning.grants.give(tenant.id, NewGrant(target, "tests"), actor=OPERATOR)
        wish = NewKey(KeyKind.SERVICE_LIVE, "ci", scopes=frozenset({Scope.SCAN_READ, Scope.SCAN_WRITE}))
        minted = await product.access.minting.mint(tenant, wish, by=None, actor=OPERATOR)
        return bearer(minted.secret.reveal())


def _ask(server: Served, path: str, key: dict[str, str], json: object = None) -> Any:  # noqa: ANN401 - JSON
    with httpx2.Client(timeout=30, trust_env=False, verify=NO_TLS) as client:
        method = "GET" if json is None else "POST"
        return client.request(method, f"{server.url}{path}", headers=key, json=json).json()


def _until(server: Served, where: str, key: dict[str, str], holds: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
    deadline = time.monotonic() + 120  # noqa: TID251 - a real process takes real time
    while not holds(body := _ask(server, where, key)):
        assert time.monotonic() < deadline, body  # noqa: TID251 - same
        time.sleep(0.1)
    return body


def _steps(data: Path) -> dict[str, float]:
    """The finished parts and when they were finished."""
    with closing(sqlite3.connect(data / "cybervault.db")) as rows:
        return dict(rows.execute("SELECT step, finished_at FROM job_steps"))


@pytest.mark.parametrize(
    "greeting", [b"\x1b]0;owned\x07 <script>alert(1)</script>\n", b"220 \xff\xfe\x00\r\n" * 10_000]
)
async def test_a_hostile_banner_is_shown_as_text_and_not_at_length(setup: Setup, greeting: bytes) -> None:
    async with listening(greets(greeting)) as odd, scanning(setup, odd.port) as (world, key):
        where = (await asked(world, key, [HERE])).headers["location"]
        body = await ended(world, where, key)
    said = [text for one in body["findings"] for text in one["evidence"]]
    assert body["status"] == "completed"
    assert all(text.isprintable() and len(text) <= 300 for text in said)
