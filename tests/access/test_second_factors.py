"""Second factors: enrolled in two steps, each code once, recovery codes for the day when the device is lost."""

import asyncio
import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cybervault.access.audit import OPERATOR, Actor
from cybervault.access.second_factors import PASSKEY, RECOVERY_CODE, TOTP, SecondFactors
from cybervault.access.store.passkeys import Passkey, PasskeyStore
from cybervault.access.store.second_factors import SecondFactorStore
from cybervault.access.tokens import Pepper, Peppers
from cybervault.access.totp import code_at, step_of
from cybervault.domain.principals import Member, MemberId
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.people import PEPPERS, People, actor_of, people_on, told
from tests.fakes.clock import HandClock

NEWER = Pepper.of(Secret("the pepper that comes after that one"))


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


@pytest.fixture
async def ana(people: People) -> Member:
    return await people.member("ana")


def secret_in(uri: Secret) -> bytes:
    """What an authenticator reads out of the QR code."""
    text = parse_qs(urlsplit(uri.reveal()).query)["secret"][0]
    return base64.b32decode(text)


def code_now(people: People, secret: bytes, steps: int = 0) -> str:
    return code_at(secret, step_of(people.clock.now()) + steps)


async def enrolled(people: People, member: Member) -> tuple[bytes, list[str]]:
    """The secret of a new authenticator, and the recovery codes that came with it."""
    begun = await people.second_factors.begin(member.id)
    secret = secret_in(begun.uri)
    codes = await people.second_factors.confirm(
        member.id, begun.ticket, code_now(people, secret), actor=actor_of(member)
    )
    people.clock.advance(30)
    return secret, [code.reveal() for code in codes]


class TestEnrolment:
    async def test_a_code_of_the_device_confirms_it(self, people: People, ana: Member) -> None:
        assert await people.second_factors.needed(ana.id) == frozenset()
        secret, codes = await enrolled(people, ana)
        assert len(set(codes)) == 10
        assert await people.second_factors.needed(ana.id) == {TOTP, RECOVERY_CODE}
        assert await people.last() == {
            "action": "second_factor.added",
            "actor": f"member:{ana.id}",
            "target": ana.id,
            "details": {"factor": "totp"},
        }
        assert await people.second_factors.check(ana.id, code_now(people, secret))

    async def test_the_secret_is_shown_as_text_and_address_and_by_accident_nowhere(
        self, people: People, ana: Member
    ) -> None:
        begun = await people.second_factors.begin(ana.id)
        assert begun.secret.reveal() in begun.uri.reveal()
        assert "CyberVault:ana@acme.example" in begun.uri.reveal()
        assert begun.secret.reveal() not in repr(begun)

    async def test_nothing_is_kept_until_it_is_confirmed(self, people: People, ana: Member) -> None:
        await people.second_factors.begin(ana.id)
        assert await people.second_factors.needed(ana.id) == frozenset()

    async def test_a_wrong_code_may_be_corrected(self, people: People, ana: Member) -> None:
        begun = await people.second_factors.begin(ana.id)
        right = code_now(people, secret_in(begun.uri))
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        with pytest.raises(Problem) as caught:
            await people.second_factors.confirm(ana.id, begun.ticket, wrong, actor=actor_of(ana))
        assert told(caught) == (ProblemKind.INVALID, "code_mismatch")
        assert await people.second_factors.confirm(ana.id, begun.ticket, f" {right} ", actor=actor_of(ana))

    async def test_the_code_that_confirmed_opens_nothing(self, people: People, ana: Member) -> None:
        begun = await people.second_factors.begin(ana.id)
        code = code_now(people, secret_in(begun.uri))
        await people.second_factors.confirm(ana.id, begun.ticket, code, actor=actor_of(ana))
        assert not await people.second_factors.check(ana.id, code)

    async def test_another_member_cannot_confirm_with_the_ticket(self, people: People, ana: Member) -> None:
        """Nobody is tricked into an authenticator that somebody else holds."""
        ben = await people.member("ben")
        begun = await people.second_factors.begin(ana.id)
        with pytest.raises(Problem) as caught:
            await people.second_factors.confirm(
                ben.id, begun.ticket, code_now(people, secret_in(begun.uri)), actor=actor_of(ben)
            )
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")

    async def test_there_is_one_at_a_time(self, people: People, ana: Member) -> None:
        first = await people.second_factors.begin(ana.id)
        await enrolled(people, ana)
        with pytest.raises(Problem) as caught:
            await people.second_factors.begin(ana.id)
        assert told(caught) == (ProblemKind.CONFLICT, "second_factor_exists")
        with pytest.raises(Problem) as caught:
            await people.second_factors.confirm(
                ana.id, first.ticket, code_now(people, secret_in(first.uri)), actor=actor_of(ana)
            )
        assert told(caught) == (ProblemKind.CONFLICT, "second_factor_exists")

    async def test_of_nobody_there_is_nothing(self, people: People) -> None:
        with pytest.raises(Problem) as caught:
            await people.second_factors.begin(MemberId("usr_nobody"))
        assert told(caught) == (ProblemKind.NOT_FOUND, "member_not_found")
        assert await people.second_factors.needed(MemberId("usr_nobody")) == frozenset()
        assert not await people.second_factors.check(MemberId("usr_nobody"), "123456")


class TestCheck:
    async def test_each_step_counts_once(self, people: People, ana: Member) -> None:
        """Who reads a code over a shoulder comes too late."""
        secret, _ = await enrolled(people, ana)
        code = code_now(people, secret)
        assert await people.second_factors.check(ana.id, code)
        assert not await people.second_factors.check(ana.id, code)
        assert not await people.second_factors.check(ana.id, code_now(people, secret, -1))
        assert await people.second_factors.check(ana.id, code_now(people, secret, 1))

    async def test_of_two_at_once_one_gets_in(self, people: People, ana: Member) -> None:
        secret, _ = await enrolled(people, ana)
        code = code_now(people, secret)
        found = await asyncio.gather(*(people.second_factors.check(ana.id, code) for _ in range(4)))
        assert sorted(found) == [False, False, False, True]

    @pytest.mark.parametrize(
        "text",
        ["", "000 00", "abcdef", "0" * 4_000, "0123-4567-89ab-cdef", "\ud800", "\uff11\uff12\uff13\uff14\uff15\uff16"],
    )
    async def test_what_is_no_code_of_this_member_is_wrong(self, people: People, ana: Member, text: str) -> None:
        await enrolled(people, ana)
        assert not await people.second_factors.check(ana.id, text)

    async def test_blanks_as_authenticators_show_them_do_not_matter(self, people: People, ana: Member) -> None:
        secret, _ = await enrolled(people, ana)
        code = code_now(people, secret)
        assert await people.second_factors.check(ana.id, f" {code[:3]} {code[3:]} ")

    async def test_another_members_code_is_wrong(self, people: People, ana: Member) -> None:
        ben = await people.member("ben")
        _, codes = await enrolled(people, ana)
        secret, _ = await enrolled(people, ben)
        assert not await people.second_factors.check(ana.id, code_now(people, secret))
        assert not await people.second_factors.check(ben.id, codes[0])

    async def test_six_digits_are_wrong_where_there_are_passkeys_only(self, people: People, ana: Member) -> None:
        await with_passkey(people, ana)
        assert await people.second_factors.needed(ana.id) == {PASSKEY}
        assert not await people.second_factors.check(ana.id, "123456")

    async def test_after_a_change_of_the_pepper_secrets_move_over_as_they_are_used(
        self, people: People, ana: Member, tmp_path: Path
    ) -> None:
        secret, codes = await enrolled(people, ana)
        both = await people_on(people.database, people.clock, tmp_path, Peppers(NEWER, PEPPERS.current))
        assert await both.second_factors.check(ana.id, code_now(people, secret))
        assert await both.second_factors.check(ana.id, codes[0])
        people.clock.advance(30)
        alone = await people_on(people.database, people.clock, tmp_path, Peppers(NEWER))
        assert await alone.second_factors.check(ana.id, code_now(people, secret))

    async def test_a_lost_pepper_is_told_and_lets_nobody_in(self, people: People, ana: Member, tmp_path: Path) -> None:
        secret, _ = await enrolled(people, ana)
        other = await people_on(people.database, people.clock, tmp_path, Peppers(NEWER))
        with pytest.raises(Problem) as caught:
            await other.second_factors.check(ana.id, code_now(people, secret))
        assert told(caught) == (ProblemKind.UNAVAILABLE, "pepper_unusable")


class TestRecovery:
    async def test_each_code_opens_once_and_the_audit_counts(self, people: People, ana: Member) -> None:
        _, codes = await enrolled(people, ana)
        assert await people.second_factors.check(ana.id, codes[3].upper().replace("-", " "))
        assert await people.last() == {
            "action": "recovery_code.used",
            "actor": f"member:{ana.id}",
            "target": ana.id,
            "details": {"left": "9"},
        }
        assert not await people.second_factors.check(ana.id, codes[3])
        actor = Actor("member:somebody", ana.tenant_id)
        assert await people.second_factors.check(ana.id, codes[4], actor=actor)
        assert (await people.last())["actor"] == "member:somebody"

    async def test_without_codes_left_the_device_still_counts(self, people: People, ana: Member) -> None:
        _, codes = await enrolled(people, ana)
        for code in codes:
            assert await people.second_factors.check(ana.id, code)
        assert await people.second_factors.needed(ana.id) == {TOTP}

    async def test_new_codes_end_the_old(self, people: People, ana: Member) -> None:
        _, old = await enrolled(people, ana)
        new = await people.second_factors.new_recovery_codes(ana.id, actor=actor_of(ana))
        assert (await people.last())["action"] == "recovery_codes.made"
        assert not await people.second_factors.check(ana.id, old[0])
        assert await people.second_factors.check(ana.id, new[0].reveal())

    async def test_codes_belong_to_a_second_factor(self, people: People, ana: Member) -> None:
        with pytest.raises(Problem) as caught:
            await people.second_factors.new_recovery_codes(ana.id, actor=actor_of(ana))
        assert told(caught) == (ProblemKind.CONFLICT, "second_factor_missing")

    async def test_no_code_is_kept_readable(self, people: People, ana: Member) -> None:
        secret, codes = await enrolled(people, ana)
        factors = await SecondFactorStore(people.database).factors(ana.id)
        assert factors is not None
        assert factors.totp_secret is not None
        assert secret not in factors.totp_secret
        told_by_audit = repr(await people.audited())
        assert not any(code in told_by_audit for code in codes)


class TestRemoval:
    async def test_without_a_factor_the_password_is_enough_again(self, people: People, ana: Member) -> None:
        secret, codes = await enrolled(people, ana)
        await people.second_factors.remove(ana.id, actor=actor_of(ana))
        assert (await people.last())["action"] == "second_factor.removed"
        assert await people.second_factors.needed(ana.id) == frozenset()
        assert not await people.second_factors.check(ana.id, codes[0])
        assert not await people.second_factors.check(ana.id, code_now(people, secret))
        with pytest.raises(Problem) as caught:
            await people.second_factors.remove(ana.id, actor=actor_of(ana))
        assert told(caught) == (ProblemKind.NOT_FOUND, "second_factor_not_found")

    async def test_beside_a_passkey_the_recovery_codes_stay(self, people: People, ana: Member) -> None:
        _, codes = await enrolled(people, ana)
        await with_passkey(people, ana)
        await people.second_factors.remove(ana.id, actor=actor_of(ana))
        assert await people.second_factors.needed(ana.id) == {PASSKEY, RECOVERY_CODE}
        assert await people.second_factors.check(ana.id, codes[0])

    async def test_the_operator_can_take_all_away_from_who_lost_everything(self, people: People, ana: Member) -> None:
        await enrolled(people, ana)
        await with_passkey(people, ana)
        await people.second_factors.remove_all(ana.id, actor=OPERATOR)
        assert await people.second_factors.needed(ana.id) == frozenset()
        assert (await people.last())["details"] == {"factor": "all"}

    async def test_a_change_whose_row_cannot_be_written_does_not_happen(
        self, people: People, ana: Member, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, _ = await enrolled(people, ana)

        async def full(_happening: object) -> None:
            raise Problem(ProblemKind.UNAVAILABLE, code="service_unavailable", message="The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(people.journal.audit, "record", full)
            with pytest.raises(Problem, match="disk"):
                await people.second_factors.remove(ana.id, actor=actor_of(ana))
        assert await people.second_factors.check(ana.id, code_now(people, secret))


async def with_passkey(people: People, member: Member) -> SecondFactors:
    """Give a member a passkey, as far as rows tell."""
    await PasskeyStore(people.database).add(
        Passkey(b"credential", member.id, member.tenant_id, b"key", 0, "laptop", people.clock.now())
    )
    return people.second_factors
