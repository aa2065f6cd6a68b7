"""Scans on the whole server, before real servers on loopback: asked for, watched, cancelled, timed out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.domain.principals import Scope
from cybervault.scans.grants import NewGrant
from cybervault.settings import ScanSettings
from tests.fakes.scanned import HTTP_BARE, answers, greets, listening, silent
from tests.fakes.scanning import ended
from tests.fakes.serving import Setup
from tests.fakes.threats import ThreatWorld, threat_world

PATH: Final = "/v1/scans"
HERE: Final = "127.0.0.1"
CLOUD: Final = "arn:aws:s3:::bucket"


@asynccontextmanager
async def scanning(setup: Setup, *ports: int) -> AsyncIterator[tuple[ThreatWorld, dict[str, str]]]:
    """A server that may scan this machine, and a key of a tenant that was granted it."""
    part = ScanSettings(loopback=True, extra_ports=ports)
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
