"""Checkpoints: signed as the audit grows, never over a broken past, and enough for others to verify it."""

import asyncio
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cybervault.access import checkpoints as module
from cybervault.access.audit import OPERATOR, Audit, Change, Happening
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.proofs.export import verify_lines
from cybervault.access.proofs.inclusion import proof_in
from cybervault.access.proofs.notes import Checkpoint, checkpoints_in, notes_in
from cybervault.access.proofs.rows import Verification
from cybervault.access.rhythm import every
from cybervault.access.store.audit import AuditStore
from cybervault.access.tokens import Pepper, Peppers
from cybervault.domain.principals import TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.storage.database import Database
from tests.access.statements import look, tamper
from tests.fakes.clock import HandClock

ACME = TenantId("tv_1")
PEPPERS = Peppers(Pepper.of(Secret("a pepper that is long enough for tests")))
ROTATED = Peppers(Pepper.of(Secret("another pepper, long enough as well")), PEPPERS.current)
FORGOTTEN = Peppers(ROTATED.current)


@dataclass(frozen=True, slots=True)
class Sealing:
    """One process that writes and signs."""

    database: Database
    clock: HandClock
    store: AuditStore
    audit: Audit
    checkpoints: Checkpoints
    file: Path

    async def add(self, count: int) -> None:
        for number in range(count):
            async with self.store.transaction():
                await self.audit.record(Happening(Change.KEY_CREATED, OPERATOR, f"key_{number}", ACME))


def process(database: Database, file: Path, peppers: Peppers = PEPPERS) -> Sealing:
    clock, store = HandClock(), AuditStore(database)
    audit = Audit(store, clock, peppers)
    checkpoints = Checkpoints(audit, store, clock, peppers=peppers, file=file)
    return Sealing(database, clock, store, audit, checkpoints, file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit-checkpoints.txt"


@pytest.fixture
async def sealing(database: Database, file: Path) -> Sealing:
    """A process that wrote five rows."""
    sealing = process(database, file)
    await sealing.add(5)
    return sealing


async def sealed(sealing: Sealing) -> Checkpoint:
    checkpoint = await sealing.checkpoints.seal()
    assert checkpoint is not None
    return checkpoint


def written(sealing: Sealing) -> tuple[str, ...]:
    """The notes in the file."""
    return notes_in(sealing.file.read_text())


async def refused(sealing: Sealing) -> str:
    with pytest.raises(Problem) as caught:
        await sealing.checkpoints.seal()
    assert caught.value.code == "audit_broken"
    return caught.value.message


async def test_a_checkpoint_covers_all_rows_and_is_kept_in_both_places(sealing: Sealing) -> None:
    checkpoint = await sealed(sealing)
    assert checkpoint.size == 5
    assert await sealing.store.checkpoints() == (checkpoint.text,)
    assert written(sealing) == (checkpoint.text,)
    assert checkpoints_in(checkpoint.text, [sealing.checkpoints.public_key]) == (checkpoint,)
    assert await sealing.checkpoints.verify() == Verification(5, 5, ())


async def test_the_log_shows_every_checkpoint_so_that_it_leaves_the_machine_with_it(sealing: Sealing) -> None:
    with capture_logs() as logs:
        checkpoint = await sealed(sealing)
    assert [(one["event"], one["note"]) for one in logs] == [("audit checkpoint", checkpoint.text)]


async def test_nothing_is_signed_while_there_is_nothing_new(database: Database, file: Path) -> None:
    sealing = process(database, file)
    assert await sealing.checkpoints.seal() is None
    await sealing.add(1)
    assert await sealed(sealing) is await sealed(sealing)
    assert len(written(sealing)) == 1


async def test_checkpoints_follow_one_another_and_all_of_them_hold(sealing: Sealing) -> None:
    for size in (5, 6, 8, 12):
        await sealing.add(size - 5 if size == 5 else size - (await sealed(sealing)).size)
        assert (await sealed(sealing)).size == size
    assert len(written(sealing)) == 4
    assert await sealing.checkpoints.verify() == Verification(12, 12, ())


async def test_a_new_process_goes_on_where_the_last_one_ended(sealing: Sealing) -> None:
    await sealed(sealing)
    again = process(sealing.database, sealing.file)
    assert (await sealed(again)).size == 5
    await again.add(2)
    assert (await sealed(again)).size == 7
    assert len(written(sealing)) == 2


async def test_two_nodes_sign_the_same_and_each_keeps_it_in_a_file_of_its_own(sealing: Sealing, tmp_path: Path) -> None:
    other = process(sealing.database, tmp_path / "other.txt")
    assert await sealed(other) == await sealed(sealing)
    assert other.file.read_text() == sealing.file.read_text()
    assert len(await sealing.store.checkpoints()) == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("DELETE FROM audit WHERE number = 5", "row 5 is missing"),
        ("UPDATE audit SET payload = salt WHERE number = 2", "row 2: its content was changed"),
        ("UPDATE audit_checkpoints SET text = replace(text, '5', '4')", "not signed with the key"),
    ],
)
async def test_a_past_that_was_changed_is_never_signed(sealing: Sealing, change: str, fault: str) -> None:
    checkpoint = await sealed(sealing)
    await tamper(sealing.database, change)
    again = process(sealing.database, sealing.file)
    with pytest.raises(Problem) as caught:
        await again.checkpoints.seal()
    assert fault in caught.value.message
    assert written(sealing) == (checkpoint.text,)


async def test_who_refuses_to_sign_counts_it(sealing: Sealing) -> None:
    await tamper(sealing.database, "UPDATE audit SET payload = salt WHERE number = 2")
    assert "row 2: its content was changed" in await refused(sealing)
    assert sealing.checkpoints.refused == 1


async def test_a_cut_off_end_shows_by_the_database_the_file_or_a_kept_checkpoint(
    sealing: Sealing, tmp_path: Path
) -> None:
    checkpoint = await sealed(sealing)
    await tamper(sealing.database, "DELETE FROM audit WHERE number > 3")
    fault = "rows 4 to 5 are missing: a signed checkpoint covers 5 rows"
    assert fault in (await sealing.checkpoints.verify()).faults
    await tamper(sealing.database, "DELETE FROM audit_checkpoints")
    assert fault in (await sealing.checkpoints.verify()).faults
    elsewhere = process(sealing.database, tmp_path / "none.txt")
    assert (await elsewhere.checkpoints.verify()).faults == ()
    assert (await elsewhere.checkpoints.verify([checkpoint])).faults == (fault,)


async def test_a_changed_checkpoint_of_ours_is_a_fault(sealing: Sealing) -> None:
    await sealed(sealing)
    sealing.file.write_text(sealing.file.read_text().replace("\n5\n", "\n6\n"))
    faults = (await sealing.checkpoints.verify()).faults
    assert faults == ("in the file: The checkpoint of 6 rows is not signed with the key of this audit.",)


async def test_after_a_new_pepper_old_checkpoints_and_rows_still_count(sealing: Sealing) -> None:
    await sealed(sealing)
    rotated = process(sealing.database, sealing.file, ROTATED)
    await rotated.add(1)
    assert (await sealed(rotated)).size == 6
    assert await rotated.checkpoints.verify() == Verification(6, 6, ())


async def test_rows_of_a_pepper_that_is_gone_are_believed_for_the_checkpoint_made_since(sealing: Sealing) -> None:
    await sealed(sealing)
    rotated = process(sealing.database, sealing.file, ROTATED)
    await rotated.add(1)
    await sealed(rotated)
    later = process(sealing.database, sealing.file, FORGOTTEN)
    assert await later.checkpoints.verify() == Verification(6, 6, ())
    await later.add(1)
    assert (await sealed(later)).size == 7


@pytest.mark.parametrize("number", range(1, 6))
async def test_a_row_is_proven_to_who_has_the_public_key_only(sealing: Sealing, number: int) -> None:
    proof = await sealing.checkpoints.prove(number)
    again = proof_in(str(proof), [sealing.checkpoints.public_key])
    assert again.holds
    assert again.row.number == number


@pytest.mark.parametrize("number", [0, -1, 6])
async def test_a_row_that_is_not_there_cannot_be_proven(sealing: Sealing, number: int) -> None:
    with pytest.raises(Problem) as caught:
        await sealing.checkpoints.prove(number)
    assert caught.value.code == "audit_row_not_found"


async def test_in_an_empty_audit_nothing_can_be_proven(database: Database, file: Path) -> None:
    with pytest.raises(Problem) as caught:
        await process(database, file).checkpoints.prove(1)
    assert caught.value.code == "audit_row_not_found"


async def test_an_export_is_verified_without_database_and_pepper(sealing: Sealing) -> None:
    lines = [line async for line in sealing.checkpoints.export()]
    assert verify_lines(lines, [sealing.checkpoints.public_key]) == Verification(5, 5, ())
    del lines[3]
    assert "row 3 is missing" in verify_lines(lines, [sealing.checkpoints.public_key]).faults


async def test_an_export_of_nothing_is_a_first_line_only(database: Database, file: Path) -> None:
    sealing = process(database, file)
    lines = [line async for line in sealing.checkpoints.export()]
    assert verify_lines(lines, [sealing.checkpoints.public_key]) == Verification(0, 0, ())


async def test_the_table_has_a_head_and_a_line_for_each_row(sealing: Sealing) -> None:
    text = "".join([part async for part in sealing.checkpoints.table()])
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head[:4] == ["number", "occurred_at", "tenant_id", "action"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4", "5"]


async def test_a_file_that_cannot_be_written_stops_nothing_and_is_told(database: Database, tmp_path: Path) -> None:
    sealing = process(database, tmp_path)
    await sealing.add(1)
    with capture_logs() as logs:
        assert (await sealed(sealing)).size == 1
    assert logs[-1]["event"] == "audit checkpoint not written to its file"
    assert await sealing.checkpoints.verify() == Verification(1, 1, ())


async def running(sealing: Sealing, stop: asyncio.Event) -> None:
    async with asyncio.timeout(20):
        await sealing.checkpoints.run(stop)


async def turns(database: Database, checkpoints: int) -> None:
    """Let others run until so many checkpoints are kept."""
    async with asyncio.timeout(20):
        async for _ in every(0.01, asyncio.Event()):
            if (await look(database, "SELECT count(*) FROM audit_checkpoints"))[0][0] == checkpoints:
                return


async def test_it_is_signed_each_minute_after_many_rows_and_at_the_end(
    sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_MAX", 3)
    monkeypatch.setattr(module, "_BEAT_SECONDS", 0.01)
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(running(sealing, stop))
        await turns(sealing.database, 1)
        await sealing.add(3)
        await turns(sealing.database, 2)
        await sealing.add(1)
        sealing.clock.advance(60)
        await turns(sealing.database, 3)
        await sealing.add(1)
        stop.set()
    assert [one.size for one in checkpoints_in(sealing.file.read_text(), [sealing.checkpoints.public_key])] == [
        5, 8, 9, 10,
    ]  # fmt: skip


async def test_a_broken_audit_is_told_in_the_log_and_the_process_lives(sealing: Sealing) -> None:
    await tamper(sealing.database, "DELETE FROM audit WHERE number = 2")
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        with capture_logs() as logs:
            task = group.create_task(running(sealing, stop))
            await asyncio.sleep(0)
            stop.set()
            await task
    assert (await look(sealing.database, "SELECT count(*) FROM audit_checkpoints"))[0][0] == 0
    assert [(one["event"], one["code"]) for one in logs] == [("audit not signed", "audit_broken")]
