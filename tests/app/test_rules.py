"""The rules of a running product: those that ship at once, and those of the operator beside them."""

import asyncio
import uuid
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from cybervault.app.rules import STARTER_PACK, RuleShelf
from cybervault.detection.batch import BatchDetector, LeadingDetector
from cybervault.detection.detector import Detector
from cybervault.detection.normal.seed import records_of
from cybervault.detection.record import LogSource
from cybervault.detection.rules.pack import Profile
from cybervault.detection.rules.switches import PROFILE_FILE, keep_switched_off
from cybervault.domain.telemetry import read_telemetry
from cybervault.domain.verdicts import Severity
from tests.detection.sigma import selecting, text_of
from tests.fakes.threats import SEED

SAMPLE = read_telemetry("endpoint_telemetry", SEED["payload"])  # type: ignore[arg-type] # a JSON object
OWN = text_of(selecting(Image__endswith="\\svchost.exe"), title="Our own")


@pytest.fixture
def detector() -> Detector:
    return Detector()


@pytest.fixture
def shelf(tmp_path: Path, detector: Detector) -> RuleShelf:
    return RuleShelf(tmp_path, detector, Profile())


def fired(detector: Detector) -> list[tuple[str, str]]:
    return [(one.rule.pack, one.rule.title) for one in detector.of_telemetry(SAMPLE).matches]


async def test_the_documented_sample_is_known_to_the_rules_that_ship(shelf: RuleShelf, detector: Detector) -> None:
    await shelf.start()
    ((pack, _),) = fired(detector)
    assert pack == STARTER_PACK
    (match,) = detector.of_telemetry(SAMPLE).matches
    assert match.rule.techniques == ("T1571",)


async def test_packs_of_the_operator_come_beside_them(shelf: RuleShelf, detector: Detector, tmp_path: Path) -> None:
    (tmp_path / "packs" / "ours").mkdir(parents=True)
    (tmp_path / "packs" / "ours" / "own.yml").write_text(OWN)
    with zipfile.ZipFile(tmp_path / "packs" / "theirs.zip", "w") as archive:
        archive.writestr("x.yml", OWN.replace("4b89abaa", "4b89abab").replace("Our own", "Their own"))
    await shelf.start()
    await shelf.build()
    assert {pack for pack, _ in fired(detector)} == {STARTER_PACK, "ours", "theirs"}


async def test_a_rule_that_a_correlation_counts_is_told_to_calls_and_counted_in_batches(tmp_path: Path) -> None:
    follower = BatchDetector()
    detector = LeadingDetector(follower)
    shelf = RuleShelf(tmp_path, detector, Profile())
    counted = yaml.safe_load(OWN)["id"]
    told = {"type": "event_count", "rules": [counted], "timespan": "1m", "condition": {"gte": 5}}
    together = {"title": "Together", "id": str(uuid.UUID(int=7)), "level": "high", "correlation": told}
    (tmp_path / "packs" / "ours").mkdir(parents=True)
    (tmp_path / "packs" / "ours" / "own.yml").write_text(OWN)
    (tmp_path / "packs" / "ours" / "together.yml").write_text(yaml.safe_dump(together))
    await shelf.start()
    await shelf.build()
    assert ("ours", "Our own") in fired(detector)
    assert "Our own" not in {one.rule.title for one in follower.of_records(records_of(SAMPLE)).matches}
    assert counted in follower.plan.silent
    assert "Together" in {one.rule.title for one in follower.plan.steps}


async def test_a_correlation_that_cannot_be_watched_for_is_told(shelf: RuleShelf, tmp_path: Path) -> None:
    told = {"type": "event_count", "rules": ["nobody"], "timespan": "1m", "condition": {"gte": 5}}
    alone = {"title": "Alone", "id": str(uuid.UUID(int=8)), "level": "high", "correlation": told}
    (tmp_path / "packs" / "ours").mkdir(parents=True)
    (tmp_path / "packs" / "ours" / "alone.yml").write_text(yaml.safe_dump(alone))
    with capture_logs() as logs:
        await shelf.build()
    (warning,) = [one for one in logs if one["event"] == "correlation not watched for"]
    assert (warning["path"], "nobody" in warning["reason"]) == ("alone.yml", True)


async def test_without_own_packs_there_is_nothing_to_build(shelf: RuleShelf, detector: Detector) -> None:
    await shelf.start()
    engine = detector._engine
    await shelf.build()
    assert detector._engine is engine


async def test_a_pack_that_cannot_be_read_is_told_and_the_others_are_in_force(
    shelf: RuleShelf, detector: Detector, tmp_path: Path
) -> None:
    (tmp_path / "packs" / "ours").mkdir(parents=True)
    (tmp_path / "packs" / "ours" / "own.yml").write_text(OWN)
    broken = tmp_path / "packs" / "broken.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("x.yml", OWN * 50)
    raw = bytearray(broken.read_bytes())
    raw[60:90] = bytes(30)
    broken.write_bytes(raw)
    with capture_logs() as logs:
        await shelf.build()
    assert {
        "event": "pack of rules not read",
        "pack": "broken.zip",
        "reason": "BadZipFile",
        "log_level": "warning",
    } in logs
    assert "ours" in {pack for pack, _ in fired(detector)}


async def test_the_profile_says_which_rules_are_in_force(tmp_path: Path, detector: Detector) -> None:
    await RuleShelf(tmp_path, detector, Profile(Severity.CRITICAL)).start()
    assert fired(detector) == []


async def test_what_was_read_is_kept_in_the_folder(shelf: RuleShelf, tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "one.yml").write_text(OWN)
    await shelf.build()
    assert list((tmp_path / "cache").glob("*.pack"))


def test_what_all_log_sources_need_is_compiled_ahead(shelf: RuleShelf, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    shelf.compile(lambda done, total: told.append((done, total)))
    assert told == [(number, len(told)) for number in range(1, len(told) + 1)]
    made = set((tmp_path / "cache").rglob("*.part"))
    assert len(made) > 50
    engine = shelf.engine(shelf.packs(), shelf.plan(shelf.packs()))
    engine.matcher(LogSource("windows", frozenset({"image_load"}), "sysmon"), "7")
    assert set((tmp_path / "cache").rglob("*.part")) == made


@asynccontextmanager
async def running(shelf: RuleShelf) -> AsyncGenerator[None]:
    """The shelf at work as in a server."""
    await shelf.start()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(shelf.run())
        try:
            yield
        finally:
            task.cancel()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - files are looked at in real time
            await asyncio.sleep(0.005)


class TestWhileItRuns:
    @pytest.fixture
    def shelf(self, tmp_path: Path, detector: Detector) -> RuleShelf:
        (tmp_path / "packs").mkdir()
        return RuleShelf(tmp_path, detector, Profile(), look_seconds=0.01)

    async def test_a_pack_that_comes_changes_and_goes_is_followed_and_no_event_is_lost(
        self, shelf: RuleShelf, detector: Detector, tmp_path: Path
    ) -> None:
        pack = tmp_path / "packs" / "ours.yml"
        titles: list[list[str]] = []

        def names() -> list[str]:
            titles.append([title for pack, title in fired(detector) if pack == "ours"])
            assert STARTER_PACK in {pack for pack, _ in fired(detector)}
            return titles[-1]

        async with running(shelf):
            pack.write_text(OWN)
            await until(lambda: names() == ["Our own"])
            pack.write_text(OWN.replace("Our own", "Other"))
            await until(lambda: names() == ["Other"])
            pack.unlink()
            await until(lambda: names() == [])

    async def test_a_rule_that_is_switched_off_stops_firing_and_comes_back(
        self, shelf: RuleShelf, detector: Detector, tmp_path: Path
    ) -> None:
        async with running(shelf):
            (match,) = detector.of_telemetry(SAMPLE).matches
            keep_switched_off(tmp_path, {match.rule.id: "noise"})
            await until(lambda: fired(detector) == [])
            keep_switched_off(tmp_path, {})
            await until(lambda: len(fired(detector)) == 1)

    async def test_a_pack_that_does_not_load_leaves_the_one_before_in_force(
        self, shelf: RuleShelf, detector: Detector, tmp_path: Path
    ) -> None:
        (tmp_path / "packs" / "ours.yml").write_text(OWN)
        with zipfile.ZipFile(tmp_path / "packs" / "theirs.zip", "w") as archive:
            archive.writestr("x.yml", OWN.replace("4b89abaa", "4b89abab").replace("Our own", "Their own"))
        with capture_logs() as logs:
            async with running(shelf):
                await until(lambda: len(fired(detector)) == 3)
                (tmp_path / "packs" / "ours.yml").write_text("title: [")
                raw = (tmp_path / "packs" / "theirs.zip").read_bytes()
                (tmp_path / "packs" / "theirs.zip").write_bytes(raw[:40] + bytes(40) + raw[80:])
                (tmp_path / "packs" / "new.yml").write_text(OWN.replace("4b89abaa", "4b89abac"))
                await until(lambda: "new" in {pack for pack, _ in fired(detector)})
        assert {pack for pack, _ in fired(detector)} == {STARTER_PACK, "ours", "theirs", "new"}
        told = {one["pack"]: one["reason"] for one in logs if one["event"] == "pack of rules not read"}
        assert "none of its rules can be used: it is no YAML" in told["ours.yml"]
        assert told["theirs.zip"]

    async def test_a_profile_that_cannot_be_read_leaves_those_before_switched_off(
        self, shelf: RuleShelf, detector: Detector, tmp_path: Path
    ) -> None:
        async with running(shelf):
            (match,) = detector.of_telemetry(SAMPLE).matches
            keep_switched_off(tmp_path, {match.rule.id: "noise"})
            await until(lambda: fired(detector) == [])
            with capture_logs() as logs:
                (tmp_path / PROFILE_FILE).write_text("[off")
                await until(lambda: any(one["event"] == "profile of rules not read" for one in logs))
            assert fired(detector) == []

    async def test_what_is_hidden_is_no_pack_and_what_goes_away_meanwhile_is_no_fault(
        self, shelf: RuleShelf, tmp_path: Path
    ) -> None:
        (tmp_path / "packs" / ".ours.yml.123").write_text(OWN)
        (tmp_path / "packs" / "gone.yml").symlink_to(tmp_path / "nowhere")
        assert len(shelf.state()) == 1
        (tmp_path / "packs" / "gone.yml").unlink()
        assert [pack.name for pack in shelf.packs()] == [STARTER_PACK]

    async def test_a_folder_that_cannot_be_read_leaves_its_packs_as_they_were(
        self, shelf: RuleShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "packs" / "ours.yml").write_text(OWN)
        assert [pack.name for pack in shelf.packs()] == [STARTER_PACK, "ours"]

        listed = Path.iterdir

        def refused(place: Path) -> Iterator[Path]:
            if place.name == "packs":
                raise PermissionError
            return listed(place)

        monkeypatch.setattr(Path, "iterdir", refused)
        with capture_logs() as logs:
            assert [pack.name for pack in shelf.packs()] == [STARTER_PACK, "ours"]
        assert [one["event"] for one in logs] == ["packs of rules not read"]
