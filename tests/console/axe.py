"""axe-core inside a page: what it finds against WCAG 2.2 AA and good practice."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page

_SCRIPT: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_RUN: Final = """async (tags) => {
    const { violations, passes } = await axe.run(document,
        { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] });
    return { passes: passes.length, violations: violations.map(({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(" | ")}`) };
}"""


@cache
def _script() -> str:
    if not _SCRIPT.is_file():
        pytest.fail("axe-core is missing: npm --prefix web ci")
    return _SCRIPT.read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """What is wrong with the page as it stands, each with where and why; fails when nothing at all was looked at."""
    await page.evaluate(_script())
    found: dict[str, Any] = await page.evaluate(_RUN, list(_TAGS))
    assert found["passes"] > 10
    return list(found["violations"])
