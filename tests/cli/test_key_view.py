"""How keys are shown on the command line."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from cybervault.access.life import Key, KeySecret
from cybervault.access.minting import MintedKey
from cybervault.cli.key_view import document_of, moment_of, show_key, show_once, table_of
from cybervault.domain.principals import KeyId, KeyKind, MemberId, Scope, TenantId
from cybervault.domain.secrets import Secret

LONG_AGO = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
OLD = KeySecret(b"o", "pepper", "cv_live_sk_…aaaa", LONG_AGO, is_ended=True, last_used_at=LONG_AGO)
NEW = KeySecret(b"n", "pepper", "cv_live_sk_…bbbb", LONG_AGO)
KEY = Key(
    KeyId("key_1"), TenantId("tv_1"), KeyKind.SERVICE_LIVE, "[b]ci[/b]", frozenset({Scope.THREAT_READ}), (),
    created_at=LONG_AGO, expires_at=None, revoked_at=None, secrets=(OLD, NEW),
)  # fmt: skip
MINTED = MintedKey(KEY, Secret("cv_live_sk_secret"))


def shown(key: Key) -> str:
    console = Console(width=200, markup=False, record=True, quiet=False)
    with console.capture() as captured:
        console.print(table_of((key,)))
    return captured.get()


def test_a_secret_stands_alone_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    show_once(MINTED, as_json=False)
    seen = capsys.readouterr()
    assert seen.out == "cv_live_sk_secret\n"
    assert "key_1" in seen.err
    show_once(MINTED, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"key": document_of(KEY), "secret": "cv_live_sk_secret"}


def test_a_changed_key_is_named_with_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    show_key(KEY, as_json=False)
    show_key(replace(KEY, expires_at=LONG_AGO), as_json=False, note="So it is.")
    assert capsys.readouterr().out == "key_1 is active.\nkey_1 is expired. So it is.\n"
    show_key(KEY, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"key": document_of(KEY)}


def test_a_document_holds_the_secrets_that_work_and_no_digest() -> None:
    document = document_of(replace(KEY, owner_id=MemberId("usr_1"), exposed_at=LONG_AGO, exposed_where="a log"))
    assert [one["hint"] for one in document["secrets"]] == ["cv_live_sk_…bbbb"]
    assert (document["owner_id"], document["exposed_at"]) == ("usr_1", "2020-01-02T03:04:05Z")
    assert "digest" not in json.dumps(document)


def test_a_table_tells_what_stands_out() -> None:
    text = shown(KEY)
    for word in ("[b]ci[/b]", "cv_live_sk_…bbbb", "active ", "never", "2020-01-02 03:04", "threat:read"):
        assert word in text
    marked = replace(KEY, is_decoy=True, exposed_at=LONG_AGO, scopes=frozenset(), secrets=(NEW,), last_ip="10.0.0.1")
    text = shown(replace(marked, expires_at=LONG_AGO + timedelta(days=36_500)))
    for word in ("active, decoy, exposed", "none", "never", "10.0.0.1", "2119-"):
        assert word in text
    assert "all of usr_1" in shown(replace(marked, owner_id=MemberId("usr_1")))


def test_a_moment_is_shown_to_the_second() -> None:
    assert (moment_of(LONG_AGO), moment_of(None)) == ("2020-01-02T03:04:05Z", None)
