"""`cybervault keys`: the whole life of a key by the operator's hand; its secret is printed once."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.access.tokens import parse
from cybervault.app import open_access
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
    with open_access(Settings(data=data)) as access:
        try:
            return access.keys.resolve(secret, address).key_id
        except Problem as problem:
            return problem.code


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
def test_neither_list_shows_a_secret(run: Run, data: Path) -> None:
    """The secret is printed once, at its creation."""
    made = created(run, "--expires", "90")
    opens(data, made["secret"])
    shown = run("keys", "list", "--tenant", "acme")
    machine = run("keys", "list", "--tenant", "acme", "--json")
    assert document(machine)["keys"][0]["secrets"][0]["last_used_at"]
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
        (("--kind", "personal"), "kind_not_available"),
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
