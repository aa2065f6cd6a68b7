"""Rules that the system holds to: what each version of it is asked for, and what comes of it where it refuses."""

import sys
from pathlib import Path
from typing import Final

import pytest

from cybervault.confinement import landlock, walls
from cybervault.confinement.landlock import CONNECT, EXECUTE, LIST, READ, At, Below, files_of, lay, version, written_by
from tests.confinement.refusing import answering
from tests.confinement.test_walls import in_a_thread

# By landlock(7): 13 rights in version 1, then names moved between folders (2), emptying (3), questions to devices (5).
RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16, 7: 16}


@pytest.mark.parametrize(("number", "rights"), RIGHTS.items())
def test_each_version_is_asked_for_what_it_knows_and_no_more(number: int, rights: int) -> None:
    assert files_of(number) == 2**rights - 1
    own = written_by(number)
    assert not own & EXECUTE
    assert own & READ
    assert own & ~files_of(number) == 0


def test_what_is_below_a_place_is_left_and_one_that_is_not_there_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "one").write_text("read")
    (tmp_path / "alone").write_text("read too")
    (tmp_path / "shut").write_text("secret")
    found: dict[str, object] = {}

    def work() -> None:
        walls.bind_to_parent()
        places = [tmp_path / "left", tmp_path / "alone", tmp_path / "nowhere"]
        found["held"] = lay([Below(READ | LIST, place) for place in places], files=files_of(version()))
        for name in ("left/one", "alone", "shut"):
            try:
                found[name] = (tmp_path / name).read_text()
            except PermissionError:
                found[name] = "refused"

    if version() == 0:
        pytest.skip("this machine has no such rules: Linux 5.13 is needed")
    in_a_thread(work)
    assert found == {"held": True, "left/one": "read", "alone": "read too", "shut": "refused"}


@pytest.mark.parametrize("answers", [[-1], [None, -1], [None, 0, -1], [None, 0, 0]], ids=str)
def test_what_the_system_refuses_does_not_hold(monkeypatch: pytest.MonkeyPatch, answers: list[int | None]) -> None:
    with answering(monkeypatch, answers):
        assert lay([At(CONNECT, 80)], network=CONNECT) is (answers[-1] == 0)


def test_other_systems_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "_syscall", lambda: lambda *_: -1)
    assert version() == 0
    monkeypatch.setattr(sys, "platform", "darwin")
    found: int = version()
    assert found == 0
