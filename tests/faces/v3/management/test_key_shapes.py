"""The wire forms of keys: what is wished, what is shown, and the secret in two answers and nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from cybervault.access.changes import FinishedRotation
from cybervault.access.life import Edit, Key, KeySecret, NewExpiry
from cybervault.access.minting import MintedKey
from cybervault.access.reports import Matter, Remark
from cybervault.access.store.usage import UsageRow
from cybervault.domain.principals import (
    KeyId,
    KeyKind,
    MemberId,
    Plan,
    Principal,
    Scope,
    ServiceAccountId,
    SessionId,
    TenantId,
)
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.faces.bodies import read_body
from cybervault.faces.v3.management import key_shapes as shapes

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OLD = KeySecret(b"old", "p", "cbr_live_…aaaa", NOW - timedelta(days=2))
NEW = KeySecret(b"new", "p", "cbr_live_…bbbb", NOW - timedelta(hours=1))
KEY = Key(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.PERSONAL_LIVE, "ci", frozenset({Scope.THREAT_WRITE, Scope.SCAN_READ}),
    (ip_network("10.0.0.0/8"),), created_at=NOW - timedelta(days=2), expires_at=None, revoked_at=None, secrets=(OLD,),
    last_ip="192.0.2.1", owner_id=MemberId("usr_1"), created_by="member:usr_1",
)  # fmt: skip
ROTATING = replace(KEY, secrets=(replace(OLD, ends_at=NOW + timedelta(hours=23)), NEW))
PERSON = Principal(
    TenantId("tv_1"), frozenset(Scope), Plan.PROFESSIONAL, member_id=MemberId("usr_1"), session_id=SessionId("ses_1")
)
PROGRAM = Principal(TenantId("tv_1"), frozenset(Scope), Plan.PROFESSIONAL, key_id=KeyId("key_9"))


def wish(body: bytes, caller: Principal = PERSON) -> Any:  # noqa: ANN401 - NewKey, whose fields tests name
    return read_body(shapes.NewKeyRequest, body).to_core(caller)


class TestWishes:
    def test_people_wish_keys_of_their_own_unless_they_say_else(self) -> None:
        own = wish(b'{"name":"ci"}')
        assert (own.kind, own.owner_id, own.expires_at, own.networks) == (KeyKind.PERSONAL_LIVE, "usr_1", None, ())
        other = wish(b'{"name":"ci","kind":"classic_test"}')
        assert (other.kind, other.owner_id) == (KeyKind.CLASSIC_TEST, None)

    def test_programs_wish_keys_of_programs(self) -> None:
        found = wish(b'{"name":"ci","service_account_id":"sva_0123456789ab"}', PROGRAM)
        assert (found.kind, found.owner_id) == (KeyKind.SERVICE_LIVE, None)
        assert found.service_account_id == ServiceAccountId("sva_0123456789ab")

    def test_all_of_it_is_read(self) -> None:
        found = wish(
            b'{"name":"ci","kind":"personal_test","scopes":["scan:read"],"ip_allow_list":["10.0.0.0/8"],'
            b'"expires_at":"2027-01-31T00:00:00Z"}'
        )
        assert found.kind is KeyKind.PERSONAL_TEST
        assert (found.scopes, found.networks) == (frozenset({Scope.SCAN_READ}), (ip_network("10.0.0.0/8"),))
        assert found.expires_at == datetime(2027, 1, 31, tzinfo=UTC)
        assert found.is_decoy is False

    def test_an_expiry_that_names_no_moment_is_refused(self) -> None:
        with pytest.raises(Problem, match="time with its zone") as caught:
            wish(b'{"name":"ci","expires_at":"in a year"}')
        assert caught.value.code == "invalid_expiry"

    @pytest.mark.parametrize(
        ("body", "edit"),
        [
            (b"{}", Edit()),
            (b'{"name":"b"}', Edit(name="b")),
            (b'{"expires_at":null}', Edit(expiry=NewExpiry(None))),
            (b'{"expires_at":"2027-01-31"}', Edit(expiry=NewExpiry(datetime(2027, 1, 31, tzinfo=UTC)))),
            (b'{"scopes":[]}', Edit(scopes=frozenset())),
            (b'{"ip_allow_list":[]}', Edit(networks=())),
            (b'{"name":null,"scopes":null,"ip_allow_list":null,"confirm":true}', Edit()),
        ],
    )
    def test_what_is_left_out_of_a_change_stays(self, body: bytes, edit: Edit) -> None:
        assert read_body(shapes.KeyEditRequest, body).to_core() == edit

    @pytest.mark.parametrize(
        ("body", "expiry"),
        [
            (b"{}", None),
            (b'{"expires_at":null}', NewExpiry(None)),
            (b'{"expires_at":"2027-01-31"}', NewExpiry(datetime(2027, 1, 31, tzinfo=UTC))),
        ],
    )
    def test_a_rotation_keeps_the_expiry_unless_told(self, body: bytes, expiry: NewExpiry | None) -> None:
        assert read_body(shapes.RotateRequest, body).to_core() == expiry

    @pytest.mark.parametrize(
        "model",
        [shapes.NewKeyRequest, shapes.KeyEditRequest, shapes.RotateRequest, shapes.RevokeRequest, shapes.EmptyRequest],
    )
    @pytest.mark.parametrize("field", ["owner_id", "tenant_id", "is_decoy", "secret", "created_by"])
    def test_a_protected_field_is_refused(self, model: type[BaseModel], field: str) -> None:
        with pytest.raises(ValidationError) as caught:
            model.model_validate({field: "canary"})
        assert field in str(caught.value)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize(
        ("owner", "caller", "wanted"),
        [
            (None, PERSON, None),
            ("me", PERSON, "usr_1"),
            ("me", PROGRAM, "nobody"),
            ("usr_2", PROGRAM, "usr_2"),
        ],
    )
    def test_whose_keys_are_asked_for(self, owner: str | None, caller: Principal, wanted: str | None) -> None:
        assert shapes.owner_asked(shapes.KeyQuery(owner=owner), caller) == wanted


class TestKeys:
    def test_a_key_is_shown_without_anything_that_opens_it(self) -> None:
        found = shapes.KeyReply.of(KEY, NOW, owner_name="Ana").model_dump()
        assert found == {
            "id": "key_1", "name": "ci", "kind": "personal", "environment": "production", "hint": "cbr_live_…aaaa",
            "state": "active", "scopes": ["scan:read", "threat:write"], "ip_allow_list": ["10.0.0.0/8"],
            "owner": {"id": "usr_1", "name": "Ana"}, "service_account_id": None,
            "created_at": "2026-10-30T12:00:00Z", "created_by": "member:usr_1", "expires_at": None,
            "revoked_at": None, "last_used_at": None, "last_used_ip": None, "last_ip": "192.0.2.1",
            "exposed_at": None, "exposed_where": None,
            "secrets": [
                {"hint": "cbr_live_…aaaa", "created_at": "2026-10-30T12:00:00Z", "ends_at": None,
                 "last_used_at": None, "last_used_ip": None, "is_old": False},
            ],
        }  # fmt: skip

    def test_of_two_secrets_the_last_use_of_either_counts(self) -> None:
        used = replace(ROTATING.secrets[0], last_used_at=NOW - timedelta(minutes=5), last_used_ip="192.0.2.9")
        found = shapes.KeyReply.of(replace(ROTATING, secrets=(used, NEW)), NOW, owner_name=None)
        assert (found.last_used_at, found.last_used_ip) == ("2026-11-01T11:55:00Z", "192.0.2.9")
        assert (found.state, found.hint) == ("rotating", "cbr_live_…bbbb")
        assert [(one.is_old, one.ends_at) for one in found.secrets] == [(True, "2026-11-02T11:00:00Z"), (False, None)]

    def test_a_key_whose_secrets_have_all_ended_is_shown_by_the_last(self) -> None:
        ended = tuple(replace(one, is_ended=True) for one in ROTATING.secrets)
        found = shapes.KeyReply.of(replace(KEY, secrets=ended, revoked_at=NOW), NOW, owner_name=None)
        assert (found.state, found.hint, found.secrets) == ("revoked", "cbr_live_…bbbb", [])
        assert found.revoked_at == "2026-11-01T12:00:00Z"

    def test_a_key_of_no_member_has_no_owner(self) -> None:
        found = shapes.KeyReply.of(replace(KEY, kind=KeyKind.SERVICE_TEST, owner_id=None), NOW, owner_name=None)
        assert (found.owner, found.kind, found.environment) == (None, "service_test", "sandbox")

    def test_the_secret_stands_in_the_answer_that_shows_it(self) -> None:
        shown = shapes.ShownKeyReply.shown(MintedKey(KEY, Secret("cbr_live_x")), NOW, owner_name="Ana").model_dump()
        assert shown.pop("secret") == "cbr_live_x"
        assert shown == shapes.KeyReply.of(KEY, NOW, owner_name="Ana").model_dump()

    def test_a_finished_rotation_says_whether_anybody_still_needed_the_old_secret(self) -> None:
        old = replace(OLD, last_used_at=NOW - timedelta(minutes=3), last_used_ip="192.0.2.9")
        done = FinishedRotation(replace(KEY, secrets=(replace(old, is_ended=True), NEW)), old)
        found = shapes.FinishedKeyReply.finished(done, NOW, owner_name="Ana")
        assert found.old_secret.last_use == "old secret last used 3 min ago from 192.0.2.9"
        assert (found.old_secret.hint, found.old_secret.is_old) == ("cbr_live_…aaaa", True)
        assert [one.hint for one in found.secrets] == ["cbr_live_…bbbb"]


class TestUses:
    @pytest.mark.parametrize(("hint", "is_old"), [("cbr_live_…aaaa", True), ("cbr_live_…bbbb", False)])
    def test_a_call_tells_which_secret(self, hint: str, is_old: bool) -> None:  # noqa: FBT001 - a column
        row = UsageRow(
            "p1", KEY.tenant_id, KEY.id, NOW.timestamp(), hint, "GET", "/v3/keys/{key_id}", 200, 12, "192.0.2.1",
            None, "req_1", is_test=False,
        )  # fmt: skip
        assert shapes.UseReply.of(row, ROTATING, NOW).model_dump() == {
            "at": "2026-11-01T12:00:00Z", "method": "GET", "path": "/v3/keys/{key_id}", "status": 200,
            "outcome": "succeeded", "milliseconds": 12, "ip": "192.0.2.1", "agent": None, "secret": hint,
            "is_old_secret": is_old, "request_id": "req_1",
        }  # fmt: skip

    @pytest.mark.parametrize("matter", list(Matter))
    def test_every_remark_is_shown(self, matter: Matter) -> None:
        found = shapes.RemarkReply.of(Remark(KEY.id, "ci", matter, "why"), "en")
        assert found.model_dump() == {"key_id": "key_1", "name": "ci", "matter": matter.value, "text": "why"}


def test_every_kind_has_one_word() -> None:
    assert set(shapes.KINDS.values()) == set(KeyKind)
