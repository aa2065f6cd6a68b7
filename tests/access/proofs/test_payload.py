"""The payload of a row: written in one way only, and read in both forms that there are."""

import json
from dataclasses import replace

import pytest

from cybervault.access.proofs.payload import AuditEntry, Copies, canonical, copies_of, entry_of, payload_of
from tests.access.proofs.chain import BEGUN, entry

FIRST_FORM = canonical(
    {
        "actor": "operator",
        "at": "2026-11-01T12:30:00.250000+00:00",
        "change": "key.created",
        "details": {"name": "ci"},
        "target": "key_1",
        "tenant_id": "tv_1",
    }
)


def test_a_payload_says_who_did_what_to_whom_when_and_from_where() -> None:
    assert json.loads(payload_of(entry(3))) == {
        "version": 1,
        "occurred_at": "2026-11-01T12:30:03.250000+00:00",
        "action": "key.created",
        "actor": "member:usr_1",
        "targets": ["key_3"],
        "tenant_id": "tv_1",
        "context": {"ip": "192.0.2.7", "agent": "curl/8", "request_id": "req_1"},
        "details": {"name": "ñ 3"},
    }


def test_a_payload_is_read_as_it_was_written() -> None:
    assert entry_of(payload_of(entry(3))) == entry(3)


def test_the_bytes_do_not_hang_on_the_order_in_which_details_came() -> None:
    one = replace(entry(1), details={"a": "1", "b": "2"})
    other = replace(entry(1), details={"b": "2", "a": "1"})
    assert payload_of(one) == payload_of(other)


def test_a_row_of_the_first_form_is_read_too_and_has_no_copies() -> None:
    assert entry_of(FIRST_FORM) == AuditEntry(
        BEGUN, "key.created", "operator", ("key_1",), "tv_1", details={"name": "ci"}
    )
    assert copies_of(FIRST_FORM) == Copies()


def test_what_is_searched_by_comes_out_of_the_payload() -> None:
    assert copies_of(payload_of(entry(0))) == Copies("tv_1", "key.created", BEGUN.timestamp())


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"[]",
        b"7",
        b"\xff",
        b'{"version":1}',
        b'{"version":1,"occurred_at":7}',
        b"[" * 100_000,
        b'"version"',
    ],
)
def test_what_somebody_put_there_does_not_stop_the_reader(payload: bytes) -> None:
    assert (entry_of(payload), copies_of(payload)) == (None, Copies())


@pytest.mark.parametrize("subject", ["usr_1", "member:usr_1", "key_1", "ñ 1"])
def test_an_entry_names_its_actor_its_targets_and_what_its_details_say(subject: str) -> None:
    assert entry(1).names(subject)


@pytest.mark.parametrize("subject", ["usr_", "key_2", "", "name"])
def test_an_entry_names_nothing_that_only_looks_alike(subject: str) -> None:
    assert not entry(1).names(subject)


def test_a_key_is_named_without_its_hint() -> None:
    assert replace(entry(1), actor="key:key_9 (cv_live_sk_…abcd)").names("key_9")
