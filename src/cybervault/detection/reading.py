"""Small questions about values that no scanner answers: names without folders, and fields that name each other."""

from collections.abc import Mapping

from cybervault.detection.record import Value
from cybervault.detection.tree import Kind, Predicate

_SEPARATORS = ("\\", "/")


def texts(value: Value) -> tuple[str, ...]:
    """The texts of a value; of one that is absent none."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def of_bare(  # noqa: PLR0911 - one line for each kind
    predicate: Predicate, name: str, *, holds_alone: bool
) -> bool | None:
    """Whether a predicate holds for a path that ends with this name, whatever its folder; None: it depends on that.

    `holds_alone` says whether it holds for the name by itself.
    """
    text, pattern = (name if predicate.is_cased else name.lower()), predicate.pattern
    tail = pattern.rpartition("\\")[2].rpartition("/")[2]
    match predicate.kind:
        case Kind.EXISTS:
            return True
        case Kind.NULL | Kind.CIDR | Kind.COMPARE:
            return False
        case Kind.ENDS if tail == pattern:
            return holds_alone
        case Kind.ENDS | Kind.EQUALS if text != tail:
            return False
        case Kind.ENDS if len(pattern) == len(tail) + 1:
            return True
        case Kind.CONTAINS if holds_alone or (pattern.startswith(_SEPARATORS) and text.startswith(pattern[1:])):
            return True
    return None


def refers(predicate: Predicate, fields: Mapping[str, Value]) -> bool:
    """Whether a field has the text of another one, as a whole or at an end, in any case of its letters."""
    others = [text.lower() for text in texts(fields.get(predicate.pattern))]
    return any(
        _is_same(predicate.kind, text.lower(), other) for text in texts(fields.get(predicate.field)) for other in others
    )


def _is_same(kind: Kind, text: str, other: str) -> bool:
    match kind:
        case Kind.SAME_START:
            return text.startswith(other)
        case Kind.SAME_END:
            return text.endswith(other)
    return text == other
