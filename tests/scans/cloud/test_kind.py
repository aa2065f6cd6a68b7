"""Lists that go on and on, page after page; errors that mean "nothing"; policies that cannot be read."""

import msgspec
import pytest

from cybervault.scans.cloud import kind as module
from cybervault.scans.cloud.client import CloudError
from cybervault.scans.cloud.kind import Resource, json_pages, judged, pages, read, unless
from cybervault.scans.cloud.policies import open_statements
from tests.fakes.aws import REGION, lied_to


class Listed(msgspec.Struct):
    """One page."""

    NextMarker: str = ""


@pytest.mark.parametrize(
    ("page", "sent"),
    [
        ("<nextToken>two</nextToken>", "NextToken=two"),
        ("<ListUsersResult><NextToken>two</NextToken></ListUsersResult>", "NextToken=two"),
        ("<ListUsersResult><Marker>two</Marker></ListUsersResult>", "Marker=two"),
    ],
)
async def test_each_page_leads_to_the_next(page: str, sent: str) -> None:
    last, first = (200, "<ListUsersResponse/>"), (200, f"<ListUsersResponse>{page}</ListUsersResponse>")
    async with lied_to({sent: last, "ListUsers": first}) as (aws, _):
        assert len([one async for one in pages(aws, "iam", "ListUsers", region="")]) == 2


async def test_a_list_without_an_end_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGES_MAX", 3)
    endless = {"ListUsers": (200, "<ListUsersResponse><nextToken>x</nextToken></ListUsersResponse>"),
               "ListKeys": (200, '{"NextMarker": "x"}')}  # fmt: skip
    async with lied_to(endless) as (aws, lies):
        with pytest.raises(CloudError, match="iam lists more than 3 pages"):
            [one async for one in pages(aws, "iam", "ListUsers", region="")]
        with pytest.raises(CloudError, match="kms lists more than 3 pages"):
            [one async for one in json_pages(aws, ("kms", "ListKeys"), REGION, sort=Listed, turn=("NextMarker", "M"))]
        assert lies.asked[-1][1] == '{"M":"x"}'
        lies.answers["ListKeys"] = (200, "{}")
        turn = ("NextMarker", "M")
        assert len([one async for one in json_pages(aws, ("kms", "ListKeys"), REGION, sort=Listed, turn=turn)]) == 1


async def test_an_error_that_means_nothing_is_set_up_is_an_answer() -> None:
    async with lied_to({"GetThing": (404, '{"__type": "NoSuchThing"}')}) as (aws, _):
        asked = (aws.json("kms", "GetThing", REGION, sort=Listed) for _ in range(2))
        assert await unless(frozenset({"NoSuchThing"}), next(asked)) is None
        with pytest.raises(CloudError, match="NoSuchThing"):
            await unless(frozenset({"Other"}), next(asked))
        resource = Resource("arn:aws:s3:::a", "", "a")
        assert await judged(lambda found: [("rule", found)])(aws, resource, "seen") == [("rule", "seen")]


def test_a_policy_that_cannot_be_read_is_no_clean_one() -> None:
    assert read(open_statements, "{}") == []
    with pytest.raises(CloudError, match="a policy cannot be read"):
        read(open_statements, "{")
