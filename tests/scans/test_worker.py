"""The work of a scan: real servers on loopback, parts that are kept, grants that end, and faults of every sort."""

import asyncio

import pytest

from cybervault.scans import worker as module
from cybervault.scans.profiles import ProfileName
from cybervault.scans.seen import Coverage, CoverageState
from cybervault.storage.database import Database
from cybervault.storage.job_run import Ending, JobRun
from tests.access.statements import look
from tests.fakes.processes import free_port
from tests.fakes.scanned import HTTP_BARE, Issue, answers, greets, listening, server_side, silent
from tests.scans.desk import Desk, desk_on

HERE = "127.0.0.1"
# Addresses of this machine on which nothing listens and everything is refused at once.
BLOCK = "127.0.0.0/30"
NINE = tuple(f"h{number}.example" for number in range(9))


def of(lines: tuple[Coverage, ...], asset: str) -> dict[str, CoverageState]:
    return {line.engine: line.state for line in lines if line.asset == asset}


async def test_a_network_is_swept_named_and_judged(database: Database) -> None:
    async with (
        listening(answers(ping=b"+PONG\r\n")) as redis,
        listening(answers(get=HTTP_BARE, head=HTTP_BARE)) as web,
        listening(answers(get=HTTP_BARE, head=HTTP_BARE), server_side(Issue())) as safe,
    ):
        shut = free_port()
        desk = await desk_on(database, redis.port, web.port, safe.port, shut)
        await desk.grant(BLOCK)
        scan = await desk.scanned(BLOCK)
        found = {(one.rule, one.place) for one in await desk.found(scan.id)}
    assert ("redis_without_password", f"{redis.port}/tcp") in found
    assert ("http_without_redirect", f"{web.port}/tcp") in found
    assert ("certificate_self_signed", f"{safe.port}/tcp") in found
    assert ("hsts_missing", f"{safe.port}/tcp") in found
    assert {place for rule, place in found if rule == "service_open"} == {
        f"{one.port}/tcp" for one in (redis, web, safe)
    }
    assert {one.asset for one in await desk.found(scan.id)} == {HERE}
    lines = await desk.lines(scan.id)
    assert of(lines, HERE) == dict.fromkeys(("ports", "services", "tls", "http"), CoverageState.COVERED)
    assert of(lines, "127.0.0.2") == {"ports": CoverageState.COVERED}
    assert (scan.state.value, scan.progress) == ("completed", 1.0)


async def test_a_service_that_is_gone_is_resolved_and_one_that_stays_is_not(database: Database) -> None:
    async with listening(greets(b"220 ready\r\n")) as ftp:
        async with listening(answers(ping=b"+PONG\r\n")) as redis:
            desk = await desk_on(database, ftp.port, redis.port)
            await desk.grant(HERE)
            first = await desk.scanned(HERE)
        await desk.scanned(HERE)
        states = {one.rule: one.status.value for one in await desk.found(first.id) if one.rule != "service_open"}
    assert states == {"ftp_cleartext": "open", "redis_without_password": "resolved", "database_reachable": "resolved"}


async def test_a_name_is_looked_at_where_it_leads_as_far_as_that_was_granted(database: Database) -> None:
    async with listening(answers(get=HTTP_BARE, head=HTTP_BARE)) as web:
        desk = await desk_on(database, web.port)
        desk.zone.addresses = {"web.example": (HERE, "168.63.129.16")}
        await desk.grant("web.example")
        alone = await desk.scanned("web.example")
        assert web.connections == 0
        refused = [line.reason for line in await desk.lines(alone.id) if line.state is CoverageState.NOT_TESTED]
        assert refused == [f"{address} is not within what was granted" for address in (HERE, "168.63.129.16")]
        await desk.grant(HERE)
        both = await desk.scanned("web.example")
    assert {one.asset for one in await desk.found(both.id)} == {"web.example"}
    assert "http_without_redirect" in {one.rule for one in await desk.found(both.id)}
    assert "spf_missing" in {one.rule for one in await desk.found(alone.id)}


async def test_a_name_that_leads_nowhere_is_not_reached(database: Database) -> None:
    desk = await desk_on(database, 80)
    await desk.grant("gone.example")
    scan = await desk.scanned("gone.example")
    assert of(await desk.lines(scan.id), "gone.example")["ports"] is CoverageState.NOT_REACHED


async def test_what_nothing_can_look_at_is_said_with_its_reason(database: Database) -> None:
    desk = await desk_on(database, free_port())
    await desk.grant("arn:aws:s3:::bucket", "oci://registry.example/app")
    await desk.grant(HERE, allows_pentest=True)
    cloud = await desk.scanned("arn:aws:s3:::bucket", "oci://registry.example/app:1")
    lines = await desk.lines(cloud.id)
    assert {(line.asset, line.engine, line.state) for line in lines} == {
        ("arn:aws:s3:::bucket", "cloud", CoverageState.NOT_TESTED),
        ("oci://registry.example/app:1", "image", CoverageState.NOT_TESTED),
    }
    assert all("no engine" in line.reason for line in lines)
    assert (await desk.scans.find(desk.ours, cloud.id)).state.value == "completed"
    pentest = await desk.scanned(HERE, profile=ProfileName.PENTEST)
    assert of(await desk.lines(pentest.id), HERE)["web_attacks"] is CoverageState.NOT_TESTED


async def test_a_grant_that_was_withdrawn_meanwhile_stops_the_next_part(database: Database) -> None:
    """Nothing is connected to for a scan whose grant has gone, though it was asked for in time."""
    async with listening(silent) as server:
        desk = await desk_on(database, server.port)
        await desk.grant(HERE, "web.example")
        scan = await desk.ask(HERE, "web.example")
        for grant in await desk.grants.list(desk.ours):
            await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
        await desk.work()
        assert server.connections == 0
    assert desk.zone.asked == []
    lines = await desk.lines(scan.id)
    assert {line.state for line in lines} == {CoverageState.NOT_TESTED}
    assert {line.asset for line in lines} == {HERE, "web.example"}


async def test_a_service_whose_grant_ends_between_two_parts_is_left_alone(database: Database) -> None:
    async with listening(greets(b"220 ready\r\n")) as server:
        desk = await desk_on(database, server.port)
        await desk.grant(HERE)
        scan = await desk.ask(HERE)
        run = await desk.claimed()
        permit = desk.grants.permit
        asked: list[int] = []

        async def ends_after_the_first(tenant_id: object) -> object:
            asked.append(1)
            if len(asked) == 2:
                (grant,) = await desk.grants.list(desk.ours)
                await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
            return await permit(tenant_id)  # type: ignore[arg-type] # handed on as it came

        desk.grants.permit = ends_after_the_first  # type: ignore[assignment, method-assign] # a grant that ends in between
        await desk.worker.work(run)
        assert server.connections == 1
    assert of(await desk.lines(scan.id), HERE)["services"] is CoverageState.NOT_TESTED


async def test_a_fault_of_an_engine_is_told_and_ends_nothing_else(database: Database) -> None:
    desk = await desk_on(database, 80)
    desk.zone.breaks_at = NINE[0]
    await desk.grant(*NINE)
    scan = await desk.scanned(*NINE)
    lines = await desk.lines(scan.id)
    assert of(lines, NINE[0]) == {"names": CoverageState.FAILED}
    assert of(lines, NINE[1])["names"] is CoverageState.COVERED


async def test_silent_addresses_of_a_network_are_one_line(database: Database) -> None:
    lines = [
        Coverage(f"10.1.0.{number}", "ports", CoverageState.NOT_REACHED, "no port answered") for number in range(3)
    ]
    covered = Coverage("10.1.0.9", "ports", CoverageState.COVERED)
    (first, second) = module._without_the_silent([lines[0], covered, *lines[1:]])
    assert (first, second.asset, second.state) == (covered, "10.1.0.0 to 10.1.0.2", CoverageState.NOT_REACHED)
    assert "3 addresses" in second.reason
    assert module._without_the_silent([covered, lines[0]]) == [covered, lines[0]]
    assert database is not None


class TestInterrupted:
    async def _hanging(self, desk: Desk) -> "tuple[JobRun, asyncio.Task[None]]":
        """A scan of nine names whose last name never answers."""
        desk.zone.hangs_at = NINE[8]
        await desk.grant(*NINE)
        await desk.ask(*NINE)
        run = await desk.claimed()
        task = asyncio.Task(desk.worker.work(run))
        await desk.zone.reached.wait()
        return run, task

    async def test_what_was_finished_is_not_done_again_after_a_crash(self, database: Database) -> None:
        desk = await desk_on(database, 80)
        run, task = await self._hanging(desk)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await desk.jobs.give_back(run.hold)
        before = list(desk.zone.asked)
        desk.zone.hangs_at = ""
        await desk.work()
        assert set(before) == set(NINE)
        assert set(desk.zone.asked[len(before) :]) == {NINE[8]}
        assert await look(desk.world.database, "SELECT count(*) FROM scan_chunks") == [(2,)]
        findings = await look(desk.world.database, "SELECT count(*) FROM scan_findings WHERE rule = 'spf_missing'")
        assert findings == [(9,)]

    async def test_who_ends_it_is_heard_within_the_part(self, database: Database) -> None:
        desk = await desk_on(database, 80)
        run, task = await self._hanging(desk)
        run.started(task)
        run.end(Ending.CANCELLED)
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_job_of_nobody_is_a_bug(database: Database) -> None:
    desk = await desk_on(database, 80)
    await desk.grant(HERE)
    await desk.ask(HERE)
    run = await desk.claimed()
    from dataclasses import replace  # noqa: PLC0415 - one test alone changes a job

    run.job = replace(run.job, reference=None)
    with pytest.raises(ValueError, match="belongs to a tenant"):
        await desk.worker.work(run)
