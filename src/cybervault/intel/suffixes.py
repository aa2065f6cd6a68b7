"""The public-suffix list: where a name stops being somebody's own and starts being a registry's or a platform's."""

from collections.abc import Iterator
from enum import IntFlag
from typing import Final

import idna

from cybervault.intel.index import Index


class Rule(IntFlag):
    """What the list says about a name."""

    PLAIN = 1
    WILDCARD = 2
    """Every name directly below is a suffix."""
    EXCEPTION = 4
    """Not a suffix, against a wildcard above."""
    PRIVATE = 8
    """Set by a platform for its customers, not by a registry."""


_PRIVATE_START: Final = "===BEGIN PRIVATE DOMAINS==="


def read_rules(text: str) -> dict[str, Rule]:
    """The rules of the list in its published form, by the name each is about (as A-labels)."""
    rules: dict[str, Rule] = {}
    origin = Rule(0)
    for line in text.splitlines():
        if _PRIVATE_START in line:
            origin = Rule.PRIVATE
        for name, rule in _rule(line.strip()):
            rules[name] = rules.get(name, Rule(0)) | rule | origin
    return rules


def _rule(line: str) -> Iterator[tuple[str, Rule]]:
    if not line or line.startswith("//"):
        return
    if line.startswith("!"):
        kind, name = Rule.EXCEPTION, line[1:]
    elif line.startswith("*."):
        kind, name = Rule.WILDCARD, line[2:]
    else:
        kind, name = Rule.PLAIN, line
    try:
        yield (name if name.isascii() else idna.encode(name, uts46=True).decode("ascii")), kind
    except idna.IDNAError:  # a rule that no name can meet
        return


class Suffixes:
    """The rules, in an index."""

    def __init__(self, rules: Index) -> None:
        self._rules = rules

    def suffix(self, host: str) -> tuple[str, bool]:
        """The public suffix of a name, and whether a platform set it (`github.io`) and not a registry (`co.uk`)."""
        labels = host.split(".")
        found, is_private = labels[-1], False
        for start in range(len(labels) - 1, -1, -1):
            name = ".".join(labels[start:])
            rule = self._rules.find(name.encode())
            if rule is None:
                continue
            if rule & Rule.EXCEPTION:
                return name.partition(".")[2], bool(rule & Rule.PRIVATE)
            if rule & Rule.PLAIN:
                found, is_private = name, bool(rule & Rule.PRIVATE)
            if rule & Rule.WILDCARD and start:
                found, is_private = ".".join(labels[start - 1 :]), bool(rule & Rule.PRIVATE)
        return found, is_private


def registered_domain(host: str, suffix: str) -> str | None:
    """The suffix and one label more: what somebody registered. None for a suffix itself."""
    own = host.removesuffix(suffix).removesuffix(".")
    return f"{own.rpartition('.')[2]}.{suffix}" if own else None
