"""Requests with an Idempotency-Key: done once, answered as often as they come, never with a secret a second time."""

import pytest

from cybervault.access.audit import OPERATOR
from cybervault.access.idempotency import Idempotency
from cybervault.access.store.idempotency import IdempotencyStore, Reply
from cybervault.access.tokens import Peppers
from cybervault.domain.principals import KeyId, KeyKind, Role, Scope
from cybervault.faces.repeats import content_of, value_of
from cybervault.storage.database import unavailable
from tests.access.conftest import PEPPER
from tests.faces.framed import Framed
from tests.fakes.keys import bearer

THINGS = "/v3/things"
ONCE = {"Idempotency-Key": "once"}


@pytest.mark.parametrize(("values", "value"), [(["a"], "a"), ([], ""), (["a", "b"], ""), ([""], "")])
def test_one_value_counts_and_of_several_none(values: list[str], value: str) -> None:
    assert value_of(values) == value


def test_what_makes_a_request_cannot_be_moved_between_its_parts() -> None:
    contents = {
        content_of(*parts) for parts in [("/a", "b", b"c"), ("/ab", "", b"c"), ("/a", "", b"bc"), ("/a", "b", b"")]
    }
    assert len(contents) == 4


async def test_a_repeat_is_answered_from_memory_and_not_done_again(framed: Framed) -> None:
    key = await framed.key() | ONCE
    first, again = [await framed.ask("POST", THINGS, key, json={"name": "a"}) for _ in range(2)]
    assert (first.status_code, first.text) == (again.status_code, again.text) == (201, first.text)
    assert framed.done == ["a"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.headers["location"], again.headers["content-type"]) == ("/things/1", "application/json")


async def test_a_repeat_counts_against_the_limit(framed: Framed) -> None:
    key = await framed.key() | ONCE
    left = [
        int((await framed.ask("POST", THINGS, key, json={"name": "a"})).headers["x-ratelimit-remaining"])
        for _ in range(3)
    ]
    assert left == [99, 98, 97]


async def test_who_lost_its_right_gets_no_answer_from_memory(framed: Framed) -> None:
    """A kept answer must not outlive the key that it was given to."""
    minted = await framed.world.mint("mine", scopes=frozenset({Scope.THREAT_WRITE}))
    key = bearer(minted.secret.reveal()) | ONCE
    assert (await framed.ask("POST", THINGS, key, json={"name": "a"})).status_code == 201
    await framed.world.changes.revoke(minted.key.id, by=None, actor=OPERATOR)
    assert (await framed.ask("POST", THINGS, key, json={"name": "a"})).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"), [(THINGS, {"name": "b"}), (f"{THINGS}?a=1", {"name": "a"}), (THINGS, {"name": "a", "count": 2})]
)
async def test_the_same_value_with_another_request_is_400(framed: Framed, path: str, body: dict[str, object]) -> None:
    key = await framed.key() | ONCE
    await framed.ask("POST", THINGS, key, json={"name": "a"})
    reply = await framed.ask("POST", path, key, json=body)
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "idempotency_key_reused")
    assert framed.done == ["a"]


async def test_another_caller_or_another_face_may_use_the_same_value(framed: Framed) -> None:
    one, two = await framed.key() | ONCE, await framed.key() | ONCE
    for key, path in ((one, THINGS), (two, THINGS), (one, "/v1/things")):
        assert (await framed.ask("POST", path, key, json={"name": "a"})).status_code == 201
    assert len(framed.done) == 3


async def test_a_request_that_was_refused_may_be_tried_again(framed: Framed) -> None:
    key = await framed.key() | ONCE
    for _ in range(2):
        assert (await framed.ask("POST", THINGS, key, json={"name": "taken"})).status_code == 409
    assert framed.done == ["taken", "taken"]


async def test_one_that_ended_without_an_answer_is_not_done_again(framed: Framed) -> None:
    """Nobody knows whether the change was made before the database went away."""
    key = await framed.key() | ONCE
    codes = []
    for seconds in (0, 1, 60):
        framed.clock.advance(seconds)
        reply = await framed.ask("POST", THINGS, key, json={"name": "lost"})
        codes.append(reply.json()["error"]["code"])
    assert codes == ["service_unavailable", "request_in_progress", "outcome_unknown"]
    assert framed.done == ["lost"]


@pytest.mark.parametrize(
    "headers", [[("Idempotency-Key", "")], [("Idempotency-Key", "a")] * 2, [("Idempotency-Key", "x" * 256)]]
)
async def test_a_value_that_cannot_be_used_is_400(framed: Framed, headers: list[tuple[str, str]]) -> None:
    key = await framed.key()
    reply = await framed.ask("POST", THINGS, [*key.items(), *headers], json={"name": "a"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_idempotency_key")
    assert not framed.done


async def test_where_a_route_does_not_say_so_the_header_counts_for_nothing(framed: Framed) -> None:
    key = await framed.key() | ONCE
    for _ in range(2):
        assert (await framed.ask("PATCH", f"{THINGS}/1/status", key, json={"name": "a"})).status_code == 201
    assert framed.done == ["a", "a"]


class TestSecrets:
    @pytest.mark.parametrize("name", ["named", "silent"])
    async def test_a_secret_is_shown_once_and_never_kept(self, framed: Framed, name: str) -> None:
        """Not even where who built the answer forgot to say that it holds one."""
        cookie = await framed.cookie(await framed.world.member(Role.OWNER)) | ONCE
        first = await framed.ask("POST", "/v3/keys", cookie, json={"name": name})
        assert first.status_code == 201
        again = await framed.ask("POST", "/v3/keys", cookie, json={"name": name})
        assert (again.status_code, again.json()["error"]["code"]) == (409, "secret_already_shown")
        assert (first.json()["id"] in again.text) is (name == "named")
        assert len(framed.done) == 1

        secret = first.json()["secret"]
        hidden = secret.removeprefix(KeyKind.SERVICE_LIVE.value)[:-4].encode()
        files = [path for path in framed.folder.iterdir() if path.is_file()]
        assert [path.name for path in files if path.name.startswith("cybervault.db")]
        assert not [path.name for path in files if hidden in path.read_bytes()]
        assert any(first.json()["id"].encode() in path.read_bytes() for path in files), "the search finds what is there"

    async def test_an_answer_that_could_not_be_kept_is_given_all_the_same(
        self, framed: Framed, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Broken(IdempotencyStore):
            async def keep(self, digest: bytes, reply: Reply, shown: KeyId | None) -> None:
                raise unavailable(f"{digest!r}{reply}{shown}")

        framed.idempotency = Idempotency(Broken(framed.world.database), framed.clock, Peppers(PEPPER))
        key = await framed.key() | ONCE
        assert (await framed.ask("POST", THINGS, key, json={"name": "a"})).status_code == 201
        assert "not kept" in capsys.readouterr().out
