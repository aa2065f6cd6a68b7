"""Typed values out of whatever a source sent, and outcomes out of replies that brought nothing."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.evidence import Answer, EvidenceGroup, Outcome
from cybervault.domain.observables import Kind, parse_observable
from cybervault.enrichment import reading
from cybervault.enrichment.connector import Failure, KeyRule, Source, UpstreamReply

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE: Final = Source(
    name="example",
    title="Example",
    homepage="https://example.org",
    knows="Nothing.",
    kinds=frozenset({Kind.DOMAIN}),
    key=KeyRule.NONE,
    key_header="",
    quota=(),
    group=EvidenceGroup.EXPOSURE,
    url="https://api.example.org",
    bins=(("item", ("bin",)),),
)
ROOT: Final = {
    "text": " word ",
    "blank": "  ",
    "whole": 7,
    "large": 2**53 + 1,
    "part": 0.5,
    "yes": True,
    "null": None,
    "inner": {"list": [{"deep": "here"}, 3]},
}


class TestJson:
    def test_an_object_is_read(self) -> None:
        assert reading.json_object(b' {"a": [1]} ') == {"a": [1]}

    @pytest.mark.parametrize("body", [b"[1]", b'"x"', b"7", b"null", b"true"])
    def test_other_json_is_no_object(self, body: bytes) -> None:
        assert reading.json_object(body) is None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b'{"a":1}x',
            b"\xff",
            b'{"a":"\xff"}',
            b'{"a":"\\ud800"}',
            b"NaN",
            b'{"a":1e999}',
            b"[" * 100_000,
        ],
        ids=["empty", "html", "tail", "byte", "bad utf-8", "half a pair", "nan", "beyond floats", "deep"],
    )
    def test_what_is_no_json_is_nothing(self, body: bytes) -> None:
        assert reading.json_value(body) is None

    def test_any_json_value_is_read(self) -> None:
        assert reading.json_value(b"[1,null]") == [1, None]

    @given(st.binary())
    def test_no_bytes_raise(self, body: bytes) -> None:
        reading.json_object(body)


class TestGetters:
    def test_a_way_leads_through_objects_and_arrays(self) -> None:
        assert reading.text(ROOT, "inner", "list", 0, "deep") == "here"
        assert reading.at(ROOT, "inner", "list", 1) == 3

    @pytest.mark.parametrize(
        "way",
        [("gone",), ("inner", "gone", "deep"), ("inner", "list", 2), ("inner", "list", -1), ("inner", 0), ("text", 0)],
        ids=str,
    )
    def test_a_way_that_ends_early_leads_to_nothing(self, way: tuple[str | int, ...]) -> None:
        assert reading.at(ROOT, *way) is None

    def test_a_name_does_not_lead_into_an_array(self) -> None:
        assert reading.at(ROOT, "inner", "list", "0") is None

    def test_text_is_stripped_and_never_empty(self) -> None:
        assert reading.text(ROOT, "text") == "word"
        assert reading.text(ROOT, "blank") is None
        assert reading.text(ROOT, "whole") is None

    def test_an_integer_is_no_boolean_no_fraction_and_not_beyond_exactness(self) -> None:
        assert reading.integer(ROOT, "whole") == 7
        assert [reading.integer(ROOT, name) for name in ("yes", "part", "large", "text", "null")] == [None] * 5

    def test_a_number_is_whole_or_not_but_finite(self) -> None:
        assert reading.number(ROOT, "whole") == 7.0
        assert reading.number(ROOT, "part") == 0.5
        assert [reading.number(ROOT, name) for name in ("yes", "large", "text")] == [None] * 3
        assert reading.number(math.inf) is None
        assert reading.number(math.nan) is None

    def test_a_flag_is_a_boolean_only(self) -> None:
        assert reading.flag(ROOT, "yes") is True
        assert reading.flag(ROOT, "whole") is None

    def test_objects_and_arrays_are_empty_where_there_are_none(self) -> None:
        assert reading.mapping(ROOT, "inner") == {"list": [{"deep": "here"}, 3]}
        assert reading.mapping(ROOT, "text") == {}
        assert reading.sequence(ROOT, "inner", "list") == [{"deep": "here"}, 3]
        assert list(reading.sequence(ROOT, "text")) == []


class TestMoment:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (1_767_322_984, datetime(2026, 1, 2, 3, 3, 4, tzinfo=UTC)),
            (1_767_322_984.5, datetime(2026, 1, 2, 3, 3, 4, 500_000, tzinfo=UTC)),
            ("2026-01-02T03:03:04Z", datetime(2026, 1, 2, 3, 3, 4, tzinfo=UTC)),
            ("2026-01-02T03:03:04+02:00", datetime(2026, 1, 2, 1, 3, 4, tzinfo=UTC)),
            (" 2026-01-02 03:03:04 ", datetime(2026, 1, 2, 3, 3, 4, tzinfo=UTC)),
            ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ],
        ids=str,
    )
    def test_a_date_is_read_in_utc(self, value: object, expected: datetime) -> None:
        found = reading.moment({"date": value}, "date")
        assert found == expected
        assert found is not None
        assert found.utcoffset() == timedelta(0)

    @pytest.mark.parametrize(
        "value", [0, -1, 10**15, True, None, "", "yesterday", "9999-12-31T23:59:59-23:59", [], math.nan, 2**60], ids=str
    )
    def test_what_is_no_date_is_absent(self, value: object) -> None:
        assert reading.moment(value) is None


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("120", 120),
            ("Sun, 01 Nov 2026 00:02:00 GMT", 120),
            ("Sun, 01 Nov 2026 00:02:00 -0000", 120),
            ("Sat, 31 Oct 2026 00:00:00 GMT", 0),
            ("", None),
            ("soon", None),
            ("-5", None),
            ("²", None),
        ],
    )
    def test_seconds_and_dates_are_read(self, header: str, expected: int | None) -> None:
        assert reading.retry_after_seconds(UpstreamReply(NOW, 429, (("retry-after", header),))) == expected

    def test_an_endless_number_stays_a_number(self) -> None:
        assert reading.retry_after_seconds(UpstreamReply(NOW, 429, (("retry-after", "9" * 5_000),))) == 999_999_999


class TestTexts:
    def test_a_strangers_text_becomes_one_short_printable_line(self) -> None:
        assert reading.shorten("a\u202egpj\r\n\tb\x00") == "a gpj b"
        assert reading.shorten("x" * 500) == "x" * 119 + "…"
        assert reading.shorten("x" * 120) == "x" * 120

    def test_labels_without_a_value_are_left_out(self) -> None:
        pairs = reading.labels(("number", 7), ("nothing", None), ("blank", "\n"), ("word", " a  b "))
        assert pairs == (("number", "7"), ("word", "a b"))


class TestPivots:
    def test_they_are_canonical_and_each_stands_once(self) -> None:
        found = reading.pivots(
            parse_observable("example.org"),
            ["B.example.net.", "b.example.net", "198.51.100.1", "EXAMPLE.org", None, 7, "no observable", ""],
        )
        assert found == ("b.example.net", "198.51.100.1")

    def test_what_lies_inside_is_left_out(self) -> None:
        assert reading.pivots(parse_observable("example.org"), ["10.0.0.1", "printer.local", "::1"]) == ()

    def test_there_are_at_most_as_many_as_asked_for(self) -> None:
        names = [f"h{number}.example.net" for number in range(50)]
        assert len(reading.pivots(parse_observable("example.org"), names)) == 20
        assert reading.pivots(parse_observable("example.org"), names, 2) == ("h0.example.net", "h1.example.net")


@given(st.text() | st.from_regex(r"\w{3}, \d{1,5} \w{3} \d{1,6} \d\d:\d\d:\d\d [+-]\d{1,9}", fullmatch=True))
def test_no_text_of_a_stranger_raises(value: str) -> None:
    reading.moment(value)
    reading.retry_after_seconds(UpstreamReply(NOW, 429, (("retry-after", value),)))
    reading.pivots(parse_observable("example.org"), [value])
    assert all(text.isprintable() for _, text in reading.labels(("name", value)))


class TestFailed:
    @pytest.mark.parametrize(
        ("failure", "outcome"),
        [
            (Failure.TIMEOUT, Outcome.TIMEOUT),
            (Failure.UNREACHABLE, Outcome.UPSTREAM_ERROR),
            (Failure.REFUSED, Outcome.UPSTREAM_ERROR),
            (Failure.TOO_LARGE, Outcome.BAD_PAYLOAD),
            (Failure.BAD_ENCODING, Outcome.BAD_PAYLOAD),
        ],
    )
    def test_a_failure_wins_over_everything_else(self, failure: Failure, outcome: Outcome) -> None:
        reply = UpstreamReply(NOW, 200, body=b"{}", failure=failure)
        assert reading.failed(SOURCE, reply, unknown_statuses=(200,)) == Answer("example", outcome)

    @pytest.mark.parametrize(
        ("status", "outcome"), [(401, Outcome.BAD_KEY), (403, Outcome.FORBIDDEN), (429, Outcome.THROTTLED)]
    )
    def test_a_status_of_the_table_needs_no_warning(self, status: int, outcome: Outcome) -> None:
        assert reading.failed(SOURCE, UpstreamReply(NOW, status)) == Answer("example", outcome)

    @pytest.mark.parametrize("status", [0, 100, 199, 300, 302, 304, 400, 404, 418, 422, 500, 502, 503, 599, 999])
    def test_any_other_status_is_a_fault_of_the_source_and_is_named(self, status: int) -> None:
        answer = reading.failed(SOURCE, UpstreamReply(NOW, status))
        assert answer is not None
        assert answer.outcome is Outcome.UPSTREAM_ERROR
        assert answer.warnings == (f"Example answered with status {status}.",)

    @pytest.mark.parametrize("status", [200, 201, 204, 299])
    def test_a_success_is_the_connectors_to_read(self, status: int) -> None:
        assert reading.failed(SOURCE, UpstreamReply(NOW, status)) is None

    @pytest.mark.parametrize("status", [204, 404])
    def test_a_source_names_the_statuses_that_mean_unknown(self, status: int) -> None:
        answer = reading.failed(SOURCE, UpstreamReply(NOW, status, body=b"x"), unknown_statuses=(204, 404))
        assert answer == Answer("example", Outcome.UNKNOWN)

    def test_the_two_plain_answers(self) -> None:
        assert reading.bad_payload(SOURCE) == Answer("example", Outcome.BAD_PAYLOAD)
        assert reading.unknown(SOURCE, b"{}") == Answer("example", Outcome.UNKNOWN, document=b"{}")
