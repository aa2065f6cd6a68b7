"""Queues, topics, functions, trails, repositories: each rule broken and kept, at a server that speaks as AWS does."""

import io
import json
import zipfile
from typing import Any, Final

import pytest

from cybervault.scans.cloud.services import FUNCTION, QUEUE, REPOSITORY, TOPIC, TRAIL, is_recorded
from cybervault.scans.seen import CoverageState
from tests.fakes.aws import ACCOUNT, EVERYBODY, REGION, Cloud, lying

PUBLIC: Final = {"Version": "2012-10-17"} | json.loads(EVERYBODY % "sqs:SendMessage")


async def test_a_queue_is_judged_by_who_may_use_it_and_how_it_keeps(cloud: Cloud) -> None:
    sqs = cloud.client("sqs")
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
    sqs.create_queue(QueueName="bare", Attributes={"Policy": json.dumps(PUBLIC), "SqsManagedSseEnabled": "false"})
    sqs.create_queue(QueueName="kept", Attributes={"SqsManagedSseEnabled": "true"})
    found = await cloud.look(f"{arn}bare")
    assert found.rules == {
        "cloud_queue_public": "statement Open allows sqs:SendMessage", "cloud_messages_unencrypted": "",
    }  # fmt: skip
    found = await cloud.look(f"{arn}kept")
    assert (found.rules, found.covered) == ({}, {"policy", "encryption"})
    assert {"bare", "kept"} <= set(await cloud.listed(QUEUE))
    (line,) = (await cloud.look(f"{arn}gone")).lines
    assert line.reason == f"resource not found: account {ACCOUNT} has no such queue"


async def test_a_topic_is_judged_by_who_may_use_it_and_how_it_keeps(cloud: Cloud) -> None:
    sns = cloud.client("sns")
    bare = sns.create_topic(Name="bare", Attributes={"Policy": json.dumps(PUBLIC)})["TopicArn"]
    kept = sns.create_topic(Name="kept", Attributes={"KmsMasterKeyId": "alias/aws/sns"})["TopicArn"]
    found = await cloud.look(bare)
    assert found.rules == {
        "cloud_topic_public": "statement Open allows sqs:SendMessage", "cloud_messages_unencrypted": "",
    }  # fmt: skip
    found = await cloud.look(kept)
    assert (found.rules, found.covered) == ({}, {"policy", "encryption"})
    assert {"bare", "kept"} <= set(await cloud.listed(TOPIC))


async def test_a_function_is_judged_by_who_may_call_it_and_what_runs_it(cloud: Cloud) -> None:
    role = cloud.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "")
    functions = cloud.client("lambda")
    arns = {}
    for name, runtime in (("bare", "python3.8"), ("kept", "python3.13")):
        arns[name] = functions.create_function(
            FunctionName=name, Runtime=runtime, Role=role, Handler="index.handler", Code={"ZipFile": packed.getvalue()}
        )["FunctionArn"]
    functions.add_permission(FunctionName="bare", StatementId="s", Action="lambda:InvokeFunction", Principal="*")
    found = await cloud.look(arns["bare"])
    assert found.rules == {
        "cloud_function_public": "statement s allows lambda:InvokeFunction",
        "cloud_function_runtime_ended": "python3.8",
    }
    found = await cloud.look(arns["kept"])
    assert (found.rules, found.covered) == ({}, {"policy", "runtime"})
    assert {"function:bare", "function:kept"} <= set(await cloud.listed(FUNCTION))
    (line,) = (await cloud.look(f"{arns['kept']}2")).lines
    assert line.state is CoverageState.NOT_REACHED


async def test_a_trail_is_judged_by_what_it_sees_and_whether_that_can_be_trusted(cloud: Cloud) -> None:
    cloud.client("s3", "us-east-1").create_bucket(Bucket="trails-of-tests")
    trails = cloud.client("cloudtrail")
    bare = trails.create_trail(Name="bare", S3BucketName="trails-of-tests")["TrailARN"]
    kept = trails.create_trail(
        Name="kept", S3BucketName="trails-of-tests", IsMultiRegionTrail=True, EnableLogFileValidation=True,
        KmsKeyId=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1",
    )["TrailARN"]  # fmt: skip
    trails.start_logging(Name="kept")
    found = await cloud.look(bare)
    assert found.rules.keys() == {
        "cloud_trail_stopped", "cloud_trail_of_one_region", "cloud_trail_without_validation",
        "cloud_trail_without_own_key",
    }  # fmt: skip
    found = await cloud.look(kept)
    assert (found.rules, found.covered) == ({}, {"logging", "regions", "validation", "encryption"})
    assert {"trail/bare", "trail/kept"} <= set(await cloud.listed(TRAIL))
    async with cloud.egress() as egress:
        aws = await cloud.aws(egress)
        assert await is_recorded(aws)
        trails.stop_logging(Name="kept")
        assert not await is_recorded(aws)


async def test_a_repository_is_judged_by_who_reads_it_and_what_may_be_in_it(cloud: Cloud) -> None:
    ecr = cloud.client("ecr")
    made: dict[str, Any] = {"imageScanningConfiguration": {"scanOnPush": True}, "imageTagMutability": "IMMUTABLE"}
    bare = ecr.create_repository(repositoryName="team/bare")["repository"]["repositoryArn"]
    kept = ecr.create_repository(repositoryName="team/kept", **made)["repository"]["repositoryArn"]
    ecr.set_repository_policy(repositoryName="team/bare", policyText=json.dumps(PUBLIC))
    found = await cloud.look(bare)
    assert found.rules.keys() == {
        "cloud_repository_public", "cloud_repository_without_scan", "cloud_repository_mutable_tags",
    }  # fmt: skip
    found = await cloud.look(kept)
    assert (found.rules, found.covered) == ({}, {"policy", "scanning", "tags"})
    assert {"repository/team/bare", "repository/team/kept"} <= set(await cloud.listed(REPOSITORY))
    (line,) = (await cloud.look(f"{kept}2")).lines
    assert line.state is CoverageState.NOT_REACHED


@pytest.mark.parametrize(
    ("resource", "answers"),
    [
        ("sqs:eu-west-1:123456789012:q", {"GetQueueUrl": (200, '{"QueueUrl": "https://elsewhere/q"}'),
                                          "GetQueueAttributes": (200, '{"Attributes": {"QueueArn": "another"}}')}),
        ("ecr:eu-west-1:123456789012:repository/app", {"DescribeRepositories": (200, '{"repositories": []}')}),
    ],
)  # fmt: skip
async def test_another_than_was_asked_for_is_not_it(resource: str, answers: dict[str, tuple[int, str]]) -> None:
    with lying(answers) as (cloud, _):
        (line,) = (await cloud.look(f"arn:aws:{resource}")).lines
    assert line.state is CoverageState.NOT_REACHED
