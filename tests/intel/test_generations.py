import fcntl
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from xxhash import xxh3_64_hexdigest

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.intel.allowlists import Sort
from cybervault.intel.generations import (
    FILES,
    FORMAT,
    ListRecord,
    Manifest,
    Pointer,
    building,
    check_files,
    file_record,
    publish,
    read_manifest,
    read_pointer,
)


def build(directory: Path, content: bytes = b"content") -> Pointer:
    with building(directory) as folder:
        for name in FILES:
            (folder / name).write_bytes(content)
        record = ListRecord("n", Sort.NAMED, "", "T", "", "", version="1", entries=1, unread=0)
        manifest = Manifest(
            datetime(2026, 11, 1, tzinfo=UTC), {"package": "1"}, "recipe", 7, {"names": 1}, lists=(record,),
            combinations=((), (0,)), files={name: file_record(folder / name) for name in FILES},
        )  # fmt: skip
        return publish(folder, manifest)


def test_nothing_published_is_no_generation(tmp_path: Path) -> None:
    assert read_pointer(tmp_path) is None
    assert read_pointer(tmp_path / "nowhere") is None


def test_a_published_generation_is_current_and_whole(tmp_path: Path) -> None:
    pointer = build(tmp_path / "knowledge")
    assert read_pointer(tmp_path / "knowledge") == pointer
    manifest = read_manifest(tmp_path / "knowledge", pointer)
    assert (manifest.seed, manifest.combinations) == (7, ((), (0,)))
    check_files(tmp_path / "knowledge" / pointer.name, manifest)


def test_the_one_before_is_kept_and_older_ones_go(tmp_path: Path) -> None:
    names = [build(tmp_path).name for _ in range(3)]
    assert {path.name for path in tmp_path.glob("generation-*")} == set(names[1:])


def test_leftovers_of_a_killed_build_are_removed(tmp_path: Path) -> None:
    (tmp_path / "building-dead").mkdir()
    (tmp_path / "building-dead" / "lists").write_bytes(b"half")
    (tmp_path / "current.new").write_text("half", encoding="ascii")
    pointer = build(tmp_path)
    assert not list(tmp_path.glob("building-*"))
    assert not (tmp_path / "current.new").exists()
    assert read_pointer(tmp_path) == pointer


def test_a_build_that_fails_leaves_the_current_generation_alone(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    with pytest.raises(RuntimeError), building(tmp_path):
        raise RuntimeError
    assert read_pointer(tmp_path) == pointer
    assert not list(tmp_path.glob("building-*"))


def test_only_one_process_builds_at_a_time(tmp_path: Path) -> None:
    with building(tmp_path), (tmp_path / "lock").open("wb") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_another_format_counts_as_nothing_built(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    (tmp_path / "current").write_text(str(replace(pointer, format=FORMAT + 1)), encoding="ascii")
    assert read_pointer(tmp_path) is None


@pytest.mark.parametrize(
    "text",
    [b"", b"1", b"1 generation-x 0123456789abcdef", b"1 ../../etc 0123456789abcdef\n", b"1 generation-../x 0123\n",
     b"\xff\xfe", b"1 generation-a 0123456789abcdef\n\n"],
)  # fmt: skip
def test_a_damaged_pointer_is_refused(tmp_path: Path, text: bytes) -> None:
    """No content of the pointer leads a reader to another place of the disk."""
    (tmp_path / "current").write_bytes(text)
    with pytest.raises(Problem) as caught:
        read_pointer(tmp_path)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.UNAVAILABLE, "local_knowledge_broken")


def test_a_damaged_pointer_is_replaced_by_the_next_build(tmp_path: Path) -> None:
    (tmp_path / "current").write_bytes(b"damaged")
    assert read_pointer_after(tmp_path, build(tmp_path))


def read_pointer_after(directory: Path, pointer: Pointer) -> bool:
    return read_pointer(directory) == pointer


def test_a_missing_generation_is_refused(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    shutil.rmtree(tmp_path / pointer.name)
    with pytest.raises(Problem):
        read_manifest(tmp_path, pointer)


def test_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    path = tmp_path / pointer.name / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"seed":7', b'"seed":8'))
    with pytest.raises(Problem) as caught:
        read_manifest(tmp_path, pointer)
    assert "checksum" in caught.value.detail


def test_a_manifest_of_another_form_is_refused(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    (tmp_path / pointer.name / "manifest.json").write_bytes(b"{}")
    with pytest.raises(Problem):
        read_manifest(tmp_path, replace(pointer, checksum=xxh3_64_hexdigest(b"{}")))


def test_a_manifest_that_lists_too_few_files_is_refused(tmp_path: Path) -> None:
    pointer = build(tmp_path)
    path = tmp_path / pointer.name / "manifest.json"
    manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    text = msgspec.json.encode(msgspec.structs.replace(manifest, files={}))
    path.write_bytes(text)
    with pytest.raises(Problem):
        read_manifest(tmp_path, replace(pointer, checksum=xxh3_64_hexdigest(text)))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_looked_at(tmp_path: Path, name: str) -> None:
    pointer = build(tmp_path)
    manifest = read_manifest(tmp_path, pointer)
    path = tmp_path / pointer.name / name
    path.write_bytes(b"CONTENT")
    with pytest.raises(Problem) as changed:
        check_files(path.parent, manifest)
    path.write_bytes(b"short")
    with pytest.raises(Problem) as shortened:
        read_manifest(tmp_path, pointer)
    path.unlink()
    with pytest.raises(Problem) as gone:
        read_manifest(tmp_path, pointer)
    with pytest.raises(Problem):
        check_files(path.parent, manifest)
    assert all(name in caught.value.detail for caught in (changed, shortened, gone))
