"""A rule's condition as a tree over predicates, and what can be said of it without an event."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec


class Kind(StrEnum):
    """How a predicate looks at a value."""

    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS = "starts"
    ENDS = "ends"
    WILDCARD = "wildcard"
    """`pattern` is the whole value, with MANY where anything may stand, and ONE where one letter must."""
    REGEX = "regex"
    """`pattern` is found anywhere; in the syntax of RE2, with its flags in front."""
    CIDR = "cidr"
    COMPARE = "compare"
    """`pattern` is one of < <= > >= and a number."""
    NULL = "null"
    EXISTS = "exists"
    SAME = "same"
    """`pattern` names the field that must have the same text; SAME_START and SAME_END are at its ends."""
    SAME_START = "same_start"
    SAME_END = "same_end"


REFERENCES: Final = frozenset({Kind.SAME, Kind.SAME_START, Kind.SAME_END})
"""They look at two fields, so no value alone decides them."""
MANY: Final = "\0*"
ONE: Final = "\0?"
ANYWHERE: Final = ""
"""The field of a keyword, which may stand in any value."""


class Predicate(msgspec.Struct, frozen=True):
    """One question about one field; the text of one that is not `cased` is in lower case."""

    field: str
    kind: Kind
    pattern: str = ""
    is_cased: bool = False


class Leaf(msgspec.Struct, frozen=True, tag="leaf"):
    """A predicate."""

    predicate: Predicate


class Every(msgspec.Struct, frozen=True, tag="every"):
    """All of these; of none it is true."""

    of: tuple["Tree", ...]


class Some(msgspec.Struct, frozen=True, tag="some"):
    """One of these; of none it is false."""

    of: tuple["Tree", ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    """The opposite."""

    of: "Tree"


Tree: TypeAlias = Leaf | Every | Some | Not
TRUE: Final = Every(())
FALSE: Final = Some(())


_TREES: Final[msgspec.msgpack.Decoder[Tree]] = msgspec.msgpack.Decoder(Tree)


def dumped(tree: Tree) -> bytes:
    """What `loaded` reads."""
    return msgspec.msgpack.encode(tree)


def loaded(raw: bytes) -> Tree:
    """The tree; `msgspec.MsgspecError` for what is none."""
    return _TREES.decode(raw)


def every(parts: Iterable[Tree]) -> Tree:
    """All of these, as flat as it goes."""
    return _joined(parts, Every, neutral=TRUE, final=FALSE)


def some(parts: Iterable[Tree]) -> Tree:
    """One of these, as flat as it goes."""
    return _joined(parts, Some, neutral=FALSE, final=TRUE)


def opposite(part: Tree) -> Tree:
    """Not this."""
    if part == TRUE:
        return FALSE
    if part == FALSE:
        return TRUE
    return part.of if isinstance(part, Not) else Not(part)


def leaves(tree: Tree) -> Iterable[Predicate]:
    """Every predicate of it, from left to right, repeated as it is."""
    match tree:
        case Leaf(predicate=predicate):
            yield predicate
        case Not(of=part):
            yield from leaves(part)
        case Every(of=parts) | Some(of=parts):
            for part in parts:
                yield from leaves(part)


def wanted_by(tree: Tree, *, is_wanted: bool = True) -> Iterable[Predicate]:
    """The predicates that it wants to hold, rather than not to."""
    match tree:
        case Leaf(predicate=predicate):
            if is_wanted:
                yield predicate
        case Not(of=part):
            yield from wanted_by(part, is_wanted=not is_wanted)
        case Every(of=parts) | Some(of=parts):
            for part in parts:
                yield from wanted_by(part, is_wanted=is_wanted)


def known(tree: Tree, value_of: Callable[[Predicate], bool | None]) -> Tree:
    """What remains where some predicates have a value already (None: it has none yet)."""
    match tree:
        case Leaf(predicate=predicate):
            value = value_of(predicate)
            return tree if value is None else (TRUE if value else FALSE)
        case Not(of=part):
            return opposite(known(part, value_of))
        case Every(of=parts):
            return every(known(part, value_of) for part in parts)
        case Some(of=parts):
            return some(known(part, value_of) for part in parts)


def witnesses(tree: Tree, popularity: Mapping[Predicate, int]) -> frozenset[Predicate] | None:
    """Predicates one of which is true wherever the tree is; None where it may be true with none.

    Of several such sets it is the one that the fewest rules share, so that few are looked at for nothing.
    """
    match tree:
        case Leaf(predicate=predicate):
            return frozenset({predicate})
        case Not():
            return None
        case Every(of=parts):
            found = [one for one in (witnesses(part, popularity) for part in parts) if one is not None]
            return min(found, key=lambda one: (_cost(one, popularity), len(one)), default=None)
        case Some(of=parts):
            each = [witnesses(part, popularity) for part in parts]
            return None if any(one is None for one in each) else frozenset().union(*filter(None, each))


def _cost(predicates: Iterable[Predicate], popularity: Mapping[Predicate, int]) -> int:
    return sum(popularity[predicate] for predicate in predicates)


def _joined(parts: Iterable[Tree], node: type[Every] | type[Some], *, neutral: Tree, final: Tree) -> Tree:
    kept: dict[Tree, None] = {}
    for part in parts:
        if part == final:
            return final
        for one in part.of if isinstance(part, node) else (part,):
            kept[one] = None
    kept.pop(neutral, None)
    return next(iter(kept)) if len(kept) == 1 else node(tuple(kept))
