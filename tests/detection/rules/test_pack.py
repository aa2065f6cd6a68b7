"""Packs: read once, kept as long as nothing has changed, and the rules of several that are in force."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cybervault.detection.engine import Engine
from cybervault.detection.rule import Filter, Where
from cybervault.detection.rules import pack as module
from cybervault.detection.rules.pack import Pack, Profile, Standing, load_pack, merged, narrowed, starter_files
from cybervault.detection.tree import Kind, Leaf, Not, Predicate
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import record, rule, selecting, text_of

FILES = [("a.yml", text_of(selecting(Image="a")).encode()), ("broken.yml", b"- x")]


@pytest.fixture(autouse=True)
def _a_process_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READ", {})


def test_a_pack_has_its_rules_and_what_cannot_be_used() -> None:
    pack = load_pack("ours", FILES)
    assert [one.title for one in pack.rules] == ["A rule"]
    assert [one.path for one in pack.problems] == ["broken.yml"]
    assert pack.rules[0].pack == "ours"


def test_the_same_files_are_read_once(tmp_path: Path) -> None:
    first = load_pack("ours", FILES, cache=tmp_path / "cache")
    (kept,) = (tmp_path / "cache").iterdir()
    before = kept.stat().st_mtime_ns
    assert load_pack("ours", FILES, cache=tmp_path / "cache") == first
    assert kept.stat().st_mtime_ns == before
    load_pack("ours", [*FILES, ("c.yml", b"- y")], cache=tmp_path / "cache")
    load_pack("other", FILES, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").iterdir())) == 3


def test_files_that_look_as_they_did_are_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unread() -> Iterator[tuple[str, bytes]]:
        raise AssertionError("they were read")
        yield

    first = load_pack("ours", FILES, cache=tmp_path, look="as they are")
    for _ in range(2):  # the second time by another process
        assert load_pack("ours", unread(), cache=tmp_path, look="as they are") == first
        monkeypatch.setattr(module, "_READ", {})
    with pytest.raises(AssertionError, match="they were read"):
        load_pack("ours", unread(), cache=tmp_path, look="otherwise")
    with pytest.raises(AssertionError, match="they were read"):
        load_pack("other", unread(), cache=tmp_path, look="as they are")
    for kept in tmp_path.glob("*.pack"):
        kept.unlink()
    assert load_pack("ours", FILES, cache=tmp_path, look="as they are") == first
    monkeypatch.setattr(module, "FORMAT", module.FORMAT + 1)
    with pytest.raises(AssertionError, match="they were read"):
        load_pack("ours", unread(), cache=tmp_path, look="as they are")


def test_what_was_kept_and_is_broken_or_old_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_pack("ours", FILES, cache=tmp_path)
    monkeypatch.setattr(module, "_READ", {})
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"broken")
    assert load_pack("ours", FILES, cache=tmp_path) == first
    monkeypatch.setattr(module, "FORMAT", module.FORMAT + 1)
    assert load_pack("ours", FILES, cache=tmp_path) == first
    assert len(list(tmp_path.iterdir())) == 2


def test_where_nothing_can_be_kept_rules_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert load_pack("ours", FILES, cache=tmp_path / "file" / "cache").rules


def test_a_profile_takes_rules_from_a_level_upwards_and_hunting_only_where_wanted() -> None:
    low = rule(selecting(Image="a"), level="low", id="4b89abaa-99fe-4232-afdd-000000000001")
    high = rule(selecting(Image="b"), level="high", id="4b89abaa-99fe-4232-afdd-000000000002")
    hunting = rule(
        selecting(Image="c"), tags=["detection.threat-hunting"], id="4b89abaa-99fe-4232-afdd-000000000003"
    )  # fmt: skip
    pack = Pack("p", (low, high, hunting), ())
    assert merged([pack], Profile()) == (high,)
    assert merged([pack], Profile(Severity.LOW, has_hunting=True)) == (low, high, hunting)


def test_a_profile_says_why_a_rule_is_not_in_force() -> None:
    low = rule(selecting(Image="a"), level="low")
    hunting = rule(selecting(Image="c"), tags=["detection.threat-hunting"])
    assert Profile().standing(low) is Standing.BELOW_LEVEL
    assert Profile().standing(hunting) is Standing.HUNTING
    assert Profile(off={low.id: "noise"}).standing(low) is Standing.SWITCHED_OFF
    assert Profile(Severity.LOW).standing(low) is Standing.IN_FORCE


def test_a_filter_narrows_rules_of_other_packs_and_outlives_their_release() -> None:
    narrowing = Filter(
        id="f", title="Ours", where=Where("windows"), condition=Not(Leaf(Predicate("User", Kind.EQUALS, "scanner"))),
        rules=(rule(selecting(Image="a")).id,),
    )  # fmt: skip
    for image in ("a", "b"):
        packs = [Pack("theirs", (rule(selecting(Image=image)),), ()), Pack("ours", (), (), (narrowing,))]
        (found,) = merged(packs, Profile())
        assert found.filters == (narrowing,)
        engine = Engine([found])
        assert engine.outcome(record(Image=image, User="me")).matches
        assert not engine.outcome(record(Image=image, User="scanner")).matches


def test_a_rule_without_filters_stays_as_it_is() -> None:
    one = rule(selecting(Image="a"))
    assert narrowed(one, []) is one


def test_who_waits_is_told_how_many_files_were_begun(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    load_pack("ours", FILES, cache=tmp_path, report=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_a_process_does_not_remember_packs_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_READ_MAX", 2)
    for name in "abcd":
        load_pack(name, FILES)
    assert [pack.name for pack in module._READ.values()] == ["c", "d"]


def test_of_two_rules_with_one_id_that_of_the_later_pack_is_in_force() -> None:
    one, other = rule(selecting(Image="a")), rule(selecting(Image="b"))
    assert merged([Pack("p", (one,), ()), Pack("q", (other,), ())], Profile()) == (other,)


def test_the_starter_pack_ships_with_the_product() -> None:
    names = [name for name, _ in starter_files()]
    assert len(names) >= 60
    assert "pack.yml" not in names


def test_what_a_process_has_read_it_does_not_read_again() -> None:
    assert load_pack("ours", FILES) is load_pack("ours", list(FILES))
