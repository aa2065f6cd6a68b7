"""The matches over time as a picture in the page itself, with the same numbers as a table."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from cybervault.cli.detections.moments import SEVERITIES, Bar, Bars, Moments, spoken
from cybervault.pages.markup import Markup, element

BARS_MAX: Final = 72
_WIDTH: Final = 1000
_HEIGHT: Final = 220
_LEFT: Final = 56
_TOP: Final = 14
_BOTTOM: Final = 190
_LABELS: Final = 5
_BAR_LEAST: Final = 2.0
"""So that one event beside thousands is still seen."""
_GAP: Final = 1.5
_DAY: Final = 86_400
_MINUTE: Final = 60


def chart(moments: Moments) -> Markup:
    """The picture and its table, or a sentence where no event tells its time."""
    found = moments.bars(BARS_MAX)
    if not found.bars:
        return element("p", "No event with a match tells its time.", class_="quiet")
    most = max(bar.total for bar in found.bars)
    said = f"Events with a match, {spoken(found.seconds)} a bar, the highest {most:,}. Times are UTC."
    stray = f" {found.strays:,} far before or after are not drawn." if found.strays else ""
    picture = element(
        "svg", [*_scale(most), *_bars(found, most), *_times(found)],
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=said, class_="chart",
    )  # fmt: skip
    return Markup(
        element("figure", [picture, _legend(), element("figcaption", f"{said}{stray}", class_="quiet")])
        + element("details", [element("summary", "The same as numbers"), _table(found)])
    )


def _scale(most: int) -> Iterator[Markup]:
    for value in sorted({0, most // 2, most}):
        height = _BOTTOM - value / most * (_BOTTOM - _TOP)
        yield element("line", x1=_LEFT, x2=_WIDTH, y1=round(height, 1), y2=round(height, 1), class_="grid")
        yield element("text", f"{value:,}", x=_LEFT - 8, y=round(height + 4, 1), class_="right")


def _bars(found: Bars, most: int) -> Iterator[Markup]:
    width = (_WIDTH - _LEFT) / len(found.bars)
    for number, bar in enumerate(found.bars):
        if bar.total:
            parts = [*_parts(bar, most, left=_LEFT + number * width, width=max(width - _GAP, 1.0))]
            yield element("g", [element("title", _said(bar, found.seconds)), *parts])


def _parts(bar: Bar, most: int, *, left: float, width: float) -> Iterator[Markup]:
    bottom = float(_BOTTOM)
    for severity, count in zip(SEVERITIES, bar.counts, strict=True):
        if count:
            height = max(count / most * (_BOTTOM - _TOP), _BAR_LEAST)
            bottom -= height
            yield element(
                "rect", x=round(left, 1), y=round(bottom, 1), width=round(width, 1), height=round(height, 1),
                class_=f"fill-{severity.value}",
            )  # fmt: skip


def _times(found: Bars) -> Iterator[Markup]:
    count = len(found.bars)
    for number in sorted({round(place * (count - 1) / (_LABELS - 1)) for place in range(_LABELS)}):
        middle = _LEFT + (number + 0.5) * (_WIDTH - _LEFT) / count
        side = "left" if number == 0 else "right" if number == count - 1 and count > 1 else "middle"
        place = {"left": _LEFT, "right": _WIDTH, "middle": middle}[side]
        label = _when(found.bars[number].begin, found.seconds)
        yield element("text", label, x=round(place, 1), y=_BOTTOM + 20, class_=side)


def _when(begin: datetime, seconds: int) -> str:
    if seconds >= _DAY:
        return f"{begin:%Y-%m-%d}"
    return f"{begin:%Y-%m-%d %H:%M}" if seconds >= _MINUTE else f"{begin:%Y-%m-%d %H:%M:%S}"


def _said(bar: Bar, seconds: int) -> str:
    each = ", ".join(
        f"{count:,} {severity.value}" for severity, count in zip(SEVERITIES, bar.counts, strict=True) if count
    )
    return f"From {_when(bar.begin, seconds)}, {spoken(seconds)}: {bar.total:,} ({each})"


def _legend() -> Markup:
    keys = [
        element("span", [element("i", class_=f"key back-{severity.value}"), severity.value]) for severity in SEVERITIES
    ]
    return element("p", keys, class_="legend")


def _table(found: Bars) -> Markup:
    heads = ["from (UTC)", *(severity.value for severity in SEVERITIES), "all"]
    rows = [
        element(
            "tr",
            [
                element("td", _when(bar.begin, found.seconds)),
                *(element("td", f"{count:,}" if count else "", class_="number") for count in (*bar.counts, bar.total)),
            ],
        )
        for bar in found.bars
        if bar.total
    ]
    head = element("tr", [element("th", one, scope="col") for one in heads])
    return element("table", [element("thead", head), element("tbody", rows)])
