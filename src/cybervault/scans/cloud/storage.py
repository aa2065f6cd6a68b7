"""Buckets of S3: who may read them, and how they keep what is in them."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from cybervault.scans.cloud.client import Aws, CloudError
from cybervault.scans.cloud.kind import Hit, Kind, Question, Resource, read, unless
from cybervault.scans.cloud.policies import open_statements, refuses_plain_http

_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NO_BLOCK: Final = frozenset({"NoSuchPublicAccessBlockConfiguration"})
_NO_POLICY: Final = frozenset({"NoSuchBucketPolicy"})
_NO_ENCRYPTION: Final = frozenset({"ServerSideEncryptionConfigurationNotFoundError"})
_GROUPS: Final = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "everybody",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "everybody with an account of AWS",
}


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Where a bucket is, and what it or its account lets it not be; an error where nobody said."""

    region: str
    blocks: frozenset[str] | CloudError

    @property
    def blocked(self) -> frozenset[str]:
        """What it lets it not be; raises `CloudError`."""
        if isinstance(self.blocks, CloudError):
            raise self.blocks
        return self.blocks


async def _find(aws: Aws, resource: Resource) -> _Bucket:
    region = await aws.bucket_region(resource.name)
    try:
        return _Bucket(region, await _blocks(aws, resource.name, region))
    except CloudError as error:
        return _Bucket(region, error)


async def _blocks(aws: Aws, name: str, region: str) -> frozenset[str]:
    own = await unless(_NO_BLOCK, aws.bucket(name, region, "publicAccessBlock", root="PublicAccessBlockConfiguration"))
    found = {one for one in _BLOCKS if own is not None and own.said(one) == "true"}
    if len(found) < len(_BLOCKS):
        whole = await unless(_NO_BLOCK, aws.public_access_block(region))
        found |= {one for one in _BLOCKS if whole is not None and whole.said(one) == "true"}
    return frozenset(found)


async def _block(_aws: Aws, _resource: Resource, bucket: _Bucket) -> list[Hit]:
    missing = [one for one in _BLOCKS if one not in bucket.blocked]
    return [("cloud_bucket_without_block", f"off: {', '.join(missing)}")] if missing else []


async def _acl(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    answer = await aws.bucket(resource.name, bucket.region, "acl", root="AccessControlPolicy")
    open_to = [
        f"{_GROUPS[grant.said('Grantee/URI')]}: {grant.said('Permission')}"
        for grant in answer.all("AccessControlList/Grant")
        if grant.said("Grantee/URI") in _GROUPS
    ]
    if not open_to or "IgnorePublicAcls" in bucket.blocked:
        return []
    return [("cloud_bucket_public", f"access control list: {'; '.join(open_to)}")]


async def _policy(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    policy = await unless(_NO_POLICY, aws.bucket_policy(resource.name, bucket.region))
    open_to = [] if policy is None else read(open_statements, policy)
    if not open_to or "RestrictPublicBuckets" in bucket.blocked:
        return []
    return [("cloud_bucket_public", f"policy: {'; '.join(open_to)}")]


async def _transport(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    policy = await unless(_NO_POLICY, aws.bucket_policy(resource.name, bucket.region))
    return [] if policy is not None and read(refuses_plain_http, policy) else [("cloud_bucket_allows_plain_http", "")]


async def _encryption(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    root = "ServerSideEncryptionConfiguration"
    answer = await unless(_NO_ENCRYPTION, aws.bucket(resource.name, bucket.region, "encryption", root=root))
    return [("cloud_storage_unencrypted", "no encryption by default")] if answer is None else []


async def _versioning(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    answer = await aws.bucket(resource.name, bucket.region, "versioning", root="VersioningConfiguration")
    status = answer.said("Status")
    return [] if status == "Enabled" else [("cloud_bucket_without_versions", f"versioning is {status or 'off'}")]


async def _logging(aws: Aws, resource: Resource, bucket: _Bucket) -> list[Hit]:
    answer = await aws.bucket(resource.name, bucket.region, "logging", root="BucketLoggingStatus")
    return [] if answer.one("LoggingEnabled") is not None else [("cloud_bucket_without_log", "")]


async def _all(aws: Aws, _region: str) -> AsyncIterator[str]:
    for one in (await aws.buckets()).all("Buckets/Bucket"):
        yield one.said("Name")


BUCKET: Final = Kind(
    service="s3",
    what="bucket",
    pattern=re.compile(r"([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"),
    absent=frozenset({"NoSuchBucket"}),
    find=_find,
    questions=(
        Question("public access block", ("cloud_bucket_without_block",), _block),
        Question("access control list", ("cloud_bucket_public",), _acl),
        Question("policy", ("cloud_bucket_public",), _policy),
        Question("transport", ("cloud_bucket_allows_plain_http",), _transport),
        Question("encryption", ("cloud_storage_unencrypted",), _encryption),
        Question("versioning", ("cloud_bucket_without_versions",), _versioning),
        Question("logging", ("cloud_bucket_without_log",), _logging),
    ),
    all=_all,
    is_global=True,
)
KINDS: Final = (BUCKET,)
