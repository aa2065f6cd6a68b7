"""When a cookie counts for a request that changes things."""

import pytest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.cross_site import refuse_cross_site

OWN = "https://cv.example"


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("same-origin", None),
        ("none", None),
        ("same-origin", "https://evil.example"),  # the browser's word about the site wins
        (None, OWN),
        (None, "HTTPS://CV.example"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH", "PUT"])
def test_our_own_pages_may_change_things(method: str, site: str | None, origin: str | None) -> None:
    refuse_cross_site(method, sec_fetch_site=site, origin=origin, own_origin=f"{OWN}/")


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("cross-site", None),
        ("same-site", None),  # another host of our domain is another site's page for us
        ("cross-site", OWN),
        ("", OWN),
        (None, "https://evil.example"),
        (None, "http://cv.example"),
        (None, "https://cv.example.evil.example"),
        (None, "https://cv.example:8443"),
        (None, "null"),
        (None, ""),
        (None, None),
    ],
)
def test_nobody_else_may(site: str | None, origin: str | None) -> None:
    """Security: another site's page can send requests with our cookie, and changes nothing by them."""
    with pytest.raises(Problem) as caught:
        refuse_cross_site("POST", sec_fetch_site=site, origin=origin, own_origin=OWN)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "cross_site_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_what_only_reads_is_answered_to_any_page(method: str) -> None:
    refuse_cross_site(method, sec_fetch_site="cross-site", origin="https://evil.example", own_origin=OWN)
