"""Names without folders, and fields that name each other."""

import pytest

from cybervault.detection.reading import of_bare, refers, texts
from cybervault.detection.tree import Kind, Predicate


@pytest.mark.parametrize(
    ("kind", "pattern", "alone", "expected"),
    [
        (Kind.ENDS, "\\svchost.exe", False, True),
        (Kind.ENDS, "/svchost.exe", False, True),
        (Kind.ENDS, "\\other.exe", False, False),
        (Kind.ENDS, "\\system32\\svchost.exe", False, None),
        (Kind.ENDS, "host.exe", True, True),
        (Kind.ENDS, "xhost.exe", False, False),
        (Kind.CONTAINS, "host", True, True),
        (Kind.CONTAINS, "\\svchost", False, True),
        (Kind.CONTAINS, "\\temp\\", False, None),
        (Kind.CONTAINS, "windows", False, None),
        (Kind.STARTS, "c:\\", False, None),
        (Kind.EQUALS, "c:\\windows\\svchost.exe", False, None),
        (Kind.EQUALS, "c:\\windows\\other.exe", False, False),
        (Kind.WILDCARD, "c:", False, None),
        (Kind.REGEX, "x", False, None),
        (Kind.EXISTS, "", True, True),
        (Kind.NULL, "", False, False),
        (Kind.CIDR, "10.0.0.0/8", False, False),
        (Kind.COMPARE, "> 1", False, False),
    ],
)
def test_what_a_name_says_of_its_path(kind: Kind, pattern: str, expected: bool | None, *, alone: bool) -> None:  # noqa: FBT001 - a column
    assert of_bare(Predicate("Image", kind, pattern), "svchost.exe", holds_alone=alone) is expected


def test_a_cased_pattern_heeds_the_case_of_a_name() -> None:
    pattern = Predicate("Image", Kind.ENDS, "\\SVCHOST.exe", is_cased=True)
    assert of_bare(pattern, "SVCHOST.exe", holds_alone=False) is True
    assert of_bare(pattern, "svchost.exe", holds_alone=False) is False


@pytest.mark.parametrize(
    ("kind", "text", "other", "expected"),
    [
        (Kind.SAME, "Abc", "aBC", True),
        (Kind.SAME, "abcd", "abc", False),
        (Kind.SAME_START, "abcd", "ABC", True),
        (Kind.SAME_START, "xabc", "abc", False),
        (Kind.SAME_END, "xabc", "abc", True),
        (Kind.SAME_END, ("q", "xabc"), ("z", "abc"), True),
        (Kind.SAME, None, "abc", False),
        (Kind.SAME, "abc", None, False),
    ],
)
def test_a_field_may_have_the_text_of_another(
    kind: Kind, text: str | tuple[str, ...] | None, other: str | tuple[str, ...] | None, *, expected: bool
) -> None:
    assert refers(Predicate("F", kind, "G"), {"F": text, "G": other}) is expected


def test_texts_of_a_value() -> None:
    assert (texts(None), texts("a"), texts(("a", "b"))) == ((), ("a",), ("a", "b"))
