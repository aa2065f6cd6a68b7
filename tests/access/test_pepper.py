"""The pepper: made once, kept by its owner, never replaced by accident."""

import stat
import threading
from pathlib import Path

import pytest

from cybervault.access.pepper import load_pepper, load_peppers, previous_file, rotate_pepper
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.secrets import Secret


def test_the_first_start_makes_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    pepper = load_pepper(file, None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(bytes.fromhex(file.read_text())) == 32
    assert load_pepper(file, None) == pepper
    assert list(tmp_path.iterdir()) == [file]


def test_every_installation_has_its_own(tmp_path: Path) -> None:
    assert load_pepper(tmp_path / "one", None) != load_pepper(tmp_path / "other", None)


def test_a_pepper_of_the_settings_wins_and_needs_no_file(tmp_path: Path) -> None:
    given = Secret("a pepper that is long enough for tests")
    assert load_pepper(tmp_path / "pepper", given) == Pepper.of(given)
    assert not list(tmp_path.iterdir())


def test_the_text_of_the_file_may_move_into_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    pepper = load_pepper(file, None)
    assert load_pepper(tmp_path / "gone", Secret(file.read_text().strip())) == pepper


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_a_damaged_pepper_stops_the_start_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    """A new one in its place would end every key."""
    file = tmp_path / "pepper"
    file.write_bytes(content)
    with pytest.raises(Problem) as caught:
        load_pepper(file, None)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "pepper_unusable")
    assert str(file) in caught.value.message
    assert file.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="pepper") as caught:
        load_pepper(tmp_path / "nowhere" / "pepper", None)
    assert caught.value.code == "pepper_unusable"


def test_processes_that_start_together_agree_on_one(tmp_path: Path) -> None:
    found: list[Pepper] = []
    threads = [threading.Thread(target=lambda: found.append(load_pepper(tmp_path / "pepper", None))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_without_a_rotation_there_is_one_pepper(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    assert load_peppers(file, None) == Peppers(load_pepper(file, None))


def test_the_previous_pepper_comes_from_the_settings_or_from_its_file(tmp_path: Path) -> None:
    file, given = tmp_path / "pepper", Secret("the pepper of the year before this one")
    assert load_peppers(file, None, given).previous == Pepper.of(given)
    previous_file(file).write_text("p" * 64)
    assert load_peppers(file, None).previous == Pepper.of(Secret("p" * 64))
    assert load_peppers(file, None, given).previous == Pepper.of(given)


def test_a_rotation_keeps_the_old_pepper_beside_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    old = load_pepper(file, None)
    turned = rotate_pepper(file)
    assert turned.previous == old != turned.current
    assert turned == load_peppers(file, None)
    assert sorted(tmp_path.iterdir()) == [file, previous_file(file)]
    for one in tmp_path.iterdir():
        assert stat.S_IMODE(one.stat().st_mode) == 0o600
    assert rotate_pepper(file).previous == turned.current


def test_a_rotation_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    old = load_pepper(file, None)
    previous_file(file).mkdir()
    with pytest.raises(Problem) as caught:
        rotate_pepper(file)
    assert caught.value.code == "pepper_unusable"
    previous_file(file).rmdir()
    assert load_peppers(file, None) == Peppers(old)


def test_a_damaged_previous_pepper_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "pepper"
    previous_file(file).write_text("short")
    with pytest.raises(Problem, match=r"pepper\.previous"):
        load_peppers(file, None)
