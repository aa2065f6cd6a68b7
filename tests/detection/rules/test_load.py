"""Rules from files: everything that a match shows is read, and what cannot be used is named with file and line."""

import json

import pytest

from cybervault.detection.rule import RuleProblem, Status, Where
from cybervault.detection.rules.files import FILE_BYTES_MAX
from cybervault.detection.rules.load import load_files
from cybervault.detection.tree import Kind, Leaf, Not, Predicate
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import selecting, text_of

PLAIN = text_of(selecting(Image="a"))
# Each line is ten times the one before, and the rule ten million words.
ALIASES = "".join(
    f"a{number}: &a{number} [{', '.join([f'*a{number - 1}' if number else 'x'] * 10)}]\n" for number in range(7)
) + PLAIN.replace("level: high", "references: *a6")


def problem(text: str | bytes, path: str = "rule.yml") -> RuleProblem:
    loaded = load_files([(path, text if isinstance(text, bytes) else text.encode())])
    assert loaded.rules == ()
    (found,) = loaded.problems
    assert found.path == path
    return found


def test_a_rule_is_read_with_all_that_a_match_shows() -> None:
    text = text_of(
        selecting(Image="a"),
        status="stable",
        author="Somebody",
        description="What it is.",
        references=["https://attack.mitre.org/techniques/T1059/001/"],
        falsepositives=["Admins"],
        tags=["attack.execution", "attack.t1059.001", "attack.defense_evasion", "attack.s0154", "cve.2021-44228"],
        level="critical",
    )
    (rule,) = load_files([("folder/rule.yml", text.encode())], "ours").rules
    assert (rule.title, rule.level, rule.status, rule.author) == (
        "A rule",
        Severity.CRITICAL,
        Status.STABLE,
        "Somebody",
    )
    assert (rule.where, rule.pack, rule.path) == (Where("windows", "process_creation"), "ours", "folder/rule.yml")
    assert (rule.techniques, rule.tactics) == (("T1059.001",), ("execution", "defense-evasion"))
    assert (rule.false_positives, rule.is_hunting) == (("Admins",), False)
    assert rule.references == ("https://attack.mitre.org/techniques/T1059/001/",)
    assert "cve.2021-44228" in rule.tags


def test_what_a_rule_does_not_say_has_a_usual_value() -> None:
    text = "title: x\nlogsource: {product: windows}\ndetection: {a: {F: x}, condition: a}\n"
    (rule,) = load_files([("r.yml", text.encode())], "p").rules
    assert (rule.id, rule.level, rule.status, rule.author) == ("p:r.yml:1", Severity.MEDIUM, Status.TEST, "")


@pytest.mark.parametrize("path", ["rules-threat-hunting/windows/x.yml", "x.yml"])
def test_rules_for_hunting_are_known_by_their_folder_or_tag(path: str) -> None:
    tags = [] if "/" in path else ["detection.threat-hunting"]
    (rule,) = load_files([(path, text_of(selecting(Image="a"), tags=tags).encode())]).rules
    assert rule.is_hunting


def test_a_file_may_hold_several_rules_and_its_faults_have_their_lines() -> None:
    second = (
        PLAIN.replace("8fdd", "8fde").replace("Image: a", "Image|re: (?=a)").replace("title: A rule", "title: Second")
    )
    loaded = load_files([("two.yml", f"{PLAIN}---\n{second}".encode())])
    assert [rule.title for rule in loaded.rules] == ["A rule"]
    (found,) = loaded.problems
    lines = f"{PLAIN}---\n{second}".splitlines()
    assert (found.title, found.line) == (
        "Second",
        len(PLAIN.splitlines()) + 2 + second.splitlines().index("detection:"),
    )
    assert lines[found.line - 1] == "detection:"
    assert "regular expression" in found.reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("title: [x\nb: c", 2, "no YAML"),
        ("title: x\n\ttab: y\n", 2, "no YAML"),
        (b"\xff\xfe\x00", 1, "no YAML"),
        ("- a\n- b\n", 1, "no rule"),
        ("\n\ntitle: x\n", 3, "no valid rule"),
        ("title: x\nlogsource: windows\ndetection: {a: {F: x}, condition: a}\n", 1, "no valid rule"),
        ("title: x\naction: global\n", 1, "it is an action, which is not supported"),
        (f"title: x\ncorrelation: {{type: {1 << 70}}}\n", 1, "no valid correlation"),
        ("title: x\nfilter: {rules: [a]}\n", 1, "no valid filter: Sigma filter must have a log source"),
        ("title: x\nlogsource: {product: windows}\nfilter: [a]\n", 1, "no valid filter"),
        (
            "title: x\nlogsource: {product: windows}\nfilter: {rules: any, a: {F|expand: '%x%'}, condition: not a}\n",
            3,
            "placeholder",
        ),
        (text_of({"a": {"F": "x"}, "condition": "b"}), 1, "b"),
        (
            "title: x\nid: nonsense\nlogsource: {product: windows}\ndetection: {a: {F: x}, condition: a}\n",
            1,
            "no valid rule",
        ),
        (text_of({"a": {"F|expand": "%x%"}, "condition": "a"}), 1, "placeholder"),
        (b"x" * (FILE_BYTES_MAX + 1), 1, "larger than"),
        ("a: " + "[" * 5_000, 1, ""),
        ("a: &a [*a]\n", 1, "nested too deeply"),
        (ALIASES, 1, "aliases stand for too much"),
    ],
)
def test_what_is_no_rule_is_named_with_its_line(text: str | bytes, line: int, reason: str) -> None:
    found = problem(text)
    assert reason in found.reason
    assert found.line == line
    assert "\n" not in found.reason


FILTER = """\
title: Our scanner
id: 0b1f0c8e-8b3a-4f6e-9a63-0f7a1b2c3d4e
logsource: {product: windows}
filter:
  rules: [4B89ABAA-99FE-4232-AFDD-8F9AA4D20382, a_name]
  selection: {User: scanner}
  condition: not selection
"""


def test_filters_come_beside_rules_with_the_rules_that_they_name() -> None:
    loaded = load_files([("filters/scanner.yml", f"{PLAIN}---\n{FILTER}".encode())], "ours")
    assert loaded.problems == ()
    (found,) = loaded.filters
    assert (found.id, found.title) == ("0b1f0c8e-8b3a-4f6e-9a63-0f7a1b2c3d4e", "Our scanner")
    assert found.rules == (loaded.rules[0].id, "a_name")
    assert (found.where, found.pack, found.path) == (Where("windows"), "ours", "filters/scanner.yml")
    assert found.line == len(PLAIN.splitlines()) + 2
    assert found.condition == Not(Leaf(Predicate("User", Kind.EQUALS, "scanner")))


def test_a_filter_may_be_for_any_rule_and_have_no_id() -> None:
    text = FILTER.replace("[4B89ABAA-99FE-4232-AFDD-8F9AA4D20382, a_name]", "any").replace("id:", "#")
    (found,) = load_files([("f.yml", text.encode())], "p").filters
    assert (found.rules, found.id) == ((), "p:f.yml:1")


def test_correlations_are_kept_as_they_were_written() -> None:
    text = "title: Many\ncorrelation: {type: event_count, rules: [a], condition: {gte: 5}}\n"
    loaded = load_files([("c.yml", f"{PLAIN}---\n{text}".encode())])
    assert len(loaded.rules) == 1
    (found,) = loaded.correlations
    assert (found.path, found.line) == ("c.yml", len(PLAIN.splitlines()) + 2)
    assert found.content == {
        "title": "Many",
        "correlation": {"type": "event_count", "rules": ["a"], "condition": {"gte": 5}},
    }


def test_what_the_author_wrote_is_kept_for_whoever_explains_it() -> None:
    (rule,) = load_files([("r.yml", text_of(selecting(Image="Ab"), name="a_name").encode())]).rules
    assert json.loads(rule.written) == {"selection": {"Image": "Ab"}, "condition": "selection"}
    assert rule.name == "a_name"


def test_of_two_rules_with_one_id_the_first_is_used() -> None:
    loaded = load_files([("a.yml", PLAIN.encode()), ("b.yml", PLAIN.encode())])
    assert [rule.path for rule in loaded.rules] == ["a.yml"]
    assert [(one.path, one.reason) for one in loaded.problems] == [("b.yml", "its id is that of a.yml too")]
