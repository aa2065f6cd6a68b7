"""What is real cannot be reached while a test key is answered."""

import asyncio

import pytest

from cybervault.domain.sandbox import SandboxBreachError, refuse_in_sandbox, sandboxed


def test_what_is_real_is_refused_within_and_allowed_before_and_after() -> None:
    refuse_in_sandbox("the findings")
    with sandboxed(), pytest.raises(SandboxBreachError, match="the findings"):
        refuse_in_sandbox("the findings")
    refuse_in_sandbox("the findings")


async def test_a_task_that_is_started_within_stays_within() -> None:
    async def touch() -> None:
        refuse_in_sandbox("the findings")

    with sandboxed():
        task = asyncio.get_running_loop().create_task(touch())
    with pytest.raises(SandboxBreachError):
        await task


def test_a_failure_within_ends_it() -> None:
    with pytest.raises(ValueError, match="x"), sandboxed():
        raise ValueError("x")
    refuse_in_sandbox("the findings")
