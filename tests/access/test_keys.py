"""Keys: minted and shown once, resolved as they stand now, rotated, revoked, audited."""

import ipaddress
import re
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cybervault.access.audit import OPERATOR, Actor
from cybervault.access.keys import MintedKey, NewKey
from cybervault.access.life import KeyState
from cybervault.access.tokens import Pepper, mint
from cybervault.domain.principals import Environment, KeyId, KeyKind, Plan, Principal, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.conftest import World, empty_database, world_on

HERE = ipaddress.ip_address("127.0.0.1")
THERE = ipaddress.ip_address("203.0.113.9")
DAY = 86_400
MINTABLE = [kind for kind in KeyKind if not kind.is_personal]


def problem_of(call: Callable[[], object]) -> tuple[ProblemKind, str]:
    with pytest.raises(Problem) as caught:
        call()
    return caught.value.kind, caught.value.code


def resolved(world: World, secret: Secret) -> Principal:
    return world.keys.resolve(secret.reveal(), HERE)


def refused(world: World, secret: Secret) -> str:
    kind, code = problem_of(lambda: resolved(world, secret))
    assert kind is ProblemKind.UNAUTHENTICATED
    return code


class TestMint:
    @pytest.mark.parametrize("kind", MINTABLE)
    def test_a_new_key_works_at_once(self, world: World, kind: KeyKind) -> None:
        minted = world.mint(kind=kind)
        assert re.fullmatch("key_[0-9a-z]{12}", minted.key.id)
        assert resolved(world, minted.secret) == Principal(
            world.tenant.id, minted.key.id, kind, frozenset({Scope.THREAT_READ}), kind.environment, Plan.PROFESSIONAL
        )

    def test_the_database_holds_no_readable_secret(self, world: World, tmp_path: Path) -> None:
        """Only a digest, the prefix and the last four characters are kept (contract 1.5.3)."""
        minted = world.mint()
        world.keys.rotate(minted.key.id, actor=OPERATOR)
        kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        body = minted.secret.reveal().removeprefix("cv_live_sk_")
        assert minted.key.secrets[0].hint.encode() in kept
        assert not any(body[start : start + 8].encode() in kept for start in range(len(body) - 7))

    def test_neither_key_nor_list_shows_the_secret(self, world: World) -> None:
        minted = world.mint()
        assert minted.secret.reveal() not in repr((minted, world.keys.list(world.tenant.id)))

    @pytest.mark.parametrize("kind", [KeyKind.PERSONAL_LIVE, KeyKind.PERSONAL_TEST])
    def test_personal_keys_wait_for_sign_in(self, world: World, kind: KeyKind) -> None:
        assert problem_of(lambda: world.mint(kind=kind)) == (ProblemKind.INVALID, "kind_not_available")

    def test_an_expiry_must_lie_in_the_future(self, world: World) -> None:
        wish = NewKey(KeyKind.SERVICE_LIVE, "ci", expires_at=world.clock.now())
        call = lambda: world.keys.mint(world.tenant, wish, actor=OPERATOR)  # noqa: E731 - called below
        assert problem_of(call) == (ProblemKind.INVALID, "invalid_expiry")

    def test_a_name_is_needed(self, world: World) -> None:
        assert problem_of(lambda: world.mint("  ")) == (ProblemKind.INVALID, "invalid_name")

    def test_two_living_keys_of_a_tenant_never_share_a_name(self, world: World) -> None:
        first = world.mint("ci")
        assert problem_of(lambda: world.mint("ci")) == (ProblemKind.CONFLICT, "name_taken")
        world.keys.revoke(first.key.id, actor=OPERATOR)
        world.mint("ci")
        beta = world.tenants.create("beta", Plan.STARTER, actor=OPERATOR)
        world.keys.mint(beta, NewKey(KeyKind.SERVICE_LIVE, "ci"), actor=OPERATOR)

    def test_a_key_whose_audit_row_cannot_be_written_is_not_made(self, world: World) -> None:
        world.database.run("DROP TABLE audit", {})
        assert problem_of(world.mint) == (ProblemKind.UNAVAILABLE, "service_unavailable")
        assert world.keys.list(world.tenant.id) == ()


class TestResolve:
    def test_no_key_is_told_apart_from_a_wrong_one(self, world: World) -> None:
        assert problem_of(lambda: world.keys.resolve("", HERE)) == (ProblemKind.UNAUTHENTICATED, "missing_api_key")

    @pytest.mark.parametrize("text", ["x", "cv_live_sk_", "cv_live_" + "a" * 24, "cbr_live_" + "a" * 32, "é", "\0"])
    def test_what_was_never_given_out_is_invalid(self, world: World, text: str) -> None:
        assert refused(world, Secret(text)) == "invalid_api_key"

    def test_malformed_and_unknown_keys_get_the_same_words(self, world: World) -> None:
        """The answer tells nobody how close a guess was."""
        words = set()
        for text in (
            "nonsense",
            mint(KeyKind.SERVICE_LIVE).secret.reveal(),
            mint(KeyKind.PERSONAL_LIVE).secret.reveal(),
        ):
            with pytest.raises(Problem) as caught:
                world.keys.resolve(text, HERE)
            words.add((caught.value.code, caught.value.message))
        assert len(words) == 1

    def test_a_typing_mistake_is_refused_without_a_look_up(self, world: World) -> None:
        text = world.mint().secret.reveal()
        world.database.run("DROP TABLE key_secrets", {})
        wrong = "A" if text[-10] != "A" else "B"
        assert refused(world, Secret(f"{text[:-10]}{wrong}{text[-9:]}")) == "invalid_api_key"

    def test_a_key_stops_at_its_expiry(self, world: World) -> None:
        wish = NewKey(KeyKind.SERVICE_LIVE, "ci", expires_at=world.clock.now() + timedelta(hours=1))
        minted = world.keys.mint(world.tenant, wish, actor=OPERATOR)
        world.clock.advance(3_599)
        resolved(world, minted.secret)
        world.clock.advance(1)
        assert refused(world, minted.secret) == "expired_api_key"

    def test_a_foreign_address_is_refused_and_still_noted(self, world: World) -> None:
        """The right secret from a wrong place is how a leak shows."""
        networks = (ipaddress.ip_network("127.0.0.0/8"),)
        minted = world.keys.mint(world.tenant, NewKey(KeyKind.SERVICE_LIVE, "ci", networks=networks), actor=OPERATOR)
        resolved(world, minted.secret)
        call = lambda: world.keys.resolve(minted.secret.reveal(), THERE)  # noqa: E731 - called below
        assert problem_of(call) == (ProblemKind.FORBIDDEN, "ip_not_allowed")
        assert world.keys.list(world.tenant.id)[0].secrets[0].last_used_ip == str(THERE)

    def test_a_database_that_fails_is_told_as_such_and_lets_nobody_pass(self, world: World) -> None:
        minted = world.mint()
        world.database.run("DROP TABLE keys", {})
        assert problem_of(lambda: resolved(world, minted.secret)) == (ProblemKind.UNAVAILABLE, "service_unavailable")

    def test_a_change_by_another_process_holds_at_once(self, world: World, tmp_path: Path) -> None:
        minted = world.mint()
        resolved(world, minted.secret)
        other = Database.open(tmp_path / "cybervault.db")
        world_on(other).keys.revoke(minted.key.id, actor=OPERATOR)
        other.close()
        assert refused(world, minted.secret) == "revoked_api_key"

    def test_a_secret_of_another_pepper_is_unknown_and_counted(self, world: World) -> None:
        minted = world.mint()
        other = world_on(world.database, Pepper.of(Secret("another pepper, long enough as well")))
        assert refused(other, minted.secret) == "invalid_api_key"
        assert (world.keys.counts(), other.keys.counts()) == ((1, 0), (1, 1))


class TestUse:
    def test_the_use_of_each_secret_is_noted_apart(self, world: World) -> None:
        minted = world.mint()
        resolved(world, minted.secret)
        world.clock.advance(60)
        world.keys.resolve(world.keys.rotate(minted.key.id, actor=OPERATOR).secret.reveal(), THERE)
        old, new = world.keys.list(world.tenant.id)[0].secrets
        assert (new.last_used_at, new.last_used_ip) == (world.clock.now(), str(THERE))
        assert (old.last_used_at, old.last_used_ip) == (world.clock.now() - timedelta(minutes=1), str(HERE))

    def test_a_busy_key_is_written_once_a_second_and_each_new_address_at_once(self, world: World) -> None:
        minted = world.mint()
        start = world.clock.now()
        seen = []
        for seconds, address in ((0, HERE), (0.5, HERE), (0.5, HERE), (0.1, THERE), (0.1, None)):
            world.clock.advance(seconds)
            world.keys.resolve(minted.secret.reveal(), address)
            secret = world.keys.list(world.tenant.id)[0].secrets[0]
            assert secret.last_used_at is not None
            seen.append(((secret.last_used_at - start).total_seconds(), secret.last_used_ip))
        assert seen == [(0, str(HERE)), (0, str(HERE)), (1, str(HERE)), (1.1, str(THERE)), (1.2, None)]

    def test_the_place_of_the_last_success_is_kept_apart_from_the_last_use(self, world: World) -> None:
        principal = resolved(world, world.mint().secret)
        for address in (HERE, HERE, THERE):
            world.keys.succeeded(principal, address)
        assert world.keys.list(world.tenant.id)[0].last_ip == str(THERE)


class TestRotate:
    @pytest.mark.parametrize("kind", MINTABLE)
    def test_the_old_secret_stops_exactly_24_hours_after_rotation(self, world: World, kind: KeyKind) -> None:
        old = world.mint(kind=kind)
        new = world.keys.rotate(old.key.id, actor=OPERATOR)
        assert new.secret != old.secret
        assert resolved(world, old.secret) == resolved(world, new.secret)
        world.clock.advance(DAY - 1)
        resolved(world, old.secret)
        world.clock.advance(1)
        assert refused(world, old.secret) == "revoked_api_key"
        resolved(world, new.secret)

    def test_a_second_rotation_waits_for_the_first(self, world: World) -> None:
        key_id = world.mint().key.id
        world.keys.rotate(key_id, actor=OPERATOR)
        call = lambda: world.keys.rotate(key_id, actor=OPERATOR)  # noqa: E731 - called below
        assert problem_of(call) == (ProblemKind.CONFLICT, "rotation_in_progress")
        world.clock.advance(DAY)
        world.keys.rotate(key_id, actor=OPERATOR)

    def test_finishing_ends_the_old_secret_at_once(self, world: World) -> None:
        old = world.mint()
        new = world.keys.rotate(old.key.id, actor=OPERATOR)
        assert world.keys.finish_rotation(old.key.id, actor=OPERATOR).state(world.clock.now()) is KeyState.ACTIVE
        assert refused(world, old.secret) == "revoked_api_key"
        resolved(world, new.secret)

    def test_cancelling_ends_the_new_secret_and_keeps_the_old(self, world: World) -> None:
        old = world.mint()
        new = world.keys.rotate(old.key.id, actor=OPERATOR)
        world.keys.cancel_rotation(old.key.id, actor=OPERATOR)
        world.clock.advance(2 * DAY)
        assert refused(world, new.secret) == "revoked_api_key"
        resolved(world, old.secret)


class TestRevoke:
    def test_both_secrets_end_at_once(self, world: World) -> None:
        old = world.mint()
        new = world.keys.rotate(old.key.id, actor=OPERATOR)
        world.keys.revoke(old.key.id, actor=OPERATOR)
        assert {refused(world, old.secret), refused(world, new.secret)} == {"revoked_api_key"}

    def test_what_is_revoked_is_listed_and_never_comes_back(self, world: World) -> None:
        key = world.mint().key
        world.keys.revoke(key.id, actor=OPERATOR)
        keys = world.keys
        for call in (keys.rotate, keys.finish_rotation, keys.cancel_rotation, keys.revoke):
            with pytest.raises(Problem) as caught:
                call(key.id, actor=OPERATOR)
            assert caught.value.code == "key_revoked"
        assert [one.state(world.clock.now()) for one in keys.list(world.tenant.id)] == [KeyState.REVOKED]


class TestTenants:
    def test_keys_of_another_tenant_do_not_exist(self, world: World) -> None:
        """Foreign and unknown keys are answered alike."""
        key_id = world.mint().key.id
        stranger = Actor("stranger", TenantId("tv_other"))
        for wanted in (key_id, KeyId("key_nobody")):
            for call in (world.keys.rotate, world.keys.finish_rotation, world.keys.cancel_rotation, world.keys.revoke):
                with pytest.raises(Problem) as caught:
                    call(wanted, actor=stranger)
                assert (caught.value.kind, caught.value.code) == (ProblemKind.NOT_FOUND, "key_not_found")
        assert world.keys.list(TenantId("tv_other")) == ()

    def test_the_tenant_itself_may_change_its_keys(self, world: World) -> None:
        world.keys.revoke(world.mint().key.id, actor=Actor("member", world.tenant.id))


def test_every_change_is_one_row_of_the_audit_without_a_secret(world: World) -> None:
    minted = world.mint()
    new = world.keys.rotate(minted.key.id, actor=OPERATOR)
    world.keys.finish_rotation(minted.key.id, actor=OPERATOR)
    world.keys.rotate(minted.key.id, actor=OPERATOR)
    world.keys.cancel_rotation(minted.key.id, actor=OPERATOR)
    world.keys.revoke(minted.key.id, actor=OPERATOR)
    found = world.audit.verify()
    assert (found.rows, found.faults) == (7, ())
    texts = [str(row[0]) for row in world.database.rows("SELECT payload FROM audit ORDER BY number", {})]
    for text, change in zip(
        texts[1:],
        ("created", "rotated", "rotation_finished", "rotated", "rotation_cancelled", "revoked"),
        strict=True,
    ):
        assert f'"change":"key.{change}"' in text
        assert minted.secret.reveal() not in text
        assert new.secret.reveal() not in text


class LifeOfAKey(RuleBasedStateMachine):
    """Random steps and moves of the clock, against a plain list of the secrets that were given out."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = empty_database(Path(self.folder.name))
        self.world = world_on(self.database)
        minted: MintedKey = self.world.mint()
        self.key_id = minted.key.id
        self.secrets = [minted.secret]
        self.dead: set[Secret] = set()
        self.is_revoked = False

    def works(self, secret: Secret) -> bool:
        try:
            resolved(self.world, secret)
        except Problem:
            return False
        return True

    def attempt(self, step: Callable[..., object]) -> object | None:
        try:
            return step(self.key_id, actor=OPERATOR)
        except Problem as problem:
            assert problem.kind is ProblemKind.CONFLICT  # noqa: PT017 - a refusal is one of the two allowed ends
            return None

    @rule()
    def rotate(self) -> None:
        minted = self.attempt(self.world.keys.rotate)
        if isinstance(minted, MintedKey):
            self.secrets.append(minted.secret)

    @rule()
    def finish(self) -> None:
        self.attempt(self.world.keys.finish_rotation)

    @rule()
    def cancel(self) -> None:
        self.attempt(self.world.keys.cancel_rotation)

    @precondition(lambda self: len(self.secrets) > 2)
    @rule()
    def revoke(self) -> None:
        self.attempt(self.world.keys.revoke)
        self.is_revoked = True

    @rule()
    def wait_a_while(self) -> None:
        self.world.clock.advance(DAY / 3)

    @invariant()
    def promises_hold(self) -> None:
        living = {secret for secret in self.secrets if self.works(secret)}
        assert len(living) == 0 if self.is_revoked else 1 <= len(living) <= 2
        assert not living & self.dead
        self.dead |= set(self.secrets) - living

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


LifeOfAKey.TestCase.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
TestLifeOfAKey = LifeOfAKey.TestCase


def test_the_sandbox_is_told_by_the_key(world: World) -> None:
    minted = world.mint(kind=KeyKind.SERVICE_TEST)
    assert resolved(world, minted.secret).environment is Environment.SANDBOX
