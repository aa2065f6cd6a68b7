"""The work of a scan: real servers on loopback, parts that are kept, grants that end, and faults of every sort."""

import asyncio
import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from cybervault.domain.principals import TenantId
from cybervault.scans import worker as module
from cybervault.scans.engines import ENGINES, PROWLER, WAPITI, WHOLE
from cybervault.scans.exports import Form
from cybervault.scans.grant import Permit
from cybervault.scans.profiles import ProfileName
from cybervault.scans.scan import Scan
from cybervault.scans.seen import Coverage, CoverageState, Report
from cybervault.scans.toolbox import Toolbox
from cybervault.storage.database import Database
from cybervault.storage.job_run import Ending, JobRun
from tests.access.statements import look
from tests.confinement.parsers.test_layers import KEY
from tests.fakes.aws import ACCOUNT, ROOT, Cloud
from tests.fakes.processes import free_port
from tests.fakes.registry import DEBIAN, OPENSSL, Shelves, layer
from tests.fakes.scan_engines import stand_in
from tests.fakes.scanned import HTTP_BARE, Issue, answers, greets, listening, server_side, silent
from tests.scans.desk import NO_ENGINES, Desk, before_registry, desk_on, spots

HERE = "127.0.0.1"
# Addresses of this machine on which nothing listens and everything is refused at once.
BLOCK = "127.0.0.0/30"
NINE = tuple(f"h{number}.example" for number in range(9))


# What a scan keeps of the engines that its server has not.
ABSENT = msgspec.msgpack.encode([one.engine.name for one in NO_ENGINES.standings() if not one.is_usable])
BASE = layer({"var/lib/dpkg/status": OPENSSL, "etc/os-release": DEBIAN})
LEAKING = layer({"root/.ssh/id_rsa": KEY, "app/django.dist-info/METADATA": b"Name: Django\nVersion: 2.2.5\n"})
# In place of an engine that attacks: it asks for one page, by the proxy that it was told.
ATTACKER = """
import json, sys, urllib.request
url, proxy = (sys.argv[sys.argv.index(name) + 1] for name in ("--url", "--proxy"))
urllib.request.build_opener(urllib.request.ProxyHandler({"http": proxy})).open(url).read()
hole = {"SQL Injection": [{"method": "GET", "path": "/a", "parameter": "q"}]}
print("\\n" + json.dumps({"infos": {"crawled_pages_nbr": 1}, "vulnerabilities": hole, "anomalies": {}}, indent=2))
"""
TIDY = layer({"root/.ssh/.wh.id_rsa": b""})


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
    assert of(lines, HERE) == dict.fromkeys(
        ("ports", "services", "tls", "http", "ssh-audit", "sslyze", "nmap"), CoverageState.COVERED
    )
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
        refused = [line.reason for line in await desk.lines(alone.id) if line.engine == "ports"]
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
    await desk.grant("arn:aws:s3:::bucket")
    await desk.grant(HERE, allows_pentest=True)
    cloud = await desk.scanned("arn:aws:s3:::bucket")
    (line,) = [line for line in await desk.lines(cloud.id) if line.engine == "cloud"]
    assert (line.asset, line.engine, line.state) == ("arn:aws:s3:::bucket", "cloud", CoverageState.NOT_TESTED)
    assert "no account is connected" in line.reason
    assert (await desk.scans.find(desk.ours, cloud.id)).state.value == "completed"
    pentest = await desk.scanned(HERE, profile=ProfileName.PENTEST)
    (line,) = [line for line in await desk.lines(pentest.id) if line.engine == "wapiti"]
    assert (line.asset, line.state) == (HERE, CoverageState.NOT_TESTED)
    assert line.reason == "wapiti is not installed: cybervault scans engines install wapiti"


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
            if len(asked) == 3:  # the first says which engines are missing
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
    assert of(lines, NINE[0]) == {
        "names": CoverageState.FAILED,
        "ssh-audit": CoverageState.NOT_TESTED,
        "sslyze": CoverageState.NOT_TESTED,
        "nmap": CoverageState.NOT_TESTED,
    }
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


class TestPentest:
    """Attacks come last, two services a part, each allowed anew."""

    async def _begun(self, database: Database, folder: Path, *ports: int) -> tuple[Desk, Scan]:
        desk = await desk_on(database, *ports, toolbox=stand_in(folder, WAPITI, ATTACKER))
        await desk.grant(HERE, allows_pentest=True)
        return desk, await desk.ask(HERE, profile=ProfileName.PENTEST)

    async def test_web_servers_are_attacked_when_all_else_is_kept(self, database: Database, tmp_path: Path) -> None:
        async with (
            listening(answers(get=HTTP_BARE, head=HTTP_BARE)) as web,
            listening(greets(b"220 ready\r\n")) as ftp,
        ):
            desk, scan = await self._begun(database, tmp_path, web.port, ftp.port)
            still = [line for line in await desk.lines(scan.id) if line.engine == WAPITI]
            assert [(line.state, line.reason) for line in still] == [(CoverageState.NOT_REACHED, "still to come")]
            await desk.work()
        found = {(one.rule, one.place) for one in await desk.found(scan.id)}
        assert {("web_sql_injection", f"{web.port}/tcp /a (q)"), ("ftp_cleartext", f"{ftp.port}/tcp")} <= found
        lines = {line.places: line for line in await desk.lines(scan.id) if line.engine == WAPITI}
        assert {places: (line.state, line.reason) for places, line in lines.items()} == {
            (f"{web.port}/tcp",): (CoverageState.COVERED, ""),
            (f"{ftp.port}/tcp",): (CoverageState.COVERED, "nothing to look at"),
        }
        details = await desk.scans.details(await desk.scans.find(desk.ours, scan.id), most=1)
        assert [(phase.name, phase.done, phase.total) for phase in details.phases][-1] == (WAPITI, 1, 1)

    async def test_nobody_is_attacked_whose_grant_has_ended(self, database: Database, tmp_path: Path) -> None:
        async with listening(answers(get=HTTP_BARE, head=HTTP_BARE)) as web:
            desk, scan = await self._begun(database, tmp_path, web.port)
            run, permit, asked = await desk.claimed(), desk.grants.permit, list[int]()

            async def ends_before_the_attack(tenant_id: TenantId) -> Permit:
                asked.append(web.connections)
                if len(asked) == 4:  # engines that are missing, ports, services
                    (grant,) = await desk.grants.list(desk.ours)
                    await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
                return await permit(tenant_id)

            desk.grants.permit = ends_before_the_attack  # type: ignore[method-assign] # a grant that ends in between
            await desk.worker.work(run)
            assert (len(asked), web.connections) == (4, asked[-1])
        (line,) = [line for line in await desk.lines(scan.id) if line.engine == WAPITI]
        assert (line.state, line.reason) == (CoverageState.NOT_TESTED, "no grant covers it any longer")


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

    async def test_what_was_finished_is_not_done_again_after_a_crash(self, database: Database, tmp_path: Path) -> None:
        """Not even where an engine has come meanwhile: the parts of a scan stay the same."""
        toolbox = Toolbox(tmp_path, find=lambda _name: None, pins=lambda _engine: "")
        desk = await desk_on(database, 80, toolbox=toolbox)
        run, task = await self._hanging(desk)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await desk.jobs.give_back(run.hold)
        before = list(desk.zone.asked)
        desk.zone.hangs_at = ""
        for engine in ENGINES:
            stand_in(tmp_path, engine.name, "")
        await desk.work()
        assert set(before) == set(NINE)
        assert set(desk.zone.asked[len(before) :]) == {NINE[8]}
        assert await look(desk.world.database, "SELECT count(*) FROM scan_chunks") == [(3,)]
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


async def test_an_image_is_read_layer_by_layer_and_its_packages_judged(database: Database, tmp_path: Path) -> None:
    shelves = Shelves()
    digest = shelves.push("app:1", [BASE, LEAKING, TIDY], User="root", Env=["DB_PASSWORD=x"])
    async with before_registry(database, shelves, tmp_path) as (desk, image):
        scan = await desk.scanned(image)
        assert await spots(desk, scan) == dict.fromkeys(
            [
                ("image_runs_as_root", ""),
                ("image_secret_in_environment", "DB_PASSWORD"),
                # A later layer deletes it, and whoever has the image has it still.
                ("image_secret_in_file", "root/.ssh/id_rsa"),
                ("package_vulnerable", "pkg:deb/openssl CVE-2026-0001"),
                ("package_vulnerable", "pkg:pypi/django CVE-2026-0002"),
            ],
            "open",
        )
        severities = {one.place: one.severity.value for one in await desk.found(scan.id)}
        assert severities["pkg:pypi/django CVE-2026-0002"] == "critical"
        assert (scan.state.value, scan.progress) == ("completed", 1.0)
        states = {line.state for line in await desk.lines(scan.id) if line.engine not in WHOLE}
        document = json.loads(await desk.scans.file(scan, Form.CYCLONEDX))
        steps = await look(desk.world.database, "SELECT output FROM job_steps")
    assert states == {CoverageState.COVERED}
    assert document["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest.partition(":")[2]}]
    assert {one["name"] for one in document["components"]} == {"debian", "libssl3", "libc6", "Django"}
    assert {one["id"] for one in document["vulnerabilities"]} == {"CVE-2026-0001", "CVE-2026-0002"}
    # The packages have a row of their own, and are not kept beside it.
    reports = [raw for (raw,) in steps if raw != ABSENT]
    assert len(reports) == 6
    assert not any(msgspec.msgpack.decode(cast("bytes", raw), type=Report).inventories for raw in reports)


async def test_what_a_new_build_no_longer_has_is_resolved_and_what_was_not_read_stays(
    database: Database, tmp_path: Path
) -> None:
    shelves = Shelves()
    shelves.push("app:1", [BASE, LEAKING])
    async with before_registry(database, shelves, tmp_path) as (desk, image):
        first = await desk.scanned(image)
        shelves.push("app:1", [BASE])
        lost = dict(shelves.blobs)
        shelves.blobs = {digest: one for digest, one in lost.items() if one != BASE}
        await desk.scanned(image)
        assert set((await spots(desk, first)).values()) == {"open"}
        shelves.blobs = lost
        await desk.scanned(image)
        assert await spots(desk, first) == {
            ("image_secret_in_file", "root/.ssh/id_rsa"): "resolved",
            ("package_vulnerable", "pkg:pypi/django CVE-2026-0002"): "resolved",
            ("package_vulnerable", "pkg:deb/openssl CVE-2026-0001"): "open",
        }


async def test_no_layer_is_read_twice_whatever_happens_between(database: Database, tmp_path: Path) -> None:
    shelves = Shelves()
    shelves.push("app:1", [BASE, LEAKING, TIDY])
    async with before_registry(database, shelves, tmp_path) as (desk, image):
        await desk.ask(image)
        run = await desk.claimed()
        await desk.worker.work(run)
        asked = [path for path, _ in shelves.asked if "/blobs/" in path]
        await desk.jobs.give_back(run.hold)
        await desk.work()
        assert [path for path, _ in shelves.asked if "/blobs/" in path] == asked
        assert len(asked) == 4


async def test_an_image_whose_grant_was_withdrawn_is_left_alone(database: Database, tmp_path: Path) -> None:
    shelves = Shelves()
    shelves.push("app:1", [BASE])
    async with before_registry(database, shelves, tmp_path) as (desk, image):
        scan = await desk.ask(image)
        for grant in await desk.grants.list(desk.ours):
            await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
        await desk.work()
        assert shelves.asked == []
        assert {line.state for line in await desk.lines(scan.id)} == {CoverageState.NOT_TESTED}


async def test_compliance_asks_more_of_an_image(database: Database, tmp_path: Path) -> None:
    shelves = Shelves()
    shelves.push("app:1", [BASE], Healthcheck=None)
    async with before_registry(database, shelves, tmp_path) as (desk, image):
        scan = await desk.scanned(image, profile=ProfileName.COMPLIANCE)
        assert ("image_without_healthcheck", "") in await spots(desk, scan)


async def test_a_cloud_account_whose_grant_was_withdrawn_meanwhile_is_left_alone(
    database: Database, cloud: Cloud
) -> None:
    async with cloud.egress() as egress:
        desk = await desk_on(database, 80)
        desk.accounts.egress, desk.accounts.known = egress, {ACCOUNT: cloud.account()}
        queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:withdrawn"
        cloud.client("sqs").create_queue(QueueName="withdrawn")
        await desk.grant(ROOT)
        seen = await desk.scanned(queue)
        absent = {PROWLER: CoverageState.NOT_TESTED}
        assert of(await desk.lines(seen.id), queue) == absent | {"cloud": CoverageState.COVERED}
        scan = await desk.ask(ROOT, queue)
        (grant,) = await desk.grants.list(desk.ours)
        run, permit, asked = await desk.claimed(), desk.grants.permit, list[int]()

        async def ends_after_two(tenant_id: TenantId) -> Permit:
            asked.append(1)
            if len(asked) == 4:  # the first says which engines are missing
                await desk.grants.withdraw(desk.ours, grant.id, actor=desk.actor)
            return await permit(tenant_id)

        desk.grants.permit = ends_after_two  # type: ignore[method-assign] # a grant that ends in between
        await desk.worker.work(run)
        lines = await desk.lines(scan.id)
    gone = [line for line in lines if line.reason == "no grant covers it any longer"]
    assert {line.asset for line in gone} >= {ROOT, queue}
    assert of(lines, queue) == absent | {"cloud": CoverageState.NOT_TESTED}
    assert {("iam user",), ("sqs queue in eu-west-1",)} <= {line.places for line in gone}
    looked = [line for line in lines if line.state is CoverageState.COVERED]
    assert {line.asset for line in looked} == {ROOT}
