"""What nodes share: hints, counts and streams, by what the operator has."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cybervault.access.limits.limiter import LocalLimiter
from cybervault.access.limits.shared import SharedLimiter
from cybervault.app.shared import Shared, shared_by_nodes
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings
from cybervault.storage.bus import PostgresHints, RedisHints
from cybervault.storage.engines import database_at
from tests.fakes.clock import HandClock
from tests.fakes.engines import Valkey

ADDRESS = Secret("postgresql://127.0.0.1:1/cybervault")


def shared_with(tmp_path: Path, **given: Any) -> Shared:  # noqa: ANN401 - settings
    settings = Settings(data=tmp_path, **given)
    clock = HandClock()
    return shared_by_nodes(settings, database_at(settings.database_url or tmp_path / "x.db", clock), clock)


def lines(shared: Shared) -> list[type]:
    return [type(line) for line in shared.sync._hints]


@pytest.mark.parametrize(
    ("given", "hints", "limiter", "loops"),
    [
        ({}, [], LocalLimiter, 2),
        ({"database_url": ADDRESS}, [PostgresHints], LocalLimiter, 2),
        ({"database_url": ADDRESS, "redis_url": Secret("redis://127.0.0.1:1/0")}, [RedisHints], SharedLimiter, 4),
    ],
)
async def test_the_settings_say_what_is_shared(
    tmp_path: Path, given: Mapping[str, Any], hints: list[type], limiter: type, loops: int
) -> None:
    shared = shared_with(tmp_path, **given)
    work = shared.work()
    assert (lines(shared), type(shared.limiter), len(work)) == (hints, limiter, loops)
    for one in work:
        one.close()
    await shared.close()


async def test_nodes_on_one_server_count_each_other(tmp_path: Path, valkey: Valkey) -> None:
    first, second = (shared_with(tmp_path, redis_url=Secret(valkey.url)) for _ in range(2))
    assert first.redis is not None
    assert second.redis is not None
    for one in (first, second, first):
        assert one.redis is not None
        await one.redis.nodes.beat()
    assert (first.redis.nodes.count(), second.redis.nodes.count()) == (2, 2)
    for one in (first, second):
        await one.close()


def test_an_address_that_cannot_be_read_is_not_repeated(tmp_path: Path) -> None:
    """It holds a password."""
    with pytest.raises(Problem, match="CYBERVAULT_REDIS_URL") as caught:
        shared_with(tmp_path, redis_url=Secret("http://hidden-password@x"))
    assert caught.value.code == "bad_settings"
    assert "hidden" not in caught.value.message
