"""Extract: the addresses, names, URLs, e-mail addresses, hashes and CVEs that a text names, defanged or not.

One pass cuts the text into chunks at white space and quotes; each is cut once more into words, and only a word that
passes a cheap test is handed to the reader of the domain. So each character is looked at a bounded number of times.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import idna

from cybervault.domain.observables import (
    ADDRESS_KINDS,
    HASH_KINDS,
    TEXT_CHARACTERS_MAX,
    Kind,
    Observable,
    parse_observable,
    refang,
)
from cybervault.domain.problems import Problem
from cybervault.payloads.identify import text_of

# A text may hold ever new spellings of one name, or names that almost are; half a second of reading them is enough.
_READINGS_MAX: Final = 5000


@dataclass(frozen=True, slots=True)
class Extraction:
    """Each observable once, in order of appearance; `is_cut` says that there may be more."""

    observables: tuple[Observable, ...]
    is_cut: bool = False


def observables_in(content: str | bytes, most: int = 200) -> Extraction:
    """The first `most` observables that the content names.

    The host of a URL does not appear again by itself. Names spelled with blanks ("evil dot com") stay unread, and
    AS numbers too, because too much else looks like one. A version number of four parts passes for an address
    unless "version" or a product ("Chrome/") stands before it.
    """
    text = content if isinstance(content, str) else text_of(content)
    found: dict[Observable, None] = {}
    for number, observable in enumerate(_readings(text)):
        if number >= _READINGS_MAX:
            return Extraction(tuple(found), is_cut=True)
        if observable is None or observable in found:
            continue
        if len(found) >= most:
            return Extraction(tuple(found), is_cut=True)
        found[observable] = None
    return Extraction(tuple(found))


def digests_of(raw: bytes) -> tuple[Observable, ...]:
    """MD5, SHA-1 and SHA-256 of a payload, by which others know it."""
    return (
        Observable(Kind.MD5, hashlib.md5(raw, usedforsecurity=False).hexdigest()),
        Observable(Kind.SHA1, hashlib.sha1(raw, usedforsecurity=False).hexdigest()),
        Observable(Kind.SHA256, hashlib.sha256(raw).hexdigest()),
    )


_CHUNK: Final = re.compile(r"[^\s\x00-\x1f\x7f\"'<>`|\ufffd]+")
_SCHEME: Final = re.compile(
    r"(?:(?:h(?:tt|xx|xt|\*\*)p|htxp|meow)s?|ftps?|fxps?)(?:\[://\]|(?:\[:\]|\(:\)|:)(?:/|\[/\]){2})", re.IGNORECASE
)
# A network is one word; an escape of a URL ends a word: "%2Fevil.example" names evil.example.
_WORD: Final = re.compile(r"%[0-9A-Fa-f]{2}|(?<![\w.:/-])[0-9A-Fa-f:.]{2,45}/\d{1,3}(?![\w/]|\.\w)|[\w.@:+-]+")
_DEFANGED: Final = re.compile(r"\[\.\]|\(\.\)|\{\.\}|[\[({](?:dot|at|@|:)[\])}]", re.IGNORECASE)
_OPENERS: Final = {")": "(", "]": "[", "}": "{"}
_CLOSING: Final = ".,;:!?*\\"
_NESTING: Final = frozenset("/=?&#:@")


def _candidates(text: str) -> Iterator[str]:
    """Everything that may be an observable, plain: what stands around it and tells otherwise is looked at here."""
    before = ""
    for found in _CHUNK.finditer(text.replace("\\/", "/")):  # JSON may write a slash so
        chunk = found.group()
        starts = [scheme.start() for scheme in _SCHEME.finditer(chunk)]
        for word, is_wanted in _words(chunk[: starts[0]] if starts else chunk, before):
            before = word
            if is_wanted:
                yield word
        yield from _urls(chunk, starts)


def _is_worth_reading(word: str) -> bool:
    return "." in word or ":" in word or len(word) in _HASH_DIGITS or word[:4].lower() == "cve-"


def _urls(chunk: str, starts: list[int]) -> Iterator[str]:
    """The URL that a chunk begins with, and those inside it or behind it, each as far as the next."""
    if not starts:
        return
    outer = next((start for start in starts[1:] if chunk[start - 1] not in _NESTING), len(chunk))
    is_whole = outer - starts[0] <= TEXT_CHARACTERS_MAX
    if is_whole:
        yield _trimmed(chunk[starts[0] : outer])
    segments = list(zip(starts, [*starts[1:], len(chunk)], strict=True))
    for start, end in segments[is_whole:]:
        yield _trimmed(chunk[start:end])


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence and the closing brackets that were opened before the URL."""
    end = len(url)
    surplus = {closer: url.count(closer) - url.count(opener) for closer, opener in _OPENERS.items()}
    while end and (url[end - 1] in _CLOSING or surplus.get(url[end - 1], 0) > 0):
        if url[end - 1] in surplus:
            surplus[url[end - 1]] -= 1
        end -= 1
    return url[:end]


def _words(chunk: str, before: str) -> Iterator[tuple[str, bool]]:
    """The words of a chunk without URLs, and whether each may be an observable where it stands."""
    is_defanged = _DEFANGED.search(chunk) is not None
    plain = refang(chunk) if is_defanged else chunk
    for found in _WORD.finditer(plain):
        start, word = found.start(), found.group().strip(".:-+")
        is_wanted = _is_worth_reading(word) and (is_defanged or not _is_file(plain, start, word))
        yield word, is_wanted and not _is_version(plain, start, before)
        before = word


def _is_version(plain: str, start: int, before: str) -> bool:
    """Whether "version", or the name of a product and a slash, stands before it."""
    if before.lower().endswith("version"):
        return True
    return before[:1].isupper() and plain.endswith(f"{before}/", 0, start)


def _is_file(plain: str, start: int, word: str) -> bool:
    """Whether a word is the last part of a path, or has an ending of files that is a top-level domain too."""
    is_address = ":" in word or word[-1:].isdigit()
    in_path = start > 0 and plain[start - 1] in "/\\" and plain[max(start - 2, 0) : start] not in {"//", "\\\\"}
    name, _, ending = word.lower().rpartition(".")
    return not is_address and "@" not in word and (in_path or ("." not in name and ending in _FILE_ENDINGS))


# Top-level domains that more files end in than sites: a bare name of two labels is taken for a file.
_FILE_ENDINGS: Final = frozenset({"cab", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "zip"})


def _readings(text: str) -> Iterator[Observable | None]:
    """What each reading of something in the text gave; one candidate is read until it is something."""
    seen: set[str] = set()
    for candidate in _candidates(text):
        if candidate in seen or len(candidate) > TEXT_CHARACTERS_MAX:
            continue
        seen.add(candidate)
        for part, kinds in _proposals(candidate):
            observable = _parsed(part, kinds)
            yield observable
            if observable is not None:
                break


def _proposals(candidate: str) -> Iterator[tuple[str, frozenset[Kind]]]:
    """What in a word or URL is worth a reading, and as what: all of it, or what stands beside a port or a label."""
    if _SCHEME.match(candidate):
        yield candidate, _URLS
        return
    place, slash, _ = candidate.partition("/")
    if slash:
        yield candidate, _NETWORKS
    pieces = (place, *place.split(":")) if place.count(":") > 1 else place.split(":")
    for piece in pieces:
        for part in dict.fromkeys((piece, piece.rpartition("@")[2])):
            word = part.strip(".-+")
            if kinds := _looks_like(word):
                yield word, kinds


def _looks_like(word: str) -> frozenset[Kind]:
    """What a word may be by its letters, without reading it."""
    if len(word) in _HASH_DIGITS and _HEX.match(word):
        return HASH_KINDS if len(set(word)) > 1 else _NOTHING  # a ruler, or a place kept free
    if word[:4].lower() == "cve-":
        return _CVES
    if word.count(":") > 1:
        return ADDRESS_KINDS if _IPV6.match(word) and any(map(str.isdigit, word)) else _NOTHING
    if _IPV4.match(word):
        return ADDRESS_KINDS
    is_name = not _NO_NAME.search(word) and word.rpartition(".")[2].lower() in _top_level_domains()
    return _NAMES if is_name and "." in word else _NOTHING


_URLS: Final = frozenset({Kind.URL})
_NETWORKS: Final = frozenset({Kind.CIDR})
_CVES: Final = frozenset({Kind.CVE})
_NAMES: Final = frozenset({Kind.DOMAIN, Kind.EMAIL})
_NOTHING: Final = frozenset[Kind]()
_HASH_DIGITS: Final = frozenset({32, 40, 64, 128})
_NO_NAME: Final = re.compile(r"\.[.-]|-\.|[:+]\Z")
_HEX: Final = re.compile(r"\A[0-9a-fA-F]+\Z")
_IPV4: Final = re.compile(r"\A\d{1,3}(?:\.\d{1,3}){3}\Z", re.ASCII)
_IPV6: Final = re.compile(r"\A[0-9a-fA-F:.]{3,45}\Z")


def _parsed(text: str, kinds: frozenset[Kind]) -> Observable | None:
    try:
        observable = parse_observable(text)
    except Problem:
        return None
    if observable.kind not in kinds:
        return None
    # "http://a" names a machine of the own network at most, and in a script mostly a half-built address.
    is_bare = observable.kind is Kind.URL and not {".", ":"} & set(observable.host or "")
    return None if is_bare else observable


# RFC 2606 and RFC 7686: no registry sells these, yet documentation and hidden services are named so.
_UNLISTED: Final = frozenset({"example", "test", "onion"})


@cache
def _top_level_domains() -> frozenset[str]:
    """The top-level domains of the public-suffix list, in both spellings."""
    text = (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8")
    rules = (line.strip().removeprefix("*.") for line in text.splitlines() if line[:1] not in {"", "/", "!"})
    tops = {rule for rule in rules if rule and "." not in rule}
    return frozenset(tops | {idna.encode(top).decode("ascii") for top in tops if not top.isascii()}) | _UNLISTED
