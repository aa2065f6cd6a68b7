"""`cybervault keys pepper` and `rotate-pepper`: every key goes on working, or somebody is asked."""

import asyncio
from pathlib import Path

import pytest

from cybervault.app.product import open_access
from cybervault.domain.problems import Problem
from cybervault.settings import Settings
from tests.cli.conftest import Run, document


@pytest.fixture
def secret(run: Run) -> str:
    """The secret of a key."""
    run("tenants", "create", "acme")
    return run("keys", "create", "--tenant", "acme", "--name", "ci").stdout.strip()


def use(data: Path, secret: str) -> None:
    async def used() -> None:
        async with open_access(Settings(data=data)) as access:
            await access.keys.resolve(secret, None)

    asyncio.run(used())


def counts(run: Run) -> tuple[int, int, int]:
    found = document(run("keys", "pepper", "--json"))
    return found["current"], found["previous"], found["lost"]


def test_secrets_move_to_a_new_pepper_by_their_use(run: Run, data: Path, secret: str) -> None:
    before = (data / "pepper").read_text()
    assert run("keys", "pepper").stdout == "1 under the present pepper, 0 under the previous one, 0 lost.\n"
    assert "Restart the server" in run("keys", "rotate-pepper").stdout
    assert (data / "pepper.previous").read_text() == before != (data / "pepper").read_text()
    assert counts(run) == (0, 1, 0)
    use(data, secret)
    assert counts(run) == (1, 0, 0)
    assert run("audit", "verify").exit_code == 0
    assert document(run("keys", "rotate-pepper", "--json"))["given_up"] == 0
    use(data, secret)


@pytest.mark.usefixtures("secret")
def test_secrets_that_nobody_used_are_given_up_only_by_force(run: Run, data: Path) -> None:
    run("keys", "rotate-pepper")
    kept = (data / "pepper").read_text()
    problem = run("keys", "rotate-pepper").exception
    assert isinstance(problem, Problem)
    assert problem.code == "pepper_in_use"
    assert (data / "pepper").read_text() == kept
    assert document(run("keys", "rotate-pepper", "--force", "--json"))["given_up"] == 1
    assert counts(run) == (0, 0, 1)


@pytest.mark.parametrize("name", ["CYBERVAULT_PEPPER", "CYBERVAULT_PREVIOUS_PEPPER"])
def test_a_pepper_of_the_settings_is_rotated_there(run: Run, data: Path, name: str) -> None:
    problem = run("keys", "rotate-pepper", env={name: "a pepper that is long enough for tests"}).exception
    assert isinstance(problem, Problem)
    assert problem.code == "pepper_in_settings"
    assert not (data / "pepper").exists()
