"""prowler beside our own reader: what it is handed, what is said where it fails, and it before a made-up AWS."""

import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from cybervault.domain.clock import SystemClock
from cybervault.scans.apart import Apart
from cybervault.scans.beside import look_by_prowler
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.engines import CLOUD, PROWLER
from cybervault.scans.engines.prowler import SERVICES
from cybervault.scans.seen import CoverageState, Report
from cybervault.scans.targets import parse_target
from cybervault.scans.toolbox import Toolbox
from cybervault.storage.database import Database
from tests.fakes.aws import ACCOUNT, REGION, ROOT, Cloud, lying, moto
from tests.fakes.scan_engines import real_toolbox, stand_in
from tests.scans.desk import NO_ENGINES, desk_on

QUEUE: Final = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
RESULT: Final = {
    "check": "sqs_queues_not_publicly_accessible", "status": "FAIL", "arn": QUEUE, "severity": "critical",
}  # fmt: skip
# In place of the driver: its words stand behind that of the interpreter and its own.
DELETES: Final = """
import json, socket, sys
one = socket.create_connection(("127.0.0.1", int(sys.argv[3])))
asked = {"token": sys.argv[4], "method": "DELETE", "url": "https://s3.eu-west-1.amazonaws.com/b", "headers": {}}
one.sendall(json.dumps(asked).encode() + b"\\n")
one.recv(1000)
"""
SAYS: Final = f"print({json.dumps(json.dumps(RESULT))}); print('{{\"percent\": 100.0}}')"


async def looked(toolbox: Toolbox, cloud: Cloud, arn: str = QUEUE, service: str = "") -> Report:
    async with cloud.egress() as egress:
        accounts = Accounts(egress, {ACCOUNT: cloud.account()}, SystemClock(), pause_seconds=0)
        target = parse_target(arn)
        return await look_by_prowler(
            target, service, accounts=accounts, apart=Apart(toolbox), has_compliance_rules=True
        )  # fmt: skip


async def test_it_is_told_where_the_relay_is_and_never_the_key(tmp_path: Path) -> None:
    says = f"print(json.dumps({RESULT} | {{'said': repr((sys.argv[3:], dict(os.environ)))}}))"
    script = f"import json, os, sys; {says}; {SAYS.partition('; ')[2]}"
    with lying() as (cloud, _):
        report = await looked(stand_in(tmp_path, PROWLER, script), cloud)
        whole = await looked(stand_in(tmp_path, PROWLER, script), cloud, ROOT, "sqs")
    assert [(one.asset, one.rule, one.place) for one in report.seen] == [(QUEUE, "cloud_queue_public", "policy")]
    assert [line.state for line in report.coverage] == [CoverageState.COVERED]
    assert [one.asset for one in whole.seen] == [QUEUE]
    said = whole.seen[0].evidence
    assert "'eu-west-1', 'service', 'sqs'" in said
    assert "testing" not in said


@pytest.mark.parametrize(
    ("script", "state", "reason"),
    [
        ("import os; os.abort()", CoverageState.FAILED, "it crashed (Aborted)"),
        (f"{SAYS}; print('x' * 40_000_000)", CoverageState.FAILED, "it wrote more than 32 MiB"),
        ("print('nothing')", CoverageState.FAILED, "it broke off"),
        (
            DELETES + SAYS,
            CoverageState.NOT_TESTED,
            "requests that do not plainly read, and were not sent: 1",
        ),
    ],
    ids=["dies", "floods", "says nothing", "deletes"],
)
async def test_one_that_does_not_do_its_work_is_told(
    tmp_path: Path, script: str, state: CoverageState, reason: str
) -> None:
    with lying() as (cloud, lies):
        line = (await looked(stand_in(tmp_path, PROWLER, script), cloud)).coverage[-1]
    assert (line.state, line.reason) == (state, reason)
    assert len(lies.asked) == 1  # our own question whose key it is


async def test_where_it_is_not_or_nobody_may_be_asked_that_is_said(tmp_path: Path) -> None:
    with lying() as (cloud, _):
        (line,) = (await looked(NO_ENGINES, cloud)).coverage
        assert (line.state, line.reason[:12]) == (CoverageState.NOT_TESTED, "it was there")
        toolbox = stand_in(tmp_path, PROWLER, SAYS)
        (line,) = (await looked(toolbox, cloud, "arn:aws:sqs:eu-west-1:999999999999:q")).coverage
        assert "is not connected" in line.reason
        (line,) = (await looked(toolbox, cloud, "arn:aws:s3:::gone")).coverage
        assert (line.state, line.reason[:11]) == (CoverageState.NOT_TESTED, "s3 answered")


# One result for each service of an account; at "ec2" it comes to no end while it is told to hang.
TELLS: Final = """
import json, sys, time
service = sys.argv[-1]
if service == HANGS:
    time.sleep(600)
arn = f"arn:aws:sqs:eu-west-1:NUMBER:{service}"
told = {"check": f"{service}_open", "status": "FAIL", "arn": arn, "severity": "high", "title": "Shut", "said": WORD}
print(json.dumps(told))
print('{"percent": 100.0}')
"""


def telling(folder: Path, word: str, hangs: str = "") -> Toolbox:
    script = TELLS.replace("NUMBER", ACCOUNT).replace("HANGS", repr(hangs)).replace("WORD", repr(word))
    return stand_in(folder, PROWLER, script)


def at_work(folder: Path) -> list[str]:
    """The processes of engines below a folder, which their command names."""
    found = []
    for place in Path("/proc").iterdir():
        with suppress(OSError):
            if place.name.isdigit() and str(folder).encode() in (place / "cmdline").read_bytes():
                found.append(place.name)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not show what runs")
async def test_who_takes_over_a_scan_goes_on_with_the_service_that_its_prowler_was_in(
    database: Database, tmp_path: Path
) -> None:
    """What was said of the services before stays as it was; the process that was under way is gone with its worker."""
    with lying() as (cloud, _):
        async with cloud.egress() as egress:
            desk = await desk_on(database, 80, toolbox=telling(tmp_path, "before", hangs="ec2"))
            desk.accounts.egress, desk.accounts.known = egress, {ACCOUNT: cloud.account()}
            await desk.grant(ROOT)
            scan = await desk.ask(ROOT)
            run = await desk.claimed()
            process = asyncio.Task(desk.worker.work(run))
            while not any(one.endswith("ec2") for one in map(_command, at_work(tmp_path))):  # noqa: ASYNC110 - same
                await asyncio.sleep(0.02)
            process.cancel()
            with pytest.raises(asyncio.CancelledError):
                await process
            while at_work(tmp_path):  # noqa: ASYNC110 - same
                await asyncio.sleep(0.02)
            await desk.jobs.give_back(run.hold)
            telling(tmp_path, "after")
            await desk.work()
            ended = await desk.scans.find(desk.ours, scan.id)
            found = {one.rule: one.evidence for one in await desk.found(scan.id) if one.engines == (PROWLER,)}
    assert (ended.state.value, ended.progress) == ("completed", 1.0)
    assert found == {f"aws_{one}_open": ("after",) for one in SERVICES} | {"aws_s3_open": ("before",)}


def _command(process: str) -> str:
    with suppress(OSError):
        return Path("/proc", process, "cmdline").read_bytes().decode().rstrip("\0")
    return ""


@pytest.mark.full
async def test_a_scan_with_the_engine_itself_comes_to_findings_of_both_and_resolves_them(database: Database) -> None:
    toolbox = real_toolbox(PROWLER)
    with moto() as cloud:
        ec2 = cloud.client("ec2")
        group = ec2.create_security_group(GroupName="for a while", Description="to all")["GroupId"]
        anybody = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=anybody)
        arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/{group}"
        async with cloud.egress() as egress:
            desk = await desk_on(database, 80, toolbox=toolbox)
            desk.accounts.egress, desk.accounts.known = egress, {ACCOUNT: cloud.account()}
            await desk.grant(ROOT)
            scan = await desk.scanned(arn)
            spots = {(one.rule, one.place): one for one in await desk.found(scan.id)}
            assert spots["cloud_ssh_open", "inbound rules"].engines == (CLOUD, PROWLER)
            own = [rule for (rule, _), one in spots.items() if one.engines == (PROWLER,)]
            assert all(rule.startswith("aws_ec2_") for rule in own)
            lines = await desk.lines(scan.id)
            assert {line.asset for line in lines} == {arn}
            covered = {line.engine: line.places for line in lines if line.state is CoverageState.COVERED}
            assert covered.keys() == {CLOUD, PROWLER}
            # Some of what it would ask is no plain reading, which is said.
            (rest,) = [line for line in lines if line.state is not CoverageState.COVERED]
            assert (rest.engine, rest.state, rest.places) == (PROWLER, CoverageState.NOT_TESTED, ("requests",))
            asked = covered[PROWLER]
            assert "inbound rules" in asked
            assert len(asked) > len(own)
            ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=anybody)
            await desk.scanned(arn)
            after = {(one.rule, one.place): one.status.value for one in await desk.found(scan.id)}
            assert after["cloud_ssh_open", "inbound rules"] == "resolved"
        ec2.delete_security_group(GroupId=group)


@pytest.mark.full
async def test_the_engine_itself_sees_what_is_open_and_what_is_not_there() -> None:
    toolbox = real_toolbox(PROWLER)
    with moto() as cloud:
        ec2 = cloud.client("ec2")
        group = ec2.create_security_group(GroupName="open", Description="to all")["GroupId"]
        anybody = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=anybody)
        arn = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/{group}"
        report = await looked(toolbox, cloud, arn)
        assert ("cloud_ssh_open", "inbound rules") in {(one.rule, one.place) for one in report.seen}
        gone = await looked(toolbox, cloud, QUEUE)
        assert [(line.state, line.reason) for line in gone.coverage] == [
            (CoverageState.FAILED, "it said nothing about this")
        ]
