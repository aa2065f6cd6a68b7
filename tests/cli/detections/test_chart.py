"""The picture of matches over time, and its numbers."""

from datetime import timedelta

import pytest

from cybervault.cli.detections.chart import BARS_MAX, chart
from cybervault.cli.detections.moments import Moments
from cybervault.domain.verdicts import Severity
from tests.cli.detections.found import AT
from tests.pages.test_markup import Reader


def of(*events: tuple[float, Severity]) -> Moments:
    moments = Moments()
    for seconds, severity in events:
        moments.add(AT + timedelta(seconds=seconds), severity)
    return moments


def test_each_bar_is_stacked_by_severity_and_says_its_numbers() -> None:
    page = chart(of((0, Severity.HIGH), (1, Severity.LOW), (7_200, Severity.HIGH)))
    assert page.count("<rect") == 3
    assert 'class="fill-low"' in page
    assert "From 2026-11-01 08:00, 2 minutes: 2 (1 high, 1 low)" in page
    assert "2 minutes a bar, the highest 2" in page


def test_no_bar_leaves_the_picture() -> None:
    page = chart(of(*((90.0 * number, Severity.HIGH) for number in range(500))))
    for rect in (one for one, tag in zip(Reader(page).attributes, Reader(page).tags, strict=True) if tag == "rect"):
        assert 0 <= float(rect["x"] or -1) <= 1000 - float(rect["width"] or 0) + 0.2
        assert 0 <= float(rect["y"] or -1) <= 190
    assert 0 < page.count("<g>") <= BARS_MAX


@pytest.mark.parametrize(
    ("apart", "label"), [(1, ">2026-11-01 08:00:00<"), (3_600, ">2026-11-01 08:00<"), (90 * 86_400, ">2026-1")]
)
def test_times_are_told_as_exactly_as_a_bar_is_wide(apart: int, label: str) -> None:
    assert label in chart(of((0, Severity.HIGH), (apart, Severity.HIGH)))


def test_events_far_away_are_told_of() -> None:
    events = [(60.0 * number, Severity.LOW) for number in range(200)]
    assert "1 far before or after are not drawn." in chart(of(*events, (-9e9, Severity.HIGH)))


def test_without_times_there_is_a_sentence() -> None:
    assert chart(Moments()) == '<p class="quiet">No event with a match tells its time.</p>'
