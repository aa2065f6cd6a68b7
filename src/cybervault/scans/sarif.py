"""What other tools saw, from a SARIF file: parsed behind walls, read no more trustingly than the file itself."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from cybervault.confinement.parse import Limits, ParseFault, parsed
from cybervault.confinement.parsers import SARIF
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity
from cybervault.scans.cvss import base_score, old_score
from cybervault.scans.seen import Seen, shown

RESULTS_MAX: Final = 5_000
_MIB: Final = 1024 * 1024
_LIMITS: Final = Limits(memory_bytes=512 * _MIB, cpu_seconds=20, wait_seconds=30.0, output_bytes=128 * _MIB)
_NAME_CHARACTERS_MAX: Final = 200
_ASSET_CHARACTERS_MAX: Final = 1_000
_MESSAGE_CHARACTERS_MAX: Final = 1_000
_FAULTS_TOLD_MAX: Final = 20
_UNKNOWN: Final = "unknown"
# The bands of CVSS 3; a score of its own wins over the level, of which there are but three (contract 1.5.2).
_BANDS: Final = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (2.0, Severity.LOW))
_LEVELS: Final = {"error": Severity.HIGH, "warning": Severity.MEDIUM, "note": Severity.LOW}


class _Line(msgspec.Struct, frozen=True):
    tool: str
    rule: str
    title: str
    level: str
    score: float | None
    vector: str
    message: str
    asset: str
    line: int
    gone: bool


_LINES: Final = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class SarifFile:
    """The results of a file, those that say that something is not there (any longer), and what could not be read."""

    results: tuple[Seen, ...]
    gone: tuple[Seen, ...]
    faults: tuple[str, ...]


def read_sarif(body: bytes, content_type: str) -> SarifFile:
    """Read the body of a request, a SARIF file or parts with one in the field `sarif`. Blocks: give it a thread.

    Raises `Problem` INVALID `bad_sarif`, TOO_LARGE `payload_too_large`.
    """
    found, gone, faults = list[Seen](), list[Seen](), list[str]()
    with tempfile.TemporaryFile() as file:
        # Without line feeds: a head of the caller's own must not begin the body.
        file.write(b"Content-Type: %b\r\n\r\n" % content_type.replace("\r", " ").replace("\n", " ").encode())
        file.write(body)
        file.flush()
        for part in parsed(SARIF, file, _LIMITS):
            if isinstance(part, ParseFault):
                if part.is_final:
                    raise _bad(part.reason)
                faults.append(part.reason)
            else:
                line = _line(part)
                (gone if line.gone else found).append(_imported(line))
                if len(found) > RESULTS_MAX:
                    raise _too_many()
    if len(gone) > RESULTS_MAX:  # compliance tools name all that is fine
        faults.append(f"The first {RESULTS_MAX:,} results that say that something is gone were read.")
        del gone[RESULTS_MAX:]
    if faults and not (found or gone):
        raise _bad(faults[0])
    return SarifFile(tuple(found), tuple(gone), tuple(faults[:_FAULTS_TOLD_MAX]))


def tools_of(results: Sequence[Seen]) -> tuple[str, ...]:
    """The tools that saw them, each once."""
    return tuple(dict.fromkeys(one.engine for one in results))


def _line(raw: bytes) -> _Line:
    try:
        return _LINES.decode(raw)
    except msgspec.MsgspecError:
        raise _bad("Its parser gave what is no result.") from None


def _imported(line: _Line) -> Seen:
    rule = shown(line.rule, _NAME_CHARACTERS_MAX) or _UNKNOWN
    return Seen(
        shown(line.asset, _ASSET_CHARACTERS_MAX) or _UNKNOWN,
        rule,
        shown(line.tool, _NAME_CHARACTERS_MAX) or _UNKNOWN,
        f"line {line.line}" if line.line > 0 else "",
        shown(line.message, _MESSAGE_CHARACTERS_MAX),
        _severity(line),
        shown(line.title, _NAME_CHARACTERS_MAX) or rule,
    )


def _severity(line: _Line) -> Severity:
    found = (line.score, base_score(line.vector), old_score(line.vector))
    score = next((score for score in found if score is not None), None)
    if score is None:
        return _LEVELS.get(line.level, Severity.INFORMATIONAL)
    return next((severity for least, severity in _BANDS if score >= least), Severity.INFORMATIONAL)


def _bad(reason: str) -> Problem:
    return Problem(ProblemKind.INVALID, code="bad_sarif", message=f"The SARIF file cannot be read. {reason}")


def _too_many() -> Problem:
    return Problem(
        ProblemKind.TOO_LARGE,
        code="payload_too_large",
        message=f"A SARIF file has at most {RESULTS_MAX:,} results here. Upload it in parts.",
    )
