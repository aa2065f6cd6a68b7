"""Queues, topics, functions, trails and registries of images: who may use them, and whether they are kept up."""

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from cybervault.scans.cloud.client import Aws
from cybervault.scans.cloud.kind import (
    AbsentError,
    Hit,
    Kind,
    Question,
    Resource,
    json_pages,
    judged,
    pages,
    read,
    unless,
)
from cybervault.scans.cloud.policies import open_statements

_NO_FUNCTION: Final = frozenset({"ResourceNotFoundException"})
# Those that get no more fixes: "Lambda runtimes" of AWS's developer guide, deprecated by the end of 2025.
_ENDED: Final = frozenset(
    {
        "nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x",
        "nodejs16.x", "nodejs18.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "ruby2.5",
        "ruby2.7", "java8", "go1.x", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet5.0",
        "dotnet6", "dotnet7", "provided",
    }
)  # fmt: skip


class _Url(msgspec.Struct):
    QueueUrl: str


class _Attributes(msgspec.Struct):
    Attributes: dict[str, str]


class _Queues(msgspec.Struct):
    QueueUrls: list[str] | None = None
    NextToken: str | None = None


async def _queue(aws: Aws, resource: Resource) -> dict[str, str]:
    url = await aws.json("sqs", "GetQueueUrl", resource.region, sort=_Url, QueueName=resource.name)
    wish: dict[str, Any] = {"QueueUrl": url.QueueUrl, "AttributeNames": ["All"]}
    found = (await aws.json("sqs", "GetQueueAttributes", resource.region, sort=_Attributes, **wish)).Attributes
    if found.get("QueueArn") != resource.arn:
        raise AbsentError
    return found


def _queue_policy(queue: dict[str, str]) -> list[Hit]:
    found = read(open_statements, queue["Policy"]) if queue.get("Policy") else []
    return [("cloud_queue_public", "; ".join(found))] if found else []


def _queue_encryption(queue: dict[str, str]) -> list[Hit]:
    is_on = queue.get("SqsManagedSseEnabled") == "true" or queue.get("KmsMasterKeyId")
    return [] if is_on else [("cloud_messages_unencrypted", "")]


async def _queues(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in json_pages(aws, ("sqs", "ListQueues"), region, sort=_Queues):
        for one in answer.QueueUrls or []:
            yield one.rpartition("/")[2]


async def _topic(aws: Aws, resource: Resource) -> dict[str, str]:
    answer = await aws.query("sns", "GetTopicAttributes", resource.region, TopicArn=resource.arn)
    entries = answer.all("GetTopicAttributesResult/Attributes/entry")
    return {one.said("key"): one.said("value") for one in entries}


def _topic_policy(topic: dict[str, str]) -> list[Hit]:
    found = read(open_statements, topic["Policy"]) if topic.get("Policy") else []
    return [("cloud_topic_public", "; ".join(found))] if found else []


def _topic_encryption(topic: dict[str, str]) -> list[Hit]:
    return [] if topic.get("KmsMasterKeyId") else [("cloud_messages_unencrypted", "")]


async def _topics(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "sns", "ListTopics", region=region):
        for one in answer.all("ListTopicsResult/Topics/member"):
            yield one.said("TopicArn").rpartition(":")[2]


class _Configuration(msgspec.Struct):
    FunctionArn: str
    Runtime: str | None = None


class _Function(msgspec.Struct):
    Configuration: _Configuration


class _FunctionPolicy(msgspec.Struct):
    Policy: str


class _Functions(msgspec.Struct):
    Functions: list[_Configuration]
    NextMarker: str | None = None


async def _function(aws: Aws, resource: Resource) -> _Configuration:
    path = f"/2015-03-31/functions/{resource.name}"
    return (await aws.rest("lambda", resource.region, path, sort=_Function)).Configuration


async def _function_policy(aws: Aws, resource: Resource, _function: _Configuration) -> list[Hit]:
    path = f"/2015-03-31/functions/{resource.name}/policy"
    answer = await unless(_NO_FUNCTION, aws.rest("lambda", resource.region, path, sort=_FunctionPolicy))
    found = [] if answer is None else read(open_statements, answer.Policy)
    return [("cloud_function_public", "; ".join(found))] if found else []


def _runtime(function: _Configuration) -> list[Hit]:
    return (
        [("cloud_function_runtime_ended", function.Runtime)] if function.Runtime and function.Runtime in _ENDED else []
    )


async def _functions(aws: Aws, region: str) -> AsyncIterator[str]:
    marker: str | None = ""
    while marker is not None:
        turn = f"?Marker={marker}" if marker else ""
        answer = await aws.rest("lambda", region, f"/2015-03-31/functions/{turn}", sort=_Functions)
        for one in answer.Functions:
            yield f"function:{one.FunctionArn.rpartition(':')[2]}"
        marker = answer.NextMarker


class _Described(msgspec.Struct):
    TrailARN: str
    HomeRegion: str | None = None
    IsMultiRegionTrail: bool = False
    LogFileValidationEnabled: bool = False
    KmsKeyId: str | None = None


class _Trail(msgspec.Struct):
    Trail: _Described


class _Status(msgspec.Struct):
    IsLogging: bool


class _Trails(msgspec.Struct):
    trailList: list[_Described]  # noqa: N815 - as it is called


async def _trail(aws: Aws, resource: Resource) -> _Described:
    return (await aws.json("cloudtrail", "GetTrail", resource.region, sort=_Trail, Name=resource.arn)).Trail


async def _is_logging(aws: Aws, resource: Resource, _trail: _Described) -> list[Hit]:
    answer = await aws.json("cloudtrail", "GetTrailStatus", resource.region, sort=_Status, Name=resource.arn)
    return [] if answer.IsLogging else [("cloud_trail_stopped", "")]


def _regions(trail: _Described) -> list[Hit]:
    return [] if trail.IsMultiRegionTrail else [("cloud_trail_of_one_region", "")]


def _validation(trail: _Described) -> list[Hit]:
    return [] if trail.LogFileValidationEnabled else [("cloud_trail_without_validation", "")]


def _trail_encryption(trail: _Described) -> list[Hit]:
    return [] if trail.KmsKeyId else [("cloud_trail_without_own_key", "")]


async def is_recorded(aws: Aws) -> bool:
    """Whether a trail that covers all regions is running in the account."""
    wish: dict[str, Any] = {"includeShadowTrails": True}
    found = await aws.json("cloudtrail", "DescribeTrails", aws.home, sort=_Trails, **wish)
    for one in found.trailList:
        if one.IsMultiRegionTrail:
            region = one.HomeRegion or aws.home
            if (await aws.json("cloudtrail", "GetTrailStatus", region, sort=_Status, Name=one.TrailARN)).IsLogging:
                return True
    return False


async def _trails(aws: Aws, region: str) -> AsyncIterator[str]:
    wish: dict[str, Any] = {"includeShadowTrails": False}
    found = await aws.json("cloudtrail", "DescribeTrails", region, sort=_Trails, **wish)
    for one in found.trailList:
        yield one.TrailARN.rpartition(":")[2]


class _Scanning(msgspec.Struct):
    scanOnPush: bool = False  # noqa: N815 - as it is called


class _Repository(msgspec.Struct):
    repositoryName: str  # noqa: N815 - same
    imageTagMutability: str = "MUTABLE"  # noqa: N815 - same
    imageScanningConfiguration: _Scanning | None = None  # noqa: N815 - same


class _Repositories(msgspec.Struct):
    repositories: list[_Repository]
    nextToken: str | None = None  # noqa: N815 - same


class _RepositoryPolicy(msgspec.Struct):
    policyText: str  # noqa: N815 - same


async def _repository(aws: Aws, resource: Resource) -> _Repository:
    wish: dict[str, Any] = {"repositoryNames": [resource.name]}
    found = (await aws.json("ecr", "DescribeRepositories", resource.region, sort=_Repositories, **wish)).repositories
    if [one.repositoryName for one in found] != [resource.name]:
        raise AbsentError
    return found[0]


async def _repository_policy(aws: Aws, resource: Resource, _repository: _Repository) -> list[Hit]:
    wish = {"repositoryName": resource.name}
    asked = aws.json("ecr", "GetRepositoryPolicy", resource.region, sort=_RepositoryPolicy, **wish)
    answer = await unless(frozenset({"RepositoryPolicyNotFoundException"}), asked)
    found = [] if answer is None else read(open_statements, answer.policyText)
    return [("cloud_repository_public", "; ".join(found))] if found else []


def _scanning(repository: _Repository) -> list[Hit]:
    found = repository.imageScanningConfiguration
    return [] if found is not None and found.scanOnPush else [("cloud_repository_without_scan", "")]


def _tags(repository: _Repository) -> list[Hit]:
    is_fixed = repository.imageTagMutability.startswith("IMMUTABLE")
    return [] if is_fixed else [("cloud_repository_mutable_tags", "")]


async def _repositories(aws: Aws, region: str) -> AsyncIterator[str]:
    turn = ("nextToken", "nextToken")
    async for answer in json_pages(aws, ("ecr", "DescribeRepositories"), region, sort=_Repositories, turn=turn):
        for one in answer.repositories:
            yield f"repository/{one.repositoryName}"


QUEUE: Final = Kind(
    service="sqs",
    what="queue",
    pattern=re.compile(r"([A-Za-z0-9_-]{1,80}(?:\.fifo)?)"),
    absent=frozenset({"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}),
    find=_queue,
    questions=(
        Question("policy", ("cloud_queue_public",), judged(_queue_policy)),
        Question("encryption", ("cloud_messages_unencrypted",), judged(_queue_encryption)),
    ),
    all=_queues,
)
TOPIC: Final = Kind(
    service="sns",
    what="topic",
    pattern=re.compile(r"([A-Za-z0-9_-]{1,256}(?:\.fifo)?)"),
    absent=frozenset({"NotFound"}),
    find=_topic,
    questions=(
        Question("policy", ("cloud_topic_public",), judged(_topic_policy)),
        Question("encryption", ("cloud_messages_unencrypted",), judged(_topic_encryption)),
    ),
    all=_topics,
)
FUNCTION: Final = Kind(
    service="lambda",
    what="function",
    pattern=re.compile(r"function:([A-Za-z0-9_-]{1,64})"),
    absent=_NO_FUNCTION,
    find=_function,
    questions=(
        Question("policy", ("cloud_function_public",), _function_policy),
        Question("runtime", ("cloud_function_runtime_ended",), judged(_runtime)),
    ),
    all=_functions,
)
TRAIL: Final = Kind(
    service="cloudtrail",
    what="trail",
    pattern=re.compile(r"trail/([A-Za-z0-9._-]{3,128})"),
    absent=frozenset({"TrailNotFoundException"}),
    find=_trail,
    questions=(
        Question("logging", ("cloud_trail_stopped",), _is_logging),
        Question("regions", ("cloud_trail_of_one_region",), judged(_regions)),
        Question("validation", ("cloud_trail_without_validation",), judged(_validation)),
        Question("encryption", ("cloud_trail_without_own_key",), judged(_trail_encryption)),
    ),
    all=_trails,
)
REPOSITORY: Final = Kind(
    service="ecr",
    what="repository",
    pattern=re.compile(r"repository/([a-z0-9][a-z0-9._/-]{1,255})"),
    absent=frozenset({"RepositoryNotFoundException"}),
    find=_repository,
    questions=(
        Question("policy", ("cloud_repository_public",), _repository_policy),
        Question("scanning", ("cloud_repository_without_scan",), judged(_scanning)),
        Question("tags", ("cloud_repository_mutable_tags",), judged(_tags)),
    ),
    all=_repositories,
)
KINDS: Final = (QUEUE, TOPIC, FUNCTION, TRAIL, REPOSITORY)
