"""How v3 spells why a rule fires."""

from cybervault.assessments.rule_questions import Explained
from cybervault.detection.batch import Fired
from cybervault.detection.explain import explain
from cybervault.faces.v3.explain_shapes import ExplainedReply, PartReply
from tests.detection.sigma import record, rule

RULE = rule({"a": {"Image|endswith": "\\x.exe"}, "b": {"User": "Eve"}, "condition": "a and not b"})


def asking(part: PartReply) -> list[PartReply]:
    return [part] if part.field is not None else [found for one in part.of for found in asking(one)]


def test_parts_are_nested_as_the_condition_is_and_those_that_ask_name_their_field() -> None:
    explained = explain(RULE, record(Image="C:\\x.exe", User="ann"))
    reply = ExplainedReply.of(Explained(Fired.of(RULE), (explained,)))
    assert (reply.rule.rule_id, reply.rule.level) == (RULE.id, "high")
    (one,) = reply.records
    assert (one.verdict, one.condition.outcome, one.condition.sign, one.condition.kind) == (
        "fires",
        "true",
        "and",
        None,
    )
    image, user = asking(one.condition)
    assert (image.field, image.kind, image.pattern, image.value, image.outcome) == (
        "Image", "ends", "\\x.exe", ["C:\\x.exe"], "true",
    )  # fmt: skip
    assert (image.matched, image.is_cased, image.note, image.of) == (["C:\\x.exe"], False, None, [])
    assert (user.outcome, user.value, user.matched) == ("false", ["ann"], [])
    assert {part.name for part in one.condition.of} >= {"a"}
