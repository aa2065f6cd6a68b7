"""Which account an ARN is about, how it is asked, and what to set where none is connected."""

import pytest

from cybervault.scans.cloud.accounts import Accounts, unconnected
from cybervault.scans.cloud.client import CloudError
from cybervault.scans.targets import parse_target
from tests.fakes.aws import ACCOUNT, lying
from tests.fakes.clock import HandClock

BUCKET = parse_target("arn:aws:s3:::bucket").arn
TOPIC = parse_target(f"arn:aws:sns:eu-west-1:{ACCOUNT}:alerts").arn


def test_the_setting_that_would_connect_it_is_named() -> None:
    assert unconnected(TOPIC, {ACCOUNT}) is None
    assert unconnected(BUCKET, {ACCOUNT}) is None
    assert unconnected(TOPIC, {"210987654321"}) == (
        "account 123456789012 is not connected to this server: set "
        "CYBERVAULT_SCANS__AWS__123456789012__ACCESS_KEY_ID and what goes with it"
    )
    assert "no account is connected" in str(unconnected(BUCKET, set()))


async def test_an_account_is_entered_once_in_a_while() -> None:
    with lying() as (cloud, lies):
        async with cloud.egress() as egress:
            clock = HandClock()
            accounts = Accounts(egress, {ACCOUNT: cloud.account()}, clock, pause_seconds=0)
            assert accounts.of(TOPIC) == accounts.of(BUCKET) == (ACCOUNT,)
            first = await accounts.entered(ACCOUNT, "aws")
            assert await accounts.entered(ACCOUNT, "aws") is first
            assert len(lies.asked) == 1
            clock.advance(21 * 60)
            assert await accounts.entered(ACCOUNT, "aws") is not first
            assert (await accounts.entered(ACCOUNT, "aws-cn")).home == "cn-north-1"
            with pytest.raises(CloudError, match="not connected"):
                accounts.of(parse_target("arn:aws:sns:eu-west-1:210987654321:alerts").arn)
