"""`cybervault admin`: the first administrator, made by who has the shell."""

import stat
from pathlib import Path

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document

WHO = ("--email", "ana@acme.example", "--name", "Ana")


def code_of(result_exception: object) -> str:
    assert isinstance(result_exception, Problem)
    return result_exception.code


class TestCreate:
    def test_a_password_that_is_made_up_is_printed_once_and_alone(self, run: Run) -> None:
        result = run("admin", "create", *WHO)
        assert result.exit_code == 0
        assert len(result.stdout.strip()) == 24
        assert "ana@acme.example, owner" in result.stderr
        shown = run("users", "list", "--tenant", "main", "--json")
        assert result.stdout.strip() not in shown.stdout

    def test_a_password_on_the_input_is_taken_and_not_printed(self, run: Run) -> None:
        result = run("admin", "create", *WHO, "--password-stdin", "--json", text="correct horse battery\n")
        made = document(result)
        assert made["member"]["role"] == "owner"
        assert "password" not in made
        assert "horse" not in result.output

    def test_for_machines_the_made_up_password_stands_in_the_document(self, run: Run) -> None:
        made = document(run("admin", "create", *WHO, "--tenant", "acme", "--plan", "starter", "--json"))
        assert len(made["password"]) == 24
        tenants = document(run("tenants", "list", "--json"))["tenants"]
        assert [(one["id"], one["name"], one["plan"]) for one in tenants] == [
            (made["member"]["tenant_id"], "acme", "starter")
        ]

    def test_an_empty_or_weak_password_makes_nobody(self, run: Run) -> None:
        """Security: there is no default password, not even an empty one."""
        for text in ("", "\n", "password\n"):
            result = run("admin", "create", *WHO, "--password-stdin", text=text)
            assert code_of(result.exception) == "weak_password"
        assert run("admin", "setup-token").exit_code == 0


class TestSetupToken:
    def test_a_new_token_is_printed_and_lies_in_a_file_that_only_its_owner_reads(self, run: Run, data: Path) -> None:
        file = data / "setup-token"
        file.write_text("left by somebody else")
        file.chmod(0o666)
        token = run("admin", "setup-token").stdout.strip()
        assert file.read_text().strip() == token
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        again = document(run("admin", "setup-token", "--json"))["token"]
        assert again != token
        assert file.read_text().strip() == again

    def test_once_there_is_a_member_there_is_none(self, run: Run, data: Path) -> None:
        run("admin", "setup-token")
        run("admin", "create", *WHO)
        result = run("admin", "setup-token")
        assert result.exit_code == 1
        assert result.stdout == ""
        assert not (data / "setup-token").exists()
