"""The account itself: its root user, its passwords and its audit log, at a server that speaks as AWS does."""

import pytest

from cybervault.scans.cloud.whole import ROOT as KIND
from cybervault.scans.seen import CoverageState
from tests.fakes.aws import ROOT, Cloud, lying

TRAIL = '{{"TrailARN": "arn:x", "IsMultiRegionTrail": {}, "HomeRegion": "eu-west-1"}}'


def answer(action: str, inner: str) -> tuple[int, str]:
    return 200, f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"


def summary(keys: int, factors: int) -> tuple[int, str]:
    says = {"AccountAccessKeysPresent": keys, "AccountMFAEnabled": factors}
    entries = "".join(f"<entry><key>{name}</key><value>{value}</value></entry>" for name, value in says.items())
    return answer("GetAccountSummary", f"<SummaryMap>{entries}</SummaryMap>")


def passwords(length: str, reuse: str) -> tuple[int, str]:
    policy = f"<MinimumPasswordLength>{length}</MinimumPasswordLength>"
    policy += f"<PasswordReusePrevention>{reuse}</PasswordReusePrevention>"
    return answer("GetAccountPasswordPolicy", f"<PasswordPolicy>{policy}</PasswordPolicy>")


async def test_what_stands_in_a_new_account_is_told(cloud: Cloud) -> None:
    found = await cloud.look(ROOT)
    assert {"cloud_root_without_mfa", "cloud_password_policy_weak"} <= found.rules.keys()
    assert found.covered == {"root user", "password policy", "audit log"}


async def test_an_account_that_is_kept_well_breaks_nothing() -> None:
    answers = {
        "GetAccountSummary": summary(0, 1),
        "GetAccountPasswordPolicy": passwords("14", "24"),
        "DescribeTrails": (200, f'{{"trailList": [{TRAIL.format("false")}, {TRAIL.format("true")}]}}'),
        "GetTrailStatus": (200, '{"IsLogging": true}'),
    }
    with lying(answers) as (cloud, lies):
        found = await cloud.look(ROOT)
        assert (found.rules, found.covered) == ({}, {"root user", "password policy", "audit log"})
        lies.answers |= {
            "GetAccountSummary": summary(1, 0),
            "GetAccountPasswordPolicy": passwords("8", ""),
            "GetTrailStatus": (200, '{"IsLogging": false}'),
        }
        found = await cloud.look(ROOT)
    assert found.rules == {
        "cloud_root_has_key": "1 access keys",
        "cloud_root_without_mfa": "",
        "cloud_password_policy_weak": "at least 8 characters; old passwords may be used again",
        "cloud_account_without_trail": "",
    }


@pytest.mark.parametrize("length", ["", "many"])
async def test_what_is_not_said_is_not_tested(length: str) -> None:
    answers = {
        "GetAccountSummary": (200, "<GetAccountSummaryResponse/>"),
        "GetAccountPasswordPolicy": passwords(length, "1"),
        "DescribeTrails": (400, '{"__type": "AccessDeniedException"}'),
    }
    with lying(answers) as (cloud, _):
        found = await cloud.look(ROOT)
    assert (found.rules, found.covered) == ({}, set())
    assert [one.state for one in found.lines] == [CoverageState.NOT_TESTED] * 3


async def test_an_account_lists_itself() -> None:
    nobody: object = None
    assert [name async for name in KIND.all(nobody, "")] == ["root"]  # type: ignore[arg-type] # nobody is asked
