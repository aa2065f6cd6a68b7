"""Our own keys where they should not stand: found exactly, marked once, never echoed."""

import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.audit import OPERATOR
from cybervault.access.exposure import find_keys, without_keys
from cybervault.access.tokens import Peppers, mint
from cybervault.domain.principals import KeyKind, Plan
from cybervault.domain.secrets import Secret
from tests.access.conftest import PEPPER, World, world_on
from tests.access.test_keys import NEWER


def new(kind: KeyKind = KeyKind.SERVICE_LIVE) -> str:
    return mint(kind).secret.reveal()


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_of_every_kind_is_found_at_its_place(kind: KeyKind) -> None:
    text = new(kind)
    (found,) = find_keys(f"token = '{text}'\n")
    assert (found.secret, found.start, found.token.kind) == (Secret(text), 9, kind)
    assert text not in repr(found)


@pytest.mark.parametrize(
    "around", ["{}", "x{}x", "https://a.example/?key={}&b=1", "%3D{}%26", "_{}_", "é{}é", "{}0", "\x00{}\x00"]
)
def test_what_stands_around_a_key_does_not_hide_it(around: str) -> None:
    text = new()
    assert [one.secret for one in find_keys(around.format(text))] == [Secret(text)]


def test_keys_are_found_in_their_order_even_behind_what_only_looks_like_one() -> None:
    first, second = new(), new(KeyKind.PERSONAL_LIVE)
    text = f"{first}{second} cv_live_sk_{'a' * 30}{first} {second}"
    assert [one.secret.reveal() for one in find_keys(text)] == [first, second, first, second]


def test_what_fails_the_check_is_no_key() -> None:
    text = new()
    wrong = "A" if text[-1] != "A" else "B"
    for other in (
        text[:-1] + wrong,
        text[:-1],
        f"cv_test_sk_{text.removeprefix('cv_live_sk_')}",
        "cv_live_" + "a" * 38,
    ):
        assert find_keys(other) == ()


def test_keys_are_masked_and_nothing_else() -> None:
    first, second = new(), new()
    assert without_keys(f"a {first} b {second}{second} c") == "a ••• b •••••• c"
    assert without_keys("cv_live_sk_ and nothing") == "cv_live_sk_ and nothing"


@given(st.text(alphabet="cvbr_liveteskad0A ", max_size=400))
def test_any_text_is_read_and_never_breaks(text: str) -> None:
    assert without_keys(text) == text or find_keys(text)


def test_the_work_grows_no_faster_than_the_text() -> None:
    """A text made to look like keys costs four times as much when it is four times as long."""

    def seconds(size: int) -> float:
        text = ("cv_live_sk_" + "a" * 37 + "_") * (size // 49)
        began = time.perf_counter()
        find_keys(text)
        return time.perf_counter() - began

    assert min(seconds(400_000) for _ in range(3)) < 12 * min(seconds(100_000) for _ in range(3))


class TestSeen:
    async def test_a_key_that_works_is_marked_once_whoever_owns_it(self, world: World) -> None:
        beta = await world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
        minted = await world.mint()
        text = minted.secret.reveal()
        place = f"the address /v3/x?key={text}\nof a request"
        (first,) = await world.exposure.seen(f"{text} {text}", place, ip="10.0.0.1", agent="curl")
        assert (first.key_id, first.tenant_id, first.is_new) == (minted.key.id, world.tenant.id, True)
        payload = await world.last_payload()
        assert (await world.happened())[-1] == "key.exposed"
        assert text not in payload
        assert "/v3/x?key=••• of a request" in payload
        assert beta.id not in payload
        at = world.clock.now()
        world.clock.advance(60)
        (again,) = await world.exposure.seen(text, "elsewhere")
        assert not again.is_new
        assert (await world.happened()).count("key.exposed") == 1
        key = await world.store.find(minted.key.id, None)
        assert key is not None
        assert (key.exposed_at, key.exposed_where) == (at, "the address /v3/x?key=••• of a request")
        await world.keys.resolve(text, None)

    async def test_what_opens_nothing_is_not_marked(self, world: World) -> None:
        ended = await world.mint("a", expires_at=world.clock.now() + timedelta(hours=1))
        world.clock.advance(3_600)
        assert await world.exposure.seen(f"{ended.secret.reveal()} {new()} nothing", "a log") == ()
        assert "key.exposed" not in await world.happened()

    async def test_a_key_of_the_previous_pepper_is_known_too(self, world: World) -> None:
        minted = await world.mint()
        turned = await world_on(world.database, Peppers(NEWER, PEPPER), clock=world.clock)
        (found,) = await turned.exposure.seen(minted.secret.reveal(), "a log")
        assert found.key_id == minted.key.id

    async def test_a_place_is_kept_short(self, world: World) -> None:
        minted = await world.mint()
        await world.exposure.seen(minted.secret.reveal(), "x" * 1_000)
        key = await world.store.find(minted.key.id, None)
        assert key is not None
        assert key.exposed_where == "x" * 200
