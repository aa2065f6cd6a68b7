"""What is compiled ahead: each log source that a rule is for, with the event ids that its rules name."""

from cybervault.detection.ahead import OTHER_ID, asked_of
from cybervault.detection.record import LogSource
from tests.detection.sigma import PROCESSES, rule, selecting


def test_event_ids_that_rules_name_stand_apart_and_all_others_together() -> None:
    security = {"product": "windows", "service": "security"}
    rules = [rule(selecting(EventID=[4624, 4625], User="a"), logsource=security), rule(selecting(Image="a"))]
    asked = list(asked_of(rules))
    assert [one for one in asked if one[0].service == "security"] == [
        (LogSource("windows", service="security"), event_id) for event_id in (OTHER_ID, "4624", "4625")
    ]
    assert [event_id for source, event_id in asked if source == PROCESSES] == ["1"]
    assert (LogSource("windows", frozenset({"process_creation"})), "4688") in asked


def test_log_sources_of_no_rule_are_left_out_and_others_are_as_rules_name_them() -> None:
    asked = list(asked_of([rule(selecting(a="b"), logsource={"product": "aws", "service": "cloudtrail"})]))
    assert asked == [(LogSource("aws", service="cloudtrail"), None)]
