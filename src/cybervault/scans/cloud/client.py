"""Reading from AWS, and nothing but reading: each call is signed, bounded, and tried again where that helps."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from cybervault.domain.clock import Clock
from cybervault.domain.secrets import Secret
from cybervault.egress.client import Egress
from cybervault.egress.message import EgressFailure, IncomingReply, OutgoingRequest
from cybervault.egress.signing import AwsKey, AwsSigning
from cybervault.scans.cloud.answers import Node, UnreadableError, json_of, xml_of
from cybervault.scans.seen import shown

_Read = TypeVar("_Read")

_ANSWER_SECONDS: Final = 20.0
_ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
_TRIES: Final = 3
_MOMENTARY: Final = frozenset({429, 500, 502, 503, 504})
_FORM: Final = "application/x-www-form-urlencoded; charset=utf-8"
_VERSIONS: Final = {
    "ec2": "2016-11-15", "iam": "2010-05-08", "rds": "2014-10-31", "sns": "2010-03-31", "sts": "2011-06-15",
}  # fmt: skip
# The form of JSON, and what stands before the name of an action.
_JSON: Final = {
    "sqs": ("1.0", "AmazonSQS"),
    "dynamodb": ("1.0", "DynamoDB_20120810"),
    "kms": ("1.1", "TrentService"),
    "ecr": ("1.1", "AmazonEC2ContainerRegistry_V20150921"),
    "cloudtrail": ("1.1", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
}
_SUFFIXES: Final = {"aws-cn": "amazonaws.com.cn"}
_HOME_REGIONS: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
# Where a service has one home for the whole partition, and not one in each region.
_GLOBAL_HOSTS: Final = {
    ("iam", "aws"): "iam.amazonaws.com",
    ("iam", "aws-cn"): "iam.cn-north-1.amazonaws.com.cn",
    ("iam", "aws-us-gov"): "iam.us-gov.amazonaws.com",
}


# What AWS calls a region becomes part of a host name, so that nothing else may stand there.
REGION: Final = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}", re.ASCII)


class CloudError(Exception):
    """Why there is no answer, in our own words; `code` is what AWS calls it, "" where AWS said nothing."""

    def __init__(self, reason: str, *, code: str = "", status: int = 0, region: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.status = status
        self.region = region
        """Where S3 says that it has the bucket."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account that the operator connected; without `regions` all that are enabled for it are meant."""

    number: str
    key: AwsKey
    role: str = ""
    external_id: str = ""
    regions: tuple[str, ...] = ()
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A request of another program that is to be signed here: `path` holds its query, `origin` is used without ours."""

    method: str
    service: str
    region: str
    origin: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class _Refusal(msgspec.Struct):
    type: str = msgspec.field(default="", name="__type")


@dataclass(slots=True)
class Aws:
    """One account as it is asked; `pause_seconds` come before the second try of a call, and twice as many after it."""

    egress: Egress
    account: Account
    clock: Clock
    partition: str = "aws"
    pause_seconds: float = 0.5
    _key: AwsKey | None = field(default=None, init=False)

    @property
    def home(self) -> str:
        """The region that what belongs to no region is asked in."""
        return _HOME_REGIONS[self.partition]

    async def enter(self) -> None:
        """Take on the role, where there is one, and see that this leads to the account; raises `CloudError`."""
        region = self.account.regions[0] if self.account.regions else self.home
        if self.account.role:
            wish = {"RoleArn": self.account.role, "RoleSessionName": "cybervault", "DurationSeconds": "3600"}
            if self.account.external_id:
                wish["ExternalId"] = self.account.external_id
            given = (await self.query("sts", "AssumeRole", region, **wish)).one("AssumeRoleResult/Credentials")
            if given is None or not given.said("SecretAccessKey"):
                raise _unreadable("sts")
            session = Secret(given.said("SessionToken"))
            self._key = AwsKey(given.said("AccessKeyId"), Secret(given.said("SecretAccessKey")), session)
        caller = await self.query("sts", "GetCallerIdentity", region)
        if caller.said("GetCallerIdentityResult/Account") != self.account.number:
            raise CloudError(f"the key of account {self.account.number} leads to another account")

    async def query(self, service: str, action: str, region: str = "", **wish: str) -> Node:
        """An action of a service that speaks the query protocol; raises `CloudError`."""
        body = urlencode({"Action": action, "Version": _VERSIONS[service], **wish}).encode()
        reply = await self._ask(service, region, method="POST", headers={"Content-Type": _FORM}, body=body)
        return _xml(service, reply, f"{action}Response")

    async def json(self, service: str, action: str, region: str, *, sort: type[_Read], **wish: Any) -> _Read:  # noqa: ANN401 - what each action wants
        """An action of a service that speaks JSON; raises `CloudError`."""
        form, prefix = _JSON[service]
        headers = {"Content-Type": f"application/x-amz-json-{form}", "X-Amz-Target": f"{prefix}.{action}"}
        reply = await self._ask(service, region, method="POST", headers=headers, body=msgspec.json.encode(wish))
        return _json(service, reply, sort)

    async def rest(self, service: str, region: str, path: str, *, sort: type[_Read]) -> _Read:
        """What a service that is asked by paths has there, as JSON; raises `CloudError`."""
        return _json(service, await self._ask(service, region, path=path), sort)

    async def bucket(self, name: str, region: str, part: str, *, root: str) -> Node:
        """One part of how a bucket is set up, such as "acl", whose answer is this element; raises `CloudError`."""
        reply = await self._of_bucket(name, region, f"?{part}")
        # What speaks as AWS does may name it after the question: nothing else reads the name.
        return _xml("s3", reply, root, f"GetBucket{part.capitalize()}Response")

    async def bucket_policy(self, name: str, region: str) -> str:
        """The policy of a bucket as it stands; raises `CloudError`."""
        reply = await self._of_bucket(name, region, "?policy")
        _json("s3", reply, dict[str, Any])
        return reply.body.decode("utf-8", "replace")

    async def bucket_region(self, name: str) -> str:
        """Where a bucket of this account is; raises `CloudError`."""
        region = self.home
        try:
            reply = await self._of_bucket(name, region, "", method="HEAD")
        except CloudError as error:
            if error.status in {403, 404} or error.region in {"", region}:
                raise
            region = _region(error.region)
            reply = await self._of_bucket(name, region, "", method="HEAD")
        return _region(_header(reply, "x-amz-bucket-region") or region)

    async def buckets(self) -> Node:
        """All buckets of the account."""
        return _xml("s3", await self._ask("s3", self.home), "ListAllMyBucketsResult")

    async def public_access_block(self, region: str) -> Node:
        """What the whole account lets no bucket of it be; raises `CloudError`."""
        path, headers = "/v20180820/configuration/publicAccessBlock", {"X-Amz-Account-Id": self.account.number}
        reply = await self._ask("s3-control", region, path=path, headers=headers)
        return _xml("s3", reply, "PublicAccessBlockConfiguration")

    async def relay(self, wish: Signed) -> IncomingReply:
        """Send one request of another program with the key of the account, once; the reply as it came."""
        return await self.egress.fetch(
            OutgoingRequest(
                url=f"{self.account.endpoint or wish.origin}{wish.path}",
                method=wish.method,
                headers=wish.headers,
                body=wish.body if wish.method == "POST" else None,
                timeout_seconds=_ANSWER_SECONDS,
                body_bytes_max=_ANSWER_BYTES_MAX,
                retries=0,
                signing=AwsSigning(self._key or self.account.key, wish.service, wish.region, self.clock.now()),
            )
        )

    async def _of_bucket(self, name: str, region: str, query: str, *, method: str = "GET") -> IncomingReply:
        # Whoever else owns a bucket that lets everybody in is not looked at.
        headers = {"X-Amz-Expected-Bucket-Owner": self.account.number}
        return await self._ask("s3", region, method=method, path=f"/{quote(name, safe='')}{query}", headers=headers)

    async def _ask(  # noqa: PLR0913 - the parts of a request
        self,
        service: str,
        region: str,
        *,
        method: str = "GET",
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> IncomingReply:
        region = region or self.home
        request = OutgoingRequest(
            url=f"{self._origin(service, region)}{path}",
            method=method,
            headers=tuple((headers or {}).items()),
            body=body if method == "POST" else None,
            timeout_seconds=_ANSWER_SECONDS,
            body_bytes_max=_ANSWER_BYTES_MAX,
            retries=0,
            signing=AwsSigning(
                self._key or self.account.key, "s3" if service == "s3-control" else service, region, self.clock.now()
            ),
        )
        for left in range(_TRIES, 0, -1):
            reply = await self.egress.fetch(request)
            error = _error(service, reply)
            if error is None:
                return reply
            if left == 1 or not _is_momentary(error, reply):
                raise error
            await asyncio.sleep(self.pause_seconds * 2 ** (_TRIES - left))
        raise AssertionError  # the last try returns or raises

    def _origin(self, service: str, region: str) -> str:
        if self.account.endpoint:
            return self.account.endpoint
        found = _GLOBAL_HOSTS.get((service, self.partition))
        if found is not None:
            return f"https://{found}"
        name = {"ecr": "api.ecr", "s3-control": f"{self.account.number}.s3-control"}.get(service, service)
        return f"https://{name}.{region}.{_SUFFIXES.get(self.partition, 'amazonaws.com')}"


def _xml(service: str, reply: IncomingReply, *roots: str) -> Node:
    try:
        found = xml_of(reply.body)
    except UnreadableError:
        raise _unreadable(service) from None
    if found.name not in roots:
        raise _unreadable(service)
    return found


def _json(service: str, reply: IncomingReply, sort: type[_Read]) -> _Read:
    try:
        return json_of(reply.body, sort)
    except UnreadableError:
        raise _unreadable(service) from None


def _error(service: str, reply: IncomingReply) -> CloudError | None:
    """What is wrong with a reply; some errors come with status 200."""
    if reply.failure is not None:
        return _lost(service, reply.failure)
    code = _code(reply)
    if reply.status == 200 and not code:  # noqa: PLR2004 - OK
        return None
    said = shown(code, 100) or f"status {reply.status}"
    region = _header(reply, "x-amz-bucket-region")
    return CloudError(f"{service} answered {said}", code=code, status=reply.status, region=region)


def _code(reply: IncomingReply) -> str:
    """What AWS calls the error, in any of its forms; "" where it is none."""
    code = _header(reply, "x-amzn-errortype")
    if not code and reply.body.lstrip()[:1] == b"{":
        try:
            code = json_of(reply.body, _Refusal).type
        except UnreadableError:
            return ""
    elif not code and reply.body.lstrip()[:1] == b"<":
        try:
            root = xml_of(reply.body)
        except UnreadableError:
            return ""
        paths = {"Error": "Code", "ErrorResponse": "Error/Code", "Response": "Errors/Error/Code"}
        code = root.said(paths[root.name]) if root.name in paths else ""
    return code.rpartition("#")[2].partition(":")[0]


def _is_momentary(error: CloudError, reply: IncomingReply) -> bool:
    return (
        reply.failure is EgressFailure.UNREACHABLE
        or reply.status in _MOMENTARY
        or "Throttl" in error.code
        or error.code in {"RequestLimitExceeded", "SlowDown", "TooManyRequestsException"}
    )


def _lost(service: str, failure: EgressFailure) -> CloudError:
    reasons = {
        EgressFailure.REFUSED: f"{service}, or where it leads, may not be reached from this server",
        EgressFailure.TOO_LARGE: f"{service} answered more than is read",
        EgressFailure.TIMEOUT: f"{service} took too long",
        EgressFailure.UNREACHABLE: f"{service} does not answer",
        EgressFailure.BAD_ENCODING: f"{service} breaks HTTP",
    }
    return CloudError(reasons[failure])


def _unreadable(service: str) -> CloudError:
    return CloudError(f"what {service} answered cannot be read")


def _region(text: str) -> str:
    if not REGION.fullmatch(text):
        raise _unreadable("s3")
    return text


def _header(reply: IncomingReply, name: str) -> str:
    return next((value for key, value in reply.headers if key == name), "")
