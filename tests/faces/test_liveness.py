"""What a load balancer is told: 200 while calls would work, 503 while they would not."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.faces.liveness import liveness_routes


async def usable() -> bool:
    return True


async def gone() -> bool:
    return False


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_server_that_works_says_so(method: str) -> None:
    reply = TestClient(Starlette(routes=liveness_routes(usable))).request(method, "/healthz")
    assert reply.status_code == 200
    assert method == "HEAD" or reply.json() == {"status": "ok"}


def test_a_server_without_its_database_takes_no_calls() -> None:
    with pytest.raises(Problem) as caught:
        TestClient(Starlette(routes=liveness_routes(gone))).get("/healthz")
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")
    assert caught.value.retry_after_seconds
