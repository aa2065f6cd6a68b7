"""SARIF files as other tools write them."""

import json
from typing import Any, Final

BOUNDARY: Final = "frontier"
PARTS: Final = f"multipart/form-data; boundary={BOUNDARY}"


def result(rule: str = "S1", file: str = "src/app.py", line: int = 7, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """One result on a line of a file."""
    physical = {"artifactLocation": {"uri": file}, "region": {"startLine": line}}
    return {
        "ruleId": rule, "message": {"text": f"{rule} in {file}"}, "locations": [{"physicalLocation": physical}],
    } | more  # fmt: skip


def gone(rule: str) -> dict[str, Any]:
    """The same place, at which the rule holds no longer."""
    return result(rule) | {"baselineState": "absent"}


def sarif(*results: object, tool: str = "Semgrep", rules: object = ()) -> bytes:
    """A file with one run."""
    driver = {"name": tool, "rules": list(rules) if isinstance(rules, tuple | list) else rules}
    run = {"tool": {"driver": driver}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def in_parts(file: bytes, field: str = "sarif") -> bytes:
    """The same as browsers and curl send files."""
    head = f'Content-Disposition: form-data; name="{field}"; filename="results.sarif"\r\nContent-Type: application/json'
    other = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nnightly\r\n'
    return f"{other}--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + file + f"\r\n--{BOUNDARY}--\r\n".encode()
