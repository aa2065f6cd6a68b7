"""Rules with what they saw: the author is named, fields are shown as text, what is left out is said."""

from typing import Any

from cybervault.cli.detections.rules_part import DETAILED_MAX, ROWS_MAX, details_of, rules_of, timeline_of
from cybervault.cli.detections.tally import Tally
from cybervault.detection.engine import Match
from tests.cli.detections.found import HOSTILE, a_rule, add, tally_of
from tests.pages.test_markup import Reader

RULE = a_rule(
    "Shell", "execution", "t1059.001", "t9999", author="Ann", description="What it is.", falsepositives=["Admins"],
    references=["javascript:alert(1)", "https://a.example/x"],
)  # fmt: skip


def test_the_table_names_the_author_and_leads_to_the_source_and_the_details() -> None:
    page = rules_of(tally_of([RULE], [Match(RULE, is_certain=False)]).ranked())
    assert [text for text in Reader(page).texts if text.strip()][6:] == [
        "high", "Shell", " 1 not certain", "source", "2", "2026-11-01 08:00:00", "2026-11-01 09:00:00", "Ann",
    ]  # fmt: skip
    assert 'href="#rule-0"' in page
    assert 'href="https://a.example/x"' in page


def test_details_show_the_first_events_with_the_fields_that_the_rule_asks_about() -> None:
    page = details_of(tally_of(*[[RULE]] * 4, [Match(RULE, is_certain=False)]).ranked())
    assert page.count('class="fields"') == 3
    assert '<tr class="asked"><th scope="row">Image</th><td>C:\\x.exe</td></tr>' in page
    assert "The first 3 of 5 are shown." in page
    for text in ("What it is.", "Admins", "T1059.001 PowerShell", "T9999", "1: what would exclude them was not told"):
        assert text in page
    assert "<span>javascript:alert(1)</span>" in page


def test_what_there_is_no_room_for_is_said() -> None:
    tally = Tally(letters=16_000_000)
    add(tally, [a_rule()])
    assert "None is shown, for there is room for so many only." in details_of(tally.ranked())
    wide = Tally()
    fields: dict[str, Any] = {f"Field{number}": "x" for number in range(40)}
    add(wide, [Match(RULE, is_certain=False)], at=None, **fields)
    page = details_of(wide.ranked())
    assert "19 fields more." in page
    assert "no time" in page
    assert "not certain" in page


def test_very_many_rules_are_in_the_table_and_the_first_have_details() -> None:
    tally = Tally()
    add(tally, [a_rule(f"Rule {chr(0x4E00 + number)}") for number in range(DETAILED_MAX + 2)])
    assert rules_of(tally.ranked()).count("<tr>") == DETAILED_MAX + 3
    assert rules_of(tally.ranked()).count("#rule-") == DETAILED_MAX
    assert "2 rules more are in the table only." in details_of(tally.ranked())


def test_all_matches_by_time_are_as_many_as_a_browser_likes() -> None:
    tally = Tally()
    for line in range(ROWS_MAX + 1):
        add(tally, [RULE], line=line)
    page = timeline_of(tally)
    assert f"The first 2,000 of {ROWS_MAX + 1:,} matches." in page
    assert page.count("<tr>") == ROWS_MAX + 1
    assert "The first" not in timeline_of(tally_of([RULE]))


def test_what_is_hostile_is_text_everywhere() -> None:
    rule = a_rule(HOSTILE, "t1059", author=HOSTILE, description=HOSTILE, falsepositives=[HOSTILE], references=[HOSTILE])
    tally = tally_of([rule], Computer=HOSTILE, User=HOSTILE, **{HOSTILE: HOSTILE})
    for page in (rules_of(tally.ranked()), details_of(tally.ranked()), timeline_of(tally)):
        assert "script" not in Reader(page).tags
        assert "<script" not in page
        assert "\x1b" not in page


def test_without_a_match_there_is_a_sentence() -> None:
    assert rules_of([]) == '<p class="quiet">No rule fired.</p>'
