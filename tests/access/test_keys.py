"""Keys as they are presented: resolved as they stand now, under both peppers; decoys; and the life of a key."""

import asyncio
import ipaddress
import logging
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cybervault.access.audit import OPERATOR
from cybervault.access.entries import Entry, Gate, RefusedKey
from cybervault.access.keybook import KeyBook
from cybervault.access.keys import KeyPage, Keys
from cybervault.access.life import Edit, KeyState, NewExpiry
from cybervault.access.minting import MintedKey
from cybervault.access.store.keys import KeyStore
from cybervault.access.tokens import Pepper, Peppers, digest, mint
from cybervault.domain.principals import (
    SCOPES_OF_ROLE,
    KeyId,
    KeyKind,
    Plan,
    Principal,
    Role,
    Scope,
)
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from cybervault.storage.engines import database_at
from tests.access.conftest import PEPPER, World, raw, session_of, world_on
from tests.fakes.clock import HandClock

HERE = ipaddress.ip_address("127.0.0.1")
THERE = ipaddress.ip_address("203.0.113.9")
DAY = 86_400
NEWER = Pepper.of(Secret("another pepper, long enough as well"))


async def resolved(world: World, secret: Secret) -> Principal:
    return await world.keys.resolve(secret.reveal(), HERE)


async def refusal(world: World, secret: Secret) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        await resolved(world, secret)
    return caught.value.kind, caught.value.code


async def refused(world: World, secret: Secret) -> str:
    kind, code = await refusal(world, secret)
    assert kind is ProblemKind.UNAUTHENTICATED
    return code


class TestResolve:
    @pytest.mark.parametrize("kind", [kind for kind in KeyKind if not kind.is_personal])
    async def test_a_new_key_works_at_once(self, world: World, kind: KeyKind) -> None:
        minted = await world.mint(kind=kind)
        assert await resolved(world, minted.secret) == Principal(
            world.tenant.id,
            frozenset({Scope.THREAT_READ}),
            Plan.PROFESSIONAL,
            kind.environment,
            key_id=minted.key.id,
            kind=kind,
            hint=minted.key.secrets[0].hint,
        )

    async def test_no_key_is_told_apart_from_a_wrong_one(self, world: World) -> None:
        assert await refused(world, Secret("")) == "missing_api_key"

    @pytest.mark.parametrize("text", ["x", "cv_live_sk_", "cv_live_" + "a" * 24, "cbr_live_" + "a" * 32, "é", "\0"])
    async def test_what_was_never_given_out_is_invalid(self, world: World, text: str) -> None:
        assert await refused(world, Secret(text)) == "invalid_api_key"

    async def test_malformed_and_unknown_keys_get_the_same_words(self, world: World) -> None:
        """The answer tells nobody how close a guess was."""
        words = set()
        for text in (
            "nonsense",
            mint(KeyKind.SERVICE_LIVE).secret.reveal(),
            mint(KeyKind.PERSONAL_LIVE).secret.reveal(),
        ):
            with pytest.raises(Problem) as caught:
                await world.keys.resolve(text, HERE)
            words.add((caught.value.code, caught.value.message))
        assert len(words) == 1

    async def test_a_typing_mistake_is_refused_without_a_look_up(self, world: World) -> None:
        text = (await world.mint()).secret.reveal()
        await world.database.run(raw("DROP TABLE key_secrets"), {})
        wrong = "A" if text[-10] != "A" else "B"
        assert await refused(world, Secret(f"{text[:-10]}{wrong}{text[-9:]}")) == "invalid_api_key"

    async def test_a_key_stops_at_its_expiry(self, world: World) -> None:
        minted = await world.mint(expires_at=world.clock.now() + timedelta(hours=1))
        world.clock.advance(3_599)
        await resolved(world, minted.secret)
        world.clock.advance(1)
        assert await refused(world, minted.secret) == "expired_api_key"

    async def test_the_right_secret_from_a_wrong_place_says_whose_it_is(self, world: World) -> None:
        """So that its use can be noted: that is how a leak shows."""
        minted = await world.mint(networks=(ipaddress.ip_network("127.0.0.0/8"),))
        await resolved(world, minted.secret)
        with pytest.raises(RefusedKey) as caught:
            await world.keys.resolve(minted.secret.reveal(), THERE)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "ip_not_allowed")
        assert caught.value.principal.key_id == minted.key.id

    async def test_the_old_secret_stops_exactly_24_hours_after_rotation(self, world: World) -> None:
        old = await world.mint()
        new = await world.minting.rotate(old.key.id, by=None, actor=OPERATOR)
        world.clock.advance(DAY - 1)
        assert (await resolved(world, old.secret)).is_outgoing_secret
        assert not (await resolved(world, new.secret)).is_outgoing_secret
        world.clock.advance(1)
        assert await refused(world, old.secret) == "revoked_api_key"
        await resolved(world, new.secret)

    async def test_a_change_by_another_process_holds_at_once(self, world: World, database_place: Path | Secret) -> None:
        minted = await world.mint()
        await resolved(world, minted.secret)
        other = database_at(database_place, world.clock)
        await other.open()
        await (await world_on(other, clock=world.clock)).changes.revoke(minted.key.id, by=None, actor=OPERATOR)
        await other.close()
        assert await refused(world, minted.secret) == "revoked_api_key"

    async def test_a_database_that_is_gone_lets_nobody_pass(self, sqlite_file: Path) -> None:
        database = database_at(sqlite_file, HandClock())
        await database.open()
        world = await world_on(database)
        minted = await world.mint()
        await database.run(raw("DROP TABLE keys"), {})
        assert await refusal(world, minted.secret) == (ProblemKind.UNAVAILABLE, "service_unavailable")
        await database.close()


class TestLiveRights:
    async def test_a_personal_key_has_its_owners_role_of_this_moment(self, world: World) -> None:
        owner = await world.member(Role.VIEWER)
        secret = (await world.mint(kind=KeyKind.PERSONAL_LIVE, owner=owner)).secret
        assert (await resolved(world, secret)).scopes == SCOPES_OF_ROLE[Role.VIEWER]
        for change, expected in (
            ("UPDATE members SET role = 'member'", SCOPES_OF_ROLE[Role.MEMBER]),
            ("UPDATE members SET role = 'billing_admin'", frozenset()),
        ):
            await world.database.run(raw(change), {})
            assert (await resolved(world, secret)).scopes == expected
        await world.database.run(raw("UPDATE members SET suspended_at = 1"), {})
        assert await refusal(world, secret) == (ProblemKind.FORBIDDEN, "owner_suspended")
        await world.database.run(raw("UPDATE members SET suspended_at = NULL, removed_at = 1"), {})
        assert await refused(world, secret) == "revoked_api_key"
        await world.database.run(raw("DELETE FROM members"), {})
        assert await refused(world, secret) == "revoked_api_key"

    async def test_a_smaller_plan_closes_personal_keys_alone_and_a_larger_one_opens_them_again(
        self, world: World
    ) -> None:
        personal = (await world.mint("a", KeyKind.PERSONAL_LIVE)).secret
        service = (await world.mint("b")).secret
        await world.plan(Plan.STARTER)
        assert await refusal(world, personal) == (ProblemKind.FORBIDDEN, "plan_upgrade_required")
        assert (await resolved(world, service)).plan is Plan.STARTER
        await world.plan(Plan.ENTERPRISE)
        assert (await resolved(world, personal)).plan is Plan.ENTERPRISE

    async def test_the_operator_may_close_a_plan_for_all_keys(self, database: Database) -> None:
        world = await world_on(database, gate=Gate(is_starter_open=False))
        secret = (await world.mint()).secret
        await resolved(world, secret)
        await world.plan(Plan.STARTER)
        assert await refusal(world, secret) == (ProblemKind.FORBIDDEN, "plan_upgrade_required")

    async def test_a_suspended_tenant_is_closed_until_it_is_resumed(self, world: World) -> None:
        secret = (await world.mint()).secret
        await world.tenants.suspend(world.tenant.id, actor=OPERATOR)
        assert await refusal(world, secret) == (ProblemKind.FORBIDDEN, "tenant_suspended")
        await world.tenants.resume(world.tenant.id, actor=OPERATOR)
        await resolved(world, secret)


class TestLooking:
    async def test_a_caller_is_shown_what_it_may_see(self, world: World) -> None:
        me, admin = await world.member(), await world.member(Role.ADMIN)
        mine = (await world.mint("a", KeyKind.PERSONAL_LIVE, owner=me)).key
        service = (await world.mint("b")).key
        assert await world.keys.list_for(session_of(me)) == (mine,)
        assert {key.id for key in await world.keys.list_for(session_of(admin))} == {mine.id, service.id}
        assert await world.keys.find_for(session_of(me), mine.id) == mine
        for wanted in (service.id, KeyId("key_nobody")):
            with pytest.raises(Problem) as caught:
                await world.keys.find_for(session_of(me), wanted)
            assert caught.value.code == "key_not_found"

    async def test_a_page_holds_what_a_caller_may_see_whoever_it_asks_for(self, world: World) -> None:
        me, other = await world.member(), await world.member(Role.ADMIN)
        mine = {(await world.mint(f"{number}", KeyKind.PERSONAL_LIVE, owner=me)).key.id for number in range(3)}
        program = await world.keys.resolve((await world.mint("b", scopes=frozenset())).secret.reveal(), None)
        page_for, caller, admin = world.keys.page_for, session_of(me), session_of(other)
        first = await page_for(caller, most=2)
        rest = await page_for(caller, before=first.before, most=2)
        assert ({key.id for key in first.keys + rest.keys}, len(first.keys), rest.before) == (mine, 2, None)
        assert (len((await page_for(admin)).keys), len((await page_for(admin, owner_id=me.id)).keys)) == (4, 3)
        assert (await page_for(admin, state=KeyState.REVOKED)).keys == ()
        for one in (caller, program):
            assert await page_for(one, owner_id=other.id) == await page_for(program) == KeyPage((), None)

    async def test_keys_are_counted(self, world: World) -> None:
        await world.mint("a")
        key = (await world.mint("b")).key
        await world.minting.rotate(key.id, by=None, actor=OPERATOR)
        await world.changes.revoke((await world.mint("c")).key.id, by=None, actor=OPERATOR)
        assert await world.keys.count() == 3
        assert await world.keys.count_by_pepper() == (3, 0, 0)


class TestDecoys:
    async def test_a_decoy_is_answered_like_an_unknown_key_and_raises_an_alarm(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
        decoy = await world.mint("backup", is_decoy=True)
        assert decoy.key.is_decoy
        words = []
        for text in (decoy.secret.reveal(), mint(KeyKind.SERVICE_LIVE).secret.reveal()):
            with caplog.at_level(logging.WARNING), pytest.raises(Problem) as caught:
                await world.keys.resolve(text, THERE, agent="curl/8" + "x" * 500)
            words.append((type(caught.value), caught.value.code, caught.value.message))
        assert words == [(Problem, "invalid_api_key", words[0][2])] * 2
        assert (await world.happened())[-1] == "decoy.used"
        payload = await world.last_payload()
        assert '"ip":"203.0.113.9"' in payload
        assert "curl/8" in payload
        assert len(payload) < 2_000
        assert "decoy key used" in caplog.text
        assert decoy.secret.reveal() not in caplog.text + payload

    async def test_a_decoy_alarms_without_a_known_place(self, world: World) -> None:
        decoy = await world.mint(is_decoy=True)
        with pytest.raises(Problem):
            await world.keys.resolve(decoy.secret.reveal(), None)
        assert (await world.happened())[-1] == "decoy.used"


class TestPeppers:
    async def test_without_the_pepper_of_its_making_a_secret_is_unknown_and_counted(self, world: World) -> None:
        minted = await world.mint()
        other = await world_on(world.database, NEWER, clock=world.clock)
        assert await refused(other, minted.secret) == "invalid_api_key"
        assert (await world.keys.count_by_pepper(), await other.keys.count_by_pepper()) == ((1, 0, 0), (0, 0, 1))

    async def test_a_secret_of_the_previous_pepper_works_and_moves_to_the_present_one(self, world: World) -> None:
        minted = await world.mint()
        turned = await world_on(world.database, Peppers(NEWER, PEPPER), clock=world.clock)
        assert await turned.keys.count_by_pepper() == (0, 1, 0)
        principal = await resolved(turned, minted.secret)
        assert principal.key_id == minted.key.id
        assert await turned.keys.count_by_pepper() == (1, 0, 0)
        assert await turned.events() == [f"key:{minted.key.id}"] * 2
        assert await resolved(turned, minted.secret) == principal
        settled = await world_on(world.database, NEWER, clock=world.clock)
        assert await resolved(settled, minted.secret) == principal
        assert await refused(turned, mint(KeyKind.SERVICE_LIVE).secret) == "invalid_api_key"

    async def test_what_is_refused_is_not_moved(self, world: World) -> None:
        minted = await world.mint(networks=(ipaddress.ip_network("192.0.2.0/24"),))
        turned = await world_on(world.database, Peppers(NEWER, PEPPER), clock=world.clock)
        assert (await refusal(turned, minted.secret))[1] == "ip_not_allowed"
        assert await turned.keys.count_by_pepper() == (0, 1, 0)

    async def test_a_change_that_read_the_secrets_before_they_moved_is_refused(self, world: World) -> None:
        """Else it would end the digest that nobody presents any more, and leave the other alive."""
        minted = await world.mint()
        read_before = await world.store.find(minted.key.id, None)
        turned = await world_on(world.database, Peppers(NEWER, PEPPER), clock=world.clock)
        await resolved(turned, minted.secret)
        assert read_before is not None
        with pytest.raises(Problem) as caught:
            await world.store.keep(read_before)
        assert caught.value.code == "conflict"

    async def test_a_secret_that_cannot_be_moved_now_works_all_the_same(self, sqlite_file: Path) -> None:
        database = database_at(sqlite_file, HandClock())
        await database.open()
        world = await world_on(database)
        minted = await world.mint()
        turned = await world_on(database, Peppers(NEWER, PEPPER), clock=world.clock)
        await database.run(raw("PRAGMA query_only = ON"), {})
        assert (await resolved(turned, minted.secret)).key_id == minted.key.id
        await database.close()

    async def test_what_is_remembered_of_a_new_digest_is_not_believed_where_the_old_one_is_gone(
        self, world: World
    ) -> None:
        """Another node has moved the secret since this one looked."""
        minted = await world.mint()
        turned = await world_on(world.database, Peppers(NEWER, PEPPER), clock=world.clock)
        await resolved(turned, minted.secret)
        keys = Keys(KeyBook(world.store, world.journal), Peppers(NEWER, PEPPER), entries=Forgetful(world.store))
        assert (await keys.resolve(minted.secret.reveal(), HERE)).key_id == minted.key.id

    async def test_a_fresh_look_is_passed_on(self, world: World) -> None:
        minted = await world.mint()
        keys = Keys(KeyBook(world.store, world.journal), Peppers(PEPPER), entries=Forgetful(world.store))
        with pytest.raises(Problem):
            await keys.resolve(minted.secret.reveal(), HERE)
        assert (await keys.resolve(minted.secret.reveal(), HERE, is_fresh=True)).key_id == minted.key.id

    async def test_of_two_uses_at_once_one_moves_the_secret(self, world: World) -> None:
        minted = await world.mint()
        entry = await world.store.entry(digest(minted.secret, PEPPER))
        assert entry is not None
        new = digest(minted.secret, NEWER)
        for expected in (True, False):
            async with world.store.transaction():
                assert await world.store.digest_again(entry, new, NEWER.id) is expected


class Forgetful:
    """Entries as a node has them that knows nothing yet, and reads only when it must."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store

    async def entry(self, digest: bytes, *, is_fresh: bool = False) -> Entry | None:
        return await self._store.entry(digest) if is_fresh else None


# --- a random life --------------------------------------------------------------------------------------------------


class LifeOfAKey(RuleBasedStateMachine):
    """Random steps and moves of the clock, against a plain list of the secrets that were given out."""

    place: Path | Secret
    kind: KeyKind = KeyKind.SERVICE_LIVE

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.run = self.runner.run
        self.database = database_at(self.place, HandClock())
        self.run(self.database.open())
        self.world = self.run(world_on(self.database))
        minted: MintedKey = self.run(self.world.mint(mint(KeyKind.SERVICE_LIVE).hint, self.kind))
        self.key_id = minted.key.id
        self.secrets = [minted.secret]
        self.dead: set[Secret] = set()
        self.is_revoked = False

    def works(self, secret: Secret) -> bool:
        try:
            self.run(resolved(self.world, secret))
        except Problem:
            return False
        return True

    def attempt(self, step: Callable[..., Awaitable[object]], **words: object) -> object | None:
        async def taken() -> object | None:
            try:
                return await step(self.key_id, by=None, actor=OPERATOR, **words)
            except Problem as problem:
                assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
                return None

        return self.run(taken())

    @rule()
    def rotate(self) -> None:
        minted = self.attempt(self.world.minting.rotate)
        if isinstance(minted, MintedKey):
            self.secrets.append(minted.secret)

    @rule()
    def finish(self) -> None:
        self.attempt(self.world.changes.finish)

    @rule()
    def cancel(self) -> None:
        self.attempt(self.world.changes.cancel)

    @rule()
    def expire_in_an_hour(self) -> None:
        expiry = NewExpiry(self.world.clock.now() + timedelta(hours=1))
        self.attempt(self.world.changes.edit, edit=Edit(expiry=expiry))

    @rule()
    def expire_never(self) -> None:
        self.attempt(self.world.changes.edit, edit=Edit(expiry=NewExpiry(None)))

    @precondition(lambda self: len(self.secrets) > 2)
    @rule()
    def revoke(self) -> None:
        self.is_revoked = self.attempt(self.world.changes.revoke, reason="random") is not None or self.is_revoked

    @rule()
    def wait_an_hour(self) -> None:
        self.world.clock.advance(3_600)

    @rule()
    def wait_a_day(self) -> None:
        self.world.clock.advance(DAY)

    @invariant()
    def never_more_than_two_secrets_work_and_none_returns(self) -> None:
        working = [secret for secret in self.secrets if self.works(secret)]
        assert len(working) <= 2
        assert not self.dead & set(working)
        self.dead |= set(self.secrets) - set(working)

    @invariant()
    def after_a_revoke_nothing_works(self) -> None:
        assert not self.is_revoked or not any(map(self.works, self.secrets))

    @invariant()
    def the_audit_is_whole(self) -> None:
        assert self.run(self.world.audit.verify()).faults == ()

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()


@pytest.mark.parametrize("kind", [KeyKind.SERVICE_LIVE, KeyKind.PERSONAL_LIVE])
def test_no_random_life_breaks_the_promises(database_place: Path | Secret, kind: KeyKind) -> None:
    """Never more than two secrets work, no dead one returns, nothing works after a revoke: on both engines."""

    class Life(LifeOfAKey):
        @property
        def place(self) -> Path | Secret:  # type: ignore[override]
            if isinstance(database_place, Secret):
                return database_place
            return Path(shutil.copy(database_place, Path(tempfile.mkdtemp(dir=database_place.parent)) / "life.db"))

    Life.kind = kind
    case = Life.TestCase
    case.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
    case().runTest()
