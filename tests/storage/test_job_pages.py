"""Jobs in lists on both engines: a tenant's own, newest first, with what one step gave."""

from cybervault.domain.jobs import NewJob
from cybervault.domain.principals import TenantId
from cybervault.storage.database import Database
from cybervault.storage.job_pages import JobPages
from cybervault.storage.jobs import Jobs

ACME, OTHER = TenantId("tv_1"), TenantId("tv_2")


async def test_pages_hold_a_tenants_jobs_of_a_kind_the_newest_first(database: Database) -> None:
    jobs, pages = Jobs(database), JobPages(database)
    made = [await jobs.enqueue(NewJob("scan", tenant_id=ACME)) for _ in range(5)]
    for new in (NewJob("scan", tenant_id=OTHER), NewJob("sweep", tenant_id=ACME), NewJob("scan")):
        await jobs.enqueue(new)
    wanted = sorted(made, key=lambda job: (job.created_at, job.id), reverse=True)
    seen = await pages.page(ACME, "scan", "report", most=2)
    while len(seen) < len(wanted):
        page = await pages.page(ACME, "scan", "report", most=2, behind=seen[-1].place)
        assert page
        seen += page
    assert [one.job for one in seen] == wanted
    assert await pages.page(ACME, "scan", "report", most=2, behind=seen[-1].place) == ()


async def test_a_job_stands_with_what_its_step_gave(database: Database) -> None:
    jobs, pages = Jobs(database), JobPages(database)
    await jobs.enqueue(NewJob("scan", tenant_id=ACME))
    assert [one.output for one in await pages.page(ACME, "scan", "report", most=9)] == [None]
    (claimed,) = await jobs.claim("one", ["scan"], most=1, lease_seconds=30)
    await jobs.finish_step(claimed.hold, "other", b"no")
    await jobs.finish_step(claimed.hold, "report", b"yes")
    assert [one.output for one in await pages.page(ACME, "scan", "report", most=9)] == [b"yes"]
