"""Asks prowler about one resource, or about one service of an account, and writes a line of JSON for each result.

`python -I __main__.py PORT TOKEN REGIONS arn ARN` or `... service NAME`. It has no key of AWS: each request goes to the
relay at PORT of this machine, which signs it. Whatever prowler comes to is written at once; its last line says how far.
"""

# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-def, no-untyped-call, misc, no-any-return"

import asyncio
import base64
import json
import sys
from pathlib import Path

PORT, TOKEN, REGIONS, SORT, WHAT = sys.argv[1:6]
LINE_BYTES_MAX = 64 * 1024 * 1024
# One asks for buckets of others by names that it guesses, one asks a service of others about addresses.
WITHOUT = {"s3_bucket_shadow_resource_vulnerability", "ec2_elastic_ip_shodan"}

# Buckets are named in the path, so that every host is one of AWS's own.
(Path.home() / ".aws").mkdir(exist_ok=True)
(Path.home() / ".aws" / "config").write_text("[default]\ns3 =\n  addressing_style = path\n", encoding="utf-8")

from botocore import awsrequest, httpsession


class Body:
    """A body that is all there."""

    def __init__(self, raw):
        self.raw = raw

    def stream(self, *_sizes, **_more):
        yield self.raw
        self.raw = b""

    def read(self, *_sizes):
        raw, self.raw = self.raw, b""
        return raw


async def relayed(line):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(PORT), limit=LINE_BYTES_MAX)
    try:
        writer.write(line + b"\n")
        await writer.drain()
        return await reader.readline()
    finally:
        writer.close()


def send(_session, request):
    """In place of what would connect to AWS."""
    body = request.body or b""
    body = body.read() if hasattr(body, "read") else body
    body = body.encode() if isinstance(body, str) else bytes(body)
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    asked = {"token": TOKEN, "method": request.method, "url": request.url, "headers": headers}
    answer = json.loads(asyncio.run(relayed(json.dumps(asked | {"body": base64.b64encode(body).decode()}).encode())))
    found = awsrequest.HeadersDict()
    for name, value in answer["headers"]:
        found[name] = value
    return awsrequest.AWSResponse(request.url, answer["status"], found, Body(base64.b64decode(answer["body"])))


httpsession.URLLib3Session.send = send

from prowler.lib.scan.scan import Scan
from prowler.providers.aws.aws_provider import AwsProvider
from prowler.providers.common.provider import Provider


def main():
    of_arn = SORT == "arn"
    provider = AwsProvider(
        regions=set(REGIONS.split(",")),
        resource_arn=[WHAT] if of_arn else [],
        # Without it a security group that nothing uses is passed over, and asked for alone none seems used.
        scan_unused_services=True,
        aws_access_key_id="RELAYED",
        aws_secret_access_key="relayed",  # noqa: S106 - it stands where one is wanted; the relay has the key
        mutelist_content={"Accounts": {}},
    )
    Provider.set_global_provider(provider)
    if of_arn:
        wish = {"checks": sorted(set(provider.get_checks_to_execute_by_audit_resources()) - WITHOUT)}
    else:
        wish = {"services": [WHAT], "excluded_checks": sorted(WITHOUT)}
    percent = 0.0
    if wish.get("checks") != []:
        for percent, found in Scan(provider, **wish).scan():  # noqa: B007 - how far it came is said at the end
            for one in found:
                result = {
                    "check": one.metadata.CheckID,
                    "status": str(one.status.value),
                    "arn": one.resource_uid,
                    "severity": str(one.metadata.Severity.value),
                    "title": one.metadata.CheckTitle,
                    "said": one.status_extended,
                }
                sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.write(json.dumps({"percent": percent}) + "\n")


if __name__ == "__main__":
    main()
