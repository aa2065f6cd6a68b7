"""`cybervault users`: members listed, added, changed and removed by the operator."""

from typing import Any

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document

NEW = ("users", "add", "--tenant", "main")
BO = (*NEW, "--email", "bo@acme.example", "--name", "Bo")


@pytest.fixture(autouse=True)
def _owner(run: Run) -> None:
    run("admin", "create", "--email", "ana@acme.example", "--name", "Ana")


def members(run: Run) -> dict[str, dict[str, Any]]:
    found = document(run("users", "list", "--tenant", "main", "--json"))["members"]
    return {one["email"].partition("@")[0]: one for one in found}


class TestAdd:
    def test_a_member_is_invited_by_a_one_time_token(self, run: Run) -> None:
        result = run(*BO, "--role", "member")
        assert len(result.stdout.strip()) == 43
        assert "is invited" in result.stderr
        assert members(run)["bo"]["role"] == "member"
        for_machines = document(run(*NEW, "--email", "cy@acme.example", "--name", "Cy", "--json"))
        assert len(for_machines["token"]) == 43
        assert for_machines["member"] == members(run)["cy"]
        assert for_machines["member"]["role"] == "viewer"

    def test_or_added_with_a_password_on_the_input(self, run: Run) -> None:
        result = run(*BO, "--password-stdin", text="correct horse battery\n")
        assert result.stdout.startswith("usr_")
        weak = run(*NEW, "--email", "cy@acme.example", "--name", "Cy", "--password-stdin", text="cy@acme.example\n")
        assert isinstance(weak.exception, Problem)
        assert weak.exception.code == "weak_password"
        assert set(members(run)) == {"ana", "bo"}

    def test_an_unknown_tenant_is_told(self, run: Run) -> None:
        result = run("users", "add", "--tenant", "nobody", "--email", "bo@acme.example", "--name", "Bo")
        assert isinstance(result.exception, Problem)
        assert result.exception.code == "tenant_not_found"


class TestChange:
    @pytest.mark.parametrize("who", ["bo@acme.example", "id"])
    def test_a_member_is_suspended_resumed_given_a_role_and_removed(self, run: Run, who: str) -> None:
        run(*BO)
        wanted = members(run)["bo"]["id"] if who == "id" else who
        assert "is suspended" in run("users", "suspend", wanted).stdout
        assert members(run)["bo"]["suspended_at"] is not None
        assert "suspended" in run("users", "list", "--tenant", "main").stdout
        assert document(run("users", "resume", wanted, "--json"))["member"]["suspended_at"] is None
        assert "is active, admin" in run("users", "set-role", wanted, "admin").stdout
        assert "is removed" in run("users", "remove", wanted).stdout
        assert set(members(run)) == {"ana"}

    def test_a_tenant_keeps_its_last_owner(self, run: Run) -> None:
        result = run("users", "remove", "ana@acme.example")
        assert isinstance(result.exception, Problem)
        assert result.exception.code == "last_owner"

    def test_who_is_not_there_is_told(self, run: Run) -> None:
        for who in ("usr_nobody", "nobody@acme.example"):
            result = run("users", "suspend", who)
            assert isinstance(result.exception, Problem)
            assert result.exception.code == "member_not_found"

    def test_an_unknown_role_is_refused_with_those_there_are(self, run: Run) -> None:
        result = run("users", "set-role", "ana@acme.example", "emperor")
        assert result.exit_code == 2
        assert "billing_admin" in result.output


class TestResetFactors:
    def test_who_lost_everything_signs_in_with_the_password_alone(self, run: Run) -> None:
        """That somebody reset them stays to be seen in the audit."""
        assert document(run("users", "reset-factors", "ana@acme.example", "--json"))["member"]["name"] == "Ana"
        assert "second_factor.removed" in run("audit", "export", "--csv").stdout


class TestResetPassword:
    def test_a_new_password_is_printed_once_or_taken_from_the_input(self, run: Run) -> None:
        made = run("users", "reset-password", "ana@acme.example").stdout.strip()
        assert len(made) == 24
        result = run("users", "reset-password", "ana@acme.example", "--password-stdin", text="correct horse battery\n")
        assert result.exit_code == 0
        assert "horse" not in result.output
        assert "password" not in document(
            run("users", "reset-password", "ana@acme.example", "--password-stdin", "--json", text="one more of them\n")
        )
