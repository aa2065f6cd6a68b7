"""Writes `web/src/api/schema.d.ts`, by which the console's calls are checked: `make docs`, and stale in `make check`.

It holds what the console asks of the faces v3 and console, and of each answer the good one.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from starlette.testclient import TestClient

from cybervault.app.server import create_app
from cybervault.settings import Settings

_ROOT: Final = Path(__file__).parent.parent
_TYPES: Final = _ROOT / "web/src/api/schema.d.ts"
_GENERATOR: Final = _ROOT / "web/tools/node_modules/openapi-typescript/bin/cli.js"
_FACES: Final = ("/v3/", "/api/console/")
# Words and samples, which types do not hold.
_LEFT_OUT: Final = frozenset({"example", "examples", "links", "summary"})


def main(arguments: Sequence[str]) -> int:
    """Write the types, or with `--check` say whether they are as they should be."""
    text = types_of(_document())
    if "--check" not in arguments:
        _TYPES.write_text(text, encoding="utf-8")
    elif not _TYPES.is_file() or text != _TYPES.read_text(encoding="utf-8"):
        sys.stderr.write(f"{_TYPES.relative_to(_ROOT)} is stale: `make docs` writes it anew.\n")
        return 1
    return 0


def types_of(document: Mapping[str, Any]) -> str:
    """The document's operations as TypeScript."""
    paths = {path: _reduced(item) for path, item in document["paths"].items() if path.startswith(_FACES)}
    reduced = {**document, "paths": paths, "components": _without_words(document["components"])}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        source.write_text(json.dumps(reduced), encoding="utf-8")
        command = ["node", str(_GENERATOR), str(source), "--output", str(target), "--root-types=false"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own program and files
        return target.read_text(encoding="utf-8")


def _document() -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        client = TestClient(create_app(Settings(data=Path(folder))))
        found: Mapping[str, Any] = client.get("/api/docs/openapi.json").json()
    return found


def _reduced(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        method: {
            **_without_words(operation),
            "responses": {
                status: {"description": "", "content": _without_words(answer.get("content", {}))}
                for status, answer in operation["responses"].items()
                if status.startswith("2")
            },
        }
        for method, operation in item.items()
    }


def _without_words(value: Any, *, names_fields: bool = False) -> Any:  # noqa: ANN401 - JSON
    """`names_fields` where the names are those of an answer's fields, which may be called `summary` as well."""
    if isinstance(value, Mapping):
        return {
            name: _without_words(part, names_fields=name == "properties" and not names_fields)
            for name, part in value.items()
            if names_fields or name not in _LEFT_OUT
        }
    return [_without_words(part) for part in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
