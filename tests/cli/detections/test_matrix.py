"""Techniques, tactic by tactic."""

from cybervault.cli.detections.coverage import cells_of
from cybervault.cli.detections.matrix import matrix_of
from cybervault.detection.rule import Rule
from tests.cli.detections.found import a_rule, tally_of
from tests.pages.test_markup import Reader


def page_of(*rules: Rule) -> str:
    return matrix_of(cells_of(tally_of(rules, rules).ranked()))


def test_tactics_stand_in_their_order_and_each_technique_has_its_number() -> None:
    page = page_of(a_rule("Ransom", "impact", "t1486"), a_rule("Shell", "execution", "t1059.001"))
    texts = Reader(page).texts
    assert texts.index("Execution") < texts.index("PowerShell") < texts.index("Impact")
    assert texts[texts.index("PowerShell") - 1] == "2"
    assert "1 rule, high" in page
    assert 'href="https://attack.mitre.org/techniques/T1059/001/"' in page
    assert "Without a match: Reconnaissance," in page
    assert "The MITRE Corporation" in page


def test_ids_that_nobody_knows_are_shown_without_a_name() -> None:
    page = page_of(a_rule("One", "impact", "t9999"), a_rule("Other", "t9998"), a_rule("Odd", "t9997x"))
    texts = Reader(page).texts
    assert {"T9999", "T9998", "T9997X", "no tactic"} <= {text.removesuffix(", 1 rule, high") for text in texts}
    assert "not in our table" in texts
    assert "techniques/T9997X" not in page


def test_rules_without_techniques_leave_a_sentence() -> None:
    assert page_of(a_rule()) == '<p class="quiet">No rule that fired names a technique.</p>'
