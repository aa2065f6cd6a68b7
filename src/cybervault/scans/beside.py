"""Has prowler look at what of AWS was named, where it is installed; it reads through a relay that alone has the key."""

from dataclasses import replace
from typing import Final

from cybervault.scans.apart import Apart
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.cloud.client import Aws, CloudError
from cybervault.scans.cloud.relay import relaying
from cybervault.scans.engines import PROWLER
from cybervault.scans.engines.prowler import BOUNDS, judge
from cybervault.scans.seen import Coverage, CoverageState, Report
from cybervault.scans.targets import Target
from cybervault.scans.whole import GONE

_S3: Final = "s3"


async def look_by_prowler(
    target: Target, service: str, *, accounts: Accounts, apart: Apart, has_compliance_rules: bool
) -> Report:
    """What it says of a resource, or of one `service` of a whole account ("": the target is a resource)."""
    report = Report()
    try:
        for number in accounts.of(target.arn):
            aws = await accounts.entered(number, target.arn.partition)
            report = await _looked(target, service, aws, apart=apart, has_compliance_rules=has_compliance_rules)
            if any(line.state is CoverageState.COVERED for line in report.coverage):
                return report
    except CloudError as error:
        report.coverage.append(Coverage(target.value, PROWLER, CoverageState.NOT_TESTED, error.reason, ("checks",)))
    return report


async def _looked(target: Target, service: str, aws: Aws, *, apart: Apart, has_compliance_rules: bool) -> Report:
    regions = await _regions(target, aws)
    what = ["service", service] if service else ["arn", target.value]
    async with relaying(aws) as relay:
        words = [str(relay.port), relay.token, regions, *what]
        ended = await apart.run(PROWLER, words, replace(BOUNDS, port=relay.port))
    if ended is None:
        return Report(coverage=[Coverage(target.value, PROWLER, CoverageState.NOT_TESTED, GONE, ("checks",))])
    report = judge(ended.output, target, has_compliance_rules=has_compliance_rules)
    if ended.fault:
        report.coverage.append(Coverage(target.value, PROWLER, CoverageState.FAILED, ended.fault, ("checks",)))
    if relay.refused:
        reason = f"requests that do not plainly read, and were not sent: {relay.refused}"
        report.coverage.append(Coverage(target.value, PROWLER, CoverageState.NOT_TESTED, reason, ("requests",)))
    return report


async def _regions(target: Target, aws: Aws) -> str:
    arn = target.arn
    if arn.region:
        return arn.region
    if arn.service == _S3 and not arn.is_account:
        return await aws.bucket_region(arn.resource)
    return ",".join(aws.account.regions or (aws.home,))
