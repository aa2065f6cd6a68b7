"""Visits of the console by members who have just signed in."""

from typing import Final

from playwright.async_api import Locator, Page

from cybervault.domain.principals import Role
from tests.console.conftest import OpenConsole
from tests.console.members import Home, email_of, sign_in
from tests.console.visiting import Look, Visit

SPANISH: Final = Look(is_calm=True)
ENGLISH: Final = Look("en", "dark", is_calm=True)


async def visit_as(open_console: OpenConsole, home: Home, role: Role, path: str, look: Look = ENGLISH) -> Visit:
    """A page of a member who has just signed in, so that no proof is asked for."""
    home.cookies[role] = sign_in(home.server, email_of(role))
    return await open_console(look, url=home.server.url, path=path, cookie=home.cookies[role])


def button(place: Page | Locator, name: str) -> Locator:
    """The button of exactly this name."""
    return place.get_by_role("button", name=name, exact=True)
