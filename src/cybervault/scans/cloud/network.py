"""Security groups and instances of EC2: what the internet can reach."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Final

from cybervault.scans.cloud.answers import Node
from cybervault.scans.cloud.client import REGION, Aws, CloudError
from cybervault.scans.cloud.kind import AbsentError, Hit, Kind, Question, Resource, judged, pages

_EVERYBODY: Final = frozenset({"0.0.0.0/0", "::/0"})
_DATABASES: Final = {
    1433: "SQL Server", 1521: "Oracle", 2375: "Docker", 2379: "etcd", 3306: "MySQL", 5432: "PostgreSQL",
    5601: "Kibana", 5984: "CouchDB", 6379: "Redis", 9042: "Cassandra", 9200: "Elasticsearch", 11211: "memcached",
    27017: "MongoDB",
}  # fmt: skip
_SSH, _RDP = 22, 3389
_WIDE_PORTS: Final = 1_024
"""A rule for more ports than this is one for everything."""


async def regions(aws: Aws) -> tuple[str, ...]:
    """Those that are enabled for the account; raises `CloudError`."""
    answer = await aws.query("ec2", "DescribeRegions", aws.home)
    found = tuple(one.said("regionName") for one in answer.all("regionInfo/item"))
    if not found or not all(REGION.fullmatch(one) for one in found):
        raise CloudError("what ec2 answered cannot be read")
    return found


async def _group(aws: Aws, resource: Resource) -> Node:
    answer = await aws.query("ec2", "DescribeSecurityGroups", resource.region, **{"GroupId.1": resource.name})
    return _one(answer.one("securityGroupInfo/item"), "groupId", resource)


def _one(found: Node | None, name: str, resource: Resource) -> Node:
    if found is None or found.said(name) != resource.name:
        raise AbsentError
    return found


def open_ports(group: Node) -> Iterator[tuple[str, int, int, str]]:
    """The protocol, first and last port of each rule that lets everybody in, and whom it calls so (pure)."""
    for rule in group.all("ipPermissions/item"):
        ranges = [
            *(one.said("cidrIp") for one in rule.all("ipRanges/item")),
            *(one.said("cidrIpv6") for one in rule.all("ipv6Ranges/item")),
        ]
        protocol = rule.said("ipProtocol")
        first, last = _port(rule.said("fromPort")), _port(rule.said("toPort"))
        for everybody in (one for one in ranges if one in _EVERYBODY):
            if protocol == "-1":
                yield "all protocols", 0, 65_535, everybody
            elif first is not None and last is not None:
                yield protocol, first, last, everybody


def _inbound(group: Node) -> list[Hit]:
    found: dict[str, list[str]] = {}
    for protocol, first, last, whom in open_ports(group):
        for rule, what in _named(protocol, first, last):
            found.setdefault(rule, []).append(f"{what} from {whom}")
    return [(rule, "; ".join(dict.fromkeys(evidence))) for rule, evidence in found.items()]


def _named(protocol: str, first: int, last: int) -> Iterator[Hit]:
    """The rules that an opening for everybody breaks."""
    ports = f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"
    if protocol not in {"tcp", "udp", "all protocols", "6", "17"}:
        return
    if last - first >= _WIDE_PORTS:
        yield "cloud_group_open", ports
    elif protocol in {"tcp", "6"}:
        if first <= _SSH <= last:
            yield "cloud_ssh_open", ports
        if first <= _RDP <= last:
            yield "cloud_rdp_open", ports
        for port, name in _DATABASES.items():
            if first <= port <= last:
                yield "cloud_database_open", f"{ports} ({name})"


def _port(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else None


async def _groups(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "ec2", "DescribeSecurityGroups", region=region, MaxResults="1000"):
        for one in answer.all("securityGroupInfo/item"):
            yield f"security-group/{one.said('groupId')}"


async def _instance(aws: Aws, resource: Resource) -> Node:
    answer = await aws.query("ec2", "DescribeInstances", resource.region, **{"InstanceId.1": resource.name})
    found = _one(answer.one("reservationSet/item/instancesSet/item"), "instanceId", resource)
    if found.said("instanceState/name") == "terminated":
        raise AbsentError
    return found


def _metadata(instance: Node) -> list[Hit]:
    options = instance.one("metadataOptions")
    if options is not None and (options.said("httpTokens") == "required" or options.said("httpEndpoint") == "disabled"):
        return []
    return [("cloud_instance_old_metadata", "tokens are optional")]


def _address(instance: Node) -> list[Hit]:
    address = instance.said("ipAddress")
    return [("cloud_instance_public", f"its public address is {address}")] if address else []


async def _volumes(aws: Aws, resource: Resource, instance: Node) -> list[Hit]:
    ids = [one.said("ebs/volumeId") for one in instance.all("blockDeviceMapping/item") if one.one("ebs") is not None]
    if not ids:
        return []
    wish = {f"VolumeId.{place}": one for place, one in enumerate(ids, 1)}
    answer = await aws.query("ec2", "DescribeVolumes", resource.region, **wish)
    plain = [one.said("volumeId") for one in answer.all("volumeSet/item") if one.said("encrypted") != "true"]
    return [("cloud_storage_unencrypted", f"volumes {', '.join(plain)}")] if plain else []


async def _instances(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "ec2", "DescribeInstances", region=region, MaxResults="1000"):
        for one in answer.all("reservationSet/item/instancesSet/item"):
            if one.said("instanceState/name") != "terminated":
                yield f"instance/{one.said('instanceId')}"


GROUP: Final = Kind(
    service="ec2",
    what="security group",
    pattern=re.compile(r"security-group/(sg-[0-9a-f]{8,17})"),
    absent=frozenset({"InvalidGroup.NotFound", "InvalidGroupId.Malformed"}),
    find=_group,
    questions=(
        Question(
            "inbound rules",
            ("cloud_ssh_open", "cloud_rdp_open", "cloud_database_open", "cloud_group_open"),
            judged(_inbound),
        ),
    ),
    all=_groups,
)
INSTANCE: Final = Kind(
    service="ec2",
    what="instance",
    pattern=re.compile(r"instance/(i-[0-9a-f]{8,17})"),
    absent=frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"}),
    find=_instance,
    questions=(
        Question("metadata service", ("cloud_instance_old_metadata",), judged(_metadata)),
        Question("public address", ("cloud_instance_public",), judged(_address)),
        Question("volumes", ("cloud_storage_unencrypted",), _volumes),
    ),
    all=_instances,
)
KINDS: Final = (GROUP, INSTANCE)
