"""Exceptions of a tenant, by the commands of the operator."""

from pathlib import Path

import pytest

from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document
from tests.contracts.examples import FILTER

ID = "7f0d1c52-0c9c-4a55-9d6e-1c1f2b7a9e10"


@pytest.fixture(autouse=True)
def _acme(run: Run) -> None:
    run("tenants", "create", "acme")


def test_a_filter_is_kept_listed_replaced_and_removed(run: Run, tmp_path: Path) -> None:
    assert run("rules", "filters", "--tenant", "acme").stdout == "The tenant has no filters.\n"
    file = tmp_path / "filter.yml"
    for title in ("Our software distribution", "Ours"):
        file.write_text(FILTER.replace("Our software distribution", title), "utf-8")
        told = run("rules", "add-filter", str(file), "--tenant", "acme").stdout
        assert told == f"In force for acme: {title} ({ID})\n"
    shown = run("rules", "filters", "--tenant", "acme").stdout
    assert all(word in shown for word in (ID, "Ours", "operator"))
    (one,) = document(run("rules", "filters", "--tenant", "acme", "--json"))["filters"]
    assert (one["id"], one["title"], one["created_by"]) == (ID, "Ours", "operator")
    assert one["text"].startswith("title: Ours")
    assert run("rules", "remove-filter", ID, "--tenant", "acme").stdout == f"{ID} is removed.\n"
    assert document(run("rules", "filters", "--tenant", "acme", "--json")) == {"filters": []}
    exported = run("audit", "export").stdout
    assert "rule_filter.added" in exported
    assert "rule_filter.removed" in exported


@pytest.mark.parametrize("content", [b"title: x", b"\xff\xfe", b"{", FILTER.encode() + b"---\n" + FILTER.encode()])
def test_what_is_no_filter_is_told(run: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "filter.yml").write_bytes(content)
    problem = run("rules", "add-filter", str(tmp_path / "filter.yml"), "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "bad_rule_filter"


def test_one_that_is_not_there_is_told(run: Run) -> None:
    problem = run("rules", "remove-filter", ID, "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == "not_found"
