"""The condition of a rule as its author wrote it."""

from collections.abc import Iterator

from cybervault.detection.rule import Filter, Rule, Where
from cybervault.detection.rules.load import load_files
from cybervault.detection.rules.outline import Part, Sign, outline_of
from cybervault.detection.rules.pack import narrowed
from cybervault.detection.tree import Every, Kind, Leaf, Not, Predicate, Some, dumped
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import rule, selecting


def shape(part: Part) -> object:
    """The same, short enough to write."""
    if part.predicate is not None:
        return f"{part.predicate.field} {part.predicate.kind} {part.pattern}"
    return (f"{part.name}:{part.sign}" if part.name else str(part.sign), [shape(one) for one in part.of])


def test_selections_and_choices_among_them_keep_their_names() -> None:
    made = rule({
        "selection": {"Image|endswith": ["\\CMD.exe", "\\sh"], "User": "Bob"},
        "filter_a": {"A": None},
        "filter_b": {"B|exists": False},
        "condition": "selection and not 1 of filter_*",
    })  # fmt: skip
    assert shape(outline_of(made)) == (
        "and",
        [
            ("selection:and", [("or", ["Image ends \\CMD.exe", "Image ends \\sh"]), "User equals Bob"]),
            (
                "not",
                [
                    (
                        "1 of filter_*:or",
                        [("filter_a:and", ["A null "]), ("filter_b:and", [("not", ["B exists "])])],
                    )
                ],
            ),
        ],
    )


def test_patterns_are_as_they_were_written() -> None:
    made = rule({
        "a": {"A|contains|cased": "Ab", "B": "x*Y?z", "C|re": "^A.b", "D|cidr": "10.0.0.0/8", "E|gte": 5},
        "b": {"F|fieldref": "G", "H|windash|contains": " -X"},
        "words": ["Mimi*Katz", 7],
        "condition": ["a", "b or (words and b)"],
    })  # fmt: skip
    texts = list(leaves(outline_of(made)))
    assert texts[:7] == [
        "A contains Ab", "B wildcard x*Y?z", "C regex ^A.b", "D cidr 10.0.0.0/8", "E compare >= 5", "F same G",
        "H contains  -X",
    ]  # fmt: skip
    assert " wildcard Mimi*Katz" in texts
    assert " contains 7" in texts


def leaves(part: Part) -> Iterator[str]:
    if part.predicate is not None:
        yield str(shape(part))
    for one in part.of:
        yield from leaves(one)


def test_filters_stand_beside_the_condition_under_their_titles() -> None:
    text = "title: Ours\nlogsource: {product: windows}\nfilter: {rules: any, s: {User: Scan}, condition: not s}\n"
    (found,) = load_files([("f.yml", text.encode())]).filters
    outline = outline_of(narrowed(rule(selecting(Image="a")), [found]))
    assert shape(outline) == (
        "and",
        [("selection:and", ["Image equals a"]), ("filter Ours:and", [("not", [("s:and", ["User equals Scan"])])])],
    )
    assert outline.sign is Sign.EVERY


def test_a_rule_that_came_from_no_file_has_its_tree() -> None:
    leaf = Leaf(Predicate("A", Kind.WILDCARD, "x\0*"))
    tree = Every((leaf, Some((leaf, Not(leaf)))))
    made = Rule(id="1", title="x", level=Severity.HIGH, where=Where("windows"), compiled=dumped(tree))
    assert shape(outline_of(made)) == ("and", ["A wildcard x*", ("or", ["A wildcard x*", ("not", ["A wildcard x*"])])])
    with_filter = narrowed(made, [Filter(id="f", title="F", where=Where(), condition=Not(leaf))])
    assert [one.sign for one in outline_of(with_filter).of] == [Sign.ASKS, Sign.SOME, Sign.NOT]
