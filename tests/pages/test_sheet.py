"""The frame of reports, and the parts that they share."""

from datetime import UTC, datetime

from cybervault.domain.verdicts import Severity
from cybervault.pages.markup import element
from cybervault.pages.sheet import badge, bars, facts, quiet, row, section, sheet, style_in, table, tiles, when
from tests.pages.test_markup import Reader

HOSTILE = "</title><script>alert(1)</script>"


def test_a_page_carries_its_own_policy_and_style_and_asks_nobody() -> None:
    whole = sheet(HOSTILE, [section(HOSTILE, element("p", HOSTILE))], style=".own {}")
    shown = Reader(whole)
    assert shown.tags == ["html", "head", "meta", "meta", "meta", "meta", "title", "style", "body", *_SECTION]
    assert shown.attributes[5]["content"] == (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    )
    assert style_in("cybervault.pages", "sheet.css") + ".own {}" in whole
    assert "url(" not in style_in("cybervault.pages", "sheet.css")
    assert shown.texts.count(HOSTILE) == 3


_SECTION = ("section", "h2", "div", "p")


def test_bars_are_as_long_as_their_share_of_the_most() -> None:
    shown = bars({Severity.HIGH: 4, Severity.LOW: 1, Severity.MEDIUM: 0})
    assert [one for one in ("100.0%", "25.0%", "0.0%") if f"width:{one}" in shown] == ["100.0%", "25.0%", "0.0%"]
    assert "width:0.0%" in bars({Severity.LOW: 0})


def test_tables_have_heads_that_say_of_what_they_are() -> None:
    shown = Reader(table(["what"], [row("<b>", "2", classes={1: "number"})], class_="own"))
    assert shown.texts == ["what", "<b>", "2"]
    assert {"scope": "col"} in shown.attributes
    assert [one["class"] for one in shown.attributes if "class" in one] == ["wide", "own", "number"]


def test_numbers_levels_and_moments_are_words() -> None:
    assert Reader(tiles([("3", "things")])).texts == ["3", "things"]
    assert badge(Severity.HIGH) == '<span class="badge back-high">high</span>'
    assert quiet("a & b") == '<p class="quiet">a &amp; b</p>'
    assert (when(datetime(2026, 11, 2, 3, 4, 5, 6, UTC)), when(None)) == ("2026-11-02 03:04:05", "")


def test_facts_without_anything_to_say_are_left_out() -> None:
    assert facts([("a", "<"), ("b", ""), ("c", element("i", "x"))]) == (
        "<dl><dt>a</dt><dd>&lt;</dd><dt>c</dt><dd><i>x</i></dd></dl>"
    )


def test_a_number_stays_on_one_line() -> None:
    """A risk of 1,262 was read as 1,26 where its column was narrow."""
    assert "td.number { text-align: right; white-space: nowrap; overflow-wrap: normal; }" in sheet("t", "")
