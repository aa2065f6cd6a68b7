"""How browsers come: over which channel, from whose page."""

import pytest

from tests.faces.console.browsing import House, code_of

START = "/api/console/identity/start"
OPTIONS = "/api/console/passkeys/sign-in/options"


@pytest.mark.parametrize(
    ("base", "peer", "is_taken"),
    [
        ("https://vault.example", "192.0.2.7", True),
        ("http://localhost:8000", "127.0.0.1", True),
        ("http://vault.example", "127.0.0.1", False),
        ("http://localhost:8000", "192.0.2.7", False),
    ],
)
async def test_plain_http_is_for_this_machine_only(
    house: House,
    base: str,
    peer: str,
    is_taken: bool,  # noqa: FBT001 - a column
) -> None:
    reply = await house.browser(base=base, peer=peer).ask("GET", START)
    assert reply.status_code == (303 if is_taken else 403)


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "none"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "https://vault.example"}, False),
    ],
)
async def test_another_sites_page_signs_nobody_in(
    house: House,
    headers: dict[str, str],
    is_taken: bool,  # noqa: FBT001 - a column
) -> None:
    reply = await house.browser().ask("POST", OPTIONS, {}, **headers)
    assert is_taken == (reply.status_code == 200)
    if not is_taken:
        assert code_of(reply) == (403, "cross_site_request")


async def test_a_program_that_is_no_browser_may_sign_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing of a page; what it has, it was given by its user."""
    monkeypatch.setattr("tests.faces.console.browsing.OWN_PAGE", {})
    assert (await house.browser().ask("POST", OPTIONS, {})).status_code == 200
