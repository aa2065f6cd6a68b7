"""The jobs of attempts: one for each."""

from dataclasses import replace

from cybervault.response.webhooks.post import KIND, Post
from tests.response.webhooks.bench import Bench


async def test_one_attempt_has_one_job_however_often_it_is_asked_for(bench: Bench) -> None:
    webhook = (await bench.add()).webhook
    await bench.happens()
    post, delivery = Post(bench.jobs, lambda: None), await bench.only(webhook)
    for _ in range(2):
        await post.enqueue(delivery)
    assert await bench.jobs.open(bench.ours, KIND) == 1
    await post.enqueue(replace(delivery, attempts=1))
    await post.enqueue(replace(delivery, round=1))
    await post.enqueue(delivery, postponed=1)
    assert await bench.jobs.open(bench.ours, KIND) == 4


async def test_an_attempt_waits_for_its_time(bench: Bench) -> None:
    webhook = (await bench.add()).webhook
    await bench.happens()
    assert len(await bench.jobs.claim("one", [KIND], most=9, lease_seconds=30)) == 1
    await Post(bench.jobs, lambda: None).enqueue(replace(await bench.only(webhook), round=1), in_seconds=60)
    assert await bench.jobs.claim("one", [KIND], most=9, lease_seconds=30) == ()
