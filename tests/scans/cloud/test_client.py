"""How AWS is asked: signed, with a role where there is one, and nothing that comes back is believed without a look."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cybervault.domain.secrets import Secret
from cybervault.egress.signing import AwsKey
from cybervault.scans.cloud import client as module
from cybervault.scans.cloud.client import Account, Aws, CloudError
from tests.fakes.aws import ACCOUNT, REGION, Cloud, lied_to
from tests.fakes.clock import HandClock
from tests.fakes.processes import free_port

DENIED = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"
TOKEN = "canary-session-4be1"


class Said(msgspec.Struct):
    """What a service says."""

    said: str


async def refused(status: int, body: str, **headers: str) -> CloudError:
    async with lied_to({"DescribeRegions": (status, body)}) as (aws, lies):
        lies.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with pytest.raises(CloudError) as caught:
            await aws.query("ec2", "DescribeRegions", REGION)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "code", "reason"),
    [
        (403, DENIED, "AccessDenied", "ec2 answered AccessDenied"),
        (200, DENIED, "AccessDenied", "ec2 answered AccessDenied"),
        (200, "<Response><Errors><Error><Code>UnauthorizedOperation</Code></Error></Errors></Response>",
         "UnauthorizedOperation", "ec2 answered UnauthorizedOperation"),
        (400, '{"__type": "com.amazon#ValidationException"}', "ValidationException",
         "ec2 answered ValidationException"),
        (500, "<html>oops</html>", "", "ec2 answered status 500"),
        (200, "<html><body>Sign in</body></html>", "", "what ec2 answered cannot be read"),
        (200, '<!DOCTYPE x [<!ENTITY a "b">]><DescribeRegionsResponse>&a;</DescribeRegionsResponse>', "",
         "what ec2 answered cannot be read"),
        (200, "{not json", "", "what ec2 answered cannot be read"),
        (404, "<Error><Broken", "", "ec2 answered status 404"),
        (200, "x" * (17 * 1024 * 1024), "", "ec2 answered more than is read"),
        (200, "", "", "what ec2 answered cannot be read"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_told_as_such(status: int, body: str, code: str, reason: str) -> None:
    error = await refused(status, body)
    assert (error.code, error.reason) == (code, reason)


async def test_an_error_may_stand_in_a_header_and_a_redirect_is_not_followed() -> None:
    error = await refused(400, "", x_amzn_ErrorType="ThingNotFound:http://internal")
    assert (error.code, error.reason) == ("ThingNotFound", "ec2 answered ThingNotFound")
    error = await refused(307, "", Location="http://127.0.0.1:1/")
    assert error.reason == "ec2, or where it leads, may not be reached from this server"


async def test_what_is_momentary_is_asked_three_times_and_a_no_once() -> None:
    throttled = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
    for status, body, times in ((400, throttled, 3), (503, "", 3), (403, DENIED, 1)):
        async with lied_to({"DescribeRegions": (status, body)}) as (aws, lies):
            with pytest.raises(CloudError):
                await aws.query("ec2", "DescribeRegions", REGION)
            assert sum("DescribeRegions" in body for _, body, _ in lies.asked) == times


async def test_a_server_that_is_gone_is_told() -> None:
    gone = Cloud(f"http://127.0.0.1:{free_port()}")
    async with gone.egress() as egress:
        with pytest.raises(CloudError, match="sts does not answer"):
            await gone.aws(egress)


async def test_a_role_is_taken_on_with_its_external_id_and_signs_from_then_on() -> None:
    given = (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIATEMPORARY</AccessKeyId>"
        f"<SecretAccessKey>canary-temporary</SecretAccessKey><SessionToken>{TOKEN}</SessionToken>"
        "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
    async with lied_to({"AssumeRole": (200, given)}, role=ROLE, external_id="ours-4711") as (_, lies):
        pass
    (taken, caller) = lies.asked
    assert "ExternalId=ours-4711" in taken[1]
    assert "reader" in taken[1]
    assert "Credential=testing/" in taken[2]["Authorization"]
    assert "Credential=ASIATEMPORARY/" in caller[2]["Authorization"]
    assert caller[2]["X-Amz-Security-Token"] == TOKEN
    with pytest.raises(CloudError, match="what sts answered cannot be read"):
        async with lied_to({"AssumeRole": (200, "<AssumeRoleResponse/>")}, role=ROLE):
            pass


async def test_a_key_that_leads_to_another_account_is_not_used() -> None:
    with pytest.raises(CloudError, match="the key of account 210987654321 leads to another account"):
        async with lied_to(number="210987654321"):
            pass


async def test_json_and_paths_are_read_in_their_form() -> None:
    async with lied_to({"GetThing": (200, '{"said": "a"}')}) as (aws, lies):
        assert (await aws.json("kms", "GetThing", REGION, sort=Said, KeyId="k")).said == "a"
        assert (await aws.rest("lambda", REGION, "/GetThing", sort=Said)).said == "a"
        lies.answers["GetThing"] = (200, '{"said": 1}')
        with pytest.raises(CloudError, match="what kms answered cannot be read"):
            await aws.json("kms", "GetThing", REGION, sort=Said)
    assert lies.asked[1][1:2] == ('{"KeyId":"k"}',)
    assert lies.asked[1][2]["X-Amz-Target"] == "TrentService.GetThing"


class TestBuckets:
    async def test_a_bucket_elsewhere_is_asked_where_it_is(self) -> None:
        async with lied_to() as (aws, lies):
            lies.answers["/b"], lies.headers = (301, ""), {"x-amz-bucket-region": "eu-central-1"}
            with pytest.raises(CloudError, match="s3 answered status 301"):
                await aws.bucket_region("b")
        (_, first, second) = [headers["Authorization"] for _, _, headers in lies.asked]
        assert "/us-east-1/s3/" in first
        assert "/eu-central-1/s3/" in second

    async def test_a_region_that_is_none_leads_nowhere(self) -> None:
        for status in (200, 301):
            async with lied_to() as (aws, lies):
                lies.answers["/b"], lies.headers = (status, ""), {"x-amz-bucket-region": "evil.example/"}
                with pytest.raises(CloudError, match="what s3 answered cannot be read"):
                    await aws.bucket_region("b")
                assert [path for path, _, _ in lies.asked] == ["/", "/b"]

    async def test_the_owner_is_named_so_that_nobody_elses_is_looked_at(self, cloud: Cloud) -> None:
        cloud.client("s3", "us-east-1").create_bucket(Bucket="client-here")
        async with cloud.egress() as egress:
            aws = await cloud.aws(egress)
            assert await aws.bucket_region("client-here") == "us-east-1"
            with pytest.raises(CloudError, match="404"):
                await aws.bucket_region("client-nowhere")
            assert "client-here" in [one.said("Name") for one in (await aws.buckets()).all("Buckets/Bucket")]
        async with lied_to() as (liar, lies):
            lies.answers["/b?policy"] = (200, '{"Statement": []}')
            assert await liar.bucket_policy("b", REGION) == '{"Statement": []}'
        assert lies.asked[-1][2]["X-Amz-Expected-Bucket-Owner"] == ACCOUNT


@pytest.mark.parametrize(
    ("service", "region", "partition", "origin"),
    [
        ("ec2", "eu-west-1", "aws", "https://ec2.eu-west-1.amazonaws.com"),
        ("iam", "us-east-1", "aws", "https://iam.amazonaws.com"),
        ("iam", "us-gov-west-1", "aws-us-gov", "https://iam.us-gov.amazonaws.com"),
        ("s3", "cn-north-1", "aws-cn", "https://s3.cn-north-1.amazonaws.com.cn"),
        ("ecr", "eu-west-1", "aws", "https://api.ecr.eu-west-1.amazonaws.com"),
        ("s3-control", "eu-west-1", "aws", f"https://{ACCOUNT}.s3-control.eu-west-1.amazonaws.com"),
    ],
)
def test_where_aws_itself_is_asked(service: str, region: str, partition: str, origin: str) -> None:
    account = Account(ACCOUNT, AwsKey("AKIDEXAMPLE", Secret("canary-7f3a")))
    nobody: Any = None
    aws = Aws(nobody, account, HandClock(datetime(2026, 1, 1, tzinfo=UTC)), partition)
    assert aws._origin(service, region) == origin
    assert "canary" not in repr(account)
    assert module._HOME_REGIONS[partition] == aws.home
