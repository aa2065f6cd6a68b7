"""What a rule weighs: by its level, with less confidence where it is not certain."""

from cybervault.detection.rule_hits import hit_of
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import rule, selecting

RULE = rule(
    selecting(Image__endswith="\\x.exe"),
    tags=["attack.execution", "attack.persistence", "attack.t1059.001", "attack.t1547"],
)


def test_a_hit_has_the_level_of_its_rule_and_its_first_technique_and_tactic() -> None:
    hit = hit_of(RULE, is_certain=True)
    assert (hit.name, hit.level, hit.confidence) == (f"rule_{RULE.id}", Severity.HIGH, RULE.confidence)
    assert (hit.tactic, hit.technique_id, hit.reason) == ("execution", "T1059.001", "Rule: A rule.")


def test_what_is_not_certain_says_less_and_says_so() -> None:
    hit = hit_of(RULE, is_certain=False)
    assert hit.confidence < RULE.confidence
    assert hit.level is Severity.HIGH
    assert hit.reason.endswith("(what would exclude it was not told).")


def test_a_rule_without_tags_has_neither() -> None:
    hit = hit_of(rule(selecting(Image="x")), is_certain=True)
    assert (hit.tactic, hit.technique_id) == (None, None)
