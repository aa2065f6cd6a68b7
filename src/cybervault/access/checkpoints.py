"""Checkpoints of the audit: signed as it grows, put where a cut-off end shows, and what is proven by them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import structlog

from cybervault.access.audit import Audit
from cybervault.access.proofs import merkle
from cybervault.access.proofs.export import COLUMNS, head_of, line_of, table_of
from cybervault.access.proofs.inclusion import Proof
from cybervault.access.proofs.notes import Checkpoint, PublicKey, Signer, checkpoints_in, notes_in
from cybervault.access.proofs.rows import AuditRow, Examination, Verification
from cybervault.access.rhythm import every
from cybervault.access.store.audit import BELOW_ALL, AuditStore
from cybervault.access.tokens import Peppers
from cybervault.domain.clock import Clock
from cybervault.domain.problems import Problem, ProblemKind

_LOG: Final = structlog.get_logger("cybervault.access")
_SECONDS_MAX: Final = 60
_BEAT_SECONDS: Final = 1.0
_ROWS_MAX: Final = 1_000
# After so many rows others get their turn in the event loop.
_ROWS_AT_ONCE: Final = 100


class Checkpoints:
    """Signs the audit each minute, or each 1,000 rows of this process, and never one that does not hold.

    `file` is where every checkpoint is written too, to be carried to another machine.
    """

    def __init__(self, audit: Audit, store: AuditStore, clock: Clock, *, peppers: Peppers, file: Path) -> None:
        self._audit = audit
        self._store = store
        self._clock = clock
        self._file = file
        self._signer = Signer(peppers.current)
        older = () if peppers.previous is None else (Signer(peppers.previous).public_key,)
        self.known_keys = (self._signer.public_key, *older)
        self._examination: Examination | None = None
        self._looked_at = BELOW_ALL
        self._newest: Checkpoint | None = None
        self._turn = asyncio.Lock()
        self.refused = 0

    @property
    def public_key(self) -> PublicKey:
        """What others check our checkpoints with."""
        return self._signer.public_key

    async def seal(self) -> Checkpoint | None:
        """Sign what has been written; None while there is nothing.

        Raises `Problem` CONFLICT `audit_broken` where rows are not as they were written: such a past is not signed.
        """
        async with self._turn:
            last = await self._store.last()
            if last is None or (self._newest is not None and self._newest.size >= last.number):
                return self._newest
            examination = await self._looked_through()
            self._refuse_broken(examination)
            checkpoint = self._signer.checkpoint(examination.tree.size, examination.tree.root)
            if await self._store.checkpoint(checkpoint.size) != checkpoint.text:
                await self._store.add_checkpoint(checkpoint, self._clock.now().timestamp())
            self._publish(checkpoint)
            self._newest = checkpoint
            return checkpoint

    async def run(self, stop: asyncio.Event) -> None:
        """Sign now and then until `stop` is set, and once more at the end."""
        sealed_at, sealed_rows = self._clock.seconds() - _SECONDS_MAX, 0
        async for _ in every(_BEAT_SECONDS, stop):
            is_due = self._clock.seconds() - sealed_at >= _SECONDS_MAX
            if is_due or self._audit.recorded - sealed_rows >= _ROWS_MAX or stop.is_set():
                sealed_at, sealed_rows = self._clock.seconds(), self._audit.recorded
                try:
                    await self.seal()
                except Problem as problem:
                    _LOG.error("audit not signed", code=problem.code, reason=problem.detail or problem.message)

    async def verify(self, kept: Sequence[Checkpoint] = ()) -> Verification:
        """Look at every row, and hold them against every checkpoint: of the database, of the file, and kept elsewhere.

        A checkpoint of ours that was changed is a fault; one signed before the last two peppers says nothing.
        """
        faults: list[str] = []
        known = [*kept]
        for place, texts in (("database", await self._store.checkpoints()), ("file", self._published())):
            for text in filter(self._is_ours, texts):
                try:
                    known += checkpoints_in(text, self.known_keys)
                except Problem as problem:
                    faults.append(f"in the {place}: {problem.message}")
        found = await self._audit.verify(known)
        return Verification(found.rows, found.covered, (*found.faults, *faults))

    async def prove(self, number: int) -> Proof:
        """The proof that a row stands in the audit; `Problem` NOT_FOUND `audit_row_not_found`."""
        checkpoint = await self.seal()
        row: AuditRow | None = None
        if checkpoint is not None:
            path = merkle.Path(number - 1, checkpoint.size)
            async for one in self._rows_of(checkpoint):
                path.add(one.leaf)
                row = one if one.number == number else row
        if checkpoint is None or row is None:
            raise Problem(
                ProblemKind.NOT_FOUND, code="audit_row_not_found", message=f"The audit has no row of number {number}."
            )
        return Proof(row, path.hashes, checkpoint)

    async def export(self) -> AsyncIterator[str]:
        """Lines that anybody can verify with the public key (see `access.proofs.export`)."""
        checkpoint = await self.seal()
        yield head_of(checkpoint)
        if checkpoint is not None:
            async for row in self._rows_of(checkpoint):
                yield line_of(row)

    async def table(self) -> AsyncIterator[str]:
        """The same as lines of CSV for people, which prove nothing."""
        yield ",".join(COLUMNS) + "\r\n"
        async for page in self._store.rows():
            yield table_of(page)

    async def _rows_of(self, checkpoint: Checkpoint) -> AsyncIterator[AuditRow]:
        async for page in self._store.rows():
            for row in page:
                if row.number <= checkpoint.size:
                    yield row

    async def _looked_through(self) -> Examination:
        """All rows up to now, looked at once each; the first time those of before this process too."""
        if self._examination is None:
            texts = filter(self._is_ours, await self._store.checkpoints())
            known = [one for text in texts for one in checkpoints_in(text, self.known_keys)]
            self._examination = self._audit.examination(known)
        examination = self._examination
        async for page in self._store.rows(self._looked_at):
            for count, row in enumerate(page):
                examination.look(row)
                self._looked_at = row.number
                if count % _ROWS_AT_ONCE == 0:
                    await asyncio.sleep(0)
        return examination

    def _refuse_broken(self, examination: Examination) -> None:
        faults = examination.found.faults
        if not faults:
            return
        self.refused += 1
        raise Problem(
            ProblemKind.CONFLICT,
            code="audit_broken",
            message=f"The audit is not as it was written, so it is not signed: {faults[0]}.",
            detail="; ".join(faults[:10]),
        )

    def _is_ours(self, text: str) -> bool:
        return any(key.is_named_in(text) for key in self.known_keys)

    def _publish(self, checkpoint: Checkpoint) -> None:
        """Write it where it can be carried away from; a node adds those of others too, for more places hold more."""
        if self._newest is None and checkpoint.text in self._published()[-1:]:
            return  # the last one of the process before
        _LOG.info("audit checkpoint", size=checkpoint.size, note=checkpoint.text)
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{checkpoint.text}\n")
        except OSError as error:
            _LOG.warning("audit checkpoint not written to its file", file=str(self._file), reason=str(error))

    def _published(self) -> tuple[str, ...]:
        try:
            return notes_in(self._file.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return ()
