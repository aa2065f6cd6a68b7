"""The relay by which another program reads from AWS: what it sends, signed by us, and all that it does not."""

import asyncio
import base64
import contextlib
import json
from typing import Any, Final

import pytest

from cybervault.scans.cloud.client import Signed
from cybervault.scans.cloud.relay import Relay, relaying, request_of
from tests.fakes.aws import lying
from tests.fakes.loopback import HOST

TOKEN: Final = "let me in"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
EC2: Final = "https://ec2.eu-west-1.amazonaws.com/"
S3: Final = "https://s3.eu-west-1.amazonaws.com"


def scope(service: str = "ec2", region: str = "eu-west-1") -> dict[str, str]:
    return {"Authorization": f"AWS4-HMAC-SHA256 Credential=RELAYED/20261129/{region}/{service}/aws4_request, Signed=x"}


def line(
    url: str = EC2, *, body: bytes = b"", method: str = "", token: str = TOKEN, **more: Any  # noqa: ANN401 - headers, scope
) -> bytes:  # fmt: skip
    headers = scope(**more.get("scope", {})) | more.get("headers", {})
    asked = {"token": token, "method": method or ("POST" if body else "GET"), "url": url, "headers": headers}
    return json.dumps(asked | {"body": base64.b64encode(body).decode()}).encode()


def sent(raw: bytes) -> bool:
    return request_of(raw, TOKEN) is not None


def test_what_reads_is_sent_without_what_another_has_signed() -> None:
    headers = FORM | {"X-Amz-Date": "then", "X-Amz-Security-Token": "x", "X-Amz-Account-Id": "1", "Cookie": "a=b"}
    raw = line(body=b"Action=DescribeInstances&Version=2016-11-15", headers=headers)
    passed = (("content-type", FORM["Content-Type"]), ("x-amz-account-id", "1"))
    body = b"Action=DescribeInstances&Version=2016-11-15"
    assert request_of(raw, TOKEN) == Signed("POST", "ec2", "eu-west-1", EC2[:-1], "/", passed, body)


@pytest.mark.parametrize(
    "raw",
    [
        line(f"{S3}/bucket?policy", scope={"service": "s3"}),
        line(f"{S3}/bucket", method="HEAD", scope={"service": "s3"}),
        line("https://iam.amazonaws.com/", body=b"Action=GenerateCredentialReport", scope={"service": "iam"}),
        line("https://api.ecr.eu-west-1.amazonaws.com/", body=b"{}", headers={"X-Amz-Target": "x.DescribeImages"}),
        line("https://123456789012.s3-control.eu-west-1.amazonaws.com/v/configuration/block", scope={"service": "s3"}),
        line("https://ec2.cn-north-1.amazonaws.com.cn/", scope={"region": "cn-north-1"}),
        line(f"{EC2}?Action=DescribeInstances"),
    ],
)
def test_every_form_of_reading_is_sent(raw: bytes) -> None:
    assert sent(raw)


@pytest.mark.parametrize(
    "raw",
    [
        line(token="guessed"),
        line("http://ec2.eu-west-1.amazonaws.com/"),
        line("https://ec2.eu-west-1.amazonaws.com:8443/"),
        line("https://169.254.169.254/latest/meta-data/"),
        line("https://ec2.eu-west-1.amazonaws.com.example/"),
        line("https://amazonaws.com/"),
        line("https://ec2.eu-west-1.amazonaws.com@other.example/"),
        line("https://abc123.execute-api.eu-west-1.amazonaws.com/"),
        line("https://mine-123.eu-west-1.elb.amazonaws.com/"),
        line("https://bucket.s3.eu-west-1.amazonaws.com/"),
        line("https://ec2.us-east-1.amazonaws.com/"),
        line(scope={"region": "elsewhere"}),
        line(headers={"Authorization": "Bearer x"}),
        line(body=b"Action=TerminateInstances"),
        line(body=b"Action=DescribeInstances&Action=TerminateInstances"),
        line(body=b"Version=1"),
        line(f"{EC2}?Action=TerminateInstances"),
        line(f"{EC2}?Action=TerminateInstances", body=b"Action=DescribeInstances"),
        line(f"{EC2}?%41ction=TerminateInstances"),
        line(body=b"{}", headers={"X-Amz-Target": "DynamoDB_20120810.PutItem"}),
        line(body=b"{}", headers={"X-Amz-Target": "DynamoDB_20120810.GetItem"}),
        line(body=b"{}", headers={"X-Amz-Target": "secretsmanager.GetSecretValue"}),
        line(body=b"{}", headers={"X-Amz-Target": "x.GetAuthorizationToken"}),
        line(body=b"Action=AssumeRole", scope={"service": "sts"}),
        line(body=b"Action=GetSessionToken", scope={"service": "sts"}),
        line(body=b"Action=DescribeInstances&x=" + b"y" * 70_000),
        line(method="DELETE"),
        line(method="PUT", body=b"x"),
        line(method="GET", body=b"Action=TerminateInstances"),
        line(f"{S3}/bucket/secret.txt", scope={"service": "s3"}),
        line(f"{S3}/bucket/secret.txt"),
        line("https://s3.amazonaws.com/bucket/secret.txt", scope={"region": "us-east-1"}),
        b"",
        b"{}",
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_changes_something_holds_data_or_leads_elsewhere_is_not_sent(raw: bytes) -> None:
    assert not sent(raw)


async def said(relay: Relay, raw: bytes) -> Any:  # noqa: ANN401 - JSON, or nothing
    reader, writer = await asyncio.open_connection(HOST, relay.port)
    writer.write(raw.replace(TOKEN.encode(), relay.token.encode()) + b"\n")
    answer = await reader.read()
    writer.close()
    return json.loads(answer) if answer else None


async def test_it_is_signed_with_the_key_that_the_program_never_has() -> None:
    with lying({"DescribeInstances": (200, "<fine/>")}) as (cloud, lies):
        async with cloud.egress() as egress, relaying(await cloud.aws(egress)) as relay:
            answer = await said(relay, line(body=b"Action=DescribeInstances", headers=FORM))
            assert (answer["status"], base64.b64decode(answer["body"])) == (200, b"<fine/>")
            asked = len(lies.asked)
            refused = await said(relay, line(body=b"Action=TerminateInstances", headers=FORM))
            assert (refused["status"], len(lies.asked)) == (403, asked)
            assert (relay.sent, relay.refused) == (1, 1)
            assert relay.token not in repr(relay)
        headers = {name.lower(): value for name, value in lies.asked[-1][2].items()}
        assert "Credential=testing/" in headers["authorization"]
        assert "RELAYED" not in str(lies.asked)


async def test_where_aws_does_not_answer_it_is_told_and_a_line_without_end_is_not_answered() -> None:
    with lying() as (cloud, _):
        async with cloud.egress() as egress:
            aws = await cloud.aws(egress)
    async with cloud.egress() as egress:
        aws.egress = egress
        async with relaying(aws) as relay:
            assert (await said(relay, line()))["status"] == 503
            with contextlib.suppress(ConnectionError):
                assert await said(relay, b"x" * 3_000_000) is None


async def test_nothing_is_left_when_it_is_taken_down() -> None:
    with lying() as (cloud, _):
        async with cloud.egress() as egress:
            aws = await cloud.aws(egress)
            async with relaying(aws) as relay:
                reader, writer = await asyncio.open_connection(HOST, relay.port)
                while not relay.under_way:  # noqa: ASYNC110 - that it was taken in is told to nobody
                    await asyncio.sleep(0.01)
            with pytest.raises((ConnectionError, EOFError)):
                await reader.readexactly(1)
            writer.close()
            assert not relay.under_way
