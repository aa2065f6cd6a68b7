"""`cybervault keys`: the whole life of a key by the operator's hand; its secret is printed once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog

from cybervault.access.tokens import parse
from cybervault.app.product import open_access
from cybervault.domain.observables import Address
from cybervault.domain.principals import KeyKind, Scope
from cybervault.domain.problems import Problem
from cybervault.settings import Settings
from tests.cli.conftest import Run, document


@pytest.fixture
def acme(run: Run) -> str:
    """A tenant."""
    return run("tenants", "create", "acme").stdout.strip()


def created(run: Run, *words: str) -> dict[str, Any]:
    return document(run("keys", "create", "--tenant", "acme", "--name", "ci", "--json", *words))


def problem_of(run: Run, *words: str) -> str:
    problem = run(*words).exception
    assert isinstance(problem, Problem)
    return problem.code


def opens(data: Path, secret: str, address: Address | None = None) -> str:
    """The id of the key that a secret opens, or the code of the refusal."""

    async def resolved() -> str:
        async with open_access(Settings(data=data)) as access:
            try:
                return str((await access.keys.resolve(secret, address)).key_id)
            except Problem as problem:
                return problem.code

    structlog.reset_defaults()  # a command has pointed them at its own output, which is closed by now
    return asyncio.run(resolved())


@pytest.fixture
def member(run: Run, acme: str) -> str:
    """The address of a member of a tenant whose plan has personal keys."""
    run("tenants", "set-plan", acme, "professional")
    run("users", "add", "--email", "m@example.org", "--tenant", "acme", "--name", "M", "--role", "member")
    return "m@example.org"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("live", KeyKind.SERVICE_LIVE),
        ("test", KeyKind.SERVICE_TEST),
        ("read", KeyKind.SERVICE_READ),
        ("classic", KeyKind.CLASSIC_LIVE),
        ("classic-test", KeyKind.CLASSIC_TEST),
    ],
)
@pytest.mark.usefixtures("acme")
def test_every_kind_is_made_by_its_word_and_works(run: Run, data: Path, word: str, kind: KeyKind) -> None:
    made = created(run, "--kind", word)
    token = parse(made["secret"])
    assert token is not None
    assert token.kind is kind
    assert opens(data, made["secret"]) == made["key"]["id"]


@pytest.mark.usefixtures("acme")
def test_a_script_gets_the_secret_alone_on_standard_output(run: Run) -> None:
    result = run("keys", "create", "--tenant", "acme", "--name", "ci")
    assert parse(result.stdout.strip()) is not None
    assert "not shown again" in result.stderr


def test_everything_that_was_asked_for_is_in_the_key(run: Run, acme: str) -> None:
    words = ("--scope", "threat:read", "--scope", "response:write", "--ip", "10.0.0.0/8", "--ip", "::1")
    key = created(run, *words, "--expires", "90")["key"]
    assert (key["tenant_id"], key["name"], key["state"]) == (acme, "ci", "active")
    assert key["scopes"] == [Scope.RESPONSE_WRITE, Scope.THREAT_READ]
    assert key["networks"] == ["10.0.0.0/8", "::1/128"]
    assert key["expires_at"] > key["created_at"]
    assert key["revoked_at"] is None


@pytest.mark.usefixtures("acme")
def test_neither_list_shows_a_secret(run: Run) -> None:
    """The secret is printed once, at its creation."""
    made = created(run, "--expires", "90")
    shown = run("keys", "list", "--tenant", "acme")
    machine = run("keys", "list", "--tenant", "acme", "--json")
    for text in (shown.output, machine.output):
        assert made["key"]["id"] in text
        assert made["secret"] not in text
        assert made["secret"][-4:] in text


@pytest.mark.usefixtures("acme")
def test_a_key_without_use_and_end_says_never(run: Run) -> None:
    created(run)
    assert run("keys", "list", "--tenant", "acme").stdout.count("never") == 2


@pytest.mark.usefixtures("acme")
def test_a_rotation_is_finished(run: Run, data: Path) -> None:
    made = created(run)
    key_id = made["key"]["id"]
    turned = document(run("keys", "rotate", key_id, "--json"))
    assert turned["key"]["state"] == "rotating"
    assert turned["key"]["secrets"][0]["ends_at"]
    assert opens(data, made["secret"]) == opens(data, turned["secret"]) == key_id
    assert problem_of(run, "keys", "rotate", key_id) == "rotation_in_progress"
    assert document(run("keys", "finish", key_id, "--json"))["key"]["state"] == "active"
    assert (opens(data, made["secret"]), opens(data, turned["secret"])) == ("revoked_api_key", key_id)
    assert problem_of(run, "keys", "finish", key_id) == "no_rotation"


@pytest.mark.usefixtures("acme")
def test_a_rotation_is_cancelled(run: Run, data: Path) -> None:
    made = created(run)
    key_id = made["key"]["id"]
    new = run("keys", "rotate", key_id).stdout.strip()
    assert run("keys", "cancel", key_id).stdout == f"{key_id} is active.\n"
    assert (opens(data, made["secret"]), opens(data, new)) == (key_id, "revoked_api_key")


@pytest.mark.usefixtures("acme")
def test_a_revoked_key_opens_nothing_and_stays_listed(run: Run, data: Path) -> None:
    made = created(run)
    key_id = made["key"]["id"]
    assert run("keys", "revoke", key_id).stdout == f"{key_id} is revoked.\n"
    assert opens(data, made["secret"]) == "revoked_api_key"
    assert document(run("keys", "list", "--tenant", "acme", "--json"))["keys"][0]["state"] == "revoked"
    assert problem_of(run, "keys", "revoke", key_id) == "key_revoked"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--kind", "other"), "kind_not_available"),
        (("--kind", "personal"), "invalid_owner"),
        (("--kind", "personal", "--owner", "nobody@example.org"), "member_not_found"),
        (("--service-account", "nobody"), "service_account_not_found"),
        (("--ip", "10.0.0.1/8"), "invalid_network"),
        (("--ip", "here"), "invalid_network"),
        (("--name", " "), "invalid_name"),
        (("--tenant", "nobody"), "tenant_not_found"),
    ],
)
@pytest.mark.usefixtures("acme")
def test_a_wish_that_cannot_be_fulfilled_is_told(run: Run, words: tuple[str, ...], code: str) -> None:
    assert problem_of(run, "keys", "create", "--tenant", "acme", "--name", "ci", *words) == code


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("words", [("--scope", "threat:all"), ("--expires", "0")])
def test_a_word_that_is_none_of_the_choices_is_refused(run: Run, words: tuple[str, ...]) -> None:
    assert run("keys", "create", "--tenant", "acme", "--name", "ci", *words).exit_code == 2


def test_an_unknown_key_is_told(run: Run) -> None:
    assert problem_of(run, "keys", "revoke", "key_nobody") == "key_not_found"


def test_a_personal_key_is_made_for_the_member_of_an_address(run: Run, data: Path, member: str) -> None:
    for word, prefix in (("personal", "cbr_live_"), ("personal-test", "cbr_test_")):
        words = ("--kind", word, "--owner", member, "--name", word)
        made = document(run("keys", "create", "--tenant", "acme", *words, "--json"))
        assert made["secret"].startswith(prefix)
        assert made["key"]["owner_id"].startswith("usr_")
        assert opens(data, made["secret"]) == made["key"]["id"]
    assert "all of usr_" in run("keys", "list", "--tenant", "acme").stdout


def test_the_personal_key_of_a_member_is_revoked_with_a_reason(run: Run, member: str) -> None:
    key_id = created(run, "--kind", "personal", "--owner", member)["key"]["id"]
    assert problem_of(run, "keys", "revoke", key_id) == "reason_required"
    assert run("keys", "revoke", key_id, "--reason", "left").stdout == f"{key_id} is revoked.\n"


@pytest.mark.usefixtures("acme")
def test_a_decoy_looks_like_any_other_and_opens_nothing(run: Run, data: Path) -> None:
    made = created(run, "--decoy")
    assert made["key"]["is_decoy"]
    assert opens(data, made["secret"]) == "invalid_api_key"
    assert "active, decoy" in run("keys", "list", "--tenant", "acme").stdout


@pytest.mark.usefixtures("acme")
def test_finishing_tells_whether_the_old_secret_was_still_used(run: Run) -> None:
    key_id = created(run)["key"]["id"]
    run("keys", "rotate", key_id)
    assert run("keys", "finish", key_id).stdout == f"{key_id} is active. Old secret never used.\n"
    run("keys", "rotate", key_id)
    finished = document(run("keys", "finish", key_id, "--json"))
    assert finished["old_secret"]["last_used_at"] is None
    assert len(finished["key"]["secrets"]) == 1


@pytest.mark.usefixtures("acme")
def test_a_rotation_may_set_another_expiry(run: Run) -> None:
    key_id = created(run, "--expires", "90")["key"]["id"]
    assert document(run("keys", "rotate", key_id, "--no-expiry", "--json"))["key"]["expires_at"] is None
    run("keys", "finish", key_id)
    assert document(run("keys", "rotate", key_id, "--expires", "30", "--json"))["key"]["expires_at"]


@pytest.mark.usefixtures("acme")
def test_an_edit_changes_what_it_names(run: Run) -> None:
    key = created(run, "--scope", "threat:read", "--ip", "10.0.0.0/8")["key"]
    edit = ("keys", "edit", key["id"], "--json")
    assert document(run(*edit))["key"] == key
    named = document(run(*edit, "--name", "new", "--scope", "scan:read", "--ip", "::1", "--expires", "5"))["key"]
    assert (named["name"], named["scopes"], named["networks"]) == ("new", ["scan:read"], ["::1/128"])
    assert named["expires_at"]
    emptied = document(run(*edit, "--no-scopes", "--any-ip", "--no-expiry"))["key"]
    assert (emptied["scopes"], emptied["networks"], emptied["expires_at"]) == ([], [], None)
    assert run("keys", "edit", key["id"]).stdout == f"{key['id']} is active.\n"
