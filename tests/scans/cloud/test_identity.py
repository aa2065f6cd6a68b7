"""Users and roles: who gets in, at a server that speaks as AWS does."""

import json
from datetime import UTC, datetime

from cybervault.scans.cloud.identity import ROLE, USER
from cybervault.scans.seen import CoverageState
from tests.fakes.aws import ACCOUNT, EVERYBODY, Cloud, lying
from tests.fakes.clock import HandClock

PREFIX = f"arn:aws:iam::{ACCOUNT}"
STAR = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
READ = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}'


def within(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"


LATER = HandClock(datetime(2100, 1, 1, tzinfo=UTC))


async def test_a_user_with_everything_breaks_every_rule(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="ann", Path="/team/")
    iam.create_login_profile(UserName="ann", Password="a-password-of-tests-1A")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=STAR)
    own = iam.create_policy(PolicyName="ours", PolicyDocument=STAR)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ann", PolicyArn=own)
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    found = await cloud.look(f"{PREFIX}:user/team/ann", clock=LATER)
    assert found.rules["cloud_user_without_mfa"]
    assert found.rules["cloud_policy_allows_everything"] == "own, ours"
    assert found.rules["cloud_key_old"].startswith(f"{key} of 20")
    assert found.rules["cloud_key_unused"] == f"{key} never used"
    assert found.covered == {"second factor", "policies", "access keys"}
    assert "user/team/ann" in await cloud.listed(USER)
    (line,) = (await cloud.look(f"{PREFIX}:user/ann")).lines
    assert line.state is CoverageState.NOT_REACHED  # the name is somebody's, under another path


async def test_a_user_who_is_kept_well_breaks_none(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="bob")
    iam.create_login_profile(UserName="bob", Password="a-password-of-tests-1A")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="bob")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="bob", SerialNumber=device, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    iam.put_user_policy(UserName="bob", PolicyName="own", PolicyDocument=READ)
    iam.attach_user_policy(
        UserName="bob", PolicyArn=iam.create_policy(PolicyName="narrow", PolicyDocument=READ)["Policy"]["Arn"]
    )
    iam.create_access_key(UserName="bob")
    idle = iam.create_access_key(UserName="bob")["AccessKey"]["AccessKeyId"]
    found = await cloud.look(f"{PREFIX}:user/bob")
    assert (found.rules, found.covered) == ({}, {"second factor", "policies", "access keys"})
    for one in iam.list_access_keys(UserName="bob")["AccessKeyMetadata"]:
        iam.update_access_key(UserName="bob", AccessKeyId=one["AccessKeyId"], Status="Inactive")
    assert idle not in str((await cloud.look(f"{PREFIX}:user/bob", clock=LATER)).rules)


async def test_a_role_is_judged_by_whom_it_trusts_and_what_it_may(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    ours = {"Principal": {"AWS": f"{PREFIX}:root"}, "Action": "sts:AssumeRole"}
    github = {
        "Principal": {"Federated": f"{PREFIX}:oidc-provider/token.actions.githubusercontent.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    trusts = {
        "anyone": EVERYBODY % "sts:AssumeRole",
        "workflows": json.dumps({"Statement": [{"Effect": "Allow", **github}]}),
        "narrow": json.dumps({"Statement": [{"Effect": "Allow", **ours}]}),
    }
    found = {}
    for name, trust in trusts.items():
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if name == "anyone":
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=STAR)
        looked = await cloud.look(f"{PREFIX}:role/{name}")
        assert looked.covered == {"trust", "policies"}
        found[name] = looked.rules
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    names = await cloud.listed(ROLE)
    assert "role/anyone" in names
    assert not any("aws-service-role" in name for name in names)  # AWS's own, which nobody can change
    assert found == {
        "anyone": {
            "cloud_role_trusts_everybody": "statement Open allows sts:AssumeRole",
            "cloud_policy_allows_everything": "own",
        },
        "workflows": {"cloud_role_trusts_any_repository": "statement without Sid allows sts:AssumeRoleWithWebIdentity"},
        "narrow": {},
    }


async def test_of_the_policies_of_aws_itself_one_allows_everything() -> None:
    arn = f"{PREFIX}:role/deploy"
    role = f"<GetRoleResult><Role><Arn>{arn}</Arn></Role></GetRoleResult>"
    attached = "".join(
        f"<member><PolicyName>{name}</PolicyName><PolicyArn>arn:aws:iam::aws:policy/{name}</PolicyArn></member>"
        for name in ("ReadOnlyAccess", "AdministratorAccess")
    )
    result = within("ListAttachedRolePoliciesResult", f"<AttachedPolicies>{attached}</AttachedPolicies>")
    answers = {
        "GetRole": (200, f"<GetRoleResponse>{role}</GetRoleResponse>"),
        "ListRolePolicies": (200, "<ListRolePoliciesResponse/>"),
        "ListAttachedRolePolicies": (200, within("ListAttachedRolePoliciesResponse", result)),
    }
    with lying(answers) as (cloud, _):
        found = await cloud.look(arn)
    assert found.rules == {"cloud_policy_allows_everything": "AdministratorAccess"}
    assert found.covered == {"policies"}  # whom it trusts was not said


async def test_what_cannot_be_read_is_no_clean_answer() -> None:
    arn = f"{PREFIX}:user/eve"
    key = "<AccessKeyId>AKIA</AccessKeyId><Status>Active</Status><CreateDate>yesterday</CreateDate>"
    listed = (
        f"<ListAccessKeysResult><AccessKeyMetadata><member>{key}</member></AccessKeyMetadata></ListAccessKeysResult>"
    )
    policies = "<ListUserPoliciesResult><PolicyNames><member>own</member></PolicyNames></ListUserPoliciesResult>"
    answers = {
        "GetUserPolicy": (200, "<GetUserPolicyResponse/>"),
        "GetUser": (
            200,
            f"<GetUserResponse><GetUserResult><User><Arn>{arn}</Arn></User></GetUserResult></GetUserResponse>",
        ),
        "GetLoginProfile": (403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"),
        "ListUserPolicies": (200, f"<ListUserPoliciesResponse>{policies}</ListUserPoliciesResponse>"),
        "ListAccessKeys": (200, f"<ListAccessKeysResponse>{listed}</ListAccessKeysResponse>"),
        "GetAccessKeyLastUsed": (200, "<GetAccessKeyLastUsedResponse/>"),
    }
    with lying(answers) as (cloud, _):
        found = await cloud.look(arn)
    assert (found.rules, found.covered) == ({}, set())
    assert {one.places: one.reason for one in found.lines} == {
        ("second factor",): "iam answered AccessDenied",
        ("policies",): "a policy cannot be read",
        ("access keys",): "what iam answered cannot be read",
    }
