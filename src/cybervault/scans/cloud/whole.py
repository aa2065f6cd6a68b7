"""The account itself: its root user, its passwords, and whether anybody writes down what is done in it."""

import re
from collections.abc import AsyncIterator
from typing import Final

from cybervault.scans.cloud.client import Aws, CloudError
from cybervault.scans.cloud.kind import Hit, Kind, Question, Resource, judged, unless
from cybervault.scans.cloud.services import is_recorded

_NO_POLICY: Final = frozenset({"NoSuchEntity"})
_PASSWORD_CHARACTERS: Final = 14
_OTHERS: Final = "what iam answered cannot be read"


async def _account(aws: Aws, _resource: Resource) -> dict[str, str]:
    answer = await aws.query("iam", "GetAccountSummary")
    entries = answer.all("GetAccountSummaryResult/SummaryMap/entry")
    return {one.said("key"): one.said("value") for one in entries}


def _root(summary: dict[str, str]) -> list[Hit]:
    if not {"AccountAccessKeysPresent", "AccountMFAEnabled"} <= summary.keys():
        raise CloudError(_OTHERS)
    found = []
    if summary["AccountAccessKeysPresent"] != "0":
        found.append(("cloud_root_has_key", f"{summary['AccountAccessKeysPresent']} access keys"))
    if summary["AccountMFAEnabled"] != "1":
        found.append(("cloud_root_without_mfa", ""))
    return found


async def _password(aws: Aws, _resource: Resource, _summary: dict[str, str]) -> list[Hit]:
    answer = await unless(_NO_POLICY, aws.query("iam", "GetAccountPasswordPolicy"))
    if answer is None:
        return [("cloud_password_policy_weak", "none is set")]
    policy = answer.one("GetAccountPasswordPolicyResult/PasswordPolicy")
    length = "" if policy is None else policy.said("MinimumPasswordLength")
    if policy is None or not length.isdecimal():
        raise CloudError(_OTHERS)
    weak = [] if int(length) >= _PASSWORD_CHARACTERS else [f"at least {length} characters"]
    if policy.said("PasswordReusePrevention") in {"", "0"}:
        weak.append("old passwords may be used again")
    return [("cloud_password_policy_weak", "; ".join(weak))] if weak else []


async def _audit(aws: Aws, _resource: Resource, _summary: dict[str, str]) -> list[Hit]:
    return [] if await is_recorded(aws) else [("cloud_account_without_trail", "")]


async def _itself(_aws: Aws, _region: str) -> AsyncIterator[str]:
    yield "root"


ROOT: Final = Kind(
    service="iam",
    what="account",
    pattern=re.compile(r"(root)"),
    absent=frozenset(),
    find=_account,
    questions=(
        Question("root user", ("cloud_root_has_key", "cloud_root_without_mfa"), judged(_root)),
        Question("audit log", ("cloud_account_without_trail",), _audit),
        Question("password policy", ("cloud_password_policy_weak",), _password),
    ),
    all=_itself,
    is_global=True,
)
