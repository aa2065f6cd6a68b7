"""Looks at resources and accounts: what was found, what was refused, what is not there, what nobody looks at."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.cloud.client import Aws
from cybervault.scans.cloud.whole import ROOT as KIND_OF_ACCOUNT
from cybervault.scans.engines import CLOUD
from cybervault.scans.engines import cloud as module
from cybervault.scans.engines.cloud import KINDS, kind_of, list_area, look_at_account, look_at_resource
from cybervault.scans.rules import scan_rules
from cybervault.scans.seen import CloudArea, Coverage, CoverageState, Report
from cybervault.scans.targets import parse_target
from cybervault.storage.database import Database
from tests.fakes.aws import ACCOUNT, EVERYBODY, REGION, ROOT, Cloud, lying
from tests.fakes.clock import HandClock
from tests.scans.desk import Desk, desk_on

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
DENIED = (403, '{"__type": "AccessDeniedException"}')


async def whole(cloud: Cloud, *, has_compliance_rules: bool, **named: object) -> Report:
    async with cloud.egress() as egress:
        accounts = Accounts(egress, {ACCOUNT: cloud.account(**named)}, HandClock(), pause_seconds=0)
        return await look_at_account(parse_target(ROOT), accounts, has_compliance_rules=has_compliance_rules)


async def listed(cloud: Cloud, kind: str, region: str = "") -> Report:
    async with cloud.egress() as egress:
        accounts = Accounts(egress, {ACCOUNT: cloud.account()}, HandClock(), pause_seconds=0)
        return await list_area(CloudArea(ROOT, kind, region), accounts)


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        (f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1", "nothing looks at such a resource: ec2 volume"),
        (f"arn:aws:sqs::{ACCOUNT}:orders", "the ARN of a queue names its region"),
        ("arn:aws:sqs:eu-west-1:210987654321:orders", "account 210987654321 is not connected"),
        ("arn:aws:s3:::bucket/key", "nothing looks at such a resource: s3 bucket"),
    ],
)
async def test_what_cannot_be_asked_is_not_tested(arn: str, reason: str) -> None:
    with lying() as (cloud, lies):
        (line,) = (await cloud.look(arn)).lines
        assert lies.asked == []
    assert line.state is CoverageState.NOT_TESTED
    assert line.reason.startswith(reason)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (DENIED, CoverageState.NOT_TESTED, "sqs answered AccessDeniedException"),
        ((500, "<html/>"), CoverageState.NOT_TESTED, "sqs answered status 500"),
        ((400, '{"__type": "ThrottlingException"}'), CoverageState.NOT_TESTED, "sqs answered ThrottlingException"),
        ((400, '{"__type": "com.amazonaws.sqs#QueueDoesNotExist"}'), CoverageState.NOT_REACHED,
         f"resource not found: account {ACCOUNT} has no such queue"),
    ],
)  # fmt: skip
async def test_a_no_is_never_clean(answer: tuple[int, str], state: CoverageState, reason: str) -> None:
    with lying({"GetQueueUrl": answer}) as (cloud, _):
        report = await cloud.report(QUEUE)
    assert report.coverage == [Coverage(QUEUE, "cloud", state, reason)]
    assert [one.places for one in report.closed] == ([("policy", "encryption")] if "found" in reason else [])


async def test_a_bucket_is_looked_for_in_every_account_that_is_connected() -> None:
    """Its ARN names none; the second of them is another's, so that whether it exists there stays unknown."""
    other = "210987654321"
    with lying({"/bucket": (404, "")}) as (cloud, lies):
        async with cloud.egress() as egress:
            known = {ACCOUNT: cloud.account(), other: cloud.account(number=other)}
            accounts = Accounts(egress, known, HandClock(), pause_seconds=0)
            target = parse_target("arn:aws:s3:::bucket")
            report = await look_at_resource(target, accounts, has_compliance_rules=False)
            (line,) = report.coverage
            assert (line.state, report.closed) == (CoverageState.NOT_TESTED, [])
            assert line.reason == f"the key of account {other} leads to another account"
            del known[other]
            lies.answers["/bucket"] = (403, "")
            (line,) = (await look_at_resource(target, accounts, has_compliance_rules=False)).coverage
    assert (line.state, line.reason) == (CoverageState.NOT_TESTED, "s3 answered status 403")


async def test_what_only_compliance_asks_about_is_not_clean_without_it(cloud: Cloud) -> None:
    cloud.client("dynamodb").create_table(
        TableName="seldom", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    report = await cloud.report(f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/seldom", has_compliance_rules=False)
    (line,) = report.coverage
    assert (line.state, line.reason) == (
        CoverageState.NOT_TESTED, "only the profile compliance asks about a table",
    )  # fmt: skip
    cloud.client("sqs").create_queue(QueueName="plain", Attributes={"SqsManagedSseEnabled": "false"})
    report = await cloud.report(f"arn:aws:sqs:{REGION}:{ACCOUNT}:plain", has_compliance_rules=False)
    assert [(one.state, one.places) for one in report.coverage] == [(CoverageState.COVERED, ("policy",))]
    assert report.seen == []


class TestAccount:
    async def test_is_cut_into_kinds_and_regions(self, cloud: Cloud) -> None:
        report = await whole(cloud, has_compliance_rules=False, regions=("eu-west-1", "us-east-1"))
        places = {one.place for one in report.areas}
        assert {"s3 bucket", "iam user", "ec2 instance in eu-west-1", "ec2 instance in us-east-1"} <= places
        assert not any("dynamodb" in place for place in places)  # nothing critical is asked about it
        assert {one.rule for one in report.seen} >= {"cloud_root_without_mfa"}
        assert "password policy" not in {place for one in report.coverage for place in one.places}
        every = await whole(cloud, has_compliance_rules=True, regions=())
        assert "dynamodb table in ap-southeast-2" in {one.place for one in every.areas}

    async def test_whose_regions_nobody_tells_is_not_clean(self) -> None:
        with lying({"DescribeRegions": DENIED}) as (cloud, _):
            report = await whole(cloud, has_compliance_rules=False, regions=())
        assert report.areas == []
        assert report.coverage[-1].reason == "its regions are not known: ec2 answered AccessDeniedException"
        with lying({"GetCallerIdentity": DENIED}) as (cloud, _):
            report = await whole(cloud, has_compliance_rules=False)
        assert {one.state for one in report.coverage} == {CoverageState.NOT_TESTED}

    async def test_lists_what_is_in_it_by_their_arns(self, cloud: Cloud) -> None:
        cloud.client("s3", "us-east-1").create_bucket(Bucket="listed-bucket")
        cloud.client("iam").create_user(UserName="listed", Path="/team/")
        cloud.client("iam").create_role(RoleName="listed", AssumeRolePolicyDocument="{}")
        cloud.client("sqs").create_queue(QueueName="listed")
        found = {
            "s3 bucket": "arn:aws:s3:::listed-bucket",
            "iam user": f"arn:aws:iam::{ACCOUNT}:user/team/listed",
            "iam role": f"arn:aws:iam::{ACCOUNT}:role/listed",
        }
        for kind, arn in found.items():
            report = await listed(cloud, kind)
            assert arn in [one.arn for one in report.resources]
            (line,) = report.coverage
            assert (line.state, line.places) == (CoverageState.COVERED, (kind,))
        report = await listed(cloud, "sqs queue", REGION)
        assert f"arn:aws:sqs:{REGION}:{ACCOUNT}:listed" in [one.arn for one in report.resources]

    async def test_every_kind_can_be_listed(self, cloud: Cloud) -> None:
        for kind in KINDS:
            report = await listed(cloud, module._name(kind), "" if kind.is_global else REGION)
            assert [line.state for line in report.coverage] == [CoverageState.COVERED]

    async def test_what_was_not_all_listed_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        names = [f"https://sqs/{ACCOUNT}/q{number}" for number in range(5)]
        with lying({"ListQueues": (200, json.dumps({"QueueUrls": names}))}) as (cloud, lies):
            monkeypatch.setattr(module, "RESOURCES_MAX", 3)
            report = await listed(cloud, "sqs queue", REGION)
            assert (len(report.resources), report.coverage[0].state) == (3, CoverageState.NOT_TESTED)
            assert report.coverage[0].reason == "not all were listed: there are more than 3"
            lies.answers["ListQueues"] = (200, json.dumps({"QueueUrls": ["https://sqs/1/<script>"]}))
            report = await listed(cloud, "sqs queue", REGION)
            assert (report.resources, report.coverage[0].reason) == (
                [], "not all were listed: a name of sqs cannot be read",
            )  # fmt: skip
            lies.answers["ListQueues"] = DENIED
            report = await listed(cloud, "sqs queue", REGION)
        assert report.coverage[0].reason == "not all were listed: sqs answered AccessDeniedException"


def test_each_question_asks_for_rules_of_one_profile() -> None:
    for kind in (KIND_OF_ACCOUNT, *KINDS):
        for question in kind.questions:
            assert len({scan_rules()[name].is_of_compliance for name in question.rules}) == 1
        assert len({question.aspect for question in kind.questions}) == len(kind.questions)
    assert kind_of(parse_target(ROOT).arn) == (KIND_OF_ACCOUNT, "root")


class TestScans:
    OTHER = "210987654321"
    WHOLE = f"arn:aws:iam::{OTHER}:root"
    QUEUE = f"arn:aws:sqs:eu-west-1:{OTHER}:orders"

    @asynccontextmanager
    async def _desk(self, database: Database, cloud: Cloud) -> AsyncIterator[Desk]:
        """An account of which a role is taken on, granted as a whole."""
        async with cloud.egress() as egress:
            desk = await desk_on(database, 80)
            role = f"arn:aws:iam::{self.OTHER}:role/reader"
            desk.accounts.egress, desk.accounts.known = (
                egress,
                {self.OTHER: cloud.account(number=self.OTHER, role=role, external_id="ours")},
            )
            await desk.grant(self.WHOLE)
            yield desk

    @staticmethod
    def _of_us(lines: tuple[Coverage, ...]) -> list[Coverage]:
        """Without those of an engine that is not here."""
        return [line for line in lines if line.engine == CLOUD]

    async def test_a_finding_is_resolved_where_it_was_looked_at_again(self, database: Database, cloud: Cloud) -> None:
        sqs = cloud.elsewhere(self.OTHER, "sqs")
        url = sqs.create_queue(QueueName="orders", Attributes={"Policy": EVERYBODY % "sqs:*"})["QueueUrl"]
        async with self._desk(database, cloud) as desk:
            first = await desk.scanned(self.QUEUE)
            assert {(one.rule, one.place) for one in await desk.found(first.id)} == {("cloud_queue_public", "policy")}
            with lying({"GetQueueUrl": (403, '{"__type": "AccessDenied"}')}) as (denying, lies):
                caller = lies.answers["GetCallerIdentity"][1].replace(ACCOUNT, self.OTHER)
                lies.answers["GetCallerIdentity"] = (200, caller)
                async with denying.egress() as egress:
                    kept = desk.accounts.egress, desk.accounts.known
                    desk.accounts.egress = egress
                    desk.accounts.known = {self.OTHER: denying.account(number=self.OTHER)}
                    desk.accounts._entered.clear()
                    denied = await desk.scanned(self.QUEUE)
                desk.accounts.egress, desk.accounts.known = kept
                desk.accounts._entered.clear()
            (line,) = self._of_us(await desk.lines(denied.id))
            assert (line.state, line.reason) == (CoverageState.NOT_TESTED, "sqs answered AccessDenied")
            assert [one.status.value for one in await desk.found(first.id)] == ["open"]
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
            await desk.scanned(self.QUEUE)
            assert [one.status.value for one in await desk.found(first.id)] == ["resolved"]
            sqs.delete_queue(QueueUrl=url)
            (line,) = self._of_us(await desk.lines((await desk.scanned(self.QUEUE)).id))
            assert (line.state, line.reason) == (
                CoverageState.NOT_REACHED, f"resource not found: account {self.OTHER} has no such queue",
            )  # fmt: skip

    async def test_of_a_whole_account_no_finished_part_is_done_again(
        self, database: Database, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sqs = cloud.elsewhere(self.OTHER, "sqs")
        for number in range(17):
            sqs.create_queue(QueueName=f"whole{number}")
        sqs.create_queue(QueueName="whole-open", Attributes={"Policy": EVERYBODY % "sqs:*"})
        async with self._desk(database, cloud) as desk:
            scan = await desk.ask(self.WHOLE)
            done = await self._until_the_second_part_of_resources(desk)
            assert f"listing: {self.WHOLE}: sqs queue in eu-west-1" in done
            asked, entered = list[str](), Accounts.entered

            async def counted(accounts: Accounts, number: str, partition: str) -> Aws:
                asked.append(number)
                return await entered(accounts, number, partition)

            monkeypatch.setattr(Accounts, "entered", counted)
            await desk.work()
            ended = await desk.scans.find(desk.ours, scan.id)
            lines = await desk.lines(scan.id)
            found = {(one.asset.rpartition(":")[2], one.rule) for one in await desk.found(scan.id)}
        assert (ended.state.value, ended.progress) == ("completed", 1.0)
        resources = {line.asset for line in lines} - {self.WHOLE}
        assert len([one for one in resources if one.startswith("arn:aws:sqs")]) == 18
        # Sixteen were looked at before the crash; the account and its lists, too.
        assert len(asked) == len(resources) - 16
        assert ("whole-open", "cloud_queue_public") in found

    async def _until_the_second_part_of_resources(self, desk: Desk) -> list[str]:
        """What was done of a scan whose process then died."""
        run, done = await desk.claimed(), list[str]()
        step = run.step

        async def dies(name: str, work: Callable[[], Awaitable[bytes]], **said: Any) -> bytes:  # noqa: ANN401 - its own
            doing = str(said.get("doing"))
            if doing.startswith("cloud: ") and done[-1].startswith("cloud: "):
                process.cancel()
                await asyncio.Event().wait()
            done.append(doing)
            return await step(name, work, **said)

        run.step = dies  # type: ignore[method-assign] # a crash in between
        process = asyncio.Task(desk.worker.work(run))
        with pytest.raises(asyncio.CancelledError):
            await process
        await desk.jobs.give_back(run.hold)
        return done
