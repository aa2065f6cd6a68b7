"""Passwords: which may be chosen, what is kept of them, and how much work at once."""

import asyncio
import hashlib
import re
import time
from pathlib import Path

import pytest

from cybervault.access.passwords import CHARACTERS_MAX, Cost, Passwords
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret

CHEAP = Cost(memory_kib=8, passes=1)
GOOD = Secret("correct horse battery")


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(cost=CHEAP)


async def refused(passwords: Passwords, text: str, *about: str) -> Problem:
    with pytest.raises(Problem) as caught:
        await passwords.hash(Secret(text), about=about)
    return caught.value


async def test_what_is_kept_is_argon2id_at_nineteen_mebibytes_and_two_passes() -> None:
    kept = await Passwords().hash(GOOD)
    assert re.match(r"\$argon2id\$v=19\$m=19456,t=2,p=1\$", kept)
    assert GOOD.reveal() not in kept


async def test_the_right_one_matches_and_any_other_does_not(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    assert (await passwords.verify(GOOD, kept)).is_right
    assert (await passwords.verify(GOOD, kept)).newer is None
    for text in ("", "Correct horse battery", f"{GOOD.reveal()} "):
        assert not (await passwords.verify(Secret(text), kept)).is_right


async def test_the_same_password_is_kept_differently_each_time(passwords: Passwords) -> None:
    assert await passwords.hash(GOOD) != await passwords.hash(GOOD)


async def test_letters_composed_in_two_ways_are_the_same_password(passwords: Passwords) -> None:
    kept = await passwords.hash(Secret("contrasen\u0303a larga"))
    assert (await passwords.verify(Secret("contraseña larga"), kept)).is_right


@pytest.mark.parametrize("text", ["kurz 7!", "", "x" * 129])
async def test_a_password_has_eight_to_128_characters(passwords: Passwords, text: str) -> None:
    problem = await refused(passwords, text)
    assert (problem.kind, problem.code) == (ProblemKind.INVALID, "weak_password")
    assert text not in problem.message or not text


@pytest.mark.parametrize("text", ["8 signs!", "y" * 128, "密码密码密码密码", "only lower case words"])
async def test_no_kind_of_character_is_asked_for(passwords: Passwords, text: str) -> None:
    assert (await passwords.verify(Secret(text), await passwords.hash(Secret(text)))).is_right


@pytest.mark.parametrize("text", ["password", "PASSWORD", "Contraseña", "1q2w3e4r5t", "qwertyuiop", "letmein123"])
async def test_a_password_that_is_tried_first_is_refused(passwords: Passwords, text: str) -> None:
    assert (await refused(passwords, text)).code == "weak_password"


async def test_a_password_is_not_the_members_own_address_or_name(passwords: Passwords) -> None:
    assert (await refused(passwords, "ANA@acme.example", "ana@acme.example")).code == "weak_password"


def breached_file(folder: Path, texts: list[str], *, digits: int = 40, ending: str = ":17") -> Path:
    lines = sorted(hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest().upper()[:digits] for text in texts)
    file = folder / "breached.txt"
    file.write_text("".join(f"{line}{ending}\r\n" for line in lines))
    return file


@pytest.mark.parametrize(("digits", "ending"), [(40, ":17"), (40, ""), (12, "")])
async def test_every_line_of_a_breached_list_is_found(tmp_path: Path, digits: int, ending: str) -> None:
    texts = [f"breached number {number}" for number in range(100)]
    passwords = Passwords(breached=breached_file(tmp_path, texts, digits=digits, ending=ending), cost=CHEAP)
    for text in texts:
        assert (await refused(passwords, text)).code == "weak_password"
    for number in range(100):
        assert await passwords.hash(Secret(f"not breached {number}"))


async def test_a_list_in_small_letters_counts_as_well(tmp_path: Path) -> None:
    file = breached_file(tmp_path, ["breached one", "breached two"])
    file.write_text(file.read_text().lower())
    assert (await refused(Passwords(breached=file, cost=CHEAP), "breached two")).code == "weak_password"


async def test_an_empty_list_refuses_nothing_and_a_lost_one_everything(tmp_path: Path) -> None:
    """Security: an unchecked password is not taken for a checked one."""
    (tmp_path / "empty").touch()
    assert await Passwords(breached=tmp_path / "empty", cost=CHEAP).hash(GOOD)
    problem = await refused(Passwords(breached=tmp_path / "lost", cost=CHEAP), GOOD.reveal())
    assert (problem.kind, problem.code) == (ProblemKind.UNAVAILABLE, "service_unavailable")


async def test_without_a_kept_password_as_much_is_computed_and_nothing_is_right(passwords: Passwords) -> None:
    """Security: the time of an answer does not tell whether there is such a member."""
    for kept in (None, "", "no hash at all"):
        assert not (await passwords.verify(Secret("no member has this password"), kept)).is_right


async def test_unknown_members_cost_the_same_work() -> None:
    """Counted in processor time, which a busy machine does not stretch."""
    passwords = Passwords()
    kept = await passwords.hash(GOOD)
    await passwords.verify(GOOD, None)
    spent: dict[str | None, list[float]] = {kept: [], None: []}
    for _ in range(5):
        for one, times in spent.items():
            start = time.process_time()
            await passwords.verify(GOOD, one)
            times.append(time.process_time() - start)
    assert 0.5 < min(spent[kept]) / min(spent[None]) < 2


async def test_a_password_longer_than_may_be_chosen_is_never_right(passwords: Passwords) -> None:
    kept = await passwords.hash(Secret("z" * CHARACTERS_MAX))
    assert not (await passwords.verify(Secret("z" * (CHARACTERS_MAX + 1)), kept)).is_right


async def test_a_password_kept_at_another_cost_gets_a_newer_hash(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    dearer = Passwords(cost=Cost(memory_kib=16, passes=1))
    newer = (await dearer.verify(GOOD, kept)).newer
    assert newer is not None
    assert "m=16,t=1" in newer
    assert (await dearer.verify(GOOD, newer)).newer is None
    assert (await dearer.verify(Secret("wrong one"), kept)).newer is None


async def test_of_twenty_at_once_eighteen_wait_their_turn_and_two_are_told_to_come_back(passwords: Passwords) -> None:
    kept = await passwords.hash(GOOD)
    found = await asyncio.gather(*(passwords.verify(GOOD, kept) for _ in range(20)), return_exceptions=True)
    problems = [one for one in found if isinstance(one, Problem)]
    assert len(problems) == 2
    assert {(one.kind, one.code, one.retry_after_seconds) for one in problems} == {
        (ProblemKind.UNAVAILABLE, "service_unavailable", 2)
    }
    assert (await passwords.verify(GOOD, kept)).is_right
