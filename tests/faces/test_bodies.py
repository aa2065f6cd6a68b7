"""What a request carries: a cap, strict JSON, and models whose faults are named; what was sent is never repeated."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers

from cybervault.access import tokens
from cybervault.domain.principals import KeyKind
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces import bodies as module
from cybervault.faces.bodies import (
    BODY_BYTES_MAX,
    JSON_DEPTH_MAX,
    read_body,
    read_bytes,
    read_json,
    read_query,
    refuse_media_type,
)


class Colour(StrEnum):
    RED = "red"


class Inner(BaseModel):
    deep: int


class Wish(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=5)]
    count: int = 1
    mode: Literal["quick", "deep"] = "quick"
    colour: Colour = Colour.RED
    at: datetime | None = None
    inner: Inner | None = None
    tags: list[str] = []


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


def refused(raw: bytes | str, model: type[BaseModel] = Wish) -> Problem:
    with pytest.raises(Problem) as caught:
        read_body(model, raw if isinstance(raw, bytes) else raw.encode())
    assert caught.value.kind is ProblemKind.INVALID
    return caught.value


async def pieces(*sizes: int) -> AsyncIterator[bytes]:
    for size in sizes:
        yield b"x" * size


class TestBytes:
    async def test_a_body_in_pieces_is_put_together(self) -> None:
        assert len(await read_bytes(pieces(3, 0, 4), None, most=7)) == 7

    async def test_one_byte_too_many_is_refused_though_no_length_was_declared(self) -> None:
        with pytest.raises(Problem) as caught:
            await read_bytes(pieces(4, 4), None, most=7)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.TOO_LARGE, "payload_too_large")

    async def test_a_declared_length_beyond_the_cap_is_refused_before_a_byte_is_read(self) -> None:
        async def none() -> AsyncIterator[bytes]:
            raise AssertionError
            yield b""

        for declared in (str(BODY_BYTES_MAX + 1), "9" * 30):
            with pytest.raises(Problem) as caught:
                await read_bytes(none(), declared)
            assert caught.value.code == "payload_too_large"

    @pytest.mark.parametrize("declared", ["3", "-1", "x", "³", ""])
    async def test_any_other_length_is_not_trusted_and_counted(self, declared: str) -> None:
        assert await read_bytes(pieces(3), declared, most=7) == b"xxx"
        with pytest.raises(Problem):
            await read_bytes(pieces(8), declared, most=7)


class TestMediaType:
    @pytest.mark.parametrize(
        "given",
        [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "application/problem+json",
            "application/vnd.api+json; version=1",
        ],
    )
    def test_json_in_utf_8_passes(self, given: str) -> None:
        refuse_media_type(Headers({"content-type": given}))

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "text/plain",
            "text/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "application/xml+jsonx",
            "application/json; charset=latin-1",
            "application/+json",
        ],
    )
    def test_anything_else_does_not(self, given: str) -> None:
        with pytest.raises(Problem) as caught:
            refuse_media_type(Headers({"content-type": given}))
        assert caught.value.code == "unsupported_media_type"

    def test_neither_does_none_nor_two(self) -> None:
        for headers in (Headers({}), Headers(raw=[(b"content-type", b"application/json")] * 2)):
            with pytest.raises(Problem):
                refuse_media_type(headers)

    def test_a_compressed_body_is_not_taken(self) -> None:
        """A few bytes on the wire must not become a memory full of them."""
        with pytest.raises(Problem):
            refuse_media_type(Headers({"content-type": "application/json", "content-encoding": "gzip"}))
        refuse_media_type(Headers({"content-type": "application/json", "content-encoding": "Identity"}))


class TestJson:
    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b" ",
            b"{",
            b"{'a': 1}",
            b"[1,]",
            b"\xff{}",
            b"\xef\xbb\xbf{}",
            b'{"a":1} x',
            b"nul",
            b'"\x01"',
            b'"' + b"a" * 10,
            "{}".encode("utf-16"),
        ],
    )
    def test_what_is_no_json_is_refused(self, raw: bytes) -> None:
        with pytest.raises(Problem) as caught:
            read_json(raw)
        assert caught.value.code == "invalid_json"

    @pytest.mark.parametrize(
        "raw",
        [
            '{"a":1,"a":2}',
            '{"x":{"a":1,"a":1}}',
            '[{"a":1,"\\u0061":2}]',
            "NaN",
            "[Infinity]",
            '{"a":-Infinity}',
            "1e999",
            str(2**63),
            str(-(2**63) - 1),
            "9" * 5000,
            "-" + "9" * 30,
            '"\\ud800"',
            '{"\\uDfff":1}',
        ],
    )
    def test_what_two_readers_could_take_for_different_things_is_refused(self, raw: str) -> None:
        with pytest.raises(Problem) as caught:
            read_json(raw.encode())
        assert caught.value.code == "invalid_json"

    def test_whole_characters_written_as_two_halves_pass(self) -> None:
        assert read_json(b'"\\ud83d\\ude00"') == "\U0001f600"

    @pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0, 1.5, -1e300])
    def test_numbers_of_64_bits_pass(self, number: float) -> None:
        assert read_json(json.dumps(number).encode()) == number

    @pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
    def test_64_deep_is_the_most(self, opening: str, closing: str) -> None:
        def nested(depth: int) -> bytes:
            return f"{opening * depth}{'0'}{closing * depth}".encode()

        read_json(nested(JSON_DEPTH_MAX))
        for depth in (JSON_DEPTH_MAX + 1, 900, 100_000):
            with pytest.raises(Problem, match="deep"):
                read_json(nested(depth))

    def test_a_wide_body_is_not_a_deep_one(self) -> None:
        assert read_json(b"[" + b",".join([b"{}"] * 1_000) + b"]") == [{}] * 1_000

    @given(st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(), st.lists, max_leaves=20))
    def test_every_value_that_was_written_is_read(self, value: object) -> None:
        assert read_json(json.dumps(value, ensure_ascii=False).encode()) == value

    @given(st.binary(max_size=60))
    def test_any_bytes_are_a_value_or_a_problem(self, raw: bytes) -> None:
        try:
            read_json(raw)
        except Problem as problem:
            assert problem.code == "invalid_json"  # noqa: PT017 - either is right


class TestModel:
    def test_a_body_becomes_its_model(self) -> None:
        wish = read_body(Wish, b'{"name":"abc","colour":"red","at":"2026-01-01T00:00:00Z","mode":"deep","other":1}')
        assert (wish.name, wish.colour, wish.mode) == ("abc", Colour.RED, "deep")
        assert wish.at == datetime.fromisoformat("2026-01-01T00:00:00+00:00")

    @pytest.mark.parametrize(
        ("raw", "code", "details"),
        [
            ("{}", "missing_parameter", (("name", "must be given"),)),
            ('{"name":"abc","inner":{}}', "missing_parameter", (("inner.deep", "must be given"),)),
            ('{"name":1}', "invalid_parameter", (("name", "must be a string"),)),
            ('{"name":"abc","count":"1"}', "invalid_parameter", (("count", "must be a whole number"),)),
            ('{"name":"abc","count":true}', "invalid_parameter", (("count", "must be a whole number"),)),
            ('{"name":"abc","tags":"x"}', "invalid_parameter", (("tags", "must be an array"),)),
            ('{"name":"abc","tags":["x",1]}', "invalid_parameter", (("tags.1", "must be a string"),)),
            ('{"name":"abc","inner":1}', "invalid_parameter", (("inner", "must be an object"),)),
            ('{"name":"a"}', "invalid_parameter", (("name", "is too short"),)),
            ('{"name":"abc","mode":"x"}', "invalid_parameter", (("mode", "should be 'quick' or 'deep'"),)),
            ('{"name":"abc","at":"soon"}', "invalid_parameter", (("at", "is not valid"),)),
            ("[]", "invalid_parameter", (("body", "must be an object"),)),
            ("null", "invalid_parameter", (("body", "must be an object"),)),
            ('{"count":"1"}', "invalid_parameter", (("name", "must be given"), ("count", "must be a whole number"))),
        ],
    )
    def test_each_fault_is_named_with_its_field(
        self, raw: str, code: str, details: tuple[tuple[str, str], ...]
    ) -> None:
        problem = refused(raw)
        assert (problem.code, problem.details) == (code, details)
        assert problem.message == "; ".join(f"{field} {reason}" for field, reason in details) + "."

    def test_an_unknown_field_is_refused_where_the_model_says_so(self) -> None:
        assert refused('{"name":"a","tenant":"b"}', Strict).details == (("tenant", "is not known here"),)

    @pytest.mark.parametrize("body", [{"name": [1], "password": "canary-1"}, {"name": {"x": "canary-1"}}, ["canary-1"]])
    def test_what_was_sent_is_never_repeated(self, body: object) -> None:
        """A secret in a wrong place must not come back in an answer or a log."""
        for model in (Wish, Strict):
            problem = refused(json.dumps(body), model)
            assert "canary-1" not in repr((problem.message, problem.details, problem.detail))

    def test_a_key_that_was_sent_as_a_name_is_not_repeated_either(self) -> None:
        secret = tokens.mint(KeyKind.SERVICE_LIVE).secret.reveal()
        problem = refused(json.dumps({"name": "a", secret: 1, "a\nb": 2, "x" * 500: 3}), Strict)
        assert problem.details == (("?", "is not known here"),) * 3

    def test_no_more_than_twenty_faults_are_told(self) -> None:
        problem = refused(json.dumps({"name": "a", **{f"f{number}": 1 for number in range(99)}}), Strict)
        assert len(problem.details) == 20
        assert problem.message.count(";") == 4

    @given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x), max_leaves=8))
    def test_any_json_is_a_model_or_a_problem(self, value: object) -> None:
        try:
            read_body(Wish, json.dumps(value).encode())
        except Problem as problem:
            assert problem.kind is ProblemKind.INVALID  # noqa: PT017 - either is right


class TestQuery:
    def test_the_first_of_repeated_parameters_wins_and_unknown_ones_are_ignored(self) -> None:
        wish = read_query(Wish, [("name", "abc"), ("name", "def"), ("count", "7"), ("other", "x")])
        assert (wish.name, wish.count) == ("abc", 7)

    def test_a_wrong_one_is_named(self) -> None:
        with pytest.raises(Problem) as caught:
            read_query(Wish, [("name", "abc"), ("count", "x")])
        assert caught.value.details == (("count", "must be a whole number"),)
        with pytest.raises(Problem) as caught:
            read_query(Wish, [])
        assert caught.value.code == "missing_parameter"


async def _drops() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(60)
    yield b"}"


async def test_a_body_that_comes_in_drops_is_given_up() -> None:
    with pytest.raises(Problem, match=r"not whole after 0\.05 seconds") as caught:
        await read_bytes(_drops(), None, seconds=0.05)
    assert caught.value.code == "body_timeout"


async def test_a_large_body_waits_on_the_disk_until_it_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    class Watched(tempfile.SpooledTemporaryFile[bytes]):
        def __init__(self, max_size: int) -> None:
            super().__init__(max_size)
            held.append(self)

    monkeypatch.setattr(module, "SpooledTemporaryFile", Watched)

    async def two() -> AsyncIterator[bytes]:
        yield b"x" * module.HELD_BYTES_MAX
        assert not held[0]._rolled  # type: ignore[attr-defined] # the library's own word for it
        yield b"y"
        assert held[0]._rolled  # type: ignore[attr-defined] # same
        yield b"z"

    assert await read_bytes(two(), None) == b"x" * module.HELD_BYTES_MAX + b"yz"
    assert held[0].closed


async def test_where_the_disk_takes_no_more_a_small_body_still_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert len(await read_bytes(pieces(1_000), None)) == 1_000
    with pytest.raises(Problem) as caught:
        await read_bytes(pieces(module.HELD_BYTES_MAX, 1), None)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")
    assert str(tmp_path) not in f"{caught.value.message} {caught.value.detail}"
