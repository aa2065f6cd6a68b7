"""The page of the API's document in a real browser: nothing is violated, and nothing leaves the server."""

import pytest
from playwright.async_api import Browser, expect

from tests.console.watching import Watch
from tests.fakes.serving import Running

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_check_158_the_page_shows_every_part_and_keeps_no_key(browser: Browser, site: Running) -> None:
    """No violation of the content policy, no fault of a script, no request elsewhere, and no key in storage."""
    watch = Watch(site.url)
    async with await browser.new_context(service_workers="block") as context:
        await watch.begin(context)
        page = await context.new_page()
        await page.goto(f"{site.url}/api/docs/")
        await expect(page.get_by_role("status")).to_have_text("API Operational")
        await expect(page.get_by_role("heading", name="Console")).to_be_visible()
        await page.get_by_role("button", name="Authorize").first.click()
        await page.get_by_label("auth-bearer-value").fill("cv_live_sk_0123456789abcdefghijklmnop")
        await page.get_by_role("button", name="Apply credentials").first.click()
        await page.get_by_role("button", name="Close").first.click()
        await page.get_by_text("/v3/system/whoami").first.click()
        await page.get_by_role("button", name="Try it out").click()
        await page.get_by_role("button", name="Execute").click()
        await expect(page.get_by_text("invalid_api_key").first).to_be_visible()
        assert (
            await page.evaluate("JSON.stringify([Object.keys(localStorage), Object.keys(sessionStorage)])") == "[[],[]]"
        )
    assert not [fault for fault in watch.faults if "401" not in fault]
