"""Jobs that have ended go with all that their steps kept, on both engines; those that have not stay."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cybervault.domain.jobs import NewJob
from cybervault.domain.principals import TenantId
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.ended_jobs import EndedJobs
from cybervault.storage.engines import database_at
from cybervault.storage.jobs import Hold, Jobs
from tests.fakes.clock import HandClock

ACME, OTHER = TenantId("tv_1"), TenantId("tv_2")


@pytest.fixture
async def database(database_place: Path | Secret) -> AsyncIterator[Database]:
    database = database_at(database_place, HandClock())
    await database.open()
    yield database
    await database.close()


async def with_a_step(jobs: Jobs) -> Hold:
    await jobs.enqueue(NewJob("scan", tenant_id=ACME))
    (claimed,) = await jobs.claim("one", ["scan"], most=1, lease_seconds=60)
    await jobs.finish_step(claimed.hold, "first", b"x")
    return claimed.hold


async def test_what_ended_long_ago_is_forgotten(database: Database) -> None:
    jobs, ended = Jobs(database), EndedJobs(database)
    old, unfinished = await with_a_step(jobs), await with_a_step(jobs)
    await jobs.complete(old)
    now = (await database.now()).timestamp()
    assert await ended.forget(now - 60) == 0
    assert await ended.forget(now + 60) == 1
    assert await jobs.find(ACME, old.job_id) is None
    assert (await jobs.steps(old.job_id), await jobs.steps(unfinished.job_id)) == ({}, {"first": b"x"})


async def test_one_is_removed_by_its_tenant_once_it_has_ended(database: Database) -> None:
    jobs, ended = Jobs(database), EndedJobs(database)
    mine, another = await with_a_step(jobs), await with_a_step(jobs)
    await jobs.complete(another)
    async with database.transaction():
        assert not await ended.remove(ACME, mine.job_id)
        await jobs.complete(mine)
        assert not await ended.remove(OTHER, mine.job_id)
        assert await jobs.steps(mine.job_id)
        assert [await ended.remove(ACME, mine.job_id) for _ in range(2)] == [True, False]
    assert await jobs.find(ACME, mine.job_id) is None
    assert (await jobs.steps(mine.job_id), await jobs.steps(another.job_id)) == ({}, {"first": b"x"})
