"""How explanations look: marks, names, the parts that decide, and nothing that could mislead a terminal."""

from rich.console import Console

from cybervault.cli.rule_view import document_of, view
from cybervault.detection.explain import explain
from cybervault.detection.record import Record
from cybervault.detection.rule import Rule
from tests.detection.sigma import PROCESSES, record, rule, selecting


def shown(made: Rule, event: Record) -> list[str]:
    console = Console(width=200, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(view(explain(made, event)))
    return [line.strip("│├└─ ") for line in capture.get().splitlines()]


def test_a_rule_is_shown_with_its_author_and_every_part_with_its_mark() -> None:
    made = rule(
        {
            "selection": {"Image": "a"},
            "filter": {"User": None},
            "words": ["x"],
            "condition": "selection and not filter and words",
        },
        author="Somebody",
    )
    lines = shown(made, record(Image="A", Other="xyz"))
    assert lines[:4] == [
        "A rule",
        f"{made.id} · high · rule.yml · windows, process_creation",
        "by Somebody",
        "It does not fire.",
    ]
    assert "✓ Image is a — “A”" in lines
    assert "✗ not" in lines
    assert "✓ User is absent — the event does not have it" in lines
    assert "✓ any field contains x — “xyz”" in lines


def test_of_many_alike_those_that_decide_stand_for_all() -> None:
    made = rule(selecting(Image__contains=[f"x{number}" for number in range(9)]))
    held = shown(made, record(Image="x7"))
    assert "✓ Image contains x7 — “x7”" in held
    assert "… and 8 more" in held
    assert "… and 6 more" in shown(made, record(Image="y"))


def test_what_is_not_known_says_why_and_what_is_hostile_is_not_printed() -> None:
    made = rule(selecting(Image__contains="\\x", User="", A="1"))
    event = Record(
        PROCESSES, {"Image": "a\x1b[31m.exe", "User": ("b", "c")}, bare=frozenset({"Image"}), is_excerpt=True
    )
    lines = shown(made, event)
    assert "? Image contains \\x — not known: the event has the name without its folder (“a·[31m.exe”)" in lines
    assert "✗ User is (empty text) — “b” and 1 more" in lines
    assert "? A is 1 — not known: the event names some fields only, and not this one" in lines
    assert "“" + "a" * 160 + "…”" in "".join(shown(rule(selecting(Image="b")), record(Image="a" * 300)))


def test_words_that_are_nowhere_have_no_value() -> None:
    assert "✗ any field contains x" in shown(rule({"words": ["x"], "condition": "words"}), record(Image="a"))


def test_machines_get_every_part() -> None:
    made = rule(selecting(Image__endswith="\\A.exe"))
    document = document_of(explain(made, record(Image="c:\\a.exe")).root)
    assert document == {
        "outcome": "true",
        "sign": "and",
        "name": "selection",
        "of": [
            {
                "outcome": "true",
                "sign": "asks",
                "field": "Image",
                "kind": "ends",
                "pattern": "\\A.exe",
                "cased": False,
                "value": ["c:\\a.exe"],
                "matched": ["c:\\a.exe"],
                "note": "",
            }
        ],
    }
