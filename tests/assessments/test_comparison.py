"""Two assessments side by side, source by source."""

from dataclasses import replace

from cybervault.assessments.comparison import Change, Line, compared
from cybervault.domain.assessments import Assessment, Part, Sign, Sort, Target
from cybervault.domain.evidence import Evidence, EvidenceGroup
from cybervault.domain.observables import parse_observable
from cybervault.domain.verdicts import Term
from tests.assessments.made import ASSESSMENT, WEIGHING

RECORD = Target(Sort.TELEMETRY, "endpoint_telemetry", "f0" * 32)


def part(value: str, **points: float) -> Part:
    """An observable with facts of one source."""
    terms = tuple(
        Term(Evidence("a_source", name, "bin", "field", 1, EvidenceGroup.ANTIVIRUS), 1.0, 1.0, 1.0, number, "Why.")
        for name, number in points.items()
    )
    return Part(parse_observable(value), replace(WEIGHING, terms=terms))


def made(*parts: Part, target: Target = ASSESSMENT.target, signs: tuple[Sign, ...] = ()) -> Assessment:
    return replace(ASSESSMENT, target=target, parts=parts, signs=signs)


def test_what_is_new_gone_stronger_weaker_and_as_it_was_the_largest_change_first() -> None:
    before = made(part("203.0.113.42", gone=1.0, more=1.0, less=-2.0, same=1.05))
    after = made(part("203.0.113.42", new=4.0, more=3.0, less=-1.5, same=1.0))
    assert [(line.name, line.change) for line in compared(before, after)] == [
        ("new", Change.NEW), ("more", Change.MORE), ("gone", Change.GONE), ("less", Change.LESS), ("same", Change.SAME),
    ]  # fmt: skip


def test_of_one_record_each_observable_is_told_apart_and_what_was_found_besides() -> None:
    one = made(part("203.0.113.42", f=1.0), part("203.0.113.43", f=2.0), target=RECORD)
    other = replace(one, signs=(Sign("odd_parent", 40.0, "Why."),))
    assert compared(one, other) == (
        Line("", "", "odd_parent", None, 40.0),
        Line("203.0.113.42", "a_source", "f", 1.0, 1.0),
        Line("203.0.113.43", "a_source", "f", 2.0, 2.0),
    )


def test_two_targets_are_compared_by_source_and_name() -> None:
    record = made(part("203.0.113.42", f=1.0), part("203.0.113.43", f=2.0), target=RECORD)
    assert compared(made(part("203.0.113.42", f=1.0), signs=(Sign("a_source_f", 1.0, "Why."),)), record) == (
        Line("", "a_source", "f", 1.0, 3.0),
    )
