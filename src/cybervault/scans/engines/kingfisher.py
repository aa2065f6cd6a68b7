"""Secrets of some five hundred forms, by kingfisher: which form, in which file and line, and never the secret.

It is given texts in a folder, and has no way into the network: whether a secret still opens anything is not tried.
Whoever built the image wrote every word it reads.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from cybervault.confinement.program import Bounds
from cybervault.confinement.ways import NOWHERE

_MIB: Final = 1024 * 1024
FOUND_MAX: Final = 10_000
BOUNDS: Final = Bounds(
    seconds=600.0, memory_bytes=4096 * _MIB, cpu_seconds=900, output_bytes=64 * _MIB, files=1024, port=NOWHERE,
)  # fmt: skip
# 0: nothing; 200: something; 205: something that is surely a secret.
_CODES: Final = frozenset({0, 200, 205})
_FORM: Final = re.compile(r"[a-z0-9]+\.(?:secrets/)?([a-z0-9._-]{1,80})")
_ADDRESS: Final = "generic-credential-uri"


class Found(NamedTuple):
    """A secret in the text of that number; `line` from 1, or 0 where it does not say."""

    number: int
    what: str
    line: int

    @property
    def rule(self) -> str:
        """The rule of ours that holds: texts about addresses have passwords in them that are none."""
        return "image_password_in_address" if self.what == _ADDRESS else "image_secret_in_file"


class _Rule(msgspec.Struct, frozen=True):
    id: str


class _Spot(msgspec.Struct, frozen=True):
    # What it shows of the secret, be it but its digest, is not even read.
    path: str
    line: int


class _Finding(msgspec.Struct, frozen=True):
    rule: _Rule
    finding: _Spot


class _Summary(msgspec.Struct, frozen=True):
    scan_succeeded: int
    scan_partial: int
    scan_failed: int
    pending: int


class _Audit(msgspec.Struct, frozen=True):
    summary: _Summary


class _Document(msgspec.Struct, frozen=True):
    findings: tuple[_Finding, ...]
    audit: _Audit


_DOCUMENTS: Final = msgspec.json.Decoder(_Document)


def arguments(texts: Path) -> list[str]:
    """For texts each of which lies in a folder whose name is its number.

    It unpacks nothing, heeds no remark in a text that asks to be passed over, and calls nobody.
    """
    return [
        "scan", str(texts), "--format", "json", "--quiet", "--redact", "--no-validate", "--no-update-check",
        "--no-rule-cache", "--no-ignore", "--no-dedup", "--no-extract-archives", "--no-binary", "--git-history", "none",
        "--jobs", "2",
    ]  # fmt: skip


def judge(output: bytes, code: int | None, texts: Path) -> tuple[Found, ...]:
    """What it found (pure); ValueError says what it is not."""
    if code not in _CODES:
        raise ValueError(f"it ended with exit status {code}")
    try:
        document = _DOCUMENTS.decode(output)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("what it wrote is no list of secrets") from None
    summary = document.audit.summary
    if summary.scan_partial or summary.scan_failed or summary.pending or not summary.scan_succeeded:
        raise ValueError("it left out some of what it was given")
    if len(document.findings) > FOUND_MAX:
        raise ValueError(f"it found more than {FOUND_MAX:,} secrets")
    return tuple(sorted({_found(one, texts) for one in document.findings}))


def _found(one: _Finding, texts: Path) -> Found:
    number = one.finding.path.removeprefix(f"{texts}/").partition("/")[0]
    if not (number.isascii() and number.isdecimal()):
        raise ValueError("it names a file that it was not given")
    form = _FORM.fullmatch(one.rule.id)
    return Found(int(number), form[1] if form else "secret", max(one.finding.line, 0))
