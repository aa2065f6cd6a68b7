"""Advisories in the form of OSV, shaped as its exports are: Debian's, GitHub's and PyPA's differ in what they say."""

import io
import json
import zipfile
from typing import Any, Final

OPENSSL: Final[dict[str, Any]] = {
    "id": "DEBIAN-CVE-2026-0001",
    "upstream": ["CVE-2026-0001"],
    "details": "A flaw in the parser.\nIt lets others in.",
    "modified": "2026-10-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "Debian:12", "name": "openssl", "purl": "pkg:deb/debian/openssl?arch=source"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.13-1~deb12u1"}]}],
            "versions": ["3.0.11-1~deb12u1"],
            "ecosystem_specific": {"urgency": "not yet assigned"},
        },
        {
            "package": {"ecosystem": "Debian:11", "name": "openssl"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
            "ecosystem_specific": {"urgency": "low"},
        },
    ],
}
DJANGO: Final[dict[str, Any]] = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "aliases": ["CVE-2026-0002"],
    "summary": "SQL injection in Django",
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "django"},
            "ranges": [
                {"type": "GIT", "repo": "https://x.example", "events": [{"introduced": "0"}]},
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "2.2"}, {"fixed": "2.2.28"}, {"introduced": "3.0"}, {"fixed": "3.2.13"}],
                },
            ],
        }
    ],
    "database_specific": {"severity": "MODERATE"},
}
DJANGO_AGAIN: Final[dict[str, Any]] = {
    "id": "PYSEC-2026-7",
    "aliases": ["CVE-2026-0002", "GHSA-aaaa-bbbb-cccc"],
    "details": "The same, said by others.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "django"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"last_affected": "2.2.27"}]}],
        }
    ],
}
LEFT_PAD: Final[dict[str, Any]] = {
    "id": "MAL-2026-1",
    "summary": "Malicious code in left-pad",
    "affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}, "versions": ["9.9.9"]}],
    "database_specific": {"severity": "CRITICAL"},
}
LOG4J: Final[dict[str, Any]] = {
    "id": "GHSA-dddd-eeee-ffff",
    "aliases": ["CVE-2026-0009"],
    "summary": "Log lines are run",
    "affected": [
        {
            "package": {"ecosystem": "Maven", "name": "org.apache.logging.log4j:log4j-core"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0-beta9"}, {"fixed": "2.15.0"}]}],
        }
    ],
    "database_specific": {"severity": "CRITICAL"},
}
ALL: Final = (OPENSSL, DJANGO, DJANGO_AGAIN, LEFT_PAD)


def raw(record: object) -> bytes:
    """A record as it is published."""
    return json.dumps(record).encode()


def archive(*records: object) -> bytes:
    """An archive as it is published."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, record in enumerate(records):
            name = record["id"] if isinstance(record, dict) else f"broken-{number}"
            packed.writestr(f"{name}.json", record if isinstance(record, bytes) else raw(record))
        packed.writestr("README.txt", "what this is")
    return made.getvalue()
