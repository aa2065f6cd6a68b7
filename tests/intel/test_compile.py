from dataclasses import replace
from pathlib import Path

import pytest
from xxhash import xxh3_64_hexdigest

from cybervault.domain.clock import SystemClock
from cybervault.intel.compile import Packages, compile_knowledge, main, needs_compile, unsorted_lists
from cybervault.intel.knowledge import Knowledge
from tests.intel.small import BUILT_AT, write_list


def test_every_step_is_reported_before_it_begins(packages: Packages, directory: Path) -> None:
    steps: list[tuple[int, int, str]] = []
    compile_knowledge(directory, packages, built_at=BUILT_AT, report=lambda *step: steps.append(step))
    done, totals, words = zip(*steps, strict=True)
    assert done == tuple(range(len(steps)))
    assert set(totals) == {len(steps)}
    assert "URL shorteners" in words
    assert "COVID-19 sites" not in words


def test_entries_that_cannot_be_read_are_counted_and_left_out(compiled: Path) -> None:
    knowledge = Knowledge.open(compiled)
    assert knowledge is not None
    manifest = next(compiled.glob("generation-*/manifest.json")).read_text(encoding="utf-8")
    assert '"name":"tranco","sort":"popularity","bin":"top_1m"' in manifest
    assert '"entries":3,"unread":1' in manifest
    assert '"version":"7"' in manifest


def test_a_list_that_nobody_sorted_is_named_and_not_compiled(packages: Packages, directory: Path) -> None:
    write_list(packages.lists, "brand-new", {"type": "string", "matching_attributes": [], "list": ["new.com"]})
    assert unsorted_lists(packages) == ("brand-new",)
    compile_knowledge(directory, packages, built_at=BUILT_AT)
    assert "brand-new" not in next(directory.glob("generation-*/manifest.json")).read_text(encoding="utf-8")


def test_a_list_that_no_longer_ships_is_no_failure(packages: Packages, directory: Path) -> None:
    (packages.lists / "tranco" / "list.json").unlink()
    assert compile_knowledge(directory, packages, built_at=BUILT_AT).built_at == BUILT_AT


class TestNeedsCompile:
    def test_nothing_is_there(self, packages: Packages, directory: Path) -> None:
        assert needs_compile(directory, packages)

    def test_it_is_up_to_date(self, packages: Packages, compiled: Path) -> None:
        assert not needs_compile(compiled, packages)

    def test_another_version_of_a_package_is_installed(self, packages: Packages, compiled: Path) -> None:
        assert needs_compile(compiled, replace(packages, versions={**packages.versions, "lists": "1.1"}))
        assert needs_compile(compiled)

    def test_our_table_changed(self, packages: Packages, compiled: Path) -> None:
        path = next(compiled.glob("generation-*/manifest.json"))
        pointer = compiled / "current"
        knowledge = path.read_text(encoding="utf-8")
        start = knowledge.index('"recipe":"') + 10
        changed = knowledge[:start] + "0" * 16 + knowledge[start + 16 :]
        path.write_text(changed, encoding="utf-8")
        kind, name, _ = pointer.read_text(encoding="ascii").split()
        pointer.write_text(f"{kind} {name} {xxh3_64_hexdigest(changed.encode())}\n", encoding="ascii")
        assert Knowledge.open(compiled) is not None
        assert needs_compile(compiled, packages)

    def test_what_is_there_is_broken(self, packages: Packages, compiled: Path) -> None:
        path = next(compiled.glob("generation-*")) / "lists"
        whole = path.read_bytes()
        path.write_bytes(whole[:-1] + b"\x00")
        assert needs_compile(compiled, packages)
        path.write_bytes(whole[:-1])
        assert needs_compile(compiled, packages)


class TestMain:
    def test_it_wants_one_directory(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 2
        assert "usage" in capsys.readouterr().err

    def test_it_compiles_and_tells_each_step(
        self, packages: Packages, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_list(packages.lists, "brand-new", {"type": "string", "list": []})
        before = SystemClock().now()
        assert main([str(directory)], packages) == 0
        knowledge = Knowledge.open(directory)
        assert knowledge is not None
        assert knowledge.describe().built_at >= before
        first, second, *_, last = capsys.readouterr().err.splitlines()
        assert first == "brand-new: not sorted by our table, left out"
        assert second.startswith("1/")
        assert knowledge.describe().generation in last

    def test_a_folder_that_cannot_be_written_is_told(
        self, packages: Packages, directory: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        directory.write_bytes(b"a file")
        assert main([str(directory)], packages) == 1
        assert "exists" in capsys.readouterr().err
