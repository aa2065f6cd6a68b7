"""`cybervault keys scan`: our own keys in files, found exactly and never printed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cybervault.access.tokens import mint
from cybervault.cli.key_scan import EXIT_FOUND
from cybervault.domain.principals import KeyKind
from tests.cli.conftest import Run, document


def new(kind: KeyKind = KeyKind.SERVICE_LIVE) -> str:
    return mint(kind).secret.reveal()


def test_a_key_is_told_with_its_place_and_not_itself(run: Run, tmp_path: Path) -> None:
    tree, first, second = tmp_path / "tree", new(), new(KeyKind.PERSONAL_LIVE)
    (tree / "deep").mkdir(parents=True)
    (tree / "a.py").write_text(f"# nothing\nKEY = '{first}'\n")
    (tree / "deep" / "b.bin").write_bytes(b"\xff\x00\n\n" + second.encode() + b"\xff")
    result = run("keys", "scan", str(tree))
    assert result.exit_code == EXIT_FOUND
    assert result.stdout.splitlines() == [
        f"{tree}/a.py:2: cv_live_sk_…{first[-4:]}",
        f"{tree}/deep/b.bin:3: cbr_live_…{second[-4:]}",
    ]
    assert first not in result.output


def test_a_tree_without_keys_is_clean(run: Run, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a").write_text("cv_live_sk_ and nothing behind it")
    result = run("keys", "scan", str(tmp_path / "tree"))
    assert (result.exit_code, result.output) == (0, "")
    assert document(run("keys", "scan", str(tmp_path / "tree"), "--json")) == {"found": []}


def test_folders_of_others_and_links_are_left_out(run: Run, tmp_path: Path) -> None:
    for folder in (".git", "node_modules", "src"):
        (tmp_path / "tree" / folder).mkdir(parents=True)
        (tmp_path / "tree" / folder / "file").write_text(new())
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "tree" / "src" / "file")
    os.mkfifo(tmp_path / "tree" / "pipe")
    found = document(run("keys", "scan", str(tmp_path / "tree"), "--json"))["found"]
    assert [one["path"] for one in found] == [f"{tmp_path}/tree/src/file"]


@pytest.mark.parametrize("before", [(1 << 20) - 60, (1 << 20) - 46, (1 << 20) - 20, (1 << 20) - 1, 1 << 20])
def test_a_key_between_two_pieces_of_a_large_file_is_found_once(run: Run, tmp_path: Path, before: int) -> None:
    file, key = tmp_path / "large", new(KeyKind.CLASSIC_LIVE)
    file.write_text("\n" * before + key + "\n" * (1 << 20) + key)
    found = document(run("keys", "scan", str(file), "--json"))["found"]
    assert [one["line"] for one in found] == [before + 1, before + 1 + (1 << 20)]


def test_those_of_this_installation_are_marked_when_asked_for(run: Run, tmp_path: Path) -> None:
    run("tenants", "create", "acme")
    made = document(run("keys", "create", "--tenant", "acme", "--name", "ci", "--json"))
    file = tmp_path / "notes"
    file.write_text(f"{made['secret']}\n{new()}\n")
    run("keys", "scan", str(file))
    assert document(run("keys", "list", "--tenant", "acme", "--json"))["keys"][0]["exposed_at"] is None
    shown = run("keys", "scan", str(file), "--mark").stdout.splitlines()
    assert shown[0].endswith(f"({made['key']['id']}, marked as exposed)")
    assert not shown[1].endswith(")")
    key = document(run("keys", "list", "--tenant", "acme", "--json"))["keys"][0]
    assert key["exposed_at"]
    assert key["exposed_where"] == f"{file}:1"
    found = document(run("keys", "scan", str(file), "--mark", "--json"))["found"]
    assert [one["key_id"] for one in found] == [made["key"]["id"], None]


def test_a_file_that_cannot_be_read_is_named_and_the_rest_is_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    for name in ("a", "b"):
        (tmp_path / "tree" / name).write_text(new())
    opened: Callable[..., Any] = Path.open

    def refusing(path: Path, *words: str) -> object:
        if path.name == "a":
            raise PermissionError(13, "Permission denied")
        return opened(path, *words)

    monkeypatch.setattr(Path, "open", refusing)
    result = run("keys", "scan", str(tmp_path / "tree"))
    assert f"{tmp_path}/tree/a: not read: Permission denied" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_a_place_that_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    assert run("keys", "scan", str(tmp_path / "nothing")).exit_code == 2
