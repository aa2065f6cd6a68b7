"""Users and roles: who can sign in, with what, and as whom."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from cybervault.scans.cloud.answers import Node
from cybervault.scans.cloud.client import Aws, CloudError
from cybervault.scans.cloud.kind import AbsentError, Hit, Kind, Question, Resource, judged, pages, read, unless
from cybervault.scans.cloud.policies import allows_everything, any_repository, open_statements

_ABSENT: Final = frozenset({"NoSuchEntity"})
_KEY_DAYS: Final = 90
_ADMINISTRATOR: Final = ":iam::aws:policy/AdministratorAccess"
_OTHERS: Final = "what iam answered cannot be read"


async def _user(aws: Aws, resource: Resource) -> Node:
    answer = await aws.query("iam", "GetUser", UserName=resource.name)
    return _named(answer.one("GetUserResult/User"), resource)


async def _role(aws: Aws, resource: Resource) -> Node:
    answer = await aws.query("iam", "GetRole", RoleName=resource.name)
    return _named(answer.one("GetRoleResult/Role"), resource)


def _named(found: Node | None, resource: Resource) -> Node:
    # A name is found under any path; the ARN says which is meant.
    if found is None or found.said("Arn") != resource.arn:
        raise AbsentError
    return found


async def _second_factor(aws: Aws, resource: Resource, _user: Node) -> list[Hit]:
    if await unless(_ABSENT, aws.query("iam", "GetLoginProfile", UserName=resource.name)) is None:
        return []
    answer = await aws.query("iam", "ListMFADevices", UserName=resource.name)
    if answer.one("ListMFADevicesResult/MFADevices/member") is not None:
        return []
    return [("cloud_user_without_mfa", "it has a password for the console and no second factor")]


async def _keys(aws: Aws, resource: Resource, _user: Node) -> list[Hit]:
    old, idle = [], []
    answer = await aws.query("iam", "ListAccessKeys", UserName=resource.name)
    for key in answer.all("ListAccessKeysResult/AccessKeyMetadata/member"):
        if key.said("Status") != "Active":
            continue
        name, made = key.said("AccessKeyId"), _moment(key.said("CreateDate"))
        used = await aws.query("iam", "GetAccessKeyLastUsed", AccessKeyId=name)
        last = used.said("GetAccessKeyLastUsedResult/AccessKeyLastUsed/LastUsedDate")
        if _days(aws, made) > _KEY_DAYS:
            old.append(f"{name} of {made:%Y-%m-%d}")
        if _days(aws, _moment(last) if last and last != "N/A" else made) > _KEY_DAYS:
            idle.append(f"{name} {f'last used {last[:10]}' if last and last != 'N/A' else 'never used'}")
    found = [("cloud_key_old", old), ("cloud_key_unused", idle)]
    return [(rule, "; ".join(evidence)) for rule, evidence in found if evidence]


async def _user_policies(aws: Aws, resource: Resource, _user: Node) -> list[Hit]:
    return await _all_powerful(aws, "User", resource.name)


async def _all_powerful(aws: Aws, sort: str, name: str) -> list[Hit]:
    """Which policies of a user or role, its own and attached ones, allow everything."""
    whose, found = {f"{sort}Name": name}, []
    async for answer in pages(aws, "iam", f"List{sort}Policies", region="", **whose):
        for one in answer.all(f"List{sort}PoliciesResult/PolicyNames/member"):
            policy = await aws.query("iam", f"Get{sort}Policy", PolicyName=one.text, **whose)
            if read(allows_everything, policy.said(f"Get{sort}PolicyResult/PolicyDocument")):
                found.append(one.text)
    async for answer in pages(aws, "iam", f"ListAttached{sort}Policies", region="", **whose):
        attached = list(answer.all(f"ListAttached{sort}PoliciesResult/AttachedPolicies/member"))
        found += [one.said("PolicyName") for one in attached if await _is_all_powerful(aws, one.said("PolicyArn"))]
    return [("cloud_policy_allows_everything", ", ".join(found))] if found else []


async def _is_all_powerful(aws: Aws, arn: str) -> bool:
    if arn.endswith(_ADMINISTRATOR):
        return True
    if ":iam::aws:policy/" in arn:  # AWS's own, of which no other allows everything
        return False
    policy = await aws.query("iam", "GetPolicy", PolicyArn=arn)
    version = policy.said("GetPolicyResult/Policy/DefaultVersionId")
    answer = await aws.query("iam", "GetPolicyVersion", PolicyArn=arn, VersionId=version)
    return read(allows_everything, answer.said("GetPolicyVersionResult/PolicyVersion/Document"))


async def _role_policies(aws: Aws, resource: Resource, _role: Node) -> list[Hit]:
    return await _all_powerful(aws, "Role", resource.name)


def _trust(role: Node) -> list[Hit]:
    text = role.said("AssumeRolePolicyDocument")
    everybody, repositories = read(open_statements, text), read(any_repository, text)
    found = [("cloud_role_trusts_everybody", everybody), ("cloud_role_trusts_any_repository", repositories)]
    return [(rule, "; ".join(evidence)) for rule, evidence in found if evidence]


async def _users(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "iam", "ListUsers", region=region):
        for one in answer.all("ListUsersResult/Users/member"):
            yield one.said("Arn").partition("::")[2].partition(":")[2]


async def _roles(aws: Aws, region: str) -> AsyncIterator[str]:
    async for answer in pages(aws, "iam", "ListRoles", region=region):
        for one in answer.all("ListRolesResult/Roles/member"):
            path = one.said("Arn").partition("::")[2].partition(":")[2]
            # AWS makes those of its services itself, and nobody else can change them.
            if not path.startswith("role/aws-service-role/"):
                yield path


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CloudError(_OTHERS) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _days(aws: Aws, moment: datetime) -> int:
    return (aws.clock.now() - moment).days


USER: Final = Kind(
    service="iam",
    what="user",
    pattern=re.compile(r"user/(?:[A-Za-z0-9_+=,.@-]+/)*([A-Za-z0-9_+=,.@-]+)"),
    absent=_ABSENT,
    find=_user,
    questions=(
        Question("second factor", ("cloud_user_without_mfa",), _second_factor),
        Question("policies", ("cloud_policy_allows_everything",), _user_policies),
        Question("access keys", ("cloud_key_old", "cloud_key_unused"), _keys),
    ),
    all=_users,
    is_global=True,
)
ROLE: Final = Kind(
    service="iam",
    what="role",
    pattern=re.compile(r"role/(?:[A-Za-z0-9_+=,.@-]+/)*([A-Za-z0-9_+=,.@-]+)"),
    absent=_ABSENT,
    find=_role,
    questions=(
        Question("trust", ("cloud_role_trusts_everybody", "cloud_role_trusts_any_repository"), judged(_trust)),
        Question("policies", ("cloud_policy_allows_everything",), _role_policies),
    ),
    all=_roles,
    is_global=True,
)
KINDS: Final = (USER, ROLE)
