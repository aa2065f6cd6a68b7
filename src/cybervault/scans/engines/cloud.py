"""Resources of AWS: each is found, and asked what its kind is asked about; what nobody answers is not tested."""

from collections.abc import Sequence
from typing import Any, Final

from cybervault.domain.problems import Problem
from cybervault.scans.cloud import data, identity, network, services, storage
from cybervault.scans.cloud.accounts import Accounts
from cybervault.scans.cloud.client import Aws, CloudError
from cybervault.scans.cloud.kind import RESOURCES_MAX, AbsentError, Kind, Question, Resource
from cybervault.scans.cloud.whole import ROOT
from cybervault.scans.engines import CLOUD
from cybervault.scans.rules import is_asked
from cybervault.scans.seen import Closed, CloudArea, CloudResource, Coverage, CoverageState, Report, Seen, shown
from cybervault.scans.targets import Arn, Target, parse_target

KINDS: Final = (*storage.KINDS, *network.KINDS, *identity.KINDS, *data.KINDS, *services.KINDS)


async def look_at_account(target: Target, accounts: Accounts, *, has_compliance_rules: bool) -> Report:
    """Ask about the account itself; `areas` are the kinds and regions whose resources are listed next."""
    report = await look_at_resource(target, accounts, has_compliance_rules=has_compliance_rules)
    arn = target.arn
    try:
        aws = await accounts.entered(arn.account, arn.partition)
        regions = aws.account.regions or await network.regions(aws)
    except CloudError as error:
        if not report.coverage:
            report.coverage.append(_not_tested(target.value, error.reason))
        report.coverage.append(_not_tested(target.value, f"its regions are not known: {error.reason}", ("regions",)))
        return report
    for kind in KINDS:
        if _asked(kind, has_compliance_rules=has_compliance_rules):
            places = ("",) if kind.is_global else regions
            report.areas += [CloudArea(target.value, _name(kind), place) for place in places]
    return report


async def list_area(area: CloudArea, accounts: Accounts) -> Report:
    """List the resources of one kind in one region of an account, at most 2,000."""
    arn, kind = parse_target(area.target).arn, next(one for one in KINDS if _name(one) == area.kind)
    report, count = Report(), 0
    try:
        aws = await accounts.entered(arn.account, arn.partition)
        async for name in kind.all(aws, area.region):
            count += 1
            if count > RESOURCES_MAX:
                raise CloudError(f"there are more than {RESOURCES_MAX:,}")  # noqa: TRY301 - told as what was not listed
            report.resources.append(_listed(area, kind, name))
    except CloudError as error:
        reason = f"not all were listed: {error.reason}"
        report.coverage.append(_not_tested(area.target, reason, (area.place,)))
        return report
    report.coverage.append(Coverage(area.target, CLOUD, CoverageState.COVERED, f"{count} found", (area.place,)))
    return report


async def look_at_resource(target: Target, accounts: Accounts, *, has_compliance_rules: bool) -> Report:
    """Ask one resource, in the accounts that it may be of, what its kind is asked about."""
    arn, found = target.arn, kind_of(target.arn)
    if found is None:
        what = f"{arn.service} {arn.resource.replace(':', '/').partition('/')[0]}"
        return Report(coverage=[_not_tested(target.value, f"nothing looks at such a resource: {shown(what, 80)}")])
    kind, name = found
    if not (arn.region or kind.is_global):
        return Report(coverage=[_not_tested(target.value, f"the ARN of a {kind.what} names its region")])
    questions = _asked(kind, has_compliance_rules=has_compliance_rules)
    refusals, numbers = list[str](), list[str]()
    try:
        for number in accounts.of(arn):
            numbers.append(number)
            aws = await accounts.entered(number, arn.partition)
            resource = Resource(target.value, arn.region, name)
            try:
                facts = await kind.find(aws, resource)
            except (AbsentError, CloudError) as error:
                if not _is_absent(kind, error):
                    refusals.append(str(error))
                continue
            return await _answers(aws, resource, kind, facts=facts, questions=questions)
    except CloudError as error:
        refusals.append(error.reason)
    if refusals:
        return Report(coverage=[_not_tested(target.value, "; ".join(dict.fromkeys(refusals)))])
    reason = f"resource not found: account {', '.join(numbers)} has no such {kind.what}"
    aspects = tuple(question.aspect for question in kind.questions)
    line = Coverage(target.value, CLOUD, CoverageState.NOT_REACHED, reason)
    # The account itself said so: what was seen of it is gone with it.
    return Report(coverage=[line], closed=[Closed(target.value, aspects)])


def kind_of(arn: Arn) -> tuple[Kind, str] | None:
    """What kind of resource an ARN names, and its name; None for what nothing looks at (pure)."""
    for kind in (ROOT, *KINDS):
        named = kind.pattern.fullmatch(arn.resource) if kind.service == arn.service else None
        if named is not None:
            return kind, named[1]
    return None


async def _answers(
    aws: Aws,
    resource: Resource,
    kind: Kind,
    *,
    facts: Any,  # noqa: ANN401 - each kind finds its own
    questions: Sequence[Question],
) -> Report:
    report, covered = Report(), list[str]()
    for question in questions:
        try:
            hits = await question.ask(aws, resource, facts)
        except CloudError as error:
            report.coverage.append(_not_tested(resource.arn, error.reason, (question.aspect,)))
            continue
        covered.append(question.aspect)
        report.seen += [
            Seen(resource.arn, rule, CLOUD, question.aspect, shown(evidence, 1_000)) for rule, evidence in hits
        ]
    if covered:
        report.coverage.append(Coverage(resource.arn, CLOUD, CoverageState.COVERED, "", tuple(covered)))
    if not questions:
        report.coverage.append(_not_tested(resource.arn, f"only the profile compliance asks about a {kind.what}"))
    return report


def _asked(kind: Kind, *, has_compliance_rules: bool) -> tuple[Question, ...]:
    return tuple(
        question
        for question in kind.questions
        if any(is_asked(rule, has_compliance_rules=has_compliance_rules) for rule in question.rules)
    )


def _is_absent(kind: Kind, error: AbsentError | CloudError) -> bool:
    return isinstance(error, AbsentError) or error.status == 404 or error.code in kind.absent  # noqa: PLR2004 - Not Found


def _listed(area: CloudArea, kind: Kind, name: str) -> CloudResource:
    """A resource of an account by its whole ARN; raises `CloudError` for a name that none has."""
    account = parse_target(area.target).arn
    number = "" if kind is storage.BUCKET else account.account
    arn = f"arn:{account.partition}:{kind.service}:{area.region}:{number}:{name}"
    try:
        found = kind_of(parse_target(arn).arn)
    except (Problem, ValueError):
        found = None
    if found is None or found[0] is not kind:
        raise CloudError(f"a name of {kind.service} cannot be read")
    return CloudResource(area.target, arn)


def _name(kind: Kind) -> str:
    return f"{kind.service} {kind.what}"


def _not_tested(asset: str, reason: str, places: tuple[str, ...] = ()) -> Coverage:
    return Coverage(asset, CLOUD, CoverageState.NOT_TESTED, reason, places)
