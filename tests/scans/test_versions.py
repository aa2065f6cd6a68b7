"""Versions: each system's own order decides what is affected."""

import pytest

from cybervault.scans.versions import Span, span_with


@pytest.mark.parametrize(
    ("system", "version", "span", "is_in"),
    [
        ("deb", "1.1.1n-0+deb11u3", Span("0", fixed="1.1.1n-0+deb11u4"), True),
        ("deb", "1.1.1n-0+deb11u4", Span("0", fixed="1.1.1n-0+deb11u4"), False),
        ("deb", "3.0~rc1", Span("0", fixed="3.0"), True),
        ("deb", "1:1.0", Span("0", fixed="2.0"), False),
        ("apk", "3.1.4-r9", Span("0", fixed="3.1.4-r10"), True),
        ("apk", "1.2.4_rc1", Span("0", fixed="1.2.4"), True),
        ("rpm", "1:3.0.7-6.el9", Span("0", fixed="1:3.0.7-27.el9"), True),
        ("rpm", "0:4.4-1.el8", Span("0", fixed="4.4-1.el8_6"), True),
        ("rpm", "4.4~rc1-1", Span("0", fixed="4.4-1"), True),
        ("rpm", "2:1.0-1", Span("0", fixed="1:3.0-1"), False),
        ("pypi", "2.2", Span("2.2", fixed="2.2.28"), True),
        ("pypi", "2.2.0", Span("2.2", fixed="2.2.28"), True),
        ("pypi", "2.1.9", Span("2.2", fixed="2.2.28"), False),
        ("pypi", "3.0rc1", Span("0", last="3.0"), True),
        ("pypi", "3.0.post1", Span("0", last="3.0"), False),
        ("npm", "1.0.0-rc.1", Span("0", fixed="1.0.0"), True),
        ("npm", "10.0.0", Span("9.0.0"), True),
        ("maven", "2.14.1", Span("2.0-beta9", fixed="2.15.0"), True),
        ("maven", "2.0-alpha1", Span("2.0-beta9", fixed="2.15.0"), False),
        ("golang", "1.10.0", Span("0", fixed="1.9.0"), False),
        ("golang", "0.0.0-20210101000000-abcdef012345", Span("0", fixed="0.0.0-20220101000000-abcdef012345"), True),
        ("cargo", "1.0.9", Span("0", fixed="1.0.10"), True),
        ("gem", "2.0.1.pre", Span("2.0.1"), False),
        ("nuget", "13.0.1", Span("0", fixed="13.0.1"), False),
        ("composer", "6.5.0", Span("0", fixed="6.5.8"), True),
    ],
)
def test_a_version_lies_in_a_span_by_the_order_of_its_system(
    system: str,
    version: str,
    span: Span,
    is_in: bool,  # noqa: FBT001 - a column
) -> None:
    assert span_with(system, version, [span]) == (span if is_in else None)


def test_one_odd_span_leaves_the_others_standing() -> None:
    good = Span("0", fixed="3")
    assert span_with("pypi", "2", [Span("no version"), good]) == good


@pytest.mark.parametrize("version", ["no version", "", "1" * 300])
def test_what_is_no_version_is_told(version: str) -> None:
    with pytest.raises(ValueError, match="version"):
        span_with("pypi", version, [Span("0")])
