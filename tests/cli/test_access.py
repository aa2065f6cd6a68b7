"""One command on tenants, keys and audit: one event loop, opened and closed."""

from pathlib import Path

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.app.access import Access
from cybervault.app.product import Product
from cybervault.cli.access import with_access, with_product
from cybervault.domain.principals import Plan, Tenant
from cybervault.domain.problems import Problem


def test_what_one_command_does_the_next_one_finds(tmp_path: Path) -> None:
    async def create(access: Access) -> Tenant:
        return await access.tenants.create("acme", Plan.STARTER, actor=OPERATOR)

    made = with_access(tmp_path, create)
    assert with_access(tmp_path, lambda access: access.tenants.list()) == (made,)


def test_a_problem_within_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        with_access(tmp_path, lambda access: access.tenants.find("nobody"))
    assert caught.value.code == "tenant_not_found"


def test_all_services_work_for_a_tenant_that_there_is(tmp_path: Path) -> None:
    made = with_access(tmp_path, lambda access: access.tenants.create("acme", Plan.STARTER, actor=OPERATOR))

    async def healthy(product: Product, owner: Tenant) -> tuple[bool, str]:
        return await product.database.is_usable(), owner.id

    assert with_product(tmp_path, "acme", healthy) == (True, made.id)
    with pytest.raises(Problem) as caught:
        with_product(tmp_path, "nobody", healthy)
    assert caught.value.code == "tenant_not_found"
