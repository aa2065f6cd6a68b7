"""The report for a browser: whole, by itself, and deaf to what is hostile."""

from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cybervault.cli.detections.page import About, page
from cybervault.cli.detections.tally import Tally
from cybervault.detection.lines import BadLine
from tests.cli.detections.found import HOSTILE, a_bad_one, a_rule, add, tally_of
from tests.pages.test_markup import Reader

ABOUT = About(("events.ndjson",), datetime(2026, 11, 2, tzinfo=UTC), 1.5)
RULES = [a_rule("Shell", "execution", "t1059.001"), a_rule("Unknown", "impact", "t9999", level="critical")]


def test_it_says_what_was_found() -> None:
    shown = page(tally_of(RULES, RULES[:1], []), ABOUT)
    texts = Reader(shown).texts
    for number, name in (("3", "events"), ("2", "events with a match"), ("3", "matches"), ("0", "not read")):
        assert texts[texts.index(name) - 1] == number
    assert (
        "events.ndjson. Looked through at 2026-11-02 00:00:00 UTC in 1.5 s.\n"
        "Matches from 2026-11-01 08:00:00 to 2026-11-01 09:00:00 UTC."
    ) in texts
    assert {"ws-1", "T9999", "PowerShell", "Everything was read.", "Hosts and users by risk", "incident"} <= set(texts)


def test_it_asks_nobody_for_anything_and_runs_nothing() -> None:
    shown = Reader(page(tally_of(RULES), ABOUT))
    assert not {"script", "img", "link", "iframe", "object", "form", "base"} & set(shown.tags)
    names = {name for one in shown.attributes for name in one}
    assert not {name for name in names if name.startswith("on") or name in {"src", "srcset"}}
    policy = next(one for one in shown.attributes if one.get("http-equiv") == "Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none'; style-src 'unsafe-inline'")


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["", "<script>", "\"'><img onerror=x>", "</style>", "<!--", "]]>"]), st.text(st.characters()))
def test_hostile_text_adds_nothing_to_the_page(start: str, rest: str) -> None:
    def tags(text: str) -> list[str]:
        tally = tally_of([a_rule()], Computer=f"h{text}h", User=f"u{text}u", Field=f"v{text}")
        tally.unknown[f"Why{text}"] += 1
        shown = page(tally, About((f"f{text}",), ABOUT.at, 1.0))
        shown.encode()
        return Reader(shown).tags

    assert tags(start + rest) == tags("plain")


def test_hostile_files_and_lines_are_text() -> None:
    tally = tally_of([a_rule(HOSTILE)], Computer=HOSTILE)
    tally.bad_line(Path(HOSTILE.replace("/", "")), BadLine(1, HOSTILE))
    shown = page(tally, About((HOSTILE,), ABOUT.at, 1.0))
    assert "<script" not in shown
    assert "\x1b" not in shown


def test_what_was_not_read_is_told_with_its_reason() -> None:
    tally = Tally()
    tally.unknown["It has no form."] += 3
    for line in range(52):
        tally.bad_line(Path("x.json"), BadLine(line, "It is no JSON."))
    texts = Reader(page(tally, ABOUT)).texts
    assert {"3 events: It has no form.", "52 are no events:", "x.json: It is no JSON.", "and 2 more"} <= set(texts)
    assert "No rule fired." in texts


def test_more_than_is_kept_and_more_than_fits_is_said() -> None:
    tally, rule = Tally(), a_rule()
    for line in range(10_001):
        add(tally, [rule], at=None, Computer=f"ws-{line % 20}")
    texts = Reader(page(tally, About(tuple(f"file-{number}" for number in range(25)), ABOUT.at, 1.0))).texts
    assert any("Of 10,001 matches the first 10,000 were kept." in text for text in texts)
    assert "5 hosts more." in texts
    assert any("and 19 files more" in text for text in texts)
    assert "No event with a match tells its time." in texts


def test_bad_indicators_have_a_part_of_their_own_and_a_number() -> None:
    tally = tally_of(RULES)
    assert "Known bad addresses, domains and hashes" not in Reader(page(tally, ABOUT)).texts
    tally.looked_up, tally.indicators = 1200, [a_bad_one("198.51.100.42", HOSTILE)]
    shown = page(tally, ABOUT)
    texts = Reader(shown).texts
    assert texts[texts.index("known bad of 1,200 looked up") - 1] == "1"
    assert {"Known bad addresses, domains and hashes", "198.51.100.42", "ipv4", "As it is."} <= set(texts)
    assert "script" not in Reader(shown).tags


def test_files_without_an_event_are_named() -> None:
    texts = Reader(page(Tally(silent_files=[f"{number}.json" for number in range(52)]), ABOUT)).texts
    assert {"Files without an event:", "0.json", "and 2 more"} <= set(texts)
    assert "Everything was read." not in texts
