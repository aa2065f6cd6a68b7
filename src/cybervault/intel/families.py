"""Malware families and their aliases: one canonical name for what every vendor calls differently.

Clusters of several galaxies are joined by name; the first galaxy that knows a family gives its name.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from cybervault.intel.index import Index
from cybervault.intel.sections import Sections, broken

ACTOR: Final = "threat actor"

GALAXIES: Final = (
    ("malpedia", "malware"),
    ("ransomware", "ransomware"),
    ("botnet", "botnet"),
    ("banker", "banker"),
    ("stealer", "stealer"),
    ("backdoor", "backdoor"),
    ("rat", "remote access tool"),
    ("android", "Android malware"),
    ("cryptominers", "miner"),
    ("exploit-kit", "exploit kit"),
    ("tool", "tool"),
    ("mitre-malware", "malware"),
    ("mitre-tool", "tool"),
    ("threat-actor", ACTOR),
)
"""Galaxies in the order of trust in their names, and the kind each gives."""

_FOLDED_CHARACTERS_MIN: Final = 3
_WORD_CHARACTERS_MIN: Final = 4
_ALIASES_MAX: Final = 24

_PLATFORM: Final = re.compile(
    r"\s*\((?:Android|ELF|Windows|OS X|macOS|iOS|JS|Java|Symbian|Linux)\)\Z|\s+-\s+S\d{4}\Z", re.IGNORECASE
)
_PIECES: Final = re.compile(r"[./:!,;|()\[\]]+")
_WORDS: Final = re.compile(r"[\W_]+")

_KINDS_IN_NAMES: Final = frozenset(
    {"backdoor", "bot", "botnet", "clipper", "infostealer", "keylogger", "loader", "miner", "ransomware", "rat"}
    | {"rootkit", "stealer", "trojan", "wiper", "worm"}
)

# What antivirus labels are made of beside the family.
_LABEL_TEXT: Final = """
trojan trojanspy trojandownloader trojandropper trojanransom ransom ransomware worm virus malware backdoor
spyware adware riskware grayware pua pup hacktool exploit rootkit bootkit keylogger dropper downloader loader
injector stealer infostealer banker banking botnet bot miner coinminer miners phishing phish scam fraud spam
spammer script win32 win64 w32 w64 win windows linux elf unix android androidos apk osx macos mac msil dotnet
java html php python powershell vbs vba office macro document generic gen general variant agent agentb heur
heuristic suspicious malicious unsafe unwanted undefined unknown other application program tool tools file files
packed packer obfuscated crypt cryptor kryptik injuke zusy razy ursu jaik fragtor lazy barys mikey ulise babar
johnnie doina strictor wacatac autoit bitrep eldorado startpage dark silent casdet tiggre occamy skeeyah sabsik
phonzy ddos hosts proxy attribute score confidence susgen malgen trojware behaveslike artemis static cloud
online server client
"""
_LABEL_WORDS: Final = frozenset(_LABEL_TEXT.split())


@dataclass(frozen=True, slots=True)
class Family:
    """A family: the name we use, what it is, and what others call it (without our own name)."""

    name: str
    kind: str
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One entry of a galaxy: its name, the synonyms given there, and what it is."""

    name: str
    synonyms: tuple[str, ...]
    kind: str


def fold(name: str) -> str:
    """A name without case, blanks and punctuation."""
    return "".join(character for character in unicodedata.normalize("NFKC", name).casefold() if character.isalnum())


def gather(galaxies: Iterable[Sequence[Cluster]]) -> tuple[list[Family], dict[str, int]]:
    """Join clusters to families; give them and, for each folded name, the place of the family it means.

    Clusters join by their names, or where one's name is a synonym of another, but clusters of one galaxy stay apart.
    A family's own name beats a synonym; a synonym claimed by several means the one that most clusters give it to.
    """
    book = _Book()
    for clusters in galaxies:
        for cluster, known in [(cluster, book.find(cluster)) for cluster in clusters]:
            book.take(book.start(cluster) if known is None else known, (cluster.name, *cluster.synonyms))
    return book.families()


class _Book:
    """The families so far; threat actors and malware never join, though actors are named after their tools."""

    def __init__(self) -> None:
        self._heads: list[Cluster] = []
        self._canonical: dict[tuple[bool, str], int] = {}
        self._claims: dict[str, Counter[int]] = {}
        self._spellings: list[dict[str, str]] = []

    def find(self, cluster: Cluster) -> int | None:
        """Where a cluster belongs: with the family of its name, or of one of its synonyms; None for a new one."""
        is_actor = cluster.kind == ACTOR
        for known in (_plain(cluster.name), *cluster.synonyms):
            place = self._canonical.get((is_actor, fold(known)))
            if place is not None:
                return place
        claims = self._claims.get(fold(_plain(cluster.name)), ())
        return next((place for place in claims if self._is_actor(place) is is_actor), None)

    def start(self, cluster: Cluster) -> int:
        """The place of a new family, or of the one that took this very name a moment ago."""
        name = _plain(cluster.name)
        place = self._canonical.setdefault((cluster.kind == ACTOR, fold(name)), len(self._heads))
        if place == len(self._heads):
            self._heads.append(Cluster(name, (), cluster.kind))
            self._spellings.append({})
        return place

    def _is_actor(self, place: int) -> bool:
        return self._heads[place].kind == ACTOR

    def take(self, place: int, names: Iterable[str]) -> None:
        """Note that a cluster of the family at `place` claims these names."""
        for name in map(_plain, names):
            folded = fold(name)
            if len(folded) >= _FOLDED_CHARACTERS_MIN:
                self._claims.setdefault(folded, Counter())[place] += 1
                self._spellings[place].setdefault(folded, name)

    def families(self) -> tuple[list[Family], dict[str, int]]:
        places = {folded: claims.most_common(1)[0][0] for folded, claims in self._claims.items()}
        for (is_actor, folded), place in sorted(self._canonical.items(), reverse=True):  # malware after actors
            if folded in places and not (is_actor and not self._is_actor(places[folded])):
                places[folded] = place
        for place, head in enumerate(self._heads):
            first, _, last = head.name.rpartition(" ")
            if last.lower() in _KINDS_IN_NAMES and len(fold(first)) > _WORD_CHARACTERS_MIN:
                places.setdefault(fold(first), place)  # antivirus labels say "redline" for RedLine Stealer
        families = [
            Family(
                head.name,
                head.kind,
                tuple(
                    spelling
                    for folded, spelling in spellings.items()
                    if places[folded] == place and folded != fold(head.name)
                )[:_ALIASES_MAX],
            )
            for place, (head, spellings) in enumerate(zip(self._heads, self._spellings, strict=True))
        ]
        return families, places


def _plain(name: str) -> str:
    return _PLATFORM.sub("", name.strip())


def readings(label: str) -> Iterator[str]:
    """What a label may mean, folded: all of it, then its pieces, then its words, without what every label holds."""
    yield fold(label)
    pieces = _PIECES.split(label)
    yield from (piece for piece in map(fold, pieces) if len(piece) >= _WORD_CHARACTERS_MIN)
    words = (fold(word) for piece in pieces for word in _WORDS.split(piece))
    yield from (word for word in words if len(word) >= _WORD_CHARACTERS_MIN)


class Families:
    """The families, mapped: an index of folded names, and one row of JSON for each family."""

    def __init__(self, names: Index, sections: Sections) -> None:
        self._names = names
        self._map = sections.map
        self._ends = sections.numbers(0, "I")
        self._start = sections.start(1)
        if self._ends and self._ends[-1] != sections.size(1):
            raise broken("families: the rows do not fill their section")

    def __len__(self) -> int:
        return len(self._ends)

    def find(self, label: str) -> Family | None:
        """The family a name or an antivirus label means, or None."""
        for reading in readings(label):
            if reading in _LABEL_WORDS:
                continue
            place = self._names.find(reading.encode()[:255])
            if place is not None:
                return self._family(place)
        return None

    def _family(self, place: int) -> Family:
        begin = self._ends[place - 1] if place else 0
        row = self._map[self._start + begin : self._start + self._ends[place]]
        return msgspec.json.decode(row, type=Family)


def rows(families: Sequence[Family]) -> tuple[bytes, bytes]:
    """The two sections of the families file: where each row ends, and the rows."""
    texts = [msgspec.json.encode(family) for family in families]
    ends, at = bytearray(), 0
    for text in texts:
        at += len(text)
        ends += at.to_bytes(4, "little")
    return bytes(ends), b"".join(texts)
