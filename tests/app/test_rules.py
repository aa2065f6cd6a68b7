"""The rules of a running product: those that ship at once, and those of the operator beside them."""

import zipfile
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cybervault.app.rules import STARTER_PACK, RuleShelf
from cybervault.detection.detector import Detector
from cybervault.detection.rules.pack import Profile
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
