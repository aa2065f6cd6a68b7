"""Which techniques the matches speak of: under the tactics of today, and none dropped."""

from cybervault.cli.detections.coverage import cells_of
from cybervault.domain.verdicts import Severity
from tests.cli.detections.found import a_rule, tally_of


def test_a_technique_is_counted_under_each_tactic_that_the_rule_gives_it() -> None:
    task = a_rule("Task", "execution", "persistence", "t1053.005", level="medium")
    other = a_rule("Other", "persistence", "t1053.005", level="critical")
    cells = cells_of(tally_of([task, other], [task]).ranked())
    assert [(cell.id, cell.tactic, cell.count, cell.worst) for cell in cells] == [
        ("T1053.005", "persistence", 3, Severity.CRITICAL),
        ("T1053.005", "execution", 2, Severity.MEDIUM),
    ]
    assert cells[0].name == "Scheduled Task"


def test_an_id_of_an_older_version_is_counted_with_the_one_of_today() -> None:
    rules = [a_rule("Old", "defense-evasion", "t1562.001"), a_rule("New", "defense-impairment", "t1685")]
    (cell,) = cells_of(tally_of(rules).ranked())
    assert (cell.id, cell.tactic, cell.count, cell.name) == (
        "T1685",
        "defense-impairment",
        2,
        "Disable or Modify Tools",
    )


def test_an_id_that_nobody_knows_is_kept_under_the_tactic_of_the_rule_or_none() -> None:
    rules = [a_rule("One", "impact", "t9999"), a_rule("Other", "t9998"), a_rule("Without")]
    cells = cells_of(tally_of(rules).ranked())
    assert [(cell.id, cell.tactic, cell.name) for cell in cells] == [("T9998", "", ""), ("T9999", "impact", "")]
