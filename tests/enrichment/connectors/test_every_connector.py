"""What holds for every connector that ships, whatever its source sends."""

import json
import math
from functools import cache
from typing import Any, Final, TypeAlias

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cybervault.domain.evidence import Answer, Evidence, Outcome
from cybervault.domain.observables import Kind, Observable, parse_observable
from cybervault.domain.secrets import Secret
from cybervault.enrichment.connector import Connector, DnsRequest, Failure, HttpRequest, KeyRule, UpstreamReply
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.enrichment.reading import LABEL_CHARACTERS_MAX, PIVOTS_MAX, json_value
from tests.enrichment.connectors.cases import RECEIVED_AT, case_files, read_case

SAMPLES: Final = {
    Kind.IPV4: "203.0.113.7",
    Kind.IPV6: "2001:4860:4860::8888",
    Kind.DOMAIN: "xn--bcher-kva.example",
    Kind.URL: "https://example.org/a%20b?c=d#e",
    Kind.MD5: "0" * 32,
    Kind.SHA1: "1" * 40,
    Kind.SHA256: "2" * 64,
    Kind.SHA512: "3" * 128,
    Kind.EMAIL: "someone@example.org",
    Kind.CVE: "CVE-2026-12345",
    Kind.ASN: "AS64500",
    Kind.CIDR: "203.0.113.0/24",
}
ONLY_THE_LOOKUP_SAYS: Final = frozenset({Outcome.NO_KEY, Outcome.SKIPPED_BUDGET, Outcome.SKIPPED_TLP})
STATUSES: Final = (200, 200, 200, 200, 203, 204, 206, 301, 304, 400, 401, 403, 404, 410, 418, 422, 429, 500, 503)

Json: TypeAlias = Any

each_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda connector: connector.source.name)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=200)
    | st.sampled_from(["-1", "malicious", "2026-01-01T00:00:00", "9999-12-31T23:59:59-23:59", "a.example.org"])
)
numbers = st.integers(0, 9)
any_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@cache
def known_bodies(name: str) -> tuple[bytes, ...]:
    """The bodies of all cases of a source: the soil for mutations."""
    replies = (reply for path in case_files(name) for reply in read_case(path).replies)
    return tuple(sorted({reply.as_reply().body for reply in replies} - {b""}, key=len)) or (b"{}",)


@cache
def known_records(name: str) -> tuple[str, ...]:
    replies = (reply for path in case_files(name) for reply in read_case(path).replies)
    return tuple(sorted({record for reply in replies for record in reply.records})) or ("198.51.100.1",)


def mutated(draw: st.DrawFn, value: Json) -> Json:
    """The same JSON with one value somewhere in it replaced, most often deep inside."""
    if not value or draw(numbers) == 0:
        return draw(any_json)
    if isinstance(value, dict):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: mutated(draw, value[name])}
    if isinstance(value, list):
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], mutated(draw, value[place]), *value[place + 1 :]]
    return draw(any_json)


@st.composite
def bodies(draw: st.DrawFn, name: str) -> bytes:
    match draw(st.sampled_from(["binary", "json", "known", "cut", "mutated", "mutated", "mutated"])):
        case "binary":
            return draw(st.binary(max_size=300))
        case "json":
            return json.dumps(draw(any_json)).encode()
        case kind:
            body = draw(st.sampled_from(known_bodies(name)))
            if kind == "known":
                return body
            if kind == "cut":
                return body[: draw(st.integers(0, len(body)))]
            value: Json = json_value(body)
            for _ in range(draw(st.integers(1, 3))):
                value = mutated(draw, value)
            return json.dumps(value).encode()


def replies(name: str) -> st.SearchStrategy[UpstreamReply]:
    return st.builds(
        UpstreamReply,
        st.just(RECEIVED_AT),
        status=st.sampled_from(STATUSES) | st.integers(0, 999) | st.sampled_from([0, 2, 3, 5]),
        headers=st.sampled_from(["", "0", "7", "99999999999", "Sun, 01 Nov 2026 08:00:00 GMT", "soon", "\x00"]).map(
            lambda wait: (("retry-after", wait), ("message", wait))
        ),
        body=bodies(name),
        records=st.lists(st.sampled_from(known_records(name)) | st.text(max_size=40), max_size=4).map(tuple),
        failure=st.none() | st.none() | st.none() | st.sampled_from(Failure),
    )


@each_connector
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_reply_gives_an_answer(connector: Connector, data: st.DataObject) -> None:
    observable = parse_observable(SAMPLES[data.draw(st.sampled_from(sorted(connector.source.kinds)))])
    count = len(connector.ask(observable, None))
    received = data.draw(st.tuples(*[replies(connector.source.name)] * count))
    check_sound(connector, observable, connector.read(observable, received))


def check_sound(connector: Connector, observable: Observable, answer: Answer) -> None:
    assert answer.source == connector.source.name
    assert answer.outcome not in ONLY_THE_LOOKUP_SAYS
    for evidence in answer.evidence:
        check_evidence(connector, evidence)
    assert all(name and text and len(text) <= LABEL_CHARACTERS_MAX for name, text in answer.labels)
    assert all(text.isprintable() for _, text in answer.labels)
    assert len(answer.pivots) <= PIVOTS_MAX
    assert observable.value not in answer.pivots
    for pivot in answer.pivots:
        assert parse_observable(pivot).value == pivot
    if answer.document is not None:
        assert answer.outcome.is_evidence
        assert json_value(answer.document) is not None


def check_evidence(connector: Connector, evidence: Evidence) -> None:
    assert evidence.source == connector.source.name
    assert evidence.group is connector.source.group
    assert evidence.bin in dict(connector.source.bins)[evidence.item]
    assert evidence.field
    assert not isinstance(evidence.value, float) or math.isfinite(evidence.value)
    assert not isinstance(evidence.value, str) or len(evidence.value) <= LABEL_CHARACTERS_MAX
    assert evidence.observed_at is None or evidence.observed_at.tzinfo is not None
    msgspec.json.encode(evidence)


@each_connector
def test_a_connector_asks_about_each_of_its_kinds(connector: Connector) -> None:
    for kind in connector.source.kinds:
        assert connector.ask(parse_observable(SAMPLES[kind]), Secret("canary"))


@each_connector
def test_a_key_travels_in_its_header_only(connector: Connector) -> None:
    for kind in connector.source.kinds:
        observable = parse_observable(SAMPLES[kind])
        for request in connector.ask(observable, Secret("canary")):
            if isinstance(request, DnsRequest):
                continue
            open_parts = (request.path, request.query, request.headers, request.method, request.body)
            assert "canary" not in repr(open_parts)
            names = {header.name for header in request.secret_headers}
            assert names == (set() if connector.source.key is KeyRule.NONE else {connector.source.key_header})
        for request in connector.ask(observable, None):
            assert isinstance(request, DnsRequest) or request.secret_headers == ()


@each_connector
def test_a_path_needs_no_further_encoding(connector: Connector) -> None:
    for kind in connector.source.kinds:
        for request in connector.ask(parse_observable(SAMPLES[kind]), None):
            if isinstance(request, HttpRequest):
                assert request.path.startswith("/")
                assert request.path.isascii()
                assert not set(request.path) & set(" ?#%\\")


@each_connector
def test_a_declaration_is_complete(connector: Connector) -> None:
    source = connector.source
    asks_over_http = any(
        isinstance(request, HttpRequest)
        for kind in source.kinds
        for request in connector.ask(parse_observable(SAMPLES[kind]), None)
    )
    assert source.url.startswith("https://") is asks_over_http
    assert not source.url.endswith("/")
    assert source.homepage.startswith("https://")
    assert source.title
    assert source.knows.endswith(".")
    assert source.kinds
    assert source.bins
    assert all(bins and len(set(bins)) == len(bins) for _, bins in source.bins)
    assert len(dict(source.bins)) == len(source.bins)
    assert bool(source.key_header) is (source.key is not KeyRule.NONE)
    assert bool(source.key_page) is (source.key is not KeyRule.NONE)
    assert source.quota or not asks_over_http


@each_connector
def test_every_bin_is_reached_by_a_case(connector: Connector) -> None:
    answers = [read_case(path).answer for path in case_files(connector.source.name)]
    evidence = (item for answer in answers if answer is not None for item in answer.evidence)
    reached = {(each.item, each.bin) for each in evidence}
    assert reached == {(item, bin_) for item, bins in connector.source.bins for bin_ in bins}


def test_names_are_unique_and_in_reading_order() -> None:
    assert [connector.source.name for connector in CONNECTORS] == [
        "virustotal",
        "abuseipdb",
        "polyswarm",
        "robtex",
        "internetdb",
        "greynoise",
        "hashlookup",
        "rdap",
        "dns",
        "robtex_dns",
    ]
