"""Archives of OSV: one ZIP for each ecosystem, with a JSON file for each advisory (google.github.io/osv.dev/data)."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

from cybervault.domain.problems import Problem, ProblemKind
from cybervault.egress.client import Egress
from cybervault.egress.download import DownloadError, download
from cybervault.egress.message import OutgoingRequest
from cybervault.scans.osv import Advisory, advisory_of

ECOSYSTEMS: Final = (
    "Debian", "Ubuntu", "Alpine", "Red Hat", "Rocky Linux", "AlmaLinux", "SUSE", "openSUSE", "Mageia",
    "Azure Linux", "Wolfi", "Chainguard", "PyPI", "npm", "Maven", "Go", "crates.io", "RubyGems", "NuGet", "Packagist",
)  # fmt: skip
"""Those whose packages engines find."""
_HOST: Final = "https://osv-vulnerabilities.storage.googleapis.com"
_ARCHIVE_BYTES_MAX: Final = 2 * 1024 * 1024 * 1024
_RECORD_BYTES_MAX: Final = 16 * 1024 * 1024
_RECORDS_MAX: Final = 2_000_000
_SECONDS_MAX: Final = 1_800.0


def address_of(ecosystem: str) -> str:
    """Where the archive of an ecosystem is published."""
    return f"{_HOST}/{quote(ecosystem)}/all.zip"


async def fetch_archive(egress: Egress, url: str, *, into: BinaryIO, report: Callable[[int, int], None]) -> None:
    """Write an archive into a file; `report` is told how many bytes came, and of how many (0: nobody knows).

    Raises `Problem` UPSTREAM `advisories_not_fetched`.
    """
    request = OutgoingRequest(url=url, timeout_seconds=_SECONDS_MAX, body_bytes_max=_ARCHIVE_BYTES_MAX)
    try:
        await download(egress, request, into=into, report=report)
    except DownloadError as error:
        raise not_fetched(url, error.reason) from None


@dataclass(slots=True)
class Archive:
    """One archive; after its advisories were taken, `unread` are the names of those that could not be read."""

    path: Path
    unread: list[str] = field(default_factory=list)

    def advisories(self, report: Callable[[int, int], None]) -> Iterator[Advisory]:
        """Those that stand; `report` is told how many were read, and of how many.

        Raises `Problem` INVALID `advisories_not_read` for what is no archive of advisories.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                members = [one for one in archive.infolist() if one.filename.endswith(".json")][:_RECORDS_MAX]
                for count, member in enumerate(members, 1):
                    yield from self._one(archive, member)
                    report(count, len(members))
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise _not_read(self.path, str(error)) from None
        if len(self.unread) == len(members):
            raise _not_read(self.path, "no advisory in the form of OSV is in it")

    def _one(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Advisory]:
        found = None
        try:
            if member.file_size <= _RECORD_BYTES_MAX:
                found = advisory_of(archive.read(member))
            else:
                self.unread.append(member.filename)
        except (ValueError, RecursionError, zipfile.BadZipFile, zlib.error):
            self.unread.append(member.filename)
        if found is not None:
            yield found


def not_fetched(url: str, reason: str) -> Problem:
    """Why an archive did not come, and what to do without a network."""
    return Problem(
        ProblemKind.UPSTREAM,
        code="advisories_not_fetched",
        message=f"{url} cannot be fetched ({reason}). Offline, give the archive with --from FILE.",
    )


def _not_read(path: Path, reason: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="advisories_not_read", message=f"{path.name} cannot be read: {reason}.")
