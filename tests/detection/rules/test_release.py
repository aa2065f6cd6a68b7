"""Releases: where they come from, what they change, and what is not believed."""

import hashlib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from cybervault.detection.rules import release as module
from cybervault.detection.rules.files import files_of
from cybervault.detection.rules.pack import Pack, load_pack
from cybervault.detection.rules.release import Changes, changes, install, place_of, refuse_few, refuse_other, release_at
from cybervault.domain.problems import Problem
from tests.detection.sigma import rule, selecting
from tests.fakes.releases import archive, release, rule_text

AT = datetime(2026, 11, 2, tzinfo=UTC)
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def pack_of(count: int, first: int = 0) -> Pack:
    numbers = range(first, first + count)
    return Pack(
        "sigmahq",
        tuple(rule(selecting(Image="a"), id=f"00000000-0000-4000-8000-{number:012}") for number in numbers),
        (),
    )


def test_an_archive_gives_its_rules_its_digest_and_its_version(tmp_path: Path) -> None:
    raw = release(3)
    (tmp_path / "r.zip").write_bytes(raw)
    found = release_at(tmp_path / "r.zip", "https://example.org/r.zip")
    assert [path for path, _ in found.files] == [f"rules/windows/r{number}.yml" for number in range(3)]
    assert (found.sha256, found.version) == (hashlib.sha256(raw).hexdigest(), "r2026-11-01")
    assert found.source == "https://example.org/r.zip"


def test_another_digest_than_was_wanted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(release(3))
    found = release_at(tmp_path / "r.zip")
    for wanted in ("", found.sha256, f" sha256:{found.sha256.upper()} "):
        refuse_other(found, wanted)
    with pytest.raises(Problem, match=found.sha256) as caught:
        refuse_other(found, "0" * 64)
    assert caught.value.code == "rules_checksum"


def test_an_archive_need_not_tell_its_version_and_a_file_may_be_one_rule(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(archive({"a.yml": rule_text(1)}))
    (tmp_path / "r.yml").write_text(rule_text(1))
    assert release_at(tmp_path / "r.zip").version == ""
    found = release_at(tmp_path / "r.yml")
    assert ([path for path, _ in found.files], found.version) == (["r.yml"], "")


def test_a_checkout_gives_its_rules_and_filters_alone_and_its_commit(tmp_path: Path) -> None:
    for name in (".git", ".github/workflows", "rules/b", "rules-threat-hunting", "filters", "tests", "rules.d"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "x.yml").write_text(rule_text(1))
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/master\n")
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{COMMIT} refs/heads/master\n")
    found = release_at(tmp_path)
    assert [path for path, _ in found.files] == ["filters/x.yml", "rules-threat-hunting/x.yml", "rules/b/x.yml"]
    assert found.version == COMMIT
    (tmp_path / ".git" / "HEAD").write_text(COMMIT.replace("0", "1"))
    assert release_at(tmp_path).version == COMMIT.replace("0", "1")
    assert found.sha256 == release_at(tmp_path).sha256


def test_a_folder_without_such_folders_gives_all_rules_that_are_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / ".x").mkdir()
    for name in ("a/x.yml", ".x/y.yml"):
        (tmp_path / name).write_text(rule_text(1))
    found = release_at(tmp_path)
    assert ([path for path, _ in found.files], found.version) == (["a/x.yml"], "")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    raw = bytearray(release(3))
    raw[60:90] = bytes(30)
    (tmp_path / "broken.zip").write_bytes(raw)
    for name in ("broken.zip", "gone.zip"):
        with pytest.raises(Problem, match="cannot be read") as caught:
            release_at(tmp_path / name)
        assert caught.value.code == "bad_rules"


@pytest.mark.parametrize("limit", ["FILES_MAX", "CONTENT_BYTES_MAX"])
def test_an_archive_larger_than_any_release_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(module, limit, 2)
    (tmp_path / "r.zip").write_bytes(release(3))
    with pytest.raises(Problem, match="holds more than"):
        release_at(tmp_path / "r.zip")


def test_what_changes_is_told_by_ids() -> None:
    before, after = pack_of(2), pack_of(2, first=1)
    other = rule(selecting(Image="b"), id=after.rules[0].id)
    found = changes(before, Pack("sigmahq", (other, after.rules[1]), ()))
    assert found == Changes((after.rules[1].id,), (before.rules[0].id,), (other.id,))
    assert changes(None, after) == Changes(tuple(one.id for one in after.rules), (), ())


def test_a_release_that_lost_most_rules_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RULES_MIN", 2)
    refuse_few(None, pack_of(2))
    refuse_few(pack_of(6), pack_of(3))
    for before, after in ((None, pack_of(1)), (pack_of(6), pack_of(2))):
        with pytest.raises(Problem, match="Nothing was changed") as caught:
            refuse_few(before, after)
        assert caught.value.code == "rules_too_few"


def test_what_is_put_in_place_is_a_pack_with_its_manifest_and_is_read_as_before(tmp_path: Path) -> None:
    (tmp_path / "r.zip").write_bytes(release(3))
    found = release_at(tmp_path / "r.zip")
    packs = tmp_path / "packs"
    install(found, packs, rules=3, at=AT)
    assert [one.name for one in packs.iterdir()] == ["sigmahq.zip"]
    assert tuple(files_of(place_of(packs))) == found.files
    assert len(load_pack("sigmahq", files_of(place_of(packs))).rules) == 3
    with zipfile.ZipFile(place_of(packs)) as made:
        manifest = yaml.safe_load(made.read("pack.yml"))
    assert manifest == {
        "name": "sigmahq",
        "source": str(tmp_path / "r.zip"),
        "sha256": found.sha256,
        "version": "r2026-11-01",
        "at": "2026-11-02T00:00:00Z",
        "rules": 3,
        "licence": "DRL-1.1",
    }
