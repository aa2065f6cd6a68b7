"""What refers to what."""

from cybervault.detection.correlate.correlation import Correlation
from cybervault.detection.correlate.plan import Feed, plan_of
from cybervault.domain.verdicts import Severity
from tests.detection.correlation import base, correlation


def one(name: str, *rules: str, generates: bool = False, level: str = "medium") -> Correlation:
    """A correlation whose id is its name."""
    told = {"type": "temporal", "rules": list(rules), "condition": {"gte": 1}, "generate": generates}
    return correlation(told, id=name, name=f"called_{name}", level=level)


def test_rules_are_found_by_id_and_by_name_and_say_what_their_fields_are_called() -> None:
    told = {"rules": ["a", "called_b"], "group-by": ["who"], "aliases": {"who": {"called_b": "TargetUserName"}}}
    plan = plan_of([correlation(told)], [base("a"), base("b"), base("c")])
    assert plan.sources == (("a", "b"),)
    assert plan.by_source == {"a": (Feed(0, 0, ("who",), ()),), "b": (Feed(0, 1, ("TargetUserName",), ()),)}
    assert (set(plan.needed), plan.problems) == ({"a", "b"}, ())


def test_a_correlation_stands_behind_those_it_refers_to_by_id_or_name() -> None:
    given = [one("outer", "called_middle", "a"), one("middle", "inner"), one("inner", "a")]
    plan = plan_of(given, [base("a")])
    assert [step.rule.id for step in plan.steps] == ["inner", "middle", "outer"]
    assert plan.by_source["middle"] == (Feed(2, 0, ("User",), ()),)
    assert plan.needed == {"a"}


def test_what_refers_to_nothing_or_to_itself_is_a_problem_and_silences_nothing() -> None:
    given = [one("x", "gone", "a"), one("y", "z", "a"), one("z", "y"), one("self", "self"), one("on x", "x")]
    plan = plan_of(given, [base("a")])
    assert list(plan.steps) + list(plan.silent) + list(plan.needed) == []
    missing = "it refers to gone, which is not there or switched off"
    circle = "it refers to itself, or to a correlation that cannot be used"
    assert [problem.reason for problem in plan.problems] == [missing, *[circle] * 4]


def test_what_a_correlation_refers_to_is_silent_unless_one_of_them_says_otherwise() -> None:
    rules = [base("a"), base("b"), base("c")]
    plan = plan_of([one("x", "a", "b"), one("y", "b", generates=True), one("z", "x")], rules)
    assert plan.silent == {"a", "x"}


def test_rules_below_the_level_are_asked_where_a_correlation_in_force_needs_them_and_stay_silent() -> None:
    rules = [base("a", Severity.LOW), base("b", Severity.LOW), base("c", Severity.HIGH)]
    given = [
        one("shown", "inner", "c", generates=True, level="high"),
        one("inner", "a", level="low", generates=True),
        one("not shown", "b", level="low"),
    ]
    plan = plan_of(given, rules, lambda rule: rule.level is Severity.HIGH)
    assert [step.rule.id for step in plan.steps] == ["inner", "shown"]
    assert plan.needed == {"a", "c"}
    assert plan.silent == {"a", "inner"}
