"""Buckets: each rule broken and kept, at a server that speaks as AWS does."""

import json
from typing import Any

import pytest

from cybervault.scans.cloud.storage import BUCKET
from cybervault.scans.seen import CoverageState
from tests.fakes.aws import ACCOUNT, EVERYBODY, REGION, Cloud, lying

ASPECTS = {"public access block", "access control list", "policy", "transport", "encryption", "versioning", "logging"}
BLOCK = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
READ = EVERYBODY % "s3:GetObject"
TLS_ONLY = {
    "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}  # fmt: skip


def made(cloud: Cloud, name: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


async def test_an_open_bucket_breaks_every_rule(cloud: Cloud) -> None:
    s3 = made(cloud, "open-bucket")
    s3.delete_public_access_block(Bucket="open-bucket")
    s3.put_bucket_acl(Bucket="open-bucket", ACL="public-read")
    found = await cloud.look("arn:aws:s3:::open-bucket")
    assert found.rules["cloud_bucket_public"] == "access control list: everybody: READ"
    s3.put_bucket_acl(Bucket="open-bucket", ACL="private")
    s3.put_bucket_policy(Bucket="open-bucket", Policy=READ)
    s3.delete_bucket_encryption(Bucket="open-bucket")
    found = await cloud.look("arn:aws:s3:::open-bucket")
    assert found.rules == {
        "cloud_bucket_without_block": f"off: {', '.join(BLOCK)}",
        "cloud_bucket_public": "policy: statement Open allows s3:GetObject",
        "cloud_bucket_allows_plain_http": "",
        "cloud_storage_unencrypted": "no encryption by default",
        "cloud_bucket_without_versions": "versioning is off",
        "cloud_bucket_without_log": "",
    }
    assert found.covered == ASPECTS
    assert "open-bucket" in await cloud.listed(BUCKET)


async def test_a_bucket_that_is_kept_well_breaks_none(cloud: Cloud) -> None:
    s3 = made(cloud, "kept-bucket")
    s3.put_bucket_acl(Bucket="kept-bucket", ACL="log-delivery-write")
    s3.put_public_access_block(Bucket="kept-bucket", PublicAccessBlockConfiguration=BLOCK)
    s3.put_bucket_versioning(Bucket="kept-bucket", VersioningConfiguration={"Status": "Enabled"})
    target = {"TargetBucket": "kept-bucket", "TargetPrefix": "log/"}
    s3.put_bucket_logging(Bucket="kept-bucket", BucketLoggingStatus={"LoggingEnabled": target})
    s3.put_bucket_policy(Bucket="kept-bucket", Policy=json.dumps({"Statement": [TLS_ONLY]}))
    s3.put_bucket_encryption(
        Bucket="kept-bucket",
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    found = await cloud.look("arn:aws:s3:::kept-bucket")
    assert (found.rules, found.covered) == ({}, ASPECTS)


async def test_what_the_block_makes_void_is_no_opening(cloud: Cloud) -> None:
    s3 = made(cloud, "void-bucket")
    s3.delete_public_access_block(Bucket="void-bucket")
    s3.put_bucket_acl(Bucket="void-bucket", ACL="public-read-write")
    s3.put_bucket_policy(Bucket="void-bucket", Policy=READ)
    s3.put_public_access_block(
        Bucket="void-bucket", PublicAccessBlockConfiguration={"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    )
    found = await cloud.look("arn:aws:s3:::void-bucket")
    assert "cloud_bucket_public" not in found.rules
    assert found.rules["cloud_bucket_without_block"] == "off: BlockPublicAcls, BlockPublicPolicy"


HEAD = {"x-amz-bucket-region": REGION}
DENIED = (403, "<Error><Code>AccessDenied</Code></Error>")


@pytest.mark.parametrize("block", [DENIED, (200, "<html/>"), (500, ""), (200, "<PublicAccessBlockConfiguration/>")])
async def test_what_nobody_says_is_not_tested_and_the_rest_is(block: tuple[int, str]) -> None:
    answers = {
        "publicAccessBlock": block,
        "?policy": (200, READ),
        "?acl": (200, "<AccessControlPolicy/>"),
        "?versioning": DENIED,
        "?logging": (200, "<BucketLoggingStatus><LoggingEnabled/></BucketLoggingStatus>"),
        "?encryption": (200, "<ServerSideEncryptionConfiguration/>"),
        "/told": (200, ""),
    }
    with lying(answers) as (cloud, lies):
        lies.headers = HEAD
        found = await cloud.look("arn:aws:s3:::told")
    untold = {place for one in found.lines if one.state is CoverageState.NOT_TESTED for place in one.places}
    if block[1].startswith("<Public"):
        assert untold == {"versioning"}
        assert found.rules.keys() == {
            "cloud_bucket_without_block", "cloud_bucket_public", "cloud_bucket_allows_plain_http",
        }  # fmt: skip
    else:
        # Whether the policy counts depends on the block.
        assert untold == {"versioning", "public access block", "policy"}
        assert found.rules.keys() == {"cloud_bucket_allows_plain_http"}


async def test_the_block_of_the_whole_account_counts_too() -> None:
    whole = "".join(f"<{name}>true</{name}>" for name in BLOCK)
    none = (404, "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>")
    answers = {
        "/v20180820": (200, f"<PublicAccessBlockConfiguration>{whole}</PublicAccessBlockConfiguration>"),
        "publicAccessBlock": none,
        "?policy": (200, READ),
        "/told": (200, ""),
    }
    with lying(answers) as (cloud, lies):
        lies.headers = HEAD
        found = await cloud.look("arn:aws:s3:::told")
        assert found.rules.keys() == {"cloud_bucket_allows_plain_http"}
        assert {"public access block", "policy"} <= found.covered
    asked = next(headers for path, _, headers in lies.asked if path.startswith("/v2018"))
    assert asked["X-Amz-Account-Id"] == ACCOUNT
