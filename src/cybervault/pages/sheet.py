"""A report for a browser and for paper: its frame, and the parts that reports share."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from cybervault.domain.verdicts import Severity
from cybervault.pages.markup import Content, Markup, element

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = "sheet.css"


def sheet(title: str, body: Content, *, style: str = "") -> str:
    """The whole page; `style` is added to what all reports look like."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("title", title),
        element("style", Markup(style_in("cybervault.pages", _STYLE) + style)),
    ]
    return "<!doctype html>\n" + element("html", [element("head", head), element("body", body)], lang="en") + "\n"


@cache
def style_in(package: str, name: str) -> str:
    """A style sheet of ours."""
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def section(title: str, content: Content) -> Markup:
    """A part under its name."""
    return element("section", [element("h2", title), element("div", content)])


def tiles(numbers: Iterable[tuple[str, str]]) -> Markup:
    """Numbers that count most, each above its name."""
    shown = [element("div", [element("b", value), element("span", name)]) for value, name in numbers]
    return element("section", shown, class_="tiles")


def bars(counts: Mapping[Severity, int]) -> Markup:
    """A bar for each severity."""
    most = max(counts.values()) or 1
    return element("div", [_bar(severity, count, most) for severity, count in counts.items()], class_="severities")


def _bar(severity: Severity, count: int, most: int) -> Markup:
    share = element("span", "", class_=f"back-{severity.value}", style=f"width:{100 * count / most:.1f}%")
    parts = [element("span", severity.value), element("span", share, class_="bar"), element("b", f"{count:,}")]
    return element("div", parts)


def table(heads: Sequence[str], rows: Iterable[Markup], *, class_: str = "") -> Markup:
    """Rows under their heads."""
    head = element("tr", [element("th", one, scope="col") for one in heads])
    whole = element("table", [element("thead", head), element("tbody", rows)], class_=class_)
    return element("div", whole, class_="wide")


def row(*cells: Content, classes: Mapping[int, str] | None = None) -> Markup:
    """One row; `classes` are those of cells, by their place."""
    named = classes or {}
    return element("tr", [element("td", cell, class_=named.get(place, "")) for place, cell in enumerate(cells)])


def facts(found: Iterable[tuple[str, Content]]) -> Markup:
    """Names and what they stand for; what has nothing to say is left out."""
    shown = [element("dt", name) + element("dd", content) for name, content in found if content]
    return element("dl", Markup("".join(shown)))


def quiet(text: str) -> Markup:
    """What is said by the way."""
    return element("p", text, class_="quiet")


def badge(level: Severity) -> Markup:
    """The level in words on its color."""
    return element("span", level.value, class_=f"badge back-{level.value}")


def when(at: datetime | None) -> str:
    """A moment in UTC to the second; empty where none is known."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
