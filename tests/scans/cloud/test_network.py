"""Security groups and instances: what everybody can reach, at a server that speaks as AWS does."""

from typing import Any

import pytest

from cybervault.scans.cloud.answers import xml_of
from cybervault.scans.cloud.network import GROUP, INSTANCE, open_ports, regions
from tests.fakes.aws import ACCOUNT, REGION, Cloud, lied_to, lying

PREFIX = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
EVERYBODY = [{"CidrIp": "0.0.0.0/0"}]


def group(cloud: Cloud, name: str, *rules: dict[str, Any]) -> str:
    ec2 = cloud.client("ec2")
    made = ec2.create_security_group(GroupName=name, Description="tests")["GroupId"]
    if rules:
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=list(rules))
    return f"{PREFIX}:security-group/{made}"


def tcp(first: int, last: int, **whom: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 wants it
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last} | (whom or {"IpRanges": EVERYBODY})


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([tcp(22, 22)], {"cloud_ssh_open": "tcp 22 from 0.0.0.0/0"}),
        ([tcp(20, 30, Ipv6Ranges=[{"CidrIpv6": "::/0"}])], {"cloud_ssh_open": "tcp 20 to 30 from ::/0"}),
        ([tcp(3389, 3389)], {"cloud_rdp_open": "tcp 3389 from 0.0.0.0/0"}),
        ([tcp(5432, 5432), tcp(6379, 6379)],
         {"cloud_database_open": "tcp 5432 (PostgreSQL) from 0.0.0.0/0; tcp 6379 (Redis) from 0.0.0.0/0"}),
        ([{"IpProtocol": "-1", "IpRanges": EVERYBODY}],
         {"cloud_group_open": "all protocols 0 to 65535 from 0.0.0.0/0"}),
        ([tcp(0, 65_535)], {"cloud_group_open": "tcp 0 to 65535 from 0.0.0.0/0"}),
        ([], {}),
        ([tcp(443, 443), tcp(80, 80)], {}),
        ([tcp(22, 22, IpRanges=[{"CidrIp": "10.0.0.0/8"}])], {}),
        ([{"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": EVERYBODY}], {}),
        ([{"IpProtocol": "udp", "FromPort": 22, "ToPort": 22, "IpRanges": EVERYBODY}], {}),
    ],
)  # fmt: skip
async def test_a_group_is_judged_by_what_everybody_reaches(
    cloud: Cloud, request: pytest.FixtureRequest, rules: list[dict[str, Any]], found: dict[str, str]
) -> None:
    looked = await cloud.look(group(cloud, request.node.name, *rules))
    assert (looked.rules, looked.covered) == (found, {"inbound rules"})


async def test_groups_are_listed_and_another_than_was_asked_for_is_not_it(cloud: Cloud) -> None:
    arn = group(cloud, "listed")
    assert arn.rpartition(":")[2] in await cloud.listed(GROUP)
    other = "<securityGroupInfo><item><groupId>sg-00000001</groupId></item></securityGroupInfo>"
    answer = f"<DescribeSecurityGroupsResponse>{other}</DescribeSecurityGroupsResponse>"
    with lying({"DescribeSecurityGroups": (200, answer)}) as (liar, _):
        (line,) = (await liar.look(arn)).lines
    assert line.reason == f"resource not found: account {ACCOUNT} has no such security group"


def test_ports_that_are_none_open_nothing() -> None:
    rule = "<item><ipProtocol>tcp</ipProtocol><fromPort>x</fromPort><toPort>22</toPort>{}</item>"
    ranges = "<ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>"
    assert list(open_ports(xml_of(f"<g><ipPermissions>{rule.format(ranges)}</ipPermissions></g>".encode()))) == []


async def test_an_instance_is_judged_by_its_metadata_its_address_and_its_volumes(cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")

    def run(*, is_kept: bool) -> str:
        wish: dict[str, Any] = {"MetadataOptions": {"HttpTokens": "required"}} if is_kept else {}
        disk = {"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 8, "Encrypted": is_kept}}
        instance = ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="t3.micro", BlockDeviceMappings=[disk],
            NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": not is_kept}], **wish,
        )["Instances"][0]  # fmt: skip
        return str(instance["InstanceId"])

    bare, kept = run(is_kept=False), run(is_kept=True)
    found = await cloud.look(f"{PREFIX}:instance/{bare}")
    assert found.rules.keys() == {"cloud_instance_old_metadata", "cloud_instance_public", "cloud_storage_unencrypted"}
    assert "vol-" in found.rules["cloud_storage_unencrypted"]
    found = await cloud.look(f"{PREFIX}:instance/{kept}")
    assert (found.rules, found.covered) == ({}, {"metadata service", "public address", "volumes"})
    assert {f"instance/{bare}", f"instance/{kept}"} <= set(await cloud.listed(INSTANCE))
    ec2.terminate_instances(InstanceIds=[kept])
    (line,) = (await cloud.look(f"{PREFIX}:instance/{kept}")).lines
    assert line.reason == f"resource not found: account {ACCOUNT} has no such instance"
    assert f"instance/{kept}" not in await cloud.listed(INSTANCE)


async def test_the_regions_of_an_account_are_those_that_are_enabled(cloud: Cloud) -> None:
    async with cloud.egress() as egress:
        assert REGION in await regions(await cloud.aws(egress))
    for text in ("<regionInfo/>", "<regionInfo><item><regionName>http://evil/</regionName></item></regionInfo>"):
        async with lied_to(
            {"DescribeRegions": (200, f"<DescribeRegionsResponse>{text}</DescribeRegionsResponse>")}
        ) as (
            aws,
            _,
        ):
            with pytest.raises(Exception, match="cannot be read"):
                await regions(aws)
