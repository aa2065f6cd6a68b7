"""Real answers of this server for the document of the API: what was asked, and what came back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from cybervault.faces.openapi import Piece

FILE: Final = "examples.json"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Example:
    """One call: its JSON body where it had one, and the status and body of the answer."""

    status: int
    response: Any
    request: Any = None


def load_examples() -> Mapping[str, Example]:
    """The example of each operation that has one, by `METHOD template`."""
    text = resources.files("cybervault.faces").joinpath(FILE).read_text(encoding="utf-8")
    return {operation: Example(**example) for operation, example in json.loads(text).items()}


def add_examples(document: Piece, examples: Mapping[str, Example]) -> None:
    """Put the examples into a document, where what they are of stands in it."""
    for operation, example in examples.items():
        method, _, path = operation.partition(" ")
        found = document["paths"].get(path, {}).get(method.lower())
        if found is None:
            continue
        _show(found["responses"].get(str(example.status), {}), example.response)
        if example.request is not None:
            _show(found.get("requestBody", {}), example.request)


def _show(body: Piece, value: object) -> None:
    content = body.get("content", {}).get(_JSON)
    if content is not None:
        content["example"] = value
