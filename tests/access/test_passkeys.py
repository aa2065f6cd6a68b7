"""Passkeys: registered under a name, a sign-in of its own, and copies that are found out."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cybervault.access.passkeys import PASSKEYS_MAX, Ceremony, Presented, Registered, id_text_of
from cybervault.access.tickets import TICKET_SECONDS
from cybervault.domain.principals import Member
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.storage.database import Database
from tests.access.passwordless import ORIGIN, passkeys_of
from tests.access.people import People, actor_of, people_on, told
from tests.fakes.authenticator import Authenticator
from tests.fakes.clock import HandClock


@pytest.fixture
async def people(database: Database, tmp_path: Path) -> People:
    return await people_on(database, HandClock(), tmp_path)


@pytest.fixture
async def ana(people: People) -> Member:
    return await people.member("ana")


async def add(
    people: People, member: Member, device: Authenticator | None = None, name: str = "laptop"
) -> tuple[Authenticator, Registered]:
    """A device of a member, registered a second after the one before."""
    people.clock.advance(1)
    device = device or Authenticator(ORIGIN)
    begun = await passkeys_of(people).options_to_register(member)
    presented = Presented(begun.ticket, device.make(begun.options))
    return device, await passkeys_of(people).register(member, presented, name=name, actor=actor_of(member))


async def prove(people: People, device: Authenticator, begun: Ceremony | None = None, **changed: Any) -> str:  # noqa: ANN401
    """Sign in with a device; `changed` is what an attacker puts in."""
    begun = begun or passkeys_of(people).options_to_sign_in()
    return await passkeys_of(people).prove(Presented(begun.ticket, device.sign(begun.options, **changed)))


class TestRegistration:
    async def test_the_first_brings_recovery_codes_and_the_second_none(self, people: People, ana: Member) -> None:
        _, first = await add(people, ana, name=" laptop ")
        assert len(first.codes) == 10
        assert first.passkey.name == "laptop"
        assert await people.last() == {
            "action": "second_factor.added",
            "actor": f"member:{ana.id}",
            "target": ana.id,
            "details": {"factor": "passkey", "name": "laptop"},
        }
        assert await people.second_factors.needed(ana.id) == {"passkey", "recovery_code"}
        _, second = await add(people, ana, name="phone")
        assert second.codes == ()
        assert [one.name for one in await passkeys_of(people).list(ana.id)] == ["laptop", "phone"]

    async def test_devices_that_have_one_are_told_not_to_make_another(self, people: People, ana: Member) -> None:
        _, made = await add(people, ana)
        begun = await passkeys_of(people).options_to_register(ana)
        assert [one["id"] for one in begun.options["excludeCredentials"]] == [id_text_of(made.passkey)]

    async def test_an_attempt_is_made_once_by_whom_and_when_it_was_begun(self, people: People, ana: Member) -> None:
        ben, device = await people.member("ben"), Authenticator(ORIGIN)
        begun = await passkeys_of(people).options_to_register(ana)
        presented = Presented(begun.ticket, device.make(begun.options))
        with pytest.raises(Problem) as caught:
            await passkeys_of(people).register(ben, presented, name="theirs", actor=actor_of(ben))
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")
        await passkeys_of(people).register(ana, presented, name="mine", actor=actor_of(ana))
        with pytest.raises(Problem) as caught:
            await passkeys_of(people).register(ana, presented, name="again", actor=actor_of(ana))
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")

    async def test_a_passkey_of_another_page_is_unusable(self, people: People, ana: Member) -> None:
        begun = await passkeys_of(people).options_to_register(ana)
        presented = Presented(begun.ticket, Authenticator("https://evil.example").make(begun.options))
        with pytest.raises(Problem) as caught:
            await passkeys_of(people).register(ana, presented, name="evil", actor=actor_of(ana))
        assert told(caught) == (ProblemKind.INVALID, "passkey_unusable")
        assert await people.second_factors.needed(ana.id) == frozenset()

    async def test_a_credential_belongs_to_one_member(self, people: People, ana: Member) -> None:
        """Nobody takes over a passkey by registering its id again."""
        ben = await people.member("ben")
        device, _ = await add(people, ana)
        with pytest.raises(Problem) as caught:
            await add(people, ben, Authenticator(ORIGIN, credential_id=device.credential_id))
        assert told(caught) == (ProblemKind.CONFLICT, "passkey_exists")
        assert await prove(people, device) == ana.id

    async def test_a_name_is_needed(self, people: People, ana: Member) -> None:
        with pytest.raises(Problem) as caught:
            await add(people, ana, name=" ")
        assert told(caught) == (ProblemKind.INVALID, "invalid_name")

    async def test_there_is_an_end_to_them(self, people: People, ana: Member) -> None:
        begun = await passkeys_of(people).options_to_register(ana)
        late = Presented(begun.ticket, Authenticator(ORIGIN).make(begun.options))
        for number in range(PASSKEYS_MAX):
            await add(people, ana, name=f"key {number}")
        with pytest.raises(Problem) as caught:
            await passkeys_of(people).options_to_register(ana)
        assert told(caught) == (ProblemKind.CONFLICT, "too_many_passkeys")
        with pytest.raises(Problem) as caught:
            await passkeys_of(people).register(ana, late, name="one more", actor=actor_of(ana))
        assert told(caught) == (ProblemKind.CONFLICT, "too_many_passkeys")

    async def test_without_a_name_over_https_there_are_none(self, people: People, ana: Member) -> None:
        none = passkeys_of(people, "http://127.0.0.1:8000")
        for ask in (
            lambda: none.options_to_register(ana),
            lambda: none.register(ana, Presented("", {}), name="a", actor=actor_of(ana)),
            lambda: none.prove(Presented("", {})),
        ):
            with pytest.raises(Problem) as caught:
                await ask()
            assert told(caught) == (ProblemKind.CONFLICT, "passkeys_unavailable")
        with pytest.raises(Problem, match="address"):
            none.options_to_sign_in()


class TestSignIn:
    async def test_a_passkey_proves_its_member_without_a_name(self, people: People, ana: Member) -> None:
        device, _ = await add(people, ana)
        await add(people, await people.member("ben"), name="other")
        assert await prove(people, device) == ana.id
        assert await prove(people, device) == ana.id
        [kept] = await passkeys_of(people).list(ana.id)
        assert (kept.uses, kept.last_used_at) == (2, people.clock.now())

    async def test_one_that_does_not_count_works_again_and_again(self, people: People, ana: Member) -> None:
        device, _ = await add(people, ana, Authenticator(ORIGIN, counts=False))
        assert [await prove(people, device) for _ in range(3)] == [ana.id] * 3

    @pytest.mark.parametrize("back_to", [0, 4, 5])
    async def test_a_copy_whose_count_does_not_go_on_is_refused(
        self, people: People, ana: Member, back_to: int
    ) -> None:
        """Two devices with one key do not agree on how often it was used."""
        device, _ = await add(people, ana, Authenticator(ORIGIN, uses=4))
        assert await prove(people, device) == ana.id
        device.uses, device.counts = back_to, False
        with capture_logs() as logs, pytest.raises(Problem) as caught:
            await prove(people, device)
        assert told(caught) == (ProblemKind.UNAUTHENTICATED, "passkey_refused")
        assert [(one["event"], one["member"]) for one in logs] == [("passkey count went back", ana.id)]
        device.uses, device.counts = 5, True
        assert await prove(people, device) == ana.id

    async def test_an_answer_counts_once_and_for_five_minutes(self, people: People, ana: Member) -> None:
        """Who overhears a sign-in cannot repeat it, on another node neither."""
        device, _ = await add(people, ana, Authenticator(ORIGIN, counts=False))
        begun = passkeys_of(people).options_to_sign_in()
        answer = device.sign(begun.options)
        await passkeys_of(people).prove(Presented(begun.ticket, answer))
        other = passkeys_of(people).options_to_sign_in()
        for ticket, code in ((begun.ticket, "attempt_expired"), (other.ticket, "passkey_refused")):
            with pytest.raises(Problem) as caught:
                await passkeys_of(people).prove(Presented(ticket, answer))
            assert caught.value.code == code
        late = passkeys_of(people).options_to_sign_in()
        people.clock.advance(TICKET_SECONDS)
        with pytest.raises(Problem) as caught:
            await prove(people, device, late)
        assert told(caught) == (ProblemKind.INVALID, "attempt_expired")

    async def test_the_unknown_and_the_wrong_are_refused_alike(self, people: People, ana: Member) -> None:
        device, made = await add(people, ana)
        stranger = Authenticator(ORIGIN, user_handle=ana.id.encode())
        thief = Authenticator(ORIGIN, credential_id=device.credential_id, user_handle=ana.id.encode())
        liar = Authenticator(ORIGIN, key=device.key, credential_id=device.credential_id, user_handle=b"usr_other")
        messages = set()
        for attacker in (stranger, thief, liar):
            with pytest.raises(Problem) as caught:
                await prove(people, attacker)
            assert told(caught) == (ProblemKind.UNAUTHENTICATED, "passkey_refused")
            messages.add(caught.value.message)
        with pytest.raises(Problem) as caught:
            await prove(people, device, origin="https://evil.example")
        messages.add(caught.value.message)
        assert len(messages) == 1
        [kept] = await passkeys_of(people).list(ana.id)
        assert kept.uses == made.passkey.uses

    async def test_a_removed_members_passkey_opens_nothing(self, people: People) -> None:
        await people.member("owner")
        ben = await people.member("ben")
        device, _ = await add(people, ben)
        await people.members.remove(ben.id, by=None, actor=actor_of(ben))
        with pytest.raises(Problem) as caught:
            await prove(people, device)
        assert caught.value.code == "passkey_refused"


class TestRemoval:
    async def test_it_opens_nothing_any_more_and_the_last_takes_the_codes_along(
        self, people: People, ana: Member
    ) -> None:
        device, made = await add(people, ana)
        kept, _ = await add(people, ana, name="phone")
        await passkeys_of(people).remove(ana.id, id_text_of(made.passkey), actor=actor_of(ana))
        assert (await people.last())["details"] == {"factor": "passkey", "name": "laptop"}
        with pytest.raises(Problem) as caught:
            await prove(people, device)
        assert caught.value.code == "passkey_refused"
        assert await prove(people, kept) == ana.id
        assert await people.second_factors.needed(ana.id) == {"passkey", "recovery_code"}
        [last] = await passkeys_of(people).list(ana.id)
        await passkeys_of(people).remove(ana.id, id_text_of(last), actor=actor_of(ana))
        assert await people.second_factors.needed(ana.id) == frozenset()

    async def test_another_members_or_none_is_not_found(self, people: People, ana: Member) -> None:
        ben = await people.member("ben")
        device, made = await add(people, ana)
        for text in (id_text_of(made.passkey), "AAAA", "", "?", "A", "ä"):
            with pytest.raises(Problem) as caught:
                await passkeys_of(people).remove(ben.id, text, actor=actor_of(ben))
            assert told(caught) == (ProblemKind.NOT_FOUND, "second_factor_not_found")
        assert await prove(people, device) == ana.id
