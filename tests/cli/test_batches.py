"""Batches of telemetry, by the commands of the operator."""

import json
from pathlib import Path

import pytest

from cybervault.access.audit import Actor
from cybervault.app.product import Product
from cybervault.cli.access import with_product
from cybervault.domain.jobs import Job
from cybervault.domain.principals import Tenant
from cybervault.domain.problems import Problem
from tests.cli.conftest import Run, document


@pytest.fixture
def batch(run: Run, data: Path) -> str:
    """One that waits, for no server runs."""
    run("tenants", "create", "acme")

    async def sent(product: Product, owner: Tenant) -> str:
        job = await product.batches.take(json.dumps({}).encode(), actor=Actor("key", owner.id), is_later=True)
        assert isinstance(job, Job)
        return job.reference or ""

    return with_product(data, "acme", sent)


def test_a_batch_is_listed_ended_and_deleted(run: Run, batch: str) -> None:
    (one,) = document(run("batches", "list", "--tenant", "acme", "--json"))["batches"]
    assert (one["batch_id"], one["state"], one["counts"]) == (batch, "queued", None)
    shown = run("batches", "list", "--tenant", "acme", env={"COLUMNS": "80"}).stdout
    assert f"{batch} " in shown
    assert run("batches", "cancel", batch, "--tenant", "acme").stdout == f"{batch} is cancelled.\n"
    assert run("batches", "delete", batch, "--tenant", "acme").stdout == f"{batch} is deleted.\n"
    assert run("batches", "list", "--tenant", "acme").stdout == "The tenant has no batches.\n"
    exported = run("audit", "export").stdout
    assert "batch.cancelled" in exported
    assert "batch.removed" in exported


@pytest.mark.parametrize(("words", "code"), [(("cancel", "tel_none"), "not_found"), (("delete",), "batch_unfinished")])
def test_what_cannot_be_done_is_told(run: Run, batch: str, words: tuple[str, ...], code: str) -> None:
    problem = run("batches", *(words if len(words) > 1 else (*words, batch)), "--tenant", "acme").exception
    assert isinstance(problem, Problem)
    assert problem.code == code
