"""The values that pass between a connector and the lookup."""

from datetime import UTC, datetime
from typing import Final

import pytest

from cybervault.domain.evidence import EvidenceGroup
from cybervault.domain.observables import Kind
from cybervault.domain.secrets import Secret, SecretHeader
from cybervault.enrichment.connector import (
    DAY_SECONDS,
    Failure,
    HttpRequest,
    KeyRule,
    Quota,
    Source,
    UpstreamReply,
    key_headers,
)

NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
SOURCE: Final = Source(
    name="example",
    title="Example",
    homepage="https://example.org",
    knows="Nothing.",
    kinds=frozenset({Kind.DOMAIN}),
    key=KeyRule.REQUIRED,
    key_header="x-key",
    quota=(Quota(500, DAY_SECONDS),),
    group=EvidenceGroup.EXPOSURE,
    url="https://api.example.org",
    bins=(("item", ("bin",)),),
)


class TestKeyHeaders:
    def test_the_key_stands_in_the_header_that_the_source_declares(self) -> None:
        assert key_headers(SOURCE, Secret("k1")) == (SecretHeader("x-key", Secret("k1"), ""),)

    def test_a_scheme_stands_before_the_key(self) -> None:
        assert key_headers(SOURCE, Secret("k1"), "Bearer ") == (SecretHeader("x-key", Secret("k1"), "Bearer "),)

    def test_without_a_key_there_is_no_header(self) -> None:
        assert key_headers(SOURCE, None, "Bearer ") == ()

    def test_a_request_prints_no_key(self) -> None:
        """No secret reaches a log by way of a printed request."""
        request = HttpRequest("/x", secret_headers=key_headers(SOURCE, Secret("canary")))
        assert "canary" not in repr(request)


class TestReply:
    @pytest.mark.parametrize("name", ["retry-after", "Retry-After", "RETRY-AFTER"])
    def test_a_header_is_found_in_any_letter_case_and_the_first_one_counts(self, name: str) -> None:
        reply = UpstreamReply(NOW, 429, (("server", "x"), ("retry-after", "5"), ("retry-after", "9")))
        assert reply.header(name) == "5"

    def test_a_header_that_is_not_there_is_empty(self) -> None:
        assert UpstreamReply(NOW, 200).header("retry-after") == ""

    def test_a_failure_takes_the_place_of_a_reply(self) -> None:
        reply = UpstreamReply(NOW, failure=Failure.TIMEOUT)
        assert (reply.status, reply.headers, reply.body, reply.records) == (0, (), b"", ())


class TestSource:
    def test_no_redirect_is_followed_unless_declared(self) -> None:
        assert SOURCE.redirect_hosts == frozenset()

    def test_what_is_unknown_is_forgotten_sooner_than_what_is_known(self) -> None:
        assert SOURCE.unknown_seconds < SOURCE.known_seconds
