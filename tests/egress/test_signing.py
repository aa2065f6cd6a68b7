"""Signatures of AWS: its published examples, what another implementation makes of a request, and no secret seen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]

from cybervault.domain.secrets import Secret
from cybervault.egress import signing as module
from cybervault.egress.message import EgressFailure, OutgoingRequest
from cybervault.egress.signing import AwsKey, AwsSigning, signed_headers
from tests.egress.asks import egress_to
from tests.egress.servers import RawServer, reply, says, to

SUITE = AwsSigning(
    AwsKey("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
    "service",
    "us-east-1",
    datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
)
IAM = AwsSigning(SUITE.key, "iam", "us-east-1", SUITE.at)
S3 = AwsSigning(
    AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
    "s3",
    "us-east-1",
    datetime(2013, 5, 24, tzinfo=UTC),
)
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
SESSION = "canary-session-2b7e151628aed2a6"


@pytest.mark.parametrize(
    ("signing", "url", "headers", "signature"),
    [
        (SUITE, "https://example.amazonaws.com/", (),
         "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        (SUITE, "https://example.amazonaws.com/?Param2=value2&Param1=value1", (),
         "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        (IAM, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", (FORM,),
         "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
        (S3, "https://examplebucket.s3.amazonaws.com/?lifecycle", (),
         "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    ],
)  # fmt: skip
def test_what_aws_published(
    signing: AwsSigning, url: str, headers: tuple[tuple[str, str], ...], signature: str
) -> None:
    made = dict(signed_headers(signing, "GET", url, headers=headers))
    assert made["Authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("service", "url"),
    [
        ("s3", "http://127.0.0.1:5000/a%20bucket/?versioning"),
        ("lambda", "https://lambda.eu-west-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax/policy"),
        ("sts", "http://[::1]:5000/"),
    ],
)
def test_another_implementation_signs_the_same(monkeypatch: pytest.MonkeyPatch, service: str, url: str) -> None:
    key = AwsKey("AKIDEXAMPLE", Secret("a-secret"), Secret(SESSION))
    at, headers, body = SUITE.at, (FORM, ("X-Amz-Target", "Some.Action")), b"Action=x"
    ours = dict(signed_headers(AwsSigning(key, service, "eu-west-1", at), "POST", url, headers=headers, body=body))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: at.replace(tzinfo=None))
    theirs: Any = AWSRequest("POST", url, headers=dict(headers), data=body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials("AKIDEXAMPLE", "a-secret", SESSION), service, "eu-west-1").add_auth(theirs)
    assert {name.lower(): value for name, value in ours.items()}.items() <= {
        name.lower(): value for name, value in theirs.headers.items()
    }.items()


class TestSent:
    async def test_is_signed_as_it_goes_out_and_what_echoes_a_secret_is_masked(self) -> None:
        key = AwsKey("AKIDEXAMPLE", Secret("canary-secret-key-1234"), Secret(SESSION))
        signing = AwsSigning(key, "sts", "us-east-1", SUITE.at)
        answer = reply(200, f"you are canary-secret-key-1234 {SESSION}".encode(), f"X-Echo: {SESSION}".encode())
        async with RawServer(says(answer)) as server, egress_to(server) as egress:
            got = await egress.fetch(OutgoingRequest(url=server.url(), method="POST", body=b"x", signing=signing))
        asked = server.asked[0].headers
        expected = dict(signed_headers(signing, "POST", server.url(), body=b"x"))
        assert asked["authorization"] == expected["Authorization"]
        assert asked["x-amz-security-token"] == SESSION
        assert got.body == "you are ••• •••".encode()
        assert dict(got.headers)["x-echo"] == "•••"

    async def test_is_never_led_elsewhere(self) -> None:
        async with RawServer(to("/elsewhere")) as server, egress_to(server) as egress:
            wish = OutgoingRequest(url=server.url(), signing=SUITE, redirect_hosts=frozenset({"*"}))
            got = await egress.fetch(wish)
        assert (got.failure, len(server.asked)) == (EgressFailure.REFUSED, 1)


def test_no_secret_is_in_what_is_printed() -> None:
    key = AwsKey("AKIDEXAMPLE", Secret("canary"), Secret("canary"))
    assert "canary" not in repr(AwsSigning(key, "sts", "us-east-1", SUITE.at))
    assert [str(secret) for secret in key.secrets] == ["•••", "•••"]
    assert module._host("https://EXAMPLE.com:443/x") == "example.com"
