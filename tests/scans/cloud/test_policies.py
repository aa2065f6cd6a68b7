"""Policies: whom they let in, as AWS reads them."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from cybervault.scans.cloud.answers import UnreadableError
from cybervault.scans.cloud.policies import (
    allows_everything,
    any_repository,
    open_statements,
    refuses_plain_http,
    statements_of,
)

GITHUB = {"Federated": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"}
SUB = "token.actions.githubusercontent.com:sub"
ACCOUNT = {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def policy(**statement: object) -> str:
    return json.dumps({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | statement})


@pytest.mark.parametrize(
    ("statement", "is_open"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::123456789012:root", "*"]}}, True),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}}, True),
        ({"Principal": {"Service": "*"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": ACCOUNT}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}}}, False),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "123456789012"}}}, True),
        ({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}}, True),
        ({"Principal": "*", "Condition": {"StringEquals": {"AWS:PrincipalTag/team": "a"}}}, False),
    ],
)
def test_who_is_everybody(statement: dict[str, Any], is_open: bool) -> None:  # noqa: FBT001 - a column
    assert bool(open_statements(policy(**statement))) is is_open


def test_a_statement_is_named_with_what_it_allows() -> None:
    text = policy(Sid="Read", Principal="*", Action=["s3:A", "s3:B", "s3:C", "s3:D"])
    assert open_statements(text) == ["statement Read allows s3:A, s3:B, s3:C and 1 more"]
    assert open_statements(quote(text)) == open_statements(text)
    (one,) = statements_of('{"Statement": [{"Effect": "Allow", "Principal": "*", "NotAction": "s3:Get*"}]}')
    assert one.shown == "statement without Sid allows all but some"


def test_everything_is_allowed_only_without_a_condition() -> None:
    assert allows_everything(policy(Action="*"))
    assert allows_everything(policy(Action=["s3:Get*", "*:*"]))
    for part in ({"Action": "s3:*"}, {"Action": "*", "Resource": "arn:aws:s3:::a"}, {"Action": "*", "Effect": "Deny"}):
        assert not allows_everything(policy(**part))
    assert not allows_everything(policy(Action="*", Condition=ACCOUNT))


def test_plain_http_is_refused_by_a_deny_for_everybody() -> None:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    assert refuses_plain_http(policy(Effect="Deny", Principal="*", Condition=condition))
    assert refuses_plain_http(policy(Effect="Deny", Principal={"AWS": "*"}, Condition=condition))
    assert not refuses_plain_http(policy(Effect="Allow", Principal="*", Condition=condition))
    assert not refuses_plain_http(policy(Effect="Deny", Principal={"AWS": "1"}, Condition=condition))
    assert not refuses_plain_http(policy(Effect="Deny", Principal="*"))


def test_workflows_of_github_are_let_in_by_their_repository() -> None:
    trust = {"Principal": GITHUB, "Action": "sts:AssumeRoleWithWebIdentity"}
    assert any_repository(policy(**trust))
    assert any_repository(policy(**trust, Condition={"StringLike": {SUB: "repo:*"}}))
    assert any_repository(policy(**trust, Condition={"StringEquals": {"token.actions.githubusercontent.com:aud": "x"}}))
    assert not any_repository(policy(**trust, Condition={"StringLike": {SUB: "repo:acme/app:*"}}))
    assert not any_repository(policy(Principal={"Federated": "cognito-identity.amazonaws.com"}))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Statement": ["x"]}', '{"Statement": "x"}'])
def test_what_is_no_policy_cannot_be_read(text: str) -> None:
    with pytest.raises(UnreadableError):
        open_statements(text)


def test_odd_parts_let_nobody_in() -> None:
    assert open_statements('{"Statement": [{"Effect": "Allow", "Principal": {"AWS": 5}, "Condition": [1]}]}') == []
    assert open_statements('{"Statement": [{"Effect": "Allow", "Principal": "*", "Condition": {"Bool": 1}}]}')
