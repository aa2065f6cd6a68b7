"""Files that `cybervault detect` writes: opened before hours are spent, there when they are whole, or not at all."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

import typer

from cybervault.domain.problems import Problem, ProblemKind

Making: TypeAlias = Callable[[], bytes]


class Report:
    """A file that takes its name, and the place of one that had it, when all of it was written."""

    def __init__(self, option: str, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        try:
            self._file: IO[bytes] = self._part.open("wb")
        except OSError as error:
            raise typer.BadParameter(f"{path} cannot be written: {error.strerror}.", param_hint=option) from None

    def write(self, content: bytes) -> None:
        """All of it; `Problem` UNAVAILABLE `report_not_written` where there is no room, and the like."""
        try:
            with self._file:
                self._file.write(content)
            self._part.replace(self._path)
        except OSError as error:
            raise Problem(
                ProblemKind.UNAVAILABLE,
                code="report_not_written",
                message=f"{self._path} cannot be written: {error.strerror}.",
            ) from None

    def drop(self) -> None:
        """Nothing is left of one that was not written."""
        self._file.close()
        self._part.unlink(missing_ok=True)


@contextmanager
def opened(wanted: Mapping[str, Path | None], read: Sequence[Path]) -> Iterator[Mapping[str, Report]]:
    """The reports that are wanted, by the option that names each; `read` are files that none may replace."""
    reports: dict[str, Report] = {}
    taken = {path.resolve() for path in read}
    try:
        for option, path in wanted.items():
            if path is None:
                continue
            if path.resolve() in taken:
                raise typer.BadParameter(f"{path} is named twice.", param_hint=option)
            taken.add(path.resolve())
            reports[option] = Report(option, path)
        yield reports
    finally:
        for report in reports.values():
            report.drop()
