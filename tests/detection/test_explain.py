"""Explanations: they come to the same as the engine, and say of each part why."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection.engine import Engine, Outcome
from cybervault.detection.explain import VALUE_CHARACTERS_MAX, VALUES_MAX, Said, Step, Verdict, explain
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.tree import TRUE, known, leaves
from tests.detection.sigma import PROCESSES, record, rule, selecting
from tests.detection.test_engine import EVENTS, detections


def leaf(step: Step) -> Step:
    """The first part that asks."""
    return step if step.part.predicate is not None else leaf(step.of[0])


def verdict_of(outcome: Outcome) -> Verdict:
    """What the engine's outcome for one rule is called here."""
    if outcome.matches:
        return Verdict.FIRES if outcome.matches[0].is_certain else Verdict.FIRES_UNCERTAIN
    return Verdict.UNDECIDED if outcome.undecided else Verdict.SILENT


def renamed(told: Any, old: str, new: str) -> Any:  # noqa: ANN401 - a detection
    """The same with another field."""
    if isinstance(told, list):
        return [renamed(one, old, new) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        (new + name[len(old) :] if name.split("|")[0] == old else name): renamed(one, old, new)
        for name, one in told.items()
    }


@given(
    detections(),
    st.lists(EVENTS, min_size=1, max_size=4),
    st.frozensets(st.sampled_from("FGH")),
    st.booleans(),
    st.booleans(),
)
def test_an_explanation_comes_to_what_the_engine_says(
    detection: Mapping[str, object],
    events: list[dict[str, Value]],
    bare: frozenset[str],
    is_excerpt: bool,  # noqa: FBT001 - as hypothesis gives it
    has_event_id: bool,  # noqa: FBT001 - same
) -> None:
    if has_event_id:
        detection = renamed(dict(detection), "F", "EventID")
        events = [renamed(event, "F", "EventID") for event in events]
    try:
        made = rule(detection)
    except AssertionError:
        return  # the same for every event, which is refused at load
    engine = Engine([made])
    for fields in events:
        event = Record(PROCESSES, fields, bare=bare, is_excerpt=is_excerpt)
        told = explain(made, event)
        assert told.verdict is verdict_of(engine.outcome(event)), (detection, event)
        if not is_excerpt and not bare:
            assert told.root.said is not Said.UNKNOWN


def test_each_part_says_what_the_event_has_and_which_of_it_holds() -> None:
    made = rule({
        "selection": {"Image|endswith": "\\CMD.exe", "Hashes|contains": "AB"},
        "filter": {"User": None},
        "condition": "selection and not filter",
    })  # fmt: skip
    told = explain(made, record(Image="C:\\Windows\\cmd.exe", Hashes=("SHA1=ab", "x")))
    assert (told.verdict, told.root.said) == (Verdict.SILENT, Said.NO)
    selection, negated = told.root.of
    assert (selection.part.name, selection.said) == ("selection", Said.YES)
    hashes, image = selection.of
    assert (image.part.pattern, image.value) == ("\\CMD.exe", ("C:\\Windows\\cmd.exe",))
    assert (hashes.value, hashes.matched) == (("SHA1=ab", "x"), ("SHA1=ab",))
    assert (negated.said, negated.of[0].part.name, negated.of[0].said) == (Said.NO, "filter", Said.YES)


def test_what_is_not_known_says_why() -> None:
    made = rule(selecting(Image__contains="\\Temp\\"))
    excerpt = explain(made, Record(PROCESSES, {"User": "a"}, is_excerpt=True))
    assert (excerpt.verdict, leaf(excerpt.root).said) == (Verdict.UNDECIDED, Said.UNKNOWN)
    assert "not this one" in leaf(excerpt.root).note
    bare = explain(made, Record(PROCESSES, {"Image": "a.exe"}, bare=frozenset({"Image"})))
    assert "without its folder" in leaf(bare.root).note
    named = explain(rule(selecting(Image="\\a.exe")), Record(PROCESSES, {"Image": "b"}, bare=frozenset({"Image"})))
    assert (named.verdict, leaf(named.root).value) == (Verdict.SILENT, ("b",))


def test_what_would_exclude_and_is_not_known_leaves_a_doubt() -> None:
    made = rule({"a": {"User": "x"}, "b": {"Image": "y"}, "condition": "a and not b"})
    assert explain(made, Record(PROCESSES, {"User": "x"}, is_excerpt=True)).verdict is Verdict.FIRES_UNCERTAIN


def test_a_name_without_its_folder_holds_and_speaks_for_nothing() -> None:
    made = rule({"a": {"Image|endswith": "\\x.exe"}, "b": {"User": "y"}, "condition": "a and not b"})
    told = explain(made, Record(PROCESSES, {"Image": "x.exe"}, bare=frozenset({"Image"}), is_excerpt=True))
    assert (told.verdict, leaf(told.root).said) == (Verdict.UNDECIDED, Said.YES)


def test_words_name_the_values_that_hold_them() -> None:
    told = explain(rule({"words": ["mimi"], "condition": "words"}), record(A="xMIMIx", B="y"))
    assert (told.verdict, leaf(told.root).matched) == (Verdict.FIRES, ("xMIMIx",))


def test_fields_that_name_each_other_and_absence() -> None:
    same = explain(rule(selecting(Image__fieldref="ParentImage")), record(Image="a", ParentImage="A"))
    assert (same.verdict, leaf(same.root).matched) == (Verdict.FIRES, ("a",))
    absent = explain(rule(selecting(EventID=None, User=None)), record(A="x", User=()))
    assert absent.verdict is Verdict.FIRES


def test_a_rule_for_another_log_source_is_not_asked_and_explained_all_the_same() -> None:
    told = explain(rule(selecting(Image="a")), Record(LogSource("linux"), {"Image": "a"}))
    assert (told.verdict, told.root.said) == (Verdict.NOT_ASKED, Said.YES)


def test_long_values_are_shortened() -> None:
    told = explain(rule(selecting(Image__contains="a")), record(Image=("a" * 1_000,) * 50))
    shown = leaf(told.root).value
    assert (len(shown), len(shown[0])) == (VALUES_MAX, VALUE_CHARACTERS_MAX + 1)


def test_the_outline_asks_what_the_engine_asks() -> None:
    made = rule({"a": {"F|contains|all": ["x", "y"]}, "b": {"G": ["1", "2"]}, "condition": "a or b"})
    asked = set(explain(made, record(F="x")).root.part.predicates())
    assert asked == set(leaves(made.condition))
    assert known(made.condition, lambda _: True) == TRUE
