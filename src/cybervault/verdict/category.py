"""What sort of threat a target is, and of which family, from what sources said of it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from cybervault.domain.assessments import Category
from cybervault.domain.observables import HASH_KINDS, Kind
from cybervault.domain.verdicts import Verdict

Labels = Iterable[tuple[str, str]]

# Words in the names of families, categories and tags, the gravest sort first; a word counts in whole.
_WORDS: Final[Sequence[tuple[Category, frozenset[str]]]] = (
    (Category.RANSOMWARE, frozenset({"ransom", "ransomware", "lockbit", "ryuk", "wannacry", "blackcat", "akira"})),
    (
        Category.COMMAND_AND_CONTROL,
        frozenset({"c2", "cnc", "cobaltstrike", "cobalt", "beacon", "sliver", "metasploit", "meterpreter", "havoc"}),
    ),
    (Category.BOTNET, frozenset({"botnet", "mirai", "gafgyt", "emotet", "qakbot", "mozi"})),
    (Category.PHISHING, frozenset({"phishing", "phish", "fraud"})),
    (Category.BRUTE_FORCE, frozenset({"brute", "bruteforce", "ssh"})),
    (Category.SPAM, frozenset({"spam"})),
    (Category.MALWARE, frozenset({"malware", "trojan", "exploited", "hacking", "backdoor", "stealer", "worm"})),
    (Category.SCANNER, frozenset({"scan", "scanner", "portscan"})),
    (Category.ANONYMIZER, frozenset({"tor", "vpn", "proxy", "anonymizer"})),
)  # fmt: skip
_TELLING: Final = frozenset({"family", "categories", "tags", "threat", "role", "actor", "name", "threat label"})
_WORD: Final = re.compile(r"[a-z0-9]+")


def family_of(labels: Labels) -> str | None:
    """The malware family in snake case, the first that is named; None where nobody names one."""
    named = next((value for name, value in labels if name == "family"), None)
    words = _WORD.findall(named.lower()) if named else []
    return "_".join(words) or None


def category_of(verdict: Verdict, kind: str, labels: Labels) -> Category:
    """The category; `unknown` where nothing tells, and for a bad file at least malware."""
    if verdict is Verdict.BENIGN:
        return Category.BENIGN
    words = {word for name, value in labels if name in _TELLING for word in _WORD.findall(value.lower())}
    found = next((category for category, telling in _WORDS if words & telling), None)
    if verdict is Verdict.UNKNOWN:
        return Category.ANONYMIZER if found is Category.ANONYMIZER else Category.UNKNOWN
    if found is not None:
        return found
    is_file = kind in HASH_KINDS or kind not in {*Kind}
    return Category.MALWARE if is_file and verdict is Verdict.MALICIOUS else Category.UNKNOWN
