"""Identify: what bytes are, by their magic numbers and, for text, by cautious marks of its form.

Only fixed places and the first and last 64 KiB are looked at, so that a payload of any size costs the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEAD: Final = 65_536
_PE_OFFSET_AT: Final = 0x3C
_JAVA_MAJOR_MIN: Final = 45  # the class files of Java 1.1; no universal Mach-O holds so many programs
_PDF_WITHIN: Final = 1024  # readers accept a PDF header anywhere in here
_MARKS_NEEDED: Final = 2
_MAIL_HEADERS_NEEDED: Final = 3
_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\x00){6,}")


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` is for people; `is_text` says whether it can be read as text at all."""

    mime: str
    name: str
    is_text: bool = False


_UNKNOWN: Final = Identity("application/octet-stream", "Unknown data")
_EMPTY: Final = Identity("application/x-empty", "Nothing")
_PLAIN: Final = Identity("text/plain", "Plain text", is_text=True)
_PE: Final = Identity("application/vnd.microsoft.portable-executable", "Windows program (PE)")
_DOS: Final = Identity("application/x-dosexec", "DOS program")
_CLASS: Final = Identity("application/java-vm", "Java class")
_MACH_O: Final = Identity("application/x-mach-binary", "macOS program (Mach-O)")
_PDF: Final = Identity("application/pdf", "PDF document")
_ZIP: Final = Identity("application/zip", "ZIP archive")
_RTF: Final = Identity("application/rtf", "RTF document")

_MAGIC: Final[tuple[tuple[bytes, Identity], ...]] = (
    (b"\x7fELF", Identity("application/x-elf", "Linux program (ELF)")),
    (b"\xfe\xed\xfa\xce", _MACH_O),
    (b"\xfe\xed\xfa\xcf", _MACH_O),
    (b"\xce\xfa\xed\xfe", _MACH_O),
    (b"\xcf\xfa\xed\xfe", _MACH_O),
    (b"\x00asm", Identity("application/wasm", "WebAssembly")),
    (b"dex\n", Identity("application/x-dex", "Android code (DEX)")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Identity("application/x-ole-storage", "Older Office document (OLE2)")),
    (b"{\\rt", _RTF),  # Word opens it without the f, and attackers leave it out
    (b"\x1f\x8b", Identity("application/gzip", "gzip data")),
    (b"7z\xbc\xaf\x27\x1c", Identity("application/x-7z-compressed", "7z archive")),
    (b"Rar!\x1a\x07", Identity("application/vnd.rar", "RAR archive")),
    (b"\xfd7zXZ\x00", Identity("application/x-xz", "xz data")),
    (b"BZh", Identity("application/x-bzip2", "bzip2 data")),
    (b"MSCF\x00\x00\x00\x00", Identity("application/vnd.ms-cab-compressed", "Cabinet archive")),
    (b"\x89PNG\r\n\x1a\n", Identity("image/png", "PNG picture")),
    (b"\xff\xd8\xff", Identity("image/jpeg", "JPEG picture")),
    (b"GIF87a", Identity("image/gif", "GIF picture")),
    (b"GIF89a", Identity("image/gif", "GIF picture")),
    *(
        (magic, Identity("application/vnd.tcpdump.pcap", "Captured packets (PCAP)"))
        for magic in (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1")
    ),
    (b"\x0a\x0d\x0d\x0a", Identity("application/x-pcapng", "Captured packets (PCAPNG)")),
    (b"ElfFile\x00", Identity("application/x-ms-evtx", "Windows event log (EVTX)")),
    (b"L\x00\x00\x00\x01\x14\x02\x00", Identity("application/x-ms-shortcut", "Windows shortcut (LNK)")),
)
# By a name that stands in the archive, the most telling first.
_ZIPPED: Final[tuple[tuple[bytes, Identity], ...]] = (
    (b"AndroidManifest.xml", Identity("application/vnd.android.package-archive", "Android app (APK)")),
    (b"word/vbaProject.bin", Identity("application/vnd.ms-word.document.macroenabled.12", "Word document with macros")),
    (b"xl/vbaProject.bin", Identity("application/vnd.ms-excel.sheet.macroenabled.12", "Excel sheet with macros")),
    (
        b"word/document.xml",
        Identity("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word document"),
    ),
    (
        b"xl/workbook.xml",
        Identity("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Excel sheet"),
    ),
    (
        b"ppt/presentation.xml",
        Identity("application/vnd.openxmlformats-officedocument.presentationml.presentation", "PowerPoint slides"),
    ),
    (b"META-INF/MANIFEST.MF", Identity("application/java-archive", "Java program (JAR)")),
)


def identify(raw: bytes) -> Identity:
    """What the bytes are; "unknown data" and "plain text" where nothing tells more."""
    if not raw:
        return _EMPTY
    return _by_magic(raw) or _by_text(raw)


def text_of(raw: bytes) -> str:
    """All that can be read in the bytes: text as it is, else single-byte text followed by the UTF-16 strings in it."""
    encoding = _encoding(raw[:_HEAD])
    if encoding is not None:
        return raw.decode(encoding, "replace")
    wide = (found.group()[::2].decode("ascii") for found in _WIDE.finditer(raw))
    return "\n".join((raw.decode("utf-8", "replace"), *wide))


def _by_magic(raw: bytes) -> Identity | None:
    for magic, identity in _MAGIC:
        if raw.startswith(magic):
            return identity
    if raw.startswith(b"MZ"):
        return _program(raw)
    if raw.startswith(b"\xca\xfe\xba\xbe"):
        return _CLASS if int.from_bytes(raw[4:8], "big") >= _JAVA_MAJOR_MIN else _MACH_O
    if raw.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(raw)
    return _PDF if b"%PDF-" in raw[:_PDF_WITHIN] else None


def _program(raw: bytes) -> Identity | None:
    """Text may begin with MZ too; the header of 64 bytes has to be there."""
    if len(raw) <= _PE_OFFSET_AT + 4:
        return None
    offset = int.from_bytes(raw[_PE_OFFSET_AT : _PE_OFFSET_AT + 4], "little")
    if raw[offset : offset + 4] == b"PE\x00\x00":
        return _PE
    return _DOS if _encoding(raw[:_HEAD]) is None else None


def _archive(raw: bytes) -> Identity:
    """Names stand before each file and again at the end of the archive."""
    ends = raw[:_HEAD], raw[-_HEAD:]
    return next((identity for name, identity in _ZIPPED if any(name in end for end in ends)), _ZIP)


def _encoding(head: bytes) -> str | None:
    """How the bytes are to be decoded if they are text, None if they are not."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(head) > 3 and not any(head[1:512:2]) and all(head[:512:2]):  # noqa: PLR2004 - two letters at least
        return "utf-16-le"
    if _CONTROL.search(head):
        return None
    try:
        # A character that the cut at 64 KiB halves is no fault of the text.
        head.decode("utf-8") if len(head) < _HEAD else head[:-4].decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        return "utf-8-sig" if error.reason == "unexpected end of data" else _old_encoding(head)
    return "utf-8-sig"


_CONTROL: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")  # bell to carriage return, and escape, stand in texts


def _old_encoding(head: bytes) -> str | None:
    """Latin text of one byte a letter: letters outside ASCII are the exception there."""
    return "cp1252" if len(head.translate(None, _ASCII)) * 4 < len(head) else None


_ASCII: Final = bytes(range(128))


def _by_text(raw: bytes) -> Identity:
    head = raw[:_HEAD]
    encoding = _encoding(head)
    if encoding is None:
        return _UNKNOWN
    text = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    tail = raw[-64:].decode(encoding, "replace").rstrip(" \t\r\n\x00")
    return next(_forms(text, tail), _PLAIN)


def _forms(text: str, tail: str) -> Iterator[Identity]:
    if text.startswith("#!"):
        yield _by_shebang(text.partition("\n")[0])
    start = text[:256].lower()
    if start.startswith(("<!doctype html", "<html", "<script", "<head", "<body")):
        yield Identity("text/html", "HTML", is_text=True)
    elif start.startswith(("<?xml", "<!doctype ")):
        yield Identity("text/xml", "XML", is_text=True)
    if _JSON_START.match(text) and tail.endswith(("}", "]")):
        yield Identity("application/json", "JSON", is_text=True)
    if _MAIL_START.match(text) and len(set(_MAIL_HEADER.findall(text[:8192]))) >= _MAIL_HEADERS_NEEDED:
        yield Identity("message/rfc822", "E-mail", is_text=True)
    for identity, marks in _LANGUAGES:
        if sum(mark.search(text) is not None for mark in marks) >= _MARKS_NEEDED:
            yield identity


def _by_shebang(line: str) -> Identity:
    for word, identity in _INTERPRETERS:
        if word in line[:128]:
            return identity
    return Identity("text/x-script", "Script", is_text=True)


_SHELL: Final = Identity("text/x-shellscript", "Shell script", is_text=True)
_POWERSHELL: Final = Identity("text/x-powershell", "PowerShell script", is_text=True)
_JAVASCRIPT: Final = Identity("text/javascript", "JavaScript", is_text=True)
_INTERPRETERS: Final = (
    ("python", Identity("text/x-python", "Python script", is_text=True)),
    ("perl", Identity("text/x-perl", "Perl script", is_text=True)),
    ("pwsh", _POWERSHELL),
    ("node", _JAVASCRIPT),
    ("sh", _SHELL),
)
_JSON_START: Final = re.compile(r"\A(?:\{\s*[\"}]|\[\s*(?:[\[{\"\]\d-]|true\b|false\b|null\b))")
_MAIL_START: Final = re.compile(r"\A[A-Za-z][A-Za-z-]{1,60}:[ \t]")
_MAIL_HEADER: Final = re.compile(
    r"^(from|to|subject|date|received|return-path|message-id|mime-version|delivered-to|content-type):",
    re.IGNORECASE | re.MULTILINE,
)


def _marks(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in patterns)


# Two different marks are wanted, because one alone stands in many a letter about scripts.
_LANGUAGES: Final[tuple[tuple[Identity, tuple[re.Pattern[str], ...]], ...]] = (
    (
        Identity("text/x-msdos-batch", "Batch file", is_text=True),
        _marks(
            r"^@?echo off\b", r"%~dp0|%~n0|%~f0", r"^@?setlocal\b", r"^@?rem\s", r"^@?goto :?[a-z]", r"^:[a-z]\w*\s*$"
        ),
    ),
    (
        _POWERSHELL,
        _marks(
            r"\$(?:[a-z_]\w{0,60})\s?=[^=]",
            r"\b(?:new-object|invoke-(?:expression|webrequest|restmethod|command)|write-(?:host|output)|start-process"
            r"|get-(?:item|content|process|service|wmiobject|childitem)|set-(?:item|content|executionpolicy|mppreference))\b",
            r"\[(?:system\.[a-z]|convert\]::|char\]|byte\[\]|text\.encoding\])",
            r"\$(?:env:|_\.|psscriptroot|null\b|true\b|false\b)",
            r"^\s{0,40}param\s?\(",
            r"\s-(?:executionpolicy|noprofile|windowstyle|encodedcommand|join|bxor)\b",
        ),
    ),
    (
        Identity("text/vbscript", "VBScript or VBA", is_text=True),
        _marks(
            r"\bcreateobject\s?\(",
            r"^\s{0,40}dim [a-z_]",
            r"\bwscript\.(?:shell|echo|sleep|quit)\b",
            r"^\s{0,40}on error (?:resume next|goto)",
            r"^\s{0,40}end (?:sub|function|if)\b",
            r"^\s{0,40}(?:private |public )?(?:sub|function) [a-z_]\w{0,60}\s?\(",
        ),
    ),
    (
        _JAVASCRIPT,
        _marks(
            r"\bfunction\s?[\w$]{0,60}\s?\([^()]{0,200}\)\s?\{",
            r"^\s{0,40}(?:var|let|const) [\w$]{1,60}\s?=",
            r"\beval\s?\(|\bunescape\s?\(|\bstring\.fromcharcode\b",
            r"\b(?:document|window|console|json|math)\.[a-z]{3,20}\s?\(",
            r"\bnew activexobject\s?\(|\brequire\s?\(['\"]",
            r"\)\s?=>\s?[{(\w]",
        ),
    ),
)
