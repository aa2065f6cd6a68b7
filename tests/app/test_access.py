"""Who may, put together."""

from dataclasses import replace

from cybervault.app.product import put_together
from cybervault.domain.secrets import Secret
from tests.fakes.serving import Setup


async def test_a_pepper_of_the_settings_is_used_and_leaves_no_file(setup: Setup) -> None:
    async with put_together(replace(setup, given={"pepper": Secret("p" * 32)}).settings()):
        assert not (setup.data / "pepper").exists()
    async with put_together(setup.settings()):
        assert (setup.data / "pepper").exists()


async def test_ended_jobs_and_told_events_are_swept_with_the_rest(setup: Setup) -> None:
    async with put_together(setup.settings()) as product:
        swept = await product.access.retention.sweep()
        assert (swept["jobs"], swept["told_events"]) == (0, 0)
