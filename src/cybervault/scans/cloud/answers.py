"""What AWS answers: XML without document types and entities, not deep and not endless, and JSON of a known form."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar
from xml.parsers import expat

import msgspec

_Read = TypeVar("_Read")

DEPTH_MAX: Final = 32
NODES_MAX: Final = 200_000


class UnreadableError(Exception):
    """An answer is not what it should be."""


@dataclass(slots=True)
class Node:
    """One element: its name without a prefix, its own text, and what is in it."""

    name: str
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Node"]:
        """The elements at a path such as "Users/member"."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def one(self, path: str) -> "Node | None":
        """The first of them."""
        return next(self.all(path), None)

    def said(self, path: str) -> str:
        """The text of the first of them; "" where there is none."""
        found = self.one(path)
        return "" if found is None else found.text.strip()


class _Builder:
    def __init__(self) -> None:
        self._path: list[Node] = []
        self._count = 0
        self.root: Node | None = None

    def begin(self, name: str, _attributes: object) -> None:
        self._count += 1
        if len(self._path) >= DEPTH_MAX or self._count > NODES_MAX:
            raise UnreadableError
        node = Node(name.rpartition(":")[2])
        if self._path:
            self._path[-1].children.append(node)
        else:
            self.root = node
        self._path.append(node)

    def end(self, _name: str) -> None:
        self._path.pop()

    def text(self, text: str) -> None:
        self._path[-1].text += text


def xml_of(raw: bytes) -> Node:
    """The one element of an XML document; raises `UnreadableError`."""
    # Whatever it says of itself: other encodings are code that a document could choose.
    builder, parser = _Builder(), expat.ParserCreate("UTF-8")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = builder.begin, builder.end
    parser.CharacterDataHandler, parser.buffer_text = builder.text, True
    try:
        parser.Parse(raw.lstrip(), True)  # noqa: FBT003 - that of the library
    except (expat.ExpatError, ValueError):
        raise UnreadableError from None
    if builder.root is None:
        raise UnreadableError
    return builder.root


def json_of(raw: bytes, sort: type[_Read]) -> _Read:
    """A JSON document of this form; raises `UnreadableError`."""
    try:
        return msgspec.json.decode(raw, type=sort)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UnreadableError from None


def _refuse(*_: object) -> None:
    raise UnreadableError
